"""Carriers, and where each one's tracking page is."""

from __future__ import annotations

import re
from urllib.parse import quote

from app.shared.errors import Invalid
from app.shared.texts import Text

# Addresses of the carriers' public tracking pages, with the parcel's number at the end.
_CARRIERS: dict[str, tuple[str, str]] = {
    "dhl": ("DHL", "https://www.dhl.com/global-en/home/tracking.html?tracking-id="),
    "dpd": ("DPD", "https://tracking.dpd.de/status/en_US/parcel/"),
    "gls": ("GLS", "https://gls-group.com/EU/en/parcel-tracking/?match="),
    "ups": ("UPS", "https://www.ups.com/track?tracknum="),
    "fedex": ("FedEx", "https://www.fedex.com/fedextrack/?trknbr="),
    "usps": ("USPS", "https://tools.usps.com/go/TrackConfirmAction?tLabels="),
    "delhivery": ("Delhivery", "https://www.delhivery.com/track-v2/package/"),
    "bluedart": ("Blue Dart", "https://www.bluedart.com/trackdartresultthirdparty?trackNo="),
}
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./-]{3,39}")


def carrier_codes() -> tuple[str, ...]:
    """The carriers with a tracking page."""
    return tuple(_CARRIERS)


def carrier_name(carrier: str) -> str:
    """What a carrier is called; one that is not listed is called what staff typed."""
    return _CARRIERS[carrier][0] if carrier in _CARRIERS else carrier


def tracking_url(carrier: str, tracking: str) -> str:
    """Where a parcel can be followed, or ""."""
    if carrier not in _CARRIERS or not tracking:
        return ""
    return _CARRIERS[carrier][1] + quote(tracking.replace(" ", ""), safe="")


def clean_carrier(text: str) -> str:
    """The carrier's code where it is listed, else its name on one line."""
    plain = " ".join(text.split())[:60]
    code = plain.lower().replace(" ", "")
    return code if code in _CARRIERS else plain


def clean_tracking(text: str) -> str:
    """The parcel's number on one line. Raises ``Invalid`` for what is none."""
    plain = " ".join(text.split())
    if plain and not _NUMBER.fullmatch(plain):
        message = Text(
            "A tracking number has 4 to 40 letters, digits, spaces, dots, slashes or hyphens."
        )
        raise Invalid(message, {"tracking": message})
    return plain
