//! A provider as operators run it: a folder with its configuration, a database of its own, and the built program.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use kernel::{Clock, SealKey, SystemClock};
use testbed::Bed;
use tokio::sync::OnceCell;

/// The agency of every place.
pub const AGENCY: &str = "exemple";
/// Its portal's secret.
pub const CLIENT_SECRET: &str = "a-secret-of-the-portal-made-by-openssl";
/// The redirect address of its portal.
pub const CALLBACK: &str = "https://espace.exemple.test/callback";
/// The `[mail]` setting that writes mails into a folder.
pub const MAIL_FOLDER: &str = "folder = \"mails\"";
/// The time after which a test gives up waiting.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The built program.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_moncompte"));
    command.env_remove("MONCOMPTE_LOG").env_remove("MONCOMPTE_CONFIG").stdin(Stdio::null());
    command
}

/// The root folder of the project.
pub fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns a free port below those that the system gives to outgoing connections: none of them takes it while a provider is down. Each port is given once.
pub fn free_port() -> u16 {
    free_ports(1)
}

/// Returns the first of so many free ports in a row.
pub fn free_ports(count: u16) -> u16 {
    const FIRST: u32 = 10_000;
    const PORTS: u32 = 22_000;
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    // Another run of the tests on this machine begins elsewhere.
    let begin = std::process::id().wrapping_mul(131) % PORTS;
    loop {
        let port = FIRST + (begin + GIVEN.fetch_add(count.into(), Ordering::SeqCst)) % PORTS;
        let port = u16::try_from(port).unwrap();
        if (port..port + count).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok()) {
            return port;
        }
    }
}

/// A certificate for this machine that signs itself, and its key: `NAME.pem` and `NAME.key`.
pub fn certificate(folder: &Path, name: &str) -> [PathBuf; 2] {
    let [pem, key] = ["pem", "key"].map(|end| folder.join(format!("{name}.{end}")));
    let done = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
        .args(["-days", "30", "-subj", "/CN=localhost", "-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&pem)
        .output()
        .expect("the openssl command");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    [pem, key]
}

/// Writes a file that only its owner can read.
pub fn secret_file(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Asks again until there is a value; panics after [`PATIENCE`].
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let mut beat = tokio::time::interval(Duration::from_millis(50));
    // A question that takes long is not asked again at once: it would keep the machine from what is waited for.
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let asked = async {
        loop {
            beat.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.unwrap_or_else(|_| panic!("{what}: not in {PATIENCE:?}"))
}

/// The folder, the database and the port of one provider.
pub struct Place {
    pub bed: Bed,
    pub folder: tempfile::TempDir,
    pub port: u16,
    /// Done once the database has the signing key of every bed.
    key: OnceCell<()>,
}

impl Place {
    /// Makes a place on this database, with these lines in `[mail]`.
    pub fn new(bed: Bed, mail: &str) -> Self {
        let bed = bed.holding(&[accounts::INVARIANTS, idp::grant::INVARIANTS]);
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let ops = std::iter::repeat_with(free_port).find(|ops| *ops != port).unwrap();
        let place = Self { bed, folder, port, key: OnceCell::const_new() };
        let text = format!(
            "issuer = \"http://localhost:{port}\"\nlisten = \"127.0.0.1:{port}\"\nops_listen = \"127.0.0.1:{ops}\"\n\
             database_file = \"secrets/database\"\nsecret_key_file = \"secrets/seal.key\"\nattempts_per_minute = 6000\ndrain_seconds = 0\ndatabase_connections = 8\n\n\
             [mail]\nfrom = \"Mon compte immobilier <ne-pas-repondre@compte.exemple.test>\"\n{mail}\n"
        );
        fs::write(place.path("moncompte.toml"), text).unwrap();
        secret_file(&place.path("secrets/database"), &place.bed.address);
        secret_file(&place.path("secrets/seal.key"), &SealKey::new([7; 32]).text());
        secret_file(&place.path("secrets/exemple.client"), CLIENT_SECRET);
        fs::create_dir_all(place.path("agencies")).unwrap();
        fs::write(place.path("agencies/exemple.toml"), agency()).unwrap();
        copy(&project().join("config/terms"), &place.path("terms"));
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a named pipe in the place of a file. Nobody writes to it, so reading it never ends.
    pub fn pipe(&self, name: &str) {
        // There may be no file yet.
        let _ = fs::remove_file(self.path(name));
        assert!(Command::new("mkfifo").arg(self.path(name)).status().unwrap().success());
    }

    pub fn issuer(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// Runs a command on this configuration to its end.
    pub fn run(&self, command: &str, more: &[&str]) -> Output {
        program().arg(command).arg("--config").arg(self.folder.path()).args(more).output().unwrap()
    }

    /// Writes a file and imports it.
    pub fn import(&self, name: &str, content: impl AsRef<[u8]>) -> Output {
        let file = self.path(name);
        fs::write(&file, content).unwrap();
        self.run("import", &["--agency", AGENCY, "--json", file.to_str().unwrap()])
    }

    /// Imports identities with clear passwords: `identifier;password;email`.
    pub fn people(&self, rows: impl IntoIterator<Item = (String, String, String)>) {
        let mut text = String::from("identifier;client_ref;password;email\n");
        for (identifier, password, email) in rows {
            text += &format!("{identifier};REF-{identifier};{password};{email}\n");
        }
        let out = self.import("people.csv", text);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }

    /// Gets a path of the operators' port: the status, and the text.
    pub async fn operators(&self, path: &str) -> (u16, String) {
        let text = fs::read_to_string(self.path("moncompte.toml")).unwrap();
        let ops = text.lines().find_map(|line| line.strip_prefix("ops_listen = \"")).unwrap();
        let answer = reqwest::get(format!("http://{}{path}", ops.trim_end_matches('"'))).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Replaces a text in a file of the configuration; returns the file's content from before.
    pub fn change(&self, file: &str, from: &str, to: &str) -> String {
        let was = fs::read_to_string(self.path(file)).unwrap();
        let is = was.replacen(from, to, 1);
        assert_ne!(was, is, "{from}");
        fs::write(self.path(file), is).unwrap();
        was
    }

    /// Starts the provider, which finds a first signing key, and waits until it answers.
    pub async fn serve(&self) -> Running {
        self.key.get_or_init(|| self.bed.lend_signing_key(SystemClock.now())).await;
        serve(self.folder.path(), |_| ()).await
    }
}

/// Starts the provider of this folder and waits until it answers; `lay` changes its environment. While it was down, another program may have
/// taken its port: then the start is tried again, as by a service manager.
pub async fn serve(folder: &Path, lay: impl Fn(&mut Command)) -> Running {
    eventually("a provider that listens", async || {
        let mut command = program();
        command.arg("serve").arg("--config").arg(folder);
        lay(&mut command);
        let running = Running::start(command);
        let listens = |said: &str| {
            if said.contains("cannot be listened on") {
                Some(false)
            } else {
                said.contains("ready").then_some(true)
            }
        };
        running.heard("\"ready\"", listens).await.then_some(running)
    })
    .await
}

fn agency() -> String {
    format!(
        "name = \"Agence Exemple\"\ncity = \"Lorient\"\n\n[controller]\nname = \"Agence Exemple SARL, Lorient\"\n\
         dpo = \"dpo@exemple.test\"\n\n[look]\naccent = \"#1f6f54\"\n\n[[portal]]\nclient_id = \"exemple\"\n\
         client_secret_file = \"secrets/exemple.client\"\nhome = \"https://espace.exemple.test/\"\n\
         redirect_uris = [\"{CALLBACK}\"]\npost_logout_redirect_uris = [\"https://espace.exemple.test/bye\"]\n\
         scopes = [\"openid\", \"profile\", \"email\", \"offline_access\"]\n\n\
         [words.mail]\nfr = \"<b>À bientôt</b> & merci.\"\nen = \"<b>See you</b> & thanks.\"\n"
    )
}

/// Copies a folder with its content.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A running program. It ends with the test.
pub struct Running {
    child: Child,
    said: Arc<Mutex<String>>,
    ears: [JoinHandle<()>; 2],
}

impl Running {
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let ears = [listen(out, said.clone()), listen(err, said.clone())];
        Self { child, said, ears }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The output on standard output and standard error so far.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Waits for this text in the output.
    pub async fn says(&self, word: &str) {
        self.heard(&format!("{word:?}"), |said| said.contains(word).then_some(())).await;
    }

    /// Waits for the `nth` line of the output, from 0.
    pub async fn line(&self, nth: usize) -> String {
        self.heard(&format!("line {nth}"), |said| said.lines().nth(nth).map(str::to_owned)).await
    }

    /// Writes a line to its standard input, which is a pipe.
    pub fn tell(&mut self, line: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Waits for a find in the output; panics if the program has ended without it.
    async fn heard<T>(&self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        let mut beat = tokio::time::interval(Duration::from_millis(10));
        let heard = async {
            loop {
                beat.tick().await;
                let ended = self.ears.iter().all(JoinHandle::is_finished);
                let found = find(&self.said());
                if found.is_some() || ended {
                    return found;
                }
            }
        };
        let heard = tokio::time::timeout(PATIENCE, heard).await.ok().flatten();
        heard.unwrap_or_else(|| panic!("it never said {what}:\n{}", self.said()))
    }

    /// Returns true if the program has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Stops the program by SIGSTOP, in the middle of anything.
    pub fn halt(&self) {
        signal(self.child.id(), "STOP");
    }

    /// Resumes it by SIGCONT.
    pub fn resume(&self) {
        signal(self.child.id(), "CONT");
    }

    /// Kills it by SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it by SIGTERM; returns its exit status and output.
    pub async fn stop(mut self) -> (ExitStatus, String) {
        signal(self.child.id(), "TERM");
        let status = eventually("the end", async || self.child.try_wait().unwrap()).await;
        (status, self.said())
    }
}

/// Sends a signal through the shell's own kill: no unsafe code here.
pub fn signal(pid: u32, name: &str) {
    assert!(Command::new("kill").args([format!("-{name}"), pid.to_string()]).status().unwrap().success());
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails, harmlessly, if it has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen(from: impl std::io::Read + Send + 'static, said: Arc<Mutex<String>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let mut said = said.lock().unwrap();
            said.push_str(&line);
            said.push('\n');
        }
    })
}
