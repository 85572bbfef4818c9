"""The `expect` section of a source file: the thresholds of its checks.

What belongs here: their keys, meanings and defaults. What does not: the formulas (checks/), and thresholds
that follow from history.
"""

from typing import Annotated

from pydantic import Field

from webdata_assets.sources.grammar import Date, Strict

Share = Annotated[float, Field(ge=0, le=1)]


class Expect(Strict):
    """What must hold for a partition to be admitted, and what is warned of."""

    fetched: Share = Field(default=0.95, description="Least share of the visited URLs that were reached")
    min_pages: int = Field(default=1, ge=0, description="Least pages reached, changed or not")
    max_age_cadences: float = Field(
        default=1.5, gt=0, description="Cadences after which the newest observation is too old"
    )
    error_status: Share = Field(
        default=0.01, description="Largest share of the visits that any one HTTP error may have; warns"
    )
    barriers: Share = Field(
        default=0.02,
        description="Largest share of the visits that are login, captcha or consent pages, or that only seem "
        "to be gone (soft 404); warns",
    )
    deviation: float = Field(
        default=3.0,
        gt=0,
        description="Standard deviations from the last 14 days beyond which page bytes and counts fail",
    )
    completeness: dict[str, Share] = Field(
        default_factory=lambda: {"title": 0.95},
        description="Field → least share of a partition's extracted records that have it",
    )
    completeness_drop: Share = Field(
        default=0.05,
        description="How far the share of any other declared field may fall below its history",
    )
    records: Share = Field(
        default=0.8,
        description="Least records for each page, as a share of what the last five partitions gave",
    )
    valid: Share = Field(default=0.99, description="Least share of the extracted records that are valid")
    required: tuple[str, ...] = Field(
        default=("title",), description="Fields without which a record is quarantined"
    )
    near_duplicates: Share = Field(
        default=0.2,
        description="Largest share of the records that nearly repeat another of the partition; warns",
    )
    other_languages: Share = Field(
        default=0.1,
        description="Largest share of the texts in a language that is not wanted, or is unusual; warns",
    )
    low_quality: Share | None = Field(
        default=None,
        description="Largest share of the records that break a quality rule; ten points above history if "
        "unset; warns",
    )
    pii: Share = Field(default=0.1, description="Largest share of the records with personal data; warns")
    injection: Share = Field(
        default=0.01, description="Largest share of the records with text for language models; warns"
    )
    drifted_features: Share = Field(
        default=0.5, description="Share of the features from which on their drift fails"
    )
    drifted_features_warning: Share = Field(
        default=0.25, description="Share of the features from which on their drift warns"
    )
    embedding_auc: Annotated[float, Field(ge=0.5, le=1)] = Field(
        default=0.55,
        description="Largest AUC of telling the partition's vectors from those of the last 30 days; warns",
    )
    history_since: Date | None = Field(
        default=None,
        description="Earlier dates are not compared with: the date on which the site changed for good",
    )
