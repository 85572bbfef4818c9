"""Extractions as JSON: what some pages gave, so that a partition that grows need not read them again.

What belongs here: exact forms, so that what is read back equals what was written. What does not: where they
are kept (store/extractions.py), and messages of workers (workers/wire.py), whose forms of values are used.
"""

import datetime as dt
import zlib
from typing import Any

import orjson

from webdata_assets.stages.extract.extraction import Candidate, Extraction, FieldError
from webdata_assets.stages.extract.workers.wire import pack_field_error, pack_value, unpack_value

_LEVEL = 1


def pack(extraction: Extraction) -> bytes:
    """Return what pages gave, none of which failed, as compressed JSON.

    Raises:
        ValueError: a page failed; it may do better another time, and is not to be kept.
    """
    if extraction.failures:
        raise ValueError("pages that failed are not kept")
    values = {
        "candidates": [
            [
                candidate.url,
                candidate.ordinal,
                _packed(candidate.values),
                candidate.payload_hash,
                candidate.payload_date.isoformat(),
                [pack_field_error(error) for error in candidate.errors],
                _packed(candidate.derived),
                candidate.dropped and pack_field_error(candidate.dropped),
            ]
            for candidate in extraction.candidates
        ],
        "hits": extraction.selector_hits,
    }
    return zlib.compress(orjson.dumps(values), _LEVEL)


def unpack(packed: bytes) -> Extraction:
    """Return what `pack` packed."""
    values = orjson.loads(zlib.decompress(packed))
    candidates = tuple(
        Candidate(
            url,
            ordinal,
            {name: unpack_value(value) for name, value in found.items()},
            payload_hash,
            dt.date.fromisoformat(date),
            tuple(FieldError(*error) for error in errors),
            {name: unpack_value(value) for name, value in derived.items()},
            dropped and FieldError(*dropped),
        )
        for url, ordinal, found, payload_hash, date, errors, derived, dropped in values["candidates"]
    )
    return Extraction(candidates, (), values["hits"])


def _packed(values: dict[str, object]) -> dict[str, Any]:
    return {name: pack_value(value) for name, value in values.items()}
