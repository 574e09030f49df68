"""The page of web/, and WebTorrent alone, download in a real browser from a bucket with the CORS rule of the docs."""

import hashlib

import pytest
from browser import Browser
from published import BUCKET, Published
from store import MIB, random_bytes

from benches import server_counters

TEN_MB = 10_000_000
PIECES = 39
# Keys, and the configuration of the function.
OBJECTS = {
    "10-mb": ("plain.bin", {}),
    "odd-key": ("odd  ключ/é+%2F'\"&#?=;,:@ $(id) `x` [1] {2} ~!*().bin", {}),
    "8-mib-pieces": ("large-pieces.bin", {"PIECE_LENGTH": str(8 * MIB)}),
}
# The bytes of a second on a slow line: no piece of 256 KiB arrives within a second.
SLOW = 200_000


def gets(published: Published) -> int:
    """How often objects of the bucket were read so far."""
    requests = server_counters.of_bucket(published.server, BUCKET).requests
    return sum(count for (method, _), count in requests.items() if method == "GET")


def loaded(browser: Browser) -> list[str]:
    """The files that the page has loaded."""
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
def test_the_page_saves_the_object_byte_for_byte(browser: Browser, published: Published, name: str) -> None:
    key, variables = OBJECTS[name]
    body = random_bytes(TEN_MB, seed=1)
    published.put(key, body)
    browser.open(published.page(key, published.endpoint(**variables)))
    browser.wait_for("starting", "Download")
    assert "webtorrent.min.js" not in loaded(browser)

    browser.element("start").click()
    browser.wait_for("outcome", "every piece is checked")
    saved = browser.saved(TEN_MB)
    assert saved.read_bytes() == body
    assert saved.suffix == ".bin"
    assert "webtorrent.min.js" in loaded(browser)

    assert is_kept(browser)
    browser.element("discard").click()
    browser.wait_for("outcome", "copy is deleted")
    browser.wait_until(lambda: not is_kept(browser), "a storage without the object")
    # Neither a broken rule of the content security policy nor an error of a script.
    assert browser.log() == ""


@pytest.mark.parametrize("name", OBJECTS)
def test_webtorrent_alone_gets_the_object(browser: Browser, published: Published, name: str) -> None:
    key, variables = OBJECTS[name]
    body = random_bytes(TEN_MB, seed=2)
    published.put(key, body)
    browser.open(published.bare(key, published.endpoint(**variables)))
    browser.wait_for("state", hashlib.sha256(body).hexdigest())


def test_webtorrent_alone_gets_nothing_without_cache_control(browser: Browser, published: Published) -> None:
    published.put("bare-refused.bin", random_bytes(TEN_MB))
    published.allow("user-agent", "range")
    browser.open(published.bare("bare-refused.bin", published.endpoint()))
    browser.wait_for("state", "asking")
    before = gets(published)
    browser.wait_until(lambda: "field cache-control is not allowed" in browser.log(), "a refused preflight")
    # It has the web seed, which gives it nothing.
    assert browser.run("return [entry.wires.length, entry.downloaded]") == [1, 0]
    assert gets(published) == before


@pytest.mark.parametrize(
    ("headers", "origin", "said"),
    # Chromium ignores a page's `user-agent`, and does not ask for it.
    [
        (["user-agent", "range"], "*", "CORS rule does not allow the request header cache-control."),
        (["range"], "*", "CORS rule does not allow the request header cache-control."),
        (["cache-control", "user-agent", "range"], "https://example.com", "no CORS rule that lets this page read"),
    ],
    ids=["without-cache-control", "range-alone", "another-origin"],
)
def test_the_page_says_what_the_bucket_lacks_and_goes_on_once_it_is_there(
    browser: Browser, published: Published, headers: list[str], origin: str, said: str
) -> None:
    key = f"refused-{len(headers)}.bin"
    published.put(key, random_bytes(TEN_MB, seed=len(headers)))
    published.allow(*headers, origin=origin)
    start(browser, published.page(key))
    browser.wait_for("outcome", said)
    assert "webtorrent.min.js" not in loaded(browser)
    # The command that is shown is the remedy.
    published.run(browser.text("rule-box"))
    browser.element("start").click()
    browser.wait_for("outcome", "every piece is checked")
    browser.saved(TEN_MB)


def test_an_unreadable_object_is_told_from_a_missing_rule(browser: Browser, published: Published) -> None:
    published.put("turns-private.bin", random_bytes(TEN_MB))
    browser.open(published.page("turns-private.bin"))
    browser.wait_for("starting", "Download")
    published.client.delete_object(Bucket=BUCKET, Key="turns-private.bin")
    browser.element("start").click()
    browser.wait_for("outcome", "S3 answered 404 NoSuchKey")
    assert browser.text("rule") == ""


def test_five_bad_pieces_end_a_download(browser: Browser, published: Published) -> None:
    published.put("replaced.bin", random_bytes(TEN_MB, seed=3))
    browser.open(published.page("replaced.bin"))
    browser.wait_for("starting", "Download")
    published.put("replaced.bin", random_bytes(TEN_MB, seed=4))
    before = gets(published)
    browser.element("start").click()
    browser.wait_for("outcome", "The object was replaced after this torrent was made")
    browser.wait_until(lambda: not is_kept(browser), "a storage without the object")
    # One to look for the rule, five bad pieces, and what was under way when the fifth came.
    assert 6 <= gets(published) - before <= 20


def test_what_an_earlier_visit_has_left_is_not_fetched_again(browser: Browser, published: Published) -> None:
    published.put("again.bin", random_bytes(TEN_MB, seed=5))
    url = published.page("again.bin")
    start(browser, url)
    browser.wait_for("outcome", "every piece is checked")
    browser.saved(TEN_MB)
    before = gets(published)
    start(browser, url)
    browser.wait_for("outcome", "every piece is checked")
    assert browser.saved(TEN_MB).read_bytes() == random_bytes(TEN_MB, seed=5)
    assert gets(published) - before < PIECES


def test_a_download_can_be_cancelled(browser: Browser, published: Published) -> None:
    published.put("slow.bin", random_bytes(TEN_MB, seed=6))
    browser.open(published.page("slow.bin"))
    browser.wait_for("starting", "Download")
    conditions = {"offline": False, "latency": 0, "downloadThroughput": SLOW, "uploadThroughput": SLOW}
    browser.devtools("Network.enable")
    browser.devtools("Network.emulateNetworkConditions", **conditions)
    try:
        browser.element("start").click()
        browser.wait_for("rate", "web seeds: 1, peers: 0")
        browser.element("cancel").click()
        browser.wait_for("outcome", "You cancelled the download.")
        browser.wait_until(lambda: not is_kept(browser), "a storage without the object")
    finally:
        browser.devtools("Network.disable")
    assert browser.text("starting")


def test_a_full_storage_ends_a_download_and_is_foreseen(browser: Browser, published: Published) -> None:
    published.put("too-large.bin", random_bytes(TEN_MB, seed=7))
    # What Chromium tells a page of its quota is always 10 GiB more than it keeps.
    told = f"navigator.storage.estimate = async () => ({{ quota: {TEN_MB // 2}, usage: 0 }})"
    script = browser.devtools("Page.addScriptToEvaluateOnNewDocument", source=told)
    browser.devtools("Storage.overrideQuotaForOrigin", origin=f"{published.origin}/", quotaSize=TEN_MB // 2)
    try:
        start(browser, published.page("too-large.bin"))
        browser.wait_for("small", "promises this page room for 5 MB only")
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
