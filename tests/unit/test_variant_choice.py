"""Choosing a variant."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.catalog.rules import can_buy, choose_variant, option_choices
from app.shared.ids import Sku
from tests.support.catalog import make_product, make_variant

SHIRT = make_product(
    "Shirt",
    make_variant("S-RED", {"Size": "S", "Colour": "Red"}),
    make_variant("M-RED", {"Size": "M", "Colour": "Red"}),
    make_variant("M-BLUE", {"Size": "M", "Colour": "Blue"}),
)
STOCK = {Sku("M-RED"): 3, Sku("M-BLUE"): 0, Sku("S-RED"): 0}


def test_without_a_choice_something_that_can_be_bought_is_shown() -> None:
    chosen = choose_variant(SHIRT, {}, "US", STOCK)
    assert chosen is not None
    assert chosen.sku == "M-RED"


def test_a_sold_out_choice_is_shown_as_chosen() -> None:
    chosen = choose_variant(SHIRT, {"Colour": "Blue"}, "US", STOCK)
    assert chosen is not None
    assert chosen.sku == "M-BLUE"
    assert not can_buy(chosen, "US", STOCK)


def test_a_combination_that_does_not_exist_is_nothing() -> None:
    assert choose_variant(SHIRT, {"Size": "S", "Colour": "Blue"}, "US", STOCK) is None


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=4))
def test_choices_the_product_does_not_have_are_ignored(extra: dict[str, str]) -> None:
    wanted = {name: value for name, value in extra.items() if name not in {"Size", "Colour"}}
    assert choose_variant(SHIRT, wanted, "US", STOCK) == choose_variant(SHIRT, {}, "US", STOCK)


def test_links_keep_the_rest_of_the_choice_where_it_exists() -> None:
    size, colour = option_choices(SHIRT, {"Size": "M", "Colour": "Blue"}, "US", STOCK)
    assert [value.url for value in size.values] == [
        "/products/shirt?option.Size=S",
        "/products/shirt?option.Size=M&option.Colour=Blue",
    ]
    assert [value.available for value in colour.values] == [True, False]
