"""Papers as PDF, with an open font that has Latin and Devanagari (Mukta, SIL Open Font License)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace, TTFFont

from app.fulfilment.paper import Paper, Table

_FONT = "mukta"
_FACES = {"": "Mukta-Regular.ttf", "B": "Mukta-SemiBold.ttf"}
_INK, _MUTED, _RULE = (35, 37, 31), (92, 95, 85), (200, 196, 184)
_LINE = 5.4  # millimetres
_BOTTOM, _FOOT = 18, 12  # millimetres from the edge
_ALIKE = str.maketrans({"￥": "¥", "〒": "", "\u200e": "", "\u200f": ""})


@dataclass(frozen=True, slots=True)
class _Glyph:
    codepoint: int
    cluster: int


class _ReadableFont(TTFFont):
    """A font whose shaped text can be read back: searched, copied, read aloud.

    HarfBuzz names a syllable by its first letter; fpdf2 then gives all its letters to its first
    glyph and none to the others, which readers show as rubbish. Here each glyph of a syllable has
    a letter of its own.
    """

    def perform_harfbuzz_shaping(
        self, text: str, font_size_pt: float, text_shaping_params: dict[str, Any] | None
    ) -> tuple[Sequence[Any], Sequence[Any]]:
        glyphs, places = super().perform_harfbuzz_shaping(text, font_size_pt, text_shaping_params)
        starts = sorted({glyph.cluster for glyph in glyphs})
        ends = dict(zip(starts, [*starts[1:], len(text)], strict=True))
        seen: Counter[int] = Counter()
        spread = []
        for glyph in glyphs:
            at = glyph.cluster + seen[glyph.cluster]
            seen[glyph.cluster] += 1
            spread.append(_Glyph(glyph.codepoint, min(at, ends[glyph.cluster] - 1)))
        return spread, places


class _Document(FPDF):
    """Writes what the font has for what it has not, and says on each of several ``pages`` of what
    ``paper`` it is."""

    def __init__(self, paper: Paper, pages: int) -> None:
        super().__init__(format="A4")
        self._name, self._pages = paper.name, pages

    def footer(self) -> None:
        if self._pages > 1:
            self.set_y(-_FOOT)
            text = f"{self._name} · {self.page_no()} / {self._pages}"
            _text(self, text, size=9, align="R", colour=_MUTED)

    def normalize_text(self, text: str) -> str:
        return super().normalize_text(text.translate(_ALIKE))


def render(paper: Paper) -> bytes:
    """The paper on A4."""
    document = _drawn(paper)
    if document.pages_count > 1:
        document = _drawn(paper, document.pages_count)
    return bytes(document.output())


def _drawn(paper: Paper, pages: int = 1) -> FPDF:
    document = _Document(paper, pages)
    folder = files("fontpkg_mukta") / "files"
    for style, name in _FACES.items():
        key = f"{_FONT}{style}"
        document.fonts[key] = _ReadableFont(document, Path(str(folder / name)), key, style)
    document.set_text_shaping(True)
    document.set_title(paper.name)
    document.set_creator(paper.seller.lines[0])
    document.set_lang(paper.language)
    document.set_margins(18, 16)
    document.set_auto_page_break(True, _BOTTOM)
    document.add_page()
    _head(document, paper)
    _parties(document, paper)
    _table(document, paper.table)
    _sums(document, paper)
    if paper.taxes is not None:
        document.ln(6)
        _table(document, paper.taxes, size=9)
    document.ln(6)
    for note in paper.notes:
        _text(document, note, size=9, colour=_MUTED)
    return document


def _text(
    document: FPDF,
    text: str,
    *,
    size: float = 10,
    style: str = "",
    width: float = 0,
    align: str = "L",
    colour: tuple[int, int, int] = _INK,
) -> None:
    document.set_font(_FONT, style, size)
    document.set_text_color(*colour)
    document.multi_cell(
        width, _LINE * size / 10, text, align=align, new_x=XPos.LEFT, new_y=YPos.NEXT
    )


def _head(document: FPDF, paper: Paper) -> None:
    top = document.get_y()
    _text(document, paper.title, size=22, style="B")
    below = document.get_y()
    document.set_xy(document.w / 2, top)
    name, *rest = paper.seller.lines
    _text(document, name, style="B", align="R")
    for line in (*rest, *((paper.seller.tax_id,) if paper.seller.tax_id else ())):
        _text(document, line, size=9, align="R", colour=_MUTED)
    document.set_xy(document.l_margin, max(below, document.get_y()) + 8)


def _parties(document: FPDF, paper: Paper) -> None:
    top, half = document.get_y(), document.epw / 2
    _text(document, paper.buyer_title, size=9, colour=_MUTED)
    for line in paper.buyer:
        _text(document, line, width=half - 6)
    below = document.get_y()
    document.set_xy(document.l_margin + half, top)
    for name, value in paper.facts:
        left = document.get_x()
        row = document.get_y()
        _text(document, name, size=9, width=half * 0.45, colour=_MUTED)
        document.set_xy(left + half * 0.45, row)
        _text(document, value, width=half * 0.55, align="R")
        document.set_xy(left, max(document.get_y(), row + _LINE))
    document.set_xy(document.l_margin, max(below, document.get_y()) + 8)


def _table(document: FPDF, content: Table, size: float = 10) -> None:
    document.set_font(_FONT, "", size)
    document.set_text_color(*_INK)
    document.set_draw_color(*_RULE)
    with document.table(
        col_widths=tuple(column.share for column in content.columns),
        text_align=tuple("RIGHT" if column.numeric else "LEFT" for column in content.columns),
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        headings_style=FontFace(emphasis="BOLD", size_pt=9, color=_MUTED),
        line_height=_LINE * size / 10,
        padding=(1.2, 0.8),
    ) as table:
        for cells in (tuple(column.title for column in content.columns), *content.rows):
            row = table.row()
            for cell in cells:
                row.cell(cell)


def _sums(document: FPDF, paper: Paper) -> None:
    document.ln(4)
    half = document.epw / 2
    if document.will_page_break((len(paper.sums) + 1) * _LINE):
        document.add_page()  # they stand together
    for each in paper.sums:
        style, size = ("B", 12.0) if each.strong else ("", 10.0)
        left, row = document.l_margin + half, document.get_y()
        if row > document.page_break_trigger - 2 * _LINE:
            document.add_page()
            row = document.get_y()
        document.set_xy(left, row)
        _text(document, each.label, size=size, style=style, width=half * 0.6)
        below = document.get_y()
        document.set_xy(left + half * 0.6, row)
        _text(document, each.amount, size=size, style=style, width=half * 0.4, align="R")
        document.set_xy(document.l_margin, max(below, document.get_y()))
