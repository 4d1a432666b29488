"""Stock alerts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from app.shared.ids import Sku
from app.shared.languages import DEFAULT

AlertId = NewType("AlertId", str)


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """Somebody who asked to be told; no longer ``waiting`` once they are, or want it no more."""

    id: AlertId
    sku: Sku
    email: str
    waiting: bool
    language: str = DEFAULT  # to write in
