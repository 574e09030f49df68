"""`make package`: zips that Lambda takes, with the very programs that the other tests run, and what deploys them."""

import platform
import re
import stat
import subprocess
import zipfile
from pathlib import Path

from scripts.stack import tools
from scripts.stack.function import JOB_NAME, NAME, TRACKER_NAME

FOLDER = tools.ROOT / "target" / "package"
ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()]


def test_each_function_is_a_zip_of_its_program_with_one_bill_of_materials(binary: Path) -> None:
    written = []
    for _ in range(2):
        subprocess.run(["make", "package"], cwd=tools.ROOT, check=True)
        written.append({path.name: path.read_bytes() for path in FOLDER.iterdir()})
    assert written[0] == written[1]
    zips = {name: f"{name}-{ARCHITECTURE}.zip" for name in (NAME, JOB_NAME, TRACKER_NAME)}
    template = f"template-{ARCHITECTURE}.yaml"
    to_deploy = {template, "samconfig.yaml", "torrent-job.asl.json"}
    assert written[0].keys() == {*zips.values(), *to_deploy, "get-object-torrent.cdx.json"}
    named = re.findall(r"(?:CodeUri|DefinitionUri): (.*)", written[0][template].decode())
    assert set(named) == {*zips.values(), "torrent-job.asl.json"}
    for name, file in zips.items():
        with zipfile.ZipFile(FOLDER / file) as archive:
            [program] = archive.infolist()
            assert program.filename == "bootstrap"
            assert stat.S_IMODE(program.external_attr >> 16) & 0o111 == 0o111
            assert archive.read(program) == binary.with_name(name).read_bytes()
