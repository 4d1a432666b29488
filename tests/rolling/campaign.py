"""The campaign: the steps of docs/deploying.md, one after the other, while people shop."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from app.db.database import Database
from app.db.migrations import applied_migrations
from dev.stack import ROOT
from tests.chaos.quiet import settle_and_judge
from tests.chaos.shelves import stock_of
from tests.faults.people import Buyer, CartKeeper, Looker, Member, Owner, Person, at_large
from tests.faults.watch import Answer, Outcome, Watch
from tests.rolling.ground import LOOKS_EVERY, Ground
from tests.rolling.worktree import migrations_of

_WHILE = 6.0  # seconds that people go on after each step
_BAD = {Outcome.WRONG, Outcome.HANGING, Outcome.CUT_OFF, Outcome.SAID_SO}
_NEVER = {401, 403, 404}  # what nobody gets who follows links and sends forms as they came
_ASSET = re.compile(r'"(/static/[^"]+)"')


@dataclass(kw_only=True, slots=True)
class Step:
    """What people got during one step, and what was lost by its end."""

    name: str
    seconds: float = 0.0
    answers: list[Answer] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)
    also: list[str] = field(default_factory=list)  # what else was not as it should be

    @property
    def problems(self) -> list[str]:
        """What must not be."""
        bad = [each for each in self.answers if each.outcome in _BAD or each.status in _NEVER]
        found = Counter(f"{each.outcome} ({each.status}): {each.what}" for each in bad)
        lost = [f"{count} {what}" for what, count in sorted(self.lost.items()) if count]
        return [*(f"{count} {what}" for what, count in found.items()), *lost, *self.also]


class Reader(Looker):
    """Looks around, and gets what pages name besides: styles, scripts, fonts."""

    def act(self) -> None:
        """One step of it."""
        super().act()
        for path in sorted(set(_ASSET.findall(self.get("/products").text))):
            self.get(path)


class Campaign:
    """One upgrade, with a way back in the middle of it."""

    def __init__(self, folder: Path, old: Path, seed: int, say: Callable[[str], None]) -> None:
        self.ground = Ground(folder, old)
        self._old = old
        self._rng = random.Random(seed)
        self._say = say
        self._crowd: list[Person] = []
        self.watch = Watch()
        self.seen: Counter[str] = Counter()
        self.steps: list[Step] = []
        self.figures: dict[str, int] = {}

    @property
    def migrations(self) -> list[str]:
        """What the new version adds to the schema."""
        known = migrations_of(self._old)
        return [name for name in migrations_of(ROOT) if name not in known]

    def run(self) -> None:
        """Do it all; afterwards ``steps`` and ``figures`` say what it cost."""
        ground, stock = self.ground, stock_of()
        try:
            opened = ground.open()
            direct = Database(ground.environment["MONGODB_URI"])
            self._crowd = self._people(direct, list(stock), opened)
            with ground.door.looking(LOOKS_EVERY), at_large(self._crowd):
                self._upgrade(direct)
            direct.close()
            self._settle(stock)
        finally:
            ground.stop()

    def _people(self, direct: Database, skus: list[str], opened: dict[str, Any]) -> list[Person]:
        base = self.ground.environment["BASE_URL"]

        def about() -> tuple[str, Watch, random.Random, Database]:
            return base, self.watch, random.Random(self._rng.random()), direct

        buying: dict[str, Any] = {"skus": skus, "seen": self.seen, "cards": tuple(opened["cards"])}
        return [
            Reader(*about(), pictures=tuple(opened["pictures"])),
            CartKeeper(*about()),
            CartKeeper(*about(), stays=True),
            Member(*about(), email="ann@example.com"),
            *(Buyer(*about(), **buying) for _ in range(3)),
            Owner(*about(), email="owner@example.com", product_id=opened["edited"]),
        ]

    def _upgrade(self, direct: Database) -> None:
        """As docs/deploying.md says, and a way back."""
        ground, (one, two) = self.ground, self.ground.web.values()
        with self._step("the old version alone"):
            pass
        with self._step("a new web server, too early") as step:
            if not ground.refuses_early():
                step.also.append("it says that it is ready while migrations wait")
        with self._step("the new migrations run") as step:
            ground.command(ROOT, "-m", "flask", "db", "upgrade")
            missing = set(self.migrations) - applied_migrations(direct)
            step.also += [f"{name} did not run" for name in sorted(missing)]
        with self._step("the first web server is replaced"):
            ground.replace(one, ROOT)
        with self._step("the second web server is replaced"):
            ground.replace(two, ROOT)
        with self._step("the worker is replaced"):
            ground.replace(ground.worker, ROOT)
        with self._step("the first web server goes back"):
            ground.replace(one, self._old)
        with self._step("the worker goes back"):
            ground.replace(ground.worker, self._old)
        with self._step("the first web server is replaced again"):
            ground.replace(one, ROOT)
        with self._step("the worker is replaced again"):
            ground.replace(ground.worker, ROOT)
        with self._step("the new version alone"):
            pass

    @contextmanager
    def _step(self, name: str) -> Iterator[Step]:
        """Do something, let people go on for a while, and ask them."""
        step, begun = Step(name=name), time.monotonic()
        yield step
        step.seconds = time.monotonic() - begun
        time.sleep(_WHILE)
        for person in self._crowd:
            try:
                step.lost += person.look()
            except requests.RequestException as error:
                step.also.append(f"{type(person).__name__} could not look: {error}")
        step.answers = self.watch.between(begun, time.monotonic())
        self.steps.append(step)
        problems = "".join(f"\n    {each}" for each in step.problems)
        self._say(f"{name}: {step.seconds:.1f} s, {len(step.answers)} answers{problems}")

    def _settle(self, stock: dict[str, int]) -> None:
        time.sleep(4)  # late authorisations
        self.ground.worker.service.stop()
        self.figures = settle_and_judge(self.ground.environment, stock, self.seen, 40)
