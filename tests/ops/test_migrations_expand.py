"""Migrations only add, as far as reading them can tell: two versions run at once in a deploy."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.db.migrations import FOLDER

_DROPPED = {
    # an index that ended guests' carts, made again in the same step for guests' carts alone
    ("0006_account_carts.py", "drop_index", "updated_at_1"),
    # Indexes: without them the version before is slower for as long as it runs, and as right.
    ("0030_reading_ranges.py", "drop_index", "low"),
    ("0030_reading_ranges.py", "drop_index", "words_1"),
    ("0030_reading_ranges.py", "drop_index", "gateway_1_received_at_-1"),
}
_REMOVING_CALLS = {"drop", "drop_collection", "drop_database", "rename", "drop_index",
                   "drop_indexes", "delete_many", "delete_one", "find_one_and_delete"}  # fmt: skip
_REMOVING_OPERATORS = {"$rename", "$unset"}
_REMOVING_COMMANDS = {"drop", "dropIndexes", "dropDatabase", "renameCollection"}


def removals(source: str) -> Iterator[tuple[str, str]]:
    """What a migration removes: the call, operator or command, and its first text."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            first = _text(node.args[0]) if node.args else ""
            if node.func.attr in _REMOVING_CALLS:
                yield node.func.attr, first
            elif node.func.attr == "command" and first in _REMOVING_COMMANDS:
                yield "command", first
        elif isinstance(node, ast.Constant) and node.value in _REMOVING_OPERATORS:
            yield "operator", str(node.value)


def _text(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else "…"


_FILES = sorted(FOLDER.glob("[0-9]*_*.py"))


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.stem)
def test_a_migration_only_adds(path: Path) -> None:
    found = {(path.name, *each) for each in removals(path.read_text())}
    assert found <= _DROPPED, "see docs/deploying.md: expand now, contract with a later version"


def test_every_exception_is_still_there() -> None:
    found = {(path.name, *each) for path in _FILES for each in removals(path.read_text())}
    assert found == _DROPPED


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("d['a'].update_many({}, {'$rename': {'x': 'y'}})", ("operator", "$rename")),
        ("d['a'].update_many({}, {'$unset': {'x': ''}})", ("operator", "$unset")),
        ("d['a'].drop()", ("drop", "")),
        ("d['a'].drop_index('x_1')", ("drop_index", "x_1")),
        ("d.command('dropIndexes', 'a')", ("command", "dropIndexes")),
        ("d['a'].create_index('x')", None),
    ],
)
def test_what_removes_is_found(source: str, found: tuple[str, str] | None) -> None:
    assert list(removals(source)) == ([found] if found else [])
