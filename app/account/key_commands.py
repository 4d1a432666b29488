"""``flask keys …``: the shop's own keys while they are changed (docs/keys.md)."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from app.db.errors import PyMongoError
from app.identity.signing import SigningKeys
from app.identity.two_factor import TwoFactor
from app.payments.keyring import KeyRing
from app.shared.errors import Conflict
from app.shared.shop_keys import SealCount, ShopKeys, key_id
from app.web.registry import service

key_commands = AppGroup("keys", help="The shop's own keys, while they are changed.")


@key_commands.command("status")
def status() -> None:
    """Which keys are in use, and how much is still sealed with which. Ends non-zero if something
    cannot be opened."""
    keys = service(ShopKeys, current_app)
    click.echo(f"SECRET_KEY            {key_id(keys.newest)} signs and seals")
    for key in keys.older:
        click.echo(f"SECRET_KEY_FALLBACKS  {key_id(key)} verifies and opens")
    for number, key in enumerate(service(SigningKeys, current_app).ids):
        click.echo(f"JWT_SECRET_KEY        {key} {'verifies' if number else 'signs'}")
    try:
        counted = _count()
    except PyMongoError as error:
        raise click.ClickException(f"The database does not answer: {error}") from error
    for name, count in counted.items():
        click.echo(
            f"{name}: {count.newest} sealed with the newest key, {count.older} with older ones"
        )
    locked = {name: count.locked for name, count in counted.items() if count.locked}
    if locked:
        told = ", ".join(f"{number} {name}" for name, number in locked.items())
        raise click.ClickException(
            f"None of the keys opens {told}. Put the key they were sealed with into "
            "SECRET_KEY_FALLBACKS, or have them entered anew."
        )


@key_commands.command("reseal")
def reseal() -> None:
    """Seal everything with the newest key that an older one sealed. May be repeated, and killed."""
    try:
        before = sum(_count().values(), SealCount())
        service(TwoFactor, current_app).reseal()
        service(KeyRing, current_app).reseal()
        after = sum(_count().values(), SealCount())
    except Conflict as error:
        raise click.ClickException("A gateway's keys were just changed: try again.") from error
    except PyMongoError as error:
        raise click.ClickException(f"The database does not answer: {error}") from error
    click.echo(f"{before.older} sealed anew, {after.newest} sealed with the newest key")
    if after.older or after.locked:
        raise click.ClickException(
            f"{after.older} left with older keys, {after.locked} that none of the keys opens"
        )


def _count() -> dict[str, SealCount]:
    return {
        "second factors": service(TwoFactor, current_app).count_seals(),
        "gateways' keys": service(KeyRing, current_app).count_seals(),
    }
