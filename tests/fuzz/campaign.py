"""The campaign: worlds one after the other, each asked in batches of one kind."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import requests
from flask import Flask
from hypothesis import HealthCheck, Phase, given, seed, settings

from app import create_app
from app.db.cache import Cache
from app.web.registry import service
from tests.admin.matrix import rows
from tests.fuzz import hooks
from tests.fuzz.asking import Answer, Ask, send
from tests.fuzz.hooks import Hooks
from tests.fuzz.judge import (
    Crashes,
    Finding,
    contents,
    differences,
    judge_answer,
    judge_books,
)
from tests.fuzz.making import ODD_METHODS, Maker, Target, pick, targets
from tests.fuzz.people import ANN, BEN, EVERYBODY, GUEST, SHOPPERS, STAFF
from tests.fuzz.plans import Plan, plans
from tests.fuzz.world import ANNS_STREET, World
from tests.support.gateways import Sandbox

ACT, READ, STRANGER, TOKEN, HOOK, FORGED, METHOD = (
    "allowed", "read", "stranger", "form token", "webhook", "forged webhook", "method",
)  # fmt: skip
_ORDER = (ACT, READ, ACT, STRANGER, ACT, TOKEN, ACT, READ, HOOK, ACT, FORGED, ACT, METHOD)
_CHANGES = frozenset({ACT, HOOK})
_BATCH = 40
# Looking at these settles a payment, or finishes what a link was for.
_LOOKS_THAT_ACT = ("payments.", "drafts.", "refresh.", "paper")
# Only the person to whom a thing belongs may look at it and change it.
_OWNED = ("number", "address_id", "line_id")


@dataclass(slots=True)
class Tally:
    """What was asked and answered, and what must not be."""

    answers: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    findings: dict[tuple[str, str], Finding] = field(default_factory=dict)
    tell: Callable[[Finding], None] = lambda finding: None
    times: Counter[tuple[str, str]] = field(default_factory=Counter)
    endpoints: set[str] = field(default_factory=set)
    accepted: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    worlds: int = 0
    replaced: int = 0
    digests: int = 0
    slowest: float = 0.0

    @property
    def requests(self) -> int:
        """How many were asked."""
        return self.answers.total()

    def add(self, finding: Finding) -> None:
        """Keep the first of each sort."""
        key = (finding.sort, finding.where)
        if key not in self.findings:
            self.findings[key] = finding
            self.tell(finding)
        self.times[key] += 1


class Campaign:
    """One run, repeatable by its seed."""

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        asked: int,
        seed: int,
        world_size: int = 2_000,
        looks: int = 3,
        progress: Callable[[int], None] = lambda done: None,
        found: Callable[[Finding], None] = lambda finding: None,
        build: Callable[[Mapping[str, str]], Flask] = create_app,
    ) -> None:
        self.tally = Tally()
        self._environment = environment
        self._requests = asked
        self._seed = seed
        self._world_size = world_size
        self._looks = looks
        self._progress = progress
        self.tally.tell = found
        self._build = build

    def run(self) -> Tally:
        """Ask everything."""
        number = 0
        while number < self._requests:
            count = min(self._world_size, self._requests - number)
            self._world(number, count)
            number += count
            self.tally.worlds += 1
        return self.tally

    def _world(self, first: int, count: int) -> None:
        sandbox = Sandbox(self._environment["SANDBOX_URL"])
        requests.post(f"{sandbox.url}/sandbox/reset", timeout=5)
        app = self._build(self._environment)
        crashes = Crashes(app)
        service(Cache, app).client.flushdb()
        world = World(app, sandbox, self._looks)
        turn = _Turn(world, self._environment, crashes, self.tally, self._seed + first)

        @seed(self._seed + first)
        @settings(
            max_examples=count,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(plans())
        def ask(plan: Plan) -> None:
            if turn.asked < count:
                turn.take(first + turn.asked, plan)
                self._progress(1)

        ask()
        turn.end()
        world.database.close()


class _Turn:
    """What goes on in one world."""

    def __init__(
        self,
        world: World,
        environment: Mapping[str, str],
        crashes: Crashes,
        tally: Tally,
        seed: int,
    ) -> None:
        self._world, self._crashes, self._tally = world, crashes, tally
        self._maker = Maker(world)
        self._hooks = Hooks(world, environment)
        self._rng = random.Random(seed)
        self._roles = {row.name: row.roles for row in rows()}
        self._every = targets(world.app)
        self._waiting: dict[str, list[Target]] = {}
        self._batch: list[Ask] = []
        self._before = None
        self.asked = 0

    def take(self, number: int, plan: Plan) -> None:
        """The next request, of the kind whose turn it is."""
        kind = _ORDER[self.asked // _BATCH % len(_ORDER)]
        if self.asked % _BATCH == 0:
            self._conclude()
            self._begin(kind)
        self.asked += 1
        ask = self._make(number, kind, self._next(kind), plan)
        self._batch.append(ask)
        answer = self._ask(ask)
        tally = self._tally
        part = "panel" if ask.path.startswith("/admin") else "shop"
        tally.answers[
            kind, part, f"{answer.status // 100}xx" if answer.status != 422 else "422"
        ] += 1
        if kind == ACT:
            tally.statuses[answer.status] += 1
        tally.endpoints.add(f"{ask.method} {ask.endpoint}")
        tally.slowest = max(tally.slowest, answer.seconds)
        if kind == ACT and answer.status < 400:
            tally.accepted.add(ask.endpoint)
        if kind == ACT and ask.path.startswith("/account"):  # they may be logged out, or in
            tally.replaced += self._world.people.call(ask.person)

    def end(self) -> None:
        """Judge the last batch, and then the books."""
        self._conclude()
        self._world.work()
        for finding in judge_books(self._world.app, self._world.sandbox):
            self._tally.add(finding)

    def _ask(self, ask: Ask) -> Answer:
        answer = send(self._world.app, self._world.people[ask.person], ask)
        for finding in judge_answer(ask, answer, self._crashes.take()):
            self._tally.add(finding)
        if ask.kind == STRANGER and ask.person not in STAFF and ANNS_STREET in answer.text:
            where = f"{ask.method} {ask.endpoint}"
            told = ask.told()
            self._tally.add(Finding(sort="foreign data", where=where, detail="", request=told))
        return answer

    # --- batches ----------------------------------------------------------------------------------

    def _begin(self, kind: str) -> None:
        service(Cache, self._world.app).client.flushdb()  # limits are another test's
        self._tally.replaced += self._world.people.gather()
        self._batch = []
        self._before = None if kind in _CHANGES else contents(self._world.database)

    def _conclude(self) -> None:
        """Nothing may have changed where nothing was allowed."""
        if self._before is None:
            return
        self._tally.digests += 1
        after = contents(self._world.database)
        if differences(self._before, after):
            self._find_culprit()
        self._before = None

    def _find_culprit(self) -> None:
        """Ask all of it again, one by one."""
        before = contents(self._world.database)
        found = False
        for ask in self._batch:
            send(self._world.app, self._world.people[ask.person], ask)
            self._crashes.take()
            after = contents(self._world.database)
            changed = differences(before, after)
            for name, detail in changed.items():
                where = f"{name} by {ask.kind}: {ask.method} {ask.endpoint}"
                self._tally.add(
                    Finding(sort="changed", where=where, detail=detail, request=ask.told())
                )
            found = found or bool(changed)
            before = after
        if not found:
            told = "\n".join(ask.told()[:300] for ask in self._batch)
            self._tally.add(
                Finding(
                    sort="changed once",
                    where=self._batch[0].kind,
                    detail=str(differences(self._before or {}, before))[:1500],
                    request=told,
                )
            )

    # --- requests ---------------------------------------------------------------------------------

    def _next(self, kind: str) -> Target:
        if not self._waiting.get(kind):
            fitting = [each for each in self._every if _fits(kind, each)]
            self._rng.shuffle(fitting)
            self._waiting[kind] = fitting
        return self._waiting[kind].pop()

    def _make(self, number: int, kind: str, target: Target, plan: Plan) -> Ask:
        people, maker = self._world.people, self._maker
        if kind in {HOOK, FORGED}:
            return self._hooks.ask(number, kind, target, plan, signed=kind == HOOK)
        if kind == READ:
            name = pick((*EVERYBODY, "owner", "owner", ANN), plan.who)
            ask = maker.blank(number, kind, target, plan, name)
            ask.method = "HEAD" if plan.method % 9 == 0 else "GET"
            return ask
        if kind == METHOD:
            ask = maker.blank(number, kind, target, plan, pick(EVERYBODY, plan.who))
            odd = [each for each in ODD_METHODS if each not in _answered(self._every, target.rule)]
            ask.method = pick(odd, plan.method)
            return ask
        if kind == STRANGER and not target.is_admin:
            return self._prying(number, target, plan)
        who = self._allowed(target, plan) if kind in {ACT, TOKEN} else self._stranger(target, plan)
        ask = maker.with_form(number, kind, target, plan, people[who])
        if kind == TOKEN:
            maker.forge(ask, plan, people[who])
        if kind != ACT:
            ask.cookies = None  # so that it is the person who is refused
        return ask

    def _prying(self, number: int, target: Target, plan: Plan) -> Ask:
        """Ben reaches for what is Ann's."""
        ben, maker = self._world.people[BEN], self._maker
        if target.method == "GET":
            ask = maker.blank(number, STRANGER, target, plan, BEN, foreign=True)
            ask.query = ""
        else:
            ask = maker.with_form(number, STRANGER, target, plan, ben, foreign=True)
        ask.cookies = None
        return ask

    def _allowed(self, target: Target, plan: Plan) -> str:
        if target.is_admin:
            roles = sorted(self._roles[f"{target.method} {target.rule}"])
            return pick((*roles, "owner", "owner"), plan.who)
        return pick((GUEST, ANN, ANN, BEN, "owner"), plan.who)

    def _stranger(self, target: Target, plan: Plan) -> str:
        roles = self._roles[f"{target.method} {target.rule}"]
        return pick([each for each in (*SHOPPERS, *STAFF) if each not in roles], plan.who)


def _answered(every: list[Target], rule: str) -> set[str]:
    return {each.method for each in every if each.rule == rule} | {"HEAD"}


def _fits(kind: str, target: Target) -> bool:
    is_hook = target.rule in hooks.PATHS
    if kind in {HOOK, FORGED}:
        return is_hook
    if is_hook:
        return kind == METHOD
    if kind == READ:
        return target.method == "GET" and not target.endpoint.startswith(_LOOKS_THAT_ACT)
    if kind == METHOD:
        return True
    if kind == STRANGER:
        is_owned = any(f"<{name}>" in target.rule for name in _OWNED)
        return target.is_admin or (is_owned and not target.endpoint.startswith("payments."))
    return target.method != "GET"
