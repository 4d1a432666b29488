"""What pages tell machines: exact, absolute, and safe inside a script element."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.models import Category, Image, Price, Product, Variant
from app.catalog.page_head import home_head, listing_head, product_head
from app.catalog.policies import Standing
from app.catalog.structured_data import SharedImage, Site, as_script, major_units, product
from app.catalog.views import CardRef, Companions, Listing, ProductPage
from app.shared.clock import now
from app.shared.ids import ProductId, Sku
from app.shared.markup import shorten, text_of
from app.shared.money import Money
from tests.support.catalog import make_product, make_variant

PICTURE = Image(src="/media/mug.webp", alt="A mug", width=900, height=1200)
SITE = Site(
    name="MossX",
    base_url="https://shop.example",
    logo="https://shop.example/static/logo.svg",
    picture=lambda image: SharedImage(
        url=f"https://shop.example{image.src}",
        width=image.width,
        height=image.height,
        alt=image.alt,
    ),
)


def _page(shown: Product, *buyable: str, category: Category | None = None) -> ProductPage:
    variant = shown.variants[0]
    price = variant.price_in("US")
    return ProductPage(
        product=shown,
        category=category,
        variant=variant,
        price=price.amount if price else None,
        compare_at=None,
        saving_percent=0,
        choices=(),
        image=shown.images[0] if shown.images else None,
        images=shown.images,
        stock_message="In stock",
        standings=dict.fromkeys(map(Sku, buyable), Standing.IN_STOCK),
        max_quantity=9,
        parts=(),
        companions=Companions(together=(), alike=(), product_ids=()),
    )


def _card(title: str) -> CardRef:
    return CardRef(
        product_id=ProductId(f"prd_{title}"),
        slug=title.lower(),
        revision=1,
        in_stock=True,
        is_new=False,
        is_bundle=False,
    )


LISTING = Listing(
    heading="Bowls", description="Deep ones and flat ones.", image=None, path="/categories/bowls",
    query="", cards=(_card("Dune"), _card("Fjord")), total=50, page=1, pages=(), previous_url="",
    next_url="/categories/bowls?page=2", facets=(), sorts=(), active_filters=(), clear_url="",
    min_price="", max_price="", price_floor=None, price_ceiling=None, hidden_fields=(), errors={},
    suggestion="",
)  # fmt: skip


def _data(head: object) -> dict[str, dict[str, object]]:
    found = [json.loads(str(script)) for script in head.scripts]
    assert all(each["@context"] == "https://schema.org" for each in found)
    return {each["@type"]: each for each in found}


# --- money --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(2000, "USD", "20.00"), (5, "USD", "0.05"), (2000, "JPY", "2000"), (1500, "KWD", "1.500"), (10**15, "INR", "10000000000000.00"), (0, "JPY", "0")],
)  # fmt: skip
def test_prices_are_plain_exact_decimals(minor: int, currency: str, text: str) -> None:
    assert major_units(Money(minor, currency)) == text


# --- products -----------------------------------------------------------------------------------


def test_a_product_with_one_variant_has_one_offer() -> None:
    shown = make_product(
        "Dune Mug", make_variant("MUG"), images=(PICTURE,), seo_description="Short."
    )
    category = Category(slug="cups", name="Cups")
    head = product_head(_page(shown, "MUG", category=category), "US", SITE)
    data = _data(head)
    assert data["Product"] == {
        "@context": "https://schema.org",
        "@type": "Product",
        "@id": "https://shop.example/products/dune-mug#product",
        "name": "Dune Mug",
        "description": "Good.",
        "url": "https://shop.example/products/dune-mug",
        "sku": "MUG",
        "brand": {"@type": "Brand", "name": "Halden"},
        "category": "Cups",
        "image": ["https://shop.example/media/mug.webp"],
        "offers": {
            "@type": "Offer",
            "sku": "MUG",
            "url": "https://shop.example/products/dune-mug",
            "price": "20.00",
            "priceCurrency": "USD",
            "availability": "https://schema.org/InStock",
            "itemCondition": "https://schema.org/NewCondition",
        },
    }
    assert data["BreadcrumbList"]["itemListElement"] == [
        {"@type": "ListItem", "position": 1, "name": "Home", "item": "https://shop.example/"},
        {"@type": "ListItem", "position": 2, "name": "Cups", "item": "https://shop.example/categories/cups"},
        {"@type": "ListItem", "position": 3, "name": "Dune Mug", "item": "https://shop.example/products/dune-mug"},
    ]  # fmt: skip
    assert (head.description, head.canonical) == (
        "Short.",
        "https://shop.example/products/dune-mug",
    )


def test_several_variants_are_a_range_with_each_offer() -> None:
    shown = make_product(
        "Mug",
        make_variant("S", {"Size": "S"}, US=1000),
        make_variant("L", {"Size": "L"}, US=1250),
        make_variant("X", {"Size": "X"}, DE=900),
    )
    offers = product(_page(shown, "L"), "", "US", SITE)["offers"]
    assert (offers["@type"], offers["offerCount"]) == ("AggregateOffer", 2)
    assert (offers["lowPrice"], offers["highPrice"]) == ("10.00", "12.50")
    assert offers["availability"] == "https://schema.org/InStock"
    assert [(each["sku"], each["availability"].rpartition("/")[2], each["url"]) for each in offers["offers"]] == [
        ("S", "OutOfStock", "https://shop.example/products/mug?option.Size=S"),
        ("L", "InStock", "https://shop.example/products/mug?option.Size=L"),
    ]  # fmt: skip


def test_of_hundreds_of_variants_the_range_is_whole_and_the_shown_one_is_there() -> None:
    variants = [make_variant(f"V{n}", {"Size": str(n)}, US=100 + n) for n in range(300)]
    page = replace(_page(make_product("Mug", *variants), "V299"), variant=variants[299])
    offers = product(page, "", "US", SITE)["offers"]
    assert (offers["lowPrice"], offers["highPrice"], offers["offerCount"]) == ("1.00", "3.99", 300)
    assert len(offers["offers"]) == 24
    assert offers["offers"][0]["sku"] == "V299"


def test_what_the_market_does_not_sell_has_no_offer() -> None:
    assert "offers" not in product(
        _page(make_product("Mug", make_variant("M", DE=900))), "", "US", SITE
    )


@pytest.mark.parametrize(
    ("barcode", "is_known"),
    [("4006381333931", True), ("036000291452", True), ("96385074", True), ("4006381333932", False), ("2026478488988", False), ("020000000004", False), ("ABC", False), ("", False), ("٤٠٠٦٣٨١٣٣٣٩٣١", False)],
)  # fmt: skip
def test_only_numbers_that_mean_the_same_everywhere_are_told(barcode: str, is_known: bool) -> None:
    variant = replace(make_variant("M"), barcode=barcode)
    data = product(_page(make_product("Mug", variant)), "", "US", SITE)
    assert (data.get("gtin") == barcode) is is_known


def test_every_currency_is_told_as_it_is() -> None:
    variant = Variant(sku=Sku("M"), options={}, prices={"JP": Price(amount=Money(1980, "JPY"))})
    offer = product(_page(make_product("Mug", variant)), "", "JP", SITE)["offers"]
    assert (offer["price"], offer["priceCurrency"]) == ("1980", "JPY")


# --- listings and the home page -----------------------------------------------------------------


def test_each_page_of_a_listing_is_its_own() -> None:
    first = listing_head(LISTING, SITE)
    assert first.canonical == "https://shop.example/categories/bowls"
    assert (first.robots, first.previous_url) == ("", "")
    assert first.next_url == "https://shop.example/categories/bowls?page=2"
    assert first.title == "Bowls"
    second = listing_head(replace(LISTING, page=2, next_url=""), SITE)
    assert second.canonical == "https://shop.example/categories/bowls?page=2"
    assert second.previous_url == "https://shop.example/categories/bowls"
    assert second.next_url == ""
    assert "page 2" in second.title
    assert second.description != first.description
    items = _data(second)["ItemList"]
    assert items["url"] == second.canonical
    assert items["itemListElement"] == [
        {"@type": "ListItem", "position": 1, "url": "https://shop.example/products/dune"},
        {"@type": "ListItem", "position": 2, "url": "https://shop.example/products/fjord"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [{"active_filters": (None,)}, {"query": "mug"}, {"errors": {"min_price": "?"}}, {"path": "/search"}],
    ids=["filtered", "words", "bad-price", "search"],
)  # fmt: skip
def test_filters_and_searches_are_not_listed(change: dict[str, object]) -> None:
    head = listing_head(replace(LISTING, page=3, **change), SITE)
    assert head.robots == "noindex, follow"
    assert head.canonical == SITE.url(str(change.get("path", LISTING.path)))
    assert (head.previous_url, head.next_url, head.scripts) == ("", "", ())


def test_the_home_page_says_who_sells_and_how_to_search() -> None:
    head = home_head(replace(SITE, image=PICTURE))
    data = _data(head)
    assert data["Organization"]["logo"] == SITE.logo
    action = data["WebSite"]["potentialAction"]
    assert action["target"]["urlTemplate"] == "https://shop.example/search?q={search_term_string}"
    assert head.image is not None
    assert head.image.url == "https://shop.example/media/mug.webp"


def test_a_page_without_a_picture_shows_that_of_the_shop() -> None:
    assert listing_head(LISTING, SITE).image is None
    head = listing_head(LISTING, replace(SITE, image=PICTURE))
    assert head.image is not None
    assert head.image.alt == "A mug"


# --- safety and texts ---------------------------------------------------------------------------

ATTACKS = ["</script><script>alert(1)</script>", "<!--<script>", "]]>", "&lt;/script&gt;", "\u2028\u2029", "'\"`${1}", "\\u003c/script"]  # fmt: skip


@given(st.text(max_size=50) | st.sampled_from(ATTACKS))
def test_no_text_gets_out_of_its_script(text: str) -> None:
    script = str(as_script({"@type": "Product", "name": text}))
    assert not set("<>&'\u2028\u2029") & set(script)
    tree = BeautifulSoup(f"<script>{script}</script><p>after</p>", "html.parser")
    assert [each.name for each in tree.find_all(True)] == ["script", "p"]
    read = json.loads(tree.script.string)
    assert read["name"] == text


@given(st.text(max_size=400), st.integers(10, 200))
def test_a_shortened_text_fits_and_ends_between_words(text: str, most: int) -> None:
    short = shorten(text, most)
    line = " ".join(text.split())
    assert len(short) <= most
    if len(line) > most:
        assert short.endswith("…")
        assert line.startswith(short[:-1])
    else:
        assert short == line


def test_words_stay_whole_where_there_are_any() -> None:
    assert shorten("One two, three four", 12) == "One two…"
    assert shorten("One two, three four", 9) == "One two…"
    assert shorten("陶" * 100, 10) == "陶" * 9 + "…"


def test_markup_becomes_a_line() -> None:
    assert (
        text_of("<p>Oak</p><ul><li>one</li><li><b>two</b>, three</li></ul>") == "Oak one two, three"
    )
    assert text_of("") == ""


def test_a_product_without_any_text_still_describes_itself() -> None:
    shown = make_product(
        "Mug", make_variant("M"), description_html="", published_at=now() - timedelta(1)
    )
    head = product_head(_page(shown), "US", SITE)
    assert head.description == "Mug by Halden."
    assert head.title == "Mug by Halden"
