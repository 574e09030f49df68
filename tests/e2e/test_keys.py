"""Keys byte for byte, through real clients and into the web seeds.

SeaweedFS itself reads some keys as others, such as `//` as `/`; tests/it has those.
"""

from pathlib import Path
from urllib.parse import quote

import clients
import pytest
from downloads import by_all
from store import OPEN, Store, random_bytes

from scripts.stack import metainfo, tools

KEYS = (
    "a+b",
    "a%2Fb",
    "100%",
    "%zz",
    " a  b ",
    "Ünï/çødé 日本語 😀.txt",
    "e\u0301",
    'it\'s "quoted"',
    "what?x=1&torrent",
)
KEYS += ("a#b", "a&b=c;d,e@f:g$h!(i)*[j]{k}|^`", "<a>&amp;", "~user/x", "a\tb", "a\x01b")
# What no client could use as a name or store with `.part` or `.torrent` behind it, and what they get instead.
NAMES = {
    "...": "object",
    "a/ . ": "object",
    "\u200e.": "object",
    "_____padding_file_1": "object",
    "x" * 251 + ".bin": "x" * 236 + ".bin",
    "日" * 83 + ".tar": "日" * 78 + ".tar",
}
# What web seeds must encode.
ENCODED = ("plus + percent %2F.bin", "it's 100% #1? [x] (y).bin", "Ünïcode 日本語 😀 a&b=c;d,e.bin")
NAMES |= {f"folder with +/{name}": name for name in ENCODED}


def test_boto3_curl_and_the_cli_reach_the_object(endpoint: str, store: Store, folder: Path) -> None:
    for key in KEYS:
        # At the root of the bucket: a prefix would hide what comes first in the key.
        store.put_at(key, key.encode() * 3)
        torrent = clients.boto_torrent(endpoint, OPEN, key)
        assert torrent == clients.curl(clients.torrent_url(endpoint, OPEN, key), folder).body, key
        contents = metainfo.read(torrent)
        assert contents.web_seeds == store.web_seeds(f"{OPEN}/{quote(key, safe='/~')}")
        assert contents.length == 3 * len(key.encode()), key
    # The CLI takes its time to start.
    ran = clients.cli(endpoint, OPEN, KEYS[5], folder / "out.torrent")
    assert ran.returncode == 0, ran.stderr
    assert (folder / "out.torrent").read_bytes() == clients.boto_torrent(endpoint, OPEN, KEYS[5])


@pytest.mark.parametrize(("key", "name"), NAMES.items(), ids=map(str, range(len(NAMES))))
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
