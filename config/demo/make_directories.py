#!/usr/bin/env python3
"""Makes the directories of the demo's two agencies, as such agencies would export them, and what their portals know of each client.

    python3 -m venv /tmp/hashes
    /tmp/hashes/bin/pip install 'passlib==1.7.4' 'Django==5.2.*' 'bcrypt<4.1' argon2-cffi
    apt-get install apache2-utils openssl          # htpasswd and openssl
    /tmp/hashes/bin/python config/demo/make_directories.py

writes, beside itself: people.toml (who can sign in with what: the only file to edit by hand is this one),
tilleuls/{identities.csv,clients.json,portal-logins.json} and rivage/{identities.jsonl,clients.json,portal-logins.json}.

Every hash is made by a tool that is not ours: the files prove that real ones can be read. Salts are the tools' own, so a new run
changes the hashes and nothing else. All persons, addresses and numbers are invented; mail domains end in .test or are example ones.
The password of anyone who is not in people.toml is `password_of(agency, identifier)` below.
"""

import csv
import hashlib
import json
import random
import subprocess
from pathlib import Path

import bcrypt
import django
from django.conf import settings
from passlib import hash as passlib

settings.configure()
django.setup()
from django.contrib.auth import hashers  # noqa: E402  (only after configure)

HERE = Path(__file__).resolve().parent
SIZE = 240  # identities an agency

# ------------------------------------------------------------------ passwords

WORDS = "mimosa cerise balcon facteur volet jardin perron grenier tuile cigale marmite violon bruyere galet chaloupe".split()


def number(*parts):
    """A number that depends on the parts alone."""
    return int.from_bytes(hashlib.sha256("|".join(parts).encode()).digest()[:8], "big")


def password_of(agency, identifier):
    """What the old extranets gave out: a word and four digits."""
    n = number("password", agency, identifier)
    return f"{WORDS[n % len(WORDS)]}{n // 100 % 9000 + 1000}"


# --------------------------------------------------- hashes, made by other tools


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def openssl(option):
    return lambda password: {"password_hash": run("openssl", "passwd", option, password)}


def htpasswd(*options):
    return lambda password: {"password_hash": run("htpasswd", "-nb", *options, "x", password).split(":", 1)[1].strip()}


def with_passlib(handler):
    return lambda password: {"password_hash": handler.hash(password)}


def with_django(name, **costs):
    hasher = getattr(hashers, name)()
    for cost, value in costs.items():
        setattr(hasher, cost, value)
    return lambda password: {"password_hash": hasher.encode(password, hasher.salt())}


def hexed(algorithm, order=None):
    """A digest by `openssl dgst`, as home-made extranets kept it."""

    def make(password):
        salt = hashlib.sha256(f"salt {password}".encode()).hexdigest()[:8] if order else ""
        text = {None: password, "salt+password": salt + password, "password+salt": password + salt}[order]
        digest = subprocess.run(["openssl", "dgst", f"-{algorithm}", "-r"], input=text.encode(), check=True, capture_output=True)
        name = f"{algorithm}:{order}" if order else algorithm
        return {"password_hash": digest.stdout.split()[0].decode(), "hash_format": name, "salt": salt}

    return make


def in_clear(password):
    return {"password": password}


def python_bcrypt(password):
    return {"password_hash": bcrypt.hashpw(password.encode(), bcrypt.gensalt(10)).decode()}


TILLEULS = {
    "bcrypt, by htpasswd": htpasswd("-B", "-C", "10"),
    "MD5-crypt, by openssl": openssl("-1"),
    "Apache's MD5-crypt, by htpasswd": htpasswd("-m"),
    "SHA-512-crypt, by openssl": openssl("-6"),
    "SHA-256-crypt, by htpasswd": htpasswd("-2"),
    "{SHA}, by htpasswd": htpasswd("-s"),
    "{SSHA}, by passlib": with_passlib(passlib.ldap_salted_sha1),
    "phpass, by passlib": with_passlib(passlib.phpass.using(rounds=13)),
    "hex MD5, by openssl": hexed("md5"),
    "hex MD5 of salt and password, by openssl": hexed("md5", "salt+password"),
    "hex SHA-1 of password and salt, by openssl": hexed("sha1", "password+salt"),
    "clear text": in_clear,
}

RIVAGE = {
    "Django's PBKDF2-SHA256": with_django("PBKDF2PasswordHasher", iterations=260_000),
    "Django's Argon2id": with_django("Argon2PasswordHasher", memory_cost=19_456, time_cost=2, parallelism=1),
    "Django's bcrypt_sha256": with_django("BCryptSHA256PasswordHasher", rounds=10),
    "Django's scrypt": with_django("ScryptPasswordHasher", work_factor=2**14, parallelism=1),
    "Django's salted MD5": with_django("MD5PasswordHasher"),
    "Django 1.3's salted SHA-1, by passlib": with_passlib(passlib.django_salted_sha1),
    "PHC Argon2i, by passlib": with_passlib(passlib.argon2.using(type="I", memory_cost=16_384, rounds=3, parallelism=1)),
    "PHC scrypt, by passlib": with_passlib(passlib.scrypt.using(rounds=14)),
    "PBKDF2-SHA512, by passlib": with_passlib(passlib.pbkdf2_sha512.using(rounds=25_000)),
    "bcrypt, by python's bcrypt": python_bcrypt,
    "{SSHA512}, by passlib": with_passlib(passlib.ldap_salted_sha512),
    "{SMD5}, by passlib": with_passlib(passlib.ldap_salted_md5),
    "phpass as phpBB writes it, by passlib": with_passlib(passlib.phpass.using(rounds=11, ident="H")),
    "hex SHA-256 of salt and password, by openssl": hexed("sha256", "salt+password"),
    "clear text": in_clear,
}

# ------------------------------------------------------------------- people

GIVEN = {
    "female": """Marie Jeanne Monique Françoise Nicole Odette Simone Lucette Geneviève Andrée Colette Huguette Solange Josiane
        Chantal Brigitte Éliane Sylviane Véronique Nathalie Céline Aurélie Maëlle Inès Fatoumata Leïla Agnès Yvette Bénédicte
        Ghislaine""".split(),
    "male": """Jean Pierre Michel André René Roger Marcel Raymond Lucien Gaston Fernand Bernard Gérard Alain Jean-Luc Thierry
        Hervé Frédéric Benoît Loïc Maël Karim Mamadou Rémi Étienne Joël Noël Yannick Aimé Honoré""".split(),
}
FAMILY = """Durand Petitjean Lefèvre Moreau-Vallet Garnier Rousselot Blanchet Guérin Faure Lambertin Chevalet Bonnefoy Clément-Roy Tessier
    Marchandeau Poirier Delacroix Aubertin Fontanel Rivoire Carpentier Meunier Barbault Delmas Besson Hamelin Rolland Leclercq
    Gaillardet Perrotin Vidalenc Maillard Brunetière Jacquinot Bouvier Pasquier N'Diaye Benali Le Goff Kervella D'Aubigny Nguyên
    Ferreira Kowalczyk Haddad Traoré Schneiderlin Ouvrard Œuvray Saint-Aubin""".split()
STREETS = ["rue des Tilleuls", "avenue du Port", "place de la Mairie", "rue Pasteur", "chemin des Mouettes", "boulevard Carnot", "impasse du Moulin",
           "rue de l'Église", "quai des Chaloupes", "allée des Cerisiers"]
CITIES = [("44000", "Nantes"), ("44600", "Saint-Nazaire"), ("35400", "Saint-Malo"), ("29200", "Brest"), ("56000", "Vannes"), ("17000", "La Rochelle")]
BUILDINGS = ["Résidence des Tilleuls", "Résidence du Parc", "Le Clos Fleuri", "Villa Belle Rive", "Les Terrasses du Port", "Résidence Bellevue"]
DOMAINS = ["exemple-mail.test", "courriel.test", "example.org", "example.net"]


def plain(text):
    """Letters without accents, for addresses and identifiers."""
    table = str.maketrans("éèêëàâäîïôöùûüçÉÈœŒêñ", "eeeeaaaiioouuucEEoOen")
    return "".join(c for c in text.translate(table) if c.isascii() and (c.isalnum() or c == "-"))


def family_names():
    # Two of them are written in two words.
    names, it = [], iter(FAMILY)
    for name in it:
        names.append(f"{name} {next(it)}" if name == "Le" else name)
    return names


class Person:
    """Somebody, the same at every agency."""

    taken = set()

    def __init__(self, chance, given=None, family=None, email=None, gender=None):
        self.gender = gender or chance.choice(["female", "male"])
        self.given = given or chance.choice(GIVEN[self.gender])
        self.family = family or chance.choice(family_names())
        self.email = email or self.free_email(chance)
        self.taken.add(self.email)
        self.born = f"{chance.randint(1931, 1999)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
        self.phone = f"+33 2 61 91 {chance.randint(0, 99):02} {chance.randint(0, 99):02}"  # a range kept for fiction
        self.street = f"{chance.randint(1, 140)} {chance.choice(STREETS)}"
        self.postcode, self.city = chance.choice(CITIES)

    def free_email(self, chance):
        local = f"{plain(self.given)}.{plain(self.family)}".lower()
        for suffix in ["", *map(str, range(2, 100))]:
            email = f"{local}{suffix}@{chance.choice(DOMAINS)}"
            if email not in self.taken:
                return email
        raise RuntimeError(local)

    @property
    def name(self):
        return f"{self.given} {self.family}"


# agency, identifier, client_ref, who, password, format, note
DOCUMENTED = [
    ("tilleuls", "00012345", "CT-004217", "marie", "Tilleul-42", "MD5-crypt, by openssl", "co-owner; also a client of Cabinet Rivage under the same address"),
    ("tilleuls", "00012346", "CT-004218", "marie", "Garage-42", "hex MD5, by openssl", "co-owner: Marie Durand's second identifier here, for her garage"),
    ("tilleuls", "00020017", "CT-005120", "rene", "oeillets1947", "clear text", "landlord; the agency has no address for him"),
    ("tilleuls", "00031988", "CT-005388", "lea", "Été à la mer 88", "SHA-512-crypt, by openssl", "tenant; a password with accents and spaces"),
    ("tilleuls", "00044100", "CT-006001", "karim", "volets bleus", "bcrypt, by htpasswd", "co-owner; strong old hash"),
    ("tilleuls", "00050505", "CT-006060", "odette", "mimosa-du-12", "phpass, by passlib", "co-owner: for the reset and lock-out journeys"),
    ("tilleuls", "00060606", "CT-006161", "benoit", "Ascenseur3", "hex SHA-1 of password and salt, by openssl", "landlord; starts from the portal with a ticket"),
    ("rivage", "DURAND.M-112", "R/0815", "marie", "Rivage-bleu", "Django's PBKDF2-SHA256", "co-owner: the same Marie Durand, who attaches this agency to her account"),
    ("rivage", "KERVELLA.L-007", "R/0007", "loic", "chaloupe29", "{SSHA512}, by passlib", "landlord"),
    ("rivage", "NDIAYE.F-204", "R/1204", "fatoumata", "Galet-rond-9", "PHC Argon2i, by passlib", "tenant; strong old hash"),
    ("rivage", "OEUVRAY.G-031", "R/0931", "ghislaine", "phare de l'île", "clear text", "co-owner; no address with the agency; a password with blanks"),
    ("rivage", "BENALI.I-450", "R/0450", "ines", "Terrasse!2019", "Django's scrypt", "tenant"),
    ("rivage", "PETITJEAN.A-088", "R/0088", "andre", "goeland88", "Django's salted MD5", "co-owner: for the reset and lock-out journeys"),
]
CAST = {
    "marie": ("Marie", "Durand", "marie.durand@exemple-mail.test", "female"),
    "rene": ("René", "Lambertin", "", "male"),
    "lea": ("Maëlle", "Hamelin", "maelle.hamelin@exemple-mail.test", "female"),
    "karim": ("Karim", "Benali", "karim.benali@exemple-mail.test", "male"),
    "odette": ("Odette", "Garnier", "odette.garnier@exemple-mail.test", "female"),
    "benoit": ("Benoît", "Saint-Aubin", "benoit.saint-aubin@exemple-mail.test", "male"),
    "loic": ("Loïc", "Kervella", "loic.kervella@exemple-mail.test", "male"),
    "fatoumata": ("Fatoumata", "N'Diaye", "fatoumata.ndiaye@exemple-mail.test", "female"),
    "ghislaine": ("Ghislaine", "Œuvray", "", "female"),
    "ines": ("Inès", "Benali", "ines.benali@exemple-mail.test", "female"),
    "andre": ("André", "Petitjean", "andre.petitjean@exemple-mail.test", "male"),
}

# --------------------------------------------------------------- identities


class Identity:
    def __init__(self, agency, identifier, client_ref, person, password, format, email=True):
        self.agency, self.identifier, self.client_ref = agency, identifier, client_ref
        self.person, self.password, self.format = person, password, format
        self.email = person.email if email else ""

    def row(self, formats):
        person = self.person
        row = {
            "identifier": self.identifier,
            "client_ref": self.client_ref,
            **(formats[self.format](self.password) if self.password else {}),
            "email": self.email,
            "given_name": person.given,
            "family_name": person.family,
            "birthdate": person.born,
            "phone_number": person.phone,
            "locale": "fr-FR",
            "street_address": person.street,
            "postal_code": person.postcode,
            "locality": person.city,
            "country": "France",
        }
        return {key: value for key, value in row.items() if value}


def new_identifier(agency, person, chance, taken):
    """Eight digits with leading zeros, or NAME.X-999; unique even for an agency that ignores case and punctuation."""
    while True:
        if agency == "tilleuls":
            identifier = f"{chance.randint(10_000, 999_999):08}"
        else:
            identifier = f"{plain(person.family).replace('-', '').upper()}.{plain(person.given)[0].upper()}-{chance.randint(1, 999):03}"
        if identifier not in taken:
            taken.add(identifier)
            return identifier


def make_identities(agency, formats, cast, shared, chance):
    identities = [
        Identity(agency, identifier, ref, cast[who], password, format, email=bool(CAST[who][2]))
        for a, identifier, ref, who, password, format, _ in DOCUMENTED
        if a == agency
    ]
    taken = {i.identifier for i in identities}
    refs = {i.client_ref for i in identities}
    names = list(formats)
    fresh = list(shared)
    while len(identities) < SIZE:
        n = len(identities)
        # Every sixtieth holds two identifiers here: a flat and a garage.
        person = identities[-1].person if n % 60 == 59 else fresh.pop() if fresh else Person(chance)
        identifier = new_identifier(agency, person, chance, taken)
        ref = None
        while ref is None or ref in refs:
            ref = f"CT-{chance.randint(1000, 9999):06}" if agency == "tilleuls" else f"R/{chance.randint(1, 2999):04}"
        refs.add(ref)
        # Two have no password left: only the portal can bring them over. A few have no address.
        password = "" if n in (100, 200) else password_of(agency, identifier)
        identities.append(Identity(agency, identifier, ref, person, password, names[n % len(names)], email=n % 37 != 36))
    return identities


# ----------------------------------------------------- what the portals know


KINDS = {"co-owner": "copropriétaire", "landlord": "bailleur", "tenant": "locataire"}


def make_client(identity, chance):
    kind = chance.choice(["copropriétaire", "copropriétaire", "bailleur", "locataire"])
    notes = [note for agency, _, ref, *_, note in DOCUMENTED if (agency, ref) == (identity.agency, identity.client_ref)]
    kind = next((KINDS[word] for note in notes for word in KINDS if note.startswith(word)), kind)
    city = f"{identity.person.postcode} {identity.person.city}"
    address = f"{chance.randint(1, 60)} {chance.choice(STREETS)}, {city}"
    building = chance.choice(BUILDINGS)
    lots = ["appartement T2", "appartement T3", "appartement T4", "studio", "maison"]
    properties = [{"label": f"{building}, lot {chance.randint(1, 120)}, {chance.choice(lots)}", "address": address}]
    if chance.random() < 0.3:
        properties.append({"label": f"{building}, garage {chance.randint(1, 60)}", "address": address})
    if kind == "locataire":
        rent = chance.randint(420, 1180) * 100
        calls = [{"label": f"Loyer et charges de {month}", "due": f"2026-{n:02}-05", "amount_cents": rent, "paid": n < 11 or chance.random() < 0.7}
                 for n, month in [(11, "novembre 2026"), (10, "octobre 2026"), (9, "septembre 2026")]]
        documents = ["Quittance de loyer d'octobre 2026", "Contrat de bail", "État des lieux d'entrée"]
    elif kind == "bailleur":
        calls = [{"label": "Honoraires de gestion, 3e trimestre 2026", "due": "2026-10-15", "amount_cents": chance.randint(60, 190) * 100, "paid": True}]
        documents = ["Compte rendu de gestion, 3e trimestre 2026", "Mandat de gestion", "Attestation d'assurance loyers impayés"]
    else:
        quarter = chance.randint(180, 960) * 100
        calls = [{"label": f"Appel de fonds, {n}e trimestre 2026", "due": f"2026-{month:02}-01", "amount_cents": quarter, "paid": n < 4 or chance.random() < 0.6}
                 for n, month in [(4, 10), (3, 7), (2, 4)]]
        documents = ["Procès-verbal de l'assemblée générale 2026", "Règlement de copropriété", "Carnet d'entretien de l'immeuble"]
    owed = sum(call["amount_cents"] for call in calls if not call["paid"])
    messages = [{"from": "Votre gestionnaire", "date": "2026-11-12", "text": "La chaudière collective sera révisée le 3 décembre entre 9 h et 12 h."}]
    if chance.random() < 0.5:
        messages.append({"from": "Service comptabilité", "date": "2026-10-02", "text": "Votre dernier relevé est disponible dans vos documents."})
    meeting = {"label": "Assemblée générale annuelle", "date": "2026-12-10", "time": "18 h 30", "place": f"Salle municipale, {city}"}
    return {
        "name": identity.person.name,
        "kind": kind,
        **({"next_meeting": meeting} if kind == "copropriétaire" else {}),
        "properties": properties,
        "balance_cents": -owed,
        "calls": calls,
        "documents": [{"title": title, "date": f"2026-{10 - n:02}-{chance.randint(1, 28):02}"} for n, title in enumerate(documents)],
        "messages": messages,
    }


def make_login(identity):
    salt = hashlib.sha256(f"portal {identity.agency} {identity.identifier}".encode()).hexdigest()[:16]
    return {
        "password_sha256": hashlib.sha256((salt + identity.password).encode()).hexdigest(),
        "salt": salt,
        "client_ref": identity.client_ref,
        "email": identity.email or None,
        "name": identity.person.name,
    }


# -------------------------------------------------------------------- files


def write_json(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def write_csv(path, rows):
    secrets = ["password_hash", "hash_format", "salt", "password"]
    columns = ["identifier", "client_ref", *secrets]
    columns += dict.fromkeys(key for row in rows for key in row if key not in columns)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, delimiter=";", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_jsonl(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def write_people(path):
    lines = ["# Who can sign in with what, in the demo. Written by make_directories.py. `email` is what the agency knows; it may be empty."]
    for agency, identifier, _, who, password, format, note in DOCUMENTED:
        values = {"agency": agency, "identifier": identifier, "password": password, "email": CAST[who][2], "note": note, "format": format}
        # A JSON string is a TOML string, too.
        lines += ["", "[[person]]", *(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main():
    chance = random.Random(2026)
    cast = {who: Person(chance, given, family, email or "-", gender) for who, (given, family, email, gender) in CAST.items()}
    # With Marie Durand, a dozen are clients of both agencies.
    shared = [Person(chance) for _ in range(11)]
    for agency, formats, write in [("tilleuls", TILLEULS, write_csv), ("rivage", RIVAGE, write_jsonl)]:
        folder = HERE / agency
        folder.mkdir(exist_ok=True)
        identities = make_identities(agency, formats, cast, shared, chance)
        write(folder / ("identities.csv" if write is write_csv else "identities.jsonl"), [i.row(formats) for i in identities])
        write_json(folder / "clients.json", {i.client_ref: make_client(i, chance) for i in identities})
        write_json(folder / "portal-logins.json", {i.identifier: make_login(i) for i in identities[:30]})
    write_people(HERE / "people.toml")


if __name__ == "__main__":
    main()
