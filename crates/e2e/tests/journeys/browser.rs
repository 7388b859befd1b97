//! A person's browser: Chromium with a profile of its own, driven through the elements on its screen.

use std::{path::Path, process::Stdio};

use anyhow::{Context, Result, anyhow};
use serde_json::json;
use tempfile::TempDir;
use thirtyfour::prelude::*;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

use crate::{
    keyboard, look, parts,
    wait::{PATIENCE, until},
    words,
};

/// The settings of a browser and of its owner.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Kind {
    /// 320 CSS pixels wide, the narrowest that WCAG 1.4.10 asks for.
    phone: bool,
    /// Scripts are off in its settings.
    scriptless: bool,
    /// Text is twice as large, as its owner set it.
    large_text: bool,
    /// Its owner has a keyboard and no mouse.
    keyboard: bool,
    /// Its owner reads English.
    english: bool,
    /// It shows the gallery, page after page.
    gallery: bool,
    /// Its owner closes it and opens it again.
    closed: bool,
}

pub(crate) const DESK: Kind = Kind {
    phone: false,
    scriptless: false,
    large_text: false,
    keyboard: false,
    english: false,
    gallery: false,
    closed: false,
};
pub(crate) const CLOSED: Kind = Kind { closed: true, ..DESK };
pub(crate) const PHONE: Kind = Kind { phone: true, ..DESK };
pub(crate) const SCRIPTLESS: Kind = Kind { scriptless: true, ..DESK };
pub(crate) const KEYBOARD: Kind = Kind { keyboard: true, ..DESK };
pub(crate) const SCRIPTLESS_IN_ENGLISH: Kind = Kind { scriptless: true, english: true, ..DESK };
pub(crate) const GALLERY: Kind = Kind { gallery: true, ..DESK };
pub(crate) const LARGE_TEXT: Kind = Kind { large_text: true, ..GALLERY };

/// Turns off the work of a browser beside showing a page, a fifth of its time: nothing of it matters to one that shows page after page and never goes back.
const BESIDE_THE_PAGE: &str = "--disable-features=Translate,OptimizationHints,MediaRouter,RenderDocument,AcceptCHFrame,DialMediaRouteProvider,\
    GlobalMediaControls,PaintHolding,BackForwardCache";

pub(crate) struct Browser {
    driver: Option<WebDriver>,
    service: Child,
    address: String,
    // Kept open, since the driver writes to it.
    _said: Lines<BufReader<ChildStdout>>,
    profile: TempDir,
    kind: Kind,
}

/// Starts the driver of browsers on a free port; an error if it ends at once.
async fn drive(chromedriver: &Path) -> Result<(Child, Lines<BufReader<ChildStdout>>, String)> {
    let mut service = Command::new(chromedriver)
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    let mut said = BufReader::new(service.stdout.take().context("its output is piped")?).lines();
    while let Some(line) = said.next_line().await? {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            return Ok((service, said, port.trim_end_matches('.').to_owned()));
        }
    }
    Err(anyhow!("chromedriver ended at once"))
}

impl Browser {
    /// `None` where there is no browser and none is demanded.
    pub(crate) async fn open(kind: Kind) -> Result<Option<Self>> {
        let Some(parts) = parts::find()? else { return Ok(None) };
        // The driver takes a free port of IPv4 and ends where somebody has the same one of IPv6.
        let mut tries = 0;
        let (service, said, port) = loop {
            match timeout(PATIENCE, drive(&parts.chromedriver))
                .await
                .context("chromedriver does not start")?
            {
                Err(_) if tries < 5 => tries += 1,
                driven => break driven?,
            }
        };
        let mut browser = Self {
            driver: None,
            service,
            address: format!("http://localhost:{port}"),
            _said: said,
            profile: TempDir::new()?,
            kind,
        };
        browser.launch().await?;
        Ok(Some(browser))
    }

    async fn launch(&mut self) -> Result<()> {
        let parts = parts::find()?.context("the browser has gone")?;
        let mut wishes = DesiredCapabilities::chrome();
        let program = if self.kind.closed { parts.chromium } else { parts.shell };
        wishes.set_binary(&program.to_string_lossy())?;
        let flags = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-extensions",
            "--password-store=basic",
            "--hide-scrollbars",
            "--window-size=1280,900",
            if self.kind.english { "--lang=en-GB" } else { "--lang=fr-FR" },
            if self.kind.english { "--accept-lang=en-GB,en" } else { "--accept-lang=fr-FR,fr" },
        ];
        for flag in flags {
            wishes.add_arg(flag)?;
        }
        if self.kind.gallery {
            wishes.add_arg(BESIDE_THE_PAGE)?;
        }
        if self.kind.closed {
            wishes.add_arg(&format!("--user-data-dir={}", self.profile.path().display()))?;
        }
        if self.kind.large_text {
            wishes.add_arg("--blink-settings=defaultFontSize=32")?;
        }
        if self.kind.scriptless {
            wishes.add_arg("--blink-settings=scriptEnabled=false")?;
        }
        if self.kind.phone {
            let metrics = json!({ "width": 320, "height": 640, "pixelRatio": 1.0, "touch": true });
            wishes.add_experimental_option("mobileEmulation", json!({ "deviceMetrics": metrics }))?;
        }
        self.driver = Some(WebDriver::new(&self.address, wishes).await?);
        Ok(())
    }

    /// Closes every window and opens the browser again with the same profile.
    pub(crate) async fn restart(&mut self) -> Result<()> {
        self.driver.take().context("the browser is open")?.quit().await?;
        self.launch().await
    }

    /// Translates words to its owner's language.
    pub(crate) fn word<'a>(&self, french: &'a str) -> &'a str {
        if self.kind.english { words::english(french) } else { french }
    }

    /// Returns the text in its owner's language.
    pub(crate) fn either<'a>(&self, french: &'a str, english: &'a str) -> &'a str {
        if self.kind.english { english } else { french }
    }

    pub(crate) fn driver(&self) -> Result<&WebDriver> {
        self.driver.as_ref().context("the browser is open")
    }

    pub(crate) async fn go(&self, address: &str) -> Result<()> {
        self.driver()?.goto(address).await.with_context(|| format!("cannot open {address}"))
    }

    /// Waits for the page with this heading, and checks that everybody can use it.
    pub(crate) async fn page(&self, heading: &str) -> Result<()> {
        self.arrive(heading).await?;
        let driver = self.driver()?;
        look::everybody_can_use(driver).await.with_context(|| format!("on the page {heading:?}"))?;
        if self.kind.keyboard {
            // A portal's page has no such link.
            let ours = driver.find(By::Css("a.skip")).await.is_ok();
            keyboard::landed(driver, ours).await.with_context(|| format!("on the page {heading:?}"))?;
        }
        Ok(())
    }

    /// Waits for the page with this heading.
    pub(crate) async fn arrive(&self, heading: &str) -> Result<()> {
        let heading = self.word(heading);
        let driver = self.driver()?;
        let seen = until(async || {
            let text = driver.find(By::Css("h1")).await.ok()?.text().await.ok()?;
            // Without a footer the next page is not complete yet.
            let whole = driver.find(By::Css("body > footer")).await.is_ok();
            (whole && text.contains(heading)).then_some(())
        });
        if seen.await.is_none() {
            return Err(self.stuck(&format!("the page {heading:?} does not come")).await);
        }
        self.picture(heading).await
    }

    /// Waits until the page says these words.
    pub(crate) async fn says(&self, words: &str) -> Result<()> {
        let words = self.word(words);
        let driver = self.driver()?;
        let said = until(async || {
            let text = driver.find(By::Tag("body")).await.ok()?.text().await.ok()?;
            text.contains(words).then_some(())
        });
        match said.await {
            Some(()) => Ok(()),
            None => Err(self.stuck(&format!("the page never says {words:?}")).await),
        }
    }

    /// Returns true if the page has these words now.
    pub(crate) async fn already_says(&self, words: &str) -> Result<bool> {
        let words = self.word(words);
        Ok(self.driver()?.find(By::Tag("body")).await?.text().await?.contains(words))
    }

    /// Waits for the first element that a CSS selector finds.
    pub(crate) async fn find(&self, css: &str) -> Result<WebElement> {
        let driver = self.driver()?;
        match until(async || driver.find(By::Css(css)).await.ok()).await {
            Some(found) => Ok(found),
            None => Err(self.stuck(&format!("nothing is {css:?}")).await),
        }
    }

    /// Types into the field with this id, in place of its content.
    pub(crate) async fn fill(&self, id: &str, text: &str) -> Result<()> {
        let field = self.find(&format!("#{id}")).await?;
        if self.kind.keyboard {
            return keyboard::fill(self.driver()?, id, text).await;
        }
        field.clear().await?;
        Ok(field.send_keys(text).await?)
    }

    pub(crate) async fn value(&self, id: &str) -> Result<String> {
        Ok(self.find(&format!("#{id}")).await?.value().await?.unwrap_or_default())
    }

    /// Presses the button or follows the link that has exactly these words.
    pub(crate) async fn press(&self, words: &str) -> Result<()> {
        let (driver, words) = (self.driver()?, &self.word(words).replace('\u{a0}', " "));
        if self.kind.keyboard {
            // The element may not be there yet; Enter is pressed only once.
            let reached = until(async || match keyboard::reach(driver, "words", words).await {
                Err(cause) if cause.to_string().ends_with("absent") => None,
                other => Some(other),
            });
            return match reached.await {
                Some(Ok(())) => keyboard::press(driver, Key::Enter).await,
                Some(Err(cause)) => {
                    Err(cause.context(self.stuck(&format!("{words:?} cannot be pressed")).await))
                }
                None => Err(self.stuck(&format!("{words:?} does not come")).await),
            };
        }
        let path = format!(
            "//*[self::a or self::button or self::summary][normalize-space(translate(., '\u{a0}', ' '))=\"{words}\"]"
        );
        let pressed = until(async || {
            for one in driver.find_all(By::XPath(path.as_str())).await.ok()? {
                if one.is_displayed().await.unwrap_or(false) {
                    return one.click().await.ok();
                }
            }
            None
        });
        match pressed.await {
            Some(()) => Ok(()),
            None => Err(self.stuck(&format!("{words:?} cannot be pressed")).await),
        }
    }

    /// Presses it twice, before the first answer comes.
    pub(crate) async fn press_twice(&self, words: &str) -> Result<()> {
        let path =
            format!("//*[self::a or self::button][normalize-space(translate(., '\u{a0}', ' '))=\"{words}\"]");
        let button = self.driver()?.find(By::XPath(path.as_str())).await?;
        Ok(self.driver()?.action_chain().double_click_element(&button).perform().await?)
    }

    /// Presses the back button.
    pub(crate) async fn back(&self) -> Result<()> {
        Ok(self.driver()?.back().await?)
    }

    /// Sends the form of the page by its button.
    pub(crate) async fn submit(&self) -> Result<()> {
        if self.kind.keyboard {
            return keyboard::press(self.driver()?, Key::Enter).await;
        }
        Ok(self.find("main form button").await?.click().await?)
    }

    /// Chooses a radio button by its id.
    pub(crate) async fn choose(&self, id: &str) -> Result<()> {
        let one = self.find(&format!("#{id}")).await?;
        if !self.kind.keyboard {
            return Ok(self.find(&format!("label[for={id}]")).await?.click().await?);
        }
        // Tab leads to the chosen button, the arrow keys to the others.
        let driver = self.driver()?;
        keyboard::reach(driver, "id", &self.checked_beside(&one).await?).await?;
        for _ in 0..10 {
            if one.is_selected().await? {
                return Ok(());
            }
            keyboard::press(driver, Key::Down).await?;
        }
        Err(anyhow!("{id} cannot be chosen"))
    }

    async fn checked_beside(&self, one: &WebElement) -> Result<String> {
        let name = one.attr("name").await?.unwrap_or_default();
        let chosen = self.find(&format!("input[name={name}]:checked")).await?;
        chosen.id().await?.context("a field has an id")
    }

    /// Ticks or unticks a check box by its label.
    pub(crate) async fn tick(&self, id: &str) -> Result<bool> {
        let label = self.find(&format!("label[for={id}]")).await?;
        if self.kind.keyboard {
            keyboard::reach(self.driver()?, "id", id).await?;
            keyboard::press(self.driver()?, Key::Space).await?;
        } else {
            label.click().await?;
        }
        self.ticked(id).await
    }

    pub(crate) async fn ticked(&self, id: &str) -> Result<bool> {
        Ok(self.find(&format!("#{id}")).await?.is_selected().await?)
    }

    /// Emulates a screen of this width in CSS pixels, and the colour scheme `light` or `dark`.
    pub(crate) async fn emulate(&self, width: u32, scheme: &str) -> Result<()> {
        let screen = self.driver()?.cdp();
        let wished = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600 });
        screen.send_raw("Emulation.setDeviceMetricsOverride", wished).await?;
        let wished = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        screen.send_raw("Emulation.setEmulatedMedia", wished).await?;
        Ok(())
    }

    /// Runs this script in each page that is opened from now on, before the page's own.
    pub(crate) async fn on_each_page(&self, script: &str) -> Result<()> {
        let wished = json!({ "source": script });
        self.driver()?.cdp().send_raw("Page.addScriptToEvaluateOnNewDocument", wished).await?;
        Ok(())
    }

    /// Takes the browser off the network, or puts it back.
    pub(crate) async fn online(&self, on: bool) -> Result<()> {
        let network = self.driver()?.cdp();
        network.send_raw("Network.enable", json!({})).await?;
        let wished =
            json!({ "offline": !on, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        network.send_raw("Network.emulateNetworkConditions", wished).await?;
        Ok(())
    }

    /// The address in the bar.
    pub(crate) async fn address(&self) -> Result<String> {
        Ok(self.driver()?.current_url().await?.to_string())
    }

    /// Closes the browser and its driver.
    pub(crate) async fn close(mut self) -> Result<()> {
        if let Some(driver) = self.driver.take() {
            driver.quit().await?;
        }
        Ok(())
    }

    /// An error with the content of the screen.
    async fn stuck(&self, what: &str) -> anyhow::Error {
        let Ok(driver) = self.driver() else { return anyhow!("{what}") };
        let address = driver.current_url().await.map(|url| url.to_string()).unwrap_or_default();
        let text = match driver.find(By::Tag("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(cause) => cause.to_string(),
        };
        let _ = self.picture("stuck").await;
        anyhow!("{what}; at {address} the screen says:\n{text}")
    }

    /// Takes a picture, if the environment names a folder for pictures.
    async fn picture(&self, name: &str) -> Result<()> {
        let Some(folder) = parts::shots() else { return Ok(()) };
        std::fs::create_dir_all(&folder)?;
        let width = if self.kind.phone { "phone" } else { "desk" };
        let name: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
        let test = std::thread::current().name().unwrap_or_default().replace("::", "-");
        Ok(self.driver()?.screenshot(&folder.join(format!("{test}-{width}-{name}.png"))).await?)
    }
}

impl Drop for Browser {
    /// Kills driver and browser, which are one process group: a failed test does not close them.
    fn drop(&mut self) {
        if let Some(driver) = self.driver.take() {
            let _ = driver.leak();
        }
        if let Some(id) = self.service.id() {
            let _ = std::process::Command::new("kill").args(["-KILL", "--", &format!("-{id}")]).status();
        }
    }
}
