"""A changed index is what would be built anew; what it came from stays as it was."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.catalog.search import SearchIndex, SearchText, UnreadableIndex, dump, load

WORDS = st.sampled_from(
    ["oak", "tray", "trays", "müsli", "t-shirt", "लाल", "full-zip", "a", "sofa", "4711"]
)
TEXTS = st.builds(
    SearchText,
    title=st.lists(WORDS, max_size=3).map(" ".join),
    type=WORDS,
    tags=st.lists(WORDS, max_size=2).map(tuple),
    text=st.lists(WORDS, max_size=3).map(" ".join),
    skus=st.lists(st.sampled_from(["A-1", "A-2", "B-7"]), max_size=2).map(tuple),
)
CHANGES = st.lists(
    st.lists(st.tuples(st.integers(0, 5), st.none() | TEXTS), max_size=6), max_size=5
)
QUERIES = (
    "oak",
    "t",
    "tray",
    "tshirt",
    "musli",
    "लाल",
    "fullzip",
    "couch",
    "A-1",
    "oka tray",
    "traz",
)


def _state(index: SearchIndex) -> object:
    """Everything the index knows, in a form that can be compared."""
    postings = {
        word: tuple(sorted(rows) if rows else [] for rows in posting)
        for word, posting in index.lexicon.postings.items()
    }
    texts = {row: index.text_of(row) for row, _ in index.texts.items()}
    return postings, texts, sorted(index.rows), list(index.lexicon.vocabulary.terms)


def _answers(index: SearchIndex) -> object:
    found = (index.find(query, index.rows) for query in QUERIES)
    return [(list(hits.ranked), hits.corrected, hits.missing, hits.shorter) for hits in found]


def _changed(index: SearchIndex, changes: list[tuple[int, SearchText | None]]) -> SearchIndex:
    edit = index.edit()
    for row, text in changes:
        if text is None:
            edit.drop(row)
        else:
            edit.put(row, text)
    return edit.done()


@settings(max_examples=60, deadline=None)
@given(CHANGES)
def test_changes_lead_where_building_anew_does(
    edits: list[list[tuple[int, SearchText | None]]],
) -> None:
    index = SearchIndex()
    kept: dict[int, SearchText | None] = {}
    for changes in edits:
        before, answers = _state(index), _answers(index)
        following = _changed(index, changes)
        assert (_state(index), _answers(index)) == (before, answers)  # readers see no half change
        index = following
        kept.update(changes)
    anew = _changed(SearchIndex(), [(row, text) for row, text in kept.items() if text])
    assert _state(index) == _state(anew)
    assert _answers(index) == _answers(anew)


@settings(max_examples=30, deadline=None)
@given(CHANGES)
def test_a_loaded_index_is_the_dumped_one(edits: list[list[tuple[int, SearchText | None]]]) -> None:
    index = SearchIndex()
    for changes in edits:
        index = _changed(index, changes)
    loaded = load(dump(index))
    assert _state(loaded) == _state(index)
    assert _answers(loaded) == _answers(index)
    changed = _changed(loaded, [(2, SearchText(title="oak sofa"))])
    assert 2 in changed.find("oak sofa", changed.rows).rows


def test_what_did_not_change_is_shared() -> None:
    edit = SearchIndex().edit()
    for row in range(50):
        edit.put(row, SearchText(title=f"Thing{row} tray"))
    first = edit.done()
    second = _changed(first, [(7, SearchText(title="Lamp"))])
    assert first.lexicon.postings.get("thing8") is second.lexicon.postings.get("thing8")
    assert first.lexicon.vocabulary.spelling is second.lexicon.vocabulary.spelling
    assert len(first.find("tray", first.rows).rows) == 50
    assert len(second.find("tray", second.rows).rows) == 49


@pytest.mark.parametrize(
    "data", [b"", b"nonsense", dump(SearchIndex())[:-9], dump(SearchIndex())[:40]]
)
def test_damaged_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(UnreadableIndex):
        load(data)
