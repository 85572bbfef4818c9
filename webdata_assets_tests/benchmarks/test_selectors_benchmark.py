"""The selectors benchmark in its short form: shops are changed as it says, and proposals judged rightly."""

from dataclasses import replace
from itertools import islice

import pytest

from webdata_assets_tests.benchmarks.arguments import SHARED_DATA
from webdata_assets_tests.benchmarks.changed_layouts import Shop, changed_shop
from webdata_assets_tests.benchmarks.product_pages import ProductPage
from webdata_assets_tests.benchmarks.selectors import Judged, judge, scores, shops
from webdata_assets_tests.extract.making import make_document

PAGE = """<!doctype html><html><head><meta property="product:price" content="24.99"></head><body>
<h1 class="name">Amber lamp of oak</h1><p class="brand">by <b>Lampworks</b></p>
<p class="price-box">Now <b class="amount">24.99</b> EUR</p><p>SKU: <i>AL-20417</i></p>
<ul><li class="card">Other lamp <b class="amount">31.50</b></li></ul></body></html>"""
GOLD = {"price": ["24.99"], "brand": ["Lampworks"], "sku": ["AL-20417"]}
RIGHT = Judged("x", "price", True, "css:.a", 1.0, 0.0, 1.0, "")


def made(name: str = "a") -> Shop:
    shop = changed_shop(ProductPage(name, PAGE.encode(), make_document(PAGE), GOLD))
    assert shop is not None
    return shop


def test_values_are_put_in_wherever_the_old_ones_were() -> None:
    shop = made()
    assert set(shop.fields) == {"title", "price", "brand", "sku"}
    values = shop.values("1")
    page = shop.page(values, "1").decode()
    assert "@@" not in page
    assert all(old not in page for old in ("24.99", "Lampworks", "AL-20417", "31.50"))
    assert values["sku"] in page
    assert values["price"] in page.replace(",", ".")


def test_all_pages_of_a_shop_change_alike_and_names_do_not_stay() -> None:
    shop = made()
    bare = [shop.page(dict.fromkeys(shop.fields, "1"), "1") for _ in range(2)]
    assert bare[0] == bare[1]
    assert all(name not in shop.template for name in ("price-box", "amount", "card"))
    assert shop.template == made().template != made("b").template


def test_scores_count_right_fields_among_those_shown_and_wrong_ones_among_proposals() -> None:
    missed = replace(RIGHT, proposal=None, right=0.0)
    wrong = replace(RIGHT, right=0.5, wrong=0.5)
    hidden = replace(missed, shown=False)
    found = scores([RIGHT, missed, wrong, hidden])
    assert (found["right_share"], found["wrong_share"]) == (1 / 3, 1 / 2)


def test_a_made_shop_gets_its_fields_back() -> None:
    judged = judge(made())
    assert {one.field for one in judged if one.shown} == {"title", "price", "brand", "sku"}
    assert scores(judged)["wrong_share"] == 0
    assert scores(judged)["right_share"] == 1


@pytest.mark.soak
def test_real_pages_get_their_fields_back() -> None:
    judged = [one for shop in islice(shops(SHARED_DATA, "dev"), 4) for one in judge(shop)]
    if not judged:
        pytest.skip("the product extraction benchmark is not in ../shared/data")
    assert scores(judged)["right_share"] >= 0.9
