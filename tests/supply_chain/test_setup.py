"""scripts/setup.sh installs the tools that a command needs, or says in one line how to; on pretended machines."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUST = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["package"]["rust-version"]

NEEDED = ("awk", "cat", "chmod", "dirname", "rm", "sh")
APT_GET = """\
echo "apt-get $* ($([ -x "$DPKG_ROOT/usr/sbin/policy-rc.d" ] && "$DPKG_ROOT/usr/sbin/policy-rc.d"; echo $?))" >>"$LOG"
[ "$1" = update ] || for tool in $BRINGS; do cat "$BIN/true" >"$BIN/$tool"; chmod 755 "$BIN/$tool"; done
"""
PROGRAMS = {
    "apt-get": APT_GET,
    "cargo": 'echo "cargo $CARGO_VERSION (797e5a59b 2026-01-01)"\n',
    "id": 'echo "$USER_ID"\n',
    "python3": 'case $2 in *version_info*) exit "$OLD" ;; *ensurepip*) exit "$NO_VENV" ;; esac\n',
    "sudo": 'echo "sudo ${*##*/}" >>"$LOG"; [ "$1" != -n ] || exit "$ASKS"; "$@"\n',
    "systemctl": 'echo "systemctl $*" >>"$LOG"\n',
}


class Machine:
    """A machine with no other programs than the ones given."""

    def __init__(self, folder: Path, *programs: str, user: int = 0, brings: str = "", **variables: str) -> None:
        self.bin, self.log, self.policy = folder / "bin", folder / "log", folder / "usr" / "sbin" / "policy-rc.d"
        self.policy.parent.mkdir(parents=True)
        self.bin.mkdir()
        self.log.touch()
        for name in NEEDED:
            (self.bin / name).symlink_to(str(shutil.which(name)))
        for name in ("id", "true", *programs):
            (self.bin / name).write_text(f"#!{shutil.which('sh')}\n{PROGRAMS.get(name, '')}", encoding="utf-8")
            (self.bin / name).chmod(0o755)
        places = {"PATH": self.bin, "BIN": self.bin, "LOG": self.log, "DPKG_ROOT": folder}
        self._env = {name: str(place) for name, place in places.items()} | {"USER_ID": str(user), "BRINGS": brings}
        self._env |= {"ASKS": "0", "OLD": "0", "NO_VENV": "0", "CARGO_VERSION": RUST, **variables}

    def setup(self, *tools: str) -> tuple[int, str]:
        """The exit status, and what a person sees."""
        command = [ROOT / "scripts" / "setup.sh", *tools]
        ran = subprocess.run(
            command, env=self._env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        assert (ran.stdout, self.policy.exists()) == ("", False)
        return ran.returncode, ran.stderr

    def calls(self) -> list[str]:
        """What apt-get and sudo were asked to do, and what services were told."""
        return self.log.read_text(encoding="utf-8").splitlines()


def installs(packages: str) -> list[str]:
    options = "--quiet --quiet --yes --no-install-recommends -o DPkg::Lock::Timeout=300"
    return ["apt-get update --quiet --quiet (101)", f"apt-get install {options} {packages} (101)"]


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "apt-get", "cargo", "curl", "python3", CARGO_VERSION="1.999.0-nightly")
    assert machine.setup("cargo", "curl", "python3") == (0, "")
    assert machine.calls() == []


def test_root_installs_what_is_missing_and_no_service_starts_now_or_later(tmp_path: Path) -> None:
    (tmp_path / "run" / "systemd" / "system").mkdir(parents=True)
    machine = Machine(tmp_path, "apt-get", "curl", "systemctl", brings="aria2c nginx")
    line = "get-object-torrent: installing with apt-get: aria2 nginx-light\n"
    assert machine.setup("aria2c", "curl", "nginx") == (0, line)
    assert machine.calls() == [*installs("aria2 nginx-light"), "systemctl --quiet disable nginx"]


def test_a_user_installs_by_sudo_where_it_asks_for_nothing(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "apt-get", "sudo", user=1000, brings="curl")
    assert machine.setup("curl") == (0, "get-object-torrent: installing with sudo apt-get: curl\n")
    assert machine.calls() == ["sudo -n true", "sudo apt_install.sh curl", *installs("curl")]


@pytest.mark.parametrize(
    ("programs", "user"),
    [(["apt-get"], 1000), (["apt-get", "sudo"], 1000), (["dnf"], 0)],
    ids=["without sudo", "with a sudo that asks", "dnf as root"],
)
def test_elsewhere_one_line_names_everything(tmp_path: Path, programs: list[str], user: int) -> None:
    machine = Machine(tmp_path, *programs, user=user, ASKS="1")
    status, said = machine.setup("cargo", "nginx", "python3", "transmission-daemon")
    assert status == 1
    assert said == (
        "get-object-torrent: missing: nginx python3 transmission-daemon. Install with "
        "`apt-get install nginx-light python3-venv transmission-daemon` on Debian or Ubuntu, "
        "`dnf install nginx python3 transmission-daemon` on Fedora, "
        "or `brew install nginx python3 transmission-cli` on macOS; "
        f"cargo is missing: install Rust {RUST} or newer, see https://rustup.rs\n"
    )
    assert not [call for call in machine.calls() if "apt" in call]


@pytest.mark.parametrize(
    ("programs", "variables", "said"),
    [
        ([], {}, f"cargo is missing: install Rust {RUST} or newer, see https://rustup.rs"),
        (["cargo"], {"CARGO_VERSION": "1.9.9"}, "Rust 1.9.9 is too old: install Rust"),
        (["cargo"], {"CARGO_VERSION": "1.94.0-beta.3"}, "Rust 1.94.0-beta.3 is too old: install Rust"),
        (["cargo", "python3"], {"OLD": "1"}, "python3 is too old: install Python 3.11"),
    ],
)
def test_a_persons_part_comes_before_anything_is_installed(
    tmp_path: Path, programs: list[str], variables: dict[str, str], said: str
) -> None:
    machine = Machine(tmp_path, "apt-get", *programs, **variables)
    status, printed = machine.setup("cargo", "curl", "python3")
    assert (status, len(printed.splitlines())) == (1, 1)
    assert printed.startswith(f"get-object-torrent: {said}")
    assert machine.calls() == []


def test_setup_knows_every_tool_that_the_makefile_names() -> None:
    script = (ROOT / "scripts" / "setup.sh").read_text(encoding="utf-8")
    [table] = re.findall(r"<<'END'\n(.*?)\nEND\n", script, re.DOTALL)
    rows = [line.split() for line in table.splitlines()]
    assert {len(row) for row in rows} == {4}
    lists = re.findall(r"^TOOLS_\w+ := (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    named = {word for words in lists for word in words.split() if not word.startswith("$")}
    assert named == {row[0] for row in rows} | {"cargo"}
