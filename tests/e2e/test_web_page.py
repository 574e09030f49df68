"""What the page of web/ shows in a real browser: the object, how to get it, and what is wrong."""

import contextlib
import json
import shlex
import subprocess
from pathlib import Path

import libtorrent
import publishing
import pytest
from browser import INSECURE_HOST, Browser
from clients import torrent_url
from downloads import DOWNLOAD_SECONDS
from published import BUCKET, Published
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from store import ABSENT, random_bytes

from scripts.stack import http, metainfo, tools
from scripts.stack.gateways import Response
from scripts.stack.ports import LOOPBACK
from scripts.stack.runtime_api import Handler, serve

ODD = "odd  ключ/é+%2F'\"&#?=;,:@ $(id) `x` [1] {2} ~!*().bin"
LONG = "folder/" + "a-name-that-is-far-too-long-for-any-telephone" * 4 + ".safetensors"
LENGTH = 600_000
# Shows another extension than it has.
TURNED = "photo\u202egpj.exe"
BUSY = (
    "<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>A job is making the torrent of this object of "
    "300000000000 bytes: 412 of 960 spans are hashed. Try again.</Message></Error>"
)


def open_page(browser: Browser, published: Published, key: str, width: int = 1000) -> None:
    """Opens the page of a new object, and waits until it shows it."""
    published.put(key, random_bytes(LENGTH))
    browser.open(published.page(key), width)
    browser.wait_for("starting", "Download")


def test_the_page_shows_the_object_and_its_links(browser: Browser, published: Published, folder: Path) -> None:
    open_page(browser, published, ODD)
    url = torrent_url(published.endpoint(), BUCKET, ODD)
    torrent = http.body(url)
    contents = metainfo.read(torrent)
    assert browser.element("name").get_property("textContent") == ODD.split("/")[-1]
    assert browser.element("object").get_property("textContent") == f"s3://{BUCKET}/{ODD}"
    assert browser.text("size") == "600 kB (600,000 bytes)"
    assert browser.text("pieces") == "3 pieces of 256 KiB"
    assert browser.text("info-hash") == contents.info_hash
    assert browser.text("torrent") == browser.element("torrent").get_attribute("href") == url
    assert browser.element("direct").get_attribute("href") == contents.web_seeds[0]
    assert shlex.split(browser.text("transmission")) == ["transmission-remote", "--add", url]
    browser.element("torrent-file").click()
    assert browser.saved(len(torrent)).read_bytes() == torrent
    browser.devtools("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    for name in ("torrent", "aria2", "transmission", "direct"):
        browser.driver.find_element("css selector", f"[data-copies={name}]").click()
        browser.wait_until(
            lambda name=name: browser.run("return navigator.clipboard.readText()") == browser.text(name), name
        )
    # What keeps it on loopback, and lets it end.
    alone = "--no-conf --enable-dht=false --enable-dht6=false --bt-enable-lpd=false --seed-time=0 --interface=127.0.0.1"
    command = ["sh", "-c", f"{browser.text('aria2')} {alone} --dir {folder}"]
    env = dict(tools.environment(HOME=str(folder)))
    ran = subprocess.run(command, env=env, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS, check=False)
    assert ran.returncode == 0, ran.stdout
    [file] = [file for file in folder.iterdir() if file.suffix == ".bin"]
    assert file.read_bytes() == random_bytes(LENGTH)


def answering(owner: contextlib.ExitStack, answers: list[Response]) -> str:
    """An endpoint that gives these answers, one after the other."""

    class Endpoint(Handler):
        """Answers."""

        def do_GET(self) -> None:
            self.send(answers.pop(0))

    return f"http://{serve(owner, Endpoint)}"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (f"#{BUCKET}/missing.bin", "There is no such file (404 NoSuchKey)."),
        (f"#{ABSENT}/missing.bin", "This file is not public, or it does not exist (403 AccessDenied)."),
        (f"#{BUCKET}/a/../b", "The key has a segment . or .., which browsers take out"),
        ("", "does not name a file. It must end in #bucket/key"),
        ("#bucket/", "names a bucket, but no file or folder in it."),
        ("#b/100%", "Write a % in a key as %25"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(browser: Browser, published: Published, address: str, said: str) -> None:
    browser.open(published.page("key").partition("#")[0] + address)
    browser.wait_for("state", said)


def test_the_page_shows_how_far_a_job_is_and_asks_when_told(browser: Browser, published: Published) -> None:
    published.put("job.bin", random_bytes(LENGTH))
    torrent = http.body(torrent_url(published.endpoint(), BUCKET, "job.bin"))
    cors = ("access-control-allow-origin", "*"), ("access-control-expose-headers", "Retry-After")
    answers = [Response(503, [*cors, ("retry-after", "100")], BUSY.encode()), Response(200, [*cors], torrent)]
    with contextlib.ExitStack() as owner:
        endpoint = answering(owner, answers)
        browser.open(published.page("job.bin", endpoint))
        browser.wait_for("state", "412 of 960 parts")
        browser.wait_for("asking", "Asks again in 2 minutes.")
        assert browser.run("const { value, max } = document.getElementById('made'); return [value, max]") == [412, 960]
        browser.element("now").click()
        browser.wait_for("starting", "Download")
        assert not browser.text("state")


def test_a_browser_has_web_seeds_where_clients_need_none(browser: Browser, published: Published) -> None:
    published.put("fast.bin", random_bytes(LENGTH))
    url = torrent_url(published.endpoint(), BUCKET, "fast.bin")
    torrents = {"torrent": libtorrent.bencode({b"info": libtorrent.bdecode(http.body(url))[b"info"]})}
    torrents["torrent&web-seeds=always"] = http.body(url)
    headers = ("access-control-allow-origin", "*"), ("content-disposition", 'attachment; filename="fast.torrent"')

    class Endpoint(Handler):
        """Leaves the web seeds out unless it is asked for them."""

        def do_GET(self) -> None:
            self.send(Response(200, [*headers], torrents[self.path.partition("?")[2]]))

    with contextlib.ExitStack() as owner:
        browser.open(published.page("fast.bin", f"http://{serve(owner, Endpoint)}"))
        browser.wait_for("starting", "Download")
        for link, torrent in zip(("torrent-file", "with-web-seeds"), torrents.values(), strict=True):
            browser.element(link).click()
            assert browser.saved(len(torrent)).read_bytes() == torrent
        browser.element("start").click()
        browser.wait_for("outcome", "every piece is checked")
        browser.saved(LENGTH)


def test_the_page_of_a_folder_shows_its_files(browser: Browser, published: Published) -> None:
    policy = json.loads(publishing.policy(BUCKET))
    listing = {**policy["Statement"][0], "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{BUCKET}"}
    listable = {**policy, "Statement": [*policy["Statement"], listing]}
    published.client.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(listable))
    for path, length in {"a b/é #1+%2F?.bin": 700_000, "empty": 0, "z.bin": 300_000}.items():
        published.put(f"a folder/set/{path}", random_bytes(length))
    browser.open(published.page("a folder/set/"))
    browser.wait_for("files", "z.bin")
    url = torrent_url(published.endpoint(), BUCKET, "a folder/set/")
    assert (browser.text("name"), browser.text("lead")) == ("set", "3 files, 1 MB")
    assert browser.text("info-hash") == metainfo.read(http.body(url)).info_hash
    assert browser.element("torrent").get_attribute("href") == url
    assert shlex.split(browser.text("aria2")) == ["aria2c", "--seed-time=60", url]
    rows = [row.text for row in browser.driver.find_elements("css selector", "#rows tr")]
    assert rows == ["a b/é #1+%2F?.bin 700 kB", "empty 0 bytes", "z.bin 300 kB"]
    # WebTorrent would ask for other names than some of these.
    assert not browser.text("starting")
    browser.driver.find_element("link text", "a b/é #1+%2F?.bin").click()
    browser.wait_for("starting", "Download")
    browser.element("start").click()
    browser.wait_for("outcome", "every piece is checked")
    assert browser.saved(700_000).read_bytes() == random_bytes(700_000)


def test_a_folder_of_ten_thousand_files_is_shown_in_parts(browser: Browser, published: Published) -> None:
    files = [{b"length": 1000, b"path": [b"train", b"%05d.jpg" % number]} for number in range(10_000)]
    info = {b"files": files, b"name": b"coco", b"piece length": 2**24, b"pieces": b"x" * 20}
    torrent = libtorrent.bencode({b"info": info})
    with contextlib.ExitStack() as owner:
        endpoint = answering(owner, [Response(200, [("access-control-allow-origin", "*")], torrent)])
        browser.open(published.page("coco/", endpoint), width=360)
        assert browser.wait_for("shown", "of") == "1 to 50 of 10,000 files"
        assert browser.text("lead") == "10,000 files, 10 MB"
        browser.element("next").click()
        assert browser.text("rows").splitlines()[0] == "train/00050.jpg 1 kB"
        browser.element("filter").send_keys("/09999")
        browser.wait_until(lambda: browser.text("rows") == "train/09999.jpg 1 kB", "the file that is wanted")
        assert browser.text("shown") == "1 to 1 of 1 file"
        assert browser.run("return document.documentElement.scrollWidth") == 360


def test_no_script_runs_but_those_of_the_page(browser: Browser, published: Published) -> None:
    open_page(browser, published, "strict.bin")
    for attribute, value in (("textContent", "window.foreign = 1"), ("src", "data:text/javascript,window.foreign = 1")):
        script = "Object.assign(document.createElement('script'), { [arguments[0]]: arguments[1] })"
        browser.run(f"document.head.append({script})", attribute, value)
    assert browser.log().count("violates the following Content Security Policy directive") == 2
    assert browser.run("return window.foreign") is None


def test_a_page_opened_by_http_says_that_it_needs_https(browser: Browser, published: Published) -> None:
    published.put("insecure.bin", random_bytes(LENGTH))
    browser.open(published.page("insecure.bin").replace(LOOPBACK, INSECURE_HOST))
    browser.wait_for("outcome", "Reload it over HTTPS.")
    url = torrent_url(published.endpoint(), BUCKET, "insecure.bin")
    assert browser.text("info-hash") == metainfo.read(http.body(url)).info_hash
    # Neither of these would work.
    assert not browser.text("starting")
    assert browser.driver.find_elements("css selector", "[data-copies]:not([hidden])") == []


def test_hidden_characters_of_a_key_show(browser: Browser, published: Published) -> None:
    open_page(browser, published, TURNED)
    shown = "photo[U+202E]gpj.exe"
    assert browser.text("name") == browser.run("return document.title") == shown
    assert browser.text("object").endswith(shown)
    browser.element("start").click()
    browser.wait_for("outcome", "every piece is checked")
    assert browser.saved(LENGTH).name == "photo_gpj.exe"


@pytest.mark.parametrize("key", [LONG, ODD], ids=["long", "odd"])
def test_a_telephone_shows_the_button_without_scrolling(browser: Browser, published: Published, key: str) -> None:
    open_page(browser, published, key, width=360)
    button = browser.element("start").rect
    assert button["y"] + button["height"] <= 640
    assert browser.run("return [innerWidth, document.documentElement.scrollWidth]") == [360, 360]
    # Nor is anything cut off there.
    script = "return [...document.querySelectorAll('main *')].filter((e) => e.getBoundingClientRect().right > 360)"
    assert browser.run(script) == []


def test_a_page_without_its_script_says_so(browser: Browser, published: Published) -> None:
    url = published.page("any.bin")
    (published.folder / "words.js").unlink()
    browser.open(url)
    browser.wait_for("unloaded", "a part of it is missing")


def test_the_keyboard_reaches_every_control(browser: Browser, published: Published) -> None:
    open_page(browser, published, "keyboard.bin")
    controls = browser.run(
        "return [...document.querySelectorAll('a, button')].filter((e) => e.offsetParent).map((e) => e.outerHTML)"
    )
    reached = []
    for _ in controls:
        ActionChains(browser.driver).send_keys(Keys.TAB).perform()
        reached.append(browser.run("return document.activeElement.outerHTML"))
        assert browser.run("return getComputedStyle(document.activeElement).outlineWidth") == "3px"
    assert reached == controls
    assert len(controls) == 13

    browser.element("start").send_keys(Keys.ENTER)
    browser.wait_for("outcome", "every piece is checked")
    browser.saved(LENGTH)
    assert browser.run("return document.activeElement.id") == "save"
