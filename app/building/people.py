"""Who has an account, who works here, and the groups that customers are in."""

from __future__ import annotations

from dataclasses import dataclass

from app.building.foundation import Foundation
from app.groups.service import GroupService
from app.identity.address_book import AddressBook
from app.identity.invitations import Invitations
from app.identity.links import LinkService
from app.identity.service import AccountService
from app.identity.sessions import SessionService
from app.identity.staffing import Staffing
from app.identity.two_factor import TwoFactor


@dataclass(frozen=True, kw_only=True, slots=True)
class People:
    """Accounts with what belongs to them, staff, groups."""

    accounts: AccountService
    sessions: SessionService
    links: LinkService
    two_factor: TwoFactor
    addresses: AddressBook
    staffing: Staffing
    invitations: Invitations
    groups: GroupService


def build_people(base: Foundation) -> People:
    """People on a foundation."""
    database, outbox, settings = base.database, base.outbox, base.settings
    key = base.shop_keys
    accounts = AccountService(database, outbox)
    sessions = SessionService(database, base.cache, outbox, key)
    staffing = Staffing(database, outbox, accounts, sessions)
    return People(
        accounts=accounts,
        sessions=sessions,
        links=LinkService(database, outbox, accounts, sessions, key),
        two_factor=TwoFactor(
            database, outbox, key, base.profiles, staff_must=settings.is_production
        ),
        addresses=AddressBook(database),
        staffing=staffing,
        invitations=Invitations(database, outbox, accounts, staffing, key),
        groups=GroupService(database, outbox),
    )
