"""Texts that are English to the code and in the reader's language to the reader."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from app.shared.texts import Text, current_language, from_words, speaking, to_words
from tools.translations import problems, translated

LEFT = Text.counted("Only %(num)s set left", "Only %(num)s sets left", 2)
LONG = Text("Code %(code)s: %(note)s", code="X", note=Text("Sold out"))


def test_a_text_equals_its_english_whoever_reads() -> None:
    with speaking("de"):
        assert LEFT == "Only 2 sets left"
        assert {"Sold out": 1}[Text("Sold out")] == 1
        assert json.dumps(LEFT) == '"Only 2 sets left"'


def test_it_is_shown_in_the_language_that_is_read() -> None:
    assert str(LONG) == "Code X: Sold out"
    with speaking("de"):
        assert str(LEFT) == "Nur noch 2 Sets verfügbar"
        assert f"{LONG}" == "Code X: Ausverkauft"
    with speaking("hi"):
        assert str(LEFT) == "सिर्फ़ 2 सेट बचे हैं"
    assert str(LEFT) == "Only 2 sets left"


def test_templates_show_it_translated_and_escaped() -> None:
    template = Environment(autoescape=True).from_string("{{ text }}")
    plain = Environment(autoescape=False).from_string("{{ text }}")
    text = Text("Code %(code)s: added.", code="<b>")
    with speaking("de"):
        assert template.render(text=text) == "Code &lt;b&gt;: hinzugefügt."
        assert plain.render(text=text) == "Code <b>: hinzugefügt."


def test_an_unknown_language_is_english() -> None:
    with speaking("fr"):
        assert current_language() == "en"
        assert str(Text("Sold out")) == "Sold out"


def test_nothing_stays_nothing() -> None:
    with speaking("de"):
        assert not Text("")
        assert str(Text("")) == ""


@given(count=st.integers(0, 10**9), note=st.text())
def test_what_is_stored_comes_back_and_can_be_read_in_any_language(count: int, note: str) -> None:
    text = Text.counted("Only %(num)s left", "Only %(num)s left", count, note=Text(note or "x"))
    back = from_words(text.english, to_words(text))
    again = copy.deepcopy(text)
    for language in ("en", "de", "hi"):
        with speaking(language):
            assert str(back) == str(text) == str(again)
    assert back == text


def test_what_was_stored_before_texts_knew_their_words_is_shown() -> None:
    with speaking("de"):
        assert str(from_words("Order placed")) == "Bestellung aufgegeben"
        assert str(from_words("1 item shipped with 100 % care")) == "1 item shipped with 100 % care"


@pytest.mark.parametrize("language", translated())
def test_every_text_is_translated_with_its_values_and_plurals(language: str) -> None:
    assert not list(problems(language))
