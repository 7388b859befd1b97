"""A portal that was written by somebody else: Authlib, told the discovery URL, a client id and a secret, and nothing more.

Arguments: issuer, client_id, client_secret, redirect_uri, email, password. The robot in it does what the person does at the provider.
Prints what the portal learnt as JSON.
"""

import html.parser
import json
import sys
import urllib.parse

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet

issuer, client_id, client_secret, redirect_uri, email, password = sys.argv[1:]
metadata = requests.get(issuer + "/.well-known/openid-configuration", timeout=30).json()
assert metadata["issuer"] == issuer


class Forms(html.parser.HTMLParser):
    """The forms of a page, with what is in them."""

    def __init__(self):
        super().__init__()
        self.forms = []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.forms.append((attributes.get("action", ""), {}))
        elif tag == "input" and self.forms and "name" in attributes:
            if attributes.get("type") != "checkbox":
                self.forms[-1][1][attributes["name"]] = attributes.get("value", "")


def person(address):
    """Opens the address in a browser of its own, signs in, and answers where the portal is called back."""
    browser = requests.Session()
    browser.headers["Origin"] = issuer
    answer = browser.get(address, allow_redirects=False, timeout=30)
    for _ in range(12):
        if answer.is_redirect:
            to = urllib.parse.urljoin(answer.url, answer.headers["Location"])
            if to.startswith(redirect_uri):
                return to
            answer = browser.get(to, allow_redirects=False, timeout=30)
            continue
        forms = Forms()
        forms.feed(answer.text)
        action, fields = next(f for f in forms.forms if f[0].endswith("/sign-in"))
        fields |= {"email": email, "password": password}
        answer = browser.post(
            urllib.parse.urljoin(answer.url, action), data=fields, allow_redirects=False, timeout=30
        )
    raise SystemExit("the provider never sent the person back")


client = OAuth2Session(
    client_id,
    client_secret,
    scope="openid profile email offline_access",
    redirect_uri=redirect_uri,
    code_challenge_method="S256",
    token_endpoint_auth_method="client_secret_basic",
)
verifier, nonce = generate_token(48), generate_token(20)
address, state = client.create_authorization_url(
    metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce
)
back = person(address)
returned = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back).query))
assert returned["state"] == state and returned["iss"] == issuer, returned
token = client.fetch_token(
    metadata["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier
)

keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"], timeout=30).json())
algorithms = metadata["id_token_signing_alg_values_supported"]


def validated(id_token, **more):
    decoded = jwt.decode(id_token, keys, algorithms=algorithms)
    jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        **more,
    ).validate(decoded.claims)
    return decoded.claims


claims = validated(token["id_token"], nonce={"essential": True, "value": nonce})
userinfo = client.get(metadata["userinfo_endpoint"]).json()
assert userinfo["sub"] == claims["sub"]

old = token["refresh_token"]
fresh = client.refresh_token(metadata["token_endpoint"], refresh_token=old)
assert fresh["access_token"] != token["access_token"] and fresh["refresh_token"] != old
again = client.get(metadata["userinfo_endpoint"]).json()
assert again == userinfo, (again, userinfo)
if "id_token" in fresh:
    assert validated(fresh["id_token"])["sub"] == claims["sub"]

end = metadata["end_session_endpoint"] + "?" + urllib.parse.urlencode(
    {
        "id_token_hint": token["id_token"],
        "client_id": client_id,
        "post_logout_redirect_uri": redirect_uri.rsplit("/", 1)[0] + "/bye",
        "state": "farewell",
    }
)
ended = requests.get(end, allow_redirects=False, timeout=30)
farewell = redirect_uri.rsplit("/", 1)[0] + "/bye?state=farewell"
# This browser has no session any more to end: straight back, or a page that asks.
assert ended.headers.get("Location") == farewell or ended.status_code == 200, (ended.status_code, ended.headers)

# The same code a second time, by a portal that is confused: refused in OAuth's own words.
second = requests.post(
    metadata["token_endpoint"],
    auth=(client_id, client_secret),
    data={
        "grant_type": "authorization_code",
        "code": returned["code"],
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    },
    timeout=30,
)
json.dump({"claims": claims, "userinfo": userinfo, "second": [second.status_code, second.json()["error"]]}, sys.stdout)
