"""What a query finds, in which order, and what is said of it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pyroaring import BitMap

from app.catalog.search import Hits, SearchIndex, SearchText

SHELF = (
    SearchText(title="Linen Shirt", type="Shirts", options=("White", "Blue"), tags=("summer",), skus=("LS-1-W", "LS-1-B")),
    SearchText(title="Cotton T-Shirt", type="Tees", options=("Black",), text="A soft tee."),
    SearchText(title="Walnut Tray", type="Trays", vendor="Halden", text="Goes with linen."),
    SearchText(title="Oak Tray", type="Trays", vendor="Fell", options=("Large",)),
    SearchText(title="Hemd aus Leinen", type="Hemden"),
    SearchText(title="Müsli-Schale", type="Schalen"),
    SearchText(title="Crewneck Sweatshirt", type="Sweatshirts", options=("Grey",)),
    SearchText(title="काली जैकेट", type="जैकेट"),
    SearchText(title="Three-Seat Sofa", type="Seating", skus=("4711-A",)),
    SearchText(title="Hat", type="Hats", text="A hat for every tray-bearer. Machine washable."),
    SearchText(title="Hatter's Brush", type="Brushes"),
)  # fmt: skip


def _index(texts: tuple[SearchText, ...] = SHELF) -> SearchIndex:
    edit = SearchIndex().edit()
    for row, text in enumerate(texts):
        edit.put(row, text)
    return edit.done()


INDEX = _index()


def _find(query: str) -> Hits:
    return INDEX.find(query, INDEX.rows)


def _titles(query: str) -> list[str]:
    return [SHELF[row].title for row in _find(query).ranked]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("linen shirt", "Linen Shirt"),
        ("shirt linen white", "Linen Shirt"),
        ("tray halden", "Walnut Tray"),
        ("sweat shirt", "Crewneck Sweatshirt"),
        ("crew neck", "Crewneck Sweatshirt"),
        ("tshirt", "Cotton T-Shirt"),
        ("t shirt", "Cotton T-Shirt"),
        ("t-shirt", "Cotton T-Shirt"),
        ("tee", "Cotton T-Shirt"),
        ("Leinenhemd", "Hemd aus Leinen"),
        ("hemden", "Hemd aus Leinen"),
        ("müsli", "Müsli-Schale"),
        ("muesli", "Müsli-Schale"),
        ("musli", "Müsli-Schale"),
        ("MÜSLISCHALE", "Müsli-Schale"),
        ("जैकेट", "काली जैकेट"),
        ("couch", "Three-Seat Sofa"),
        ("gray sweatshirt", "Crewneck Sweatshirt"),
        ("trays", "Walnut Tray"),
        ("the tray for a walnut", "Walnut Tray"),
        ("LS-1-B", "Linen Shirt"),
        ("ls 1 w", "Linen Shirt"),
        ("4711-A", "Three-Seat Sofa"),
        ("wal", "Walnut Tray"),
    ],
)
def test_the_first_result(query: str, first: str) -> None:
    assert _titles(query)[0] == first


@pytest.mark.parametrize(
    ("typed", "corrected", "first"),
    [
        ("wallnut", "walnut", "Walnut Tray"),
        ("wlanut tray", "walnut tray", "Walnut Tray"),
        ("walnt tray", "walnut tray", "Walnut Tray"),
        ("sweatshrit", "sweatshirt", "Crewneck Sweatshirt"),
        ("swaetshrit", "sweatshirt", "Crewneck Sweatshirt"),
        ("wolnut", "walnut", "Walnut Tray"),
    ],
)
def test_typing_errors_are_forgiven_and_said(typed: str, corrected: str, first: str) -> None:
    hits = _find(typed)
    assert hits.corrected == corrected
    assert SHELF[hits.ranked[0]].title == first
    assert not hits.missing


def test_what_was_typed_right_is_not_corrected() -> None:
    assert all(
        _find(query).corrected == "" for query in ("linen", "lin", "trays", "couch", "4711-A")
    )


def test_short_words_and_numbers_are_never_corrected() -> None:
    assert not _find("hta").rows
    assert not _find("4712").rows


def test_order_of_ways() -> None:
    """The word itself, then its forms, then beginnings; a typing error only for want of these."""
    assert _titles("hat")[:2] == ["Hat", "Hatter's Brush"]
    assert _titles("linen")[0] == "Linen Shirt"  # before the tray that mentions it


def test_all_words_are_needed_if_any_product_has_them() -> None:
    assert _titles("oak tray") == ["Oak Tray"]


def test_the_best_part_stands_in_and_says_so() -> None:
    hits = _find("titanium walnut tray")
    assert [SHELF[row].title for row in hits.ranked] == ["Walnut Tray"]
    assert hits.missing == ("titanium",)
    assert [(each.query, each.count) for each in hits.shorter] == [("walnut tray", 1)]


def test_a_mere_mention_does_not_answer_for_a_missing_word() -> None:
    assert not _find("espresso machine").rows


def test_nothing_fits() -> None:
    hits = _find("xqzvw")
    assert (len(hits.rows), len(hits.ranked), hits.corrected, hits.missing) == (0, 0, "", ())


def test_ways_on_name_a_word_to_leave_out() -> None:
    hits = _find("oak walnut tray")
    assert {(each.query, each.count) for each in hits.shorter} >= {
        ("walnut tray", 1),
        ("oak tray", 1),
    }


def test_prices_are_read_and_taken_out() -> None:
    hits = _find("tray under 50")
    assert (hits.floor, hits.ceiling) == (None, Decimal(50))
    assert hits.rows == _find("tray").rows


def test_only_allowed_rows_are_found() -> None:
    hits = INDEX.find("tray", BitMap([3, 99]))
    assert list(hits.rows) == list(hits.ranked) == [3]


@pytest.mark.parametrize("query", ["", "   ", "under 50", "!!!"])
def test_without_words_everything_is_found(query: str) -> None:
    assert _find(query).rows == INDEX.rows


@pytest.mark.parametrize(
    "query", ["a" * 5_000, "word " * 500, "\x00\udc80", "💥", "\x1f\x1e", "*", "s*"]
)
def test_no_query_breaks_search(query: str) -> None:
    hits = _find(query)
    assert len(hits.rows) == len(hits.ranked)


def test_completions() -> None:
    assert INDEX.complete("linen sh", INDEX.find("linen sh", INDEX.rows)) == ["linen shirt"]
    assert INDEX.complete("wallnut", INDEX.find("wallnut", INDEX.rows)) == ["walnut"]
    assert "müsli" in INDEX.complete("mus", INDEX.find("mus", INDEX.rows))
    assert INDEX.complete("", INDEX.find("", INDEX.rows)) == []
    assert INDEX.complete("xqzvw", INDEX.find("xqzvw", INDEX.rows)) == []


def test_marks_show_why() -> None:
    assert _find("waln").marks.on("Walnut Tray") == "<mark>Waln</mark>ut Tray"
    assert _find("trays").marks.on("Oak Tray") == "Oak <mark>Tray</mark>"
    assert _find("couch").marks.on("Three-Seat Sofa") == "Three-Seat <mark>Sofa</mark>"
    assert _find("wallnut").marks.on("Walnut Tray") == "<mark>Walnut</mark> Tray"
    assert _find("musli").marks.on("Müsli-Schale") == "<mark>Müsli</mark>-Schale"


@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "&lt;b&gt;", "<mark>"],
)
def test_marking_escapes_first(hostile: str) -> None:
    index = _index((SearchText(title=f"{hostile} Tray"),))
    for query in ("tray", hostile, f"{hostile} tray"):
        marked = index.find(query, index.rows).marks.on(f"{hostile} Tray")
        bare = marked.replace("<mark>", "").replace("</mark>", "")
        assert "<" not in bare
        assert ">" not in bare
        assert '"' not in bare
        assert "Tray" in marked
