"""The grammar of a task file: what the model learns, from what, how it is judged, and when it is retrained.

What belongs here: the file's keys and their rules. What does not: reading files (loading.py), and learning
(stages/learn).
"""

from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
    model_validator,
)

from webdata_assets.sources.grammar import Regex, Strict, broken_rule, is_cron

Metric = Literal["macro_f1", "accuracy"]
Slice = Literal["source", "kind", "page_type", "detected_language"]


def _all_none_or_names(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    """Say once what each of the two forms would say for itself."""
    try:
        return validate(value)
    except ValidationError as error:
        raise ValueError(f"{value!r} is neither `all`, nor `none`, nor a list of names") from error


FeatureChoice = Annotated[Literal["all", "none"] | tuple[str, ...], WrapValidator(_all_none_or_names)]


class LabelRule(Strict):
    """One way to a label: a record whose field matches gets it."""

    label: str = Field(min_length=1, description="What the record is then")
    field: str = Field(min_length=1, description="A column of the corpus, such as `url` or `title`")
    matches: Regex = Field(description="Searched anywhere in the field's text")


class Label(Strict):
    """Where labels come from: a field that holds them, or rules of which the first that matches counts."""

    field: str | None = Field(default=None, description="A column of the corpus, or a field of your own")
    rules: tuple[LabelRule, ...] = Field(default=(), description="Tried in order; no match, no label")

    @model_validator(mode="after")
    def _one_way(self) -> "Label":
        if (self.field is None) == (not self.rules):
            raise broken_rule(
                "labels come from `field` or from `rules`", at=(), remedy="give exactly one of the two"
            )
        return self


class Inputs(Strict):
    """What the model sees of a record."""

    text: bool = Field(default=True, description="Words and pairs of words of title and text, hashed")
    vector: bool = Field(default=True, description="The mean vector of its chunks")
    features: FeatureChoice = Field(
        default="all", description="Columns of the feature table: all that a model can take, none, or a list"
    )

    @model_validator(mode="after")
    def _something(self) -> "Inputs":
        if not self.text and not self.vector and self.features in ("none", ()):
            raise broken_rule("the model would see nothing", at=(), remedy="switch one input on")
        return self


class Evaluation(Strict):
    """How a model is judged, on records that no model was trained on."""

    metric: Metric = Field(default="macro_f1", description="What is compared")
    floor: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Least score of a champion; that of always answering the most frequent label if unset",
    )
    group_by: Literal["site", "record"] = Field(
        default="site",
        description="What lies on one side of the split as a whole: a site, so that the score is that on "
        "sites never seen, or single records, for few sites",
    )
    margin: float = Field(
        default=0.01, ge=0, le=1, description="How much worse than the champion a challenger may be"
    )
    slices: tuple[Slice, ...] = Field(
        default=("source", "detected_language"), description="Columns whose values are judged one by one"
    )
    max_slice_fall: float = Field(
        default=0.05, ge=0, le=1, description="How much worse than the champion on any one slice"
    )
    min_slice_rows: int = Field(default=20, ge=1, description="Smaller slices are shown, and judge nothing")


class Drift(Strict):
    """From which distance on new data count as different from what the champion was trained on."""

    psi: float = Field(default=0.2, gt=0, description="Population stability index of a column that drifted")
    share: float = Field(default=0.5, gt=0, le=1, description="Share of drifted columns that retrains")
    auc: float = Field(
        default=0.8, gt=0.5, le=1, description="AUC of telling new records from old ones that retrains"
    )
    min_rows: int = Field(default=100, ge=10, description="Fewer new records are not judged")


class Retrain(Strict):
    """When a challenger is trained without being asked for."""

    after_partitions: int = Field(
        default=8, ge=1, description="Newly admitted partitions, with something new to read"
    )
    schedule: str | None = Field(default=None, description="Cron expression (UTC)")
    on_drift: bool = Field(default=True, description="When the newly admitted records have drifted")
    below_floor: bool = Field(default=True, description="When the champion falls under its floor on them")
    after_repair: bool = Field(default=True, description="When a partition was repaired and is admitted")

    @field_validator("schedule")
    @classmethod
    def _cron(cls, value: str | None) -> str | None:
        if value is not None and not is_cron(value):
            raise ValueError(f"{value!r} is not a cron expression of five parts, such as `0 3 * * 0`")
        return value


class Task(Strict):
    """What the model of a deployment learns."""

    name: str = Field(pattern=r"^[a-z0-9_-]{1,64}$", description="Lower-case letters, digits, `_` and `-`")
    description: str = Field(description="One sentence for people")
    label: Label = Field(description="Where labels come from")
    inputs: Inputs = Field(default_factory=Inputs, description="What the model sees of a record")
    evaluation: Evaluation = Field(default_factory=Evaluation, description="How a model is judged")
    drift: Drift = Field(default_factory=Drift, description="When new data count as different")
    retrain: Retrain = Field(default_factory=Retrain, description="When a challenger is trained")
