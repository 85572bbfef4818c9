"""`webdata demo`: the main job on the demo site, from frontier to delivery, with one layout that breaks.

What belongs here: the story, step by step. What does not: any of the work; every step is a
run of a job, and what repairs and retrains is decided by the same sensors as in production.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import dagster as dg
import polars as pl

from webdata_assets.automation.due import due_job
from webdata_assets.automation.jobs import REPORT
from webdata_assets.cli.demo_summary import Summary, describe_store, print_summary
from webdata_assets.cli.instance import Outcome, answer, execute, open_instance, tick
from webdata_assets.cli.output import say
from webdata_assets.cli.selector_work import plan_edit
from webdata_assets.definitions import build_defs
from webdata_assets.demo.calendar import dates
from webdata_assets.demo.server import DemoSite
from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.partitions import Partition
from webdata_assets.resources.extractor import ExtractorResource
from webdata_assets.schemas import TABLES
from webdata_assets.settings import Settings
from webdata_assets.stages.embed.encoders.spec import EncoderSpec, load_encoder
from webdata_assets.store import Store
from webdata_assets.store.ledger_snapshot import LedgerSnapshot

SOURCES = ("demo_api", "demo_app", "demo_blog", "demo_shop")
CHANGED = "demo_shop"
"""The source whose layout changes."""
_INCIDENTS = "demo-incidents.txt"
"""In the home: what the demo site remembers, so that a killed and restarted demo sees one outage, not two."""
MAX_ROUNDS = 10
"""Of sensor ticks in a row; the demo needs four."""


def run_demo(*, quiet: bool, first_dates: int | None = None, sources: Sequence[str] = ()) -> Summary:
    """Run what is missing of the demo, and tell how it went.

    Args:
        quiet: print nothing.
        first_dates: how many of the dates, from the first on; all if None.
        sources: which of the demo's sources; all if none are named.

    Raises:
        PermanentError: CONFIGURATION, a source that the demo does not have.
    """
    unknown = sorted(set(sources) - set(SOURCES))
    if unknown:
        raise PermanentError(
            f"the demo has no source {', '.join(unknown)}; choose among {', '.join(SOURCES)}",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    chosen = sorted(set(sources or SOURCES))
    wanted = [Partition(date, source) for date in dates()[:first_dates] for source in chosen]
    started = time.monotonic()
    settings = Settings()
    store = Store.of(settings)
    store.location.check_writable()
    settings.home.mkdir(parents=True, exist_ok=True)
    with DemoSite(memory=settings.home / _INCIDENTS) as site, open_instance(settings) as instance:
        settings = settings.model_copy(update={"connect_to": {**settings.connect_to, **site.connect_to}})
        story = _Story(settings, store, instance, site, wanted, _silent if quiet else say, show=not quiet)
        summary = story.tell()
        summary.requests = len(site.requests)
    summary.seconds = time.monotonic() - started
    if not quiet:
        print_summary(summary)
    return summary


def _silent(_line: str) -> None:
    return


class _Story:
    def __init__(
        self,
        settings: Settings,
        store: Store,
        instance: dg.DagsterInstance,
        site: DemoSite,
        wanted: Sequence[Partition],
        tell: Any,
        *,
        show: bool,
    ) -> None:
        self.settings = settings
        self.store = store
        self.instance = instance
        self.site = site
        self.wanted = wanted
        self.tell_line = tell
        self.show = show
        self.summary = Summary()

    def tell(self) -> Summary:
        self.tell_line("1. The text encoder (fetched, verified and converted once)")
        load_encoder(EncoderSpec.of(self.settings), self.tell_line)
        counts = [len({getattr(partition, part) for partition in self.wanted}) for part in ("date", "source")]
        self.tell_line(f"2. Backfill: {counts[0]} dates × {counts[1]} sources, one run per partition")
        self._backfill()
        self.tell_line("3. The sensors answer")
        self._answer_sensors()
        if self._awaits_patch():
            self.tell_line(f"4. The selectors proposed for {CHANGED} are accepted; the sensors answer again")
            self._accept_proposals()
            before = len(self.site.requests)
            self._answer_sensors()
            self.summary.replay_requests = len(self.site.requests) - before
        if self.summary.runs:
            self.tell_line("5. The report of the day, as each night")
            self._count(execute(self._definitions(), self.instance, REPORT))
        if self.summary.runs == 0:
            self.tell_line(
                "Nothing to do: every partition is admitted, and model, index and sinks are current."
            )
        self._sum_up()
        return self.summary

    def _definitions(self) -> dg.Definitions:
        extractor = ExtractorResource.of(self.settings, kept=True)
        return build_defs(settings=self.settings, resources={"extractor": extractor})

    def _backfill(self) -> None:
        without_browser: set[str] = set()
        # a run that an outage ended has a second chance
        if self._backfill_once(without_browser):
            self._backfill_once(without_browser)
        for line in self.summary.not_run:
            self.tell_line(f"   not run: {line}")

    def _backfill_once(self, without_browser: set[str]) -> set[str]:
        """Run what is missing; return the sources of which a run failed: their later dates wait for it.

        Changes and features read the earlier dates of their source, so that these come first.

        Args:
            without_browser: sources that cannot run here; those that are found are added.
        """
        ledger = LedgerSnapshot.read(self.store.tables)
        unsettled = [(partition, job) for partition in self.wanted if (job := due_job(ledger, partition))]
        definitions = self._definitions()
        failed: set[str] = set()
        with _progress("partitions", len(self.wanted), show=self.show) as advance:
            advance(len(self.wanted) - len(unsettled))
            for partition, job in unsettled:
                if partition.source not in without_browser | failed:
                    outcome = self._count(execute(definitions, self.instance, job, partition=partition))
                    if outcome.error_type == "BrowserMissingError":
                        without_browser.add(partition.source)
                        self.summary.not_run.append(f"{partition.source}: {outcome.error}")
                    elif outcome.error:
                        failed.add(partition.source)
                        self.tell_line(f"   {partition}: {outcome.error_type}: {outcome.error}")
                advance(1)
        return failed

    def _answer_sensors(self) -> None:
        for _ in range(MAX_ROUNDS):
            answered = False
            for sensor in ("recrawl_sensor", "retrain_sensor"):
                definitions = self._definitions()
                result = tick(definitions, self.instance, sensor)
                for request in result.run_requests or []:
                    answered = True
                    cause = request.tags.get("webdata/cause", "")
                    self.tell_line(f"   {sensor}: {request.job_name} {request.partition_key or ''} ({cause})")
                    outcome = self._count(answer(definitions, self.instance, sensor, request))
                    if not outcome.success:
                        self.tell_line(f"   failed: {', '.join(outcome.failed_checks) or outcome.error}")
                if result.skip_reason:
                    self.tell_line(f"   {sensor}: {result.skip_reason.skip_message}")
            if not answered:
                return

    def _accept_proposals(self) -> None:
        """Do what `webdata selectors accept` does; the packaged file stays, a patch takes its place."""
        edit = plan_edit(CHANGED, [], None, patch=True)
        for field, selector in edit.keys.items():
            written = ", ".join(f"{key}: {value}" for key, value in selector.items())
            self.tell_line(f"   {field} ← {written}")
        edit.write()

    def _awaits_patch(self) -> bool:
        failed = self.store.ledger.newest_verdicts(TABLES["records"], "completeness").filter(
            ~pl.col("passed") & (pl.col("source") == CHANGED)
        )
        return failed.height > 0

    def _count(self, outcome: Outcome) -> Outcome:
        self.summary.runs += 1
        return outcome

    def _sum_up(self) -> None:
        self.summary.payloads_fetched = sum(
            visit.status == 200 and not visit.path.startswith("/robots") for visit in self.site.requests
        )
        describe_store(self.summary, self.store, self.wanted)


@contextmanager
def _progress(what: str, total: int, *, show: bool) -> Iterator[Any]:
    """Show a bar while the block runs; yields a function that advances it."""
    if not show:
        with nullcontext():
            yield lambda _steps: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("   {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as progress:
        task = progress.add_task(what, total=total)
        yield lambda steps: progress.advance(task, steps)
