"""A torrent of all objects below a prefix: unmodified clients get it, and finish it from the web seeds alone."""

import hashlib
from pathlib import Path

import clients
import folders
import pytest
import tree
from botocore.exceptions import ClientError
from browser import Browser
from downloads import DOWNLOADERS, Downloader
from functions import Functions
from published import BUCKET, Published
from store import LISTED, MIB, OPEN, PRIVATE, Store

from scripts.stack import metainfo

ALL = pytest.mark.parametrize("downloader", DOWNLOADERS.values(), ids=DOWNLOADERS)
SMALL = {"a-b": 300_000, "a/deep/er/file": 1, "a/f": 262_144}
# Old Transmissions and Windows give these other names.
RENAMED = ["a:b", 'say "x"', "*", "x|y", "<a>", "what?", "CON", " leading", "trailing ", ".hidden", "dot."]
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


@ALL
def test_odd_names_arrive_byte_for_byte(
    endpoint: str, store: Store, folder: Path, odd: Path, downloader: Downloader
) -> None:
    prefix = store.key(f"{odd.name}/")
    folders.upload(store.client, odd, LISTED, prefix)
    downloaded = downloader(clients.boto_torrent(endpoint, LISTED, prefix), folder)
    assert downloaded.name == odd.name
    wanted = folders.digests(odd)
    if downloader is DOWNLOADERS["transmission"]:
        # It makes no empty files.
        wanted = {path: digest for path, digest in wanted.items() if tree.FILES[path]}
    assert folders.digests(downloaded) == wanted


@ALL
def test_small_files_and_a_large_one_arrive(endpoint: str, store: Store, folder: Path, downloader: Downloader) -> None:
    root = folders.write(folder / "many", {path: length + 1 for path, length in MANY.items()})
    folders.upload(store.client, root, LISTED, store.key("many/"))
    torrent = clients.boto_torrent(endpoint, LISTED, store.key("many/"))
    assert metainfo.read(torrent).info_hash == folders.info_hash(root, 256 * 1024, folder)
    assert folders.digests(downloader(torrent, folder)) == folders.digests(root)


@ALL
@pytest.mark.parametrize("prefix", ["at the top of {}/", "below/a + b/{}/100% é #1?/it's/"], ids=["top", "encoded"])
def test_any_prefix_is_a_web_seed(
    endpoint: str, store: Store, folder: Path, downloader: Downloader, prefix: str
) -> None:
    prefix = prefix.format(downloader.__name__)
    root = folders.write(folder / "original", SMALL)
    folders.upload(store.client, root, LISTED, prefix)
    torrent = clients.boto_torrent(endpoint, LISTED, prefix)
    assert folders.digests(downloader(torrent, folder)) == folders.digests(root)


@pytest.mark.parametrize("name", ["libtorrent", "aria2"])
def test_names_that_others_change_are_kept(endpoint: str, store: Store, folder: Path, name: str) -> None:
    root = folders.write(folder / "original", {f"{path}/{path}": 1000 for path in RENAMED})
    folders.upload(store.client, root, LISTED, store.key("set/"))
    torrent = clients.boto_torrent(endpoint, LISTED, store.key("set/"))
    assert folders.digests(DOWNLOADERS[name](torrent, folder)) == folders.digests(root)


def test_webtorrent_gets_every_object(browser: Browser, published: Published, folder: Path) -> None:
    # It does not encode paths, and the browser encodes only some characters: `#`, `?`, `%` and `+` name other objects.
    lengths = {"(a) [b] {c}, d;e=f&g@h$i!/it's ~": MIB, "empty": 0, "日本語 😀/Ünïcode/e\u0301": 300_000}
    root = folders.write(folder / "a set é", lengths)
    folders.upload(published.client, root, BUCKET, f"+ # %/{root.name}/")
    browser.open(published.bare(f"+ # %/{root.name}/", published.endpoint(ACCESS="function-role")))
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
    assert folders.digests(DOWNLOADERS["libtorrent"](kept, folder)) == folders.digests(root)


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
    assert "(AccessDenied)" in str(refusal(endpoint, store.key("set/"), OPEN))
