"""Links that show a product's page before it is published, to whoever has one, for some days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.shared.clock import now
from app.shared.errors import NotFound
from app.shared.ids import ProductId
from app.shared.shop_keys import ShopKeys
from app.shared.texts import Text
from app.web.seals import Seals

_LIFE = timedelta(days=7)
PREVIEW = "/preview/"


class Previews:
    """Makes and reads the links; nothing is stored."""

    def __init__(self, keys: ShopKeys) -> None:
        self._seals = Seals(keys, "preview")

    def path(self, product_id: ProductId) -> str:
        """The address of a product's preview, good for a week."""
        ends = int((now() + _LIFE).timestamp())
        said = f"{product_id}.{ends}"
        return f"{PREVIEW}{said}.{self._seals.seal(said)}"

    def read(self, token: str) -> tuple[ProductId, datetime]:
        """Whose preview it is, and until when. Raises ``NotFound`` for a link that is over or that
        the shop did not make."""
        said, _, sealed = token.rpartition(".")
        product_id, _, ends = said.partition(".")
        if not self._seals.fits(said, sealed) or datetime.fromtimestamp(int(ends), UTC) < now():
            raise NotFound(Text("This preview is over. Please ask for a new link."))
        return ProductId(product_id), datetime.fromtimestamp(int(ends), UTC)
