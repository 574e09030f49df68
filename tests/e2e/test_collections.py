"""A torrent of all objects below a prefix: unmodified clients get it, and finish it from the web seeds alone."""

import hashlib
from pathlib import Path

import clients
import folders
import pytest
import tree
from botocore.exceptions import ClientError
from browser import Browser
from downloads import by_all, libtorrent
from functions import Functions
from published import BUCKET, Published
from store import LISTED, MIB, OPEN, PRIVATE, Store

from scripts.stack import metainfo

SMALL = {"a-b": 300_000, "a/deep/er/file": 1, "a/f": 262_144}
# Old Transmissions and Windows give these other names.
RENAMED = ["a:b", 'say "x"', "*", "x|y", "<a>", "what?", "CON", " leading", "trailing ", ".hidden", "dot.", "a.."]
# Odd, and still the same to every client.
ODD = ("~", "-rf", "..a", ".pad/100", "_____padding_file", "%", "%41", "a%2Fb", "a&amp;b", "&#x1;", "❤\ufe0f.txt")
UNSEEN = ("\u2028", "\u3000", "\ue000", "\ufffe", "\uffff", "\U000e0067", "\u034f", "a\u00adb")
# As people have them. Those that are refused are in tests/it/collections/names.rs.
SERVED = {
    "one-object": {"only.bin": 300_000},
    "one-object-nested": {"sub/only.bin": 300_000},
    "hadoop": {"part-00000": 300_000, "_SUCCESS": 0, "year=2020/month=01/part 0+0.parquet": 5000, "dir_$folder$": 0},
    "order": {path: 1000 for path in ("B.txt", "a.txt", "a/b", "a-b", "file10", "file2", "_x", "Z/1", "é")} | {"y": 0},
    "nfc-and-nfd": {"é.txt": 300_000, "e\u0301.txt": 5000, "\u1100\u1161": 7, "\uac00": 8},
    "odd": {name: 10_000 for name in (*ODD, *UNSEEN)},
}
# What clients call a file that is not whole yet, which spoils `a` for the client itself, and what a sidecar is called.
PARTS = {"a": 3_000_000, "a.part": 1000, "a.aria2": 1001, "a.!qB": 1002, "b.torrent": 1003, "x.torrent": 5}
# One that spans many pieces, between many that share one.
MANY = {f"{number % 7}/{number}.txt": number * 37 for number in range(300)} | {"3/large.bin": 24 * MIB + 3}


def get(endpoint: str, prefix: str, folder: Path, *options: str, bucket: str = LISTED) -> clients.Answer:
    answer = clients.curl(clients.torrent_url(endpoint, bucket, prefix), folder, *options)
    assert answer.status == 200, answer.body
    return answer


def refusal(endpoint: str, prefix: str, bucket: str = LISTED) -> ClientError:
    with pytest.raises(ClientError) as caught:
        clients.boto_torrent(endpoint, bucket, prefix)
    return caught.value


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
    torrent = clients.boto_torrent(endpoint, bucket, prefix)
    ran = clients.cli(endpoint, bucket, prefix, folder / "by-cli.torrent")
    assert ran.returncode == 0, ran.stderr
    assert torrent == (folder / "by-cli.torrent").read_bytes()
    contents = metainfo.read(torrent)
    assert contents.files == tuple(tree.FILES)
    assert contents.info_hash == folders.info_hash(odd, contents.piece_length, folder)
    parent = f"{bucket}/{store.key('')}"
    seeds = (f"http://{host}:{store.server.port}/{parent}" for host in ("127.0.0.1", "localhost"))
    assert contents.web_seeds == tuple(seeds)


def test_the_headers_tell_of_the_prefix(endpoint: str, store: Store, folder: Path, odd: Path) -> None:
    prefix = store.key(f"{odd.name}/")
    folders.upload(store.client, odd, LISTED, prefix)
    for origin in ("object", "sidecar"):
        got, head = (get(endpoint, prefix, folder, *options) for options in ((), ("--head",)))
        assert (got.headers["x-torrent-origin"], head.headers["x-torrent-origin"]) == (origin, "sidecar")
        assert got.headers["x-torrent-files"] == head.headers["x-torrent-files"] == str(len(tree.FILES))
        assert 'filename="a tree + _ #1.torrent"' in got.headers["content-disposition"]


def assert_all_finish(torrent: bytes, root: Path, folder: Path, *without: str) -> None:
    """By every client but these, with the same names and bytes. Transmission makes no empty files."""
    wanted = folders.digests(root)
    filled = {path: digest for path, digest in wanted.items() if (root / path).stat().st_size}
    for client, downloaded in by_all(torrent, folder, *without).items():
        expected = filled if client == "transmission" else wanted
        assert (downloaded.name, folders.digests(downloaded)) == (root.name, expected), client


def test_odd_names_arrive_byte_for_byte(endpoint: str, store: Store, folder: Path, odd: Path) -> None:
    prefix = store.key(f"{odd.name}/")
    folders.upload(store.client, odd, LISTED, prefix)
    assert_all_finish(clients.boto_torrent(endpoint, LISTED, prefix), odd, folder)


@pytest.mark.parametrize("name", SERVED)
def test_folders_as_people_have_them_arrive(endpoint: str, store: Store, folder: Path, name: str) -> None:
    root = folders.write(folder / name, SERVED[name])
    folders.upload(store.client, root, LISTED, store.key(f"{root.name}/"))
    torrent = clients.boto_torrent(endpoint, LISTED, store.key(f"{root.name}/"))
    assert metainfo.read(torrent).files == tuple(sorted(SERVED[name]))
    assert_all_finish(torrent, root, folder)


def test_small_files_and_a_large_one_arrive(endpoint: str, store: Store, folder: Path) -> None:
    root = folders.write(folder / "many", {path: length + 1 for path, length in MANY.items()})
    folders.upload(store.client, root, LISTED, store.key("many/"))
    torrent = clients.boto_torrent(endpoint, LISTED, store.key("many/"))
    assert metainfo.read(torrent).info_hash == folders.info_hash(root, 256 * 1024, folder)
    assert_all_finish(torrent, root, folder)


@pytest.mark.parametrize("parent", ["", "below/a + b/100% é #1?/it's/"], ids=["top", "encoded"])
def test_any_prefix_is_a_web_seed(endpoint: str, store: Store, folder: Path, parent: str) -> None:
    root = folders.write(folder / "at the top", SMALL)
    prefix = f"{parent}{root.name}/"
    folders.upload(store.client, root, LISTED, prefix)
    assert_all_finish(clients.boto_torrent(endpoint, LISTED, prefix), root, folder)


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


def test_the_sidecar_is_no_part_of_the_prefix_and_any_change_makes_a_new_torrent(
    endpoint: str, store: Store, folder: Path
) -> None:
    prefix = store.key("set/")

    def asked() -> tuple[str, tuple[str, ...], bytes]:
        answer = get(endpoint, prefix, folder)
        return answer.headers["x-torrent-origin"], metainfo.read(answer.body).files, answer.body

    for name, body in {"a": b"1", "b/c": b"2"}.items():
        store.put(f"set/{name}", body, LISTED)
    assert asked()[:2] == ("object", ("a", "b/c"))
    assert asked()[:2] == ("sidecar", ("a", "b/c"))
    assert store.get(f"{prefix}.torrent", LISTED)["bytes"] == asked()[2]
    # Nor is an object's own.
    clients.boto_torrent(endpoint, LISTED, store.key("set/a"))
    before = asked()
    assert before[:2] == ("sidecar", ("a", "b/c"))
    store.put("set/d", b"3", LISTED)
    assert asked()[:2] == ("object", ("a", "b/c", "d"))
    store.put("set/d", b"4", LISTED)
    assert asked()[:2] == ("object", ("a", "b/c", "d"))
    store.client.delete_object(Bucket=LISTED, Key=store.key("set/d"))
    assert asked()[:2] == ("object", ("a", "b/c"))
    assert asked()[:2] == ("sidecar", ("a", "b/c"))
    assert metainfo.read(asked()[2]).info_hash == metainfo.read(before[2]).info_hash


def test_the_sidecar_is_a_download_of_its_own(endpoint: str, store: Store, folder: Path) -> None:
    root = folders.write(folder / "original", SMALL)
    folders.upload(store.client, root, LISTED, store.key("set/"))
    get(endpoint, store.key("set/"), folder)
    kept = clients.curl(f"{store.server.endpoint}/{LISTED}/{store.key('set/')}.torrent", folder).body
    assert folders.digests(libtorrent(kept, folder)) == folders.digests(root)


def test_refusals_say_what_to_do(functions: Functions, endpoint: str, store: Store) -> None:
    for name in ("a", "b", "c"):
        store.put(f"set/{name}", b"", LISTED)
        store.put(f"set/{name}", b"", OPEN)
    error = refusal(endpoint, store.key("set/"))
    assert "(InvalidRequest)" in str(error)
    assert "All 3 objects below the prefix are empty" in str(error)
    error = refusal(functions.start(MAX_COLLECTION_OBJECTS="2").endpoint, store.key("set/"))
    assert "MAX_COLLECTION_OBJECTS of this service is 2" in str(error)
    assert "(NoSuchKey)" in str(refusal(endpoint, store.key("none/")))
    # Anyone may read its objects, but not list them.
    error = refusal(endpoint, store.key("set/"), OPEN)
    assert "(AccessDenied)" in str(error) and "s3:ListBucket" in str(error)
