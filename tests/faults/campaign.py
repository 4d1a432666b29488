"""The campaign: people who do not stop, one fault after the other, and what it cost each time."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from app import create_app
from app.db.database import Database
from app.db.errors import PyMongoError
from app.identity.models import Role
from app.identity.service import AccountService
from app.media.service import MediaService
from app.shared.clock import now
from app.web.registry import service
from dev.service import ServiceFailed
from tests.chaos.quiet import settle_and_judge
from tests.chaos.shelves import fill, stock_of
from tests.faults.breaking import Fault
from tests.faults.ground import Ground
from tests.faults.people import Buyer, CartKeeper, Looker, Member, Owner, Person, at_large
from tests.faults.watch import Answer, Outcome, Watch, by_kind
from tests.support.gateways import Sandbox
from tests.support.member import PASSWORD, make_proven
from tests.support.pictures import encoded, two_halves

_PATIENCE = 40.0  # seconds that the shop may take to be well again
_STEP = 0.5
_LATE = timedelta(seconds=3)  # an event that waits for longer is part of a backlog
_PICTURES = 6
_CHECKOUTS = 400  # about; codes and cards are made for so many


@dataclass(kw_only=True, slots=True)
class Finding:
    """What one fault cost."""

    fault: Fault
    during: list[Answer]
    after: list[Answer]  # once it was over
    recovery: float | None  # seconds until everything was good again, None for never
    slowest_back: str = ""
    lost: Counter[str] = field(default_factory=Counter)
    captured_twice: int = 0

    @property
    def problems(self) -> list[str]:
        """What must not be."""
        found = [f"{count} {what}" for what, count in sorted(self.lost.items()) if count]
        if self.captured_twice:
            found.append(f"{self.captured_twice} orders captured twice")
        if self.recovery is None:
            found.append(f"never well again ({self.slowest_back})")
        for kind, answers in sorted(by_kind(self.during).items()):
            found += self._problems_of(kind, answers)
        return found

    def _problems_of(self, kind: str, answers: list[Answer]) -> Iterable[str]:
        outcomes = Counter(each.outcome for each in answers)
        worst = max(each.seconds for each in answers)
        for bad in (Outcome.WRONG, Outcome.HANGING, Outcome.CUT_OFF):
            if outcomes[bad] and not (bad is Outcome.CUT_OFF and self.fault.cuts):
                yield f"{kind}: {outcomes[bad]} {bad}"
        if worst > self.fault.limit:
            yield f"{kind}: an answer after {worst:.1f} s"
        if kind in self.fault.works and outcomes[Outcome.SAID_SO]:
            yield f"{kind}: {outcomes[Outcome.SAID_SO]} times not available"


class Campaign:
    """One run over some faults."""

    def __init__(self, folder: Path, seed: int, say: Callable[[str], None]) -> None:
        self._ground = Ground(folder)
        self._rng = random.Random(seed)
        self._say = say
        self.watch = Watch()
        self.seen: Counter[str] = Counter()
        self.figures: dict[str, int] = {}
        self.findings: list[Finding] = []

    def run(self, faults: Iterable[Fault]) -> None:
        """Make every fault; afterwards ``findings`` has one entry for each, ``figures`` what the
        judge says."""
        ground, stock = self._ground, stock_of()
        try:
            ground.start_servers()
            people = self._people(stock)
            ground.stack.start()
            direct = Database(ground.mongo_uri)
            with at_large(people(direct)):
                time.sleep(3)
                for fault in faults:
                    self.findings.append(self._make(fault, direct))
                    self._say(self._told(self.findings[-1]))
            direct.close()
            self._settle(stock)
        finally:
            ground.stop()

    def _people(self, stock: dict[str, int]) -> Callable[[Database], list[Person]]:
        """Fill the shop; what is returned makes the people in it."""
        environment = self._ground.environment
        cards = fill(environment, stock, _CHECKOUTS, self._rng)
        app = create_app(environment)
        database = service(Database, app)
        make_proven(app, "ann@example.com")
        service(AccountService, app).create_proven(
            "owner@example.com", PASSWORD, "Olive", Role.OWNER
        )
        edited = database["products"].find_one({"title": "Chaos C-5"}) or {}
        pictures = tuple(
            service(MediaService, app).put(encoded(two_halves(2000, 900 + n)), f"picture {n}").src
            for n in range(_PICTURES)
        )
        database.close()
        base = environment["BASE_URL"]

        def make(direct: Database) -> list[Person]:
            def about() -> tuple[str, Watch, random.Random, Database]:
                return base, self.watch, random.Random(self._rng.random()), direct

            buying: dict[str, Any] = {"skus": list(stock), "seen": self.seen, "cards": cards}
            self._crowd = [
                *(Looker(*about(), pictures=pictures) for _ in range(2)),
                *(CartKeeper(*about()) for _ in range(2)),
                Member(*about(), email="ann@example.com"),
                *(Buyer(*about(), **buying) for _ in range(3)),
                Owner(*about(), email="owner@example.com", product_id=edited["_id"]),
            ]
            return self._crowd

        return make

    def _make(self, fault: Fault, direct: Database) -> Finding:
        begun = time.monotonic()
        with fault.make(self._ground) as step:
            while time.monotonic() - begun < fault.seconds:
                if step is not None:
                    step()
                time.sleep(_STEP)
            ended = time.monotonic()
        mended = time.monotonic()
        recovery, slowest = self._wait_until_well(mended, direct)
        lost: Counter[str] = Counter()
        for person in self._crowd:
            lost += self._ask(person)
        return Finding(
            fault=fault,
            during=self.watch.between(begun, ended),
            after=self.watch.between(mended, time.monotonic()),
            recovery=recovery,
            slowest_back=slowest,
            lost=lost,
            captured_twice=self._captured_twice(),
        )

    def _ask(self, person: Person) -> Counter[str]:
        try:
            return person.look()
        except (OSError, PyMongoError) as error:  # requests' errors are OSErrors
            return Counter({f"{type(person).__name__} could not look ({type(error).__name__})": 1})

    def _wait_until_well(self, since: float, direct: Database) -> tuple[float | None, str]:
        """Seconds until each kind of page was good again and the worker had no backlog, and what
        came last."""
        kinds = sorted({each.kind for each in self.watch.between(0, since)})
        drained = None
        while time.monotonic() - since < _PATIENCE:
            self._revive()
            back = self.watch.first_good(since, kinds)
            if drained is None and not self._backlog(direct):
                drained = time.monotonic()
            if drained is not None:
                back["worker's backlog"] = drained
                if len(back) > len(kinds):
                    last = max(back, key=lambda kind: back[kind])
                    return back[last] - since, last
            time.sleep(0.2)
        missing = [kind for kind in kinds if kind not in back]
        return None, ", ".join([*missing, *(["worker's backlog"] if drained is None else [])])

    def _revive(self) -> None:
        """What died of a fault is started again, as a supervisor does."""
        for name, server in self._ground.services.items():
            if not server.alive:
                self.seen[f"{name} had died"] += 1
                try:
                    self._ground.restart(name)
                except ServiceFailed as failure:
                    self._say(str(failure))

    def _backlog(self, direct: Database) -> bool:
        query = {"state": "pending", "available_at": {"$lte": now() - _LATE}}
        try:
            return direct["outbox"].find_one(query, {"_id": 1}) is not None
        except PyMongoError:
            return True

    def _captured_twice(self) -> int:
        kept = Counter(number for number, _ in self._sandbox.captures())
        return sum(count > 1 for count in kept.values())

    @property
    def _sandbox(self) -> Sandbox:
        return Sandbox(self._ground.environment["SANDBOX_URL"])

    def _settle(self, stock: dict[str, int]) -> None:
        time.sleep(4)  # late authorisations
        self._ground.services["worker"].stop()
        self._ground.environment["MONGODB_URI"] = self._ground.mongo_uri
        self.figures = settle_and_judge(self._ground.environment, stock, self.seen, 40)

    def _told(self, finding: Finding) -> str:
        outcomes = Counter(each.outcome for each in finding.during)
        told = ", ".join(f"{count} {name}" for name, count in outcomes.items())
        worst = max((each.seconds for each in finding.during), default=0.0)
        back = "never" if finding.recovery is None else f"{finding.recovery:.1f} s"
        problems = "".join(f"\n    {each}" for each in finding.problems)
        return f"{finding.fault.name}: {told}; slowest {worst:.1f} s; well after {back}{problems}"

    def keep_logs(self, folder: Path) -> None:
        """Copy the servers' logs, and the first wrong page of each kind, for whoever looks into a
        problem."""
        shutil.copytree(self._ground.stack.data / "log", folder, dirs_exist_ok=True)
        self.watch.keep_samples(folder)
