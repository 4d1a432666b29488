"""The command line."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from app.catalog.repository import CatalogRepository
from app.db.database import Database
from app.web.registry import service
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.shopper import Shopper

ROOT = Path(__file__).resolve().parents[2]


def _run(app: Flask, *words: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=list(words))
    return result.exit_code, result.output


def test_upgrade_says_that_there_is_nothing_to_do(app: Flask) -> None:
    assert _run(app, "db", "upgrade") == (0, "nothing to do\n")


def test_import_ends_with_an_error_when_rows_were_bad(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("Handle,Title,Variant Price\nmug,Mug,1.00\ncup,Cup,cheap\n")
    code, output = _run(app, "catalog", "import", str(path))
    assert code == 1
    assert "line 3: Variant Price: 'cheap'" in output
    assert "1 created" in output


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_import_of_what_is_no_file_is_explained(app: Flask, tmp_path: Path, name: str) -> None:
    code, output = _run(app, "catalog", "import", str(tmp_path / name))
    assert code == 1
    assert "cannot be opened" in output
    assert "0/?" in output


@pytest.mark.parametrize("words", [("catalog", "export"), ("backup", "create")])
def test_what_is_no_file_is_never_replaced_by_one(
    app: Flask, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Such as /dev/null: root could do that."""
    pipe, link = tmp_path / "pipe", tmp_path / "stdout"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for name, why in (("", "Is a directory"), (str(pipe), "Not a file"), (str(link), "Not a file")):
        code, output = _run(app, *words, name)
        assert code == 1
        assert why in output
    assert pipe.is_fifo()
    assert link.is_symlink()
    assert sorted(each.name for each in tmp_path.iterdir() if each.name[0] == ".") == []


def test_a_link_to_a_file_stays_one(app: Flask, tmp_path: Path) -> None:
    link = tmp_path / "latest.csv"
    link.symlink_to(tmp_path / "catalog.csv")
    assert _run(app, "catalog", "export", str(link))[0] == 0
    assert link.is_symlink()
    assert (tmp_path / "catalog.csv").read_text().startswith("Handle,")


def test_an_unknown_market_is_explained(app: Flask) -> None:
    code, output = _run(app, "catalog", "export", "x.csv", "--market", "XX")
    assert code == 2
    assert "no market 'XX'" in output


def test_the_demo_store_is_whole_and_loads_once(app: Flask, database: Database) -> None:
    code, output = _run(app, "demo", "load")
    assert code == 0, output
    products = list(CatalogRepository(database).every_product())
    simple = [each for each in products if each.kind == "simple"]
    assert len(simple) >= 60
    assert sum(len(each.variants) for each in simple) >= 200
    assert len(products) - len(simple) >= 3
    assert database["categories"].count_documents({}) >= 6
    assert database["collections"].count_documents({}) >= 4
    for product in products:
        assert product.images, product.slug
        for variant in product.variants:
            assert set(variant.prices) == {"US", "IN", "DE"}, variant.sku
    assert all(each.get("image") for each in database["categories"].find({}))
    database["products"].update_one({"slug": simple[0].slug}, {"$set": {"title": "Edited"}})
    code, output = _run(app, "demo", "load")
    assert "there already" in output
    assert database["products"].count_documents({"title": "Edited"}) == 1


def test_every_picture_of_the_demo_store_is_used_and_there() -> None:
    data = json.loads((ROOT / "demo" / "catalog.json").read_text())
    named = {
        image["file"] for each in [*data["products"], *data["bundles"]] for image in each["images"]
    } | {each["image"] for each in [*data["categories"], *data["collections"]]}
    there = {path.name for path in (ROOT / "demo" / "images").iterdir()}
    assert named == there


def test_reconcile_reports_what_it_did(app: Flask, sandbox: Sandbox) -> None:
    code, output = _run(app, "payments", "reconcile")
    assert code == 0
    assert "Finishing what is open" in output
    assert "looked at 0" in output
    assert "Comparing payments" in output
    assert output.endswith("0 discrepancies with the gateways' lists\n")


def test_reconcile_says_that_the_database_is_away(environment: dict[str, str]) -> None:
    away = create_app({**environment, "MONGODB_URI": "mongodb://127.0.0.1:1/mossx"})
    code, output = _run(away, "payments", "reconcile")
    assert code == 1
    assert "Error: The database does not answer" in output


def test_the_shop_knows_its_services(app: Flask) -> None:
    with pytest.raises(KeyError):
        service(dict, app)


def _baskets(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "baskets.csv"
    path.write_bytes(content)
    return str(path)


def test_evaluating_recommendations_compares_them_with_bestsellers(
    app: Flask, tmp_path: Path
) -> None:
    lines = [f"left {n},right {n}" for n in range(30) for _ in range(10)]
    path = _baskets(tmp_path, ("\r\n".join([*lines, "alone"]) + "\r\n").encode())
    code, output = _run(app, "recommendations", "evaluate", path, "--seed", "3", "--holdout", "0.3")
    assert code == 0, output
    assert "301 baskets, 61 items; learnt from 211, tested on" in output
    assert "seed 3, holdout 0.3" in output
    ours = re.search(r"recommendations\W+([\d.]+)\W+([\d.]+)", output)
    bestsellers = re.search(r"popularity\W+([\d.]+)\W+([\d.]+)", output)
    assert ours
    assert bestsellers
    assert ours[1] == "1.0000"
    assert float(bestsellers[1]) < 0.6
    assert float(ours[2]) > float(bestsellers[2])
    again = _run(app, "recommendations", "evaluate", path, "--seed", "3", "--holdout", "0.3")
    assert again[1].splitlines()[-6:] == output.splitlines()[-6:]


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "no baskets"), (b"a\nb\n", "too few baskets"), (b"a\x00b,c\n", "not a text file")],
)
def test_evaluating_nothing_is_explained(
    app: Flask, tmp_path: Path, content: bytes, says: str
) -> None:
    code, output = _run(app, "recommendations", "evaluate", _baskets(tmp_path, content))
    assert code == 1
    assert says in output


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("missing.csv",), 1, "cannot be read"),
        ((".",), 1, "cannot be read"),
        (("x.csv", "--holdout", "1"), 2, "--holdout"),
        (("x.csv", "--holdout", "0"), 2, "--holdout"),
        (("x.csv", "--seed", "one"), 2, "--seed"),
    ],
)
def test_evaluating_with_bad_arguments_is_explained(
    app: Flask, words: tuple[str, ...], code: int, says: str
) -> None:
    result = _run(app, "recommendations", "evaluate", *words)
    assert result[0] == code
    assert says in result[1]


def test_reconcile_looks_at_all_that_is_open(
    app: Flask, shopper: Shopper, catalog: CatalogMaker, sandbox: Sandbox, database: Database
) -> None:
    shopper.add(catalog.mug())
    shopper.check_out(gateway="razorpay")
    attempts = database["payment_attempts"]
    one = attempts.find_one({})
    assert one
    unique = ("_id", "order_id", "receipt", "session_id")
    attempts.insert_many(
        [{**one, **{name: f"{one[name]}-{n}" for name in unique}} for n in range(60)]
    )
    code, output = _run(app, "payments", "reconcile")
    assert code == 0
    assert "looked at 61" in output
