"""The page to put beside the data, ready to upload: make web ENDPOINT=https://… BUCKET=…

It is the folder web/ with the endpoint filled in, and WebTorrent's own bundle from npm, held to the hash below.
"""

import base64
import hashlib
import html
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from urllib.parse import urlsplit

from scripts.stack.errors import StackError

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "web"
TARGET = ROOT / "target" / "web"
CACHE = ROOT / ".tools" / "npm"

WEBTORRENT = "webtorrent@3.0.21"
# As the npm registry lists it: `npm view webtorrent@3.0.21 dist.integrity`.
INTEGRITY = "sha512-PFgLphma0dsUWmbWrZ016Cja+j+3D3DXuhk09A5u9qVAzH1T4Vj1VZd8j+zb8sDwPv7NA7+qgPtDEN4iFd6wdw=="
FILES = {"package/dist/webtorrent.min.js": "webtorrent.min.js", "package/LICENSE": "webtorrent.LICENSE.txt"}

UNSET = '<meta name="endpoint" content="">'
LOCAL = ("127.0.0.1", "localhost")


def assemble(target: Path, endpoint: str) -> None:
    """Puts the page together in `target`, which is made anew."""
    page = _with_endpoint((SOURCE / "index.html").read_text(encoding="utf-8"), _checked(endpoint))
    tarball = _tarball()
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(SOURCE, target)
    (target / "index.html").write_text(page, encoding="utf-8")
    with tarfile.open(tarball) as archive:
        for member, name in FILES.items():
            content = archive.extractfile(member)
            assert content is not None, member
            (target / name).write_bytes(content.read())


def advice(target: Path, bucket: str) -> str:
    """What to do with the folder: upload it, and let browsers read the bucket."""
    folder = os.path.relpath(target)
    return (
        f"{folder} is ready. Upload it, and let browsers read the bucket. The second command replaces all CORS rules\n"
        "of the bucket:\n\n"
        f"  aws s3 cp --recursive --cache-control no-cache {folder} s3://{bucket}/web/\n"
        f"  aws s3api put-bucket-cors --bucket {bucket} --cors-configuration file://{folder}/cors.json\n\n"
        f"The rule in {folder}/cors.json is\n\n"
        f"  {(target / 'cors.json').read_text(encoding='utf-8').strip()}\n\n"
        "The page of an object, or of a folder if KEY ends in /, is then\n\n"
        f"  https://{bucket}.s3.REGION.amazonaws.com/web/index.html#{bucket}/KEY\n"
    )


def _checked(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    local = parts.scheme == "http" and parts.hostname in LOCAL
    if not parts.netloc or parts.query or parts.fragment or not (parts.scheme == "https" or local):
        raise StackError(
            f"ENDPOINT is {endpoint!r}, but must be the stack's output Endpoint: make web ENDPOINT=https://… BUCKET=…"
        )
    return endpoint.rstrip("/")


def _with_endpoint(page: str, endpoint: str) -> str:
    assert page.count(UNSET) == 1, f"web/index.html has no {UNSET}"
    return page.replace(UNSET, UNSET.replace('""', f'"{html.escape(endpoint)}"'))


def _tarball() -> Path:
    """WebTorrent's package, fetched once."""
    path = CACHE / f"{WEBTORRENT.replace('@', '-')}.tgz"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        command = ["npm", "pack", WEBTORRENT, "--silent", "--pack-destination", str(CACHE)]
        if subprocess.run(command, cwd=CACHE, stdout=subprocess.DEVNULL, check=False).returncode != 0:
            raise StackError(f"npm cannot fetch {WEBTORRENT}: check your connection to the npm registry")
    digest = base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != INTEGRITY:
        path.unlink()
        raise StackError(f"{WEBTORRENT} has the hash sha512-{digest} instead of {INTEGRITY}: it was not used")
    return path


def main() -> None:
    endpoint, bucket = sys.argv[1:]
    if not bucket:
        raise StackError("BUCKET is missing: make web ENDPOINT=https://… BUCKET=…")
    assemble(TARGET, endpoint)
    print(advice(TARGET, bucket))


if __name__ == "__main__":
    try:
        main()
    except StackError as error:
        sys.exit(f"get-object-torrent: {error}")
