"""What draws and checks the papers."""

from __future__ import annotations

from tools.limits import _lengths, _silenced
from tools.packages import _drawn, _without_detours
from tools.papers import libraries


def test_a_way_round_is_not_drawn() -> None:
    edges = {"top": {"middle", "low"}, "middle": {"low"}, "low": set[str]()}
    assert _without_detours(edges) == {"top": {"middle"}, "middle": {"low"}, "low": set()}


def test_a_circle_stays_whole() -> None:
    edges = {"one": {"two"}, "two": {"one"}}
    assert _without_detours(edges) == edges


def test_a_picture_names_everything() -> None:
    drawn = _drawn({"app.cart.rules": {"app.cart.models"}, "app.cart.models": set()})
    assert 'n0["rules"]' in drawn
    assert "n0 --> n1" in drawn


def test_what_is_too_long_is_named() -> None:
    body = "    pass\n" * 50
    (found,) = _lengths("x.py", f"def f():\n{body}")
    assert found == ("x.py:f", 51, 50)
    ((name, lines, most),) = _lengths("x.py", "\n" * 401)
    assert (name, lines, most) == ("x.py", 401, 400)


def test_what_is_silenced_says_why() -> None:
    mark = "# " + "noqa: S1"  # in one piece it would be one itself
    assert list(_silenced("app/x.py", f"a = 1  {mark} - ours\n")) == []
    assert list(_silenced("app/x.py", f"a = 1  {mark}\n")) == [
        "app/x.py:1: silenced without a reason"
    ]
    ignored = "# " + "type: ignore[x]"
    assert list(_silenced("app/x.py", f"a = 1  {ignored}  # no types\n")) == []
    assert list(_silenced("tests/x.py", f"a = 1  {ignored}\n")) == [
        "tests/x.py:1: mypy does not read this file"
    ]


def test_a_library_nobody_told_of_is_named_and_so_is_one_nobody_asks_for() -> None:
    page = "| Flask | 2026-02 | Routes. |\n| Django | 2026-02 | Routes, too. |\n"
    assert list(libraries({"Flask", "svg.py"}, page)) == [
        "docs/dependencies.md lacks svg.py",
        "docs/dependencies.md: nobody asks for Django",
    ]
