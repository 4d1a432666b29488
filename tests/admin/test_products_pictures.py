"""Pictures of products: put in, described, ordered, removed."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from PIL import Image as Picture
from werkzeug.test import TestResponse

from app.audit_log.models import AuditFilter
from app.audit_log.service import AuditLog
from app.catalog.models import Image, Product
from app.catalog.repository import CatalogRepository
from app.db.database import Database
from app.web.registry import service
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.forms import sent_by
from tests.support.member import Member
from tests.support.pictures import encoded, two_halves
from tests.support.shopper import Shopper, soup
from tests.support.staff import Staff


@pytest.fixture
def lamp(catalog: CatalogMaker) -> Product:
    """A lamp in two colours with three pictures."""
    lamp = make_product(
        "Moon Lamp",
        make_variant("LAMP-B", {"Colour": "Black"}),
        make_variant("LAMP-W", {"Colour": "White"}),
        images=tuple(Image(src=f"/media/p{n}.webp", alt=f"Picture {n}", width=800, height=1000) for n in "123"),
    )  # fmt: skip
    catalog.add(lamp)
    return lamp


def pictures(database: Database, product: Product) -> list[Image]:
    """The pictures as they are now."""
    return list(CatalogRepository(database).by_ids([product.id])[product.id].images)


def form_of(owner: Staff, product: Product, **changes: Any) -> dict[str, Any]:
    """The form of the pictures."""
    path = f"/admin/products/{product.id}/pictures"
    return {**sent_by(soup(owner.get(path)).select_one(f'form[action="{path}"]')), **changes}


def send(person: Shopper, product: Product, *files: tuple[str, bytes]) -> TestResponse:
    """Upload files."""
    data = {"csrf_token": person.token(), "files": [(io.BytesIO(data), name) for name, data in files]}  # fmt: skip
    path = f"/admin/products/{product.id}/pictures/files"
    return person.client.post(path, data=data, content_type="multipart/form-data")


def test_several_are_put_in_at_once(
    app: Flask, owner: Staff, lamp: Product, database: Database
) -> None:
    red = encoded(Picture.new("RGB", (900, 600), "#cc3311"), "JPEG")
    answer = send(owner, lamp, ("a.png", encoded(two_halves(400, 500))), ("b.jpg", red))
    assert answer.status_code == 303
    added = pictures(database, lamp)[3:]
    assert [(each.width, each.height) for each in added] == [(400, 500), (900, 600)]
    assert "2 pictures added." in owner.get(answer.location).text
    shown = Shopper(app).get(added[0].src)
    assert (shown.status_code, shown.mimetype) == (200, "image/webp")
    (entry,) = service(AuditLog, app).list(AuditFilter(subject=f"product:{lamp.id}"), 5)
    before, after = entry.changes[0].before, entry.changes[0].after
    assert before is not None
    assert after is not None
    assert (len(before["images"]), len(after["images"])) == (3, 5)


def test_the_same_picture_is_there_once(owner: Staff, lamp: Product, database: Database) -> None:
    data = encoded(two_halves(40, 50))
    for said in ("1 picture added.", "0 pictures added."):
        answer = send(owner, lamp, ("a.png", data))
        assert answer.status_code == 303
        assert said in owner.get(answer.location).text
    assert len(pictures(database, lamp)) == 4


def test_each_bad_file_is_named(
    app: Flask, owner: Staff, lamp: Product, database: Database
) -> None:
    bad = send(owner, lamp, ("note.txt", b"no picture"), ("empty.png", b""))
    assert bad.status_code == 422
    assert "note.txt: This is not a picture we can read" in bad.text
    assert "empty.png: " in bad.text
    assert len(pictures(database, lamp)) == 3
    assert service(AuditLog, app).list(AuditFilter(subject=f"product:{lamp.id}"), 5) == []
    mixed = send(owner, lamp, ("note.txt", b"no picture"), ("a.png", encoded(two_halves(40, 50))))
    page = owner.get(mixed.location).text
    assert "note.txt: This is not a picture we can read" in page
    assert "1 picture added." in page
    assert len(pictures(database, lamp)) == 4


def test_nothing_chosen_is_said(owner: Staff, lamp: Product) -> None:
    answer = send(owner, lamp)
    assert answer.status_code == 422
    assert "Please choose at least one picture." in answer.text


def test_staff_alone_may_send_much(app: Flask, owner: Staff, lamp: Product) -> None:
    large = ("large.png", b"x" * 3_000_000)
    assert send(owner, lamp, large).status_code == 422  # read, and no picture
    member = Member(app)
    member.register()
    assert send(member, lamp, large).status_code == 413
    assert send(Shopper(app), lamp, large).status_code == 413
    other = owner.client.post("/admin/products/bulk", data={"value": "x" * 3_000_000})
    assert other.status_code == 413


def test_texts_order_and_assignment_are_saved(
    app: Flask, owner: Staff, lamp: Product, database: Database
) -> None:
    form = form_of(owner, lamp)
    form["alt./media/p1.webp"] = ["A black lamp"]
    form["for./media/p1.webp"] = ["Colour\x1fBlack"]
    form["src"] = ["/media/p3.webp", "/media/p1.webp", "/media/p2.webp"]
    form["remove"] = ["/media/p2.webp"]
    path = f"/admin/products/{lamp.id}/pictures"
    assert owner.post(path, form).status_code == 303
    third, first = pictures(database, lamp)
    assert (third.src, first.src) == ("/media/p3.webp", "/media/p1.webp")
    assert (first.alt, first.option_values) == ("A black lamp", {"Colour": "Black"})
    assert (first.width, third.alt) == (800, "Picture 3")
    assert len(service(AuditLog, app).list(AuditFilter(subject=f"product:{lamp.id}"), 5)) == 1


def test_arrows_move_without_scripts(owner: Staff, lamp: Product, database: Database) -> None:
    path = f"/admin/products/{lamp.id}/pictures"
    for move, order in (("up:/media/p3.webp", "132"), ("down:/media/p1.webp", "312")):
        assert owner.post(path, form_of(owner, lamp, move=move)).status_code == 303
        assert [each.src for each in pictures(database, lamp)] == [f"/media/p{n}.webp" for n in order]  # fmt: skip


def test_an_arrow_takes_nothing_out_that_is_ticked_and_keeps_it_ticked(
    owner: Staff, lamp: Product, database: Database
) -> None:
    path, ticked = f"/admin/products/{lamp.id}/pictures", ["/media/p1.webp"]
    answer = owner.post(path, form_of(owner, lamp, move="up:/media/p3.webp", remove=ticked))
    assert [each.src[-6] for each in pictures(database, lamp)] == ["1", "3", "2"]
    boxes = soup(owner.follow(answer)).select("input[name=remove][checked]")
    assert [each["value"] for each in boxes] == ticked


def test_a_removed_picture_is_no_variant_s(
    owner: Staff, catalog: CatalogMaker, database: Database
) -> None:
    from dataclasses import replace

    one = replace(make_variant("ONE"), image_src="/media/x.webp")
    vase = make_product("Vase", one, images=(Image(src="/media/x.webp", alt="x"),))
    catalog.add(vase)
    form = form_of(owner, vase, remove="/media/x.webp")
    assert owner.post(f"/admin/products/{vase.id}/pictures", form).status_code == 303
    after = CatalogRepository(database).by_ids([vase.id])[vase.id]
    assert (after.images, after.variants[0].image_src) == ((), "")


def test_a_text_that_is_too_long_is_refused(
    owner: Staff, lamp: Product, database: Database
) -> None:
    form = form_of(owner, lamp)
    form["alt./media/p1.webp"] = ["x" * 501]
    form["alt./media/p2.webp"] = ["typed"]
    answer = owner.post(f"/admin/products/{lamp.id}/pictures", form)
    assert answer.status_code == 422
    assert "at most 500" in answer.text
    assert 'value="typed"' in answer.text
    assert pictures(database, lamp)[1].alt == "Picture 2"


def test_two_at_once_see_both_versions(owner: Staff, lamp: Product, database: Database) -> None:
    path = f"/admin/products/{lamp.id}/pictures"
    mine, theirs = form_of(owner, lamp), form_of(owner, lamp)
    mine["alt./media/p1.webp"], theirs["alt./media/p1.webp"] = ["Mine"], ["Theirs"]
    assert owner.post(path, theirs).status_code == 303
    clash = owner.post(path, mine, htmx=True)
    assert clash.status_code == 409
    assert "Theirs" in clash.text
    again = sent_by(soup(clash).select_one(f'form[action="{path}"]'))
    assert again["alt./media/p1.webp"] == ["Mine"]
    assert owner.post(path, again).status_code == 303
    assert pictures(database, lamp)[0].alt == "Mine"
