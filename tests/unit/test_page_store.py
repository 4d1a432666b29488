"""Pages in memory: bounded, dropped by what they show, never kept when begun too early."""

from __future__ import annotations

import gzip
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web import page_store
from app.web.page_store import Page, PageStore

_HTML = [("Content-Type", "text/html; charset=utf-8")]


def _page(text: str = "hello") -> Page:
    return Page(text.encode(), _HTML)


def test_every_coding_is_the_same_page() -> None:
    page = _page("grün " * 500)
    headers, plain = page.plain("etag")
    packed_headers, packed = page.packed("etag")

    assert plain == ("grün " * 500).encode()
    assert gzip.decompress(packed) == plain
    assert ("Content-Encoding", "gzip") in packed_headers
    assert ("Content-Length", str(len(packed))) in packed_headers
    assert ("Content-Length", str(len(plain))) in headers
    assert ("ETag", "etag") in headers


def test_the_least_recently_used_goes_first() -> None:
    size = _page().size
    store = PageStore(3 * size)
    for name in "abc":
        store.put(name, _page(), (), store.mark())
    store.get("a")
    store.put("d", _page(), (), store.mark())

    assert [name for name in "abcd" if store.get(name)] == ["a", "c", "d"]
    assert store.size <= 3 * size


def test_a_page_that_all_ask_for_outlives_those_that_nobody_asks_for_again() -> None:
    store = PageStore(3 * _page().size)
    store.put("home", _page(), (), store.mark())
    for each in range(100):
        store.put(each, _page(), (), store.mark())
        assert store.get("home")


def test_where_every_page_is_asked_for_there_is_room_for_a_new_one_still() -> None:
    store = PageStore(3 * _page().size)
    for each in range(100):
        store.put(each, _page(), (), store.mark())
        assert store.get(each)
        assert store.size <= 3 * _page().size


def test_what_shows_it_is_dropped_and_nothing_else() -> None:
    store = PageStore(10**6)
    store.put("lamp", _page(), {"product:lamp", "product:bowl"}, store.mark())
    store.put("bowl", _page(), {"product:bowl"}, store.mark())
    store.drop(["product:lamp"])

    assert store.get("lamp") is None
    assert store.get("bowl") is not None


def test_what_was_dropped_is_there_in_need_until_it_is_made_anew_or_old(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = PageStore(10**6)
    store.put("lamp", _page("old"), {"product:lamp"}, store.mark())
    assert store.former("lamp") is None
    store.drop(["product:lamp"])
    former = store.former("lamp")
    assert former is not None
    assert former.plain("")[1] == b"old"
    store.put("lamp", _page("new"), {"product:lamp"}, store.mark())
    assert store.former("lamp") is None
    store.drop_all()
    assert store.get("lamp") is None
    assert store.former("lamp") is not None
    monkeypatch.setattr(page_store, "_OLD", 0.0)
    assert store.former("lamp") is None


def test_what_was_dropped_takes_no_room_from_what_is_kept() -> None:
    size = _page().size
    store = PageStore(3 * size)
    store.put("a", _page(), {"a"}, store.mark())
    store.drop(["a"])
    for name in "bcd":
        store.put(name, _page(), (), store.mark())

    assert all(map(store.get, "bcd"))
    assert store.former("a") is None
    assert store.size == 3 * size


def test_a_page_begun_before_a_change_is_not_kept() -> None:
    store = PageStore(10**6)
    early = store.mark()
    store.drop(["product:lamp"])

    assert not store.put("lamp", _page(), {"product:lamp"}, early)
    assert store.put("bowl", _page(), {"product:bowl"}, early)
    assert store.put("lamp", _page(), {"product:lamp"}, store.mark())

    early = store.mark()
    store.clear()
    assert not store.put("bowl", _page(), {"product:bowl"}, early)


@given(st.lists(st.tuples(st.sampled_from("pdagc"), st.integers(0, 9), st.integers(0, 3))))
def test_it_never_holds_more_than_it_may_nor_forgets_its_sums(
    steps: list[tuple[str, int, int]],
) -> None:
    store = PageStore(4 * _page().size)
    for step, key, tag in steps:
        if step == "p":
            store.put(key, _page(), {f"t{tag}", f"t{key % 4}"}, store.mark())
        elif step == "d":
            store.drop([f"t{tag}"])
        elif step == "a":
            store.drop_all()
        elif step == "g":
            store.get(key)
        else:
            store.clear()
        kept, former = (
            {key for key in range(10) if find(key)} for find in (store.get, store.former)
        )
        assert not kept & former
        assert (len(kept) + len(former)) * _page().size == store.size <= 4 * _page().size
    store.drop(["t0", "t1", "t2", "t3"])
    assert len(store) == 0
    store.clear()
    assert store.size == 0


def test_threads_do_not_upset_it() -> None:
    store = PageStore(20 * _page().size)
    failures: list[Exception] = []

    def work(seed: int) -> None:
        try:
            for step in range(3_000):
                key = (step * seed) % 60
                if store.get(key) is None:
                    store.put(key, _page(), {f"t{key % 5}"}, store.mark())
                if step % 50 == 0:
                    store.drop([f"t{step % 5}"])
        except Exception as error:  # noqa: BLE001 - whatever it is, the test must hear of it
            failures.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in (1, 7, 11, 13)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert store.size <= 20 * _page().size
