"""The page of web/, and WebTorrent alone, download in a real browser from a bucket with the CORS rule of the docs."""

import contextlib
import hashlib
import re
from collections.abc import Iterator

import pytest
from browser import Browser
from faulty_seed import FaultySeed
from published import BUCKET, Published
from store import MIB, random_bytes

TEN_MB = 10_000_000
PIECES = 39
# Keys, and the piece lengths.
ODD = "odd  ключ/é+%2F'\"&#?=;,:@ $(id) `x` [1] {2} ~!*().bin"
OBJECTS = {"plain": ("plain.bin", MIB // 4), "odd-key-and-large-pieces": (ODD, 8 * MIB)}
# Makes a minute of the page's clock a second.
FAST_CLOCK = "const now = performance.now.bind(performance); performance.now = () => now() * 60"


@pytest.fixture
def seed(published: Published, request: pytest.FixtureRequest) -> Iterator[FaultySeed]:
    """A web seed that can fail, for an object that no other test has left in the browser's storage."""
    body = random_bytes(TEN_MB, seed=9)
    key = re.sub(r"\W+", "-", request.node.name) + ".bin"
    published.put(key, body)
    with contextlib.ExitStack() as owner:
        yield FaultySeed(owner, key, body)


def faulty_page(published: Published, seed: FaultySeed) -> str:
    """The page of that object."""
    return published.page(seed.key, published.endpoint(WEB_SEEDS=seed.template))


def loaded(browser: Browser) -> list[str]:
    """The last parts of the URLs that the page has loaded, each as often as it was."""
    return browser.run("return performance.getEntriesByType('resource').map(({ name }) => name.split('/').pop())")


def is_kept(browser: Browser) -> bool:
    """Whether the browser's storage holds a file for the object that is shown."""
    script = """const root = await navigator.storage.getDirectory();
        const folder = await root.getDirectoryHandle('torrents', { create: true });
        for await (const name of folder.keys()) if (name === wanted) return true;
        return false;"""
    return browser.run(f"return (async (wanted) => {{ {script} }})(arguments[0])", browser.text("info-hash"))


def start(browser: Browser, url: str) -> None:
    """Opens the page, and clicks on the button once it is there."""
    browser.open(url)
    browser.wait_for("starting", "Download")
    browser.element("start").click()


@pytest.mark.parametrize("name", OBJECTS)
def test_the_page_saves_the_object_byte_for_byte_and_keeps_it_for_the_next_visit(
    browser: Browser, published: Published, name: str
) -> None:
    key, piece_length = OBJECTS[name]
    body = random_bytes(TEN_MB, seed=1)
    published.put(key, body)
    url = published.page(key, published.endpoint(PIECE_LENGTH=str(piece_length)))
    browser.open(url)
    browser.wait_for("starting", "Download")
    assert "webtorrent.min.js" not in loaded(browser)
    read = []
    for _ in range(2):
        start(browser, url)
        browser.wait_for("outcome", "every piece is checked")
        saved = browser.saved(TEN_MB)
        assert (saved.suffix, saved.read_bytes()) == (".bin", body)
        read.append(loaded(browser).count(browser.text("direct").split("/")[-1]))
    assert "webtorrent.min.js" in loaded(browser)
    assert read[0] - read[1] >= -(-TEN_MB // piece_length), "the second visit reads no piece"
    assert is_kept(browser)
    browser.element("discard").click()
    browser.wait_for("outcome", "copy is deleted")
    browser.wait_until(lambda: not is_kept(browser), "a storage without the object")
    # Neither a broken rule of the content security policy nor an error of a script.
    assert browser.log() == ""


@pytest.mark.parametrize("name", OBJECTS)
def test_webtorrent_alone_gets_the_object(browser: Browser, published: Published, name: str) -> None:
    key, piece_length = OBJECTS[name]
    body = random_bytes(TEN_MB, seed=2)
    published.put(key, body)
    browser.open(published.bare(key, published.endpoint(PIECE_LENGTH=str(piece_length))))
    browser.wait_for("state", hashlib.sha256(body).hexdigest())


def test_webtorrent_alone_gets_nothing_without_cache_control(browser: Browser, published: Published) -> None:
    published.put("bare-refused.bin", random_bytes(TEN_MB))
    published.allow("user-agent", "range")
    browser.open(published.bare("bare-refused.bin", published.endpoint()))
    browser.wait_for("state", "asking")
    browser.wait_until(lambda: "field cache-control is not allowed" in browser.log(), "a refused preflight")
    # It has the web seed, which gives it nothing.
    assert browser.run("return [entry.wires.length, entry.downloaded]") == [1, 0]


@pytest.mark.parametrize(
    ("headers", "origin", "said"),
    # Chromium ignores a page's `user-agent`, and does not ask for it.
    [
        (["user-agent", "range"], "*", "CORS rule does not allow the request header cache-control."),
        (["cache-control", "user-agent", "range"], "https://example.com", "no CORS rule that lets this page read"),
    ],
    ids=["without-cache-control", "another-origin"],
)
def test_without_the_rule_the_page_has_the_plain_link_and_for_the_publisher_the_remedy(
    browser: Browser, published: Published, headers: list[str], origin: str, said: str
) -> None:
    key = f"refused-{len(headers)}.bin"
    published.put(key, random_bytes(TEN_MB, seed=len(headers)))
    published.allow(*headers, origin=origin)
    start(browser, published.page(key))
    shown = browser.wait_for("outcome", "The publisher has not allowed browsers to download this file by this page.")
    assert "CORS" not in shown
    assert browser.element("instead-link").get_attribute("href") == browser.text("direct")
    assert "webtorrent.min.js" not in loaded(browser)
    # The command that is shown is the remedy.
    browser.driver.find_element("css selector", "#outcome-owner summary").click()
    browser.wait_for("outcome", said)
    command = browser.text("rule-box")
    assert "'" not in command
    published.run(command)
    browser.element("start").click()
    browser.wait_for("outcome", "every piece is checked")
    browser.saved(TEN_MB)


def test_an_unreadable_object_is_told_from_a_missing_rule(browser: Browser, published: Published) -> None:
    published.put("turns-private.bin", random_bytes(TEN_MB))
    url = published.page("turns-private.bin")
    browser.open(url)
    browser.wait_for("starting", "Download")
    published.client.delete_bucket_policy(Bucket=BUCKET)
    browser.element("start").click()
    browser.wait_for("outcome", "The file is no longer public, or no longer there (S3 answered 403).")
    assert browser.text("outcome-owner") == ""


@pytest.mark.parametrize(
    ("fault", "said"),
    [(403, "The file is no longer public"), (404, "The file is no longer there (S3 answered 404)")],
)
def test_a_refusal_of_s3_ends_a_download(
    browser: Browser, published: Published, seed: FaultySeed, fault: int, said: str
) -> None:
    seed.fail(fault, served_first=10)
    start(browser, faulty_page(published, seed))
    browser.wait_for("outcome", said)
    # Those that were under way.
    assert seed.requests <= 10 + 4
    # What arrived is kept if the file may become public again.
    assert bool(browser.text("earlier")) == (fault == 403)
    assert browser.run("return document.title") == seed.key


@pytest.mark.parametrize(
    ("fault", "said"),
    [(503, "S3 is busy or out of order (it answered 503)"), ("end", "No answer comes from 127.0.0.1")],
)
def test_a_failing_s3_is_asked_less_and_less_until_it_answers(
    browser: Browser, published: Published, seed: FaultySeed, fault: int | str, said: str
) -> None:
    seed.fail(fault, served_first=10)
    start(browser, faulty_page(published, seed))
    browser.wait_for("outcome", said)
    done = browser.element("done").get_property("value")
    # It is asked again after 1 and 2 seconds. Chromium itself repeats requests on connections that ended.
    browser.wait_until(lambda: "asks again in 4 seconds" in browser.text("rate"), "a longer pause")
    assert seed.requests <= 10 + (4 + 2) * (2 if fault == "end" else 1)
    # No byte of an error document counts.
    assert browser.element("done").get_property("value") == done <= 10 * 262_144
    seed.heal()
    browser.wait_for("outcome", "every piece is checked")
    assert browser.saved(TEN_MB).read_bytes() == seed.body


def test_a_seed_that_sends_nothing_is_noticed_and_can_be_cancelled(
    browser: Browser, published: Published, seed: FaultySeed
) -> None:
    script = browser.devtools("Page.addScriptToEvaluateOnNewDocument", source=FAST_CLOCK)
    try:
        seed.fail("silence", served_first=10)
        start(browser, faulty_page(published, seed))
        browser.wait_for("outcome", "No piece has arrived for 45 seconds.")
        assert "Cancel deletes what has arrived." in browser.text("running")
        browser.element("cancel").click()
        browser.wait_for("outcome", "that had arrived are deleted.")
        browser.wait_until(lambda: not is_kept(browser), "a storage without the object")
        assert browser.text("starting")
    finally:
        browser.devtools("Page.removeScriptToEvaluateOnNewDocument", **script)


def test_a_reload_says_what_is_there_and_goes_on(browser: Browser, published: Published, seed: FaultySeed) -> None:
    url = faulty_page(published, seed)
    seed.fail("silence", served_first=20)
    start(browser, url)
    browser.wait_until(lambda: browser.text("rate").startswith("47 %"), "all that the seed serves")
    assert browser.run("return document.title") == f"47 % – {seed.key}"
    # A new visit says what is there. A reload goes on by itself.
    browser.open(url)
    browser.wait_for("earlier", "(47 %) are here already.")
    seed.fail("silence", served_first=1)
    browser.element("start").click()
    browser.wait_for("rate", "47 %")
    seed.fail("silence", served_first=1)
    browser.driver.refresh()
    browser.wait_for("rate", "47 %")
    seed.heal()
    browser.wait_for("outcome", "every piece is checked")
    assert browser.saved(TEN_MB).read_bytes() == seed.body
    assert seed.requests <= PIECES - 19


@pytest.mark.parametrize("script", ["webtorrent.min.js", "disk-worker.js"])
def test_a_missing_script_is_told(browser: Browser, published: Published, script: str) -> None:
    published.put("scripts.bin", random_bytes(TEN_MB))
    url = published.page("scripts.bin")
    (published.folder / script).unlink()
    start(browser, url)
    browser.wait_for("outcome", "A part of this page is missing, so it cannot download in the browser.")
    assert script in browser.element("outcome-advice").get_property("textContent")


def test_five_bad_pieces_end_a_download(browser: Browser, published: Published) -> None:
    published.put("replaced.bin", random_bytes(TEN_MB, seed=3))
    browser.open(published.page("replaced.bin"))
    browser.wait_for("starting", "Download")
    published.put("replaced.bin", random_bytes(TEN_MB, seed=4))
    browser.element("start").click()
    browser.wait_for("outcome", "The object was replaced after this torrent was made")
    browser.wait_until(lambda: not is_kept(browser), "a storage without the object")
    # One to look for the rule, five bad pieces, and what was under way when the fifth came.
    assert 6 <= loaded(browser).count("replaced.bin") <= 20


def test_a_full_storage_ends_a_download_and_is_foreseen(browser: Browser, published: Published) -> None:
    published.put("too-large.bin", random_bytes(TEN_MB, seed=7))
    # What Chromium tells a page of its quota is always 10 GiB more than it keeps.
    told = f"navigator.storage.estimate = async () => ({{ quota: {TEN_MB // 2}, usage: 0 }})"
    script = browser.devtools("Page.addScriptToEvaluateOnNewDocument", source=told)
    browser.devtools("Storage.overrideQuotaForOrigin", origin=f"{published.origin}/", quotaSize=TEN_MB // 2)
    try:
        start(browser, published.page("too-large.bin"))
        browser.wait_for("small", "Your browser gives this page only 5 MB of storage.")
        main = browser.driver.find_elements("css selector", "section .main:not(#save)")
        assert [button.text for button in main] == ["Download the .torrent"]
        assert main[0].location["y"] < browser.element("browser").location["y"]
        browser.wait_for("outcome", "no more room")
    finally:
        browser.devtools("Storage.overrideQuotaForOrigin", origin=f"{published.origin}/")
        browser.devtools("Page.removeScriptToEvaluateOnNewDocument", **script)


def test_a_page_that_lies_beside_the_data_works_too(browser: Browser, published: Published) -> None:
    published.put("beside.bin", random_bytes(TEN_MB, seed=8))
    published.page("beside.bin")
    for command in published.advice():
        published.run(command)
    start(browser, f"{published.server.endpoint}/{BUCKET}/web/index.html#{BUCKET}/beside.bin")
    browser.wait_for("outcome", "every piece is checked")
    assert browser.saved(TEN_MB).read_bytes() == random_bytes(TEN_MB, seed=8)
