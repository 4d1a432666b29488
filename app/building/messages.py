"""The mails that the shop sends."""

from __future__ import annotations

from dataclasses import dataclass

from jinja2 import Environment

from app.building.foundation import Foundation
from app.building.selling import Selling
from app.notifications.service import NotificationService
from app.notifications.wording import MailWordings
from app.providers import mailer


@dataclass(frozen=True, kw_only=True, slots=True)
class Messages:
    """What writes and sends mails."""

    mail: NotificationService
    wordings: MailWordings


def build_messages(base: Foundation, selling: Selling, templates: Environment) -> Messages:
    """Mails made of these templates."""
    settings, wordings = base.settings, MailWordings(base.stored)
    mail = NotificationService(
        base.database, selling.orders, mailer(settings), templates, settings.base_url, wordings,
        base.profiles, base.content,
    )  # fmt: skip
    return Messages(mail=mail, wordings=wordings)
