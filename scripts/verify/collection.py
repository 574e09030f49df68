"""A prefix as one torrent, and its web seeds."""

from urllib.parse import quote

from botocore.exceptions import ClientError

from scripts.verify import judge, keys
from scripts.verify.objects import Object, random_bytes
from scripts.verify.outcome import Check, NotTried
from scripts.verify.stack import Stack

# Pieces run across them. Sorted, as the torrent lists them.
ODD = "sub folder/ü+b.bin"
FILES = {"a.bin": 200_000, "empty.bin": 0, "sub folder/a.bin": 7, ODD: 300_000}


def _collection(stack: Stack) -> None:
    prefix = _put(stack)
    items = [_item(stack, name) for name in FILES]
    answer = stack.get(Object(prefix, []))
    found = judge.metainfo(answer)
    length = found.piece_length
    wanted = {
        b"files": [{b"length": item.length, b"path": _path(name)} for name, item in zip(FILES, items, strict=True)],
        b"name": b"collection",
        b"piece length": length,
        b"pieces": judge.hashes([block for item in items for block in item.blocks], length),
    }
    judge.info(found, wanted)
    judge.headers(answer, found)
    judge.equal("x-torrent-files", answer.header("x-torrent-files"), str(len(FILES)))


def _web_seeds(stack: Stack) -> None:
    """Clients append the name and the path."""
    found = judge.metainfo(stack.get(Object(_put(stack), [])))
    if not found.web_seeds:
        raise NotTried("there are none")
    for url in found.web_seeds:
        keys.seed(stack, f"{url}collection/{quote(ODD)}", _item(stack, ODD))


def _again(stack: Stack) -> None:
    prefix = _put(stack)
    first, second = stack.get(Object(prefix, [])), stack.get(Object(prefix, []))
    judge.metainfo(second)
    judge.equal("x-torrent-origin", second.header("x-torrent-origin"), "sidecar")
    judge.equal("the bytes", second.body, first.body)


def _nothing(stack: Stack) -> None:
    prefix = _put(stack)
    answer = stack.ask(stack.path(f"{prefix}nothing/"))
    judge.error(answer, 404, "NoSuchKey", f"/{stack.bucket}/{prefix}nothing/")


def _put(stack: Stack) -> str:
    """The prefix, if its objects can be listed."""
    if "collections" in stack.settings.without:
        raise NotTried("WITHOUT names them")
    prefix = f"{stack.objects.folder}collection/"
    for name, length in FILES.items():
        if prefix + name not in stack.objects.keys:
            stack.objects.put(f"collection/{name}", random_bytes(name, length))
    try:
        if stack.credentials is None:
            stack.anonymous.list_objects_v2(Bucket=stack.bucket, Prefix=prefix, MaxKeys=1)
    except ClientError:
        raise NotTried("nobody may list the bucket without credentials (docs/OPERATIONS.md, Who may list)") from None
    return prefix


def _item(stack: Stack, name: str) -> Object:
    return Object(f"{stack.objects.folder}collection/{name}", [random_bytes(name, FILES[name])])


def _path(name: str) -> list[bytes]:
    return [segment.encode() for segment in name.split("/")]


CHECKS = (
    Check("collection", _collection),
    Check("web seeds of a collection", _web_seeds),
    Check("collection from the sidecar", _again),
    Check("collection of nothing", _nothing),
)
