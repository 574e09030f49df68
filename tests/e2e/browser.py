"""Chromium, as its users run it but for the window, driven by Debian's own chromedriver."""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from selenium.webdriver import ChromeOptions, Remote
from selenium.webdriver.chrome.remote_connection import ChromeRemoteConnection
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from scripts.stack import http, temporary, tools
from scripts.stack.errors import StackError
from scripts.stack.ports import LOOPBACK, free_ports
from scripts.stack.processes import Process

READY_SECONDS = 60.0
# No test waits longer for something to appear.
WAIT_SECONDS = 60.0
POLL_SECONDS = 0.05
# A host that is not the machine itself, though it leads there: pages of it are not secure contexts.
INSECURE_HOST = "insecure.test"

_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    f"--host-resolver-rules=MAP {INSECURE_HOST} {LOOPBACK}",
    # Its shared memory: containers have little in /dev/shm.
    "--disable-dev-shm-usage",
)


class Browser:
    """A running browser with a profile of its own."""

    def __init__(self, owner: contextlib.ExitStack) -> None:
        home = temporary.folder(owner, "chromium")
        self._downloads = home / "downloads"
        self._saved = home / "saved"
        [port] = free_ports(1)
        process = Process(
            owner,
            "chromedriver",
            [tools.installed("chromedriver"), f"--port={port}"],
            log=home / "log",
            env=tools.environment(HOME=str(home), TMPDIR=str(home)),
            # It ends Chromium by force, too.
            grace_seconds=0,
        )
        process.wait_until(lambda: http.accepts(port), READY_SECONDS)
        connection = ChromeRemoteConnection(f"http://{LOOPBACK}:{port}", ignore_proxy=True)
        self.driver = Remote(connection, options=_options(home, self._downloads))
        owner.callback(self.driver.quit)

    def open(self, url: str, width: int = 1000) -> None:
        """Loads a page anew, in a window so wide."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        self.devtools("Emulation.setDeviceMetricsOverride", **size)
        # Else only the fragment would change, and the page stay.
        self.driver.get("about:blank")
        self.log()
        self.driver.get(url)

    def element(self, name: str) -> WebElement:
        """The element with this id."""
        return self.driver.find_element(By.ID, name)

    def text(self, name: str) -> str:
        """What that element shows; nothing while it is hidden."""
        return self.element(name).text

    def wait_for(self, name: str, wanted: str) -> str:
        """Waits until the element shows this among its text, which it returns."""
        return self.wait_until(lambda: (text := self.text(name)) and wanted in text and text, f"{name}: {wanted}")

    def wait_until(self, look: Callable[[], Any], what: str) -> Any:
        """Waits for something true, and returns it."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not (found := look()):
            if time.monotonic() > deadline:
                shown = self.driver.find_element(By.TAG_NAME, "body").text
                raise StackError(f"the browser does not come to {what}\n{shown}\n{self.log()}")
            time.sleep(POLL_SECONDS)
        return found

    def run(self, script: str, *arguments: object) -> Any:
        """What a script in the page returns."""
        return self.driver.execute_script(script, *arguments)

    def devtools(self, command: str, **parameters: object) -> Any:
        """A command of the DevTools protocol."""
        return self.driver.execute("executeCdpCommand", {"cmd": command, "params": parameters})["value"]

    def log(self) -> str:
        """What the console has shown since this was last asked: refused requests and broken rules among it."""
        entries = self.driver.execute("getLog", {"type": "browser"})["value"]
        return "\n".join(f"{entry['level']} {entry['message']}" for entry in entries)

    def saved(self, length: int) -> Path:
        """The one file that was saved, once all its bytes are there. The next call is for the next one."""

        def whole() -> Path | None:
            files = list(self._downloads.iterdir()) if self._downloads.exists() else []
            # Chromium begins with an empty file under the final name, and writes to another one.
            under_way = any(file.name.startswith(".org.chromium") or file.suffix == ".crdownload" for file in files)
            [file] = files if len(files) == 1 and not under_way else [None]
            return file if file and file.stat().st_size == length else None

        file: Path = self.wait_until(whole, "a saved file")
        self._saved.mkdir(exist_ok=True)
        return file.rename(self._saved / file.name)


def _options(home: Path, downloads: Path) -> ChromeOptions:
    options = ChromeOptions()
    options.binary_location = str(tools.installed("chromium"))
    for argument in (*_ARGUMENTS, f"--user-data-dir={home / 'profile'}"):
        options.add_argument(argument)
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return options
