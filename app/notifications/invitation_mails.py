"""The mail to somebody who is invited to work here."""

from __future__ import annotations

from app.db.outbox import Event, Outbox
from app.identity.events import STAFF_INVITED
from app.identity.invitations import Invitations
from app.identity.models import Invitation
from app.notifications import letters
from app.notifications.letters import letter_context
from app.notifications.service import NotificationService
from app.shared.clock import now
from app.shared.languages import DEFAULT
from app.shared.texts import speaking


class InvitationMails:
    """Handler of invitations. The link is made when the mail is, so no event ever holds one."""

    def __init__(self, mails: NotificationService, invitations: Invitations) -> None:
        self._mails = mails
        self._invitations = invitations

    def subscribe(self, outbox: Outbox) -> None:
        """Listen to invitations."""
        outbox.subscribe(STAFF_INVITED, "mail.staff_invited", self.tell)

    def tell(self, event: Event) -> None:
        """Write to who is invited, unless that was withdrawn meanwhile."""
        invitation = self._invitations.get(event.payload["invitation_id"])
        if not invitation.is_good(now()):
            return
        with speaking(DEFAULT):  # as everything for staff
            self._send(event, invitation)

    def _send(self, event: Event, invitation: Invitation) -> None:
        letter = letters.invitation(invitation.by, self._invitations.token(invitation))
        self._mails.send(
            key=event.id.replace(":", "-"),
            to=invitation.email,
            kind=letter.kind,
            subject=letter.subject,
            template="emails/account",
            **letter_context(letter, ""),
        )
