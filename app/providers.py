"""What the environment decides on: gateways and their keys, mail, media, who sells."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from app.config import ConfigurationError, Settings
from app.media.cloudinary_store import CloudinaryMediaStore
from app.media.local import LocalMediaStore
from app.media.service import MediaService
from app.notifications.mail import FolderMailer, Mailer, SmtpMailer
from app.payments.gateways.razorpay import RazorpayGateway
from app.payments.gateways.stripe import StripeGateway
from app.payments.gateways.switchboard import Builder
from app.payments.keys import FIELDS, KeySet, KeySource, key_problems
from app.privacy.models import Periods
from app.shop.models import ShopProfile

_PAGES = {  # the gateways' hosted pages, by the address of their API
    "https://api.stripe.com": ("https://checkout.stripe.com",),
    "https://api.razorpay.com": ("https://api.razorpay.com", "https://checkout.razorpay.com"),
}


def profile(settings: Settings) -> ShopProfile:
    """What the environment says of the shop."""
    return ShopProfile(
        name=settings.seller_lines[0],
        seller=settings.seller_lines,
        tax_id=settings.mossx_tax_id,
        cancel_minutes=settings.mossx_cancel_minutes,
        return_days=settings.mossx_return_days,
    )


def periods(settings: Settings) -> Periods:
    """How long things are kept."""
    return Periods(
        grace=timedelta(days=settings.mossx_grace_days),
        unpaid=timedelta(days=settings.mossx_keep_unpaid_days),
        papers=timedelta(days=366 * settings.mossx_keep_papers_years),
        audit_log=timedelta(days=settings.mossx_keep_log_days),
        traces=timedelta(days=settings.mossx_keep_traces_days),
    )


def environment_keys(settings: Settings) -> list[KeySet]:
    """The keys that the environment has; other gateways have stored ones or are not offered.

    Raises ``ConfigurationError`` in production for what cannot be such a key, as if two had changed
    places: it would fail at the first payment.
    """
    found = [
        KeySet(gateway=gateway, secrets=secrets, source=KeySource.ENVIRONMENT)
        for gateway, names in FIELDS.items()
        if all(
            (secrets := {name: getattr(settings, f"{gateway}_{name}") for name in names}).values()
        )
    ]
    problems = [
        f"{keys.gateway}_{name}".upper() + f": {problem}"
        for keys in found
        for name, problem in key_problems(keys.gateway, keys.secrets).items()
    ]
    if problems and settings.is_production:
        raise ConfigurationError("; ".join(problems))
    return found


def gateway_builders(settings: Settings) -> dict[str, Builder]:
    """How each gateway is made of its keys."""
    return {
        "stripe": lambda keys: StripeGateway(
            keys["secret_key"], keys["webhook_secret"], settings.stripe_api_base
        ),
        "razorpay": lambda keys: RazorpayGateway(
            keys["key_id"],
            keys["key_secret"],
            keys["webhook_secret"],
            settings.razorpay_api_base,
        ),
    }


def payment_pages(settings: Settings) -> tuple[str, ...]:
    """The origins where shoppers pay; where the environment puts something else in a gateway's
    place, that."""
    bases = (settings.stripe_api_base, settings.razorpay_api_base)
    origins = [page for base in bases for page in _PAGES.get(base, (_origin(base),))]
    return tuple(dict.fromkeys([*origins, *settings.mossx_gateway_pages.split()]))


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def picture_origins(settings: Settings, media: MediaService) -> tuple[str, ...]:
    """The origins that pictures come from beside the shop itself."""
    return (*media.origins, *settings.mossx_picture_origins.split())


def media_of(settings: Settings, local: LocalMediaStore) -> MediaService:
    """Cloudinary where it is configured; pictures stored in the folder before stay there."""
    if settings.cloudinary_url:
        return MediaService(CloudinaryMediaStore(settings.cloudinary_url), local)
    return MediaService(local)


def mailer(settings: Settings) -> Mailer:
    """SMTP where it is configured, else a folder."""
    if settings.mail_url:
        return SmtpMailer(settings.mail_url)
    return FolderMailer(settings.mossx_data_dir / "mail")
