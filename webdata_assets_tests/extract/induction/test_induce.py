"""Selectors induced from known values: what is proposed, and when nothing is."""

from decimal import Decimal
from itertools import count

import pytest

from webdata_assets.stages.extract.extraction import Payload
from webdata_assets_tests.extract.induction.sites import propose, run_here, selector


def price(number: int) -> Decimal:
    return Decimal(number * 7 + 11) + Decimal("0.25")


def priced(number: int) -> dict[str, object]:
    return {"title": f"Lamp number {number}", "price": price(number)}


def test_a_price_is_found_whatever_its_format() -> None:
    def layout(number: int) -> str:
        written = str(price(number)).replace(".", ",")
        return f'<h1>Lamp number {number}</h1><div class="offer"><b class="cost">€ {written}</b></div>'

    found = propose(layout, priced, "price", {"type": "decimal", "css": ".gone"})
    assert selector(found) == "css:.cost"
    assert (found.learnt_pages, found.held_out_pages, found.proposals[0].support) == (10, 10, 1.0)
    assert found.reason == "gives the known value on 10 of 10 held-out records"


def test_the_same_value_among_recommended_products_does_not_mislead() -> None:
    def layout(number: int) -> str:
        cards = "".join(f'<li class="card"><b class="cost">{price(n)}</b></li>' for n in range(20))
        main = f'<main><h1>Lamp number {number}</h1><b class="cost">{price(number)}</b></main>'
        return f"<ul>{cards}</ul>{main}"

    found = propose(layout, priced, "price")
    assert selector(found) == "css:main .cost"


def test_prices_that_changed_since_lower_the_support_and_nothing_else() -> None:
    def layout(number: int) -> str:
        shown = price(number) + (500 if number % 4 == 0 else 0)
        return f'<h1>Lamp number {number}</h1><b class="cost">{shown}</b>'

    found = propose(layout, priced, "price", pages=40)
    assert selector(found) == "css:.cost"
    assert 0.6 <= found.proposals[0].support < 1
    assert found.proposals[0].precision == 1
    assert "no longer show it anywhere" in found.reason


def test_a_selector_that_is_wrong_where_the_value_is_shown_is_not_proposed() -> None:
    def layout(number: int) -> str:
        old, new = price(number), price(number) - 1
        discounted = number % 3 == 0
        return f'<b class="before">{old}</b> {f"<i>{new}</i>" if discounted else ""}'

    def now(number: int) -> dict[str, object]:
        return {"price": price(number) - 1 if number % 3 == 0 else price(number)}

    assert selector(propose(layout, now, "price", pages=40)) is None


def test_a_value_that_only_an_attribute_holds_is_found() -> None:
    def layout(number: int) -> str:
        return f'<h1>Lamp number {number}</h1><div data-cost="{price(number)}">on request</div>'

    assert selector(propose(layout, priced, "price")) == "css:[data-cost]@data-cost"


def test_jsonld_is_proposed_by_its_path() -> None:
    def layout(number: int) -> str:
        return (
            '<script type="application/ld+json">{"@type": "Product", "offers": [{"price": "'
            f'{price(number)}"}}]}}</script><div><div><p class="x1y2z3">{price(number)}</p></div></div>'
        )

    assert selector(propose(layout, priced, "price")) == "jsonld:offers[0].price"


def test_the_data_of_a_script_is_proposed_where_elements_are_of_no_use() -> None:
    def layout(number: int) -> str:
        state = f'{{"props": {{"product": {{"amount": {price(number)}}}}}}}'
        return f'<script id="__NEXT_DATA__" type="application/json">{state}</script><p>Lamp</p>'

    label = selector(propose(layout, priced, "price"))
    assert label == "css:script#__NEXT_DATA__ → jmespath:props.product.amount"


def test_a_label_beside_the_value_is_used_where_names_say_nothing() -> None:
    def layout(number: int) -> str:
        rows = [("Colour", "red"), ("Article", f"ABC-{number}"), ("Weight", "2 kg")][
            :: 1 if number % 2 else -1
        ]
        return (
            f"<table>{''.join(f'<tr><th>{name}</th><td>{value}</td></tr>' for name, value in rows)}</table>"
        )

    found = propose(layout, lambda number: {"sku": f"ABC-{number}"}, "sku")
    assert selector(found) == "xpath://th[normalize-space()='Article']/following-sibling::td[1]"


def test_names_that_a_build_made_are_not_used() -> None:
    def layout(number: int) -> str:
        return (
            f'<div class="css-1x2y3z" id="r4f5a"><main><p class="sc-bdVaJa">Lamp</p>'
            f'<p class="css-9f8e7d">{price(number)}</p></main></div>'
        )

    label = selector(propose(layout, priced, "price"))
    assert label is not None
    assert not any(name in label for name in ("1x2y3z", "r4f5a", "bdVaJa", "9f8e7d"))


def test_a_constant_is_found_beside_the_fields_that_vary() -> None:
    def layout(number: int) -> str:
        cards = '<li class="card"><em>EUR</em></li>' * 3
        buy = f'<div class="buy"><b class="cost">{price(number)}</b> <em class="unit">EUR</em></div>'
        return f"<nav><span class='pick'>EUR</span></nav><main>{buy}</main><footer><ul>{cards}</ul></footer>"

    found = propose(layout, lambda number: {**priced(number), "currency": "EUR"}, "currency")
    assert selector(found) in ("css:.unit", "css:.buy .unit")


def test_a_constant_far_from_everything_else_is_not_proposed() -> None:
    def layout(number: int) -> str:
        return (
            f"<main><div><div><div><div><p>{price(number)}</p></div></div></div></div></main><aside><div><div>"
            "<div><div><i>EUR</i></div></div></div></div></aside>"
        )

    assert selector(propose(layout, lambda number: {**priced(number), "currency": "EUR"}, "currency")) is None


def test_too_few_pages_are_named() -> None:
    found = propose(lambda number: f"<b class='cost'>{price(number)}</b>", priced, "price", pages=5)
    assert found.proposals == ()
    assert found.reason == "too few pages whose earlier value is known: 5, needed 6"


def test_a_value_that_is_gone_from_every_page_gives_nothing() -> None:
    found = propose(lambda _: "<p>Sold out</p>", priced, "price")
    assert (
        found.reason == "no page that was looked at in time shows the value that its last admitted record had"
    )


def test_the_result_does_not_depend_on_the_order_of_the_pages() -> None:
    def layout(number: int) -> str:
        return f'<h1>Lamp number {number}</h1><b class="cost">{price(number)}</b>'

    def backwards(task, pages):  # type: ignore[no-untyped-def]
        yield from run_here(task, sorted(pages, key=lambda page: page.url, reverse=True))

    assert propose(layout, priced, "price") == propose(layout, priced, "price", run=backwards)


def test_no_page_is_looked_at_after_the_time_is_up() -> None:
    seen: list[str] = []

    def slow(task, pages):  # type: ignore[no-untyped-def]
        def noted(each: Payload) -> Payload:
            seen.append(each.url)
            return each

        yield from run_here(task, map(noted, pages))

    ticks = count(step=10)
    propose(
        lambda number: f"<b>{price(number)}</b>", priced, "price", run=slow, seconds=15, clock=ticks.__next__
    )
    assert len(seen) == 4


@pytest.mark.parametrize(
    "hostile", ["<p>" * 3_000, "<b " + "a" * 5_000 + "='1'>", "\x00<", '<b class="\'\\"{}[]">11.25']
)
def test_hostile_pages_do_not_break_the_others(hostile: str) -> None:
    def layout(number: int) -> str:
        return (
            hostile
            if number in (3, 4)
            else f'<h1>Lamp number {number}</h1><b class="cost">{price(number)}</b>'
        )

    assert selector(propose(layout, priced, "price", pages=30)) == "css:.cost"


@pytest.mark.parametrize(
    "cost",
    ["<o:p><b>{}</b></o:p>", "<o:p>Price</o:p><b>{}</b>", "<dl><dt>Pri\x07ce</dt><dd>{}</dd></dl>"],
    ids=["around the value", "as its label", "a control character in its label"],
)
def test_tags_and_labels_that_no_selector_can_name_hinder_no_other_selector(cost: str) -> None:
    def layout(number: int) -> str:
        odd = cost.format(price(number)) if number % 2 else ""
        return f'<h1>Lamp number {number}</h1><p class="cost">{price(number)}</p>{odd}'

    assert selector(propose(layout, priced, "price")) == "css:.cost"


def test_pages_that_there_was_no_time_for_are_not_counted() -> None:
    def layout(number: int) -> str:
        return f'<h1>Lamp number {number}</h1><b class="cost">{price(number)}</b>'

    ticks = count()
    found = propose(layout, priced, "price", pages=60, seconds=11, clock=lambda: float(next(ticks)))
    assert (found.learnt_pages, found.held_out_pages) == (30, 8)
    assert found.reason == "gives the known value on 8 of 8 held-out records"


def test_a_selector_that_was_tried_on_too_few_pages_in_time_is_not_proposed() -> None:
    def layout(number: int) -> str:
        return f'<h1>Lamp number {number}</h1><b class="cost">{price(number)}</b>'

    ticks = count()
    found = propose(layout, priced, "price", pages=60, seconds=9, clock=lambda: float(next(ticks)))
    assert selector(found) is None
    assert found.reason == "too few held-out pages were looked at in time: 0, needed 3"
