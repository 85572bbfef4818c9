"""Turn the formulas of one step into one Dagster check step, and write its verdicts into the ledger.

What belongs here: running formulas, and telling Dagster and the ledger the same result. What does not: any
formula.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import dagster as dg

from webdata_assets.checks.check import Check, Finding, Subject
from webdata_assets.dagster_internals import pinned_feature
from webdata_assets.errors import NotAdmittedError
from webdata_assets.partitions import Partition
from webdata_assets.resources import (
    ClockResource,
    FetcherResource,
    IndexResource,
    SourcesResource,
    StoreResource,
)
from webdata_assets.stages.clean.normalise import clean_body
from webdata_assets.store.store import data_version
from webdata_assets.store.verdict import Verdict


def build_check_step(
    name: str, checks: Sequence[Check], grid: dg.PartitionsDefinition[str] | None
) -> dg.AssetChecksDefinition:
    """Return one step that scans a layer once and evaluates all its checks.

    Args:
        name: the step's name.
        checks: of one asset, or of assets that are written in one step.
        grid: the assets' partitions; None for unpartitioned assets.
    """
    with pinned_feature():  # partitioned checks
        specs = [_spec(check, grid) for check in checks]
    by_key = {dg.AssetCheckKey(dg.AssetKey(check.table.name), check.name): check for check in checks}

    @dg.multi_asset_check(name=name, specs=specs, can_subset=True)
    def check_step(
        context: dg.AssetCheckExecutionContext,
        store: StoreResource,
        sources: SourcesResource,
        fetcher: FetcherResource,
        index: IndexResource,
        clock: ClockResource,
    ) -> Iterator[dg.AssetCheckResult]:
        partition = Partition.from_key(context.partition_key) if grid else None
        selected: dict[str, list[Check]] = defaultdict(list)
        for key, check in by_key.items():
            if key in context.selected_asset_check_keys:
                selected[check.table.name].append(check)
        opened = store.open()
        for table_checks in selected.values():
            subject = Subject(
                table=table_checks[0].table,
                partition=partition,
                source=sources.get(partition.source) if partition else None,
                store=opened,
                now=clock.now(),
                index_uri=index.uri,
                check_proxies=lambda source: asyncio.run(fetcher.check_proxies(source)),
            )
            _require_newest_write(subject)
            findings = [(check, _printable(check.evaluate(subject))) for check in table_checks]
            # The ledger first: a crash in between leaves Dagster without a verdict that readers already have,
            # never the other way round.
            opened.ledger.record(
                subject.table,
                partition,
                [_verdict(check, finding) for check, finding in findings],
                run_id=context.run.run_id,
            )
            for check, finding in findings:
                yield _result(check, finding)

    return check_step


def _require_newest_write(subject: Subject) -> None:
    """Raise NotAdmittedError unless the stored rows are those of the newest write.

    A run that died between entering its write and committing it leaves other rows: passing their checks would
    admit them under a version that was never stored.
    """
    write = subject.store.ledger.newest_write(subject.table, subject.partition)
    name = f"{subject.table.name} {subject.partition or ''}".rstrip()
    if write is None:
        raise NotAdmittedError(f"{name} was never materialized; materialize it first")
    if write.data_version != data_version(subject.table, subject.rows):
        raise NotAdmittedError(f"the newest write of {name} was never committed; materialize it again")


def _printable(finding: Finding) -> Finding:
    # Details quote crawled strings, whose control and bidirectional characters can disguise what is shown.
    return replace(finding, detail=clean_body(finding.detail)) if finding.detail else finding


def _spec(check: Check, grid: dg.PartitionsDefinition[str] | None) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        check.name,
        asset=check.table.name,
        description=check.description,
        blocking=check.blocking,
        partitions_def=grid,
    )


def _verdict(check: Check, finding: Finding) -> Verdict:
    return Verdict(
        check=check.name,
        passed=finding.passed,
        value=finding.value,
        threshold=finding.threshold,
        detail=finding.detail,
        blocking=check.blocking,
        severity=_severity(check, finding).value,
        threshold_origin=finding.origin if finding.threshold is not None else None,
        metrics=finding.metrics,
    )


def _severity(check: Check, finding: Finding) -> dg.AssetCheckSeverity:
    if check.blocking and not finding.only_warns:
        return dg.AssetCheckSeverity.ERROR
    return dg.AssetCheckSeverity.WARN


def _result(check: Check, finding: Finding) -> dg.AssetCheckResult:
    metadata: dict[str, dg.MetadataValue | float] = {**finding.metrics}
    if finding.value is not None:
        metadata["value"] = float(finding.value)
    if finding.threshold is not None:
        metadata["threshold"] = float(finding.threshold)
        metadata["threshold_origin"] = dg.MetadataValue.text(finding.origin)
    if finding.detail:
        # Text, never Markdown: details quote crawled strings, and the UI loads what Markdown links to.
        metadata["detail"] = dg.MetadataValue.text(finding.detail)
    return dg.AssetCheckResult(
        asset_key=check.table.name,
        check_name=check.name,
        passed=finding.passed,
        severity=_severity(check, finding),
        metadata=metadata,
    )
