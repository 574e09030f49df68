"""ARCHITECTURE shows which module knows which: exactly the arrows that src/ has, and so no circle that is not shown."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
# Modules whose own rooms are in the picture, too.
SPLIT = {"s3", "jobs", "tracker"}


def shown() -> dict[str, set[str]]:
    """The lines `a, b → c, d` of the picture. A module may have several."""
    page = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    [picture] = re.findall(r"## Who knows whom\n.*?```\n(.*?)```", page, re.DOTALL)
    arrows: dict[str, set[str]] = {}
    for line in picture.splitlines():
        knowing, known = (re.findall(r"[\w:-]+", side) for side in line.split("→"))
        for module in knowing:
            arrows.setdefault(module, set()).update(set(known) - {"nothing"})
    return arrows


def expanded(tree: str) -> Iterator[str]:
    """The paths of a `use` tree: `a::{b, c::{d, e}}` is `a::b`, `a::c::d` and `a::c::e`."""
    head, brace, rest = tree.partition("{")
    if not brace:
        yield tree
        return
    depth, part = 0, ""
    for character in rest[: rest.rindex("}")] + ",":
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "," and depth == 0:
            if part:
                yield from (head + path for path in expanded(part))
            part = ""
        else:
            part += character


def paths(source: str) -> Iterator[str]:
    source = re.sub(r"//.*", "", source)
    for tree in re.findall(r"\buse ((?:crate|super|get_object_torrent)\b[^;]*);", source):
        yield from expanded(re.sub(r"\s+", "", tree))
    yield from re.findall(r"\b(?:crate|super|get_object_torrent)(?:::\w+)+", source)


def module_of(path: Path) -> list[str]:
    parts = list(path.relative_to(SRC).with_suffix("").parts)
    return parts[:-1] if parts[-1] == "mod" else parts


def resolved(path: str, module: list[str]) -> list[str]:
    base, parts = module, path.split("::")
    while parts and parts[0] in ("crate", "super", "get_object_torrent"):
        word = parts.pop(0)
        base = [] if word in ("crate", "get_object_torrent") else base[:-1] if word == "super" else base
    return base + parts


def room(parts: list[str]) -> str:
    """The module in the picture to which a path belongs."""
    top = parts[0] if parts else ""
    if top in SPLIT and len(parts) > 1 and (SRC / top / parts[1]).is_dir():
        return f"{top}::{parts[1]}"
    return top


def program(path: Path) -> str:
    """A file without its tests."""
    return re.split(r"#\[cfg\(test\)\]\s*mod \w+ \{", path.read_text(encoding="utf-8"))[0]


def found() -> dict[str, set[str]]:
    arrows: dict[str, set[str]] = {}
    for path in sorted(SRC.rglob("*.rs")):
        if path.name in ("lib.rs", "tests.rs"):
            continue
        module = module_of(path)
        known = {room(resolved(name, module)) for name in paths(program(path))}
        here = path.stem if module[0] == "bin" else room(module)
        arrows.setdefault(here, set()).update(known - {here})
    return arrows


def test_the_picture_shows_exactly_the_arrows_of_the_code() -> None:
    assert shown() == found()


def test_no_module_knows_one_that_knows_it() -> None:
    arrows = found()

    def reached(module: str, seen: frozenset[str]) -> set[str]:
        return {module}.union(*(reached(other, seen | {module}) for other in arrows[module] - seen))

    for module, known in arrows.items():
        assert all(module not in reached(other, frozenset()) for other in known), module


def test_the_seam_between_s3_and_bittorrent_is_kept() -> None:
    arrows = found()
    assert arrows["torrent"] == set()
    assert not {"torrent", "service", "jobs", "api"} & set().union(*(arrows[r] for r in arrows if r.startswith("s3")))


def test_a_use_tree_is_read_whole() -> None:
    assert list(expanded("crate::{a::{b,c::{self,d}},e}")) == [
        "crate::a::b",
        "crate::a::c::self",
        "crate::a::c::d",
        "crate::e",
    ]
