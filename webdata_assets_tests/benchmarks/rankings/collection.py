"""A collection with judged queries: documents, queries, and which document is relevant to which.

What belongs here: reading one folder. What does not: ranking, and formulas (ranking_metrics.py).
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import orjson

FILES = ("docs.jsonl", "queries.jsonl", "qrels.tsv")


@dataclass(frozen=True)
class Document:
    """One document."""

    id: str
    title: str | None
    text: str

    @property
    def whole(self) -> str:
        """Title and text, for what knows one text only."""
        return "\n".join(filter(None, (self.title, self.text)))


@dataclass(frozen=True)
class Collection:
    """Documents, queries that something is relevant to, and grades by query and document."""

    documents: list[Document]
    queries: dict[str, str]
    grades: dict[str, dict[str, int]]


def is_collection(folder: Path) -> bool:
    """Whether the folder holds all three files."""
    return all((folder / name).is_file() for name in FILES)


def read_collection(folder: Path) -> Collection:
    """Read `docs.jsonl`, `queries.jsonl` (`id` or `_id`, `text`, perhaps `title`) and `qrels.tsv`.

    A line of qrels is query, document, grade; a heading is passed over. Queries to which nothing is relevant
    are left out, as trec_eval does: any ranking would score nought.
    """
    grades: dict[str, dict[str, int]] = {}
    with (folder / "qrels.tsv").open(newline="") as lines:
        for line in csv.reader(lines, delimiter="\t"):
            if line[2].lstrip("-").isdigit():
                grades.setdefault(line[0], {})[line[1]] = int(line[2])
    judged = {query for query, judgements in grades.items() if max(judgements.values()) > 0}
    queries = {_id(row): row["text"] for row in _rows(folder / "queries.jsonl") if _id(row) in judged}
    documents = [
        Document(_id(row), row.get("title") or None, row["text"]) for row in _rows(folder / "docs.jsonl")
    ]
    return Collection(documents, queries, {query: grades[query] for query in queries})


def part_of(collection: Collection, one_in: int) -> Collection:
    """Return every n-th query with the documents judged for it, and every n-th of the other documents."""
    queries = dict(list(collection.queries.items())[::one_in])
    judged = {name for query in queries for name in collection.grades[query]}
    others = [document for document in collection.documents if document.id not in judged][::one_in]
    kept = judged | {document.id for document in others}
    return Collection(
        [document for document in collection.documents if document.id in kept],
        queries,
        {query: collection.grades[query] for query in queries},
    )


def _rows(file: Path) -> list[dict[str, str]]:
    return [orjson.loads(line) for line in file.read_bytes().splitlines() if line.strip()]


def _id(row: dict[str, str]) -> str:
    return row["id"] if "id" in row else row["_id"]
