//! The reports on a file for the operator, for scripts and for the agency.

use accounts::{
    ApplyRefused, DeliveryId, GuardBroken, PlanReport, Reason, SampleKind, Source,
    legacy::{ImportReport, Warned},
};
use agencies::Agency;
use pages::{
    DeliveryLine, DeliveryReport, DeliverySample, Pages, column_in_french, difference_in_french,
    household_in_french, reason_in_french,
};
use serde_json::{Value, json};

use super::line;
use crate::{
    print::{err, out},
    wire::Wired,
};

/// An import in one step.
pub(super) struct Imported<'a> {
    pub(super) file: &'a str,
    pub(super) json: bool,
    pub(super) dry: bool,
    pub(super) report: &'a ImportReport,
    pub(super) plan: &'a PlanReport,
    pub(super) delivery: Option<DeliveryId>,
    pub(super) refused: Option<&'a ApplyRefused>,
}

/// The most bad rows that are told one by one; more are told by their reasons.
const MOST_ROWS: usize = 20;

/// Tells what is to know of the file as a whole.
fn tell_notes(file: &str, report: &PlanReport) {
    for note in &report.notes {
        err!("{file}: note: {note}");
    }
}

/// Tells of people who share an identifier or a reference.
fn tell_households(file: &str, report: &PlanReport) {
    for reason in report.household_reasons.iter().chain(&report.shared_references) {
        err!("{file}: warning: {}", reason_text(reason));
    }
}

/// Prints what an import did.
pub(super) fn imported(imported: &Imported<'_>) {
    let Imported { file, json, dry, report, plan, delivery, refused } = imported;
    if *json {
        let bad: Vec<_> = report.bad.iter().map(|b| json!({ "line": b.line, "reason": b.reason })).collect();
        let broken = match refused {
            Some(ApplyRefused::Guards(broken)) => broken.as_slice(),
            _ => &[],
        };
        out!(
            "{}",
            json!({
                "dry_run": dry, "added": report.added, "updated": report.updated,
                "unchanged": report.unchanged, "moved": report.moved, "bad": bad,
                "warnings": report.warnings.iter().map(as_json).collect::<Vec<_>>(),
                "delivery": delivery, "plan": plan, "refused": broken,
            })
        );
        return;
    }
    tell_notes(file, plan);
    if report.bad.len() > MOST_ROWS {
        for reason in &plan.reasons {
            err!("{file}: {}", reason_text(reason));
        }
    } else {
        for bad in &report.bad {
            err!("{file}:{}: {}", bad.line, bad.reason);
        }
    }
    for warned in &report.warnings {
        err!("{file}: {}", warning_text(warned));
    }
    tell_households(file, plan);
    let tried = if *dry { " (tried only, nothing was written)" } else { "" };
    out!(
        "{} added, {} updated, {} unchanged, {} already moved, {} left out{tried}.",
        report.added,
        report.updated,
        report.unchanged,
        report.moved,
        report.bad.len()
    );
    if let (Some(id), None) = (delivery, refused) {
        out!("Delivery {id}. To take it back within 30 days: moncompte import undo {id}");
    }
}

/// Prints a plan.
pub(super) fn plan(file: &str, complete: bool, report: &PlanReport) {
    let changes = &report.changes;
    tell_notes(file, report);
    line(&format!("{file}: {} rows, {}", report.rows, report.charset));
    for (count, words) in [
        (report.added, "new"),
        (report.updated, "changed"),
        (report.unchanged, "unchanged"),
        (report.moved, "already moved"),
        (report.corrected, "of these corrected at the portal"),
        (report.back, "had left and are back"),
        (report.bad, "left out"),
        (report.doubles, "exact doubles (harmless)"),
        (report.households, "further rows of an identifier: their references are kept with it"),
        (report.contradictory, "of those left out: the identifier of another row, with another hash"),
        (report.spoilt, "of those left out: identifiers that a spreadsheet spoilt"),
        (
            report.unreadable_hashes - report.kept_hashes,
            "of those taken: hashes that cannot be read, kept without one",
        ),
        (report.kept_hashes, "of those taken: hashes that cannot be read, the old password is kept"),
    ] {
        line(&format!("{count:>9}  {words}"));
    }
    line(&format!(
        "Changes: {} address, {} hash ({} lost theirs), {} reference, {} name, {} other",
        changes.email, changes.hash, changes.hash_gone, changes.reference, changes.name, changes.profile
    ));
    let fate = if complete { "will be closed" } else { "not in this file; they stay" };
    line(&format!(
        "The agency has {} identities: {} are in the file, {} {fate} ({} of them moved)",
        report.existing, report.matched, report.gone, report.gone_moved
    ));
    line(&format!(
        "{} without an address, {} without a usable hash, {} with neither",
        report.no_address, report.no_hash, report.no_address_no_hash
    ));
    if let Some(share) = report.proven_share() {
        line(&format!(
            "{:.1} % of the hashes are of a kind that was right at a sign-in before:",
            share * 100.0
        ));
        for kind in &report.hash_kinds {
            let proven =
                if kind.proven { "proven" } else { "not proven: try one with `moncompte import try`" };
            line(&format!("{:>9}  {}, {proven}", kind.count, kind.kind));
        }
    }
    for shape in report.shapes.iter().take(5) {
        line(&format!("{:>9}  identifiers of {} characters: {}", shape.count, shape.length, shape.of));
    }
    for sample in &report.samples {
        let kind = match sample.kind {
            SampleKind::Added => "new",
            SampleKind::Updated => "changed",
            SampleKind::Corrected => "corrected",
            SampleKind::Gone => "gone",
            SampleKind::Household => "further row",
            SampleKind::Shared => "shares its reference",
        };
        let at = sample.line.map(|at| format!(" (line {at})")).unwrap_or_default();
        line(&format!("  {kind}: {}{at} {}", sample.identifier, sample.columns.join(", ")));
    }
    if let Some((fewest, most)) = report.lengths {
        err!(
            "warning: all identifiers are numbers, of {fewest} to {most} digits, and none begins with 0: has a spreadsheet taken zeros away?"
        );
    }
    for shift in &report.shape_shifts {
        err!(
            "warning: {:.1} % of the identifiers have {} characters ({}); in the last delivery {:.1} %",
            shift.share * 100.0,
            shift.length,
            shift.of,
            shift.before * 100.0
        );
    }
    tell_households(file, report);
    if let Some(reason) = &report.off_pattern {
        err!("warning: {}", reason_text(reason));
    }
    for warning in &report.warnings {
        let rows =
            Reason { reason: warning.what.clone(), count: warning.count, lines: warning.lines.clone() };
        err!("warning: {}, {}", warning.column, reason_text(&rows));
    }
    for reason in &report.reasons {
        err!("left out: {}", reason_text(reason));
    }
    for guard in &report.broken {
        err!("guard: {guard}");
    }
}

/// Returns `the reason: 12 (line 3, 4, …)`.
fn reason_text(Reason { reason, count, lines }: &Reason) -> String {
    let shown: Vec<String> = lines.iter().map(u64::to_string).collect();
    let more = if *count > lines.len() as u64 { ", …" } else { "" };
    format!("{reason}: {count} (line {}{more})", shown.join(", "))
}

/// Returns a plan as JSON.
pub(super) fn plan_json(id: Option<DeliveryId>, source: &Source, report: &PlanReport) -> Value {
    json!({ "delivery": id, "state": "planned", "file": source.file, "sha256": source.sha256, "plan": report })
}

/// Prints how far weak hashes are.
pub(super) async fn wrap(wired: &Wired) -> anyhow::Result<()> {
    let progress = wired.idp.accounts.wrap_progress().await?;
    out!(
        "Weak hashes: {} encrypted and waiting for Argon2id, {} done; `moncompte serve` goes on with them.",
        progress.sealed,
        progress.wrapped
    );
    Ok(())
}

fn as_json(warned: &Warned) -> Value {
    let Warned { column, what, count, lines } = warned;
    json!({ "column": column, "what": what.to_string(), "count": count, "lines": lines })
}

/// Returns `warning: birthdate, 10000 rows (line 2, 3, …): what was found there`.
fn warning_text(Warned { column, what, count, lines }: &Warned) -> String {
    let rows = if *count == 1 { "row" } else { "rows" };
    let shown: Vec<String> = lines.iter().map(u64::to_string).collect();
    let more = if *count > lines.len() as u64 { ", …" } else { "" };
    format!("warning: {column}, {count} {rows} (line {}{more}): {what}", shown.join(", "))
}

/// Returns the page for the agency.
pub(super) fn page(
    agency: &Agency,
    file: &str,
    complete: bool,
    report: &PlanReport,
) -> anyhow::Result<String> {
    let file = std::path::Path::new(file).file_name().map(|name| name.to_string_lossy().into_owned());
    let page = DeliveryReport {
        agency: agency.name.clone(),
        file: file.unwrap_or_default(),
        complete,
        rows: report.rows,
        bad: report.bad,
        guards: report.broken.iter().map(guard_in_french).collect(),
        effects: effects(complete, report),
        samples: report.samples.iter().map(sample_in_french).collect(),
        reasons: (report.reasons.iter())
            .map(|reason| DeliveryLine::new(reason_in_french(&reason.reason), reason.count, &reason.lines))
            .collect(),
        columns: (report.columns.iter())
            .map(|read| (read.written.clone(), column_in_french(&read.column).to_owned()))
            .collect(),
        warnings: warnings_in_french(report),
    };
    Ok(Pages::new()?.delivery_report(&page)?)
}

pub(super) fn effects(complete: bool, report: &PlanReport) -> Vec<DeliveryLine> {
    let changes = &report.changes;
    let mut lines = vec![
        (report.added, "Nouveaux clients"),
        // What changes for those who moved is among the changes below.
        (report.updated + report.corrected, "Clients dont une information change"),
        (
            report.corrected,
            "— dont clients qui ont déjà leur nouveau compte\u{a0}: leur espace client est corrigé",
        ),
        (changes.email, "— dont l’adresse email"),
        (changes.hash, "— dont le mot de passe"),
        (changes.reference, "— dont la référence"),
        (changes.name, "— dont le nom"),
        (changes.profile, "— dont le téléphone, l’adresse postale ou une autre information"),
        (report.unchanged, "Clients pour lesquels rien ne change"),
        (report.doubles, "Lignes répétées à l’identique (sans conséquence)"),
        (report.households, "Lignes réunies avec une autre du même identifiant"),
    ];
    if complete {
        lines.push((report.gone, "Clients absents du fichier\u{a0}: leur accès sera fermé"));
        lines.push((report.gone_moved, "— dont clients qui ont déjà leur nouveau compte"));
    }
    lines.into_iter().map(|(count, words)| DeliveryLine::new(words, count, &[])).collect()
}

/// The columns of the old hash.
const HASH_COLUMNS: &[&str] = &["password_hash", "hash_format", "salt", "hash_user", "hash_key", "password"];

fn warnings_in_french(report: &PlanReport) -> Vec<DeliveryLine> {
    let mut lines = Vec::new();
    let mut add = |count: u64, words: &str| {
        if count > 0 {
            lines.push(DeliveryLine::new(words, count, &[]));
        }
    };
    add(report.no_address, "Clients sans adresse email\u{a0}: il faudra leur écrire par courrier");
    add(
        report.no_hash,
        "Clients sans mot de passe utilisable\u{a0}: ils passeront par votre site ou par un code remis à l’agence",
    );
    add(
        report.kept_hashes,
        "Empreintes illisibles de clients déjà connus\u{a0}: leur ancien mot de passe est conservé",
    );
    for Reason { reason, count, lines: at } in &report.household_reasons {
        lines.push(DeliveryLine::new(household_in_french(reason), *count, at));
    }
    if let Some(Reason { count, lines: at, .. }) = &report.shared_references {
        let words = "Références portées par plusieurs identifiants\u{a0}: ces personnes verront le même espace client";
        lines.push(DeliveryLine::new(words, *count, at));
    }
    if let Some(Reason { count, lines: at, .. }) = &report.off_pattern {
        lines.push(DeliveryLine::new("Identifiants d’une forme inhabituelle", *count, at));
    }
    if let Some((fewest, most)) = report.lengths {
        let words = format!(
            "Identifiants de {fewest} à {most} chiffres, dont aucun ne commence par 0\u{a0}: un tableur a peut-être retiré des zéros"
        );
        lines.push(DeliveryLine::new(words, report.rows, &[]));
    }
    for shift in &report.shape_shifts {
        let words = format!(
            "Identifiants de {} caractères, inconnus dans le fichier précédent\u{a0}: un tableur a peut-être retiré des zéros",
            shift.length
        );
        let count = report.shapes.iter().find(|shape| (&shape.of, shape.length) == (&shift.of, shift.length));
        lines.push(DeliveryLine::new(words, count.map_or(0, |shape| shape.count), &[]));
    }
    if !matches!(report.charset.as_str(), "" | "utf-8") {
        let words = format!(
            "Lignes lues dans l’encodage {}\u{a0}: vérifiez les accents des exemples",
            report.charset
        );
        lines.push(DeliveryLine::new(words, report.rows, &[]));
    }
    for warning in &report.warnings {
        let words = match warning.column.as_str() {
            column if HASH_COLUMNS.contains(&column) => reason_in_french(&warning.what),
            column => format!("Colonne {column}\u{a0}: valeurs lues autrement ou laissées de côté"),
        };
        lines.push(DeliveryLine::new(words, warning.count, &warning.lines));
    }
    lines
}

fn sample_in_french(sample: &accounts::Sample) -> DeliverySample {
    let columns: Vec<&str> = sample.columns.iter().map(|name| difference_in_french(name)).collect();
    let what = match sample.kind {
        SampleKind::Added => "nouveau client".to_owned(),
        SampleKind::Gone => "absent du fichier".to_owned(),
        SampleKind::Household => {
            format!("réunie avec une autre ligne du même identifiant\u{a0}: {}", columns.join(", "))
        }
        SampleKind::Shared => "partage sa référence avec un autre identifiant".to_owned(),
        SampleKind::Updated => columns.join(", "),
        SampleKind::Corrected => format!("corrigé dans l’espace client\u{a0}: {}", columns.join(", ")),
    };
    let line = sample.line.map(|at| at.to_string()).unwrap_or_default();
    DeliverySample { identifier: sample.identifier.clone(), line, what }
}

fn guard_in_french(guard: &GuardBroken) -> String {
    let percent = |share: &f64| format!("{:.0}\u{a0}%", share * 100.0);
    match guard {
        GuardBroken::CutShort => {
            "Le fichier s’arrête au milieu de sa dernière ligne. Le transfert a-t-il été coupé\u{a0}? Renvoyez-le.".to_owned()
        }
        GuardBroken::MaxBad { share, .. } => {
            format!("{} des lignes ne peuvent pas être lues.", percent(share))
        }
        GuardBroken::MaxGone { share, .. } => {
            format!("{} de vos clients sont absents de ce fichier. A-t-il été coupé\u{a0}?", percent(share))
        }
        GuardBroken::MinOverlap { share, .. } => format!(
            "Ce fichier et la liste de vos clients n’ont presque personne en commun ({}). Est-ce le bon fichier\u{a0}?",
            percent(share)
        ),
        GuardBroken::IdentifierPattern { share } => {
            format!("{} des identifiants n’ont pas la forme habituelle.", percent(share))
        }
        GuardBroken::Spoilt { share } => format!(
            "{} des identifiants ont été abîmés par un tableur (comme 1,00E+06)\u{a0}: exportez la colonne au format Texte.",
            percent(share)
        ),
        GuardBroken::LostZeros { share } => format!(
            "{} des identifiants ont moins de chiffres que d’habitude\u{a0}: un tableur a retiré les zéros du début. Exportez la colonne au format Texte.",
            percent(share)
        ),
        GuardBroken::UnreadableHashes { share, .. } => {
            format!("{} des empreintes de mot de passe ne peuvent pas être lues.", percent(share))
        }
        GuardBroken::SameFile { .. } => "Ce fichier est celui d’une autre agence.".to_owned(),
        GuardBroken::OtherAgency { share, .. } => format!(
            "{} des lignes sont celles de clients d’une autre agence. Est-ce le bon fichier\u{a0}?",
            percent(share)
        ),
    }
}
