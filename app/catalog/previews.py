"""Links that show a product's page before it is published, to whoever has one, for some days."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta

from app.shared.clock import now
from app.shared.errors import NotFound
from app.shared.ids import ProductId
from app.shared.texts import Text
from app.web.seals import seal_for

_LIFE = timedelta(days=7)
PREVIEW = "/preview/"


class Previews:
    """Makes and reads the links; nothing is stored."""

    def __init__(self, secret: str) -> None:
        self._seal = seal_for(secret, "preview")

    def path(self, product_id: ProductId) -> str:
        """The address of a product's preview, good for a week."""
        ends = int((now() + _LIFE).timestamp())
        said = f"{product_id}.{ends}"
        return f"{PREVIEW}{said}.{self._seal(said)}"

    def read(self, token: str) -> tuple[ProductId, datetime]:
        """Whose preview it is, and until when. Raises ``NotFound`` for a link that is over or that
        the shop did not make."""
        said, _, sealed = token.rpartition(".")
        product_id, _, ends = said.partition(".")
        good = hmac.compare_digest(self._seal(said).encode(), sealed.encode())
        if not good or datetime.fromtimestamp(int(ends), UTC) < now():
            raise NotFound(Text("This preview is over. Please ask for a new link."))
        return ProductId(product_id), datetime.fromtimestamp(int(ends), UTC)
