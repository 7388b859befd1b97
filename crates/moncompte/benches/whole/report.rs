//! The report: for machines (`bench.json`), for people (`bench.md`) and as a picture (`bench.svg`).

use std::{fmt::Write as _, fs, path::Path};

use serde::Serialize;

use crate::pace::{cores, median};

/// The goal of a measurement: a ratio of our figure to its limit, or a figure of its own where there is no limit.
#[derive(Clone, Copy)]
pub enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl Goal {
    fn reached(self, figure: f64) -> bool {
        match self {
            Self::AtLeast(goal) => figure >= goal,
            Self::AtMost(goal) => figure <= goal,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtLeast(goal) => format!("≥ {goal}"),
            Self::AtMost(goal) => format!("≤ {goal}"),
        }
    }
}

/// One measurement.
#[derive(Serialize)]
pub struct Row {
    pub work: String,
    pub unit: &'static str,
    pub ours: f64,
    /// The figure of the machine, of the database, or of the provider in another state, in the same unit and run.
    pub limit: Option<f64>,
    pub ratio: Option<f64>,
    #[serde(serialize_with = "goal")]
    pub goal: Goal,
    pub reached: bool,
}

fn goal<S: serde::Serializer>(goal: &Goal, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&goal.text())
}

impl Row {
    /// A row with a limit, from the pair of figures of each round. The median of the ratios counts.
    pub fn beside(work: impl Into<String>, unit: &'static str, rounds: &[(f64, f64)], goal: Goal) -> Self {
        let ratio = median(rounds.iter().map(|(ours, limit)| ours / limit).collect());
        Self {
            work: work.into(),
            unit,
            ours: median(rounds.iter().map(|(ours, _)| *ours).collect()),
            limit: Some(median(rounds.iter().map(|(_, limit)| *limit).collect())),
            ratio: Some(ratio),
            goal,
            reached: goal.reached(ratio),
        }
    }

    /// A row without a limit.
    pub fn alone(work: impl Into<String>, unit: &'static str, ours: f64, goal: Goal) -> Self {
        Self { work: work.into(), unit, ours, limit: None, ratio: None, goal, reached: goal.reached(ours) }
    }

    pub fn line(&self) -> String {
        let limit = self.limit.map_or("–".into(), figure);
        let ratio = self.ratio.map_or("–".into(), |ratio| format!("{ratio:.2}"));
        let reached = if self.reached { "yes" } else { "no" };
        let (work, unit, ours, goal) = (&self.work, self.unit, figure(self.ours), self.goal.text());
        format!("| {work} | {unit} | {ours} | {limit} | {ratio} | {goal} | {reached} |")
    }
}

/// A number with three significant digits.
fn figure(figure: f64) -> String {
    match figure {
        _ if figure >= 100.0 => format!("{figure:.0}"),
        _ if figure >= 10.0 => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

#[derive(Serialize)]
struct Machine {
    cores: usize,
    processor: String,
    memory_mib: u64,
    system: String,
}

impl Machine {
    fn this() -> Self {
        let of = |file: &str, name: &str| {
            let text = fs::read_to_string(file).unwrap_or_default();
            let line = text.lines().find(|line| line.starts_with(name)).map(str::to_owned);
            line.and_then(|line| Some(line.split_once(':')?.1.trim().to_owned())).unwrap_or_default()
        };
        let memory = of("/proc/meminfo", "MemTotal");
        Self {
            cores: cores(),
            processor: of("/proc/cpuinfo", "model name"),
            memory_mib: memory.trim_end_matches(" kB").parse::<u64>().unwrap_or_default() / 1024,
            system: fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned(),
        }
    }
}

#[derive(Serialize)]
struct Report<'a> {
    machine: Machine,
    quick: bool,
    rows: &'a [Row],
}

/// Writes all three files into the folder; returns the table.
pub fn write(folder: &Path, quick: bool, rows: &[Row]) -> std::io::Result<String> {
    fs::create_dir_all(folder)?;
    let report = Report { machine: Machine::this(), quick, rows };
    fs::write(folder.join("bench.json"), serde_json::to_string_pretty(&report)? + "\n")?;
    let table = table(&report);
    fs::write(folder.join("bench.md"), &table)?;
    fs::write(folder.join("bench.svg"), picture(rows))?;
    Ok(table)
}

fn table(report: &Report<'_>) -> String {
    let Machine { cores, processor, memory_mib, system } = &report.machine;
    let mut text = format!("{cores} cores of {processor}, {memory_mib} MiB, Linux {system}\n\n");
    text += "| work | unit | ours | beside it | ratio | goal | reached |\n|---|---|---:|---:|---:|---|---|\n";
    for row in report.rows {
        text += &row.line();
        text.push('\n');
    }
    text
}

const LEFT: f64 = 430.0;
const WIDE: f64 = 400.0;
const HIGH: f64 = 30.0;

/// A bar for each row: its figure as a part of the goal, and a mark at the goal.
fn picture(rows: &[Row]) -> String {
    let height = HIGH * (rows.len() as f64 + 1.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {height}\" font-family=\"sans-serif\" font-size=\"13\">\
         <title>Measured figures beside their goals</title><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>",
        LEFT + WIDE + 90.0
    );
    for (n, row) in rows.iter().enumerate() {
        let (figure, y) = (row.ratio.unwrap_or(row.ours), HIGH * n as f64 + 10.0);
        // The goal is at two thirds of the width, for least and for greatest values alike.
        let goal = match row.goal {
            Goal::AtLeast(goal) | Goal::AtMost(goal) => goal,
        };
        let long = (figure / goal * WIDE / 1.5).clamp(1.0, WIDE);
        let colour = if row.reached { "#1f6f54" } else { "#b3541e" };
        let name = row.work.replace('&', "&amp;").replace('<', "&lt;");
        let _ = write!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{name}</text>\
             <rect x=\"{LEFT}\" y=\"{y}\" width=\"{long:.0}\" height=\"18\" fill=\"{colour}\"/>\
             <line x1=\"{g:.0}\" x2=\"{g:.0}\" y1=\"{}\" y2=\"{}\" stroke=\"#222\"/>\
             <text x=\"{}\" y=\"{}\">{} ({})</text>",
            LEFT - 8.0,
            y + 14.0,
            y - 4.0,
            y + 22.0,
            LEFT + long + 6.0,
            y + 14.0,
            self::figure(figure),
            row.goal.text(),
            g = LEFT + WIDE / 1.5,
        );
    }
    svg + "</svg>\n"
}
