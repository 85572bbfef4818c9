"""What a person, or a scheduler, does there: launches what is due, accepts a proposal, and finds more to do.

What belongs here: asking the webserver as a browser does, again and again while parts are down. What does
not: repairs, retries and retraining, which the deployment does by itself.
"""

import datetime as dt
import http.client
import random
import time
from collections import Counter
from contextlib import suppress
from typing import Any

import dagster as dg
import polars as pl

from webdata_assets.automation.due import due_job
from webdata_assets.automation.jobs import CRAWL, DELIVER, MAINTAIN, PUBLISH, REPLAY
from webdata_assets.automation.refresh import plan_refresh
from webdata_assets.automation.tags import ENDED, IN_PROGRESS
from webdata_assets.cli.demo import CHANGED
from webdata_assets.cli.instance import PARTITION_TAG
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.settings import PACKAGED_TASK
from webdata_assets.store.delivery_events import delivery_events
from webdata_assets.store.ledger_snapshot import LedgerSnapshot
from webdata_assets.tasks.loading import load_task
from webdata_assets_tests.faults.chaos.place import Place
from webdata_assets_tests.faults.dev import LOCATION, REPOSITORY_NAME

OUTAGE = (OSError, http.client.HTTPException)
"""What a client meets while the webserver is down."""
RETRAIN_SENSOR = "retrain_sensor"
SENSORS = ("recrawl_sensor", RETRAIN_SENSOR, "delivery_event_sensor")
LOOKED_AT_AFTER_SECONDS = 10.0
"""After which a person looks at a run that has ended."""
RETRY_SECONDS = 120.0
"""After which a retry that the daemon owes is taken for lost, and a person launches the run anew."""
BESIDE = 2
"""Runs that are asked for beside each other once all is done."""

_SENSOR = """
query Sensor($selector: SensorSelector!) {
  sensorOrError(sensorSelector: $selector) {
    ... on Sensor { sensorState { id } }
    ... on PythonError { message }
    ... on SensorNotFoundError { message }
  }
}
"""
_START = """
mutation Start($selector: SensorSelector!) {
  startSensor(sensorSelector: $selector) { __typename ... on PythonError { message } }
}
"""
_STOP = "mutation Stop($id: String) { stopSensor(id: $id) { __typename ... on PythonError { message } } }"


class Work:
    """Work over one deployment, a step at a time.

    Attributes:
        crawls: how often each partition was asked for as a whole, from its site.
        launched: runs that were asked for, by job.
        lost_retries: runs that the daemon owed a retry and never made.
    """

    def __init__(self, place: Place, seed: int) -> None:
        """`seed` says what else there is to do once all is done."""
        self.place = place
        self.crawls: Counter[Partition] = Counter()
        self.launched: Counter[str] = Counter()
        self.lost_retries: list[str] = []
        self._chance = random.Random(seed)
        self._owed: dict[str, float] = {}
        self._publishes = False
        self._rules = load_task(PACKAGED_TASK).retrain
        self._busy_until = time.time()
        self._accepted = not any(partition.source == CHANGED for partition in place.wanted)

    def begin(self) -> None:
        """Leave retraining until every date is crawled, as the demo does: what is trained follows from it."""
        while "sensorState" not in (sensor := self._ask(_SENSOR, selector=_selector())["sensorOrError"]):
            # a location that has just been loaded
            time.sleep(1.0)
        answer = self._ask(_STOP, id=sensor["sensorState"]["id"])["stopSensor"]
        assert answer["__typename"] == "StopSensorMutationResult", answer

    def step(self) -> bool:
        """Do what is due now; return whether all is done. Does nothing while a part is down."""
        with suppress(*OUTAGE):
            if self.place.ui.is_loaded():
                return self._step()
            self.place.ui.load_again()
        return False

    def find_more(self) -> None:
        """Launch something that changes nothing: all is done already.

        A source that got selectors is left as it is: its other dates would be read by them as well.
        """
        with suppress(*OUTAGE):
            if not self.place.ui.is_loaded() or len(self.in_progress()) >= BESIDE:
                return
            job = self._chance.choice([CRAWL, CRAWL, CRAWL, REPLAY, REPLAY, PUBLISH, DELIVER, MAINTAIN])
            partition = self._chance.choice([each for each in self.place.wanted if each.source != CHANGED])
            if job not in (CRAWL, REPLAY):
                self._launch(job, None)
                return
            ledger = LedgerSnapshot.read(self.place.store.tables)
            if not any(due_job(ledger, each) for each in self._dates_of(partition)):
                self._launch(job, partition)

    def in_progress(self) -> list[dg.DagsterRun]:
        """Return the runs that are queued or under way."""
        return list(self.place.instance.get_runs(dg.RunsFilter(statuses=IN_PROGRESS)))

    def ended(self) -> int:
        """Return how many runs have come to an end."""
        return self.place.instance.get_runs_count(dg.RunsFilter(statuses=list(ENDED)))

    def at_work(self) -> list[dg.DagsterRun]:
        """Return the runs of which steps are carried out."""
        return list(self.place.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])))

    def not_done(self) -> list[str]:
        """Return what is still to be done, in words."""
        store = self.place.store
        ledger = LedgerSnapshot.read(store.tables)
        due = {partition: due_job(ledger, partition) for partition in self.place.wanted}
        untold = delivery_events(store).filter(pl.col("pending").list.len() > 0)["event_id"]
        return [
            *(f"{partition}: {job}" for partition, job in due.items() if job),
            *(f"{run.job_name} {run.run_id[:8]} {run.status.value}" for run in self.in_progress()),
            *(f"event {event} is not told" for event in untold),
        ]

    def _step(self) -> bool:
        ledger = LedgerSnapshot.read(self.place.store.tables)
        settled = True
        firsts = {partition.source: partition for partition in self.place.wanted}
        for one in firsts.values():
            for partition in self._dates_of(one):
                job = due_job(ledger, partition)
                if job is not None:
                    # later dates compare with this one
                    settled = False
                    self._launch_unless_running(job, partition)
                    break
        if not settled:
            return False
        if not self._publishes:
            self._start_retraining()
        if not self._is_at_rest():
            return False
        refresh = plan_refresh(self.place.store, self._rules, set(firsts), dt.datetime.now(dt.UTC))
        if refresh.job is not None:
            # its run was killed, and the sensor leaves a growing gap: people need not
            self._launch(refresh.job, None)
            return False
        if not self._accepted:
            self._accept()
            return False
        tables = (table for table in TABLES.values() if table.partitioned)
        return all(ledger.states(table)["admitted"].all() for table in tables) and not self.not_done()

    def _dates_of(self, partition: Partition) -> list[Partition]:
        """Return the wanted partitions of the same source, by date."""
        return sorted(each for each in self.place.wanted if each.source == partition.source)

    def _launch_unless_running(self, job: str, partition: Partition) -> None:
        known = self.place.instance.get_run_records(
            dg.RunsFilter(tags={PARTITION_TAG: partition.key}), limit=1
        )
        if known:
            run, ended = known[0].dagster_run, known[0].end_time
            # Dagster says somewhat later whether it retries
            just_ended = ended is not None and 0 <= time.time() - ended < LOOKED_AT_AFTER_SECONDS
            if run.status in IN_PROGRESS or just_ended or self._is_owed(run):
                return
        self._launch(job, partition)

    def _is_owed(self, run: dg.DagsterRun) -> bool:
        """Whether the daemon will still retry a run that failed."""
        if run.tags.get("dagster/will_retry") != "true" or "dagster/auto_retry_run_id" in run.tags:
            return False
        since = self._owed.setdefault(run.run_id, time.monotonic())
        if time.monotonic() - since < RETRY_SECONDS:
            return True
        self.lost_retries.append(run.run_id)
        return False

    def _launch(self, job: str, partition: Partition | None) -> None:
        if job == CRAWL:
            assert partition is not None
            known = self.place.store.ledger.newest_write(TABLES["pages"], partition)
            self.crawls[partition] += known is not None or self.crawls[partition] == 0
        self.place.ui.launch(job, partition)
        self.launched[job] += 1

    def _start_retraining(self) -> None:
        answer = self._ask(_START, selector=_selector())["startSensor"]
        assert answer["__typename"] == "Sensor", answer
        self._publishes = True

    def _accept(self) -> None:
        store = self.place.store
        failed = store.ledger.newest_verdicts(TABLES["records"], "completeness")
        if failed.filter(source=CHANGED, passed=False).height:
            self.place.ui.webdata("selectors", "accept", CHANGED, "--yes")
        self._accepted = True

    def _is_at_rest(self) -> bool:
        """Whether no run is under way, and the sensors have looked since the last one and asked for none."""
        if self.in_progress():
            # not as the runs have it, whose clocks jump
            self._busy_until = time.time()
            return False
        watched = self.place.ui.daemon
        ticks = [
            [tick for tick in watched.ticks(sensor) if tick.timestamp > self._busy_until]
            for sensor in SENSORS
        ]
        return all(len(looks) >= 2 and not any(tick.run_ids for tick in looks) for looks in ticks)

    def _ask(self, query: str, **variables: Any) -> dict[str, Any]:
        return self.place.ui.ask(query, **variables)


def _selector() -> dict[str, str]:
    return {
        "repositoryLocationName": LOCATION,
        "repositoryName": REPOSITORY_NAME,
        "sensorName": RETRAIN_SENSOR,
    }
