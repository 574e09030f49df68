"""The commands that are run and shown, each ready to be pasted into a shell at the root of the checkout."""

import shlex
from pathlib import Path
from urllib.parse import quote

from scripts.stack import tools
from scripts.stack.seaweedfs import ADMIN, REGION

# As in events/, so that `make invoke` finds its object.
BUCKET = "data"
EVENTS_KEY, EVENTS_CONTENT = "hello.txt", b"hello"


def get_object_torrent(endpoint: str, key: str, output: str) -> list[str]:
    """The AWS CLI's own call. What anyone may read needs no account, so none of the user's is asked for."""
    options = ["--no-sign-request", "--region", REGION, "--endpoint-url", endpoint]
    return [_aws(), "s3api", "get-object-torrent", *options, "--bucket", BUCKET, f"--key={key}", output]


def to_try(endpoint: str, s3_endpoint: str, key: str, folder: str, log: Path) -> list[tuple[str, str]]:
    """What each is for, and the command."""
    url, folder_url = (shlex.quote(f"{endpoint}/{BUCKET}/{quote(asked)}?torrent") for asked in (key, folder))
    stored = shlex.quote(f"{s3_endpoint}/{BUCKET}/{quote(key)}.torrent")
    # A name may begin with a dash.
    torrent = f"./{key}.torrent"
    output, folder_output = shlex.quote(torrent), shlex.quote(f"./{folder.removesuffix('/')}.torrent")
    upload = [_aws(), "s3", "cp", "FILE", f"s3://{BUCKET}/", "--region", REGION, "--endpoint-url", s3_endpoint]
    account = [f"{name}={value}" for name, value in ADMIN.environment().items()]
    return [
        ("the torrent, with the AWS CLI", shlex.join(get_object_torrent(endpoint, key, torrent))),
        ("or with curl", f"curl -o {output} {url}"),
        ("the torrent of the folder", f"curl -o {folder_output} {folder_url}"),
        ("its headers: the info hash, and where the hashes came from", f"curl -I {url}"),
        ("the copy that the function keeps beside the object", f"curl -I {stored}"),
        ("the download, with another client", f"aria2c --enable-dht=false --seed-time=0 {output}"),
        ("your own object, to get a torrent for", shlex.join([*account, *upload])),
        (
            "an event from events/, as Lambda would send it",
            f"PORT={endpoint.rpartition(':')[2]} make invoke EVENT=rest-v1",
        ),
        ("the function's log", f"tail -f {shlex.quote(str(log))}"),
    ]


def _aws() -> str:
    path = tools.pinned("aws")
    return str(path.relative_to(tools.ROOT) if path.is_relative_to(tools.ROOT) else path)
