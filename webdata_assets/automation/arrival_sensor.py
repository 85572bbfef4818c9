"""The sensor of data arrival.

What belongs here: the sensor. What does not: what has arrived, and which runs follow (arrival.py).
"""

import dagster as dg

from webdata_assets.automation.arrival import Memory, complete_arrivals, requests_for
from webdata_assets.automation.jobs import CRAWL
from webdata_assets.automation.sensors import Jobs, sample
from webdata_assets.resources import ClockResource, FetcherResource, SourcesResource, StoreResource


def build_arrival_sensor(jobs: Jobs, *, attempts_per_day: int, seconds: int) -> dg.SensorDefinition:
    """Return the sensor that crawls a date once its data has come, and again as more of it comes.

    Args:
        jobs: by name; `crawl` is launched.
        attempts_per_day: runs over the same data in 24 hours that may fail; then a person is needed.
        seconds: between two looks, at least.
    """

    @dg.sensor(
        name="arrival_sensor",
        job=jobs[CRAWL],
        minimum_interval_seconds=seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Crawls a date of a source with `arrival` as soon as its data is complete, and adds what "
        "comes later.",
    )
    def arrival_sensor(
        context: dg.SensorEvaluationContext,
        store: StoreResource,
        sources: SourcesResource,
        fetcher: FetcherResource,
        clock: ClockResource,
    ) -> dg.SensorResult:
        registry, now = sources.registry(), clock.now()
        if not any(source.arrival for source in registry.enabled.values()):
            return dg.SensorResult(skip_reason="no source has `arrival`")
        memory = Memory.from_json(context.cursor)
        arrivals = complete_arrivals(registry, fetcher, memory, now)
        answers = list(
            requests_for(
                arrivals, context.instance, store.open(), memory, attempts_per_day=attempts_per_day, now=now
            )
        )
        requests = [answer for answer in answers if isinstance(answer, dg.RunRequest)]
        waiting = [answer for answer in answers if isinstance(answer, str)]
        if requests:
            return dg.SensorResult(run_requests=requests, cursor=memory.to_json())
        reason = sample(waiting) or "nothing new has arrived"
        return dg.SensorResult(skip_reason=reason, cursor=memory.to_json())

    return arrival_sensor
