"""What search engines should visit (sitemaps.org protocol 0.9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.catalog.repository import CatalogRepository
from app.catalog.service import CatalogService
from app.catalog.structured_data import product_path
from app.db.database import Database
from app.pages.service import ContentPages
from app.shared.errors import NotFound
from app.shared.texts import Text

MOST_URLS = 2_500  # the protocol allows 50 000, but each costs a read when a part is made


@dataclass(frozen=True, kw_only=True, slots=True)
class SitemapEntry:
    """A page's path, and when it last changed if that is known."""

    path: str
    changed_at: datetime | None = None


class Sitemap:
    """One list for a small shop, parts of ``MOST_URLS`` for a large one.

    Products stand in the order in which they came to the shop, so that a new one changes the last
    part alone.
    """

    def __init__(self, database: Database, catalog: CatalogService, content: ContentPages) -> None:
        self._repository = CatalogRepository(database)
        self._catalog = catalog
        self._content = content

    def fits_one_page(self) -> bool:
        """Whether everything fits into one list."""
        return len(self.pages()) + len(self._catalog.live_product_ids()) <= MOST_URLS

    def product_parts(self) -> int:
        """How many parts the products make, at least one."""
        return max(-(-len(self._catalog.live_product_ids()) // MOST_URLS), 1)

    def pages(self) -> list[SitemapEntry]:
        """The home page, every listing, and the owner's own pages."""
        paths = ["/", "/products"]
        paths += [f"/categories/{each.slug}" for each in self._catalog.categories()]
        paths += [f"/collections/{each.slug}" for each in self._catalog.collections()]
        paths += [each.path for each in self._content.every()]
        return [SitemapEntry(path=path) for path in paths]

    def products(self, part: int) -> list[SitemapEntry]:
        """The products of a part, counted from one. Raises ``NotFound`` beyond the last."""
        ids = self._catalog.live_product_ids()[(part - 1) * MOST_URLS : part * MOST_URLS]
        if part != 1 and not ids:
            raise NotFound(Text("The sitemap has no such part."))
        return [
            SitemapEntry(path=product_path(each.slug), changed_at=each.changed_at)
            for each in self._repository.last_changes(ids)
        ]
