"""``flask inventory …``: what staff do until the admin panel does, and what it says of bad input."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from app.db.database import Database
from tests.inventory.conftest import Warehouse
from tests.support.catalog import CatalogMaker

Run = Callable[..., tuple[int, str]]


@pytest.fixture(autouse=True)
def mugs(catalog: CatalogMaker) -> None:
    catalog.mug(stock=10)


def test_a_day_in_the_warehouse(run: Run, warehouse: Warehouse) -> None:
    assert run("add-location", "north", "North hall", "--country", "in", "--priority", "20") == (
        0,
        "opened north\n",
    )
    code, listed = run("locations")
    assert code == 0
    assert [line.split()[0] for line in listed.splitlines()] == ["main", "east", "north"]
    assert run("transfer", "MUG", "4", "--from", "main", "--to", "east")[0] == 0
    assert run("count", "MUG", "3", "--location", "north")[0] == 0
    assert run("adjust", "MUG", "-1", "--reason", "dropped", "--damage")[0] == 0
    assert run("adjust", "MUG", "2", "--reason", "found", "--location", "east")[0] == 0
    code, shown = run("show", "MUG")
    assert code == 0
    assert "MUG at east: 6 on hand, 0 reserved, 6 available" in shown
    assert "MUG in all: 14 on hand, 0 reserved, 14 available" in shown
    code, history = run("history", "MUG", "--most", "2")
    lines = history.splitlines()
    assert code == 0
    assert "correction  at east  on hand +2, reserved +0  then 6 and 0" in lines[0]
    assert "damage  at main  on hand -1" in lines[1]
    assert lines[1].endswith("by command line  dropped")
    number = lines[2].removeprefix("older ones: --before ")
    assert "count  at north" in run("history", "MUG", "--before", number)[1].splitlines()[0]
    assert run("check") == (0, "0 differences\n")
    assert run("count", "MUG", "0", "--location", "north")[0] == 0
    assert run("close-location", "north") == (0, "closed north\n")
    assert "North hall" in run("locations")[1]
    assert run("reopen-location", "north")[0] == 0


def test_thresholds_and_policies(run: Run) -> None:
    assert run("threshold") == (0, "the shop: 5\n")
    assert run("low") == (0, "0 low\n")
    assert run("threshold", "12")[0] == 0
    assert run("low") == (0, "MUG  10 left, told at 12\n1 low\n")
    assert run("threshold", "3", "--sku", "MUG")[0] == 0
    assert run("low") == (0, "0 low\n")
    assert run("threshold", "--sku", "MUG")[0] == 0
    assert run("low")[1].endswith("1 low\n")
    assert run("policy", "MUG") == (0, "MUG: deny\n")
    code, said = run("policy", "MUG", "back-order", "--limit", "10", "--days", "21")
    assert (code, said) == (0, "MUG: back-order, up to 10, in about 21 days\n")
    code, said = run("policy", "MUG", "pre-order", "--limit", "5", "--ships-on", "2099-03-01")
    assert (code, said) == (0, "MUG: pre-order, up to 5, on 2099-03-01\n")
    assert run("policy", "MUG", "back-order")[1] == "MUG: back-order, without limit\n"
    assert run("policy", "MUG", "deny")[1] == "MUG: deny\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add-location", "a b", "Name"), "a-z, 0-9 and hyphens"),
        (("add-location", "main", "Name"), "already"),
        (("add-location", "x", "Name", "--country", "Germany"), "two letters"),
        (("close-location", "main"), "The last open location"),
        (("close-location", "moon"), "no open location moon"),
        (("show", "NOTHING"), "was ever counted"),
        (("count", "NOTHING", "3"), "no variant NOTHING"),
        (("count", "MUG", "many"), "not a valid integer"),
        (("count", "MUG", "99999999999"), "from 0 to"),
        (("count", "MUG", "1", "--location", "moon"), "no open location moon"),
        (("transfer", "MUG", "1", "--from", "main", "--to", "main"), "the same location"),
        (("transfer", "MUG", "1", "--from", "main"), "Missing option"),
        (("adjust", "MUG", "-11", "--reason", "gone"), "Only 10 of MUG"),
        (("adjust", "MUG", "-1"), "Missing option"),
        (("adjust", "MUG", "-1", "--reason", " "), "give a reason"),
        (("adjust", "MUG", "0", "--reason", "x"), "from 1 to"),
        (("history", "NOTHING"), "ever moved"),
        (("threshold", "3", "--sku", "NOTHING"), "was ever counted"),
        (("policy", "NOTHING"), "no variant NOTHING"),
        (("policy", "MUG", "pre-order", "--limit", "3"), "day of its release"),
        (("policy", "MUG", "back-order", "--limit", "0"), "from 1 to"),
        (("policy", "MUG", "deny", "--days", "3"), "no limit and no day"),
        (("policy", "MUG", "--days", "3"), "name the policy"),
        (("policy", "MUG", "pre-order", "--ships-on", "soon"), "does not match"),
    ],
)
def test_bad_input_is_said_and_changes_nothing(
    app: Flask, run: Run, database: Database, words: tuple[str, ...], said: str
) -> None:
    before = list(database["stock_movements"].find({}))
    code, output = run(*words)
    assert code != 0
    assert said in output
    assert list(database["stock_movements"].find({})) == before


def test_the_check_ends_badly_where_something_is_wrong(run: Run, database: Database) -> None:
    database["stock_levels"].update_one({"_id": "MUG"}, {"$inc": {"at.main.reserved": 1}})
    code, output = run("check")
    assert code == 1
    assert "MUG at main: reserved is 1, should be 0" in output
    assert output.endswith("2 differences\n")
