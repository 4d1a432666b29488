"""One row of the read model, as cards and caches see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from app.catalog.readmodel.entries import milliseconds
from app.shared.clock import now
from app.shared.ids import ProductId

_NEW = timedelta(days=45) // timedelta(milliseconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A product by its ``number`` in the model; the document has the rest.

    Whatever its card shows is told by id, ``revision``, ``is_new``, the market and whether it
    can be bought there.
    """

    number: int
    id: ProductId
    slug: str
    revision: int
    published_at: int  # milliseconds since 1970, UTC
    is_bundle: bool
    sales: int  # units

    @property
    def is_live(self) -> bool:
        """Whether its day of publication has come."""
        return self.published_at <= milliseconds(now())

    @property
    def is_new(self) -> bool:
        """Whether it came to the shop a few weeks ago at most."""
        return milliseconds(now()) - self.published_at < _NEW
