"""Why somebody is not let in, or something about an account cannot be changed."""

from __future__ import annotations

from app.shared.errors import Conflict, Forbidden, Invalid, NotFound
from app.shared.texts import Text


class SignInRefused(Invalid):
    """The address is unknown or the password wrong: the answer never tells which."""

    def __init__(self) -> None:
        super().__init__(Text("This e-mail address and password do not belong together."))


class CodeRefused(Invalid):
    """The second factor's code is wrong, old or used."""

    def __init__(self) -> None:
        message = Text("This code is not valid (any more). Please enter the newest one.")
        super().__init__(message, {"code": message})


class CodeSentTwice(CodeRefused):
    """The form that let somebody in was sent once more: it opens nothing, but nothing is wrong."""


class WrongPassword(Invalid):
    """A signed-in person was asked for the password again, and it was wrong."""

    def __init__(self) -> None:
        message = Text("This is not your current password.")
        super().__init__(message, {"current_password": message})


class WeakPassword(Invalid):
    """The new password is too short or too easy to guess."""

    def __init__(self, message: str) -> None:
        super().__init__(message, {"password": message})


class EmailTaken(Invalid):
    """Another account has proven to own this address."""

    def __init__(self) -> None:
        message = Text(
            "This e-mail address already belongs to another account. Please log in there."
        )
        super().__init__(message, {"email": message})


class LinkExpired(NotFound):
    """A link from a mail is old, was used, or is not one of ours."""

    def __init__(self) -> None:
        super().__init__(Text("This link is no longer valid. Please ask for a new one."))


class SessionEnded(Exception):
    """There is no such session (any more): revoked, expired, or never there."""


class TokenReused(SessionEnded):
    """A spent refresh token came back: somebody has a copy, so its whole family is revoked."""


class AddressBookFull(Invalid):
    """There is an end to every address book."""

    def __init__(self, most: int) -> None:
        super().__init__(
            Text(
                "An address book holds up to %(most)s addresses. Please remove one first.",
                most=most,
            )
        )


class SecondFactorRequired(Invalid):
    """Staff cannot be without a second factor."""

    def __init__(self) -> None:
        super().__init__(
            Text("People who work here need a second factor, so it cannot be turned off.")
        )


class OwnerCannotLeave(Invalid):
    """A shop is never without an owner."""

    def __init__(self) -> None:
        super().__init__(
            Text("An owner's account cannot be deleted: somebody else must own the shop first.")
        )


class StillOpen(Invalid):
    """Something of the account is not over yet."""

    def __init__(self, number: str) -> None:
        super().__init__(
            Text(
                "Order %(number)s is still open: it waits for its payment, its delivery, a return "
                "or a refund. The account can be deleted once that is over.",
                number=number,
            )
        )


class NotStaff(NotFound):
    """Nobody of this id works here."""

    def __init__(self) -> None:
        super().__init__(Text("This person does not work here (any more)."))


class OwnRole(Forbidden):
    """Nobody changes their own role, or is rid of their own second factor here."""

    def __init__(self) -> None:
        super().__init__(Text("Another owner does that for you. Nothing was changed."))


class LastOwner(Conflict):
    """A shop is never without an owner."""

    def __init__(self) -> None:
        super().__init__(
            Text("This is the last owner: somebody else must own the shop first. Nothing changed.")
        )


class RoleMovedOn(Conflict):
    """Somebody else has changed the role since it was read."""

    def __init__(self) -> None:
        super().__init__(Text("Somebody else has changed this role. Please look again."))


class AlreadyStaff(Invalid):
    """Who is invited works here already."""

    def __init__(self) -> None:
        message = Text("This person works here already.")
        super().__init__(message, {"email": message})


class AlreadyInvited(Invalid):
    """There is an open invitation for the address, in another role."""

    def __init__(self) -> None:
        message = Text("This address is invited in another role. Withdraw that invitation first.")
        super().__init__(message, {"email": message})


class InvitationOver(Conflict):
    """The invitation was accepted or withdrawn, or never there."""

    def __init__(self) -> None:
        super().__init__(Text("This invitation was accepted or withdrawn already."))


class StaffAccount(Invalid):
    """The account of somebody who works here is not handled as a customer's."""

    def __init__(self) -> None:
        super().__init__(Text("This person works here: owners find the account under Staff."))
