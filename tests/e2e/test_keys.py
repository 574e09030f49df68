"""Keys byte for byte, through every client and into the web seeds.

SeaweedFS itself reads some keys as others, such as `//` as `/`; tests/it has those.
"""

from pathlib import Path
from urllib.parse import quote

import clients
import pytest
from downloads import by_all
from functions import Functions
from store import OPEN, Store, random_bytes

from scripts.stack import metainfo, tools

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
# A few for the CLI, which takes its time to start.
OF_THE_CLI = ("spaces", "unicode", "quotes", "signs")
# What no client could use as a name or store with `.part` or `.torrent` behind it, and what they get instead.
NAMES = {
    "dots": ("...", "object"),
    "spaces": ("a/ . ", "object"),
    "invisible": ("\u200e.", "object"),
    "padding": ("_____padding_file_1", "object"),
    "longest": ("x" * 251 + ".bin", "x" * 236 + ".bin"),
    "longest-unicode": ("日" * 83 + ".tar", "日" * 78 + ".tar"),
}
# What web seeds must encode.
ENCODED = ["plus + percent %2F.bin", "it's 100% #1? [x] (y).bin", "Ünïcode 日本語 😀 a&b=c;d,e.bin"]


def name_in(torrent: bytes) -> str:
    """The name as it is written: libtorrent would make it fit for a file system."""
    _, _, rest = torrent.partition(b"4:name")
    length, _, rest = rest.partition(b":")
    return rest[: int(length)].decode()


@pytest.mark.parametrize("name", KEYS)
def test_every_client_reaches_the_object(endpoint: str, store: Store, folder: Path, name: str) -> None:
    key, body = KEYS[name], KEYS[name].encode() * 3
    # At the root of the bucket: a prefix would hide what comes first in the key.
    store.put_at(key, body)
    torrent = clients.boto_torrent(endpoint, OPEN, key)
    assert torrent == clients.curl(clients.torrent_url(endpoint, OPEN, key), folder).body
    if name in OF_THE_CLI:
        ran = clients.cli(endpoint, OPEN, key, folder / "out.torrent")
        assert ran.returncode == 0, ran.stderr
        assert torrent == (folder / "out.torrent").read_bytes()
    contents = metainfo.read(torrent)
    seeds = [f"http://{host}:{store.server.port}/{OPEN}/{quote(key, safe='/~')}" for host in ("127.0.0.1", "localhost")]
    assert (contents.length, contents.web_seeds) == (len(body), tuple(seeds))
    assert name_in(torrent) == "".join("_" if ord(c) < 32 else c for c in key.rsplit("/", 1)[-1])


def test_a_line_break_in_a_key_becomes_an_underscore_in_the_name(functions: Functions, store: Store) -> None:
    # SeaweedFS's policies do not match such keys, so nobody may read them but a role.
    endpoint = functions.start(ACCESS="function-role").endpoint
    assert name_in(clients.boto_torrent(endpoint, OPEN, store.put("a\nb", b"bytes"))) == "a_b"


@pytest.mark.parametrize(
    ("key", "name"),
    [*NAMES.values(), *((f"folder with +/{name}", name) for name in ENCODED)],
    ids=[*NAMES, *("plus", "signs", "unicode")],
)
def test_every_client_can_store_the_file_and_the_torrent(
    endpoint: str, store: Store, folder: Path, key: str, name: str
) -> None:
    body = random_bytes(300_000)
    key = store.put(key, body)
    torrent = clients.boto_torrent(endpoint, OPEN, key)
    for client, downloaded in by_all(torrent, folder).items():
        # Transmission replaces a `?`.
        assert downloaded.name in (name, name.replace("?", "_")), client
        assert downloaded.read_bytes() == body, client
    # The name is the one that curl and aria2 take from the answer. curl knows no name but the one in ASCII.
    url = clients.torrent_url(endpoint, OPEN, key)
    saved = folder / "saved"
    ran = clients.run([tools.installed("curl"), "--silent", "-OJ", "--create-dirs", "--output-dir", saved, url])
    assert ran.returncode == 0, ran.stderr
    assert [path.read_bytes() for path in saved.iterdir()] == [torrent]
    assert all(c.isascii() for path in saved.iterdir() for c in path.name)
    saved = folder / "saved-by-aria2"
    options = ["--no-conf", "--follow-torrent=false", f"--dir={saved}"]
    ran = clients.run([tools.installed("aria2c"), *options, url], env=dict(tools.environment(HOME=str(folder))))
    assert ran.returncode == 0, ran.stdout
    assert (saved / f"{name}.torrent").read_bytes() == torrent
