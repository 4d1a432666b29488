"""What is not measured here: how shoppers behave, what a cluster can do, what things cost.

Each can be given on the command line by its name.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Assumed:
    """Change these to your own before you believe a figure."""

    # how shoppers behave
    views_per_order: float = 50  # pages seen for each order: two in a hundred buy
    carts_per_order: float = 2.5
    checkouts_per_order: float = 1.4
    personal_views: float = 0.1  # share of pages that nobody may keep: signed in, carts, orders
    reads_per_page: float = 3  # of one made anew: between 0 and 4 in docs/benchmarks.md
    redis_per_page: float = 20  # the same: between 5 and 30
    zipf: float = 0.9  # exponent of how often the r-th page is asked for
    busiest_hour: float = 3  # times the day's mean
    # what machines do
    round_trip_ms: float = 0.7  # web to primary, in one region
    commit_ms: float = 4  # of a majority of a replica set, journaled
    writes_per_second: float = 8_000  # documents, of one primary with 8 cores and fast disks
    reads_per_second: float = 25_000  # by key, of the same
    redis_per_second: float = 90_000  # commands, of one process
    cores_of_web: int = 8  # a machine of the web tier
    busy: float = 0.6  # how far a resource is used in the busiest hour
    # what things cost, in dollars
    gb_month: float = 0.25  # of replicated storage, each copy
    copies: int = 3
    compression: float = 0.45  # stored bytes of one byte, documents
    core_hour: float = 0.05
    primary_hour: float = 1.1  # the whole replica set that ``writes_per_second`` is of
    mail: float = 0.0001
    fee_share: float = 0.029  # of a gateway, of what is paid
    fee_fixed: float = 0.30
    mean_order: float = 60
