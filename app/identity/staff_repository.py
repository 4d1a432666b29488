"""Who works here, in the account documents; who owns the shop; and who is invited."""

from __future__ import annotations

from datetime import datetime

from app.db.database import Database, Document, Session
from app.identity.models import Account, Invitation, InvitationId, InvitationState, Role
from app.shared.ids import AccountId

_OWNERS = "owners"


class StaffRepository:
    """Writes roles, ``shop_owners`` and ``staff_invitations``.

    The one document of ``shop_owners`` names every owner. Whoever makes or unmakes one writes it,
    so that of two owners who unmake each other the database lets one through, and its validator
    refuses a list without anybody.
    """

    def __init__(self, database: Database) -> None:
        self._accounts = database["accounts"]
        self._owners = database["shop_owners"]
        self._invitations = database["staff_invitations"]

    def change_role(self, account: Account, role: Role, session: Session) -> bool:
        """Change a role as it was read; False if it is another by now."""
        result = self._accounts.update_one(
            {"_id": account.id, "role": account.role.value},
            {"$set": {"role": role.value}},
            session=session,
        )
        return bool(result.matched_count)

    def keep(self, account_id: AccountId, session: Session) -> None:
        """Have an account stay that its owner wanted to be deleted."""
        self._accounts.update_one(
            {"_id": account_id}, {"$set": {"leaves_at": None}}, session=session
        )

    def add_owner(self, account_id: AccountId, session: Session) -> None:
        """Name an owner."""
        self._owners.update_one(
            {"_id": _OWNERS}, {"$addToSet": {"accounts": account_id}}, upsert=True, session=session
        )

    def remove_owner(self, account_id: AccountId, session: Session) -> bool:
        """Strike an owner off, if there is another; False if there is none."""
        result = self._owners.update_one(
            {"_id": _OWNERS, "accounts": account_id, "accounts.1": {"$exists": True}},
            {"$pull": {"accounts": account_id}},
            session=session,
        )
        return bool(result.matched_count)

    def require_second_factor(self, account_id: AccountId, *, required: bool) -> None:
        """Have an account need a second factor before its work, or not."""
        self._accounts.update_one(
            {"_id": account_id}, {"$set": {"second_factor_required": required}}
        )

    # --- invitations ----------------------------------------------------------------------------

    def insert_invitation(self, invitation: Invitation, session: Session) -> None:
        """Store an invitation. Raises ``DuplicateKeyError`` while the address has an open one."""
        self._invitations.insert_one(
            {
                "_id": invitation.id,
                "email": invitation.email,
                "role": invitation.role.value,
                "state": invitation.state.value,
                "by": invitation.by,
                "created_at": invitation.created_at,
                "expires_at": invitation.expires_at,
            },
            session=session,
        )

    def find_invitation(self, invitation_id: InvitationId) -> Invitation | None:
        """The invitation, or None."""
        found = self._invitations.find_one({"_id": invitation_id})
        return _invitation(found) if found else None

    def open_of(self, email: str) -> Invitation | None:
        """An address's open invitation, over or not, or None."""
        query = {"email": email, "state": InvitationState.OPEN.value}
        found = self._invitations.find_one(query)
        return _invitation(found) if found else None

    def open_invitations(self) -> list[Invitation]:
        """Every open invitation, the newest first."""
        found = self._invitations.find({"state": InvitationState.OPEN.value})
        return sorted(map(_invitation, found), key=lambda each: each.id, reverse=True)

    def close_invitation(
        self, invitation_id: InvitationId, state: InvitationState, session: Session | None = None
    ) -> bool:
        """End an open invitation; False if it was over."""
        result = self._invitations.update_one(
            {"_id": invitation_id, "state": InvitationState.OPEN.value},
            {"$set": {"state": state.value}},
            session=session,
        )
        return bool(result.modified_count)

    def close_over(self, email: str, moment: datetime, session: Session) -> None:
        """End an address's open invitation whose time is over by ``moment``."""
        self._invitations.update_one(
            {"email": email, "state": InvitationState.OPEN.value, "expires_at": {"$lte": moment}},
            {"$set": {"state": InvitationState.WITHDRAWN.value}},
            session=session,
        )

    def prolong(self, invitation_id: InvitationId, until: datetime, session: Session) -> bool:
        """Let an open invitation last longer; False if it is over."""
        result = self._invitations.update_one(
            {"_id": invitation_id, "state": InvitationState.OPEN.value},
            {"$set": {"expires_at": until}},
            session=session,
        )
        return bool(result.matched_count)


def _invitation(document: Document) -> Invitation:
    return Invitation(
        id=document["_id"],
        email=document["email"],
        role=Role(document["role"]),
        state=InvitationState(document["state"]),
        by=document["by"],
        created_at=document["created_at"],
        expires_at=document["expires_at"],
    )
