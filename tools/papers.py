"""What the papers say of the code: ``check`` looks whether what they name is there and every library
is told of, ``update`` writes the list of decisions."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_DECISIONS = _ROOT / "docs" / "decisions"
_LIST = _DECISIONS / "README.md"
# Whose every name of code must be there.
_NAMED_CODE = ("docs/journeys.md", "docs/promises.md", "CONTRIBUTING.md")
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[\w-]*)?\)")
_LIBRARIES = "docs/dependencies.md"
_REQUIREMENTS = ("requirements.in", "requirements-dev.in")
_ASKED = re.compile(r"^([\w.-]+)", re.MULTILINE)  # a line of requirements*.in
_TOLD = re.compile(r"^\| ([\w.-]+) \| \d{4}-\d\d \|", re.MULTILINE)
_METHOD = re.compile(r"`([A-Z]\w+)\.(\w+)[`( ]")
_FILE = re.compile(r"`((?:\w+/)+[\w.]+\.(?:py|html|md|psv))(?:::\w+)?`")


def decisions() -> str:
    """The list of decisions: its own introduction, and a line for each."""
    introduction = _LIST.read_text().split("\n- [", 1)[0].rstrip()
    lines = [
        f"- [{path.read_text().splitlines()[0].removeprefix('# ')}]({path.name})"
        for path in sorted(_DECISIONS.glob("[0-9]*.md"))
    ]
    return "\n".join([introduction, "", *lines, ""])


def problems() -> Iterator[str]:
    """Links that lead nowhere, names of nothing, and a list that lacks a decision."""
    papers = [*_ROOT.glob("*.md"), *(_ROOT / "docs").rglob("*.md")]
    for paper in sorted(papers):
        name, text = paper.relative_to(_ROOT).as_posix(), paper.read_text()
        for link in _LINK.findall(text):
            if "://" not in link and not (paper.parent / link).exists():
                yield f"{name}: {link} is not there"
        if name in _NAMED_CODE:
            yield from (f"{name}: {each}" for each in _nowhere(text))
    asked = {each for name in _REQUIREMENTS for each in _ASKED.findall((_ROOT / name).read_text())}
    yield from libraries(asked - {"-r"}, (_ROOT / _LIBRARIES).read_text())
    if _LIST.read_text() != decisions():
        yield f"{_LIST.relative_to(_ROOT)} is not complete: run `make papers`"


def libraries(asked: set[str], page: str) -> Iterator[str]:
    """Libraries that are asked for and not told of on the page, and the reverse."""
    told = set(_TOLD.findall(page))
    yield from (f"{_LIBRARIES} lacks {each}" for each in sorted(asked - told))
    yield from (f"{_LIBRARIES}: nobody asks for {each}" for each in sorted(told - asked))


def _nowhere(text: str) -> Iterator[str]:
    """Methods and files that are named and are not in the code."""
    known = _methods()
    for owner, method in sorted(set(_METHOD.findall(text))):
        if owner not in known:
            yield f"there is no {owner}"
        elif method not in known[owner]:
            yield f"{owner} has no {method}"
    for path in sorted(set(_FILE.findall(text))):
        if "NNNN" not in path and not any((_ROOT / start / path).exists() for start in ("", "app")):
            yield f"there is no {path}"


def _methods() -> dict[str, set[str]]:
    """What each class of the shop has by name."""
    found: dict[str, set[str]] = {}
    for path in (_ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                own = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
                found.setdefault(node.name, set()).update(own)
    return found


def main(word: str) -> int:
    """Do what the word says; what the shell is to be told."""
    if word == "update":
        _LIST.write_text(decisions())
    found = list(problems())
    for each in found:
        print(each, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "check"))
