"""Charts draw what they are given, escaped, and nothing that a policy would forbid."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.admin.charts import Point, bars, columns

_SVG = "{http://www.w3.org/2000/svg}"
NASTY = '<script>alert("1")</script> & "more"'
points = st.lists(
    st.builds(
        Point,
        label=st.text(st.characters(exclude_categories=["Cs", "Cc"])),
        value=st.integers(-(10**9), 10**12),
        shown=st.just("$1.00"),
        before=st.none() | st.integers(0, 10**12),
    ),
    max_size=40,
)


@given(points)
def test_every_column_is_inside_the_picture(given: list[Point]) -> None:
    picture = ElementTree.fromstring(columns("c", "Sales", given, str))
    rects = picture.findall(f"{_SVG}rect")
    assert len(rects) == len(given)
    for rect in rects:
        assert float(rect.attrib["height"]) >= 0
        assert 0 <= float(rect.attrib["y"]) <= 200
        left = float(rect.attrib["x"].rstrip("%"))
        assert 0 <= left <= left + float(rect.attrib["width"].rstrip("%")) <= 100.01


@pytest.mark.parametrize("draw", [bars, lambda *about: columns(*about, str)])
def test_texts_are_escaped_and_nothing_is_styled_or_scripted_inline(draw: object) -> None:
    drawn = draw("c", NASTY, [Point(label=NASTY, value=3, shown=NASTY)])
    picture = ElementTree.fromstring(drawn)
    assert picture.attrib["role"] == "img"
    named = picture.attrib["aria-labelledby"].split()
    texts = {each.attrib["id"]: each.text for each in picture.iter() if "id" in each.attrib}
    assert texts[named[0]] == NASTY
    assert NASTY in str(texts[named[1]])
    for each in picture.iter():
        assert each.tag not in {f"{_SVG}script", f"{_SVG}style", f"{_SVG}image"}
        assert "style" not in each.attrib
        assert not any(name.startswith("on") or "href" in name for name in each.attrib)


def test_the_scale_has_round_numbers() -> None:
    drawn = columns("c", "Sales", [Point(label="a", value=937, shown="937")], str)
    assert [each.text for each in ElementTree.fromstring(drawn).iter(f"{_SVG}text")] == [
        "a", "0", "500", "1000",
    ]  # fmt: skip


@given(points)
def test_the_scale_stands_beside_the_columns(given: list[Point]) -> None:
    picture = ElementTree.fromstring(columns("c", "Sales", given, "{:,}".format))
    scale = [it for it in picture.iter(f"{_SVG}text") if "chart-scale" in it.attrib["class"]]
    assert scale
    assert all(float(each.attrib["x"]) < 0 for each in scale)
    assert "chart-margin-" in picture.attrib["class"]
