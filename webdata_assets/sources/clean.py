"""The `clean` section of a source file: which records are kept, flagged or left out, beside validation.

What belongs here: its keys and defaults. What does not: the rules themselves (stages/clean).
"""

from typing import Literal

from pydantic import Field, field_validator

from webdata_assets.sources.grammar import Strict

Action = Literal["keep", "flag", "drop"]
"""keep: do not look. flag: look, and say so in the record. drop: flag, and leave the record out (counted)."""

QualityRules = Literal["gopher_quality", "gopher_repetition", "c4", "fineweb"]


class Languages(Strict):
    """Which languages a source is wanted in, as found in the text."""

    keep: tuple[str, ...] = Field(
        default=(), description="ISO 639-1 codes, such as `en`; records in others are dropped. Empty: all"
    )
    min_confidence: float = Field(
        default=0.5, ge=0, le=1, description="Below it a record's language counts as unknown, and it is kept"
    )

    @field_validator("keep")
    @classmethod
    def _codes(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        for code in codes:
            if not (code.isalpha() and code.islower() and 2 <= len(code) <= 3):
                raise ValueError(f"{code!r} is not a language code such as `en`")
        return codes


class Quality(Strict):
    """What happens to texts that break published quality rules."""

    action: Action = Field(default="flag", description="keep, flag or drop")
    rules: tuple[QualityRules, ...] = Field(
        default=("gopher_quality", "gopher_repetition", "c4", "fineweb"),
        description="Families of rules; each rule names its paper in the documentation",
    )
    except_: tuple[str, ...] = Field(
        default=(), alias="except", description="Single rules not to apply, such as `c4:terminal_punctuation`"
    )


class Duplicates(Strict):
    """What happens to records of a partition whose text is another's."""

    action: Action = Field(default="flag", description="keep, flag or drop")
    similarity: float = Field(
        default=0.8, ge=0.5, le=1, description="Least Jaccard of word shingles; 1 finds the same texts only"
    )


class Clean(Strict):
    """Which valid records are kept, flagged, redacted or left out."""

    languages: Languages = Field(default_factory=Languages, description="Languages to keep")
    quality: Quality = Field(default_factory=Quality, description="Published quality rules")
    duplicates: Duplicates = Field(default_factory=Duplicates, description="Exact and near duplicates")
    pii: Literal["keep", "flag", "redact", "drop"] = Field(
        default="flag", description="Personal data: do not look, count, replace by its kind, or leave out"
    )
    injection: Action = Field(default="flag", description="Text that addresses a language model")
    repeated_paragraphs: Literal["keep", "remove"] = Field(
        default="keep", description="Paragraphs that most of the partition's records share"
    )
