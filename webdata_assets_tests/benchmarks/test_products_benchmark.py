from webdata_assets_tests.benchmarks.product_pages import ProductPage
from webdata_assets_tests.benchmarks.products import scores
from webdata_assets_tests.extract.making import make_document

GOLD = {"price": ["10.00 "], "currency": ["$"], "sku": ["A1", "B2"], "availability": ["InStock"], "brand": []}


def f1(**predicted: object) -> dict[object, object]:
    page = ProductPage("x", b"", make_document("<p>x</p>"), GOLD)
    return {row["attribute"]: (row["P"], row["R"]) for row in scores([page], {"x": predicted})}


def test_any_accepted_value_is_right_and_numbers_are_compared_as_such() -> None:
    found = f1(price="10", currency="CAD", sku="B2")
    assert found["price"] == found["currency"] == found["sku"] == (1.0, 1.0)


def test_a_wrong_value_counts_twice_and_a_value_without_gold_once() -> None:
    found = f1(price="11", brand="Acme")
    assert found["price"] == (0.0, 0.0)
    assert found["brand"] == (0.0, 1.0)


def test_an_empty_availability_means_in_stock() -> None:
    assert f1()["availability"] == (1.0, 1.0)
    assert f1(availability="Discontinued")["availability"] == (0.0, 0.0)
