"""The statements that a BigQuery sink runs.

What belongs here: text made of checked names. What does not: running it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from webdata_assets.stages.deliver.sql.kinds import Kind
from webdata_assets.stages.deliver.sql.names import quoted
from webdata_assets.stages.deliver.sql.statements import LEDGER, Statements

OVERTAKEN = "webdata: a newer delivery is there"
MISMATCH = "webdata: the table does not hold what was staged"

TYPES = {
    Kind.STRING: "STRING",
    Kind.INT32: "INT64",
    Kind.INT64: "INT64",
    Kind.FLOAT32: "FLOAT64",
    Kind.FLOAT64: "FLOAT64",
    Kind.BOOLEAN: "BOOL",
    Kind.DATE: "DATE",
    Kind.MOMENT: "TIMESTAMP",
    Kind.DECIMAL: "NUMERIC(18, 4)",
    Kind.STRINGS: "STRING",
    Kind.VECTOR: "STRING",
}

_LEDGER_TYPES = {
    "target": "STRING",
    "sequence": "INT64",
    "run_id": "STRING",
    "content_hash": "STRING",
    "row_count": "INT64",
    "delivered_at": "TIMESTAMP",
}


@dataclass(frozen=True)
class Script:
    """Statements about one table; values come as parameters of the ledger's names.

    Attributes:
        dataset: with its project, each in backticks.
        table: its name.
        key: its key column.
        columns: all its columns.
    """

    dataset: str
    table: str
    key: str
    columns: Sequence[str]

    def path(self, name: str) -> str:
        """Return a table of the dataset, in backticks."""
        return f"{self.dataset}.{_quoted(name)}"

    @property
    def entry(self) -> str:
        """What the ledger says of the target: sequence and content hash."""
        return f"SELECT sequence, content_hash FROM {self.path(LEDGER)} WHERE target = @target"

    @property
    def any_row(self) -> str:
        """One row, if the target has any."""
        return f"SELECT 1 FROM {self.path(self.table)} LIMIT 1"

    def select(self, table: str, names: Sequence[str]) -> str:
        """Columns of a table of the dataset."""
        return f"SELECT {', '.join(map(_quoted, names))} FROM {self.path(table)}"

    def define(self, types: Mapping[str, str], missing: Sequence[str] | None) -> list[str]:
        """Create the ledger and, if `missing` is None, the target; else add the missing columns to it."""
        made = [_create(self.path(LEDGER), _LEDGER_TYPES)]
        if missing is None:
            made.append(_create(self.path(self.table), types))
        elif missing:
            added = ", ".join(f"ADD COLUMN IF NOT EXISTS {_quoted(name)} {types[name]}" for name in missing)
            made.append(f"ALTER TABLE {self.path(self.table)} {added}")
        return made

    def merge(self, staged: str) -> str:
        """One script: what a failed assertion or a lost conflict ends is rolled back whole by BigQuery."""
        ledger = self.path(LEDGER)
        statements = Statements(
            target=self.path(self.table),
            staged=self.path(staged),
            ledger=ledger,
            key=_quoted(self.key),
            columns=[_quoted(name) for name in self.columns],
        )
        names = [name for name in _LEDGER_TYPES if name not in ("target", "delivered_at")]
        sets = ", ".join(f"{name} = @{name}" for name in names)
        return f"""
DECLARE inserted INT64;
DECLARE updated INT64;
DECLARE deleted INT64;
BEGIN TRANSACTION;
ASSERT (SELECT COALESCE(MAX(sequence), -1) FROM {ledger} WHERE target = @target) <= @sequence
AS '{OVERTAKEN}';
SET (inserted, updated, deleted) = (SELECT AS STRUCT {statements.difference.removeprefix("SELECT ")});
{statements.merge} WHEN NOT MATCHED BY SOURCE THEN DELETE;
ASSERT ({statements.differs}) = 0 AS '{MISMATCH}';
MERGE INTO {ledger} AS t USING (SELECT @target AS target) AS s ON t.target = s.target
WHEN MATCHED THEN UPDATE SET {sets}, delivered_at = CURRENT_TIMESTAMP()
WHEN NOT MATCHED THEN INSERT (target, {", ".join(names)}, delivered_at)
VALUES (@target, {", ".join(f"@{name}" for name in names)}, CURRENT_TIMESTAMP());
COMMIT TRANSACTION;
SELECT inserted, updated, deleted;
"""


def _create(path: str, types: Mapping[str, str]) -> str:
    columns = ", ".join(f"{_quoted(name)} {dtype}" for name, dtype in types.items())
    return f"CREATE TABLE IF NOT EXISTS {path} ({columns})"


def _quoted(name: str) -> str:
    return quoted(name, mark="`")
