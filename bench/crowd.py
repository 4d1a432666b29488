"""Very many shoppers who want the same thing, played by one thread, so that they leave the machine
to the shop."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, CookieJar

from bench.forms import BUY, MAIN, form_of
from bench.latency import ADDRESS

_PATIENCE = 900.0  # seconds until a shopper goes home
_TIMEOUT = ClientTimeout(total=60)
_SOON = 5  # seconds until a shopper asks again who is not told when


@dataclass(frozen=True, kw_only=True, slots=True)
class Crowd:
    """What became of them: outcomes by shopper, answers by status, errors of connections by their
    name, and the seconds that each buyer took."""

    outcomes: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    took: list[float] = field(default_factory=list)


def come(base: str, path: str, shoppers: int, within: float) -> Crowd:
    """Have so many come to the product at ``path`` at any time ``within`` so many seconds."""
    crowd = Crowd()
    asyncio.run(_come(crowd, base, path, shoppers, within))
    return crowd


async def _come(crowd: Crowd, base: str, path: str, shoppers: int, within: float) -> None:
    dice = random.Random(shoppers)
    await asyncio.gather(
        *(_visit(crowd, base, path, each, dice.uniform(0, within)) for each in range(shoppers))
    )


async def _visit(crowd: Crowd, base: str, path: str, number: int, after: float) -> None:
    await asyncio.sleep(after)
    began = time.monotonic()
    jar = CookieJar(unsafe=True)  # the shop has a number for a name
    async with ClientSession(base, cookie_jar=jar, timeout=_TIMEOUT) as browser:
        outcome = await _Shopper(browser, number, crowd).run(path)
    crowd.outcomes[outcome] += 1
    if outcome == "bought":
        crowd.took.append(time.monotonic() - began)


class _GaveUp(Exception):
    """Nobody answered in time."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    text: str
    location: str


class _Shopper:
    """Wants one of it; comes again as often as the shop asks for."""

    def __init__(self, browser: ClientSession, number: int, crowd: Crowd) -> None:
        self._browser = browser
        self._email = f"flash-{number:05}@bench.example"
        self._until = time.monotonic() + _PATIENCE
        self._crowd = crowd

    async def run(self, path: str) -> str:
        """Buy it, or find it sold out."""
        try:
            return await self._buy(path)
        except _GaveUp:
            return "gave up"

    async def _buy(self, path: str) -> str:
        page = await self._ask("GET", path)
        if BUY not in page.text:
            return "sold out"
        item = {**form_of(page.text, BUY), "quantity": "1"}
        if (await self._ask("POST", "/cart/items", item)).status != 303:
            return "sold out"
        checkout = await self._ask("GET", "/checkout")
        if checkout.status != 200:
            return "sold out"
        form = {**form_of(checkout.text, MAIN), **ADDRESS, "email": self._email}
        answer = await self._ask("POST", "/checkout", form)
        if answer.status != 303:
            return "sold out"
        paid = await self._ask("POST", answer.location, {"action": "approve"})
        back = await self._ask("GET", paid.location)
        return "bought" if back.status in {200, 303} else "lost"

    async def _ask(self, method: str, url: str, form: dict[str, str] | None = None) -> _Answer:
        while time.monotonic() < self._until:
            try:
                async with self._browser.request(
                    method, url, data=form, allow_redirects=False
                ) as answer:
                    self._crowd.answers[answer.status] += 1
                    if answer.status != 503:
                        where = answer.headers.get("Location", "")
                        return _Answer(answer.status, await answer.text(), where)
                    wait = int(answer.headers.get("Retry-After", _SOON))
            except (ClientError, TimeoutError) as error:
                kind = urlsplit(url).path.split("/")[1]  # numbers and names say nothing
                self._crowd.broken[f"{type(error).__name__} of {method} /{kind}"] += 1
                wait = _SOON
            await asyncio.sleep(wait)
        raise _GaveUp
