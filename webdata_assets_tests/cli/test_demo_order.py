"""The order of the demo's runs: what is made from earlier dates waits for them."""

from pathlib import Path
from typing import Any

import pytest

import webdata_assets.cli.demo
from webdata_assets.cli.instance import Outcome
from webdata_assets_tests.object_store.deployments import DemoDeployment


def test_later_dates_of_a_source_wait_for_a_run_that_failed(
    tmp_path: Path, encoder_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def execute(*_: Any, partition: Any = None, **__: Any) -> Outcome:
        if partition is not None:
            ran.append(partition.key)
        failed = ran == ["2026-06-01|demo_blog"]
        return Outcome(
            "run", not failed, (), *(("the store is away", "TransientError") if failed else (None, None))
        )

    monkeypatch.setattr(webdata_assets.cli.demo, "execute", execute)
    DemoDeployment.make(tmp_path / "demo", encoder_folder).tell(dates=2, sources=["demo_blog", "demo_shop"])
    first, again = ran[:3], ran[3:]
    assert first == ["2026-06-01|demo_blog", "2026-06-01|demo_shop", "2026-06-02|demo_shop"]
    assert again[:2] == ["2026-06-01|demo_blog", "2026-06-01|demo_shop"]
    assert "2026-06-02|demo_blog" in again
