"""Folding: which spellings meet, and which must stay apart."""

from __future__ import annotations

import pytest

from app.catalog.text import fold, spans, words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Müsli", "musli"),
        ("Straße", "strasse"),
        ("Crème Brûlée", "creme brulee"),
        ("ＴＥＥ　１", "tee 1"),
        ("İstanbul", "istanbul"),
        ("ışık", "isik"),
        ("Ærø Łódź", "aero lodz"),
        ("Ά Ё", "α е"),
        ("HeatTech™ Gear®", "heattech gear"),
        ("ﬁne", "fine"),
    ],
)
def test_spellings_meet(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert fold(folded) == folded


@pytest.mark.parametrize("word", ["जैकेट", "टोपी", "साड़ी", "कुर्ता", "हिन्दी"])
def test_a_word_of_devanagari_stays_one_word_with_its_vowel_signs(word: str) -> None:
    (folded,) = words(word)
    assert len(folded) >= len(word) - 1  # at most the nukta goes


def test_vowel_signs_tell_words_apart() -> None:
    assert words("काला") != words("कला")
    assert words("लाल") != words("लाला")


def test_marks_that_many_leave_out_are_ignored() -> None:
    assert words("साड़ी") == words("साडी")
    assert words("चाँद") == words("चांद")
    assert fold("\u0958") == fold("\u0915\u093c")  # one letter, composed and not


def test_possessives_and_apostrophes() -> None:
    assert words("Women's men’s don't") == ["women", "men", "dont"]


def test_spans_point_into_the_text_as_written() -> None:
    text = "Größe «Über» T-Shirt जैकेट"
    assert [text[first:end] for first, end, _ in spans(text)] == [
        "Größe", "Über", "T", "Shirt", "जैकेट"
    ]  # fmt: skip
    assert [word for *_, word in spans(text)] == words(text)
