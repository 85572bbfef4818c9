"""The section `announce` of a sink file: who is told of a delivery that has passed its checks.

What belongs here: one model for each way. What does not: telling (stages/deliver/announcing.py).
"""

from typing import Annotated, Literal

from pydantic import Field

from webdata_assets.sinks.addresses import Address, EnvironmentName, RedisAddress, WebAddress
from webdata_assets.sources.grammar import Strict


class ByWebhook(Strict):
    """A signed POST (Standard Webhooks); `webhook-id` is the event's id, the same if it is sent again."""

    by: Literal["webhook"] = Field(description="A signed POST")
    url: WebAddress = Field(description="Where it is sent")
    secret_env: EnvironmentName = Field(
        description="Name of the environment variable that holds the signing secret, `whsec_…`"
    )


class ByFile(Strict):
    """One JSON file an event, named by its id; a file that is there is never written again."""

    by: Literal["file"] = Field(description="One JSON file an event")
    uri: Address | None = Field(
        default=None,
        description="The folder: an absolute path or `s3://…`; `events/NAME` in the store if unset",
    )


class ByRedis(Strict):
    """One entry of a Redis stream an event; an id that was added before is not added again."""

    by: Literal["redis"] = Field(description="A Redis stream")
    uri: RedisAddress = Field(description="`redis://host:port/number` or `rediss://…`, without a password")
    stream: str = Field(default="webdata:deliveries", min_length=1, description="The stream's key")
    password_env: EnvironmentName | None = Field(
        default=None, description="Name of the environment variable that holds the password"
    )


Announcement = Annotated[ByWebhook | ByFile | ByRedis, Field(discriminator="by")]
