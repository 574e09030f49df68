"""Keys byte for byte, through every client and into the web seeds.

SeaweedFS itself reads some keys as others: `//` as `/`, a leading `/` as none, `\\` as `/`; it refuses `.` and
`..` segments. What the function asks it for is then still seen in the torrent's name and web seeds.
"""

from pathlib import Path
from urllib.parse import quote

import clients
import pytest
from downloads import by_all
from functions import Functions
from store import OPEN, Store, random_bytes

from scripts.stack import metainfo, tools
from scripts.stack.seaweedfs import SeaweedFS

# What is kept as it is: name and key.
KEYS = {
    "plus": "a+b",
    "percent-2f": "a%2Fb",
    "percent": "100%",
    "percent-zz": "%zz",
    "spaces": " a  b ",
    "unicode": "Ünï/çødé 日本語 😀.txt",
    "combining": "e\u0301",
    "quotes": 'it\'s "quoted"',
    "question": "what?x=1&torrent",
    "hash": "a#b",
    "signs": "a&b=c;d,e@f:g$h!(i)*[j]{k}|^`",
    "angles": "<a>&amp;",
    "tilde": "~user/x",
    "tab": "a\tb",
    "control": "a\x01b",
}
# What no client could use as a name, or could not store with `.part` or `.torrent` behind it.
NAMES = {
    "dots": ("...", "object"),
    "spaces": ("a/ . ", "object"),
    "invisible": ("\u200e.", "object"),
    "padding": ("_____padding_file_1", "object"),
    "longest": ("x" * 251 + ".bin", "x" * 236 + ".bin"),
    "longest-unicode": ("日" * 83 + ".tar", "日" * 78 + ".tar"),
}
# What SeaweedFS takes for another key, which is put instead.
ALIASES = {
    "double-slash": ("a//b", "a/b"),
    "leading-slash": ("/a", "a"),
    "only-slashes-before": ("///a", "a"),
    "backslash": ("a\\b", "a/b"),
}
# What SeaweedFS refuses to look for.
REFUSED = {"dot-dot": "a/../b", "leading-dot-dot": "../b", "dot": "a/./b", "ends-in-dot-dot": "b/.."}
# A few for the CLI, which takes its time to start.
OF_THE_CLI = ("plus", "percent-2f", "spaces", "unicode", "quotes", "question", "hash", "signs")


def encoded(key: str) -> str:
    """As web seeds have it: all but the unreserved characters and `/`."""
    return quote(key, safe="/~")


def assert_is_of(torrent: bytes, key: str, body: bytes, server: SeaweedFS) -> None:
    contents = metainfo.read(torrent)
    path = f"{OPEN}/{encoded(key)}"
    assert contents.length == len(body)
    assert contents.web_seeds == (
        f"http://127.0.0.1:{server.port}/{path}",
        f"http://localhost:{server.port}/{path}",
    )


def name_in(torrent: bytes) -> bytes:
    """The name as it is written: libtorrent would make it fit for a file system."""
    _, _, rest = torrent.partition(b"4:name")
    length, _, rest = rest.partition(b":")
    return rest[: int(length)]


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_boto3_and_curl_reach_the_object(endpoint: str, store: Store, folder: Path, key: str) -> None:
    body = key.encode() * 3
    # At the root of the bucket: a prefix would hide what comes first in the key.
    store.put_at(key, body)
    torrent = clients.boto_torrent(endpoint, OPEN, key)
    assert torrent == clients.curl(clients.torrent_url(endpoint, OPEN, key), folder).body
    assert_is_of(torrent, key, body, store.server)
    last = key.rsplit("/", 1)[-1]
    assert name_in(torrent) == "".join("_" if ord(c) < 32 else c for c in last).encode()


@pytest.mark.parametrize("name", OF_THE_CLI)
def test_the_cli_reaches_the_object(endpoint: str, store: Store, folder: Path, name: str) -> None:
    body = KEYS[name].encode() * 3
    store.put_at(KEYS[name], body)
    output = folder / "out.torrent"
    ran = clients.cli(endpoint, OPEN, KEYS[name], output)
    assert ran.returncode == 0, ran.stderr
    assert_is_of(output.read_bytes(), KEYS[name], body, store.server)


@pytest.mark.parametrize(("key", "alias"), ALIASES.values(), ids=ALIASES)
def test_slashes_are_passed_on_as_they_came(endpoint: str, store: Store, folder: Path, key: str, alias: str) -> None:
    body = f"the object {alias}".encode()
    store.put_at(alias, body)
    torrent = clients.boto_torrent(endpoint, OPEN, key)
    assert torrent == clients.curl(clients.torrent_url(endpoint, OPEN, key), folder).body
    assert_is_of(torrent, key, body, store.server)


@pytest.mark.parametrize("key", REFUSED.values(), ids=REFUSED)
def test_dot_segments_are_not_resolved(endpoint: str, store: Store, folder: Path, key: str) -> None:
    store.put_at("b", b"what a resolved path would name")
    answer = clients.curl(clients.torrent_url(endpoint, OPEN, key), folder)
    assert answer.status != 200
    assert f"<Resource>/{OPEN}/{key}</Resource>".encode() in answer.body


@pytest.mark.parametrize("key", ["a b", "a+b", "ü"])
def test_the_path_is_decoded_once_and_in_either_spelling(endpoint: str, store: Store, folder: Path, key: str) -> None:
    store.put_at(key, b"bytes")
    for spelling in (quote(key, safe="+"), quote(key, safe=""), quote(key, safe="").lower()):
        answer = clients.curl(f"{endpoint}/{OPEN}/{spelling}?torrent", folder)
        assert answer.status == 200, spelling
        assert name_in(answer.body) == key.encode()


def test_a_line_break_in_a_key_becomes_an_underscore_in_the_name(functions: Functions, store: Store) -> None:
    # SeaweedFS's policies do not match such keys, so nobody may read them but a role.
    endpoint = functions.start(ACCESS="function-role").endpoint
    key = store.put("a\nb", b"bytes")
    torrent = clients.boto_torrent(endpoint, OPEN, key)
    assert name_in(torrent) == b"a_b"
    assert_is_of(torrent, key, b"bytes", store.server)


@pytest.mark.parametrize(
    "name", ["plus + percent %2F.bin", "it's 100% #1? [x] (y).bin", "Ünïcode 日本語 😀.bin", "a&b=c;d,e.bin"]
)
def test_web_seeds_of_odd_keys_work(endpoint: str, store: Store, folder: Path, name: str) -> None:
    body = random_bytes(300_000)
    key = store.put(f"folder with +/{name}", body)
    for client, downloaded in by_all(clients.boto_torrent(endpoint, OPEN, key), folder).items():
        assert downloaded.read_bytes() == body, client


@pytest.mark.parametrize(("key", "name"), NAMES.values(), ids=NAMES)
def test_every_client_can_store_the_file_and_the_torrent(
    endpoint: str, store: Store, folder: Path, key: str, name: str
) -> None:
    body = random_bytes(300_000)
    key = store.put(key, body)
    torrent = clients.boto_torrent(endpoint, OPEN, key)
    for client, downloaded in by_all(torrent, folder).items():
        assert (downloaded.name, downloaded.read_bytes()) == (name, body), client
    # The name is the one that curl and aria2 take from the answer. curl knows no name but the one in ASCII.
    url = clients.torrent_url(endpoint, OPEN, key)
    saved = folder / "saved"
    ran = clients.run([tools.installed("curl"), "--silent", "-OJ", "--create-dirs", "--output-dir", saved, url])
    assert ran.returncode == 0, ran.stderr
    ascii_name = "".join(c if c.isascii() else "_" for c in f"{name}.torrent")
    assert (saved / ascii_name).read_bytes() == torrent
    saved = folder / "saved-by-aria2"
    options = ["--no-conf", "--follow-torrent=false", f"--dir={saved}"]
    ran = clients.run([tools.installed("aria2c"), *options, url], env=dict(tools.environment(HOME=str(folder))))
    assert ran.returncode == 0, ran.stdout
    assert (saved / f"{name}.torrent").read_bytes() == torrent
