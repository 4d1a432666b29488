"""From what was typed about options and variants to a product, and back."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from werkzeug.datastructures import MultiDict

from app.admin.products_variants_draft import (
    MOST_OPTIONS,
    MOST_VARIANTS,
    Draft,
    OptionDraft,
    RowDraft,
    ValueDraft,
)
from app.catalog.models import DENY, Option, Policy, PolicyKind, Price, Product, Variant
from app.catalog.policies import check_policy
from app.markets.models import Market
from app.shared.errors import Invalid
from app.shared.ids import Sku
from app.shared.money import Money
from app.shared.texts import Text

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MOST_MINOR = 10**12
_MOST_GRAMS = 10_000_000
_TEXTS = ("sku", "weight", "barcode", "policy", "limit", "days", "ships_on", "image")
_BOXES = ("taxable", "shipping", "gone")


def draft_of(product: Product) -> Draft:
    """The form of a product as it is."""
    options = tuple(
        OptionDraft(
            key=f"o{place}",
            name=option.name,
            values=tuple(
                ValueDraft(key=f"o{place}v{number}", text=text)
                for number, text in enumerate(option.values)
            ),
        )
        for place, option in enumerate(product.options)
    )
    rows = tuple(_row_of(place, each, options) for place, each in enumerate(product.variants))
    return Draft(options=options, rows=rows)


def _row_of(place: int, variant: Variant, options: Sequence[OptionDraft]) -> RowDraft:
    policy = variant.policy
    texts = {
        "sku": variant.sku,
        "weight": str(variant.weight_grams),
        "barcode": variant.barcode,
        "image": variant.image_src,
        "policy": policy.kind.value,
        "limit": "" if policy.limit is None else str(policy.limit),
        "days": "" if policy.days is None else str(policy.days),
        "ships_on": policy.ships_on.strftime("%Y-%m-%d") if policy.ships_on else "",
    }
    for code, price in variant.prices.items():
        texts[f"price.{code}"] = f"{price.amount.to_major():f}"
        texts[f"compare.{code}"] = f"{price.compare_at.to_major():f}" if price.compare_at else ""
    boxes = {"taxable": variant.taxable, "shipping": variant.requires_shipping}
    return RowDraft(
        key=f"r{place}",
        was=variant.sku,
        chosen={
            option.key: value.key
            for option in options
            for value in option.values
            if variant.options.get(option.name) == value.text
        },
        texts=texts,
        ticked=frozenset(name for name, is_ticked in boxes.items() if is_ticked),
    )


def posted_draft(fields: MultiDict[str, str], markets: Sequence[Market]) -> Draft:
    """The form as it was sent."""
    options = tuple(
        OptionDraft(
            key=key,
            name=fields.get(f"o.{key}.name", ""),
            values=tuple(
                ValueDraft(key=each, text=fields.get(f"v.{each}", ""))
                for each in fields.getlist(f"o.{key}.value")
            ),
        )
        for key in dict.fromkeys(fields.getlist("option"))
    )
    names = [
        *_TEXTS,
        *(f"{kind}.{each.code}" for kind in ("price", "compare") for each in markets),
    ]
    rows = tuple(
        RowDraft(
            key=key,
            was=fields.get(f"r.{key}.was", ""),
            chosen={each.key: fields.get(f"r.{key}.c.{each.key}", "") for each in options},
            texts={
                name: fields[f"r.{key}.{name}"] for name in names if f"r.{key}.{name}" in fields
            },
            ticked=frozenset(name for name in _BOXES if f"r.{key}.{name}" in fields),
        )
        for key in dict.fromkeys(fields.getlist("row"))
    )
    return Draft(options=options, rows=rows[: 2 * MOST_VARIANTS])


class Reading:
    """Makes variants of a draft; ``problems`` says by field what is wrong with it."""

    def __init__(self, draft: Draft, markets: Sequence[Market]) -> None:
        self._draft = draft
        self._markets = markets
        self._rows = [row for row in draft.rows if not row.is_gone]
        self.problems: dict[str, str] = {}
        self._values = {
            each.key: each.text.strip() for option in draft.options for each in option.values
        }

    def edit(self, product: Product) -> Product:
        """The product with these options and variants. Raises ``Invalid``."""
        self.problems = {}
        options = () if product.is_bundle else self._options()
        variants = tuple(self._variant(row, product) for row in self._rows)
        self._check_rows()
        if self.problems:
            raise Invalid(Text("Please check what you entered."), self.problems)
        pictures = {each.src for each in product.images}
        kept = tuple(
            each if each.image_src in pictures else replace(each, image_src="") for each in variants
        )
        images = tuple(
            replace(each, option_values=self._renamed(each.option_values, product, kept))
            for each in product.images
        )
        return replace(product, options=options, variants=kept, images=images)

    def _renamed(
        self, values: Mapping[str, str], product: Product, variants: Sequence[Variant]
    ) -> dict[str, str]:
        """What a picture belongs to, as it is called now: what all the same variants have, and no
        others, is the same thing under another name."""
        was = {each.sku: row.was for row, each in zip(self._rows, variants, strict=True)}
        before = _holders(product.variants, {each.sku: each.sku for each in product.variants})
        after = _holders(variants, was)
        stay = frozenset(was.values())
        found = {}
        for pair in values.items():
            held = before.get(pair, frozenset()) & stay
            alike = [] if pair in after else [new for new, those in after.items() if those == held]
            ranked = sorted(alike, key=lambda new: new[0] != pair[0] and new[1] != pair[1])
            name, value = ranked[0] if held and ranked else pair
            found[name] = value
        return found

    # --- options --------------------------------------------------------------------------------

    def _options(self) -> tuple[Option, ...]:
        names: list[str] = []
        for option in self._draft.options:
            name = option.name.strip()
            self._say(f"o.{option.key}.name", _name_problem(name, names))
            names.append(name)
            self._check_values(option)
        if len(names) > MOST_OPTIONS:
            self._say("options", Text("At most %(most)s options.", most=MOST_OPTIONS))
        return tuple(
            Option(
                name=option.name.strip(),
                values=tuple(each.text.strip() for each in option.filled),
            )
            for option in self._draft.options
        )

    def _check_values(self, option: OptionDraft) -> None:
        used = {row.chosen.get(option.key) for row in self._rows}
        seen: set[str] = set()
        for value in option.values:
            text = value.text.strip()
            if not text and value.key in used:
                self._say(f"v.{value.key}", Text("A variant has this value: please name it."))
            elif text and text in seen:
                self._say(f"v.{value.key}", Text("“%(value)s” is there twice.", value=text))
            elif text and value.key not in used:
                self._say(
                    f"v.{value.key}",
                    Text(
                        "No variant is “%(value)s”: add the missing variants, or remove it.",
                        value=text,
                    ),
                )
            elif len(text) > 100:
                self._say(f"v.{value.key}", Text("Please use at most 100 characters."))
            seen.add(text)

    # --- variants -------------------------------------------------------------------------------

    def _check_rows(self) -> None:
        if not self._rows:
            self._say("variants", Text("A product has at least one variant."))
        if len(self._rows) > MOST_VARIANTS:
            self._say("variants", Text("At most %(most)s variants.", most=MOST_VARIANTS))
        skus: set[str] = set()
        places: set[tuple[str, ...]] = set()
        for row in self._rows:
            sku = row.text("sku")
            if sku in skus:
                self._say(f"r.{row.key}.sku", Text("Another variant has this SKU."))
            skus.add(sku)
            place = tuple(self._values.get(key, "") for key in row.chosen.values())
            if place in places:
                self._say(f"r.{row.key}.place", Text("Another variant has the same options."))
            places.add(place)

    def _variant(self, row: RowDraft, product: Product) -> Variant:
        known = product.variant(row.was) or Variant(sku=Sku(""), options={}, prices={})
        sku = row.text("sku")
        if not sku:
            self._say(f"r.{row.key}.sku", Text("Please give it a SKU."))
        elif len(sku) > 120 or _CONTROL.search(sku):
            self._say(f"r.{row.key}.sku", Text("This is no SKU: at most 120 plain characters."))
        changed = replace(
            known,
            sku=Sku(sku),
            barcode=row.text("barcode")[:120],
            image_src=row.text("image"),
            weight_grams=self._number(row, "weight", _MOST_GRAMS) or 0,
            taxable="taxable" in row.ticked,
            requires_shipping="shipping" in row.ticked,
        )
        if product.is_bundle:
            return changed
        priced = replace(changed, options=self._chosen(row), prices=self._prices(row, known))
        return priced if product.is_gift_card else replace(priced, policy=self._policy(row))

    def _chosen(self, row: RowDraft) -> dict[str, str]:
        chosen = {}
        for option in self._draft.options:
            value = self._values.get(row.chosen.get(option.key, ""), "")
            name = option.name.strip()
            if not value and name:  # what has no name is refused for that
                self._say(f"r.{row.key}.place", Text("Please choose its %(name)s.", name=name))
            chosen[name] = value
        return chosen

    def _prices(self, row: RowDraft, known: Variant) -> dict[str, Price]:
        """Prices in the markets of the form as typed; those in others stay."""
        shown = {each.code for each in self._markets}
        prices = {code: price for code, price in known.prices.items() if code not in shown}
        for market in self._markets:
            amount = self._amount(row, f"price.{market.code}", market.currency)
            compare_at = self._amount(row, f"compare.{market.code}", market.currency)
            if amount is not None:
                prices[market.code] = Price(amount=amount, compare_at=compare_at)
            elif compare_at is not None:
                self._say(f"r.{row.key}.price.{market.code}", Text("What does it cost today?"))
        return prices

    def _amount(self, row: RowDraft, name: str, currency: str) -> Money | None:
        text = row.text(name)
        if not text:
            return None
        try:
            amount = Money.from_major(text, currency)
        except ValueError:
            message = Text("“%(text)s” is no amount of %(currency)s, such as 24.95.",
                           text=text[:40], currency=currency)  # fmt: skip
            self._say(f"r.{row.key}.{name}", message)
            return None
        if not 0 <= amount.minor < _MOST_MINOR:
            self._say(f"r.{row.key}.{name}", Text("A price is not below nothing, nor that high."))
        return amount

    def _policy(self, row: RowDraft) -> Policy:
        kind = row.text("policy")
        if kind not in set(PolicyKind):
            return DENY
        policy = Policy(
            kind=PolicyKind(kind),
            limit=self._number(row, "limit"),
            days=self._number(row, "days"),
            ships_on=self._day(row),
        )
        try:
            check_policy(policy)
        except Invalid as refusal:
            for name, message in refusal.fields.items():
                self._say(f"r.{row.key}.{name}", message)
        return policy

    def _number(self, row: RowDraft, name: str, most: int = 10**9) -> int | None:
        text = row.text(name)
        if not text:
            return None
        if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or int(text) > most:
            self._say(f"r.{row.key}.{name}", Text("“%(text)s” is no whole number.", text=text[:40]))
            return None
        return int(text)

    def _day(self, row: RowDraft) -> datetime | None:
        text = row.text("ships_on")
        try:
            return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) if text else None
        except ValueError:
            self._say(f"r.{row.key}.ships_on", Text("Please write the day as 2031-05-01."))
            return None

    def _say(self, name: str, message: str) -> None:
        if message:
            self.problems.setdefault(name, message)


def _holders(
    variants: Sequence[Variant], was: Mapping[Sku, str]
) -> dict[tuple[str, str], frozenset[str]]:
    """Which variants have each value of an option, by what ``was`` their SKU; new ones, for which
    that is "", are left out."""
    held: dict[tuple[str, str], set[str]] = defaultdict(set)
    for each in variants:
        for pair in each.options.items() if was[each.sku] else ():
            held[pair].add(was[each.sku])
    return {pair: frozenset(those) for pair, those in held.items()}


def _name_problem(name: str, others: Sequence[str]) -> str:
    if not name:
        return Text("Please name this option, or remove it.")
    if "." in name or "$" in name:
        return Text("Names of options have no full stops and no $.")
    if name in others:
        return Text("Another option has this name.")
    return Text("Please use at most 100 characters.") if len(name) > 100 else ""


def problems_by_field(refusal: Invalid, draft: Draft) -> Mapping[str, str]:
    """What the shop refused, by the form's own fields."""
    found = dict(refusal.fields)
    for row in draft.rows:
        taken = found.pop(f"sku:{row.text('sku')}", "")
        if taken:
            found.pop("sku", None)
            found[f"r.{row.key}.sku"] = taken
    return found
