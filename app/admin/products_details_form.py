"""What a product is called, says and belongs to, as a form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, Regexp

from app.catalog.listed import Shown
from app.catalog.models import Category, Product, ProductKind, ProductStatus
from app.catalog.product_list import shown_status
from app.markets.models import STANDARD, Market
from app.shared.clock import now
from app.shared.errors import Invalid
from app.shared.markup import clean_html
from app.shared.slugs import NO_ADDRESS, slug_from
from app.shared.texts import Text
from app.web.forms import TOO_LONG, ShopForm

_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*", re.ASCII)
_MOST_ATTRIBUTES = 50
_MOST_TAGS = 50
_LONG = Length(max=255, message=TOO_LONG)
_STATUSES = {
    Shown.DRAFT.value: Text("Draft: staff alone see it"),
    Shown.PUBLISHED.value: Text("Published"),
    Shown.SCHEDULED.value: Text("Scheduled: published at a time"),
    Shown.ARCHIVED.value: Text("Archived: no longer sold"),
}
_KINDS = {
    ProductKind.SIMPLE.value: Text("Something that is sent"),
    ProductKind.GIFT_CARD.value: Text("Gift card, sent by e-mail"),
}


class DetailsForm(ShopForm):
    """Everything but variants, pictures, and what a set is made of."""

    title = StringField(Text("Title"), [InputRequired(Text("Please give it a title.")), _LONG])
    slug = StringField(
        Text("Address"),
        [
            Optional(),
            _LONG,
            Regexp(_SLUG, message=Text("Please use a to z, 0 to 9 and hyphens only.")),
        ],
    )
    description_html = TextAreaField(Text("Description"), [Length(max=100_000, message=TOO_LONG)])
    vendor = StringField(Text("Vendor"), [InputRequired(Text("Please name who makes it.")), _LONG])
    type = StringField(Text("Type"), [_LONG])
    category = SelectField(Text("Category"), validate_choice=False)
    tags = StringField(Text("Tags"), [Length(max=2000, message=TOO_LONG)])
    tax_class = SelectField(Text("Tax class"))
    kind = SelectField(Text("What it is"), choices=_KINDS, validate_choice=False)
    status = SelectField(Text("Status"), choices=_STATUSES)
    published_at = StringField(Text("Publish at (UTC)"))
    featured = BooleanField(Text("Show it among the featured products"))
    seo_title = StringField(Text("Title for search engines"), [_LONG])
    seo_description = TextAreaField(
        Text("Description for search engines"), [Length(max=1000, message=TOO_LONG)]
    )

    def offer(
        self, categories: Iterable[Category], markets: Iterable[Market], product: Product | None
    ) -> None:
        """Fill the lists with what can be chosen."""
        shelves = {each.slug: each.name for each in categories}
        classes = {STANDARD, *(name for each in markets for name in each.tax.rates)}
        if product is not None:
            shelves.setdefault(product.category, product.category)
            classes.add(product.tax_class)
        shelves.pop("", None)
        self.category.choices = {"": Text("None"), **shelves}
        self.tax_class.choices = {each: each for each in sorted(classes)}


class DetailsInput:
    """A details form with its rows of attributes, as they were typed."""

    def __init__(self, form: DetailsForm, rows: Sequence[tuple[str, str]], seen: str = "") -> None:
        self.form = form
        self.rows = [*rows, ("", "")]
        self.seen = seen
        self.attribute_error = ""

    def is_valid(self) -> bool:
        """Whether a product can be made of it; says beside the fields what cannot."""
        good = self.form.validate()
        for name, problem in self._problems():
            errors = list(getattr(self.form, name).errors)
            getattr(self.form, name).errors = [*errors, problem]
            good = False
        self.attribute_error = self._attribute_problem()
        return good and not self.attribute_error

    def _problems(self) -> Iterable[tuple[str, str]]:
        status = self.form.status.data
        if len(self.tags) > _MOST_TAGS:
            yield "tags", Text("Please use at most %(most)s tags.", most=_MOST_TAGS)
        if self.form.kind.data and self.form.kind.data not in set(ProductKind):
            yield "kind", Text("Please choose one of these.")
        shelves: set[object] = {"", *(self.form.category.choices or ())}
        if (self.form.category.data or "") not in shelves:
            yield "category", Text("Please choose a category.")
        if not self._address:
            yield "slug", NO_ADDRESS
        if status == Shown.SCHEDULED:
            moment = self.moment
            if moment is None:
                yield "published_at", Text("Please say when, such as 2031-05-01 09:00.")
            elif moment <= now():
                yield "published_at", Text("That time has passed: choose Published instead.")

    def _attribute_problem(self) -> str:
        names = [name for name, _ in self._named_rows()]
        if len(names) > _MOST_ATTRIBUTES:
            return Text("Please use at most %(most)s attributes.", most=_MOST_ATTRIBUTES)
        if len(set(names)) < len(names):
            return Text("Two attributes have the same name.")
        if any(not name for name in names):
            return Text("Please name every attribute that has a value.")
        if any("." in name or name.startswith("$") for name in names):
            return Text("Names of attributes have no full stops and do not begin with $.")
        if any(len(name) > 100 or len(value) > 1000 for name, value in self._named_rows()):
            return Text("An attribute's name or value is too long.")
        return ""

    def _named_rows(self) -> list[tuple[str, str]]:
        trimmed = [(name.strip(), value.strip()) for name, value in self.rows]
        return [(name, value) for name, value in trimmed if name or value]

    @property
    def _address(self) -> str:
        return self.form.slug.data or slug_from(self.form.title.data or "", 200)

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags, each once."""
        given = (each.strip() for each in (self.form.tags.data or "").split(","))
        return tuple(dict.fromkeys(filter(None, given)))

    @property
    def moment(self) -> datetime | None:
        """The time of publication that was typed, None for none or one that cannot be read."""
        text = (self.form.published_at.data or "").strip().replace("T", " ")
        try:
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
        except ValueError:
            return None

    def edit(self, product: Product) -> Product:
        """The product with what the form says. A set stays one."""
        form = self.form
        chosen = form.kind.data in _KINDS and not product.is_bundle
        kind = ProductKind(form.kind.data) if chosen else product.kind
        status = Shown(form.status.data)
        published = status in {Shown.PUBLISHED, Shown.SCHEDULED}
        return replace(
            product,
            title=(form.title.data or "").strip(),
            slug=self._address,
            description_html=clean_html(form.description_html.data or ""),
            vendor=(form.vendor.data or "").strip(),
            type=(form.type.data or "").strip(),
            category=form.category.data or "",
            tags=self.tags,
            attributes={name: value for name, value in self._named_rows() if value},
            tax_class=form.tax_class.data,
            kind=kind,
            status=ProductStatus.PUBLISHED if published else ProductStatus(status.value),
            published_at=self._published_at(status, product),
            featured=bool(form.featured.data),
            seo_title=(form.seo_title.data or "").strip(),
            seo_description=(form.seo_description.data or "").strip(),
        )

    def _published_at(self, status: Shown, product: Product) -> datetime | None:
        known = product.published_at
        if status is Shown.SCHEDULED:
            same = known and self.moment and _typed(known) == _typed(self.moment)
            return known if same else self.moment
        if status is Shown.PUBLISHED and (known is None or known > now()):
            return now()
        return known

    def refuse(self, refusal: Invalid) -> None:
        """Say beside the field what the shop refused."""
        for name, message in refusal.fields.items():
            if name in self.form:
                self.form[name].errors = [message]


def posted(fields: MultiDict[str, str]) -> DetailsInput:
    """A form as it was sent."""
    names, values = fields.getlist("attribute_name"), fields.getlist("attribute_value")
    rows = [pair for pair in zip(names, values, strict=False) if any(map(str.strip, pair))]
    return DetailsInput(DetailsForm(fields), rows, fields.get("seen", ""))


def of_product(product: Product, seen: str) -> DetailsInput:
    """The form of a product as it is."""
    form = DetailsForm(
        data={
            "title": product.title,
            "slug": product.slug,
            "description_html": product.description_html,
            "vendor": product.vendor,
            "type": product.type,
            "category": product.category,
            "tags": ", ".join(product.tags),
            "tax_class": product.tax_class,
            "kind": product.kind.value,
            "status": shown_status(product).value,
            "published_at": _typed(product.published_at) if product.published_at else "",
            "featured": product.featured,
            "seo_title": product.seo_title,
            "seo_description": product.seo_description,
        }
    )
    return DetailsInput(form, list(product.attributes.items()), seen)


def _typed(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
