"""The `arrival` section of a source file: how data that others deliver is known to be there.

What belongs here: the section's own keys. What does not: looking (stages/crawl/stored/arrivals.py,
stages/crawl/polling.py), and starting runs (automation/arrival.py).
"""

from pydantic import Field, field_validator

from webdata_assets.sources.grammar import Strict


class Arrival(Strict):
    """When data that is delivered to the source is complete. Whatever arrives later on a date is added to it.

    A source says by when it must have come with `deadline_hours`.
    """

    marker: str | None = Field(
        default=None,
        description="The file in the folder, or below the prefix, that its sender writes last, such as "
        "`_SUCCESS`. It is no page",
    )
    settled_seconds: float = Field(
        default=60.0,
        ge=0,
        le=86_400,
        description="Without a marker: for how long no file may have come, grown or gone",
    )
    poll_seconds: float = Field(
        default=300.0, ge=1, le=86_400, description="Of feeds: between two conditional requests"
    )
    days: int = Field(
        default=7, ge=1, le=366, description="With `{date}` in `path`: how many dates back are looked at"
    )

    @field_validator("marker")
    @classmethod
    def _plain_name(cls, value: str | None) -> str | None:
        if value is not None and (value in ("", ".", "..") or "/" in value or "\0" in value):
            raise ValueError(f"{value!r} is not the name of a file; write one such as `_SUCCESS`")
        return value
