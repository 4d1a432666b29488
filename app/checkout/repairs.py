"""Repairing what the audit found: asked for by staff, done by the worker."""

from __future__ import annotations

from app.checkout.audit_models import Action, Finding, FindingState
from app.checkout.audit_repository import AuditRepository
from app.checkout.audit_runs import AuditRuns
from app.checkout.events import REPAIR_WANTED
from app.checkout.refund_rules import everything
from app.checkout.refunding import Refunding
from app.checkout.settlement import Settlement
from app.db.database import Database, Session
from app.db.outbox import Event, Outbox
from app.orders.models import Order
from app.orders.service import OrderService
from app.payments.models import RefundState
from app.payments.service import PaymentService
from app.shared.errors import Conflict, Invalid, NotFound, ShopError
from app.shared.texts import Text


class Repairs:
    """A repair calls the service that everybody else calls, and each of them bears being
    repeated; the next run of the audit says whether it helped."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        runs: AuditRuns,
        settlement: Settlement,
        refunding: Refunding,
        orders: OrderService,
        payments: PaymentService,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._findings = AuditRepository(database)
        self._runs = runs
        self._settlement = settlement
        self._refunding = refunding
        self._orders = orders
        self._payments = payments

    def subscribe(self, outbox: Outbox) -> None:
        """Listen to what staff ask for."""
        outbox.subscribe(REPAIR_WANTED, "checkout.repair", self.carry_out)

    def get(self, finding_id: str) -> Finding:
        """A finding. Raises ``NotFound``."""
        finding = self._findings.find(finding_id)
        if finding is None:
            raise NotFound(Text("There is no such difference."))
        return finding

    def ask(
        self, finding_id: str, version: int, action: Action, by: str
    ) -> tuple[Finding, Finding]:
        """Have a finding repaired, or mark it; the finding before and after. Asking for the same
        again changes nothing.

        Raises ``NotFound``, ``Invalid`` for an action that does not fit, and ``Conflict`` if the
        finding has another ``version`` by now.
        """
        target = FindingState.MARKED if action is Action.MARK else FindingState.REPAIRING
        note = f"{action} by {by}"
        finding = self.get(finding_id)
        if (finding.state, finding.note, finding.version) == (target, note, version + 1):
            return finding, finding
        if finding.version != version or not self._begin(finding, action, target, note, by):
            raise Conflict(
                Text("This difference has changed in the meantime. Please look at it again.")
            )
        return finding, self.get(finding_id)

    def _begin(
        self, finding: Finding, action: Action, target: FindingState, note: str, by: str
    ) -> bool:
        if action not in finding.actions:
            raise Invalid(Text("Nothing like that can be done about this difference (any more)."))

        def work(session: Session) -> bool:
            if not self._findings.move(finding, target, note, session):
                return False
            if action is not Action.MARK:
                payload = {"finding_id": finding.id, "action": action.value, "by": by}
                key = f"{REPAIR_WANTED}:{finding.id}:{finding.version}"
                self._outbox.publish(REPAIR_WANTED, payload, session, key=key)
            return True

        return self._database.in_transaction(work)

    def carry_out(self, event: Event) -> None:
        """Repair, and have it looked at."""
        finding = self.get(event.payload["finding_id"])
        if finding.state is FindingState.REPAIRING:
            note = self._repair(finding, event)
            self._findings.move(finding, FindingState.REPAIRED, note)
        elif finding.state is not FindingState.REPAIRED:  # else its worker may have died here
            return
        self._runs.ask(event.payload["by"])

    def _repair(self, finding: Finding, event: Event) -> str:
        """What was done by whom, and why it came to nothing, if it did."""
        action, by = Action(event.payload["action"]), event.payload["by"]
        try:
            problem = self._act(finding, action, by, event.id)
        except ShopError as refusal:
            problem = refusal.message
        return f"{action} by {by}" + (f": {problem}" if problem else "")

    def _act(self, finding: Finding, action: Action, by: str, key: str) -> str:
        """Why it came to nothing, ``""`` unless it did. Raises what the services raise."""
        order = self._orders.get_by_number(finding.order_number)
        if action is Action.SETTLE:
            for attempt in self._payments.attempts_of(order.id):
                self._settlement.settle(attempt.id)
        elif action is Action.FOLLOW:
            self._refunding.follow(order.id)
        else:
            return self._refund(finding, order, by, key)
        return ""

    def _refund(self, finding: Finding, order: Order, by: str, key: str) -> str:
        """Pay back what is left: the same ``key`` again is the same refund, another one is for who
        tries again after it failed."""
        wish = everything(self._refunding.balance(order))
        refund = self._refunding.request(
            order.id,
            wish,
            key=key,
            reason=str(finding.difference),
            restock=False,
            by=by,
        )
        return refund.failure if refund.state is RefundState.FAILED else ""
