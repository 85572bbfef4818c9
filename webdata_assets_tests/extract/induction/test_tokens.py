"""Names by people and names by machines."""

import pytest

from webdata_assets.stages.extract.induction.tokens import is_lasting_name, stem, words_of


@pytest.mark.parametrize(
    "name",
    ["price", "pdp-cost", "product_price", "productPrice", "h1", "a-price-whole", "priceBlock", "col2"],
)
def test_names_by_people_last(name: str) -> None:
    assert is_lasting_name(name)


@pytest.mark.parametrize(
    "name",
    ["css-1x2y3z", "sc-bdVaJa", "r4f5a", "12345", "item-48213", "bcdfg", "active", "x", "_1abc", "a" * 60],
)
def test_names_by_machines_and_states_do_not(name: str) -> None:
    assert not is_lasting_name(name)


def test_the_part_by_people_of_a_module_name_is_kept() -> None:
    assert stem("Price_amount__x3Yz1") == "Price_amount__"
    assert stem("product-title") is None


def test_words_are_told_apart() -> None:
    assert words_of("pdpPrice-box_old .x") == {"pdp", "price", "box", "old"}
