"""Secrets that tell where they went: unique values, how they may be spelt, and every place of a deployment.

What belongs here: making canaries, and reading places. What does not: what a deployment is made to do.
"""

import base64
import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

LEAST_BYTES = 10
"""A shorter part of a secret may stand anywhere by chance."""


@dataclass(frozen=True)
class Canary:
    """A secret that stands nowhere else.

    Attributes:
        name: of the variable that holds it, or of the part of a variable.
        value: the secret.
    """

    name: str
    value: str

    @classmethod
    def of(cls, name: str, *, awkward: bool = False) -> "Canary":
        """Return a name's canary, always the same; an awkward one is spelt otherwise in URLs and JSON."""
        digest = sha256(name.encode()).hexdigest()
        return cls(name, f'{digest[:14]}/+é"{digest[14:28]}' if awkward else f"{digest[:28]}")

    def spellings(self) -> dict[str, bytes]:
        """Return by name how the secret may stand in a file."""
        raw = self.value.encode()
        found = {
            "plain": raw,
            "URL-encoded": quote(self.value, safe="").encode(),
            "form-encoded": quote_plus(self.value).encode(),
            "JSON": json.dumps(self.value)[1:-1].encode(),
            "UTF-16": self.value.encode("utf-16-le"),
            "hexadecimal": raw.hex().encode(),
            "first half": raw[: max(LEAST_BYTES, len(raw) // 2)],
            "second half": raw[-max(LEAST_BYTES, len(raw) // 2) :],
        }
        for before in range(3):
            # wherever it stands in what is encoded, as behind a user's name; its ends depend on that
            encoded = base64.b64encode(bytes(before) + raw).decode()
            kept = encoded[4 if before else 0 : len(encoded) - 4]
            found[f"base64 at {before}"] = kept.encode()
            found[f"base64 of URLs at {before}"] = kept.replace("+", "-").replace("/", "_").encode()
        return {name: spelling for name, spelling in found.items() if len(spelling) >= LEAST_BYTES}


def finds(canaries: Iterable[Canary], places: Iterable[tuple[str, bytes]]) -> tuple[list[str], int]:
    """Return where secrets stand as `secret, spelling, place`, and how many places were searched."""
    spelt = [(each.name, how, text) for each in canaries for how, text in each.spellings().items()]
    found, searched = [], 0
    for place, content in places:
        searched += 1
        found += [f"{name}, {how}, {place}" for name, how, text in spelt if text in content]
    return found, searched


def files_below(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Give every file below a folder: its bytes, what they are unpacked, and the values of its tables."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        name = str(path.relative_to(folder))
        content = path.read_bytes()
        yield name, content
        for what, unpacked in _unpacked(path, content):
            yield f"{name} ({what})", unpacked
    for log in sorted(folder.rglob("_delta_log")):
        yield f"{log.parent.relative_to(folder)} (rows)", _delta_rows(log.parent)
    for dataset in sorted(folder.rglob("*.lance")):
        yield f"{dataset.relative_to(folder)} (rows)", _lance_rows(dataset)


def _unpacked(path: Path, content: bytes) -> Iterator[tuple[str, bytes]]:
    if content.startswith(b"SQLite format 3\0"):
        for table, column, value in _cells(path):
            yield f"{table}.{column}", value
            with suppress(zlib.error):
                yield f"{table}.{column}, unpacked", zlib.decompress(value)
    elif content.startswith(b"\x1f\x8b"):
        reader = zlib.decompressobj(wbits=31)
        unpacked = b""
        while content:
            unpacked += reader.decompress(content)
            content, reader = reader.unused_data, zlib.decompressobj(wbits=31)
        yield "unpacked", unpacked
    elif path.suffix in (".arrow", ".arrows", ".ipc"):
        import polars as pl

        yield "rows", _shown(pl.read_ipc(path))
    elif path.suffix == ".parquet":
        import polars as pl

        # those that no table names any more are files all the same
        yield "rows", _shown(pl.read_parquet(path, hive_partitioning=False))


def _cells(path: Path) -> Iterator[tuple[str, str, bytes]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            cursor = connection.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            cells: dict[str, list[bytes]] = {name: [] for name in names}
            for row in cursor:
                for name, value in zip(names, row, strict=True):
                    if isinstance(value, bytes):
                        yield table, name, value
                    elif isinstance(value, str):
                        cells[name].append(value.encode("utf-8", "surrogatepass"))
            for name, values in cells.items():
                yield table, name, b"\n".join(values)


def _delta_rows(table: Path) -> bytes:
    import polars as pl

    return _shown(pl.read_delta(str(table)))


def _lance_rows(dataset: Path) -> bytes:
    import lancedb

    table: Any = lancedb.connect(str(dataset.parent)).open_table(dataset.stem)
    return repr(table.to_arrow().drop_columns(["vector"]).to_pylist()).encode()


def _shown(rows: Any) -> bytes:
    return b"\n".join(
        value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
        for row in rows.iter_rows()
        for value in row
        if value is not None
    )
