"""Gift cards on the pages: entered, refused, removed, shown; plain and with htmx the same."""

from __future__ import annotations

import pytest
from flask import Flask

from app.credit.models import CreditState
from app.db.database import Database
from tests.support.credit import Bank, enter_card
from tests.support.leaving import days_pass
from tests.support.member import Mailbox, Member, make_proven
from tests.support.promotions import sums
from tests.support.shopper import HTMX, Shopper, soup


def cards_of(database: Database) -> list[list[str]]:
    return [cart["gift_cards"] for cart in database["carts"].find({})]


@pytest.mark.parametrize("htmx", [False, True])
def test_a_card_is_entered_shown_and_removed(
    ready: Shopper, bank: Bank, database: Database, *, htmx: bool
) -> None:
    card, code = bank.card(2500)
    version = database["carts"].find_one({})["version"]
    answer = enter_card(ready, code.lower(), htmx=htmx)
    assert answer.status_code == (200 if htmx else 303)
    assert cards_of(database) == [[card]]
    assert database["carts"].find_one({})["version"] == version + 1
    page = answer if htmx else ready.get("/cart")
    assert ("<html" in page.text) is not htmx
    assert "HX-Request" in page.headers["Vary"]
    label = f"Gift card …{code[-4:]}"
    assert sums(page)[label] == "−$25.00"
    assert sums(page)["To pay for the goods"] == "$15.00"
    assert code not in page.text
    again = enter_card(ready, code, htmx=htmx)
    assert again.status_code == answer.status_code
    assert cards_of(database) == [[card]]
    removed = ready.post("/cart/gift-cards/removal", {"card": card}, htmx=htmx)
    assert removed.status_code == answer.status_code
    assert cards_of(database) == [[]]
    assert label not in ready.get("/cart").text


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize("at", ["", "checkout"])
def test_a_refusal_is_beside_the_field_and_changes_nothing(
    ready: Shopper, bank: Bank, database: Database, at: str, *, htmx: bool
) -> None:
    disabled, off = bank.card(100)
    bank.credit.set_state(disabled, CreditState.DISABLED)
    _, euros = bank.card(100, "EUR")
    for typed, words in (
        ("", "enter the code"),
        ("ABCD-EFGH-JKMN-PQRS", "do not know"),
        (off, "do not know"),
        (euros, "is in EUR"),
    ):
        answer = enter_card(ready, typed, htmx=htmx, at=at)
        assert answer.status_code == 422
        assert ("<html" in answer.text) is not htmx
        error = soup(answer).select_one("#gift-card-error")
        assert error is not None
        assert words in error.text
        field = soup(answer).select_one("#gift-card")
        assert field is not None
        assert field["value"] == typed
        assert field["aria-invalid"] == "true"
    assert cards_of(database) == [[]]


def test_an_empty_cart_takes_no_card(app: Flask, bank: Bank) -> None:
    answer = enter_card(Shopper(app), bank.card(100)[1])
    assert answer.status_code == 422
    assert "Your cart is empty" in answer.text


def test_guessing_is_stopped_and_typing_right_is_not(ready: Shopper, bank: Bank) -> None:
    _, code = bank.card(100)
    for _ in range(12):
        assert enter_card(ready, code).status_code == 303
    answers = [enter_card(ready, "ABCD").status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]
    assert enter_card(ready, code).status_code == 429


def test_at_the_checkout_the_summary_and_the_payment_follow(ready: Shopper, bank: Bank) -> None:
    _, code = bank.card(9000)
    page = enter_card(ready, code, at="checkout")
    assert page.status_code == 200
    assert sums(page)["To pay"] == "$0.00"
    assert "Nothing is left to pay" in page.text
    card = soup(page).select_one("button[name=card]")
    assert card is not None
    chosen = {"country": "US", "state": "OR", "shipping_method": "standard", "gateway": "stripe"}
    entry = {"card": str(card["value"]), "at": "checkout", **chosen}
    answer = ready.post("/cart/gift-cards/removal", entry, htmx=True)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    fragment = soup(answer)
    assert fragment.select_one("#gift-cards") is not None
    for beside in ("#checkout-summary", "#payment"):
        found = fragment.select_one(beside)
        assert found is not None
        assert found["hx-swap-oob"] == "true"
    assert fragment.select_one("input[name=gateway][checked]") is not None
    assert "To pay" not in fragment.text


def test_what_is_chosen_renews_summary_and_payment(app: Flask, ready: Shopper, bank: Bank) -> None:
    member = Member(app)
    bank.grant(make_proven(app, member.email), 9000)
    member.log_in()
    member.add("MUG", 2)
    chosen = "country=US&state=CA&shipping_method=standard&gateway=stripe"
    answer = member.get(f"/checkout?{chosen}&use_store_credit=y", headers=HTMX)
    assert "Nothing is left to pay" in answer.text
    box = soup(answer).select_one("#use-store-credit")
    assert box is not None
    assert box.has_attr("checked")
    answer = member.get(f"/checkout?{chosen}", headers=HTMX)
    assert soup(answer).select_one("input[name=gateway][checked]") is not None


def test_cards_come_along_at_the_login_and_go_with_the_undo(
    app: Flask, shopper: Shopper, ready: Shopper, bank: Bank, database: Database
) -> None:
    member = Member(app)
    make_proven(app, member.email)
    mine, theirs = bank.card(500), bank.card(700)
    member.log_in()
    member.add("MUG", 1)
    enter_card(member, mine[1])
    member.log_out()
    member.add("MUG", 1)
    enter_card(member, theirs[1])
    member.log_in()
    member.get("/cart")
    cart = database["carts"].find_one({"_id": {"$regex": "^cart_of_"}})
    assert cart
    assert cart["gift_cards"] == [mine[0], theirs[0]]
    receipt = database["cart_merges"].find_one({})
    assert receipt
    member.post(f"/cart/merges/{receipt['_id']}/undo", {})
    cart = database["carts"].find_one({"_id": cart["_id"]})
    assert cart
    assert cart["gift_cards"] == [mine[0]]
    guest = database["carts"].find_one({"_id": receipt["guest_cart_id"]})
    assert guest
    assert guest["gift_cards"] == [theirs[0]]


# --- balances -------------------------------------------------------------------------------------


def test_a_balance_is_shown_to_whoever_has_the_code(shopper: Shopper, bank: Bank) -> None:
    _, code = bank.card(1234)
    answer = shopper.post("/gift-cards/balance", {"code": code})
    assert (answer.status_code, answer.location) == (303, "/gift-cards")
    assert f"Gift card …{code[-4:]} has $12.34 left." in shopper.get("/gift-cards").text
    wrong = shopper.post("/gift-cards/balance", {"code": "ABCD"})
    assert wrong.status_code == 422
    assert 'value="ABCD"' in wrong.text
    answers = [shopper.post("/gift-cards/balance", {"code": "ABCD"}).status_code for _ in range(10)]
    assert answers == [422] * 9 + [429]


def test_an_account_sees_its_store_credit_and_history(app: Flask, bank: Bank) -> None:
    member = Member(app)
    account_id = make_proven(app, member.email)
    member.log_in()
    assert "no store credit" in member.get("/account/credit").text
    bank.grant(account_id, 2500)
    page = member.get("/account/credit").text
    assert "$25.00 to spend" in page
    assert "Credited by us" in page
    assert "at the checkout" in page
    bank.grant(account_id, -2500)
    page = member.get("/account/credit").text
    assert "$0.00 to spend" in page
    assert "at the checkout" not in page
    assert "Taken back" in page
    assert "\N{MINUS SIGN}$25.00" in page
    assert "Store credit" in member.get("/account").text
    assert Shopper(app).get("/account/credit").status_code in {302, 303}


def test_leaving_keeps_the_ledger_without_the_shopper(
    app: Flask, bank: Bank, mailbox: Mailbox
) -> None:
    member = Member(app)
    credit = bank.grant(make_proven(app, member.email), 2500)
    member.log_in()
    assert "25.00" in member.get("/account/data").text
    from tests.support.member import PASSWORD

    assert "Your store credit of" in member.get("/account/deletion").text
    member.post("/account/deletion", {"current_password": PASSWORD})
    days_pass(app)
    account = bank.account(credit)
    assert account.account_id is None
    assert account.state is CreditState.DISABLED
    assert bank.is_sound()


# --- the command line -----------------------------------------------------------------------------


def test_commands_issue_grant_disable_show_and_check(
    app: Flask, bank: Bank, mailbox: Mailbox
) -> None:
    run = app.test_cli_runner().invoke
    make_proven(app, "ann@example.com")
    issued = run(args=["credit", "issue", "25.00", "USD", "--email", "bob@example.com"])
    assert issued.exit_code == 0, issued.output
    card, code = issued.output.split()[:2]
    assert bank.credit.usable(code, "USD").id == card
    (mail,) = mailbox.read("bob@example.com")
    body = mail.get_body(("plain",))
    assert body is not None
    assert code in body.get_content()
    granted = run(args=["credit", "grant", "ann@example.com", "5", "USD", "--reason", "sorry"])
    assert granted.exit_code == 0, granted.output
    assert (
        run(args=["credit", "grant", "x@example.com", "5", "USD", "--reason", "x"]).exit_code == 1
    )
    assert run(args=["credit", "issue", "a lot", "USD"]).exit_code == 2
    assert "disabled" in run(args=["credit", "disable", code]).output
    assert "$25.00" in run(args=["credit", "show", card]).output
    assert run(args=["credit", "show", "nothing"]).exit_code == 1
    assert run(args=["credit", "check"]).exit_code == 0
    bank.database["credit_accounts"].update_one({"_id": card}, {"$inc": {"balance": 1}})
    assert run(args=["credit", "check"]).exit_code == 1
