"""The form of a page of the owner's own words."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, HiddenField, SelectMultipleField, StringField, TextAreaField

from app.admin.entry_fields import WholeNumber
from app.admin.shop_forms import add_errors
from app.markets.service import MarketService
from app.pages.models import ContentPage
from app.shared.errors import Invalid
from app.shared.languages import LANGUAGES
from app.shared.numbers import whole
from app.shared.texts import Text
from app.web.forms import ShopForm
from app.web.registry import service


class ContentPageForm(ShopForm):
    """Title and text in each language, and where the page is linked; ``slug`` is chosen once."""

    version = HiddenField()
    slug = StringField(Text("Address"))
    in_footer = BooleanField(Text("Linked at the foot of every page"))
    at_checkout = BooleanField(Text("Linked before paying, and in mails"))
    markets = SelectMultipleField(Text("Only in these markets"))
    position = WholeNumber(Text("Position"), most=1_000, needed=True)

    def __init__(self, *sent: Any, **more: Any) -> None:
        super().__init__(*sent, **more)
        self.markets.choices = [(each.code, each.name) for each in service(MarketService).every()]

    @classmethod
    def of(cls, page: ContentPage) -> ContentPageForm:
        """The form with what holds now."""
        return cls(
            data={
                "version": str(page.version),
                "slug": page.slug,
                "in_footer": page.in_footer,
                "at_checkout": page.at_checkout,
                "markets": page.markets,
                "position": str(page.position),
                **{f"title_{code}": text for code, text in page.titles.items()},
                **{f"body_{code}": text for code, text in page.bodies.items()},
            }
        )

    @property
    def by_language(self) -> list[tuple[str, Any, Any]]:
        """Each language's name, with its fields for title and text."""
        return [
            (name, self[f"title_{code}"], self[f"body_{code}"]) for code, name in LANGUAGES.items()
        ]

    def page(self, slug: str = "") -> ContentPage:
        """What was filled in; ``slug`` is that of a page that there is."""
        titles = {code: " ".join((self[f"title_{code}"].data or "").split()) for code in LANGUAGES}
        bodies = {
            code: (self[f"body_{code}"].data or "").replace("\r\n", "\n").strip()
            for code in LANGUAGES
        }
        return ContentPage(
            slug=slug or (self.slug.data or "").strip(),
            titles={code: text for code, text in titles.items() if text},
            bodies={code: text for code, text in bodies.items() if text},
            in_footer=bool(self.in_footer.data),
            at_checkout=bool(self.at_checkout.data),
            markets=tuple(self.markets.data or ()),
            position=self.position.value,
            version=whole(self.version.data or "", 0),
        )

    def blame(self, refusal: Invalid) -> None:
        """Show a rule's messages beside their fields."""
        add_errors(self, refusal.fields)


for _code in LANGUAGES:
    setattr(ContentPageForm, f"title_{_code}", StringField(Text("Title")))
    setattr(ContentPageForm, f"body_{_code}", TextAreaField(Text("Text")))
