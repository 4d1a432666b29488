"""The campaign: shoppers, faults and killings at once, then quiet, then the verdict."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import timedelta
from pathlib import Path

import requests

from app import create_app
from app.analytics.counting import SalesCounting
from app.catalog.models import BundleComponent, PercentOff
from app.checkout.reconciliation import Reconciler
from app.db.database import Database
from app.db.migrations import upgrade
from app.db.outbox import Outbox
from app.db.schedules import Schedules
from app.shared.clock import now
from app.shared.ids import Sku
from app.web.registry import service
from app.worker import Worker
from dev.stack import EMBEDDED, Stack
from tests.chaos.desk import RefundDesk
from tests.chaos.judge import judge
from tests.chaos.shopper import COUPON, ChaoticShopper, GaveUp
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.credit import Bank
from tests.support.dying import end_abandoned_transactions
from tests.support.gateways import Sandbox
from tests.support.promotions import PromotionMaker

_PRODUCTS = 24
_SHOPPERS = 32
_CARDS = 0.1  # of the checkouts: each is shared by several shoppers
_COUPON_USES = 0.15  # of the checkouts: fewer than there are shoppers who try
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
        stock = {f"C-{number}": 10_000 if number else 25 for number in range(_PRODUCTS)}
        try:
            self._stack.start(EMBEDDED)
            self._fill(stock)
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
            return self._settle_down(stock)
        finally:
            self._over.set()
            self._stack.stop()

    def _fill(self, stock: dict[str, int]) -> None:
        app = create_app(self._stack.environment)
        database = service(Database, app)
        upgrade(database)
        products = [make_product(f"Chaos {sku}", make_variant(sku)) for sku in stock]
        maker = CatalogMaker(app)
        maker.add(*products[:1], stock=25)
        maker.add(*products[1:], stock=10_000)
        uses = max(int(self._checkouts * _COUPON_USES), 1)
        PromotionMaker(app).add(COUPON, limit_total=uses, limit_per_customer=1)
        bank = Bank(app)
        many = max(int(self._checkouts * _CARDS), 2)
        worth = (1500, 4000, 12_000)  # a part of an order, about one, several
        self._cards = tuple(bank.card(self._rng.choice(worth))[1] for _ in range(many))
        maker.bundle(
            "Bundle",
            BundleComponent(sku=Sku("C-1"), quantity=2, alternatives=(Sku("C-2"),)),
            BundleComponent(sku=Sku("C-0"), quantity=1, optional=True),
            pricing=PercentOff(basis_points=1000),
        )
        database.close()

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
            done, next_kill = 0, time.monotonic() + self._kill_every
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
                if self._kill_every and time.monotonic() > next_kill:
                    self._kill()
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

    def _settle_down(self, stock: dict[str, int]) -> dict[str, int]:
        """End all faults, let the time pass that abandoned payments have, and reconcile."""
        sandbox = Sandbox(self._stack.environment["SANDBOX_URL"])
        requests.delete(f"{sandbox.url}/sandbox/faults", timeout=10)
        time.sleep(4)  # late authorisations
        self._stack.services["worker"].stop()
        end_abandoned_transactions(self._stack.environment["MONGODB_URI"])
        if self._crashes.exists():
            for point in self._crashes.read_text().splitlines():
                self.seen[f"died: {point}"] += 1
        app = create_app(self._stack.environment)
        database = service(Database, app)
        worker, reconciler = service(Worker, app), service(Reconciler, app)
        for _ in range(4 + self._checkouts // 20):
            self._pass_time(database)
            report = reconciler.run(older_than=timedelta(0))
            events = self._drain(service(Outbox, app), database)
            worker.round()
            if not (events or report.looked_at or report.released or report.refunded):
                break
        service(SalesCounting, app).run()
        figures = judge(database, sandbox.ledger(), stock)
        self.seen["orders paid"] = database["orders"].count_documents({"state": "paid"})
        self.seen["orders refunded"] = database["orders"].count_documents({"state": "refunded"})
        self.seen["orders cancelled"] = database["orders"].count_documents({"state": "cancelled"})
        database.close()
        return figures

    def _drain(self, outbox: Outbox, database: Database) -> int:
        """Handle every event that is due, several at once; how many there were."""
        due = {"state": "pending", "available_at": {"$lte": now()}}
        waiting = database["outbox"].count_documents(due)
        worker = Worker(outbox, Schedules(database), ())
        working = threading.Thread(target=worker.run)
        working.start()
        patience = 0.2
        while database["outbox"].find_one(due, {"_id": 1}):
            time.sleep(patience)
            patience = min(2 * patience, 10.0)  # asking costs the more the more there is to do
        worker.stop()
        working.join()
        return waiting

    def _pass_time(self, database: Database) -> None:
        """Two hours later."""
        past = now() - timedelta(hours=2)
        database["payment_attempts"].update_many({"open": True}, {"$set": {"created_at": past, "updated_at": past}})  # fmt: skip
        database["captures"].update_many({"state": {"$ne": "captured"}}, {"$set": {"lease_until": past, "updated_at": past}})  # fmt: skip
        database["refunds"].update_many({}, {"$set": {"lease_until": past}})
        database["stock_holds"].update_many({"state": "held"}, {"$set": {"expires_at": past}})
        database["promotion_uses"].update_many({"state": "held"}, {"$set": {"expires_at": past}})
        database["credit_holds"].update_many({"state": "held"}, {"$set": {"expires_at": past}})
        database["outbox"].update_many({"state": "pending"}, {"$set": {"available_at": past}})
        database["schedules"].delete_many({})
