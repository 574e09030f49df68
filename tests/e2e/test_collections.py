"""A torrent of all objects below a prefix: unmodified clients get it, and finish it from the web seeds alone."""

import hashlib
from pathlib import Path

import clients
import folders
import pytest
import tree
from browser import Browser
from downloads import by_all
from functions import Functions
from published import BUCKET, Published
from store import LISTED, MIB, PRIVATE, Store

from scripts.stack import metainfo

# Old Transmissions and Windows give these other names.
RENAMED = ["a:b", 'say "x"', "*", "x|y", "<a>", "what?", "CON", " leading", "trailing ", ".hidden", "dot.", "a.."]
# Odd, and still the same to every client.
ODD = ("~", "-rf", "..a", ".pad/100", "_____padding_file", "%", "%41", "a%2Fb", "a&amp;b", "&#x1;", "❤\ufe0f.txt")
UNSEEN = ("\u2028", "\u3000", "\ue000", "\ufffe", "\uffff", "\U000e0067", "\u034f", "a\u00adb")
# As people have them, with a large one that spans many pieces between many that share one. Those that are refused are
# in tests/it/collections/names.rs.
SERVED = {
    "one-object-nested": {"sub/only.bin": 300_000},
    "hadoop": {"part-00000": 300_000, "_SUCCESS": 0, "year=2020/month=01/part 0+0.parquet": 5000, "dir_$folder$": 0},
    "order": {path: 1000 for path in ("B.txt", "a.txt", "a/b", "a-b", "file10", "file2", "_x", "Z/1", "é")} | {"y": 0},
    "nfc-and-nfd": {"é.txt": 300_000, "e\u0301.txt": 5000, "\u1100\u1161": 7, "\uac00": 8},
    "odd": {name: 10_000 for name in (*ODD, *UNSEEN)},
    "many": {f"{number % 7}/{number}.txt": number * 37 + 1 for number in range(300)} | {"3/large.bin": 24 * MIB + 3},
}
# What clients call a file that is not whole yet, which spoils `a` for the client itself, and what a sidecar is called.
PARTS = {"a": 3_000_000, "a.part": 1000, "a.aria2": 1001, "a.!qB": 1002, "b.torrent": 1003, "x.torrent": 5}


@pytest.fixture
def odd(folder: Path) -> Path:
    """A folder with names that must be encoded, nested folders and empty files."""
    return tree.write(folder)


@pytest.mark.parametrize(("access", "bucket"), [("public-read", LISTED), ("function-role", PRIVATE)])
def test_boto3_and_the_cli_get_the_torrent_that_libtorrent_makes(
    functions: Functions, store: Store, folder: Path, odd: Path, access: str, bucket: str
) -> None:
    endpoint = functions.start(ACCESS=access).endpoint
    prefix = store.key(f"{odd.name}/")
    folders.upload(store.client, odd, bucket, prefix)
    url = clients.torrent_url(endpoint, bucket, prefix)
    for origin in ("object", "sidecar"):
        got = clients.curl(url, folder)
        assert (got.headers["x-torrent-origin"], got.headers["x-torrent-files"]) == (origin, str(len(tree.FILES)))
        assert 'filename="a tree + _ #1.torrent"' in got.headers["content-disposition"]
    head = clients.curl(url, folder, "--head").headers
    assert (head["x-torrent-origin"], head["x-torrent-files"]) == ("sidecar", str(len(tree.FILES)))
    ran = clients.cli(endpoint, bucket, prefix, folder / "by-cli.torrent")
    assert ran.returncode == 0, ran.stderr
    assert got.body == (folder / "by-cli.torrent").read_bytes() == clients.boto_torrent(endpoint, bucket, prefix)
    contents = metainfo.read(got.body)
    assert contents.files == tuple(tree.FILES)
    assert contents.info_hash == folders.info_hash(odd, contents.piece_length, folder)
    assert contents.web_seeds == store.web_seeds(f"{bucket}/{store.key('')}")


def assert_all_finish(torrent: bytes, root: Path, folder: Path, *without: str) -> None:
    """By every client but these, with the same names and bytes. Transmission makes no empty files."""
    wanted = folders.digests(root)
    filled = {path: digest for path, digest in wanted.items() if (root / path).stat().st_size}
    for client, downloaded in by_all(torrent, folder, *without).items():
        expected = filled if client == "transmission" else wanted
        assert (downloaded.name, folders.digests(downloaded)) == (root.name, expected), client


@pytest.mark.parametrize("parent", ["", "below/a + b/100% é #1?/it's/"], ids=["top", "encoded"])
def test_odd_names_arrive_byte_for_byte_below_any_prefix(
    endpoint: str, store: Store, folder: Path, odd: Path, parent: str
) -> None:
    prefix = f"{parent}{odd.name}/"
    folders.upload(store.client, odd, LISTED, prefix)
    assert_all_finish(clients.boto_torrent(endpoint, LISTED, prefix), odd, folder)


@pytest.mark.parametrize("name", SERVED)
def test_folders_as_people_have_them_arrive(endpoint: str, store: Store, folder: Path, name: str) -> None:
    root = folders.write(folder / name, SERVED[name])
    folders.upload(store.client, root, LISTED, store.key(f"{root.name}/"))
    torrent = clients.boto_torrent(endpoint, LISTED, store.key(f"{root.name}/"))
    assert metainfo.read(torrent).files == tuple(sorted(SERVED[name], key=str.encode))
    assert_all_finish(torrent, root, folder)


@pytest.mark.parametrize(
    ("name", "lengths", "without"),
    [
        ("renamed", {f"{path}/{path}": 1000 for path in RENAMED}, ["transmission"]),
        ("parts", PARTS, ["transmission", "qbittorrent"]),
    ],
)
def test_names_that_some_clients_change_are_kept(
    endpoint: str, store: Store, folder: Path, name: str, lengths: dict[str, int], without: list[str]
) -> None:
    root = folders.write(folder / name, lengths)
    prefix = store.key(f"{root.name}/")
    folders.upload(store.client, root, LISTED, prefix)
    # At the key of the prefix's sidecar: neither replaced nor part of the torrent.
    store.put_at(f"{prefix}.torrent", b"the user's own", LISTED)
    assert_all_finish(clients.boto_torrent(endpoint, LISTED, prefix), root, folder, *without)
    assert store.get(f"{prefix}.torrent", LISTED)["bytes"] == b"the user's own"


# It does not encode paths, and the browser encodes only some characters: `#`, `?`, `%` and `+` name other objects.
OF_WEBTORRENT = {"(a) [b] {c}, d;e=f&g@h$i!/it's ~": MIB, "empty": 0, "日本語 😀/Ünïcode/e\u0301": 300_000}


@pytest.mark.parametrize("lengths", [OF_WEBTORRENT, SERVED["one-object-nested"]], ids=["many", "one"])
def test_webtorrent_gets_every_object(
    browser: Browser, published: Published, folder: Path, lengths: dict[str, int]
) -> None:
    root = folders.write(folder / "a set é", lengths)
    prefix = f"+ # % {len(lengths)}/{root.name}/"
    folders.upload(published.client, root, BUCKET, prefix)
    browser.open(published.bare(prefix, published.endpoint(ACCESS="function-role")))
    wanted = [hashlib.sha256((root / path).read_bytes()).hexdigest() for path in lengths]
    browser.wait_for("state", " ".join(wanted))
