"""What the catalog refuses."""

from __future__ import annotations

from typing import Generic, TypeVar

from app.shared.errors import Conflict, Invalid
from app.shared.texts import Text

T = TypeVar("T")


class Overtaken(Conflict, Generic[T]):
    """Somebody else changed the thing since it was read; ``current`` is what it is now."""

    def __init__(self, current: T) -> None:
        super().__init__(Text("Somebody else has changed this meanwhile."))
        self.current = current


class BundleRefused(Invalid, ValueError):
    """A bundle that cannot be sold as one. ``fields`` may name ``pricing``, ``components``, or
    ``components.<place>.<field>``, places from 0."""
