"""The loop: work, a fault, a look at the invariants, until there were enough and all is done.

What belongs here: the order of things. What does not: how each is done.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from webdata_assets.automation.jobs import CRAWL
from webdata_assets.automation.tags import CAUSE_TAG
from webdata_assets.cli.instance import PARTITION_TAG
from webdata_assets.partitions import Partition
from webdata_assets.sources.registry import load_sources
from webdata_assets_tests.faults.chaos.disturbances import fill_disk, jump_clock
from webdata_assets_tests.faults.chaos.invariants import (
    admitted_ahead,
    announced_twice,
    fetched_twice,
    unreadable,
)
from webdata_assets_tests.faults.chaos.parts import browsers, kill_one, parsers, run_workers, wait_until_gone
from webdata_assets_tests.faults.chaos.place import Place
from webdata_assets_tests.faults.chaos.processes import Process, descendants
from webdata_assets_tests.faults.chaos.schedule import Draw, HitLog, draws
from webdata_assets_tests.faults.chaos.work import Work

DEAR_EVERY = 10
"""Kills between two looks at every row of every table."""
PATIENCE_SECONDS = 600.0
"""Without anything coming to an end, after which the deployment is taken for stuck."""
ORPHAN_SECONDS = 60.0
_LOOK_SECONDS = 0.7


@dataclass
class Soak:
    """One deployment under faults.

    Attributes:
        hits: kills and faults so far, by kind.
        in_flight: requests of partitions that were under way at faults, at most.
        left: processes that killed ones had started.
    """

    place: Place
    work: Work
    log: HitLog
    seed: int
    hits: Counter[str] = field(default_factory=Counter)
    in_flight: Counter[Partition] = field(default_factory=Counter)
    left: set[Process] = field(default_factory=set)
    _moved: float = field(default_factory=time.monotonic)
    _state: tuple[int, int] = (0, 0)

    @property
    def kills(self) -> int:
        """Faults that ended a process."""
        return sum(count for kind, count in self.hits.items() if kind not in ("disk full", "clock jump"))

    def run(self, kills: int, longest_gap: float) -> None:
        """Bring so many kills about while there is work; then let all come to its end."""
        self.place.webserver.start()
        self._wait_for_webserver()
        self.work.begin()
        self.place.daemon.start()
        planned, is_done = draws(self.seed, longest_gap), False
        while self.kills < kills:
            draw = next(planned)
            is_done = self._work_for(draw.gap, is_done)
            self._strike(draw)
            self.look(dear=self.kills % DEAR_EVERY == 0)
        while not self.work.step():
            self._keep_up()
            time.sleep(_LOOK_SECONDS)
        self.look(dear=True)
        self._log_runs()

    def look(self, *, dear: bool) -> None:
        """Fail where an invariant is broken; the dear ones read every row."""
        store, faults = self.place.store, sum(self.hits.values())
        looks: list[Callable[[], list[str]]] = [
            lambda: fetched_twice(self.place.site.requests, self.work.crawls, self.in_flight),
            lambda: announced_twice(self.place.announced.messages, faults),
            lambda: admitted_ahead(store),
        ]
        told = [line for each in looks for line in each()]
        if dear:
            told += unreadable(store)
            left = wait_until_gone(self.left, ORPHAN_SECONDS)
            told += [f"outlives what had started it: {process}" for process in left]
            self.left.clear()
        self.require(not told, "\n".join(told))

    def require(self, holds: bool, told: str) -> None:
        """Fail with what is wrong, the seed, and where the schedule is, unless it holds."""
        if not holds:
            self._log_runs()
            self.log.write(None, violation=told)
            raise AssertionError(
                f"seed {self.seed}, after {self.kills} kills ({dict(self.hits)}):\n{told}\n"
                f"schedule: {self.log.path}; again: make chaos KILLS=… SEED={self.seed}\n"
                f"{self.place.ui.daemon.report()}"
            )

    def _log_runs(self) -> None:
        """Write down what became of every run, and when, for those who look for what took long."""
        for record in reversed(self.place.instance.get_run_records()):
            run = record.dagster_run
            self.log.write(
                None, run=run.run_id, job=run.job_name, partition=run.tags.get(PARTITION_TAG),
                status=run.status.value, created=record.create_timestamp, began=record.start_time,
                ended=record.end_time, sensor=run.tags.get("dagster/sensor_name"),
                parent=run.tags.get("dagster/parent_run_id"), cause=run.tags.get(CAUSE_TAG),
            )  # fmt: skip

    def _work_for(self, seconds: float, is_done: bool) -> bool:
        """Let runs be at work for so long; return whether all was done once."""
        while seconds > 0:
            is_done = self.work.step() or is_done
            if is_done:
                self.work.find_more()
            self._keep_up()
            began = time.monotonic()
            time.sleep(_LOOK_SECONDS)
            if self.work.at_work():
                seconds -= time.monotonic() - began
        return is_done

    def _strike(self, draw: Draw) -> None:
        """Bring about the first fault of the draw that can be, and start again what it ended."""
        at_work = self.work.at_work()
        for kind in draw.order:
            began = time.monotonic()
            told = _FAULTS[kind](self, draw)
            if told is None:
                continue
            self.hits[kind] += 1
            crawled = [
                Partition.from_key(run.tags[PARTITION_TAG])
                for run in at_work
                if run.job_name == CRAWL and PARTITION_TAG in run.tags
            ]
            for partition in crawled:
                self.in_flight[partition] += self._concurrency[partition.source]
            lasted = round(time.monotonic() - began, 1)
            runs = [f"{run.job_name} {run.tags.get(PARTITION_TAG, '')} {run.status.value}" for run in at_work]
            self.log.write(draw, number=self.kills, hit=kind, told=told, seconds=lasted, at_work=runs)
            print(f"{self.kills}: {kind} ({told})", file=sys.stderr, flush=True)
            return

    @property
    def _concurrency(self) -> Mapping[str, int]:
        sources = load_sources(self.place.folder / "sources").all
        return {name: source.fetch.concurrency for name, source in sources.items()}

    def _kill_daemon(self, _draw: Draw) -> str | None:
        service = self.place.daemon
        if not run_workers(service):
            return None
        self.left |= set(service.tree())
        service.kill()
        service.start()
        return f"now {service.process.pid}"

    def _kill_webserver(self, _draw: Draw) -> str | None:
        service = self.place.webserver
        if not self.place.ui.is_loaded():
            return None
        self.left |= set(service.tree())
        service.kill()
        service.start()
        return f"now {service.process.pid}"

    def _kill_database(self, draw: Draw) -> str:
        self.place.postgres.kill()
        time.sleep(draw.seconds)
        self.place.postgres.start()
        return f"away for {draw.seconds:.1f} s"

    def _kill_s3(self, draw: Draw) -> str:
        self.place.s3.kill()
        time.sleep(draw.seconds)
        self.place.s3.start()
        return f"away for {draw.seconds:.1f} s"

    def _kill_process(self, processes: Sequence[Process], draw: Draw) -> str | None:
        below = {process.pid: descendants(process.pid) for process in processes}
        killed = kill_one(processes, draw)
        if killed is None:
            return None
        self.left |= set(below[killed.pid])
        return f"{killed.pid} {killed.command[:60]}"

    def _wait_for_webserver(self) -> None:
        while not self.place.ui.is_loaded():
            time.sleep(_LOOK_SECONDS)

    def _keep_up(self) -> None:
        """Start what ended by itself, as on a full disk; fail when nothing has come to an end for long."""
        for service in (self.place.daemon, self.place.webserver):
            if not service.is_alive:
                service.start()
        state = (self.work.ended(), self.kills)
        if state != self._state:
            self._state, self._moved = state, time.monotonic()
        self.require(
            time.monotonic() - self._moved < PATIENCE_SECONDS,
            "nothing moves; to be done: " + "; ".join(self.work.not_done()),
        )


_FAULTS: Mapping[str, Callable[[Soak, Draw], str | None]] = {
    "run worker": lambda soak, draw: soak._kill_process(run_workers(soak.place.daemon), draw),
    "parser": lambda soak, draw: soak._kill_process(parsers(soak.place.daemon), draw),
    "browser": lambda soak, draw: soak._kill_process(browsers(soak.place.daemon), draw),
    "daemon": Soak._kill_daemon,
    "webserver": Soak._kill_webserver,
    "database": Soak._kill_database,
    "S3 server": Soak._kill_s3,
    "disk full": lambda soak, draw: fill_disk(soak.place, draw),
    "clock jump": lambda soak, draw: jump_clock(soak.place, draw),
}
