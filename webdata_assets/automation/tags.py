"""The tags by which runs of the automation are known again.

What belongs here: names of tags, and the statuses that count. What does not: who sets or reads them.
"""

import dagster as dg

REPAIR_TAG = "webdata/repair"
"""On repair runs; its value is the partition key."""
REPAIR_TAGS = {"webdata/automatic": "repair"}
"""On all repair runs alike, so that one query finds them."""
CAUSE_KEY_TAG = "webdata/cause_key"
"""On repair runs; names check, partition's layer and data version that the run answers."""
REFRESH_TAG = "webdata/refresh"
"""On runs that retrain or publish; its value names the job and what was admitted."""
ARRIVAL_TAG = "webdata/arrival"
"""On runs over data that has arrived; its value names the source and the state of its data."""
CAUSE_TAG = "webdata/cause"
"""On runs that a sensor asked for; why, in words."""
KILLED_TAG = "webdata/killed"
"""On runs whose process was killed: an attempt that says nothing about its cause."""

IN_PROGRESS = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)
ENDED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE)
