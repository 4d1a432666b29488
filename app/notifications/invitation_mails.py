"""The mail to somebody who is invited to work here."""

from __future__ import annotations

from app.db.outbox import Event, Outbox
from app.identity.events import STAFF_INVITED
from app.identity.invitations import Invitations
from app.notifications.service import SHOP_NAME, NotificationService
from app.shared.clock import now
from app.shared.texts import Text


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
        subject = Text("You are invited to work at %(shop)s", shop=SHOP_NAME)
        self._mails.send(
            key=event.id.replace(":", "-"),
            to=invitation.email,
            subject=subject,
            template="emails/account",
            heading=subject,
            name="",
            words=str(
                Text(
                    "%(by)s invites you to work here. With this link you accept, within a week. "
                    "If you do not know what this is about, ignore this mail.",
                    by=invitation.by,
                )
            ),
            button=Text("Accept the invitation"),
            path=f"/account/join/{self._invitations.token(invitation)}",
        )
