"""Keys, byte for byte, in requests and web seeds. Each object has bytes of its own, so no other passes for it."""

import contextlib
from collections.abc import Iterable
from functools import partial
from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError

from scripts.verify import judge, wire
from scripts.verify.objects import Object, random_bytes
from scripts.verify.outcome import Check, Differs, NotTried
from scripts.verify.stack import Stack

KEYS = {
    "with //": "double//slash",
    "with several slashes at its end": "trailing//",
    "with a slash at its end": "trailing/",
    "with %2F": "percent%2Fslash",
    "with %25": "percent%25percent",
    "with % alone": "100%",
    "with +": "plus+plus",
    "with spaces": " spaces  here ",
    "with Unicode": "Ünï/çødé 日本語 😀.txt",
    "with a combining character": "e\u0301",
    "with \\": "back\\slash",
    "with quotes": 'it\'s "quoted"',
    "with ? and #": "what?x=1&torrent#y",
    "with signs": "a&b=c;d,e@f:g$h!(i)*[j]{k}|^`<l>",
    "with a .. segment": "dots/../up",
    "with a . segment": "dots/./here",
    "that ends in ..": "dots/..",
    "with a tab": "a\tb",
    "of dots": "...",
}
# The files of a collection. Pieces run across them. Sorted, as the torrent lists them.
ODD = "sub folder/ü+b.bin"
LENGTHS = {"a.bin": 200_000, "empty.bin": 0, "sub folder/a.bin": 7, ODD: 300_000}
FILES = {name: random_bytes(name, length) for name, length in LENGTHS.items()}
# Keys, and how they are sent.
SPELLED = {
    "whose slash is sent as %2F": ("sent/slash", "sent%2Fslash"),
    "whose + is sent as it is": ("sent+plus", "sent+plus"),
    "with every byte escaped": ("xx", "%78%78"),
    "in lower-case escapes": ("/é", "%2f%c3%a9"),
}


def _put(stack: Stack, name: str, before: str = "") -> Object:
    try:
        item = stack.objects.put(name, random_bytes(f"{before}{name}", 1000), before=before)
    except (BotoCoreError, ClientError) as error:
        raise NotTried(f"S3 does not take the key: {error}") from None
    if stack.credentials is None:
        stack.must_be_public(item.key)
    return item


def _key(stack: Stack, name: str, before: str = "") -> None:
    item = _put(stack, name, before)
    found = judge.torrent(stack.get(item), item)
    if item.key.endswith("/"):
        judge.equal("url-list", found.web_seeds, [])
    for url in found.web_seeds:
        if not url.endswith(f"/{quote(item.key, safe='/~')}"):
            raise Differs(f"the web seed is {url}")


def _endpoint_in_key(stack: Stack) -> None:
    """A key that looks like what stands before it in the path."""
    path = stack.settings.endpoint.split("://", 1)[1].partition("/")[2] or "prod"
    _key(stack, f"{path}/{stack.bucket}/key")


def _spelled(stack: Stack, name: str, spelling: str) -> None:
    item = _put(stack, name)
    folder = quote(stack.objects.folder, safe="/~")
    judge.torrent(stack.ask(f"/{stack.bucket}/{folder}{spelling}?torrent"), item)


def _web_seeds(stack: Stack, names: Iterable[str]) -> str:
    tried = 0
    for name in names:
        # What S3 does not take has a line of its own.
        with contextlib.suppress(NotTried):
            item = _put(stack, name) if name else stack.plain
            for url in judge.torrent(stack.get(item), item).web_seeds:
                _seed(stack, url, item)
                tried += 1
    if not tried:
        raise NotTried("there are none that anyone may read")
    return f"{tried} of them"


def _seed(stack: Stack, url: str, item: Object) -> None:
    """The web seed gives a range of the object, without credentials."""
    answer = wire.ask(url, headers={"Range": "bytes=1-"})
    if answer.status == 403:
        stack.must_be_public(item.key)
    if (answer.status, answer.body) != (206, item.body[1:]):
        raise Differs(f"the web seed {url} does not give a range of the object: {answer}")


def _collection(stack: Stack) -> None:
    answer = stack.get(_folder(stack))
    found = judge.metainfo(answer)
    files = [{b"length": len(body), b"path": name.encode().split(b"/")} for name, body in FILES.items()]
    judge.info(found, FILES.values(), {b"files": files, b"name": b"collection"})
    judge.headers_of_torrent(answer, found)
    judge.headers(answer, {"x-torrent-files": str(len(FILES))})


def _web_seeds_of_collection(stack: Stack) -> None:
    """Clients append the name and the path."""
    folder = _folder(stack)
    urls = judge.metainfo(stack.get(folder)).web_seeds
    if not urls:
        raise NotTried("there are none")
    for url in urls:
        _seed(stack, f"{url}collection/{quote(ODD)}", Object(folder.key + ODD, [FILES[ODD]]))


def _folder(stack: Stack) -> Object:
    """A prefix with objects, if they can be listed."""
    if "collections" in stack.settings.without:
        raise NotTried("WITHOUT names them")
    prefix = f"{stack.objects.folder}collection/"
    for name, body in FILES.items():
        if prefix + name not in stack.objects.keys:
            stack.objects.put(f"collection/{name}", body)
    try:
        if stack.credentials is None:
            stack.anonymous.list_objects_v2(Bucket=stack.bucket, Prefix=prefix, MaxKeys=1)
    except ClientError:
        raise NotTried("nobody may list the bucket without credentials (docs/OPERATIONS.md, Who may list)") from None
    return Object(prefix, [])


CHECKS = (
    Check("web seeds", partial(_web_seeds, names=[""])),
    Check("web seeds of the keys below", partial(_web_seeds, names=KEYS.values())),
    *(Check(f"key {title}", partial(_key, name=name)) for title, name in KEYS.items()),
    Check("key with a slash at its beginning", partial(_key, name="leading", before="/")),
    Check("key with the endpoint's path and the bucket in it", _endpoint_in_key),
    *(Check(f"key {title}", partial(_spelled, name=row[0], spelling=row[1])) for title, row in SPELLED.items()),
    Check("collection", _collection),
    Check("web seeds of a collection", _web_seeds_of_collection),
)
