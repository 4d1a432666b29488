"""The model behind docs/scaling.md: what is known of it beforehand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.scaling.caching import Pages, hit_rate
from bench.scaling.flash import sell
from bench.scaling.growth import servers_for, waiting
from bench.scaling.measured import speed_of
from dev.stack import ROOT

_PAGES = Pages(products=200)


@given(load=st.floats(0.01, 0.99))
def test_one_server_waits_as_theory_says(load: float) -> None:
    assert waiting(load, 1.0, 1) == pytest.approx(load / (1 - load))


def test_two_servers_wait_as_theory_says() -> None:
    assert waiting(1.0, 1.0, 2) == pytest.approx(1 / 3)  # load squared / (4 - load squared)


def test_servers_that_cannot_catch_up_wait_for_ever() -> None:
    assert waiting(2.0, 1.0, 2) == math.inf


@given(rate=st.floats(0.1, 500), seconds=st.floats(0.001, 1))
def test_no_server_is_too_many(rate: float, seconds: float) -> None:
    servers = servers_for(rate, seconds, 0.01)
    assert waiting(rate, seconds, servers) <= 0.01
    assert servers == 1 or waiting(rate, seconds, servers - 1) > 0.01


@given(megabytes=st.floats(0.1, 20))
def test_more_memory_hits_more_often(megabytes: float) -> None:
    memory = megabytes * 2**20
    assert 0 < hit_rate(_PAGES, memory, 0.9) <= hit_rate(_PAGES, 2 * memory, 0.9) <= 1


def test_a_cache_with_room_for_everything_always_hits() -> None:
    assert hit_rate(_PAGES, _PAGES.count * _PAGES.bytes_each, 0.9) == 1


def test_a_sale_below_the_limit_sells_as_much_as_is_asked() -> None:
    sale = sell(offered=20, before=0.005, held=0.01)
    assert sale.given_up == 0
    assert sale.rate == pytest.approx(20, rel=0.15)


def test_a_sale_above_the_limit_sells_no_more_than_the_limit() -> None:
    sale = sell(offered=400, before=0.005, held=0.01, seconds=4)
    assert sale.rate <= 1 / 0.01
    assert sale.p99 > 1


def test_the_benchmarks_are_read() -> None:
    speed = speed_of(ROOT / "docs" / "benchmarks.md")
    assert 0 < speed.hit_seconds < speed.miss_seconds < 1
    assert 0 < speed.per_product < speed.empty_process
