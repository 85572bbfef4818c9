"""A shop whose prices are no longer found, as a run would have left it: pages, records, and a proposal.

What belongs here: setting it up without a run. What does not: assertions.
"""

import datetime as dt
from decimal import Decimal

from blake3 import blake3

from webdata_assets.partitions import Partition
from webdata_assets.sources.model import Source
from webdata_assets.sources.selectors import Selector
from webdata_assets.stages.extract.extractor import extractor_version
from webdata_assets.stages.extract.induction.lost import Induced, LostField, Proposal
from webdata_assets.store import Store
from webdata_assets.store.selector_proposals import record
from webdata_assets_tests.store.rows import SHOP, admit, frame, put, row

BROKEN = Partition(SHOP.date + dt.timedelta(days=1), SHOP.source)
SOURCE = """\
# The shop's own file
name: shop
description: Pages that are stored already
start: 2026-06-01
allow_private: true
{more}fetch:
  discover:
    - by: urls
      start: [https://shop.example.com/]
extract:
  kind: product
  fields:
    title: h1 # always
    price:
      type: decimal
      from:
        - css: .price # until June
    currency: .currency
"""
PAGES = 6


def source_text(more: str = "") -> str:
    """Return the shop's source file; `more` are lines of its top level."""
    return SOURCE.format(more=more)


def lose_prices(store: Store, *, extractor: str = "1") -> None:
    """Write an admitted day with prices, and a day whose new pages gave none, with its failed check.

    Args:
        extractor: version of the extraction that made both.
    """
    prices = [Decimal(number) + Decimal("10.5") for number in range(PAGES)]
    old = [row("records", SHOP, n, price=price, currency="EUR") for n, price in enumerate(prices)]
    put(store, "records", frame("records", *old), SHOP, code_version=extractor)
    admit(store, "records", SHOP)
    new = [row("records", BROKEN, n) for n in range(PAGES)]
    put(store, "records", frame("records", *new), BROKEN, code_version=extractor)
    admit(store, "records", BROKEN, completeness=False)
    pages = []
    for number, price in enumerate(prices):
        body = f'<h1>Item {number}</h1><b class="cost">€ {price}</b>'.encode()
        pages.append(
            row(
                "pages", BROKEN, number, payload=body, payload_bytes=len(body),
                payload_hash=blake3(body).hexdigest(),
            )
        )  # fmt: skip
    put(store, "pages", frame("pages", *pages), BROKEN)
    admit(store, "pages", BROKEN)


def propose(
    store: Store,
    source: Source,
    *,
    field: str = "price",
    selector: Selector | None = None,
    tried: str = ".price",
    support: float = 1.0,
    held_out: int = 20,
    is_constant: bool = False,
) -> None:
    """Enter a proposal for the broken day, as the run that wrote its records."""
    proposal = Proposal(selector or Selector(css=".cost"), support, 1.0, "found on them")
    induced = Induced(field, (proposal,), held_out, held_out, "found on them", is_constant)
    urls = tuple(f"https://shop.example.com/{number}" for number in range(3))
    lost = LostField(field, (f"css:{tried}",), 0.0, PAGES, urls, induced)
    record(store, BROKEN, [lost], extractor=extractor_version(source), run_id="run")
