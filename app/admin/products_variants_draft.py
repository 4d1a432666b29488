"""Options and variants while they are being edited: texts as they were typed, rows with keys.

Values and rows are known by keys of the form, not by their texts, so that renaming or moving one
keeps everything that belongs to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count, product
from typing import TypeVar

from slugify import slugify

MOST_OPTIONS = 3
MOST_VARIANTS = 250
_LONGEST_SKU = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class ValueDraft:
    """A value of an option."""

    key: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OptionDraft:
    """An option with its values."""

    key: str
    name: str
    values: tuple[ValueDraft, ...]

    @property
    def filled(self) -> tuple[ValueDraft, ...]:
        """The values that have a text."""
        return tuple(each for each in self.values if each.text.strip())


Keyed = TypeVar("Keyed", OptionDraft, ValueDraft)


@dataclass(frozen=True, kw_only=True, slots=True)
class RowDraft:
    """A variant: ``was`` is its SKU before, ``chosen`` its values' keys by options' keys, ``texts``
    everything that is typed (``sku``, ``price.US`` …), ``ticked`` the boxes that are."""

    key: str
    was: str = ""
    chosen: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    ticked: frozenset[str] = frozenset()

    def text(self, name: str) -> str:
        """What was typed."""
        return self.texts.get(name, "").strip()

    @property
    def is_gone(self) -> bool:
        """Whether it is to be removed."""
        return "gone" in self.ticked


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """The whole form."""

    options: tuple[OptionDraft, ...]
    rows: tuple[RowDraft, ...]

    def after(self, action: str, slug: str) -> Draft:
        """The draft after a button was pressed; one that nobody knows changes nothing."""
        name, _, rest = action.partition(":")
        key, _, value = rest.partition(":")
        if name == "generate":
            return self._generated(slug)
        if name == "add-option" and len(self.options) < MOST_OPTIONS:
            return self._with_option()
        if name == "option-up":
            return replace(self, options=_moved_up(self.options, key))
        if name == "drop-option":
            return self._without_option(key)
        changes: dict[str, Callable[[OptionDraft, str], OptionDraft]] = {
            "add-value": _one_more,
            "value-up": _value_up,
            "drop-value": _one_less,
        }
        if name not in changes:
            return self
        options = tuple(
            changes[name](each, value) if each.key == key else each for each in self.options
        )
        return replace(self, options=options)

    def _with_option(self) -> Draft:
        key = _free("o", (each.key for each in self.options))
        blank = OptionDraft(key=key, name="", values=())
        return replace(self, options=(*self.options, _one_more(_one_more(blank))))

    def _without_option(self, key: str) -> Draft:
        """Of variants that are alike without it, the first stays."""
        options = tuple(each for each in self.options if each.key != key)
        seen: set[tuple[str, ...]] = set()
        rows = []
        for row in self.rows:
            chosen = {name: value for name, value in row.chosen.items() if name != key}
            place = tuple(chosen.get(each.key, "") for each in options)
            twice = place in seen and not row.is_gone
            if not row.is_gone:
                seen.add(place)
            ticked = row.ticked | {"gone"} if twice else row.ticked
            rows.append(replace(row, chosen=chosen, ticked=ticked))
        return Draft(options=options, rows=tuple(rows))

    def _generated(self, slug: str) -> Draft:
        """A row for each combination that has none, like the first one in all else."""
        options = [each for each in self.options if each.filled]
        rows = [_placed(row, options) for row in self.rows]
        taken = {_place(row, options) for row in rows}
        model = rows[0] if rows else RowDraft(key="r0", ticked=frozenset({"taxable", "shipping"}))
        skus = {row.text("sku") for row in rows}
        for values in product(*(each.filled for each in options)):
            if len(rows) >= MOST_VARIANTS:
                break  # there may be billions more
            if tuple(each.key for each in values) in taken:
                continue
            sku = _free_sku([slug, *(each.text for each in values)], skus)
            skus.add(sku)
            rows.append(
                RowDraft(
                    key=_free("r", (row.key for row in rows)),
                    chosen={
                        option.key: value.key for option, value in zip(options, values, strict=True)
                    },
                    texts={**model.texts, "sku": sku, "barcode": "", "image": ""},
                    ticked=model.ticked - {"gone"},
                )
            )
        return replace(self, rows=tuple(rows))


def _place(row: RowDraft, options: Iterable[OptionDraft]) -> tuple[str, ...]:
    return tuple(row.chosen.get(each.key, "") for each in options)


def _placed(row: RowDraft, options: Iterable[OptionDraft]) -> RowDraft:
    """The row with the first value of each option that it has none of."""
    chosen = dict(row.chosen)
    for option in options:
        if chosen.get(option.key) not in {each.key for each in option.values}:
            chosen[option.key] = option.filled[0].key
    return replace(row, chosen=chosen)


def _one_more(option: OptionDraft, _: str = "") -> OptionDraft:
    key = _free(f"{option.key}v", (each.key for each in option.values))
    return replace(option, values=(*option.values, ValueDraft(key=key, text="")))


def _one_less(option: OptionDraft, value: str) -> OptionDraft:
    return replace(option, values=tuple(each for each in option.values if each.key != value))


def _value_up(option: OptionDraft, value: str) -> OptionDraft:
    return replace(option, values=_moved_up(option.values, value))


def _moved_up(items: tuple[Keyed, ...], key: str) -> tuple[Keyed, ...]:
    keys = [each.key for each in items]
    place = keys.index(key) if key in keys else 0
    moved = list(items)
    if place:
        moved[place - 1 : place + 1] = items[place], items[place - 1]
    return tuple(moved)


def _free(prefix: str, taken: Iterable[str]) -> str:
    used = set(taken)
    return next(key for number in count() if (key := f"{prefix}{number}") not in used)


def _free_sku(parts: list[str], taken: set[str]) -> str:
    stem = slugify("-".join(parts)).upper()[:_LONGEST_SKU]
    if stem not in taken:
        return stem
    return next(sku for number in count(2) if (sku := f"{stem}-{number}") not in taken)
