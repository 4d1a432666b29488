"""The places where goods lie."""

from __future__ import annotations

import re
from dataclasses import replace

from app.db.database import Database, Session
from app.db.errors import DuplicateKeyError
from app.inventory.errors import LocationInUse, LocationMoved, LocationTaken, UnknownLocation
from app.inventory.location_repository import LocationRepository
from app.inventory.models import DEFAULT_LOCATION, Location, LocationCode
from app.inventory.repository import StockRepository
from app.inventory.rules import LONGEST_CODE, check_code
from app.shared.errors import Invalid
from app.shared.slugs import slug_from
from app.shared.texts import Text

_COUNTRY = re.compile(r"[A-Z]{2}")
_ADDRESS = 500  # characters


class Locations:
    """Locations of the shop, of which one at least is open."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._locations = LocationRepository(database)
        self._stock = StockRepository(database)

    def every(self) -> list[Location]:
        """All of them, open ones first, as they are asked to send something."""
        return self._locations.every()

    def names(self) -> dict[str, str]:
        """Names by code."""
        return {each.code: each.name for each in self._locations.every()}

    def add(
        self, code: str, name: str, *, country: str = "", address: str = "", priority: int = 0
    ) -> Location:
        """Open a location; without a code it gets one from its name. Raises ``Invalid`` beside
        ``code``, ``name`` or ``country``, and ``LocationTaken``."""
        location = _checked(
            Location(
                code=LocationCode(code.strip()),
                name=name,
                country=country,
                address=address,
                priority=priority,
            )
        )
        made = location.code or slug_from(location.name, LONGEST_CODE)
        location = replace(location, code=check_code(made))

        def work(session: Session) -> None:
            self._store_default(session)
            self._locations.insert(location, session)

        try:
            self._database.in_transaction(work)
        except DuplicateKeyError as error:
            raise LocationTaken(location.code) from error
        return location

    def _store_default(self, session: Session) -> None:
        if not self._locations.has_any(session):
            self._locations.insert(DEFAULT_LOCATION, session)

    def get(self, code: str) -> Location:
        """A location, open or closed. Raises ``UnknownLocation``."""
        for each in self._locations.every():
            if each.code == code:
                return each
        raise UnknownLocation(code)

    def change(self, location: Location) -> Location:
        """Store a changed name, country, address or priority over the version that was read, and
        return the next one. Raises as ``add``, and ``LocationMoved``."""
        changed = _checked(location)

        def work(session: Session) -> None:
            self._store_default(session)
            if not self._locations.replace(changed, session):
                raise LocationMoved

        self._database.in_transaction(work)
        return replace(changed, version=changed.version + 1)

    def close(self, code: str) -> None:
        """Send nothing from a location any more. Raises ``UnknownLocation``, and
        ``LocationInUse`` while something lies or is reserved there."""

        def work(session: Session) -> None:
            known = {each.code: each for each in self._locations.every(session)}
            location = known.get(check_code(code))
            if location is None or not location.active:
                raise UnknownLocation(code)
            if sum(each.active for each in known.values()) == 1:
                raise LocationInUse(Text("The last open location cannot be closed."))
            if self._stock.lies_at(location.code, session):
                raise LocationInUse(
                    Text("Something still lies at %(place)s: move it first.", place=location.code)
                )
            self._locations.set_active(location, False, session)

        self._database.in_transaction(work)

    def reopen(self, code: str) -> None:
        """Send from a closed location again. Raises ``UnknownLocation``."""

        def work(session: Session) -> None:
            known = {each.code: each for each in self._locations.every(session)}
            location = known.get(check_code(code))
            if location is None:
                raise UnknownLocation(code)
            self._locations.set_active(location, True, session)

        self._database.in_transaction(work)


def _checked(location: Location) -> Location:
    """A location as it is kept."""
    cleaned = replace(
        location,
        name=" ".join(location.name.split()),
        country=location.country.strip().upper(),
        address=location.address.strip(),
    )
    if not 0 < len(cleaned.name) <= 100:
        raise _invalid("name", Text("A location's name has 1 to 100 characters."))
    if cleaned.country and not _COUNTRY.fullmatch(cleaned.country):
        raise _invalid("country", Text("A country is two letters, such as DE."))
    if len(cleaned.address) > _ADDRESS:
        raise _invalid("address", Text("Please use at most %(max)s characters.", max=_ADDRESS))
    return cleaned


def _invalid(field: str, message: str) -> Invalid:
    return Invalid(message, {field: message})
