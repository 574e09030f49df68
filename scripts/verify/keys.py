"""Keys, byte for byte, in requests and in web seeds. Each object has bytes of its own, so no other passes for it."""

import contextlib
import http.client
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


def _web_seeds(stack: Stack) -> str:
    urls = judge.torrent(stack.get(stack.plain), stack.plain).web_seeds
    for url in urls:
        seed(stack, url, stack.plain)
    return _count(len(urls))


def _web_seeds_of_keys(stack: Stack) -> str:
    tried = 0
    for name in KEYS.values():
        # What S3 does not take has a line of its own.
        with contextlib.suppress(NotTried):
            item = _put(stack, name)
            for url in judge.torrent(stack.get(item), item).web_seeds:
                seed(stack, url, item)
                tried += 1
    return _count(tried)


def _count(tried: int) -> str:
    if not tried:
        raise NotTried("there are none that anyone may read")
    return f"{tried} of them"


def seed(stack: Stack, url: str, item: Object) -> None:
    """The web seed gives a range of the object, without credentials."""
    try:
        answer = wire.ask(url, headers={"Range": "bytes=1-"})
    except (OSError, http.client.HTTPException) as error:
        raise Differs(f"the web seed {url} cannot be reached: {error!r}") from None
    if answer.status == 403:
        stack.must_be_public(item.key)
    if (answer.status, answer.body) != (206, item.body[1:]):
        raise Differs(f"the web seed {url} does not give a range of the object: {answer}")


CHECKS = (
    Check("web seeds", _web_seeds),
    Check("web seeds of the keys below", _web_seeds_of_keys),
    *(Check(f"key {title}", partial(_key, name=name)) for title, name in KEYS.items()),
    Check("key with a slash at its beginning", partial(_key, name="leading", before="/")),
    Check("key with the endpoint's path and the bucket in it", _endpoint_in_key),
    Check("key whose slash is sent as %2F", partial(_spelled, name="sent/slash", spelling="sent%2Fslash")),
    Check("key whose + is sent as it is", partial(_spelled, name="sent+plus", spelling="sent+plus")),
    Check("key with every byte escaped", partial(_spelled, name="xx", spelling="%78%78")),
    Check("key in lower-case escapes", partial(_spelled, name="/é", spelling="%2f%c3%a9")),
)
