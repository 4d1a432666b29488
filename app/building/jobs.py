"""What the worker does by itself, and how often."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from app.building.shop import Shop
from app.recommendations.refreshing import ListRefresh
from app.worker import Job, Worker

_OFTEN = timedelta(seconds=1)
_LOOK_EVERY = timedelta(seconds=10)
_LEARN_EVERY = timedelta(seconds=2)
_RECONCILE_EVERY = timedelta(seconds=15)
_FOLD_EVERY = timedelta(seconds=20)
_RELEASE_EVERY = timedelta(seconds=30)
_PACK_EVERY = timedelta(minutes=2)
_AUDIT_EVERY = timedelta(minutes=10)
_MARK_EVERY = timedelta(hours=1)
_LEAVE_EVERY = timedelta(minutes=10)
_FORGET_EVERY = timedelta(days=1)


def build_worker(shop: Shop) -> Worker:
    """The worker with all its jobs."""
    return Worker(
        shop.base.outbox,
        shop.base.schedules,
        (*_keeping(shop), *_counting(shop)),
        shop.base.settings.mossx_stop_seconds,
    )


def _keeping(shop: Shop) -> Iterable[Job]:
    """Jobs that keep things right."""
    catalog, runs = shop.goods.catalog, shop.watching.runs
    yield Job(name="events of a wrong clock", every=_LOOK_EVERY, run=shop.base.outbox.bring_back)
    yield Job(name="reconcile", every=_RECONCILE_EVERY, run=shop.paying.reconciler.run)
    yield Job(name="audit", every=_AUDIT_EVERY, run=runs.ask)
    yield Job(name="audit run", every=_OFTEN, run=runs.work)
    yield Job(name="pre-orders", every=_RELEASE_EVERY, run=catalog.selling.end_pre_orders)
    yield Job(name="pack catalog", every=_PACK_EVERY, run=catalog.packer.run)
    yield Job(name="imports", every=_OFTEN, run=shop.panel.imports.run)
    yield Job(name="accounts that leave", every=_LEAVE_EVERY, run=shop.after.leaving.close_due)
    yield Job(name="retention", every=_FORGET_EVERY, run=shop.after.retention.run)


def _counting(shop: Shop) -> Iterable[Job]:
    """Jobs that count."""
    selling, watching = shop.selling, shop.watching
    lists = ListRefresh(shop.base.database, shop.goods.catalog)
    yield Job(name="count sales", every=_OFTEN, run=watching.sales.run)
    yield Job(name="fold visits", every=_FOLD_EVERY, run=watching.folding.run)
    yield Job(name="mark customers", every=_MARK_EVERY, run=shop.after.customers.note_marks)
    yield Job(name="mark stock", every=_MARK_EVERY, run=shop.panel.stock_list.cut)
    yield Job(name="count_companions", every=_LEARN_EVERY, run=selling.counting.run)
    yield Job(name="count promotions", every=_LEARN_EVERY, run=selling.tallies.run)
    yield Job(name="list_companions", every=_LEARN_EVERY, run=lists.run)
