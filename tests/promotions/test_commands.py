"""``flask promotions …`` and the demo store's promotions."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from flask import Flask

from app.db.database import Database
from app.promotions.coupons import Coupons
from app.promotions.demo import make_demo_promotions
from app.web.registry import service
from tests.support.catalog import CatalogMaker
from tests.support.promotions import PromotionMaker, enter, sums
from tests.support.shopper import Shopper

SPRING = {
    "id": "prm_spring",
    "name": "Spring",
    "automatic": False,
    "benefit": {"kind": "fixed", "amounts": {"US": 500, "IN": 40000}},
    "scope": {"vendors": ["Halden"]},
    "conditions": {"minimum_subtotal": {"US": 1000}, "markets": ["US", "IN"]},
    "starts_at": "2026-01-01T00:00:00Z",
    "ends_at": "2099-01-01T00:00:00+05:30",
    "limit_total": 100,
    "stacking": "alone_in_level",
    "codes": ["spring", {"code": "vip", "limit": 2}],
}


def _run(app: Flask, *words: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["promotions", *words])
    return result.exit_code, result.output


def _file(folder: Path, *entries: object) -> str:
    path = folder / "promotions.json"
    path.write_text(json.dumps(list(entries)))
    return str(path)


def test_a_file_s_promotions_are_created_listed_and_used(
    app: Flask, tmp_path: Path, shopper: Shopper, catalog: CatalogMaker
) -> None:
    assert _run(app, "list") == (0, "there are no promotions\n")
    assert _run(app, "create", _file(tmp_path, SPRING)) == (0, "prm_spring  Spring\n")
    _, listed = _run(app, "list")
    assert listed == (
        "prm_spring  Spring  fixed  2 codes  2026-01-01 to 2098-12-31  active"
        "  used 0 of 100, held 0\n"
    )
    shopper.add(catalog.mug(), 1)
    enter(shopper, "vip")
    assert sums(shopper.get("/cart"))["Spring"] == "−$5.00"
    assert _run(app, "switch", "prm_spring", "off") == (0, "Spring is off\n")
    assert "Spring" not in sums(shopper.get("/cart"))
    assert _run(app, "switch", "prm_nothing", "off")[0] == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"benefit": {"kind": "percentage", "basis_points": 10_001}}, "from 1 to 10000"),
        ({"benefit": {"kind": "percentage", "basis_points": "10"}}, "valid integer"),
        ({"benefit": {"kind": "magic"}}, "benefit"),
        ({"benefit": {"kind": "fixed", "amounts": {"XX": 5}}}, "no market 'XX'"),
        ({"benefit": {"kind": "bundle", "parts": []}}, "names each of its variants once"),
        ({"conditions": {"minimum": 5}}, "unknown conditions.minimum"),
        ({"starts": "2026-01-01"}, "unknown starts"),
        ({"starts_at": "2026-01-01T00:00:00"}, "time zone"),
        ({"limit_total": 0}, "at least 1"),
        ({"name": " "}, "a name that shoppers read"),
        ({"codes": ["no way!"]}, "cannot be a code"),
        ({"codes": [{"code": "GOOD", "limit": 0}]}, "`limit` of 1 or more"),
        ({"automatic": True}, "automatic promotion has no codes"),
    ],
)
def test_a_bad_file_is_explained_and_nothing_is_created(
    app: Flask, tmp_path: Path, database: Database, change: dict[str, object], words: str
) -> None:
    code, output = _run(app, "create", _file(tmp_path, {**SPRING, **change}))
    assert code == 1
    assert words in output
    assert database["promotions"].count_documents({}) == 0
    assert database["coupon_codes"].count_documents({}) == 0


@pytest.mark.parametrize("text", ["{", "{}", "[1]", "\x00"])
def test_what_is_no_list_of_promotions_is_explained(app: Flask, tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text)
    code, output = _run(app, "create", str(path))
    assert code == 1
    assert output.startswith("Error: ")


def test_a_code_or_an_id_that_is_taken_is_refused_whole(
    app: Flask, tmp_path: Path, database: Database
) -> None:
    _run(app, "create", _file(tmp_path, SPRING))
    for change in ({}, {"id": "prm_other", "codes": ["NEW", "SPRING"]}):
        code, output = _run(app, "create", _file(tmp_path, {**SPRING, **change}))
        assert code == 1
        assert "already" in output
    assert database["promotions"].count_documents({}) == 1
    assert database["coupon_codes"].count_documents({}) == 2


def test_codes_are_generated_into_a_file(
    app: Flask, tmp_path: Path, promotions: PromotionMaker, database: Database
) -> None:
    promotion = promotions.add("ONE")
    path = tmp_path / "codes.csv"
    code, output = _run(
        app, "generate", promotion.id, "700", str(path), "--prefix", "moss", "--batch", "fair"
    )
    assert code == 0, output
    rows = list(csv.DictReader(path.open()))
    assert len({row["code"] for row in rows}) == 700
    assert {(row["limit"], row["batch"]) for row in rows} == {("1", "fair")}
    assert all(row["code"].startswith("MOSS-") for row in rows)
    assert len(list(service(Coupons, app).every(promotion.id, "fair"))) == 700
    assert database["coupon_codes"].count_documents({"left": 1}) == 700
    automatic = promotions.add()
    assert _run(app, "generate", automatic.id, "5", str(path))[0] == 1
    assert _run(app, "generate", "prm_nothing", "5", str(path))[0] == 1
    assert _run(app, "generate", promotion.id, "0", str(path))[0] == 2


def test_the_demo_store_s_promotions_are_made_once(
    app: Flask, promotions: PromotionMaker, database: Database
) -> None:
    assert make_demo_promotions(promotions.service, ["US", "IN", "DE"]) == 3
    promotions.service.switch("prm_demo_welcome", active=False)
    assert make_demo_promotions(promotions.service, ["US", "IN", "DE"]) == 0
    assert promotions.service.get("prm_demo_welcome").active is False
    assert {each["_id"] for each in database["coupon_codes"].find({})} == {"WELCOME10", "SHIPFREE"}
