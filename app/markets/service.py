"""The markets the shop sells in, read from this process's memory and written for all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from app.db.database import Database, Session
from app.db.outbox import Outbox
from app.markets.checking import check_market
from app.markets.documents import from_document
from app.markets.events import MARKET_CHANGED
from app.markets.follower import MarketFollower
from app.markets.models import Market, PriceRounding
from app.markets.repository import MarketRepository
from app.markets.starting import GERMANY, INDIA, STARTING, UNITED_STATES
from app.shared.errors import Conflict, Invalid, NotFound
from app.shared.texts import Text

__all__ = ["GERMANY", "INDIA", "STARTING", "UNITED_STATES", "MarketService"]
PricedIn = Callable[[str, Session], set[str]]
PromisedIn = Callable[[str, Session], list[str]]


class MarketService:
    """Reads cost nothing: each process holds the markets. A write reaches every process at once.

    ``priced_in`` says in which currencies things are priced in a market, ``promised_in`` which
    promotions have amounts in its currency.
    """

    def __init__(
        self, database: Database, outbox: Outbox, priced_in: PricedIn, promised_in: PromisedIn
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._priced_in = priced_in
        self._promised_in = promised_in
        self._markets = MarketRepository(database)
        self.follower = MarketFollower(self._markets)

    # --- reading --------------------------------------------------------------------------------

    def open(self) -> tuple[Market, ...]:
        """Every market the shop sells in, the default one first."""
        return self.follower.snapshot().open

    def every(self) -> tuple[Market, ...]:
        """Every market, closed ones too."""
        return self.follower.snapshot().every

    @property
    def default(self) -> Market:
        """The market of those who chose none."""
        return self.open()[0]

    def find(self, code: str) -> Market | None:
        """The open market with this code, whatever its case, or None."""
        wanted = code.strip().upper()
        return next((each for each in self.open() if each.code == wanted), None)

    def get(self, code: str) -> Market:
        """The market with this code, closed or not, as the database has it now. Raises
        ``NotFound``."""
        self.follower.renew()
        wanted = code.strip().upper()
        found = next((each for each in self.every() if each.code == wanted), None)
        if found is None:
            raise NotFound(Text("There is no market “%(code)s”.", code=code))
        return found

    def rounding_of(self, code: str) -> PriceRounding:
        """How prices that are computed end in a market, open or not."""
        found = next((each for each in self.every() if each.code == code), None)
        return found.rounding if found else PriceRounding.NONE

    # --- writing --------------------------------------------------------------------------------

    def store(self, given: object) -> Market:
        """Store a market as its JSON says: a new one (``version`` 0), or over the ``version`` that
        was read.

        Returns it as it is then; storing what is there already changes nothing. Raises
        ``Invalid`` with a message for each wrong field, by its path (``zones.0.methods.1.price``),
        and ``Conflict`` if somebody else changed it.
        """
        market = from_document(given)

        def work(session: Session) -> Market:
            self._markets.take_turn(session)
            known = {each.code: each for each in self._markets.all(session)}
            before = known.pop(market.code, None)
            if before is not None and replace(before, version=market.version) == market:
                return before
            if before is not None and not market.version:
                message = Text("There is a market of this code already.")
                raise Invalid(Text("Please check the market's fields."), {"code": message})
            check_market(market, tuple(known.values()))
            self._check_currency(market, before, session)
            stored = self._write(market, before, session)
            self._publish(stored, session)
            return stored

        stored = self._database.in_transaction(work)
        self.follower.renew()
        return stored

    def reorder(self, was: Sequence[str], codes: Sequence[str]) -> bool:
        """Put the markets into this order, whose first open one is the default; False if they are
        in it already. Raises ``Conflict`` if ``was``, the order that was read, is another now."""

        def work(session: Session) -> bool:
            self._markets.take_turn(session)
            known = {each.code: each for each in self._markets.all(session)}
            if list(known) == list(codes):
                return False
            if list(known) != list(was) or sorted(known) != sorted(codes):
                raise Conflict(Text("Somebody else has changed the list. Please look again."))
            for position, code in enumerate(codes):
                market = known[code]
                if market.position != position:
                    moved = replace(market, position=position)
                    self._publish(self._write(moved, market, session), session)
            return True

        moved = self._database.in_transaction(work)
        self.follower.renew()
        return moved

    def _publish(self, stored: Market, session: Session) -> None:
        payload = {"code": stored.code, "version": stored.version}
        self._outbox.publish(MARKET_CHANGED, payload, session, key=f"{MARKET_CHANGED}:{stored.key}")

    def _check_currency(self, market: Market, before: Market | None, session: Session) -> None:
        """Prices are never converted: a price list is in its market's currency or there is none,
        and so are the amounts of promotions."""
        others = self._priced_in(market.code, session) - {market.currency}
        if others:
            message = Text(
                "Products have prices in %(currencies)s in this market.",
                currencies=", ".join(sorted(others)),
            )
            raise Invalid(Text("Please check the market's fields."), {"currency": message})
        if before is None or before.currency == market.currency:
            return
        if names := self._promised_in(market.code, session):
            message = Text(
                "Promotions have amounts in %(currency)s in this market: %(names)s.",
                currency=before.currency,
                names=", ".join(names),
            )
            raise Invalid(Text("Please check the market's fields."), {"currency": message})

    def _write(self, market: Market, before: Market | None, session: Session) -> Market:
        if before is None:
            stored = replace(market, version=1)
            done = self._markets.insert(stored, session)
        else:
            stored = replace(market, version=market.version + 1)
            done = self._markets.replace(stored, session)
        if not done:
            raise Conflict(Text("Somebody else has changed this market. Please look again."))
        return stored
