"""The reference of sink files, `docs/sinks.md`, rendered from the model's own descriptions.

What belongs here: its introduction and the order of its sections. What does not: the model as Markdown
(sources/reference.py), and the JSON Schema for editors (json_schema.py).

`python -m webdata_assets.sinks.reference` writes `docs/sinks.md` anew.
"""

from pathlib import Path

from pydantic import BaseModel

from webdata_assets.sinks import announce, contract, model
from webdata_assets.sources.reference import render_sections

REFERENCE_PATH = Path(__file__).resolve().parents[2] / "docs" / "sinks.md"

_SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("Every sink", model.SinkFile),
    ("`contract`", contract.Contract),
    ("`contract.columns.NAME`", contract.Column),
    ("`announce`, `by: webhook`", announce.ByWebhook),
    ("`announce`, `by: file`", announce.ByFile),
    ("`announce`, `by: redis`", announce.ByRedis),
    ("`kind: delta`", model.DeltaFile),
    ("`kind: parquet`, `kind: orc`, `kind: arrow`", model.FilesFile),
    ("`kind: drop`", model.DropFile),
    ("`kind: lance`", model.LanceFile),
    ("`kind: postgres`", model.PostgresFile),
    ("`kind: duckdb`", model.DuckDBFile),
    ("`kind: snowflake`", model.SnowflakeFile),
    ("`kind: bigquery`", model.BigQueryFile),
    ("`kind: webhook`", model.WebhookFile),
    ("`kind: dlt`", model.DltFile),
)

_INTRODUCTION = """\
# Sink files

One YAML file is one target of deliveries; `WEBDATA_SINKS` points to their folder. `webdata sinks check` names
file, line, field and remedy for whatever is wrong; editors complete keys from `sink.schema.json`. Made from
the model by `make schema`; [delivering.md](delivering.md) shows it at work.

```yaml
name: warehouse
kind: postgres
description: What the shop's analysts read
uri: postgresql://loader@db.example.com:5432/analytics
password_env: WAREHOUSE_PASSWORD # the variable's name, never the password
sources: [demo_shop]
contract:
  columns:
    url: {type: string, required: true}
    title: string # short for {type: string}
    price: decimal
  freshness_hours: 36
announce:
  - {by: webhook, url: https://hooks.example.com/ready, secret_env: READY_SECRET}
```
"""


def render() -> str:
    """Return the reference as Markdown."""
    own = set(model.SinkFile.model_fields) - {"kind"}
    return render_sections(_INTRODUCTION, _SECTIONS, left_out=own)


if __name__ == "__main__":
    REFERENCE_PATH.write_text(render(), encoding="utf-8")
