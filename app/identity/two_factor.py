"""The second factor: codes from an authenticator app (TOTP, RFC 6238), and recovery codes.

The secret is kept encrypted under the shop's own key, so that a copy of the database is not
enough; of recovery codes only digests are kept.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time

import pyotp

from app.db.database import Database, Session
from app.db.outbox import Outbox
from app.identity.errors import CodeRefused, CodeSentTwice, SecondFactorRequired
from app.identity.events import RECOVERY_CODES_RENEWED, SECOND_FACTOR_CHANGED
from app.identity.models import Account
from app.identity.repository import AccountRepository
from app.shared.errors import Conflict, NotFound
from app.shared.shop_keys import SealCount, ShopKeys
from app.shared.texts import Text
from app.shop.profile import ShopProfiles

PURPOSE = "second-factor"
_STEP = 30  # seconds a code lasts
_DRIFT = 1  # steps that a phone's clock may be off
_CODES = 10
_TRIES = 3  # while other tabs do the same
_LENGTH, _GROUP = 24, 6  # letters of a recovery code, and how many are shown together
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that are mistaken for another


class TwoFactor:
    """Sets second factors up and checks their codes."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        keys: ShopKeys,
        profiles: ShopProfiles,
        *,
        staff_must: bool,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._accounts = AccountRepository(database)
        self._box = keys.box(PURPOSE)
        self._profiles = profiles
        self._staff_must = staff_must

    def is_due(self, account: Account) -> bool:
        """Whether the account must set a factor up before it may do its work."""
        return self.must_have(account) and not account.has_second_factor

    def must_have(self, account: Account) -> bool:
        """Whether the account may not be without one."""
        return account.role.is_staff and (self._staff_must or account.second_factor_required)

    def begin(self, account: Account) -> str:
        """The secret that waits to be confirmed; the same one until then. Raises ``Conflict`` if
        the factor is on, ``NotFound`` if the account is gone."""
        for _ in range(_TRIES):
            waiting = self._accounts.find_second_factor(account.id)
            if waiting and waiting["confirmed_at"] is None:
                known = self._box.open(waiting["secret"])
                if known:
                    return known
            if waiting and waiting["confirmed_at"] is not None:
                raise Conflict(Text("Your second factor is on already."))
            secret = pyotp.random_base32()
            sealed = self._box.seal(secret)
            factor = {"secret": sealed, "confirmed_at": None, "last_step": 0}
            if self._accounts.replace_second_factor(account.id, waiting, factor):
                return secret
        raise NotFound(Text("This account does not exist (any more)."))

    def address(self, account: Account, secret: str) -> str:
        """What the QR code says (``otpauth://``)."""
        shop = self._profiles.current.name
        return pyotp.TOTP(secret).provisioning_uri(name=account.email, issuer_name=shop)

    def confirm(self, account: Account, code: str) -> list[str]:
        """Turn the factor on with a first code; the recovery codes, shown this once, and once more
        to whoever sends the same form twice: browsers show only the last answer.

        Raises ``CodeRefused``, and ``Conflict`` if the factor was turned on otherwise.
        """
        waiting = self._accounts.find_second_factor(account.id)
        secret = self._box.open(waiting["secret"]) if waiting else None
        step = matching_step(secret, plain_code(code)) if secret else None
        if waiting is None or secret is None or step is None:
            raise CodeRefused
        codes = _recovery_codes(secret, account.recovery_round)

        def work(session: Session) -> bool:
            turned_on = self._accounts.confirm_second_factor(
                account.id, waiting["secret"], step, [_digest(each) for each in codes], session
            )
            if turned_on:
                payload = {"account_id": account.id, "enabled": True}
                self._outbox.publish(SECOND_FACTOR_CHANGED, payload, session)
            return turned_on

        if not self._database.in_transaction(work) and not self._began_with(account, secret, step):
            raise Conflict(Text("Your second factor was turned on in another window."))
        return [_in_groups(each) for each in codes]

    def _began_with(self, account: Account, secret: str, step: int) -> bool:
        """Whether this very code turned the factor on, and nobody came in with it since."""
        factor = self._accounts.find_second_factor(account.id)
        return (
            factor is not None
            and factor["confirmed_at"] is not None
            and factor["last_step"] == step
            and self._box.open(factor["secret"]) == secret
        )

    def renew_codes(self, account: Account, seen: int) -> list[str]:
        """Other recovery codes in the place of those of the round that was ``seen``, which open
        nothing any more; the same ones to whoever sends the same form twice.

        Raises ``Conflict`` if the factor is off, or the codes were renewed otherwise.
        """
        factor = self._accounts.find_second_factor(account.id)
        sealed = factor["secret"] if factor and factor["confirmed_at"] else ""
        secret = self._box.open(sealed) if sealed else None
        if secret is None:
            raise Conflict(Text("Your second factor is off."))
        codes = _recovery_codes(secret, seen + 1)

        def work(session: Session) -> bool:
            renewed = self._accounts.renew_recovery_codes(
                account.id, sealed, seen, [_digest(each) for each in codes], session
            )
            if renewed:
                payload = {"account_id": account.id}
                self._outbox.publish(RECOVERY_CODES_RENEWED, payload, session)
            return renewed

        if not self._database.in_transaction(work):
            known = self._accounts.find(account.id)
            if known is None or not known.has_second_factor or known.recovery_round != seen + 1:
                raise Conflict(Text("Your recovery codes were made anew in another window."))
        return [_in_groups(each) for each in codes]

    def check(self, account: Account, code: str, ticket: str) -> None:
        """Spend a code of the app, or a recovery code; each opens once. Raises ``CodeRefused``, or
        ``CodeSentTwice`` for the code that opened with this very ``ticket`` last."""
        cleaned = plain_code(code)
        entry = _digest(f"{ticket} {cleaned}")
        factor = self._accounts.find_second_factor(account.id)
        secret = self._box.open(factor["secret"]) if factor and factor["confirmed_at"] else None
        step = matching_step(secret, cleaned) if secret else None
        if step is not None and self._accounts.use_step(account.id, step, entry):
            return
        if cleaned and self._accounts.use_recovery_code(account.id, _digest(cleaned), entry):
            return
        factor = self._accounts.find_second_factor(account.id)
        if factor and factor.get("last_entry") == entry:
            raise CodeSentTwice
        raise CodeRefused

    def turn_off(self, account: Account) -> None:
        """Remove the factor. Raises ``SecondFactorRequired`` for people who must have one."""
        if self.must_have(account):
            raise SecondFactorRequired
        self.reset(account)

    def reset(self, account: Account) -> None:
        """Remove the factor of somebody who lost it, and tell them."""
        self._accounts.set_second_factor(account.id, None)
        if account.has_second_factor:
            payload = {"account_id": account.id, "enabled": False}
            self._outbox.publish(SECOND_FACTOR_CHANGED, payload)

    # --- the shop's keys ------------------------------------------------------------------------

    def count_seals(self) -> SealCount:
        """Which of the shop's keys the secrets are sealed with."""
        sealed = (secret for _, secret in self._accounts.sealed_factors())
        return sum((SealCount.of(self._box.position(each)) for each in sealed), SealCount())

    def reseal(self) -> None:
        """Seal with the newest key whatever an older one sealed; repeating it changes nothing."""
        for account_id, sealed in self._accounts.sealed_factors():
            if self._box.position(sealed):
                self._accounts.replace_sealed(account_id, sealed, self._box.renew(sealed))


def plain_code(typed: str) -> str:
    """A code without the spaces and dashes it may be shown with."""
    return "".join(letter for letter in typed.lower() if letter.isalnum())


def matching_step(secret: str, code: str, moment: float | None = None) -> int | None:
    """The time step whose code this is, if it is near enough to ``moment``, by default now."""
    now = int(time.time() if moment is None else moment) // _STEP
    maker = pyotp.TOTP(secret)
    for step in range(now + _DRIFT, now - _DRIFT - 1, -1):
        if secrets.compare_digest(maker.at(step * _STEP).encode(), code.encode()):
            return step
    return None


def _recovery_codes(secret: str, made: int) -> list[str]:
    """Codes of 118 bits: so many that a digest without salt gives none of them away (ASVS 6.5.2).

    They follow from the secret and from how often some were ``made``, so that of two requests at
    once both show the ones that count.
    """
    return [_recovery_code(secret, made * _CODES + number) for number in range(_CODES)]


def _recovery_code(secret: str, number: int) -> str:
    made = hmac.digest(secret.encode(), f"recovery code {number}".encode(), "sha512")
    rest, letters = int.from_bytes(made), []
    for _ in range(_LENGTH):
        rest, place = divmod(rest, len(_LETTERS))
        letters.append(_LETTERS[place])
    return "".join(letters)


def _in_groups(code: str) -> str:
    return "-".join(code[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
