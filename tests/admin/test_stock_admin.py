"""Stock in the panel: counted against what was read, corrected, moved, and never twice."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from bs4 import Tag
from flask import Flask
from werkzeug.test import TestResponse

from app.audit_log.models import AuditEntry, AuditFilter
from app.audit_log.service import AuditLog
from app.db.database import Database
from app.inventory.checking import StockCheck
from app.inventory.locations import Locations
from app.inventory.models import Demand
from app.inventory.service import InventoryService
from app.inventory.stocktaking import Stocktaking
from app.inventory.thresholds import Thresholds
from app.shared.clock import now
from app.shared.ids import Sku
from app.web.registry import service
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.gateways import form_fields
from tests.support.shopper import soup
from tests.support.staff import Staff

MUG = Sku("MUG")


@pytest.fixture(autouse=True)
def shop(app: Flask, catalog: CatalogMaker) -> None:
    """Ten mugs in the main warehouse; a second location without any."""
    catalog.mug()
    service(Locations, app).add("east", "East hall", country="DE", priority=10)


def entries(app: Flask, subject: str) -> list[AuditEntry]:
    """What the log says of a thing, the newest first."""
    return service(AuditLog, app).list(AuditFilter(subject=subject), 100)


def there(app: Flask, sku: Sku = MUG, code: str = "main") -> int:
    shelf = service(Stocktaking, app).level(sku).shelves.get(code)
    return shelf.on_hand if shelf else 0


def form_of(answer: TestResponse, action: str, number: int = 0) -> dict[str, str]:
    """A form of the page as it stands there, by the end of its address."""
    form = soup(answer).select(f'form[action$="{action}"]')[number]
    texts = {str(each["name"]): each.text.removeprefix("\n") for each in form.select("textarea")}
    return {**form_fields(form), **texts, **_chosen(form)}


def _chosen(form: Tag) -> dict[str, str]:
    found = {}
    for select in form.select("select"):
        option = select.select_one("option[selected]") or select.select_one("option")
        found[str(select["name"])] = str(option["value"]) if option else ""
    return found


def sent(staff: Staff, path: str, form: dict[str, str], *, htmx: bool = False) -> TestResponse:
    """Send a form as it is."""
    headers = {"HX-Request": "true"} if htmx else None
    return staff.client.post(path, data=form, headers=headers)


def untouched(app: Flask) -> None:
    """Nothing is booked but the first counts, and every number adds up."""
    assert service(Database, app)["stock_movements"].count_documents({}) == 1
    assert service(StockCheck, app).run() == []


# --- the list -------------------------------------------------------------------------------------


def test_the_list_is_searched_narrowed_and_sorted(
    app: Flask, owner: Staff, catalog: CatalogMaker
) -> None:
    catalog.add(make_product("Oak Tray", make_variant("TRAY")), stock=0)
    catalog.add(make_product("Pine Bowl", make_variant("BOWL-1"), slug="bowl"), stock=3)
    service(Stocktaking, app).transfer(Sku("BOWL-1"), 2, "main", "east", by="a test")

    def shown(query: str) -> list[str]:
        boxes = soup(owner.get(f"/admin/inventory?{query}")).select("tbody input[name=sku]")
        return [str(box["value"]) for box in boxes]

    assert shown("") == ["BOWL-1", "MUG", "TRAY"]
    assert shown("sort=available") == ["TRAY", "BOWL-1", "MUG"]
    assert shown("state=low") == ["BOWL-1", "TRAY"]
    assert shown("state=out") == ["TRAY"]
    assert shown("location=east") == ["BOWL-1"]
    assert shown("location=east&state=out") == []
    assert shown("q=oak") == ["TRAY"]
    assert shown("q=bow") == ["BOWL-1"]
    assert shown("q=bowl&state=out") == []
    assert shown("state=nonsense") == ["BOWL-1", "MUG", "TRAY"]


def test_what_orders_are_owed_is_found(app: Flask, owner: Staff) -> None:
    stock = service(InventoryService, app)
    service(Database, app)["stock_levels"].update_one({"_id": MUG}, {"$set": {"below": None}})
    service(Database, app).in_transaction(
        lambda session: stock.hold(
            "ord_1",
            [Demand(sku=MUG, quantity=12, limited=False)],
            now() + timedelta(hours=1),
            session,
        )
    )
    page = owner.get("/admin/inventory?state=owed").text
    assert "Dune Mug" in page
    assert "-2" in page


@pytest.mark.parametrize("sort", ["", "available"])
def test_pages_have_every_sku_once(owner: Staff, catalog: CatalogMaker, sort: str) -> None:
    variants = [make_variant(f"V-{number:03}", {"No": str(number)}) for number in range(120)]
    catalog.add(make_product("Many", *variants), stock=4)
    path, seen = f"/admin/inventory?sort={sort}", []
    while path:
        page = soup(owner.get(path))
        seen += [str(box["value"]) for box in page.select("tbody input[name=sku]")]
        following = page.select_one("a[rel=next]")
        path = str(following["href"]) if following else ""
    assert len(seen) == len(set(seen)) == 121


# --- counting -------------------------------------------------------------------------------------


def test_a_count_is_booked_with_who_made_it(app: Flask, owner: Staff) -> None:
    form = form_of(owner.get("/admin/inventory/MUG"), "/MUG/count")
    owner.follow(sent(owner, "/admin/inventory/MUG/count", {**form, "quantity": "7"}))
    assert there(app) == 7
    newest = service(Stocktaking, app).history(MUG).movements[0]
    assert (newest.why.by, newest.on_hand) == (owner.email, -3)
    (entry,) = entries(app, "stock:MUG")
    assert (entry.changes[0].before, entry.changes[0].after) == ({"on_hand": 10}, {"on_hand": 7})


def test_a_count_in_the_list_answers_with_its_row(app: Flask, owner: Staff) -> None:
    form = form_of(owner.get("/admin/inventory?q=mug"), "/MUG/count")
    answer = sent(owner, "/admin/inventory/MUG/count", {**form, "quantity": "8"}, htmx=True)
    assert answer.status_code == 200
    assert answer.text.strip().startswith("<tr>")
    assert "HX-Request" in answer.headers["Vary"]
    assert there(app) == 8
    plain = sent(owner, "/admin/inventory/MUG/count", {**form, "quantity": "8"})
    assert plain.status_code == 303
    assert plain.location == "/admin/inventory?q=mug"
    assert len(entries(app, "stock:MUG")) == 1


def test_a_count_against_an_old_state_is_refused_with_both_numbers(
    app: Flask, owner: Staff
) -> None:
    form = {**form_of(owner.get("/admin/inventory/MUG"), "/MUG/count"), "quantity": "20"}
    service(Stocktaking, app).adjust(MUG, -4, "main", reason="broken", by="somebody")
    answer = sent(owner, "/admin/inventory/MUG/count", form)
    assert answer.status_code == 409
    assert "You entered 20" in answer.text
    assert "6 are on hand now" in answer.text
    assert there(app) == 6
    assert entries(app, "stock:MUG") == []
    again = form_of(answer, "/MUG/count")
    assert again["quantity"] == "20"
    assert sent(owner, "/admin/inventory/MUG/count", again).status_code == 303
    assert there(app) == 20


def test_an_order_that_reserves_does_not_spoil_a_count(app: Flask, owner: Staff) -> None:
    form = {**form_of(owner.get("/admin/inventory/MUG"), "/MUG/count"), "quantity": "9"}
    stock = service(InventoryService, app)
    service(Database, app).in_transaction(
        lambda session: stock.hold(
            "ord_1", [Demand(sku=MUG, quantity=1)], now() + timedelta(hours=1), session
        )
    )
    assert sent(owner, "/admin/inventory/MUG/count", form).status_code == 303
    assert there(app) == 9


@pytest.mark.parametrize("typed", ["", "-1", "ten", "1.5", "99999999"])
@pytest.mark.parametrize("htmx", [True, False])
def test_what_is_no_count_is_refused(app: Flask, owner: Staff, typed: str, htmx: bool) -> None:
    form = form_of(owner.get("/admin/inventory?q=mug"), "/MUG/count")
    answer = sent(owner, "/admin/inventory/MUG/count", {**form, "quantity": typed}, htmx=htmx)
    assert answer.status_code == 422
    assert f'value="{typed}"' in answer.text
    untouched(app)
    assert entries(app, "stock:MUG") == []


def test_what_was_never_counted_is_found_and_counted(app: Flask, owner: Staff) -> None:
    service(Database, app)["stock_levels"].delete_many({})
    service(Database, app)["stock_movements"].delete_many({})
    assert "never counted" in owner.get("/admin/inventory?q=mug").text
    form = form_of(owner.get("/admin/inventory/MUG"), "/MUG/count")
    assert sent(owner, "/admin/inventory/MUG/count", {**form, "quantity": "2"}).status_code == 303
    assert there(app) == 2
    assert owner.get("/admin/inventory/NOTHING").status_code == 404


# --- adjusting ------------------------------------------------------------------------------------


def test_an_adjustment_sent_twice_is_made_once(app: Flask, owner: Staff) -> None:
    form = form_of(owner.get("/admin/inventory/MUG"), "/MUG/adjustment")
    form |= {"change": "-2", "reason": "Broken cups", "cause": "damage"}
    for _ in range(2):
        answer = sent(owner, "/admin/inventory/MUG/adjustment", form)
        assert answer.status_code == 303
    assert there(app) == 8
    (entry,) = entries(app, "stock:MUG")
    assert entry.changes[0].after == {"on_hand": 8, "change": -2, "reason": "Broken cups"}
    history = owner.get("/admin/inventory/MUG").text
    assert "Broken cups" in history
    assert "<td>Damaged" in history
    assert owner.email in history
    other = sent(owner, "/admin/inventory/MUG/adjustment", {**form, "change": "-5"})
    assert other.status_code == 409
    assert there(app) == 8


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"reason": ""}, 422),
        ({"change": "0"}, 422),
        ({"change": "few"}, 422),
        ({"key": "mine"}, 422),
        ({"cause": "magic"}, 422),
        ({"change": "-11"}, 409),
        ({"location": "nowhere"}, 404),
    ],
)
def test_what_is_no_adjustment_is_refused(
    app: Flask, owner: Staff, changes: dict[str, str], status: int
) -> None:
    form = form_of(owner.get("/admin/inventory/MUG"), "/MUG/adjustment")
    form |= {"change": "-2", "reason": "Broken", **changes}
    assert sent(owner, "/admin/inventory/MUG/adjustment", form).status_code == status
    untouched(app)
    assert entries(app, "stock:MUG") == []


# --- low marks ------------------------------------------------------------------------------------


def test_low_marks_of_a_sku_and_of_the_shop(app: Flask, owner: Staff) -> None:
    path = "/admin/inventory/MUG/threshold"
    form = form_of(owner.get("/admin/inventory/MUG"), "/MUG/threshold")
    assert sent(owner, path, {**form, "threshold": "12"}).status_code == 303
    level = service(Stocktaking, app).level(MUG)
    assert (level.low_at, level.low_own, level.is_low) == (12, True, True)
    (entry,) = entries(app, "stock:MUG")
    assert (entry.changes[0].before, entry.changes[0].after) == ({"low_at": None}, {"low_at": 12})
    stale = sent(owner, path, {**form, "threshold": "3"})
    assert stale.status_code == 409
    assert "somebody has set 12" in stale.text
    assert service(Stocktaking, app).level(MUG).low_at == 12
    again = form_of(stale, "/MUG/threshold")
    assert sent(owner, path, again).status_code == 303
    assert service(Stocktaking, app).level(MUG).low_at == 3
    assert sent(owner, path, {**again, "threshold": "many"}).status_code == 422

    shop = form_of(owner.get("/admin/inventory/threshold"), "/threshold")
    assert sent(owner, "/admin/inventory/threshold", {**shop, "threshold": "8"}).status_code == 303
    assert sent(owner, "/admin/inventory/threshold", {**shop, "threshold": "9"}).status_code == 409
    assert sent(owner, "/admin/inventory/threshold", {**shop, "threshold": ""}).status_code == 422
    assert service(Thresholds, app).of_shop() == 8
    assert len(entries(app, "stock:threshold")) == 1


def test_several_skus_get_one_mark_or_are_moved(
    app: Flask, owner: Staff, catalog: CatalogMaker
) -> None:
    catalog.add(make_product("Tray", make_variant("TRAY")))
    chosen = {"sku": ["MUG", "TRAY"], "threshold": "4", "action": "threshold"}
    buttons = soup(owner.get("/admin/inventory")).select("#chosen button")
    assert buttons[0]["value"] == "threshold"  # what the enter key presses in the field
    assert owner.post("/admin/inventory/bulk", chosen).status_code == 303
    for sku in ("MUG", "TRAY"):
        assert service(Stocktaking, app).level(Sku(sku)).low_at == 4
        assert len(entries(app, f"stock:{sku}")) == 1
    page = owner.follow(owner.post("/admin/inventory/bulk", {**chosen, "action": "transfer"}))
    assert [box["value"] for box in soup(page).select("input[name=sku]")][:2] == ["MUG", "TRAY"]
    assert owner.post("/admin/inventory/bulk", {"action": "threshold"}).status_code == 422


# --- files ----------------------------------------------------------------------------------------


def rows(answer: TestResponse) -> list[dict[str, str]]:
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_stock_and_movements_are_exported(app: Flask, owner: Staff, catalog: CatalogMaker) -> None:
    catalog.add(make_product("=EVIL()", make_variant("EVIL"), slug="evil"))
    service(Stocktaking, app).transfer(MUG, 4, "main", "east", by="a test")
    stock = rows(owner.get("/admin/inventory/export.csv"))
    assert [(row["SKU"], row["Location"], row["On hand"]) for row in stock] == [
        ("EVIL", "main", "10"), ("MUG", "east", "4"), ("MUG", "main", "6"),
    ]  # fmt: skip
    assert stock[0]["Product"] == "'=EVIL()"
    moves = rows(owner.get("/admin/inventory/movements.csv"))
    assert len(moves) == 4
    history = rows(owner.get("/admin/inventory/MUG/history.csv"))
    assert [row["Number"] for row in history] == ["3", "2", "1"]
    assert {row["Reason"] for row in history[:2]} == {"main to east"}


def upload(owner: Staff, text: str) -> TestResponse:
    file = (io.BytesIO(text.encode()), "counts.csv")
    return owner.post("/admin/inventory/counts", {"upload": file})


def test_counts_are_looked_at_first_and_then_carried_out(
    app: Flask, owner: Staff, catalog: CatalogMaker
) -> None:
    catalog.add(make_product("Tray", make_variant("TRAY")))
    sheet = "sku,location,on hand\nMUG,,12\nTRAY,main,10\nTRAY,east,3\n"
    dry = upload(owner, sheet)
    assert dry.status_code == 200
    assert "+2" in dry.text
    assert there(app) == 10
    form = form_of(dry, "/counts/booking")
    area = soup(dry).select_one("form[action$=booking] textarea")
    assert area is not None
    form["file"] = area.text
    assert sent(owner, "/admin/inventory/counts/booking", form).status_code == 303
    assert (there(app), there(app, Sku("TRAY"), "east")) == (12, 3)
    (entry,) = entries(app, "stock:counts")
    assert entry.changes[0].after is not None
    assert len(entry.changes[0].after["counts"]) == 2
    assert sent(owner, "/admin/inventory/counts/booking", form).status_code == 303
    assert len(entries(app, "stock:counts")) == 1


def test_counts_of_what_moved_since_are_left_alone_and_named(app: Flask, owner: Staff) -> None:
    dry = upload(owner, "SKU,On hand\nMUG,12\n")
    area = soup(dry).select_one("form[action$=booking] textarea")
    assert area is not None
    service(Stocktaking, app).adjust(MUG, -1, "main", reason="sold by hand", by="somebody")
    answer = owner.post("/admin/inventory/counts/booking", {"file": area.text})
    assert answer.status_code == 409
    assert "moved since the count" in answer.text
    assert there(app) == 9
    assert entries(app, "stock:counts") == []


@pytest.mark.parametrize(
    ("sheet", "told"),
    [
        ("MUG,1\n", "has no column"),
        ("SKU,On hand\n", "1 to 2000 lines"),
        ("SKU,On hand\nNOPE,1\n", "There is no variant NOPE"),
        ("SKU,On hand\nMUG,-1\n", "not a number of units"),
        ("SKU,Location,On hand\nMUG,moon,1\n", "no open location moon"),
        ("SKU,On hand\nMUG,1\nMUG,2\n", "stand above already"),
    ],
)
def test_a_sheet_says_what_is_wrong_with_it(
    app: Flask, owner: Staff, sheet: str, told: str
) -> None:
    assert told in upload(owner, sheet).text
    untouched(app)


# --- transfers ------------------------------------------------------------------------------------


def transfer_form(owner: Staff) -> dict[str, object]:
    form = form_of(owner.get("/admin/transfers/new"), "/admin/transfers")
    return {**form, "source": "main", "target": "east"}


def test_a_transfer_of_several_lines_is_made_once(
    app: Flask, owner: Staff, catalog: CatalogMaker
) -> None:
    catalog.add(make_product("Tray", make_variant("TRAY")))
    form = transfer_form(owner)
    form |= {"sku": ["MUG", "", "TRAY"], "units": ["4", "", "1"], "note": "Fair"}
    for _ in range(2):
        answer = owner.client.post("/admin/transfers", data=form)
        assert answer.status_code == 303
    assert (there(app), there(app, MUG, "east"), there(app, Sku("TRAY"), "east")) == (6, 4, 1)
    page = owner.get(answer.location).text
    assert "Main warehouse → East hall" in page
    assert "Fair" in page
    listed = soup(owner.get("/admin/transfers")).select("tbody tr")
    assert len(listed) == 1
    assert [cell.text for cell in listed[0].select("td.number")] == ["2", "5"]
    assert len(entries(app, f"transfer:{form['key']}")) == 1
    form["units"] = ["5", "", "1"]
    assert owner.client.post("/admin/transfers", data=form).status_code == 409
    assert there(app) == 6


@pytest.mark.parametrize(
    ("changes", "status", "told"),
    [
        ({"sku": ["MUG"], "units": ["11"]}, 409, "Only 10 can leave"),
        ({"sku": ["MUG", "NOPE"], "units": ["1", "1"]}, 409, "No stock of NOPE"),
        ({"sku": ["MUG", "MUG"], "units": ["1", "1"]}, 422, "stands there twice"),
        ({"sku": ["MUG"], "units": ["0"]}, 422, "1 or more"),
        ({"sku": [""], "units": ["3"]}, 422, "name the SKU"),
        ({"sku": [], "units": []}, 422, "1 to 200 lines"),
        ({"target": "main"}, 422, "the same location"),
        ({"source": "moon"}, 409, "no open location moon"),
        ({"key": "trf_x"}, 422, "out of date"),
    ],
)
def test_a_transfer_is_refused_whole(
    app: Flask, owner: Staff, changes: dict[str, object], status: int, told: str
) -> None:
    form = {**transfer_form(owner), "sku": ["MUG"], "units": ["1"], **changes}
    answer = owner.client.post("/admin/transfers", data=form)
    assert answer.status_code == status
    assert told in answer.text
    assert service(Database, app)["transfers"].count_documents({}) == 0
    untouched(app)


def test_lines_that_could_leave_stay_where_another_cannot(
    app: Flask, owner: Staff, catalog: CatalogMaker
) -> None:
    catalog.add(make_product("Tray", make_variant("TRAY")), stock=3)
    form = {**transfer_form(owner), "sku": ["MUG", "TRAY"], "units": ["1", "4"]}
    answer = owner.client.post("/admin/transfers", data=form)
    assert answer.status_code == 409
    assert "Only 3 can leave" in answer.text
    assert (there(app), there(app, Sku("TRAY"))) == (10, 3)
    assert service(Database, app)["transfers"].count_documents({}) == 0


def test_more_lines_lose_nothing_that_was_typed(owner: Staff) -> None:
    form = {**transfer_form(owner), "sku": ["MUG"], "units": ["3"], "action": "more"}
    page = soup(owner.client.post("/admin/transfers", data=form))
    assert len(page.select("input[name=sku]")) == 10
    assert next(box["value"] for box in page.select("input[name=units]")) == "3"


# --- locations ------------------------------------------------------------------------------------


def test_a_location_is_added_changed_closed_and_opened_again(app: Flask, owner: Staff) -> None:
    form = form_of(owner.get("/admin/locations/new"), "/locations/new")
    form |= {"code": "West", "name": "West hall", "country": "fr", "priority": "3"}
    assert sent(owner, "/admin/locations/new", form).status_code == 303
    assert sent(owner, "/admin/locations/new", form).status_code == 409
    added = service(Locations, app).get("west")
    assert (added.country, added.priority) == ("FR", 3)
    change = form_of(owner.get("/admin/locations/west"), "/locations/west")
    change |= {"name": "West end", "address": "1 Quay"}
    assert sent(owner, "/admin/locations/west", change).status_code == 303
    assert service(Locations, app).get("west").address == "1 Quay"
    for step, active in (("closing", False), ("closing", False), ("opening", True)):
        assert owner.post(f"/admin/locations/west/{step}", {}).status_code == 303
        assert service(Locations, app).get("west").active is active
    log = entries(app, "location:west")
    assert [each.action.split(".")[1] for each in log] == ["reopen", "close", "save", "add"]
    assert log[2].changes[0].before is not None
    assert log[2].changes[0].before["name"] == "West hall"


def test_of_two_who_change_a_location_the_second_sees_both(app: Flask, owner: Staff) -> None:
    mine = form_of(owner.get("/admin/locations/east"), "/locations/east")
    theirs = {**mine, "name": "Their hall", "address": "2 Road"}
    assert sent(owner, "/admin/locations/east", theirs).status_code == 303
    answer = sent(owner, "/admin/locations/east", {**mine, "name": "My hall"})
    assert answer.status_code == 409
    cells = [cell.text for cell in soup(answer).select("#problems tbody td")]
    assert cells == ["Their hall", "My hall", "2 Road", "–"]
    assert service(Locations, app).get("east").name == "Their hall"
    again = form_of(answer, "/locations/east")
    assert again["name"] == "My hall"
    assert sent(owner, "/admin/locations/east", again).status_code == 303
    assert service(Locations, app).get("east").name == "My hall"


def test_a_location_that_has_something_or_is_the_last_is_not_closed(
    app: Flask, owner: Staff
) -> None:
    answer = owner.post("/admin/locations/main/closing", {})
    assert answer.status_code == 409
    assert "Something still lies at main" in answer.text
    assert owner.post("/admin/locations/east/closing", {}).status_code == 303
    service(Stocktaking, app).count(MUG, 0, "main", by="a test")
    assert owner.post("/admin/locations/main/closing", {}).status_code == 409
    assert service(Locations, app).get("main").active
    assert entries(app, "location:main") == []


@pytest.mark.parametrize(
    "changes", [{"name": ""}, {"country": "Germany"}, {"priority": "first"}, {"code": "a b"}]
)
def test_what_is_no_location_is_refused(app: Flask, owner: Staff, changes: dict[str, str]) -> None:
    form = {"code": "west", "name": "West", "country": "", "priority": "1", "address": "Here"}
    answer = owner.post("/admin/locations/new", {**form, **changes})
    assert answer.status_code == 422
    assert "Here" in answer.text
    assert len(service(Locations, app).every()) == 2
