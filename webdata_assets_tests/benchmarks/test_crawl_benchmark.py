"""The crawl benchmark: its arithmetic, and that its contenders do the same work."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from webdata_assets_tests.benchmarks.measuring import Cost, ProgramFailedError, run_module
from webdata_assets_tests.benchmarks.race import CONTENDERS, OURS, Run, Site, frontier_runs, race
from webdata_assets_tests.benchmarks.verdicts import disagreements, figures_of, verdicts_of
from webdata_assets_tests.real_sites.nginx import NEEDS_NGINX, NGINX, Nginx, generated


def run_of(contender: str, what: str, cpu: float, *, pages: int = 1_000, peak: float = 200) -> Run:
    return Run(contender, what, 0, pages, "same", Cost(cpu, 2.0, round(peak * 1e6)))


def race_of(ours: float, recrawl: float, scrapy: float, peaks: Sequence[float]) -> list[Run]:
    """Runs with these CPU seconds beside a start of one second each."""
    runs = [run_of("ours", "start", 1, pages=1), run_of("Scrapy", "start", 1, pages=1)]
    runs += [run_of("ours", "list", 1 + ours), run_of("ours", "recrawl", 1 + recrawl)]
    runs += [run_of("Scrapy", "list", 1 + scrapy)]
    return runs + [run_of("ours", f"frontier {peak}", 3, peak=peak) for peak in peaks]


def test_a_race_that_is_won_has_four_verdicts_that_hold() -> None:
    verdicts = verdicts_of(race_of(0.3, 0.03, 1.8, [200, 230]), "ours")
    assert [round(verdict.figure, 2) for verdict in verdicts] == [0.3, 6.0, 0.1, 0.15]
    assert all(verdict.passed for verdict in verdicts)


def test_each_verdict_can_fail() -> None:
    verdicts = verdicts_of(race_of(0.4, 0.1, 1.5, [200, 250]), "ours")
    assert [verdict.passed for verdict in verdicts] == [False, False, False, False]


def test_the_start_of_the_process_is_shown_beside_the_rest() -> None:
    figures = {(row.contender, row.what): row for row in figures_of(race_of(0.3, 0.03, 1.5, []))}
    row = figures["ours", "list"]
    assert (row.total, row.net, row.pages_per_second) == pytest.approx((1.3, 0.3, 500))


def test_contenders_that_stored_something_else_are_named() -> None:
    one, other = run_of("ours", "list", 1), Run("Scrapy", "list", 0, 9, "other", Cost(1, 1, 1))
    assert disagreements([one, one]) == []
    assert disagreements([one, other]) == ["list: ours 1000 pages (same), Scrapy 9 pages (other)"]


def test_a_program_that_fails_is_no_figure() -> None:
    with pytest.raises(ProgramFailedError, match="No module named"):
        run_module("webdata_assets_tests.benchmarks.nobody")


@pytest.mark.soak
@pytest.mark.skipif(NGINX is None, reason=NEEDS_NGINX)
def test_all_contenders_store_the_same_pages(tmp_path: Path) -> None:
    pytest.importorskip("scrapy")
    pytest.importorskip("crawlee")
    with Nginx(tmp_path / "nginx", generated()) as nginx:
        pages = tuple(f"{nginx.origin}/p/{number}" for number in range(30))
        site = Site(pages, pages[:1], f"{nginx.origin}/p/")
        runs = list(race(site, CONTENDERS, tmp_path, rounds=1, concurrency=4))
        runs += frontier_runs(nginx.origin, (40,), tmp_path, concurrency=4)
    assert disagreements(runs) == []
    stored = {(run.contender, run.what): run.pages for run in runs}
    assert {stored[contender.name, "list"] for contender in CONTENDERS} == {30}
    assert stored[OURS.name, "recrawl"] == 30
    assert stored[OURS.name, "frontier 40"] == 40
