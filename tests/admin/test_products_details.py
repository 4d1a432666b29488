"""A product's details: made, changed, refused, saved by two at once."""

from __future__ import annotations

import re
from datetime import UTC, timedelta
from typing import Any

import pytest
from flask import Flask

from app.audit_log.models import AuditEntry, AuditFilter
from app.audit_log.service import AuditLog
from app.catalog.editing import ProductEditing
from app.catalog.models import Product, ProductKind, ProductStatus
from app.catalog.repository import CatalogRepository
from app.catalog.service import CatalogService
from app.db.database import Database
from app.shared.clock import now
from app.web.registry import service
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.forms import sent_by
from tests.support.shopper import Shopper, soup
from tests.support.staff import Staff


def form_of(owner: Staff, path: str, **changes: Any) -> dict[str, Any]:
    """The form of a page of the panel, filled in."""
    target = path.removesuffix("/new")
    return {**sent_by(soup(owner.get(path)).select_one(f'form[action="{target}"]')), **changes}


def entries(app: Flask, product: Product) -> list[AuditEntry]:
    """What the log has of a product."""
    wanted = AuditFilter(subject=f"product:{product.id}")
    return service(AuditLog, app).list(wanted, 20)


@pytest.fixture
def mug(catalog: CatalogMaker) -> Product:
    """A mug in the shop."""
    mug = make_product("Dune Mug", make_variant("MUG"), attributes={"Material": "Clay"})
    catalog.add(mug)
    return mug


def shop_of(app: Flask) -> Shopper:
    """Somebody who comes to the shop once it knows of every change."""
    service(CatalogService, app).follower.catch_up()
    return Shopper(app)


def stored(database: Database, product: Product) -> Product:
    """The product as it is now."""
    return CatalogRepository(database).by_ids([product.id])[product.id]


@pytest.mark.parametrize(("kind", "status"), [("what_you_like", 422), ("bundle", 303), ("", 303)])
def test_a_product_is_only_what_it_can_be(
    owner: Staff, mug: Product, database: Database, kind: str, status: int
) -> None:
    path = f"/admin/products/{mug.id}"
    answer = owner.post(path, form_of(owner, path, kind=kind, title="Mug"))
    assert answer.status_code == status
    assert ("Please choose one of these." in answer.text) == (status == 422)
    assert stored(database, mug).kind is ProductKind.SIMPLE


def test_details_are_saved_and_noted(
    app: Flask, owner: Staff, mug: Product, database: Database
) -> None:
    path = f"/admin/products/{mug.id}"
    form = form_of(
        owner, path, title="Dune Cup", vendor="Norr", tags="clay, gift, clay", seo_title="A cup",
        description_html='<p onclick="x()">Good</p><script>alert(1)</script>', featured="y",
        attribute_name=["Material", "Height"], attribute_value=["Stone", "9 cm"],
    )  # fmt: skip
    assert owner.post(path, form).location == path
    after = stored(database, mug)
    assert (after.title, after.vendor, after.tags) == ("Dune Cup", "Norr", ("clay", "gift"))
    assert after.description_html == "<p>Good</p>"
    assert after.attributes == {"Material": "Stone", "Height": "9 cm"}
    assert after.featured
    assert (after.variants, after.published_at) == (
        mug.variants,
        stored(database, mug).published_at,
    )
    (entry,) = entries(app, mug)
    (change,) = entry.changes
    assert change.before is not None
    assert change.after is not None
    assert (change.before["title"], change.after["title"]) == ("Dune Mug", "Dune Cup")
    assert "Dune Cup" in shop_of(app).get("/products/dune-mug").text


def test_saving_what_is_there_changes_nothing(
    app: Flask, owner: Staff, mug: Product, database: Database
) -> None:
    path = f"/admin/products/{mug.id}"
    assert owner.post(path, form_of(owner, path)).status_code == 303
    assert stored(database, mug).revision == mug.revision
    assert [each.changes for each in service(AuditLog, app).list(AuditFilter(), 5)] == [()]


def test_the_same_form_twice_is_one_change(owner: Staff, mug: Product, database: Database) -> None:
    path = f"/admin/products/{mug.id}"
    form = form_of(owner, path, title="Twice")
    assert [owner.post(path, form).status_code for _ in range(2)] == [303, 303]
    assert stored(database, mug).revision == mug.revision + 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": ""}, "Please give it a title."),
        ({"slug": "No Good"}, "a to z"),
        ({"vendor": ""}, "Please name who makes it."),
        ({"slug": "taken"}, "has this address already"),
        ({"status": "scheduled", "published_at": ""}, "Please say when"),
        ({"status": "scheduled", "published_at": "2020-01-01T10:00"}, "That time has passed"),
        ({"attribute_name": ["a.b"], "attribute_value": ["x"]}, "no full stops"),
        ({"attribute_name": [""], "attribute_value": ["x"]}, "Please name every attribute"),
        ({"attribute_name": ["A", "A"], "attribute_value": ["x", "y"]}, "the same name"),
        ({"title": "x" * 300}, "at most 255"),
        ({"tax_class": "nonsense"}, "Not a valid choice"),
        ({"category": "gone-by-now"}, "Please choose a category."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_changes(
    app: Flask, owner: Staff, mug: Product, catalog: CatalogMaker, database: Database,
    changes: dict[str, Any], words: str,
) -> None:  # fmt: skip
    catalog.add(make_product("Taken", make_variant("TKN")))
    path = f"/admin/products/{mug.id}"
    answer = owner.post(path, form_of(owner, path, type="typed here", **changes))
    assert answer.status_code == 422
    assert words in answer.text
    assert "typed here" in answer.text
    assert stored(database, mug).revision == mug.revision
    assert entries(app, mug) == []


def test_another_row_keeps_what_was_typed(owner: Staff, mug: Product, database: Database) -> None:
    path = f"/admin/products/{mug.id}"
    form = form_of(owner, path, title="Half done", attribute_name=["A"], attribute_value=["1"])
    for htmx in (False, True):
        page = owner.post(path, {**form, "add_row": "1"}, htmx=htmx)
        assert page.status_code == 200
        assert ("<html" in page.text) is not htmx
        assert len(soup(page).select("input[name=attribute_name]")) == 2
        assert soup(page).select_one("input[name=title]")["value"] == "Half done"
    assert stored(database, mug).title == "Dune Mug"


def test_two_at_once_see_both_versions(
    app: Flask, owner: Staff, mug: Product, database: Database
) -> None:
    path = f"/admin/products/{mug.id}"
    mine, theirs = form_of(owner, path, title="Mine"), form_of(owner, path, title="Theirs")
    assert owner.post(path, theirs).status_code == 303
    clash = owner.post(path, mine)
    assert clash.status_code == 409
    row = next(each for each in soup(clash).select("tr") if each.get_text().startswith("title"))
    assert [each.get_text() for each in row.select("td")] == ["Theirs", "Mine"]
    assert stored(database, mug).title == "Theirs"
    again = sent_by(soup(clash).select_one(f'form[action="{path}"]'))
    assert again["title"] == ["Mine"]
    assert owner.post(path, again).status_code == 303
    assert stored(database, mug).title == "Mine"
    assert len(entries(app, mug)) == 2


def test_reviews_and_pictures_do_not_get_in_the_way(
    owner: Staff, mug: Product, database: Database
) -> None:
    path = f"/admin/products/{mug.id}"
    form = form_of(owner, path, title="Mine")
    database.in_transaction(
        lambda session: CatalogRepository(database).count_ratings(mug.id, {5: 1}, session)
    )
    assert owner.post(path, form).status_code == 303
    after = stored(database, mug)
    assert (after.title, after.ratings.total) == ("Mine", 1)


# --- statuses and addresses -----------------------------------------------------------------------


def test_scheduled_it_waits_for_its_day(
    app: Flask, owner: Staff, mug: Product, database: Database
) -> None:
    path = f"/admin/products/{mug.id}"
    day = (now() + timedelta(days=3)).astimezone(UTC).replace(second=0, microsecond=0)
    form = form_of(owner, path, status="scheduled", published_at=day.strftime("%Y-%m-%dT%H:%M"))
    assert owner.post(path, form).status_code == 303
    after = stored(database, mug)
    assert (after.status, after.published_at) == (ProductStatus.PUBLISHED, day)
    assert shop_of(app).get("/products/dune-mug").status_code == 404
    assert "Scheduled" in owner.get(path).text
    assert owner.post(path, form_of(owner, path, status="published")).status_code == 303
    assert shop_of(app).get("/products/dune-mug").status_code == 200


def test_a_draft_is_out_of_the_shop(app: Flask, owner: Staff, mug: Product) -> None:
    path = f"/admin/products/{mug.id}"
    assert owner.post(path, form_of(owner, path, status="draft")).status_code == 303
    assert shop_of(app).get("/products/dune-mug").status_code == 404


def test_old_links_arrive_at_the_new_address(app: Flask, owner: Staff, mug: Product) -> None:
    path = f"/admin/products/{mug.id}"
    for slug in ("dune-cup", "sand-cup"):
        assert owner.post(path, form_of(owner, path, slug=slug)).status_code == 303
    for old in ("dune-mug", "dune-cup"):
        answer = shop_of(app).get(f"/products/{old}")
        assert (answer.status_code, answer.location) == (301, "/products/sand-cup")
        chosen = shop_of(app).get(f"/products/{old}?option.Size=L%20%26%20up")
        assert chosen.location == "/products/sand-cup?option.Size=L%20%26%20up"
    assert shop_of(app).get("/products/never-there").status_code == 404


def test_an_address_that_is_in_use_again_leads_nowhere_else(
    app: Flask, owner: Staff, mug: Product, catalog: CatalogMaker
) -> None:
    path = f"/admin/products/{mug.id}"
    for slug in ("dune-cup", "dune-mug"):
        assert owner.post(path, form_of(owner, path, slug=slug)).status_code == 303
    assert shop_of(app).get("/products/dune-cup").location == "/products/dune-mug"
    assert owner.post(path, form_of(owner, path, status="draft")).status_code == 303
    assert shop_of(app).get("/products/dune-mug").status_code == 404
    catalog.add(make_product("Dune cup", make_variant("CUP"), status=ProductStatus.DRAFT))
    assert shop_of(app).get("/products/dune-cup").status_code == 404


def test_a_gift_card_never_runs_out(owner: Staff, mug: Product, database: Database) -> None:
    path = f"/admin/products/{mug.id}"
    assert owner.post(path, form_of(owner, path, kind="gift_card")).status_code == 303
    after = stored(database, mug)
    assert after.kind is ProductKind.GIFT_CARD
    assert [each.policy.below for each in after.variants] == [None]


# --- a new one, a copy ----------------------------------------------------------------------------


def test_a_new_product_is_made_once(app: Flask, owner: Staff, database: Database) -> None:
    form = form_of(owner, "/admin/products/new", title="Moon Bowl", vendor="Norr")
    first, second = owner.post("/admin/products", form), owner.post("/admin/products", form)
    assert first.location == second.location
    (made,) = CatalogRepository(database).every_product()
    assert first.location == f"/admin/products/{made.id}/variants"
    assert (made.slug, made.status) == ("moon-bowl", ProductStatus.DRAFT)
    assert [each.sku for each in made.variants] == ["MOON-BOWL"]
    assert entries(app, made)[-1].changes[0].before is None


def test_a_new_product_needs_a_sku_of_its_own(
    owner: Staff, mug: Product, database: Database
) -> None:
    form = form_of(owner, "/admin/products/new", title="Other", vendor="Norr", sku="MUG")
    answer = owner.post("/admin/products", form)
    assert answer.status_code == 422
    assert "MUG belongs to “Dune Mug”." in answer.text
    assert [each.id for each in CatalogRepository(database).every_product()] == [mug.id]


def test_a_copy_is_a_draft_made_once(
    app: Flask, owner: Staff, mug: Product, database: Database
) -> None:
    page = soup(owner.get(f"/admin/products/{mug.id}"))
    (key,) = sent_by(page.select_one('form[action$="/duplicate"]'))["key"]
    answers = [owner.post(f"/admin/products/{mug.id}/duplicate", {"key": key}) for _ in range(2)]
    assert {each.location for each in answers} == {f"/admin/products/{key}"}
    copy = service(ProductEditing, app).get(key)
    assert (copy.slug, copy.status) == ("dune-mug-copy", ProductStatus.DRAFT)
    assert [each.sku for each in copy.variants] == ["MUG-COPY"]
    assert copy.variants[0].prices == mug.variants[0].prices
    assert len(list(CatalogRepository(database).every_product())) == 2


def test_a_preview_link_shows_a_draft_for_a_while(
    app: Flask, owner: Staff, catalog: CatalogMaker
) -> None:
    draft = make_product(
        "Secret Lamp", make_variant("L1", {"Size": "S"}), make_variant("L2", {"Size": "L"}),
        status=ProductStatus.DRAFT, published_at=None,
    )  # fmt: skip
    catalog.add(draft)
    link = owner.post(f"/admin/products/{draft.id}/preview", {}).location
    page = Shopper(app).get(link)
    assert page.status_code == 200
    assert "Secret Lamp" in page.text
    assert page.headers["Cache-Control"] == "private, no-store"
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert '<meta name="robots" content="noindex, nofollow">' in page.text
    choice = next(each["href"] for each in soup(page).select("a.option") if "L" in each.get_text())
    assert str(choice).startswith("/preview/")
    assert Shopper(app).get(str(choice)).status_code == 200
    assert shop_of(app).get("/products/secret-lamp").status_code == 404
    assert Shopper(app).get(link[:-1] + ("0" if link[-1] != "0" else "1")).status_code == 404
    later = re.sub(r"\.(\d+)\.", lambda found: f".{int(found[1]) + 9999}.", link)
    assert Shopper(app).get(later).status_code == 404
    assert entries(app, draft) == []
