//! Steps in any order, right and wrong, of an owner and of an attacker who knows the owner's address and old credentials (SECURITY B9; #12, #67, #79,
//! #80, #89; I8, I10, I14): no sequence gets round a proof. A seed is a sequence. `SEQUENCES=n` tries so many, `SEQUENCE_SEED=s` begins with that one.

mod cast;
mod oracle;
mod step;

use testbed::{Bed, Database, OnDatabase, apply, both};
use testkit::Visitor;

pub use self::step::Dice;
use self::{
    cast::Cast,
    oracle::Seen,
    step::{Start, Step, sequence},
};
use crate::journeys::world::World;

/// On SQLite in CI, a dozen seconds; a fifth of them on PostgreSQL.
const TRIED: usize = 150;
/// People of so many sequences live in one database, so that nobody's steps are told apart by an empty one.
const TOGETHER: usize = 200;

/// A number from the environment.
fn told(name: &str, otherwise: usize) -> usize {
    #[allow(clippy::disallowed_methods, reason = "tests are told by the environment how much to try")]
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

#[apply(both!)]
#[tokio::test]
async fn no_sequence_of_steps_gets_round_a_proof(database: Database) {
    let tried = told("SEQUENCES", TRIED);
    search(database, if database == Database::Sqlite { tried } else { tried / 5 }).await;
}

/// Tries so many, and prints the counts of their steps and effects.
#[allow(clippy::print_stdout, reason = "the counts show how much a longer search has tried")]
async fn search(database: Database, tried: usize) {
    let first = told("SEQUENCE_SEED", 1);
    let (mut steps, mut effects) = (0, oracle::Effects::default());
    for begin in (0..tried).step_by(TOGETHER) {
        let count = TOGETHER.min(tried - begin);
        let world = World::throttled(Bed::on(database).await, u32::MAX).await;
        cast::import(&world, count).await;
        let browser = world.visitor();
        for number in 0..count {
            let seed = first + begin + number;
            let (start, sequence) = sequence(u64::try_from(seed).unwrap());
            steps += sequence.len();
            if let Err(broken) = run(&world, &browser, number, &start, &sequence, &mut effects).await {
                let least = shrink(database, start, sequence, &broken).await;
                panic!(
                    "SEQUENCE_SEED={seed} on {}: {broken}\nfrom \"{}\": {least:#?}",
                    world.bed.name, start.name
                );
            }
        }
    }
    if tried >= TRIED {
        effects.assert_each();
    }
    println!("{tried} sequences, {steps} steps after their starts: {effects:?}");
}

/// The start, and the steps after it; the first thing that must not be.
async fn run(
    world: &World,
    browser: &Visitor,
    number: usize,
    start: &Start,
    sequence: &[Step],
    effects: &mut oracle::Effects,
) -> Result<(), String> {
    let mut cast = Cast::new(world, browser, number, start).await;
    let mut before = Seen::look(&cast).await;
    for step in start.steps().chain(sequence.iter().copied()) {
        let step = cast.settle(step).await;
        let may = oracle::May::have(&cast, &step);
        cast.take(&step).await;
        let after = Seen::look(&cast).await;
        let judged = oracle::judge(&mut cast, &step, &may, &before, &after, effects).await;
        judged.map_err(|broken| format!("{broken}, by {step:?}"))?;
        before = after;
    }
    Ok(())
}

/// Leaves out every step without which the same still breaks.
async fn shrink(database: Database, start: Start, mut sequence: Vec<Step>, broken: &str) -> Vec<Step> {
    let same = |other: &str| other.split(':').next() == broken.split(':').next();
    let mut nth = 0;
    while nth < sequence.len() {
        let mut fewer = sequence.clone();
        fewer.remove(nth);
        let world = World::throttled(Bed::on(database).await, u32::MAX).await;
        cast::import(&world, 1).await;
        match run(&world, &world.visitor(), 0, &start, &fewer, &mut oracle::Effects::default()).await {
            Err(other) if same(&other) => sequence = fewer,
            _ => nth += 1,
        }
        // It is broken, and said so already.
        std::mem::forget(world);
    }
    sequence
}
