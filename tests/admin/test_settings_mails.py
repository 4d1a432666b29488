"""Every mail can be looked at, and has the owner's own words where there are some."""

from __future__ import annotations

import pytest
from flask import Flask

from app.audit_log.models import AuditFilter
from app.audit_log.service import AuditLog
from app.notifications.kinds import KINDS
from app.notifications.wording import MailWordings
from app.web.registry import service
from tests.support.catalog import CatalogMaker
from tests.support.forms import errors, filled_form
from tests.support.gateways import Sandbox
from tests.support.member import Mailbox
from tests.support.shopper import Shopper, soup
from tests.support.staff import Staff

MAILS = "/admin/settings/mails"
PATH = f"{MAILS}/order_confirmation/en"
EACH = [(kind.key, language) for kind in KINDS.values() for language in kind.languages]


def _save(owner: Staff, path: str = PATH, action: str = "save", **changes: str) -> object:
    return owner.post(path, {**filled_form(owner.get(path), path, **changes), "do": action})


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_mail_is_shown_in_every_language(owner: Staff, kind: str) -> None:
    titles = set()
    for language in KINDS[kind].languages:
        page = owner.get(f"{MAILS}/{kind}/{language}")
        assert page.status_code == 200
        frame = soup(page).select_one("iframe[sandbox]")
        assert frame is not None
        assert not frame["sandbox"]
        mail = owner.get(str(frame["src"]))
        assert mail.status_code == 200
        assert f'<html lang="{language}">' in mail.text
        policy = mail.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "sandbox" in policy
        assert "script" not in policy
        text = soup(page).select_one("pre.mail-text")
        assert text is not None
        assert "MossX" in text.text
        titles.add(soup(mail).select_one("title").text)
    assert len(titles) == len(KINDS[kind].languages)
    assert f"{MAILS}/{kind}/{KINDS[kind].languages[-1]}" in owner.get(MAILS).text


def test_mails_that_are_not_there_are_not_found(owner: Staff) -> None:
    for path in ("nothing/en", "shipped/fr", "stock_low/de"):
        assert owner.get(f"{MAILS}/{path}").status_code == 404


def test_own_words_are_in_the_next_mail(
    app: Flask,
    owner: Staff,
    catalog: CatalogMaker,
    shopper: Shopper,
    sandbox: Sandbox,
    mailbox: Mailbox,
) -> None:
    answer = _save(
        owner,
        subject="Hooray, {name}: {number}",
        heading="{shop} <says> thanks",
        closing="Yours,\nthe moss people ({total})",
    )
    assert answer.status_code == 303
    catalog.mug()
    shopper.add("MUG")
    shopper.pay(sandbox)
    (mail,) = mailbox.read("ann@example.com")
    text = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    assert str(mail["Subject"]).startswith("Hooray, Ann: MX-")
    assert text.startswith("MossX <says> thanks\n\n")
    assert "Yours,\nthe moss people ($" in text
    assert "MossX &lt;says&gt; thanks</h1>" in html
    assert "Thank you, Ann" not in html
    (entry,) = service(AuditLog, app).list(AuditFilter(subject="mail:order_confirmation:en"), 9)
    assert entry.changes[0].before == {"subject": "", "heading": "", "closing": ""}
    assert entry.changes[0].after["heading"] == "{shop} <says> thanks"


def test_own_words_of_one_language_leave_the_others(owner: Staff) -> None:
    _save(owner, heading="Only English")
    assert "Only English" in owner.get(f"{PATH}/html?heading=Only+English").text
    assert "Only English" not in owner.get(f"{MAILS}/order_confirmation/de").text
    assert "Only English" not in owner.get(f"{MAILS}/shipped/en").text


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("subject", "Order {nummer}"),
        ("heading", "{title}"),
        ("closing", "{{number}}"),
        ("closing", "half {number"),
        ("subject", "x" * 151),
        ("closing", "x" * 2001),
    ],
)
def test_an_unknown_placeholder_is_refused_beside_its_field(
    app: Flask, owner: Staff, field: str, text: str
) -> None:
    for action in ("save", "preview"):
        answer = _save(owner, action=action, **{field: text})
        assert answer.status_code == 422
        assert set(errors(answer)) == {field}
        assert filled_form(answer, PATH)[field] == text
    assert service(MailWordings, app).read("order_confirmation", "en").version == 0
    assert service(AuditLog, app).list(AuditFilter(), 9) == []


def test_a_preview_stores_nothing(app: Flask, owner: Staff) -> None:
    page = _save(owner, action="preview", heading="Not yet", closing="Bye")
    frame = soup(page).select_one("iframe")
    assert frame is not None
    assert "Not yet" in owner.get(str(frame["src"])).text
    assert service(MailWordings, app).read("order_confirmation", "en").version == 0
    assert service(AuditLog, app).list(AuditFilter(), 9) == []


def test_the_shops_words_can_be_had_back(app: Flask, owner: Staff) -> None:
    _save(owner, subject="Mine")
    assert "own words" in owner.get(MAILS).text
    assert _save(owner, action="reset").status_code == 303
    assert not service(MailWordings, app).find("order_confirmation", "en").is_own
    assert "own words" not in owner.get(MAILS).text
    entry = service(AuditLog, app).list(AuditFilter(subject="mail:order_confirmation:en"), 9)[0]
    assert entry.changes[0].before["subject"] == "Mine"


def test_two_owners_see_both_versions(app: Flask, owner: Staff) -> None:
    first = {**filled_form(owner.get(PATH), PATH, subject="First"), "do": "save"}
    second = {**filled_form(owner.get(PATH), PATH, subject="Second"), "do": "save"}
    assert owner.post(PATH, first).status_code == 303
    clash = owner.post(PATH, second)
    assert clash.status_code == 409
    row = soup(clash).select_one("#clash tbody tr")
    assert row is not None
    assert [each.text for each in row.select("th, td")] == [
        "subject",
        "First",
        "Second",
    ]
    assert owner.post(PATH, {**filled_form(clash, PATH), "do": "save"}).status_code == 303
    assert service(MailWordings, app).read("order_confirmation", "en").subject == "Second"


def test_a_test_goes_to_whoever_asks_and_is_limited(owner: Staff, mailbox: Mailbox) -> None:
    path = f"{MAILS}/shipped/de"
    form = filled_form(owner.get(path), f"{path}/test")
    assert [owner.post(f"{path}/test", form).status_code for _ in range(2)] == [303, 303]
    (mail,) = mailbox.read(owner.email)
    assert str(mail["Subject"]).startswith("Unterwegs: Ihre Bestellung")
    codes = [owner.post(f"{path}/test", {}).status_code for _ in range(4)]
    assert codes == [303, 303, 303, 429]
    assert len(mailbox.read(owner.email)) == 4


def test_answers_go_to_the_contact_address(owner: Staff, mailbox: Mailbox) -> None:
    shop = "/admin/settings/shop"
    owner.post(shop, filled_form(owner.get(shop), shop, contact="hello@moss.example"))
    owner.post(f"{MAILS}/shipped/en/test", {})
    (mail,) = mailbox.read(owner.email)
    assert mail["Reply-To"] == "hello@moss.example"
