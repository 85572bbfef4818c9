"""The Lance sink: one LanceDB table for whoever searches it by vector, and a ledger beside it.

What belongs here: merging into that table. What does not: the pipeline's own index (stages/index/).

Each delivery that changes something is one version of the table. LanceDB puts a write on top of another
one's, so turns are taken by the ledger, a small file that is swapped only if nobody else did meanwhile: a
delivery enters itself before it writes, and one that finds a newer entry after its write takes the write
back.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from webdata_assets.errors import FailureDomain, PermanentError, TransientError
from webdata_assets.stages.deliver.changes import Changes, changes, hash_of
from webdata_assets.stages.deliver.folder import open_folder
from webdata_assets.stages.deliver.location import is_local, local_folder
from webdata_assets.stages.deliver.sink import (
    ROW_HASH,
    Delivery,
    MergeResult,
    MismatchError,
    OvertakenError,
    Shape,
    require_no_more_columns,
)
from webdata_assets.stages.index.lance_options import connection_options
from webdata_assets.stages.objects import said

_MAX_ATTEMPTS = 20


@dataclass(frozen=True)
class _Entry:
    sequence: int
    run_id: str
    content_hash: str

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), sort_keys=True).encode()


class LanceSink:
    """A LanceDB table that holds the delivered rows. Implements `Sink`.

    A column of float lists that all have one length becomes a vector column, which LanceDB can search.

    Args:
        uri: the database's folder, or its address in an object store.
        table: its name.
        shape: of the rows.
        options: of the object store.
    """

    kind = "lance"

    def __init__(
        self, uri: str | Path, table: str, shape: Shape, *, options: Mapping[str, str] | None = None
    ) -> None:
        self._database = str(local_folder(uri)) if is_local(uri) else str(uri).rstrip("/")
        self._table = table
        self.uri = f"{self._database}/{table}.lance"
        self.shape = shape
        self._options = dict(options or {})
        self._ledger = open_folder(f"{self._database}/_webdata_deliveries", options)

    def merge(self, rows: pl.DataFrame, delivery: Delivery) -> MergeResult:
        """Make the table hold exactly these rows, in one version, or in none if it does already.

        Raises:
            OvertakenError: a newer delivery has entered itself.
            MismatchError: the version did not hold what was sent; the one before is restored.
            PermanentError: the ledger is not this sink's.
            TransientError: the table cannot be written, or others were faster each time.
            ValueError: rows of another schema, or a key twice.
        """
        for _ in range(_MAX_ATTEMPTS):
            found = self._ledger.get_with_etag(self._key)
            entry = None if found is None else self._parse(found[0])
            table = self._open()
            todo = changes(rows, self._rows_of(table), self.shape)
            if entry is not None and delivery.sequence < entry.sequence:
                raise OvertakenError(self.uri, held=entry.sequence, given=delivery.sequence)
            now = _Entry(delivery.sequence, delivery.run_id, delivery.content_hash)
            result = MergeResult(
                len(rows), len(todo.inserted), len(todo.updated), len(todo.deleted), delivery.content_hash
            )
            if table is not None and not todo.any and entry is not None and entry.sequence == now.sequence:
                return result
            if not self._swap(now, None if found is None else found[1]):
                continue
            if table is not None and not todo.any:
                return result
            written = self._commit(table, rows, todo)
            self._verify(written, rows, delivery, found)
            if self._ledger.get(self._key) == now.to_json():
                return result
            self._take_back(written)
        raise TransientError(
            f"{self.uri}: {_MAX_ATTEMPTS} attempts in a row were overtaken by others",
            failure_domain=FailureDomain.SINK,
        )

    def read(self) -> pl.DataFrame:
        """Return the table's rows by key; none when nothing was delivered yet."""
        return self._rows_of(self._open())

    @property
    def _key(self) -> str:
        return f"{self._table}.json"

    def _open(self, version: int | None = None) -> Any:
        """Return the table at its newest version, or another; None when it was never written."""
        if is_local(self._database) and not Path(self._database).is_dir():
            return None
        database = self._connect()
        if self._table not in self._told(lambda: database.list_tables().tables):
            return None
        table = self._told(lambda: database.open_table(self._table))
        # a reader stays at the version it began with
        self._told(lambda: table.checkout(table.version if version is None else version))
        return table

    def _connect(self) -> Any:
        import lancedb

        options = connection_options(self._database, self._options)
        return self._told(lambda: lancedb.connect(self._database, storage_options=options))

    def _rows_of(self, table: Any) -> pl.DataFrame:
        if table is None:
            return self.shape.empty()
        rows = pl.from_arrow(self._told(table.to_arrow))
        assert isinstance(rows, pl.DataFrame)
        require_no_more_columns(self.uri, rows.columns, self.shape)
        return self.shape.fit(rows).sort(self.shape.key)

    def _commit(self, table: Any, rows: pl.DataFrame, todo: Changes) -> int:
        """Write one version with these rows; return it."""
        source = _searchable(rows).to_arrow(compat_level=pl.CompatLevel.oldest())
        if table is None or {*zip(table.schema.names, table.schema.types, strict=True)} != {
            *zip(source.schema.names, source.schema.types, strict=True)
        }:
            # another column, or vectors of another length: one version of another schema
            given = {"schema": source.schema} if rows.is_empty() else {"data": source}
            created = self._told(lambda: self._connect().create_table(self._table, mode="overwrite", **given))
            return int(created.version)
        edited = todo.updated.join(self._rows_of(table), on=[self.shape.key, ROW_HASH], how="semi").height
        unlike = None if edited else f"target.{ROW_HASH} != source.{ROW_HASH}"
        newest = self._told(lambda: self._connect().open_table(self._table))
        merge = (
            newest.merge_insert(self.shape.key)
            .when_matched_update_all(where=unlike)
            .when_not_matched_insert_all()
            .when_not_matched_by_source_delete()
        )
        return int(self._told(lambda: merge.execute(source)).version)

    def _verify(
        self, version: int, rows: pl.DataFrame, delivery: Delivery, found: tuple[bytes, str] | None
    ) -> None:
        held = self._rows_of(self._open(version))
        sent, kept = (len(rows), delivery.content_hash), (len(held), hash_of(held, self.shape))
        if sent == kept:
            return
        self._take_back(version)
        now = self._ledger.get_with_etag(self._key)
        mine = _Entry(delivery.sequence, delivery.run_id, delivery.content_hash).to_json()
        if now is not None and now[0] == mine:
            before = found[0] if found else _Entry(-1, "", "").to_json()
            self._ledger.replace(self._key, before, now[1])
        raise MismatchError(self.uri, sent=sent, held=kept)

    def _take_back(self, version: int) -> None:
        """Restore what was there before a version, unless another one followed it."""
        table = self._told(lambda: self._connect().open_table(self._table))
        if table.version == version:
            if version > 1:
                self._told(lambda: table.restore(version - 1))
            else:
                self._told(lambda: self._connect().drop_table(self._table))

    def _swap(self, entry: _Entry, etag: str | None) -> bool:
        if etag is None:
            return self._ledger.put_if_absent(self._key, entry.to_json())
        return self._ledger.replace(self._key, entry.to_json(), etag)

    def _parse(self, content: bytes) -> _Entry:
        try:
            told: Any = json.loads(content)
            return _Entry(int(told["sequence"]), str(told["run_id"]), str(told["content_hash"]))
        except (ValueError, KeyError, TypeError) as error:
            raise PermanentError(
                f"{self._ledger.uri}/{self._key} is no ledger of deliveries: {error}; "
                "deliver to another address, or move the file away",
                failure_domain=FailureDomain.SINK,
            ) from error

    def _told(self, action: Any) -> Any:
        """Return what LanceDB answers; its errors of storage and conflict are transient."""
        try:
            return action()
        except (OSError, RuntimeError, ValueError) as error:
            # it has no type of its own for a service that refuses
            if isinstance(error, ValueError) and "IO" not in str(error):
                raise
            raise TransientError(
                f"{self.uri} cannot be used: {said(error)}", failure_domain=FailureDomain.SINK
            ) from None


def _searchable(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows whose lists of floats are vectors that LanceDB can search, where all have one length."""
    lengths = {
        name: rows[name].list.len().drop_nulls().unique().to_list()
        for name, dtype in rows.schema.items()
        if dtype == pl.List(pl.Float32)
    }
    return rows.with_columns(
        pl.col(name).cast(pl.Array(pl.Float32, found[0]))
        for name, found in lengths.items()
        if len(found) == 1 and found[0]
    )
