"""What may be asked of the server, and what it answers: the JSON that callers can rely on.

What belongs here: fields, their bounds and meaning. What does not: routes (app.py), and finding the answers.
"""

import datetime as dt
import re
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from webdata_assets.serving.pair import Pair
from webdata_assets.sources.grammar import Date
from webdata_assets.stages.index.search import MAX_QUERY_CHARACTERS, Mode

MAX_HITS = 100
MAX_ITEMS = 64
MAX_TITLE_CHARACTERS = 2_000
MAX_TEXT_CHARACTERS = 100_000
MAX_CHOICES = 50

_VISIBLE = r"[^\u0000-\u0020\u007f-\u00a0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]"
"""A character that is seen: no white space, control or format character. Means the same in JSON Schema."""

SourceName = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,64}$")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]


class SearchQuery(BaseModel):
    """The parameters of `GET /search`."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field(
        max_length=MAX_QUERY_CHARACTERS, description="Plain words", json_schema_extra={"pattern": _VISIBLE}
    )
    limit: int = Field(default=10, ge=1, le=MAX_HITS, description="Hits at most")
    source: list[SourceName] = Field(
        default=[], max_length=MAX_CHOICES, description="Only records of these sources; repeat for several"
    )
    language: list[Language] = Field(
        default=[], max_length=MAX_CHOICES, description="Only text in these languages (ISO 639-1)"
    )
    since: Date | None = Field(default=None, description="Only chunks of this date or later")
    until: Date | None = Field(default=None, description="Only chunks of this date or earlier")
    mode: Mode = Field(default="hybrid", description="Rank by text, by vector, or both fused by rank")

    @field_validator("q")
    @classmethod
    def _has_words(cls, value: str) -> str:
        if not re.search(_VISIBLE, value):
            raise ValueError("give at least one word")
        return value

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.since and self.until and self.since > self.until:
            raise ValueError(f"since={self.since} is after until={self.until}: nothing could be found")
        return self


class PredictItem(BaseModel):
    """One text to be labelled."""

    model_config = ConfigDict(extra="forbid")

    title: str | None = Field(default=None, max_length=MAX_TITLE_CHARACTERS)
    text: str = Field(min_length=1, max_length=MAX_TEXT_CHARACTERS)


class PredictRequest(BaseModel):
    """The body of `POST /predict`."""

    model_config = ConfigDict(extra="forbid")

    items: list[PredictItem] = Field(min_length=1, max_length=MAX_ITEMS)


class Released(BaseModel):
    """The release that an answer is made from, whole: index and model of one promotion."""

    release: int
    index_snapshot: str
    model_version: str | None


class Answer(BaseModel):
    """One record that answers a query, by its best chunk."""

    model_config = ConfigDict(from_attributes=True)

    record_id: str
    chunk_id: str
    url: str
    title: str | None
    source: str
    date: dt.date
    language: str | None
    published_at: dt.datetime | None
    heading_path: list[str]
    score: float
    snippet: str
    highlights: list[tuple[int, int]] = Field(description="Start and end, in characters of `snippet`")


class SearchAnswer(Released):
    """The answer of `GET /search`, the best hit first."""

    hits: list[Answer]


class Prediction(BaseModel):
    """The most probable label of one text, and the probability of each."""

    label: str
    probabilities: dict[str, float]


class PredictAnswer(Released):
    """The answer of `POST /predict`, in the order of the items."""

    predictions: list[Prediction]


class Health(Released):
    """The answer of `GET /health` while a release is served."""

    status: str = "ok"
    chunks: int
    problem: str | None = Field(description="Why a newer release is not in use; null where there is none")


class Problem(BaseModel):
    """Why there is no answer."""

    detail: str


def search_answer(pair: Pair, query: SearchQuery) -> SearchAnswer:
    """Search one pair."""
    hits = pair.search(
        query.q,
        limit=query.limit,
        sources=query.source or None,
        languages=query.language or None,
        since=query.since,
        until=query.until,
        mode=query.mode,
    )
    return SearchAnswer(**_released(pair), hits=[Answer.model_validate(hit) for hit in hits])


def predict_answer(pair: Pair, request: PredictRequest) -> PredictAnswer:
    """Predict with one pair."""
    assert pair.classifier is not None
    predictions = pair.predict([(item.title, item.text) for item in request.items])
    return PredictAnswer(
        **_released(pair),
        predictions=[
            Prediction(label=label, probabilities=dict(zip(pair.classifier.classes, row, strict=True)))
            for label, row in zip(predictions.labels, predictions.probabilities.tolist(), strict=True)
        ],
    )


def health(pair: Pair, problem: str | None) -> Health:
    """Say what is served, and why it is not the newest release where it is not."""
    return Health(**_released(pair), chunks=pair.release.chunks, problem=problem)


def _released(pair: Pair) -> dict[str, Any]:
    return {name: getattr(pair.release, name) for name in Released.model_fields}
