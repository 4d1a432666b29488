"""Charts as SVG, drawn on the server. Style sheets give them their colours.

Widths are shares of the picture's, heights are pixels: so a chart is as wide as its place and its
texts stay as large as all others. The builder escapes nothing, so every text is escaped here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import svg
from markupsafe import Markup, escape

_HEIGHT = 200
_TOP, _BOTTOM = 18, 22  # pixels for the highest line's number, and for the days
_MOST_LABELS = 6  # every second one is for wide windows alone
_GAP = 0.25  # of a column's room
_ROW = 34
_STEPS = (1, 2, 5, 10)
_MARGINS = (4, 7, 10, 14)  # characters beside the columns; the style sheet has a width for each


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """A column or a bar: its name, its size, and the size in words. ``before`` is the size in the
    period to compare with."""

    label: str
    value: int
    shown: str
    before: int | None = None


def columns(name: str, title: str, points: Sequence[Point], show: Callable[[int], str]) -> Markup:
    """Columns over time. ``name`` is the picture's id, ``show`` writes a number of the scale, which
    stands in a margin beside the columns."""
    ceiling, step = _scale(max((max(p.value, p.before or 0) for p in points), default=0))
    room = 100 / max(len(points), 1)
    parts: list[svg.Element] = []
    values = range(0, ceiling + 1, step)
    parts += [_grid_line(_y(value, ceiling)) for value in values]
    every = -(-len(points) // _MOST_LABELS) or 1
    for place, point in enumerate(points):
        parts += _column(point, place * room, room, ceiling)
        if place % every == 0:
            anchor = "middle" if place % (2 * every) == 0 else "middle chart-spare"
            parts.append(_text(point.label, (place + 0.5) * room, _HEIGHT - 5, anchor))
    scale = [(show(value), _y(value, ceiling)) for value in values]
    parts += [_scale_text(text, y) for text, y in scale]
    longest = max(len(text) for text, _ in scale)
    margin = next((each for each in _MARGINS if each >= longest), _MARGINS[-1])
    return _picture(name, title, _summary(points), parts, _HEIGHT, f"chart-margin-{margin}")


def bars(name: str, title: str, points: Sequence[Point]) -> Markup:
    """Bars below each other, as a funnel or a ranking."""
    longest = max((point.value for point in points), default=0) or 1
    parts: list[svg.Element] = []
    for place, point in enumerate(points):
        y = place * _ROW
        width = 100 * max(point.value, 0) / longest
        parts += [
            _text(point.label, 0, y + 12),
            _text(point.shown, 100, y + 12, "end"),
            svg.Rect(x=0, y=y + 18, width=_percent(100), height=8, rx=4, class_=["chart-track"]),
            svg.Rect(x=0, y=y + 18, width=_percent(width), height=8, rx=4, class_=["chart-bar"]),
        ]
    return _picture(name, title, _summary(points), parts, len(points) * _ROW)


def _column(point: Point, left: float, room: float, ceiling: int) -> list[svg.Element]:
    parts: list[svg.Element] = []
    wide = room * (1 - _GAP)
    if point.before:
        y = _y(max(point.before, 0), ceiling)
        parts.append(
            svg.Line(
                x1=_percent(left + room * _GAP / 4),
                x2=_percent(left + room * (1 - _GAP / 4)),
                y1=y,
                y2=y,
                class_=["chart-before"],
            )
        )
    y = _y(max(point.value, 0), ceiling)
    column = svg.Rect(
        x=_percent(left + room * _GAP / 2),
        y=y,
        width=_percent(wide),
        height=_HEIGHT - _BOTTOM - y,
        rx=2,
        class_=["chart-bar"],
        elements=[svg.Title(text=str(escape(f"{point.label}: {point.shown}")))],
    )
    return [column, *parts]


def _grid_line(y: float) -> svg.Element:
    return svg.Line(x1=0, x2=_percent(100), y1=y, y2=y, class_=["chart-line"])


def _text(text: str, x: float, y: float, anchor: str = "start") -> svg.Element:
    return svg.Text(
        x=_percent(x),
        y=y,
        text=str(escape(text)),
        class_=["chart-text", f"chart-{anchor}"],
    )


def _scale_text(text: str, y: float) -> svg.Element:
    """Ends left of the picture's edge, in the room that its style leaves there."""
    return svg.Text(x=-8, y=y + 4, text=str(escape(text)), class_=["chart-text", "chart-scale"])


def _picture(
    name: str, title: str, summary: str, parts: list[svg.Element], height: int, *classes: str
) -> Markup:
    known: list[svg.Element] = [
        svg.Title(id=f"{name}-title", text=str(escape(title))),
        svg.Desc(id=f"{name}-desc", text=str(escape(summary))),
    ]
    picture = svg.SVG(
        width=_percent(100),
        height=height,
        class_=["chart", *classes],
        elements=known + parts,
        extra={"role": "img", "aria-labelledby": f"{name}-title {name}-desc"},
    )
    return Markup(picture.as_str())  # noqa: S704 - every text in it was escaped


def _summary(points: Sequence[Point]) -> str:
    """What somebody is told who does not see the picture; the numbers are in the table."""
    if not points:
        return "Nothing yet."
    highest = max(points, key=lambda point: point.value)
    return f"{len(points)} values; the highest is {highest.shown} ({highest.label})."


def _scale(highest: int) -> tuple[int, int]:
    """The top of the scale and the distance of its lines: at most five lines, round numbers."""
    power = 1
    while True:
        for factor in _STEPS:
            step = factor * power
            if step * 4 >= highest:
                return step * max(-(-highest // step), 1), step
        power *= 10


def _y(value: int, ceiling: int) -> float:
    """How far down a value is."""
    room = _HEIGHT - _TOP - _BOTTOM
    return round(_TOP + room * (1 - value / ceiling), 1)


def _percent(value: float) -> svg.Length:
    return svg.Length(round(value, 3), "%")
