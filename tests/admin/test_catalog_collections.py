"""Collections are made, changed, put in order, deleted and brought back in the panel."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from flask import Flask

from app.admin import product_list
from app.catalog.errors import Overtaken
from app.catalog.models import Collection, CollectionRule, Product, RuleCondition, RuleField
from app.catalog.shelving import Shelving
from app.shared.errors import Invalid
from app.web.registry import service
from tests.admin.editing import entries, form_of, problems, send
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.pictures import encoded, two_halves
from tests.support.shopper import Shopper, soup
from tests.support.staff import Staff

_TAGGED = CollectionRule(conditions=(RuleCondition(subject=RuleField.TAG, values=("gift",)),))


@pytest.fixture
def shelving(app: Flask) -> Shelving:
    return service(Shelving, app)


@pytest.fixture
def products(catalog: CatalogMaker) -> list[Product]:
    made = [
        make_product("Dune Mug", make_variant("MUG", US=2500), tags=("gift",)),
        make_product("Fern Bowl", make_variant("BOWL", US=4000)),
        make_product("Moss Vase", make_variant("VASE", US=9000), tags=("gift",)),
    ]
    catalog.add(*made)
    return made


def _made(shelving: Shelving, slug: str, *products: Product) -> Collection:
    ids = tuple(each.id for each in products)
    return shelving.create(Collection(slug=slug, title=slug.title(), product_ids=ids))


def test_a_collection_is_made_by_hand(
    app: Flask, owner: Staff, products: list[Product], shopper: Shopper
) -> None:
    form = form_of(owner.get("/admin/collections/new"), "#collection")
    form |= {"title": "Table", "slug": "table", "kind": "hand"}
    looked = send(owner, "/admin/collections/new", {**form, "q": "bowl", "find": "1"})
    assert "Fern Bowl" in looked.text
    form = form_of(looked, "#collection")
    added = send(owner, "/admin/collections/new", {**form, "add": products[1].id})
    form = form_of(added, "#collection")
    assert (form["title"], form["product"]) == ("Table", products[1].id)
    assert service(Shelving, app).every(Collection) == []
    answer = send(owner, "/admin/collections/new", {**form, "save": "1"})
    assert (answer.status_code, answer.location) == (303, "/admin/collections/table")
    assert "Fern Bowl" in shopper.get("/collections/table").text
    (entry,) = entries(app, "collection:table")
    (change,) = entry.changes
    assert change.before is None
    assert change.after is not None
    assert change.after["product_ids"] == [products[1].id]


def test_of_very_many_products_the_first_are_shown_and_none_is_lost(
    owner: Staff, products: list[Product], shelving: Shelving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(product_list, "_MOST_SHOWN", 1)
    ids = [each.id for each in products]
    _made(shelving, "table", *products)
    shown = owner.get("/admin/collections/table")
    assert "2 more products follow." in shown.text
    assert len(soup(shown).select("#products li")) == 1
    assert [each["value"] for each in soup(shown).select("[name=product]")] == ids
    form = {**form_of(shown, "#collection"), "product": ids}
    whole = send(owner, "/admin/collections/table", {**form, "show_all": "1"})
    assert len(soup(whole).select("#products li")) == 3
    form = {**form_of(whole, "#collection"), "product": ids, "down": ids[0]}
    moved = send(owner, "/admin/collections/table", form)
    assert len(soup(moved).select("#products li")) == 3
    form = {**form_of(shown, "#collection"), "product": ids, "save": "1", "title": "Tables"}
    assert send(owner, "/admin/collections/table", form).status_code == 303
    assert list(shelving.get(Collection, "table").product_ids) == ids


def test_products_by_hand_are_put_in_order(
    owner: Staff, products: list[Product], shelving: Shelving
) -> None:
    _made(shelving, "table", *products)
    form = form_of(owner.get("/admin/collections/table"), "#collection")
    moved = send(owner, "/admin/collections/table", {**form, "up": products[2].id}, htmx=True)
    assert "<html" not in moved.text
    form = form_of(moved, "#collection")
    dropped = send(owner, "/admin/collections/table", {**form, "drop": products[0].id})
    send(owner, "/admin/collections/table", form_of(dropped, "#collection"))
    stored = shelving.get(Collection, "table")
    assert stored.product_ids == (products[2].id, products[1].id)


def test_a_rule_is_tried_before_it_is_saved(
    app: Flask, owner: Staff, products: list[Product], shelving: Shelving
) -> None:
    form = form_of(owner.get("/admin/collections/new"), "#collection")
    form |= {"title": "Gifts", "slug": "gifts", "kind": "rule"}
    form = form_of(send(owner, "/admin/collections/new", {**form, "work_out": "1"}), "#collection")
    form |= {"condition.0.values": "gift\ngone", "add_condition": "1"}
    form = form_of(send(owner, "/admin/collections/new", form), "#collection")
    form |= {"condition.1.field": "price", "work_out": "1"}
    form = form_of(send(owner, "/admin/collections/new", form), "#collection")
    form |= {"condition.1.most.US": "30", "condition.1.negated": "1"}
    tried = send(owner, "/admin/collections/new", {**form, "work_out": "1"})
    assert "1 product is found" in tried.text
    assert "No product has: gone." in tried.text
    assert "Moss Vase" in tried.text
    assert entries(app, "collection:gifts") == []
    form = form_of(tried, "#collection")
    assert send(owner, "/admin/collections/new", form).status_code == 303
    assert shelving.get(Collection, "gifts").rule == CollectionRule(
        conditions=(
            RuleCondition(subject=RuleField.TAG, values=("gift", "gone")),
            RuleCondition(subject=RuleField.PRICE, most={"US": 3000}, negated=True),
        )
    )


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": ""}, "title"),
        ({"slug": "No Slug"}, "slug"),
        ({"slug": "new"}, "slug"),
        ({"slug": "taken"}, "slug"),
        ({"starts_at": "2026-05-02T10:00", "ends_at": "2026-05-01T10:00"}, "ends_at"),
        ({"starts_at": "soon"}, "starts_at"),
        ({"kind": "rule", "condition.0.field": "tag"}, "condition.0.values"),
        ({"kind": "rule", "condition.0.field": "option", "condition.0.values": "S"}, "condition.0.option"),
        ({"kind": "rule", "condition.0.field": "price", "condition.0.least.US": "1.234"}, "condition.0.least.US"),
        ({"kind": "rule", "condition.0.field": "price"}, "condition.0.least"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("htmx", [False, True])
def test_what_is_wrong_is_said_beside_the_field(
    app: Flask, owner: Staff, shelving: Shelving, wrong: dict[str, str], field: str, htmx: bool
) -> None:
    _made(shelving, "taken")
    form = form_of(owner.get("/admin/collections/new"), "#collection")
    form |= {"title": "Table", "slug": "table", "kind": "hand", "description": "Kept", **wrong}
    answer = send(owner, "/admin/collections/new", form, htmx=htmx)
    assert answer.status_code == 422
    assert field in problems(answer)
    assert soup(answer).select_one(f'#problems a[href="#{field}"]')
    assert form_of(answer, "#collection")["description"] == "Kept"
    assert ("<html" in answer.text) is not htmx
    assert [each.slug for each in shelving.every(Collection)] == ["taken"]
    assert entries(app, "collection:table") == []


def test_who_saves_second_sees_both_versions(
    app: Flask, owner: Staff, products: list[Product], shelving: Shelving
) -> None:
    _made(shelving, "table", products[0])
    mine = form_of(owner.get("/admin/collections/table"), "#collection")
    theirs = {**mine, "title": "Theirs"}
    assert send(owner, "/admin/collections/table", theirs).status_code == 303
    answer = send(owner, "/admin/collections/table", {**mine, "title": "Mine"})
    assert answer.status_code == 409
    (row,) = soup(answer).select("#versions tbody tr")
    assert [each.text for each in row.select("td")] == ["Theirs", "Mine"]
    assert shelving.get(Collection, "table").title == "Theirs"
    again = send(owner, "/admin/collections/table", form_of(answer, "#collection"))
    assert again.status_code == 303
    assert shelving.get(Collection, "table").title == "Mine"
    newest = entries(app, "collection:table")[0].changes[0]
    assert newest.before is not None
    assert newest.after is not None
    assert (newest.before["title"], newest.after["title"]) == ("Theirs", "Mine")


def test_saving_twice_is_saving_once(owner: Staff, shelving: Shelving) -> None:
    _made(shelving, "table")
    form = form_of(owner.get("/admin/collections/table"), "#collection") | {"title": "Dining"}
    answers = [send(owner, "/admin/collections/table", form) for _ in range(2)]
    assert [each.status_code for each in answers] == [303, 303]
    assert shelving.get(Collection, "table").revision == 2


def test_a_deleted_collection_is_brought_back(
    app: Flask, owner: Staff, products: list[Product], shelving: Shelving, shopper: Shopper
) -> None:
    before = _made(shelving, "table", *products)
    answer = owner.post("/admin/collections/table/deletion", {})
    assert shopper.get("/collections/table").status_code == 404
    assert "Deleted: Table." in owner.follow(answer).text
    (entry,) = entries(app, "collection:table")
    undone = owner.post(f"/admin/audit/{entry.id}/undo", {})
    assert undone.location == "/admin/collections"
    assert shelving.get(Collection, "table") == before
    assert shopper.get("/collections/table").status_code == 200


def test_bringing_back_takes_no_place_that_is_taken(
    app: Flask, owner: Staff, shelving: Shelving
) -> None:
    _made(shelving, "table")
    owner.post("/admin/collections/table/deletion", {})
    shelving.create(Collection(slug="table", title="Another"))
    (entry,) = entries(app, "collection:table")
    assert owner.post(f"/admin/audit/{entry.id}/undo", {}).status_code == 409
    assert shelving.get(Collection, "table").title == "Another"


def test_collections_are_put_in_another_order(app: Flask, owner: Staff, shelving: Shelving) -> None:
    for slug in ("a", "b", "c"):
        _made(shelving, slug)
    form = form_of(owner.get("/admin/collections"), "#list form")
    for _ in range(2):  # pressed twice it moves once
        answer = send(owner, "/admin/collections/order", {**form, "up": "c"})
        assert answer.status_code == 303
    assert [each.slug for each in shelving.every(Collection)] == ["a", "c", "b"]
    (entry,) = entries(app, "collections:order")
    assert entry.changes[0].before == {"order": ["a", "b", "c"]}
    stale = send(owner, "/admin/collections/order", {**form, "down": "a"})
    assert stale.status_code == 409
    assert [each.slug for each in shelving.every(Collection)] == ["a", "c", "b"]


def test_the_list_is_narrowed(owner: Staff, shelving: Shelving) -> None:
    _made(shelving, "table")
    shelving.create(Collection(slug="gifts", title="Gifts", rule=_TAGGED))

    def listed(query: str) -> list[str]:
        page = owner.get(f"/admin/collections?{query}")
        return [str(link["href"]) for link in soup(page).select("tbody th a")]

    assert listed("") == ["/admin/collections/table", "/admin/collections/gifts"]
    assert listed("kind=rule") == ["/admin/collections/gifts"]
    assert listed("q=tab") == ["/admin/collections/table"]
    assert listed("when=over") == []
    assert listed("sort=title") == ["/admin/collections/gifts", "/admin/collections/table"]


def test_a_picture_is_kept_with_a_form_that_is_refused(owner: Staff, shelving: Shelving) -> None:
    form = form_of(owner.get("/admin/collections/new"), "#collection")
    picture = (io.BytesIO(encoded(two_halves(80, 60))), "a.png")
    refused = owner.client.post(
        "/admin/collections/new", data={**form, "slug": "table", "title": "", "image": picture}
    )
    assert refused.status_code == 422
    form = form_of(refused, "#collection") | {"title": "Table"}
    assert send(owner, "/admin/collections/new", form).status_code == 303
    image = shelving.get(Collection, "table").image
    assert image is not None
    assert (image.width, image.height) == (80, 60)
    no_picture = (io.BytesIO(b"none"), "a.png")
    form = form_of(owner.get("/admin/collections/table"), "#collection")
    answer = owner.client.post("/admin/collections/table", data={**form, "image": no_picture})
    assert answer.status_code == 422
    assert "image" in problems(answer)
    assert shelving.get(Collection, "table").image == image


def test_of_many_who_save_at_once_one_gets_through(shelving: Shelving) -> None:
    read = _made(shelving, "table")

    def save(number: int) -> str:
        try:
            shelving.change(replace(read, title=f"Title {number}"))
        except Overtaken:
            return "overtaken"
        return f"Title {number}"

    with ThreadPoolExecutor(6) as threads:
        outcomes = list(threads.map(save, range(6)))
    assert outcomes.count("overtaken") == 5
    stored = shelving.get(Collection, "table")
    assert stored.title in outcomes
    assert stored.revision == 2


def test_of_many_who_take_one_address_one_gets_it(shelving: Shelving) -> None:
    def create(number: int) -> bool:
        try:
            shelving.create(Collection(slug="table", title=f"Title {number}"))
        except Invalid:
            return False
        return True

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(create, range(6))) == 1
    assert len(shelving.every(Collection)) == 1
