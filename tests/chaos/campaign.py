"""The campaign: shoppers, faults and killings at once, then quiet, then the verdict."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import requests

from dev.stack import EMBEDDED, Stack
from tests.chaos.desk import RefundDesk
from tests.chaos.quiet import settle_and_judge
from tests.chaos.shelves import fill, stock_of
from tests.chaos.shopper import ChaoticShopper, GaveUp
from tests.support.gateways import Sandbox

_SHOPPERS = 12
_PAUSE = 5  # checkouts between two killings, at the least; a slow machine would never get up
_REQUEST_FAULTS = (
    "drop_before", "drop_after", "delay_before", "delay_after", "error_500", "error_500_after",
    "html_502", "empty", "malformed",
)  # fmt: skip
_WEBHOOK_FAULTS = ("lose", "delay", "duplicate", "reorder", "forge")
_PLACES = ("", "capture", "checkout/sessions", "orders", "payment_intents", "payments")
_VICTIMS = ("web", "worker", "mongo", "redis")
_LAPSE_SHARE = 0.03  # of the faults' rounds
_CRASH_SHARE = 0.003  # of passings of a named crash point


class Campaign:
    """One run, repeatable by its seed as far as threads allow."""

    def __init__(
        self,
        folder: Path,
        *,
        checkouts: int,
        seed: int,
        kill_every: float,
        progress: Callable[[int, int], None],
    ) -> None:
        self._crashes = folder / "crashes.log"
        more = {
            "CHAOS_SHARE": str(_CRASH_SHARE),
            "CHAOS_LOG": str(self._crashes),
            "GRANIAN_RESPAWN_INTERVAL": "0.2",
        }
        self._stack = Stack(folder, environment=more, application="tests.chaos.armed")
        self._checkouts = checkouts
        self._rng = random.Random(seed)
        self._kill_every = kill_every
        self._progress = progress
        self._over = threading.Event()
        self._asleep = threading.Event()
        self._cards: tuple[str, ...] = ()
        self.seen: Counter[str] = Counter()

    def run(self) -> dict[str, int]:
        """Run it all; the returned figures must all be zero."""
        stock = stock_of()
        try:
            self._stack.start(EMBEDDED)
            self._cards = fill(self._stack.environment, stock, self._checkouts, self._rng)
            self._stack.start()
            desk = RefundDesk(self._stack.environment, random.Random(self._rng.random()), self.seen)
            helpers = [
                threading.Thread(target=self._break_gateways, daemon=True),
                threading.Thread(target=desk.work, args=(self._over,), daemon=True),
            ]
            for helper in helpers:
                helper.start()
            self._shop(list(stock))
            self._over.set()
            for helper in helpers:
                helper.join()
            return self._judge(stock)
        finally:
            self._over.set()
            self._stack.stop()

    def _shop(self, skus: list[str]) -> None:
        """Let shoppers loose; the main thread kills servers, since children die with the thread
        that started them."""
        base = self._stack.environment["BASE_URL"]
        with ThreadPoolExecutor(_SHOPPERS) as pool:
            runs = {
                pool.submit(
                    self._one,
                    ChaoticShopper(
                        base, skus, random.Random(self._rng.random()), self.seen, self._cards
                    ),
                )
                for _ in range(self._checkouts)
            }
            done, next_kill, rested = 0, time.monotonic() + self._kill_every, _PAUSE
            waiting = set(runs)
            while waiting:
                try:
                    for run in as_completed(waiting, timeout=0.2):
                        waiting.discard(run)
                        run.result()
                        done += 1
                        self._progress(done, self._checkouts)
                        if time.monotonic() > next_kill:
                            break
                except TimeoutError:
                    pass
                self._revive()
                if self._kill_every and time.monotonic() > next_kill and done >= rested:
                    self._kill()
                    rested = done + _PAUSE
                    next_kill = time.monotonic() + self._kill_every * self._rng.uniform(0.5, 1.5)

    def _one(self, shopper: ChaoticShopper) -> None:
        try:
            shopper.run()
        except GaveUp:
            self.seen["gave up"] += 1

    def _kill(self) -> None:
        """End one of them by kill -9, and a moment later start it again."""
        victim = self._stack.services[self._rng.choice(_VICTIMS)]
        self.seen[f"killed {victim.name}"] += 1
        victim.kill()
        time.sleep(self._rng.uniform(0.0, 0.5))
        victim.start()

    def _revive(self) -> None:
        """Start again what died at a crash point; web workers are started by their server."""
        for service_ in self._stack.services.values():
            if not service_.alive:
                service_.start()

    def _break_gateways(self) -> None:
        sandbox = self._stack.environment["SANDBOX_URL"]
        url = f"{sandbox}/sandbox/faults"
        rng = random.Random(self._rng.random())
        while not self._over.wait(rng.uniform(0.1, 0.6)):
            if rng.random() < _LAPSE_SHARE:
                self._lapse(Sandbox(sandbox), rng)
            if rng.random() < 0.3:
                rule = {"kind": rng.choice(_WEBHOOK_FAULTS), "target": "webhook"}
            else:
                rule = {"kind": rng.choice(_REQUEST_FAULTS), "path": rng.choice(_PLACES)}
            # Now and then longer than the shop is willing to wait.
            wait = 11.0 if rng.random() < 0.03 else rng.uniform(0.1, 1.0)
            more = {"count": rng.choice((1, 1, 2, 4)), "seconds": wait}
            self.seen[f"fault {rule['kind']}"] += 1
            requests.post(url, json=[{**rule, **more}], timeout=10)

    def _lapse(self, sandbox: Sandbox, rng: random.Random) -> None:
        """Somebody withdraws a payment at the gateway before the shop has taken it."""
        waiting = [
            each["id"]
            for each in sandbox.ledger()["payments"]
            if each["status"] in {"requires_capture", "authorized"}
        ]
        if waiting:
            answer = requests.post(f"{sandbox.url}/sandbox/lapse/{rng.choice(waiting)}", timeout=10)
            self.seen["payment withdrawn"] += answer.ok

    def _judge(self, stock: dict[str, int]) -> dict[str, int]:
        """End all faults, finish what is open, and look at the books."""
        sandbox = Sandbox(self._stack.environment["SANDBOX_URL"])
        requests.delete(f"{sandbox.url}/sandbox/faults", timeout=10)
        time.sleep(4)  # late authorisations
        self._stack.services["worker"].stop()
        if self._crashes.exists():
            for point in self._crashes.read_text().splitlines():
                self.seen[f"died: {point}"] += 1
        rounds = 4 + self._checkouts // 20
        return settle_and_judge(self._stack.environment, stock, self.seen, rounds)
