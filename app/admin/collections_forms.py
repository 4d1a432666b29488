"""The form of a collection. It is shown again after each of its buttons; only "Save" stores."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from werkzeug.datastructures import MultiDict

from app.admin.form_pictures import fields_of, image_in
from app.admin.product_list import move_product
from app.catalog.models import (
    Collection,
    CollectionRule,
    RuleCondition,
    RuleField,
)
from app.markets.models import Market
from app.shared.errors import Invalid
from app.shared.ids import ProductId
from app.shared.money import Money
from app.shared.numbers import whole
from app.shared.texts import Text

SORTS = ("", "newest", "price_asc", "price_desc", "bestselling")
_CONDITION = re.compile(r"condition\.(\d{1,3})\.(field|negated|values|option)")
_PRICE = re.compile(r"condition\.(\d{1,3})\.(least|most)\.([A-Z]{2})")
_PLAIN = (
    "title", "slug", "description", "sort", "starts_at", "ends_at", "kind", "any_of", "revision",
    "image_src", "image_width", "image_height", "image_alt", "image_drop", "q",
)  # fmt: skip
_MOST_CONDITIONS = 30
_MOST_MINOR = 10**12


@dataclass(kw_only=True)
class ConditionInput:
    """A row of the rule, as it was typed; amounts by market in major units."""

    subject: str = RuleField.TAG.value
    negated: bool = False
    values: str = ""
    option: str = ""
    least: dict[str, str] = field(default_factory=dict)
    most: dict[str, str] = field(default_factory=dict)

    @property
    def lines(self) -> tuple[str, ...]:
        """The values, one from each line."""
        return tuple(dict.fromkeys(filter(None, map(str.strip, self.values.splitlines()))))


@dataclass(kw_only=True)
class CollectionInput:
    """Everything that was typed, and what is wrong with it by field."""

    values: dict[str, str]
    products: list[str] = field(default_factory=list)
    conditions: list[ConditionInput] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def by_rule(self) -> bool:
        """Whether a rule says what belongs to it."""
        return self.values.get("kind") == "rule"


def input_of(collection: Collection, markets: Sequence[Market]) -> CollectionInput:
    """The form of what is stored."""
    currencies = {each.code: each.currency for each in markets}
    rule = collection.rule
    return CollectionInput(
        values={
            **dict.fromkeys(_PLAIN, ""),
            **fields_of(collection.image),
            "title": collection.title,
            "slug": collection.slug,
            "description": collection.description,
            "sort": collection.sort,
            "starts_at": _moment_text(collection.starts_at),
            "ends_at": _moment_text(collection.ends_at),
            "kind": "rule" if rule else "hand",
            "any_of": "1" if rule and rule.any_of else "",
            "revision": str(collection.revision),
        },
        products=list(collection.product_ids),
        conditions=[_condition_input(each, currencies) for each in rule.conditions] if rule else [],
    )


def read_input(form: MultiDict[str, str]) -> CollectionInput:
    """The form as it was sent, after what its button asked for."""
    found = CollectionInput(
        values={name: form.get(name, "").strip() for name in _PLAIN},
        products=list(dict.fromkeys(form.getlist("product"))),
        conditions=_conditions(form),
    )
    move_product(found.products, form)
    if "add_condition" in form or (found.by_rule and not found.conditions):
        found.conditions.append(ConditionInput())
    dropped = whole(form.get("drop_condition", ""), None)
    if dropped is not None and dropped < len(found.conditions):
        del found.conditions[dropped]
    return found


def collection_from(given: CollectionInput, slug: str, markets: Sequence[Market]) -> Collection:
    """What the form says. Raises ``Invalid`` beside each field that cannot be read."""
    values = given.values
    problems: dict[str, str] = {}
    moments = {}
    for name in ("starts_at", "ends_at"):
        try:
            moments[name] = _moment(values[name])
        except ValueError:
            problems[name] = Text("Please give a date and a time, such as 2026-12-24T18:00.")
    try:
        rule = rule_from(given, markets) if given.by_rule else None
    except Invalid as refusal:
        problems |= refusal.fields
    if problems:
        raise Invalid(next(iter(problems.values())), problems)
    return Collection(
        slug=slug,
        title=values["title"][:255],
        description=values["description"][:2000],
        image=image_in(values),
        product_ids=() if given.by_rule else tuple(map(ProductId, given.products)),
        rule=rule,
        sort=values["sort"] if values["sort"] in SORTS else "",
        starts_at=moments["starts_at"],
        ends_at=moments["ends_at"],
        revision=whole(values["revision"], 0),
    )


def rule_from(given: CollectionInput, markets: Sequence[Market]) -> CollectionRule:
    """The rule that was typed. Raises ``Invalid`` beside ``condition.<place>.<field>``."""
    problems: dict[str, str] = {}
    conditions = tuple(
        _condition(place, each, markets, problems) for place, each in enumerate(given.conditions)
    )
    if problems:
        raise Invalid(next(iter(problems.values())), problems)
    return CollectionRule(conditions=conditions, any_of=bool(given.values.get("any_of")))


def _condition(
    place: int, given: ConditionInput, markets: Sequence[Market], problems: dict[str, str]
) -> RuleCondition:
    subject = RuleField(given.subject)
    name = f"condition.{place}"
    takes_values = subject not in {RuleField.PRICE, RuleField.STOCK}
    least, most = {}, {}
    if subject is RuleField.PRICE:
        least = _amounts(given.least, markets, f"{name}.least", problems)
        most = _amounts(given.most, markets, f"{name}.most", problems)
        if not (given.least or given.most):
            problems[f"{name}.least"] = Text("Please give a price in at least one market.")
        for code in least.keys() & most.keys():
            if least[code] > most[code]:
                problems[f"{name}.most.{code}"] = Text("The highest price is below the lowest.")
    if takes_values and not given.lines:
        problems[f"{name}.values"] = Text("Please name at least one value.")
    if subject is RuleField.OPTION and not given.option:
        problems[f"{name}.option"] = Text("Please name the option, such as Size.")
    return RuleCondition(
        subject=subject,
        values=given.lines if takes_values else (),
        option=given.option if subject is RuleField.OPTION else "",
        least=least,
        most=most,
        negated=given.negated,
    )


def _amounts(
    given: Mapping[str, str], markets: Sequence[Market], name: str, problems: dict[str, str]
) -> dict[str, int]:
    amounts = {}
    for market in markets:
        text = given.get(market.code, "")
        if not text:
            continue
        try:
            minor = Money.from_major(text, market.currency).minor
        except ValueError:
            minor = -1
        if 0 <= minor < _MOST_MINOR:
            amounts[market.code] = minor
        else:
            problems[f"{name}.{market.code}"] = Text(
                "Please give an amount in %(currency)s, such as 25.", currency=market.currency
            )
    return amounts


def _conditions(form: MultiDict[str, str]) -> list[ConditionInput]:
    rows: dict[int, ConditionInput] = {}
    for name, value in form.items():
        if found := _CONDITION.fullmatch(name):
            _set(rows.setdefault(int(found[1]), ConditionInput()), found[2], value)
        elif (found := _PRICE.fullmatch(name)) and value.strip():
            row = rows.setdefault(int(found[1]), ConditionInput())
            getattr(row, found[2])[found[3]] = value.strip()
    return [rows[place] for place in sorted(rows)][:_MOST_CONDITIONS]


def _set(row: ConditionInput, name: str, value: str) -> None:
    if name == "field":
        row.subject = value if value in set(RuleField) else RuleField.TAG.value
    elif name == "negated":
        row.negated = bool(value)
    elif name == "values":
        row.values = value
    else:
        row.option = value.strip()


def _condition_input(condition: RuleCondition, currencies: Mapping[str, str]) -> ConditionInput:
    return ConditionInput(
        subject=condition.subject.value,
        negated=condition.negated,
        values="\n".join(condition.values),
        option=condition.option,
        least=_texts(condition.least, currencies),
        most=_texts(condition.most, currencies),
    )


def _texts(amounts: Mapping[str, int], currencies: Mapping[str, str]) -> dict[str, str]:
    return {
        code: f"{Money(minor, currencies[code]).to_major():f}"
        for code, minor in amounts.items()
        if code in currencies
    }


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None


def _moment_text(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M") if moment else ""
