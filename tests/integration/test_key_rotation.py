"""The shop's own keys while they are changed: old and new processes side by side."""

from __future__ import annotations

import pytest
from flask import Flask

from app import create_app
from app.config import ConfigurationError, load_settings
from app.credit.service import CreditService
from app.db.database import Database
from app.identity.models import Origin, Role
from app.identity.service import AccountService
from app.identity.sessions import SessionService
from app.identity.two_factor import TwoFactor
from app.payments.keyring import KeyRing
from app.shared.ids import AccountId
from app.shared.money import Money
from app.web.registry import service
from tests.support.catalog import CatalogMaker
from tests.support.member import PASSWORD, Mailbox, Member, make_proven
from tests.support.shopper import Shopper, soup

OLD, NEW = "the-first-key-of-all-0123456789abcdef", "another-key-comes-later-fedcba9876543210"
TOKENS = "a-third-key-for-tokens-0123456789abcdef"
OTHER = "0123456789" * 4
STRIPE = {"secret_key": "sk_test_another0000", "webhook_secret": "whsec_another0000"}


def _shop(environment: dict[str, str], key: str, *older: str) -> Flask:
    app = create_app({**environment, "SECRET_KEY": key, "SECRET_KEY_FALLBACKS": ",".join(older)})
    app.testing = True
    return app


@pytest.fixture
def shops(app: Flask, environment: dict[str, str]) -> tuple[Flask, Flask, Flask]:
    """A process before the change, one that knows both keys, and one after it."""
    return _shop(environment, OLD), _shop(environment, NEW, OLD), _shop(environment, NEW)


def _move(browser: Shopper, app: Flask) -> None:
    """Ask another process from now on, with the same cookies."""
    cookies = list(browser.client._cookies.values())
    browser.client = app.test_client()
    for each in cookies:
        browser.client.set_cookie(each.key, each.value, path=each.path)


def test_a_guest_keeps_name_cart_and_forms(
    shops: tuple[Flask, Flask, Flask], catalog: CatalogMaker
) -> None:
    old, both, new = shops
    guest = Shopper(old)
    sku = catalog.mug()
    guest.add(sku, 2)
    token = guest.token()
    before = guest.client.get_cookie("mossx_visitor")
    assert before is not None
    _move(guest, both)
    sent = guest.client.post("/cart/items", data={"csrf_token": token, "sku": sku, "quantity": "1"})
    assert sent.status_code == 303, "a form of the old process is taken by the new one"
    assert list(guest.cart_lines().values()) == [3]
    after = guest.client.get_cookie("mossx_visitor")
    assert after is not None
    assert after.value != before.value
    assert after.value.partition(".")[0] == before.value.partition(".")[0]
    _move(guest, new)
    assert list(guest.cart_lines().values()) == [3], "the cookies were sealed anew meanwhile"
    guest.add(sku)
    assert list(guest.cart_lines().values()) == [4]


def test_without_the_old_key_its_cookies_are_worth_nothing(
    shops: tuple[Flask, Flask, Flask], catalog: CatalogMaker
) -> None:
    old, _, new = shops
    guest = Shopper(old)
    guest.add(catalog.mug(), 2)
    _move(guest, new)
    assert guest.cart_lines() == {}


def test_a_process_that_only_verifies_the_new_key_reads_what_others_sign(
    environment: dict[str, str], shops: tuple[Flask, Flask, Flask], catalog: CatalogMaker
) -> None:
    """The first step of a roll-out: everybody knows the new key, nobody signs with it yet."""
    first = _shop(environment, OLD, NEW)
    guest = Shopper(shops[1])
    guest.add(catalog.mug(), 2)
    _move(guest, first)
    assert list(guest.cart_lines().values()) == [2]


def test_mails_that_were_sent_before_still_work(
    shops: tuple[Flask, Flask, Flask], mailbox: Mailbox
) -> None:
    old, both, _ = shops
    member = Member(old)
    member.register()
    old_mailbox = Mailbox(old, str(mailbox._folder.parent))
    link = old_mailbox.link(member.email, "/verify/")
    _move(member, both)
    assert member.is_in()
    assert member.post(link, {}).status_code == 303
    assert service(AccountService, both).find_proven(member.email) is not None


def test_two_tabs_that_renew_at_two_processes_stay_in(shops: tuple[Flask, Flask, Flask]) -> None:
    old, both, _ = shops
    account = AccountId(make_proven(old, "ann@example.com"))
    origin = Origin(agent="Firefox", network="192.0.2.0")
    here, there = service(SessionService, old), service(SessionService, both)
    begun = here.begin(account, "form token", origin)
    one = here.renew(begun.session.id, begun.token_id, origin)
    other = there.renew(begun.session.id, begun.token_id, origin)
    assert one.token_id == other.token_id, "derived from another key it would look stolen later"


def test_what_is_sealed_is_opened_and_sealed_anew(
    shops: tuple[Flask, Flask, Flask], database: Database
) -> None:
    old, both, new = shops
    account = service(AccountService, old).create_proven(
        "eve@staff.example", PASSWORD, "Eve", Role.OWNER
    )
    secret = service(TwoFactor, old).begin(account)
    service(KeyRing, old).enter("stripe", STRIPE, 0)
    assert service(TwoFactor, both).begin(account) == secret
    assert service(KeyRing, new).read("stripe").locked == 1

    status = both.test_cli_runner().invoke(args=["keys", "status"])
    assert status.exit_code == 0
    assert "second factors: 0 sealed with the newest key, 1 with older ones" in status.output
    assert OLD not in status.output
    for expected in ("2 sealed anew, 2 sealed", "0 sealed anew, 2 sealed"):
        done = both.test_cli_runner().invoke(args=["keys", "reseal"])
        assert done.exit_code == 0, done.output
        assert expected in done.output

    assert service(TwoFactor, new).begin(account) == secret
    held = service(KeyRing, new).read("stripe")
    assert held.locked == 0
    assert held.stored is not None
    assert held.stored.secrets == STRIPE
    lost = old.test_cli_runner().invoke(args=["keys", "status"])
    assert lost.exit_code == 1
    assert "1 second factors, 1 gateways' keys" in lost.output


def test_a_gift_card_is_mailed_again_with_the_code_it_has(
    shops: tuple[Flask, Flask, Flask],
) -> None:
    old, both, _ = shops
    card = service(Database, old).in_transaction(
        lambda session: service(CreditService, old).issue(
            Money(2500, "USD"), by="Eve", session=session
        )
    )
    assert card is not None
    code = service(CreditService, old).code_of(card)
    assert code
    assert service(CreditService, both).code_of(card) == code


def test_pages_of_both_processes_have_their_own_form_tokens(
    shops: tuple[Flask, Flask, Flask], catalog: CatalogMaker
) -> None:
    """A fragment that one process keeps in Redis has a blank that the other would not fill."""
    old, both, _ = shops
    catalog.mug()
    tokens = []
    for app in (old, both):
        page = soup(Shopper(app).get("/products"))
        found = {str(each["value"]) for each in page.select("input[name=csrf_token]")}
        assert len(found) == 1
        tokens.append(found.pop())
    assert tokens[0] != tokens[1]


def test_production_refuses_a_weak_older_key(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="SECRET_KEY_FALLBACKS"):
        load_settings(
            {
                **environment,
                "MOSSX_ENV": "production",
                "BASE_URL": "https://shop.example",
                "SECRET_KEY": NEW,
                "JWT_SECRET_KEY": TOKENS,
                "SECRET_KEY_FALLBACKS": "short",
            }
        )


@pytest.mark.parametrize("backup_key", [NEW, OLD, TOKENS, f"{OTHER},{NEW}"])
def test_production_refuses_a_backup_key_that_opens_something_else(
    environment: dict[str, str], backup_key: str
) -> None:
    production = {
        **environment,
        "MOSSX_ENV": "production",
        "BASE_URL": "https://shop.example",
        "SECRET_KEY": NEW,
        "SECRET_KEY_FALLBACKS": OLD,
        "JWT_SECRET_KEY": TOKENS,
    }
    load_settings({**production, "BACKUP_KEY": OTHER})
    with pytest.raises(ConfigurationError, match="BACKUP_KEY must differ"):
        load_settings({**production, "BACKUP_KEY": backup_key})
