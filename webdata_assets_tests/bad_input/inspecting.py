"""What a store holds after bad input, and source files to be spoilt.

What belongs here: reading and writing. What does not: assertions.
"""

from collections.abc import Mapping

import polars as pl
import yaml

from webdata_assets.schemas import TABLES
from webdata_assets.store import Store
from webdata_assets_tests.cli.calling import Webdata

GOOD = """\
name: good
description: A small site
start: 2026-06-01
allow_private: true
fetch:
  discover:
    - by: links
      start: [http://good.test/]
extract:
  kind: document
"""


def rows(webdata: Webdata, table: str) -> pl.DataFrame:
    """Return every row of a table, admitted or not."""
    return Store.open(str(webdata.store)).tables.scan(TABLES[table]).collect()


def admitted(webdata: Webdata, table: str) -> list[str]:
    """Return the sources of which a partition of the table is admitted."""
    return Store.open(str(webdata.store)).ledger.admitted(TABLES[table])["source"].to_list()


def write_source(webdata: Webdata, name: str, **changes: object) -> None:
    """Write a source file: the good one under a name, with other values at its top level."""
    values: Mapping[str, object] = {**yaml.safe_load(GOOD), "name": name, **changes}
    (webdata.sources / f"{name}.yaml").write_text(yaml.safe_dump(dict(values)))
