//! The next step of a node.

use crate::{Generation, GenerationId, State};

/// The next step of a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// There is nothing newer, or it is prepared and not accepted yet.
    Wait,
    /// Prepare this generation.
    Prepare(GenerationId),
    /// Switch to the prepared generation at this time, in Unix milliseconds.
    Switch(GenerationId, i64),
}

/// Decides what a node does next. It serves `serves`, has prepared `prepared` and could not prepare `failed`; `newer` are the generations after the one
/// that it serves, the newest first. A node that was away takes the newest accepted one, and none between.
pub fn next_step(prepared: Option<GenerationId>, failed: Option<GenerationId>, newer: &[Generation]) -> Step {
    let accepted = newer.iter().find_map(|generation| match generation.state {
        State::Accepted(millis) => Some((generation.id, millis)),
        _ => None,
    });
    if let Some((id, millis)) = accepted {
        return match prepared == Some(id) {
            true => Step::Switch(id, millis),
            false if failed == Some(id) => Step::Wait,
            false => Step::Prepare(id),
        };
    }
    match newer.iter().find(|generation| generation.state == State::Preparing) {
        Some(generation) if ![prepared, failed].contains(&Some(generation.id)) => {
            Step::Prepare(generation.id)
        }
        _ => Step::Wait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generation(id: GenerationId, state: State) -> Generation {
        Generation {
            id,
            state,
            digest: String::new(),
            by: String::new(),
            made_at: 0,
            before: None,
            kept: vec![],
        }
    }

    #[test]
    fn a_node_prepares_then_waits_then_switches() {
        let preparing = [generation(2, State::Preparing)];
        assert_eq!(next_step(None, None, &[]), Step::Wait);
        assert_eq!(next_step(None, None, &preparing), Step::Prepare(2));
        assert_eq!(next_step(Some(2), None, &preparing), Step::Wait);
        assert_eq!(next_step(Some(2), None, &[generation(2, State::Accepted(7))]), Step::Switch(2, 7));
        assert_eq!(next_step(None, Some(2), &preparing), Step::Wait, "it could not");
    }

    #[test]
    fn a_node_that_was_away_takes_the_newest_accepted_and_prepares_no_other_before() {
        let newer = [
            generation(5, State::Preparing),
            generation(4, State::Accepted(40)),
            generation(2, State::Accepted(20)),
        ];
        assert_eq!(next_step(Some(2), None, &newer), Step::Prepare(4));
        assert_eq!(next_step(Some(4), None, &newer), Step::Switch(4, 40));
        assert_eq!(
            next_step(None, Some(4), &newer),
            Step::Wait,
            "one that it could not read is not tried on and on"
        );
    }
}
