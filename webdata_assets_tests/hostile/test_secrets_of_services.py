"""Secrets of the services that a deployment relies on, each of which is down or refuses."""

import sys
import traceback
from importlib.util import find_spec
from pathlib import Path

import polars as pl
import pytest

from webdata_assets.errors import TransientError
from webdata_assets.schemas.model import MODEL
from webdata_assets.stages.learn.mlflow_mirror import mirror
from webdata_assets_tests.crawl.proxy_servers import closed_port
from webdata_assets_tests.hostile.canaries import files_below, finds
from webdata_assets_tests.hostile.conftest import Proves
from webdata_assets_tests.hostile.echoing import Echoing
from webdata_assets_tests.hostile.hunting import Hunt, declare, processes_watched

PAGE = "<title>Lamps</title><article><h1>Lamps</h1><p>{}</p></article>"
TEXT = "A lamp that hangs above a table gives light to those who sit there and read until late. " * 5


@pytest.fixture
def folder(hunt: Hunt) -> Hunt:
    """A deployment with a source of one stored page, and a sink."""
    pages = hunt.folder / "sources" / "pages"
    pages.mkdir()
    (pages / "lamps.html").write_text(PAGE.format(TEXT))
    rule = {"by": "files", "path": "pages", "base_url": "https://docs.example.com/"}
    declare(hunt, "folder", {"via": "files", "discover": [rule]})
    sink = "name: table\ndescription: A test\nkind: delta\n"
    (hunt.folder / "sinks" / "table.yaml").write_text(sink)
    return hunt


def test_secrets_of_services_stand_nowhere_after_their_failure(
    folder: Hunt, echo: Echoing, proves: Proves
) -> None:
    hunt = folder
    away = f"redis://:{{}}@127.0.0.1:{closed_port()}/0"
    with processes_watched() as commands:
        hunt.set("WEBDATA_ENCODER", "openai")
        hunt.set("WEBDATA_ENCODER_MODEL", "small")
        hunt.set("WEBDATA_ENCODER_URL", echo.origin)
        hunt.secret("WEBDATA_ENCODER_KEY")
        assert hunt("run", "--source", "folder") == 1
        hunt("settings", "check")
        hunt.set("WEBDATA_ENCODER", "default")
        hunt.secret("WEBDATA_SHARED_RATES", away)
        declare(hunt, "site", {"discover": [{"by": "urls", "start": [f"{echo.origin}/page"]}]})
        assert hunt("run", "--source", "site") == 1
        hunt.set("WEBDATA_EXECUTOR", "celery")
        hunt.secret("WEBDATA_CELERY_BROKER", away)
        hunt.secret("WEBDATA_CELERY_BACKEND", away)
        assert hunt("settings", "check") != 0
        assert hunt("run", "--source", "folder") == 1
    assert any(hunt.canaries[0].value in told for told in echo.told)
    places = [*hunt.said, *files_below(hunt.folder), ("command lines", b"\n".join(sorted(commands)))]
    found, searched = finds(hunt.canaries, places)
    assert found == []
    proves(
        "Secrets",
        "an encoder's endpoint that repeats its key; Redis for rates, for Celery's queue and for its results",
        f"{len(found)} finds of {len(hunt.canaries)} secrets in {searched} places",
    )


@pytest.mark.skipif(not find_spec("mlflow"), reason="the extra mlflow is not installed")
def test_what_mlflow_was_sent_is_not_in_the_error(
    hunt: Hunt, echo: Echoing, proves: Proves, monkeypatch: pytest.MonkeyPatch
) -> None:
    # MLflow asks PySpark, which takes a pytest worker for a doctest and exits
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    hunt.set("MLFLOW_TRACKING_USERNAME", "ann")
    hunt.secret("MLFLOW_TRACKING_PASSWORD")
    version = pl.DataFrame({"task": ["topic"]}).with_columns(
        pl.lit(None, dtype).alias(name) for name, dtype in MODEL.polars_schema.items() if name != "task"
    )
    with pytest.raises(TransientError) as caught:
        mirror(echo.origin, version, None, Path)
    assert any(hunt.canaries[0].value in told for told in echo.told)
    found, _ = finds(hunt.canaries, [("error", "".join(traceback.format_exception(caught.value)).encode())])
    assert found == []
    proves("Secrets", "MLflow that repeats its password", f"{len(found)} finds in the error and its trace")
