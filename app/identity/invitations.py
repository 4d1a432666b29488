"""Inviting people to work here.

An invitation gives nothing to an account that somebody merely named: the role is given when the
link in its mail is followed, by which its reader proves to own the address.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from itsdangerous import BadData, URLSafeTimedSerializer

from app.db.database import Database, Session
from app.db.errors import DuplicateKeyError
from app.db.outbox import Outbox
from app.identity.errors import AlreadyInvited, AlreadyStaff, InvitationOver, LinkExpired
from app.identity.events import STAFF_INVITED
from app.identity.models import Account, Invitation, InvitationId, InvitationState, Role
from app.identity.service import AccountService
from app.identity.staff_repository import StaffRepository
from app.identity.staffing import Staffing
from app.shared.clock import now
from app.shared.emails import normal_email
from app.shared.ids import new_id
from app.shared.shop_keys import ShopKeys

_LIFE = timedelta(days=7)


class Invitations:
    """Makes invitations, and lets people in by them."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        accounts: AccountService,
        staffing: Staffing,
        keys: ShopKeys,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._accounts = accounts
        self._staffing = staffing
        self._staff = StaffRepository(database)
        self._signer = URLSafeTimedSerializer(keys.for_signer(), salt="link:join-staff")

    def open(self) -> list[Invitation]:
        """Every invitation that waits, the newest first; those whose time is over too."""
        return self._staff.open_invitations()

    def get(self, invitation_id: str) -> Invitation:
        """An invitation. Raises ``InvitationOver``."""
        found = self._staff.find_invitation(InvitationId(invitation_id))
        if found is None:
            raise InvitationOver
        return found

    def invite(self, email: str, role: Role, by: str) -> tuple[Invitation, bool]:
        """Invite an address's owner, by mail, and say whether that is new: while an invitation to
        the same role is good, nothing changes and no mail is sent. One that is over gives way.

        Raises ``ValueError`` for what is no address, ``AlreadyStaff`` and ``AlreadyInvited``.
        """
        email = normal_email(email)
        account = self._accounts.find_proven(email)
        if account is not None and account.role.is_staff:
            raise AlreadyStaff
        moment = now()
        invitation = Invitation(
            id=InvitationId(new_id("inv")),
            email=email,
            role=role,
            state=InvitationState.OPEN,
            by=by,
            created_at=moment,
            expires_at=moment + _LIFE,
        )

        def work(session: Session) -> None:
            self._staff.close_over(email, moment, session)
            self._staff.insert_invitation(invitation, session)
            self._tell(invitation, session)

        try:
            self._database.in_transaction(work)
        except DuplicateKeyError as error:
            known = self._staff.open_of(email)
            if known is None or known.role is not role:
                raise AlreadyInvited from error
            return known, False
        return invitation, True

    def send_again(self, invitation_id: str) -> Invitation:
        """Send the mail once more, and let the invitation last as long as a new one.

        Raises ``InvitationOver``.
        """
        invitation = replace(self.get(invitation_id), expires_at=now() + _LIFE)

        def work(session: Session) -> None:
            if not self._staff.prolong(invitation.id, invitation.expires_at, session):
                raise InvitationOver
            self._tell(invitation, session)

        self._database.in_transaction(work)
        return invitation

    def _tell(self, invitation: Invitation, session: Session) -> None:
        self._outbox.publish(STAFF_INVITED, {"invitation_id": invitation.id}, session)

    def withdraw(self, invitation_id: str) -> Invitation:
        """Take an invitation back; its link is worth nothing then. Raises ``InvitationOver``."""
        invitation = self.get(invitation_id)
        if not self._staff.close_invitation(invitation.id, InvitationState.WITHDRAWN):
            raise InvitationOver
        return invitation

    # --- following the link ---------------------------------------------------------------------

    def token(self, invitation: Invitation) -> str:
        """For the mail."""
        return str(self._signer.dumps([invitation.id, invitation.email, invitation.role.value]))

    def check(self, token: str) -> tuple[Invitation, Account | None]:
        """The invitation and the account that has proven its address, if there is one.

        Raises ``LinkExpired``.
        """
        try:
            invitation_id, email, role = self._signer.loads(token)
        except (BadData, ValueError, TypeError) as error:
            raise LinkExpired from error
        found = self._staff.find_invitation(InvitationId(invitation_id))
        if found is None or not found.is_good(now()) or (found.email, found.role) != (email, role):
            raise LinkExpired
        return found, self._accounts.find_proven(found.email)

    def accept(self, token: str, account: Account) -> None:
        """Give the invitation's role to its address's account, once. Raises ``LinkExpired``, and
        ``AlreadyStaff``."""
        invitation, owner = self.check(token)
        if owner is None or owner.id != account.id:
            raise LinkExpired
        if owner.role.is_staff:
            raise AlreadyStaff

        def work(session: Session) -> None:
            self._close(invitation, session)
            self._staffing.move(owner, invitation.role, session)

        self._database.in_transaction(work)

    def join(self, token: str, name: str, password: str) -> Account:
        """Make the account of somebody who has none, in the invitation's role, once.

        Raises ``LinkExpired`` and ``WeakPassword``.
        """
        invitation, owner = self.check(token)
        if owner is not None:
            raise LinkExpired
        try:
            return self._accounts.create_proven(
                invitation.email,
                password,
                name,
                invitation.role,
                also=lambda session: self._close(invitation, session),
            )
        except DuplicateKeyError as error:  # the address was proven just now
            raise LinkExpired from error

    def _close(self, invitation: Invitation, session: Session) -> None:
        if not self._staff.close_invitation(invitation.id, InvitationState.ACCEPTED, session):
            raise LinkExpired
