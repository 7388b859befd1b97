//! The program dies before every operation on the disk, and before every message to PostgreSQL, of every path that writes (SECURITY B12, #85, #91, #98,
//! #114). Then it starts again, the person goes on as people do, and the model of the random schedules judges what they see.
//!
//! By default a few points of each path are tried; `CRASH_POINTS=all` tries each one.

use std::{sync::Arc, time::Duration};

use kernel::sea_orm::ConnectionTrait;
use testbed::{Bed, apply, both};

use super::{
    Town,
    dice::Dice,
    life::{Broken, Life},
    model::Where,
};
use crate::{
    disk::Disk,
    faults::proxy::Proxy,
    person::Persona,
    place::{MAIL_FOLDER, Place, Running, secret_file, serve},
};

/// The number of points of each path that are tried by default.
const SOME: usize = 3;

/// A path that writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Path {
    Move,
    SignIn,
    Guess,
    Refresh,
    Replay,
    Reset,
    Attach,
    SignOut,
}

use Path::{Attach, Guess, Move, Refresh, Replay, Reset, SignIn, SignOut};

const PATHS: [Path; 8] = [Move, SignIn, Guess, Refresh, Replay, Reset, Attach, SignOut];

impl Path {
    /// Returns true if a person can walk it only once: then each point takes a person of its own.
    fn is_once(self) -> bool {
        matches!(self, Move | Reset | Attach)
    }

    async fn before(self, life: &mut Life) -> Result<(), Broken> {
        match self {
            Move => Ok(()),
            SignIn => life.sign_out().await,
            // A right password between, so that the count never reaches five.
            Guess => life.elsewhere().await,
            Refresh | Replay | Reset | Attach | SignOut => life.visit().await,
        }
    }

    async fn itself(self, life: &mut Life) -> Result<(), Broken> {
        match self {
            Move => life.moves().await,
            SignIn => life.visit().await,
            Guess => life.guess(Where::Elsewhere).await,
            Refresh => life.refresh().await,
            Replay => life.redeem_again().await,
            Reset => life.reset().await,
            Attach => life.attach().await,
            SignOut => life.sign_out().await,
        }
    }

    /// Walks the requests that the person, the portal and a friend of theirs send next.
    async fn after(self, life: &mut Life) -> Result<(), Broken> {
        life.look().await?;
        if self == Attach {
            life.attach().await?;
        }
        life.refresh().await?;
        life.visit().await
    }
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_points_of_every_path(bed: Bed) {
    Stand::on(bed).await.every_path().await;
}

/// The layer between the program and its database that can stop it.
enum Under {
    Disk(Disk),
    Cable(Proxy),
}

/// A provider that dies at a chosen point.
struct Stand {
    running: Option<Running>,
    under: Under,
    town: Arc<Town>,
    dice: Dice,
    people: usize,
    deaths: usize,
    place: Place,
}

impl Stand {
    async fn on(bed: Bed) -> Self {
        let place = Place::new(bed, MAIL_FOLDER);
        let under = if place.bed.name == "sqlite" {
            // The database's file, its journal and its shared memory.
            Under::Disk(Disk::under("/test.db"))
        } else {
            let (proxy, address) = Proxy::before(&place.bed.address).await;
            secret_file(&place.path("secrets/database"), &address);
            Under::Cable(proxy)
        };
        let town = Arc::new(Town::of(&place).await);
        let mut stand =
            Self { running: None, under, town, dice: Dice::new(super::KEPT), people: 0, deaths: 0, place };
        stand.start().await;
        stand
    }

    async fn start(&mut self) {
        let running = serve(self.place.folder.path(), |command| {
            if let Under::Disk(disk) = &self.under {
                disk.lay(command);
            }
        });
        self.running = Some(running.await);
    }

    async fn every_path(mut self) {
        for path in PATHS {
            let whole = self.points(path).await;
            println!("{}: {path:?}: {whole} points", self.place.bed.name);
        }
        println!("{}: {} deaths", self.place.bed.name, self.deaths);
    }

    /// Tries some or all points of a path; returns the number of points.
    async fn points(&mut self, path: Path) -> usize {
        let mut life = self.life();
        // Without a crash, to count the points.
        let whole = self.walk(path, &mut life, usize::MAX).await;
        let tried: Vec<usize> = if std::env::var("CRASH_POINTS").is_ok_and(|told| told == "all") {
            (1..=whole).collect()
        } else {
            let mut tried: Vec<_> = (0..SOME).map(|_| 1 + self.dice.under(whole)).collect();
            // The last message is that of a commit.
            tried.push(whole);
            tried
        };
        for (nth, point) in tried.into_iter().enumerate() {
            // A new person in time: an account has twenty sessions at most, and some paths open one more each time (SECURITY #50).
            if path.is_once() || nth % 8 == 7 {
                life = self.life();
            }
            self.walk(path, &mut life, point).await;
            let broken = self.place.bed.broken().await;
            assert!(broken.is_empty(), "{}: {path:?} at {point}: {broken:?}", self.place.bed.name);
        }
        whole
    }

    /// A new person.
    fn life(&mut self) -> Life {
        self.people += 1;
        let n = self.people;
        let who = [2 * n, 2 * n + 1].map(Persona::number);
        self.place.people(who.iter().map(|m| (m.identifier.clone(), m.old.clone(), String::new())));
        Life::new(self.town.clone(), self.dice.fork(), n)
    }

    /// Walks the way to the path, the path, and what follows it; at `point` the program dies and is started again. Returns the number of points
    /// that it passed.
    async fn walk(&mut self, path: Path, life: &mut Life, point: usize) -> usize {
        let name = self.place.bed.name;
        let went = async {
            if !life.has_moved() && path != Move {
                life.moves().await?;
            }
            path.before(life).await?;
            let passed = self.mortal(point, path.itself(life)).await?;
            // Its last messages may follow the answer.
            self.mortal(usize::MAX, path.after(life)).await?;
            Ok::<_, Broken>(passed)
        };
        went.await.unwrap_or_else(|why| panic!("{name}: {path:?} at {point}: {why}"))
    }

    /// Waits for `going`, during which the program dies once, at `point`, if it gets there. Returns the number of points passed.
    async fn mortal(
        &mut self,
        point: usize,
        going: impl Future<Output = Result<(), Broken>>,
    ) -> Result<usize, Broken> {
        self.die_at(point);
        tokio::pin!(going);
        let went = tokio::select! {
            went = &mut going => Some(went),
            () = self.death() => None,
        };
        let passed = match &self.under {
            Under::Disk(disk) => disk.operations(),
            Under::Cable(proxy) => proxy.words(),
        };
        match went {
            Some(went) => went?,
            None => {
                self.live_again().await;
                going.await?;
            }
        }
        Ok(passed)
    }

    async fn live_again(&mut self) {
        self.deaths += 1;
        if let Some(running) = self.running.take() {
            running.kill();
        }
        match &self.under {
            Under::Disk(disk) => disk.mend(),
            Under::Cable(proxy) => {
                proxy.die_at(usize::MAX);
                proxy.cut();
            }
        }
        // The dead worker's leases would end by themselves after a minute: end them at once.
        self.town.db.writer().execute_unprepared("UPDATE outbox SET locked_until = NULL").await.unwrap();
        self.start().await;
    }

    /// Resolves when the program is dead, or must be killed because its next message is held back.
    async fn death(&mut self) {
        match &self.under {
            Under::Cable(proxy) => proxy.died().await,
            Under::Disk(_) => {
                let mut beat = tokio::time::interval(Duration::from_millis(5));
                while !self.running.as_mut().is_some_and(Running::has_ended) {
                    beat.tick().await;
                }
            }
        }
    }

    fn die_at(&self, point: usize) {
        match &self.under {
            Under::Disk(disk) => disk.die_at(point),
            Under::Cable(proxy) => proxy.die_at(point),
        }
    }
}
