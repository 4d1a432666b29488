"""Who works here: invited by mail, changed in role, let go; the shop always has an owner."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask

from app.account.leaving import Leaving
from app.db.database import Database
from app.identity.errors import LastOwner, OwnRole
from app.identity.invitations import Invitations
from app.identity.models import Account, Role
from app.identity.service import AccountService
from app.identity.staffing import Staffing
from app.shared.clock import now
from app.shared.ids import AccountId
from app.web.registry import service
from tests.support.member import PASSWORD, Mailbox, Member, make_proven
from tests.support.people import entries, last_change
from tests.support.staff import Staff

LIST = "/admin/staff"
NEW = "new@staff.example"


def _account(app: Flask, email: str) -> Account:
    found = service(AccountService, app).find_proven(email)
    assert found is not None
    return found


def _invited(app: Flask, owner: Staff, email: str = NEW, role: str = "support") -> str:
    assert owner.post(LIST, {"email": email, "role": role}).status_code == 303
    return service(Invitations, app).open()[0].id


# --- invitations ----------------------------------------------------------------------------------


def test_somebody_new_joins_by_the_link(app: Flask, mailbox: Mailbox) -> None:
    owner = Staff(app)
    _invited(app, owner)
    link = mailbox.link(NEW, "/join/")
    person = Member(app, NEW)
    assert "invites" in person.get(link).text
    weak = person.post(link, {"name": "Nell", "password": "password"})
    assert weak.status_code == 422
    assert 'value="Nell"' in weak.text
    assert service(AccountService, app).find_proven(NEW) is None
    assert person.post(link, {"name": "Nell", "password": PASSWORD}).status_code == 303
    assert _account(app, NEW).role is Role.SUPPORT
    assert person.get("/admin/customers").status_code == 200
    assert service(Invitations, app).open() == []
    assert person.post(link, {"name": "Nell", "password": PASSWORD}).status_code == 404


def test_an_account_takes_the_role_with_its_password(app: Flask, mailbox: Mailbox) -> None:
    make_proven(app, NEW)
    _invited(app, Staff(app), role="manager")
    link = mailbox.link(NEW, "/join/")
    assert "in the role “Manager”" in Member(app).get(link).text
    thief = Member(app, "thief@x.example")
    thief.register()
    for password in ("", "wrong"):
        assert thief.post(link, {"current_password": password}).status_code == 422
    assert _account(app, NEW).role is Role.CUSTOMER
    person = Member(app, NEW)
    assert person.post(link, {"current_password": PASSWORD}).status_code == 303
    assert _account(app, NEW).role is Role.MANAGER


def test_whoever_is_signed_in_only_presses_the_button(app: Flask, mailbox: Mailbox) -> None:
    make_proven(app, NEW)
    _invited(app, Staff(app))
    person = Member(app, NEW)
    person.log_in()
    assert person.post(mailbox.link(NEW, "/join/"), {}).location == "/admin"
    assert _account(app, NEW).role is Role.SUPPORT


def test_who_joins_after_asking_to_leave_stays(
    app: Flask, mailbox: Mailbox, database: Database
) -> None:
    make_proven(app, NEW)
    account, leaving = _account(app, NEW), service(Leaving, app)
    leaving.ask(account)
    _invited(app, Staff(app))
    link = mailbox.link(NEW, "/join/")
    assert Member(app, NEW).post(link, {"current_password": PASSWORD}).status_code == 303
    assert _account(app, NEW).leaves_at is None
    database["accounts"].update_one({"_id": account.id}, {"$set": {"leaves_at": now()}})
    owner = Staff(app)  # another role than before is no stay of who asked as staff
    path = f"{LIST}/{account.id}/role"
    assert owner.post(path, {"was": "support", "role": "analyst"}).status_code == 303
    assert leaving.close_due() == 1


def test_a_claim_of_the_address_gets_no_role(app: Flask, mailbox: Mailbox) -> None:
    claimant = Member(app, NEW)
    claimant.register(password="seven odd ravens")
    _invited(app, Staff(app))
    link = mailbox.link(NEW, "/join/")
    assert Member(app).post(link, {"name": "Nell", "password": PASSWORD}).status_code == 303
    assert _account(app, NEW).role is Role.SUPPORT
    assert claimant.get("/admin").status_code in {403, 404}
    assert claimant.get("/admin/customers").status_code == 403


def test_an_invitation_is_made_once_sent_again_and_withdrawn(
    app: Flask, mailbox: Mailbox, database: Database
) -> None:
    owner = Staff(app)
    invitation = _invited(app, owner)
    again = owner.post(LIST, {"email": NEW, "role": "support"})
    assert "is invited already" in owner.follow(again).text
    assert len(mailbox.read(NEW)) == 1
    assert len(entries(app)) == 1
    other = owner.post(LIST, {"email": NEW, "role": "manager"})
    assert other.status_code == 422
    assert "invited in another role" in other.text
    path = f"{LIST}/invitations/{invitation}"
    assert owner.post(f"{path}/again", {}).status_code == 303
    assert len(mailbox.read(NEW)) == 2
    assert owner.post(f"{path}/withdrawal", {}).status_code == 303
    assert owner.post(f"{path}/withdrawal", {}).status_code == 409
    assert owner.post(f"{path}/again", {}).status_code == 409
    link = mailbox.link(NEW, "/join/")
    assert Member(app).post(link, {"name": "N", "password": PASSWORD}).status_code == 404
    assert database["accounts"].find_one({"email": NEW}) is None
    assert last_change(app, f"invitation:{invitation}").after is None


@pytest.mark.parametrize("role", ["support", "manager"])
def test_an_invitation_that_is_over_gives_way_to_a_new_one(
    app: Flask, mailbox: Mailbox, database: Database, role: str
) -> None:
    owner = Staff(app)
    old = _invited(app, owner)
    old_link = mailbox.link(NEW, "/join/")
    yesterday = {"$set": {"expires_at": now() - timedelta(days=1)}}
    database["staff_invitations"].update_one({"_id": old}, yesterday)
    assert _invited(app, owner, role=role) != old
    assert len(service(Invitations, app).open()) == 1
    assert len(mailbox.read(NEW)) == 2
    form = {"name": "Nell", "password": PASSWORD}
    assert Member(app).post(old_link, form).status_code == 404
    assert Member(app).post(mailbox.link(NEW, "/join/"), form).status_code == 303
    assert _account(app, NEW).role == role


@pytest.mark.parametrize("email", ["nobody", "owner@staff.example"])
def test_who_cannot_be_invited(app: Flask, email: str) -> None:
    answer = Staff(app).post(LIST, {"email": email, "role": "support"})
    assert answer.status_code == 422
    assert f'value="{email}"' in answer.text
    assert service(Invitations, app).open() == []
    assert entries(app) == []


# --- roles ----------------------------------------------------------------------------------------


def test_a_role_is_changed_from_the_one_that_was_read(app: Flask) -> None:
    owner = Staff(app)
    Staff(app, Role.SUPPORT)
    person = _account(app, "support@staff.example")
    path = f"{LIST}/{person.id}/role"
    assert owner.post(path, {"was": "support", "role": "analyst"}).status_code == 303
    conflict = owner.post(path, {"was": "support", "role": "manager"})
    assert conflict.status_code == 409
    assert "Theirs, now" in conflict.text
    assert _account(app, person.email).role is Role.ANALYST
    assert owner.post(path, {"was": "analyst", "role": "customer"}).status_code == 422
    assert last_change(app, f"staff:{person.id}").after == {
        "account": person.id,
        "role": "analyst",
    }


def test_nobody_changes_their_own_role(app: Flask) -> None:
    owner = Staff(app)
    me = _account(app, owner.email)
    form = {"was": "owner", "role": "manager"}
    assert owner.post(f"{LIST}/{me.id}/role", form).status_code == 403
    assert owner.post(f"{LIST}/{me.id}/removal", form).status_code == 403
    assert _account(app, owner.email).role is Role.OWNER
    with pytest.raises(OwnRole):
        service(Staffing, app).change_role(me.id, Role.OWNER, Role.SUPPORT, me.id)


def test_two_owners_who_unmake_each_other_leave_one(app: Flask, database: Database) -> None:
    accounts, staffing = service(AccountService, app), service(Staffing, app)
    pair = [
        accounts.create_proven(f"{name}@x.example", PASSWORD, name, Role.OWNER)
        for name in ("one", "two")
    ]

    def unmake(victim: Account, by: Account) -> bool:
        try:
            staffing.change_role(victim.id, Role.OWNER, Role.SUPPORT, by.id)
        except LastOwner:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(unmake, *each) for each in (pair, pair[::-1])]
    assert sorted(each.result() for each in done) == [False, True]
    owners = [each["_id"] for each in database["accounts"].find({"role": "owner"})]
    assert len(owners) == 1
    assert (database["shop_owners"].find_one() or {})["accounts"] == owners


def test_the_last_owner_stays(app: Flask) -> None:
    owner = Staff(app)
    me = _account(app, owner.email)
    with pytest.raises(LastOwner):
        service(Staffing, app).remove(me.id, Role.OWNER, AccountId("acc_other"))
    assert _account(app, owner.email).role is Role.OWNER
    assert owner.is_in()


def test_somebody_is_let_go_and_brought_back(app: Flask) -> None:
    owner, person = Staff(app), Staff(app, Role.SUPPORT)
    account = _account(app, person.email)
    page = owner.follow(owner.post(f"{LIST}/{account.id}/removal", {"was": "support"}))
    assert "Deleted: The support." in page.text
    assert _account(app, person.email).role is Role.CUSTOMER
    assert not person.is_in()
    (entry,) = entries(app, f"staff:{account.id}")
    assert owner.post(f"/admin/audit/{entry.id}/undo", {}).status_code == 303
    assert _account(app, person.email).role is Role.SUPPORT


def test_a_second_factor_is_required_and_reset(app: Flask, database: Database) -> None:
    owner, person = Staff(app), Staff(app, Role.SUPPORT)
    account = _account(app, person.email)
    path = f"{LIST}/{account.id}/second-factor"
    assert owner.post(path, {"action": "require"}).status_code == 303
    assert person.get("/admin/customers").location.endswith("/account/two-factor")
    assert "Required, not set up" in owner.get(LIST).text
    factor = {"secret": "x", "confirmed_at": account.created_at, "last_step": 0}
    database["accounts"].update_one({"_id": account.id}, {"$set": {"second_factor": factor}})
    assert owner.post(path, {"action": "reset"}).status_code == 303
    assert not _account(app, person.email).has_second_factor
    assert not person.is_in()
    assert (last_change(app, f"staff:{account.id}").before or {})["second_factor"] is True
    assert owner.post(path, {"action": "free"}).status_code == 303
    assert owner.post(path, {}).status_code == 422


def test_somebody_is_logged_out_everywhere(app: Flask) -> None:
    owner, person = Staff(app), Staff(app, Role.ANALYST)
    account = _account(app, person.email)
    assert owner.post(f"{LIST}/{account.id}/logout", {}).status_code == 303
    assert not person.is_in()
    assert last_change(app, f"staff:{account.id}").after == {"sessions": 0}


def test_a_customer_is_not_staff(app: Flask) -> None:
    owner, shopper = Staff(app), make_proven(app, "ann@example.com")
    for action in ("role", "removal", "second-factor", "logout"):
        form = {"was": "owner", "role": "owner", "action": "require"}
        assert owner.post(f"{LIST}/{shopper}/{action}", form).status_code == 404, action
    assert entries(app) == []
