//! A page whose blocks are typed by a test: commands, settings and statements, by the heading that they stand under.

use anyhow::{Context, Result};

/// The blocks below one heading.
pub(super) struct Section<'a> {
    heading: &'a str,
    blocks: Vec<(&'a str, &'a str)>,
}

/// Parts a page into its sections.
pub(super) fn sections(page: &str) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    // Between two fences stands a block, and a heading elsewhere: lines with # are comments in the former.
    for (at, part) in page.split("```").enumerate() {
        if at % 2 == 0 {
            let headings = part.lines().filter(|line| line.starts_with('#'));
            sections.extend(
                headings
                    .map(|line| Section { heading: line.trim_start_matches('#').trim(), blocks: Vec::new() }),
            );
        } else if let (Some(section), Some(block)) = (sections.last_mut(), part.split_once('\n')) {
            section.blocks.push(block);
        }
    }
    sections
}

/// Returns a section's blocks of a kind, e.g. `sh`; an error if it has none.
pub(super) fn blocks<'a>(sections: &[Section<'a>], heading: &str, kind: &str) -> Result<Vec<&'a str>> {
    let section = sections.iter().find(|section| section.heading == heading);
    let section = section.with_context(|| format!("the page has no section \"{heading}\""))?;
    let found: Vec<&str> =
        section.blocks.iter().filter(|(of, _)| *of == kind).map(|(_, text)| *text).collect();
    (!found.is_empty()).then_some(found).with_context(|| format!("\"{heading}\" has no block of {kind}"))
}

/// Returns the commands of a section, a line each, without comments.
pub(super) fn commands<'a>(sections: &[Section<'a>], heading: &str) -> Result<Vec<&'a str>> {
    let lines = blocks(sections, heading, "sh")?.into_iter().flat_map(str::lines);
    Ok(lines
        .map(|line| line.split(" #").next().unwrap_or(line).trim())
        .filter(|line| !line.is_empty())
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_below_their_heading() {
        let page = "# A\n```sh\none # why\n\ntwo\n```\n## B\n```ini\n# x\nA=1\n```\n```sh\nthree\n```\n";
        let sections = sections(page);
        assert_eq!(commands(&sections, "A").unwrap(), ["one", "two"]);
        assert_eq!(blocks(&sections, "B", "ini").unwrap(), ["# x\nA=1\n"]);
        assert_eq!(commands(&sections, "B").unwrap(), ["three"]);
        assert!(commands(&sections, "C").is_err() && blocks(&sections, "A", "ini").is_err());
    }
}
