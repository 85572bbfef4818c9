"""Every secret that a deployment takes, where its use fails: it stands nowhere afterwards."""

import json
import traceback
from typing import Any

import pytest
import yaml

from webdata_assets.errors import WebdataError
from webdata_assets.orchestration.storage import SettingsPostgresStorage
from webdata_assets.settings import Settings
from webdata_assets.stages.index.engines import open_index
from webdata_assets_tests.crawl.proxy_servers import closed_port
from webdata_assets_tests.hostile.canaries import files_below, finds
from webdata_assets_tests.hostile.conftest import Proves
from webdata_assets_tests.hostile.echoing import Echoing
from webdata_assets_tests.hostile.hunting import Hunt, declare, processes_watched


def sink(hunt: Hunt, name: str, **values: Any) -> None:
    text = yaml.safe_dump({"name": name, "description": "A test", **values})
    (hunt.folder / "sinks" / f"{name}.yaml").write_text(text)


VENDORS = {
    "zyte": "ZYTE_API_KEY",
    "zenrows": "ZENROWS_API_KEY",
    "brightdata": "BRIGHTDATA_API_TOKEN",
    "firecrawl": "FIRECRAWL_API_KEY",
}
MISTAKEN = (
    "postgresql://user:{}/rest@127.0.0.1:1/data",
    "postgresql://user:rest@{}@127.0.0.1:1/data",
    "postgresql://127.0.0.1:1/data?password={}&wrong=1",
    "postgresql://user:x@127.0.0.1:{}/data",
)
"""Passwords that are not escaped, or stand where none should: each client reads them in its own way."""


def test_secrets_stand_nowhere_after_every_failure(hunt: Hunt, echo: Echoing, proves: Proves) -> None:
    for name in ("SHOP_LOGIN", "SHOP_COOKIE", *VENDORS.values()):
        hunt.secret(name)
    paths = ("refused", "bare", "moved")
    declare(hunt, "guarded", {
        "discover": [{"by": "urls", "start": [f"{echo.origin}/{path}" for path in paths]}],
        "headers": {"Authorization": "Bearer ${SHOP_LOGIN}", "Cookie": "session=${SHOP_COOKIE}"},
        "fallback": list(VENDORS),
        "services": {
            way: {"url": f"{echo.origin}/bare/{way}", "options": {"zone": "z"} if way == "brightdata" else {}}
            for way in VENDORS
        },
    })  # fmt: skip
    hunt.secret("SHOP_PROXIES", f"http://user:{{}}@{echo.address},http://user:{{}}@127.0.0.1:{closed_port()}")
    declare(hunt, "proxied", {
        "discover": [{"by": "urls", "start": [f"{echo.origin}/page"]}],
        "proxies": {"pool": ["${SHOP_PROXIES}"], "max_wait_seconds": 0, "min_healthy": 1},
    })  # fmt: skip
    hunt.secret(
        "WEBDATA_ALERTS", f"json://user:{{}}@{echo.address}/x mailto://u:{{}}@127.0.0.1:1?to=a@b.test"
    )
    _declare_sinks(hunt, echo)
    with processes_watched() as commands:
        hunt("run", "--source", "guarded")
        hunt.set("WEBDATA_LOG", "json")
        hunt("run", "--source", "proxied")
        for sinks in ("warehouse", "hook", "snow", "big", "shelf", "vectors"):
            hunt("sinks", "check", sinks)
        hunt.set("WEBDATA_LOG", "text")
        hunt("alerts", "test")
        hunt("report")
        hunt("deadletters", "list", "--json")
        hunt("export", "warc", "--source", "guarded", "--out", str(hunt.folder / "out.warc.gz"))
    reached = {each.name for each in hunt.canaries if any(each.value in told for told in echo.told)}
    assert reached >= {"SHOP_LOGIN", "SHOP_COOKIE", *VENDORS.values(), "AWS_SESSION_TOKEN"}, reached
    places = [*hunt.said, *files_below(hunt.folder), ("command lines", b"\n".join(sorted(commands)))]
    found, searched = finds(hunt.canaries, places)
    assert found == []
    proves(
        "Secrets",
        "a refusal that repeats what it was sent, proxies, sinks and receivers that are down or refuse: each "
        "secret in tables, logs, events, traces, reports, archives and command lines, in nine spellings",
        f"{len(found)} finds of {len(hunt.canaries)} secrets in {searched} places; "
        f"{len(reached)} of them had been sent and were repeated",
    )


def _declare_sinks(hunt: Hunt, echo: Echoing) -> None:
    down = closed_port()
    sink(
        hunt, "warehouse", kind="postgres", uri=f"postgresql://u@127.0.0.1:{down}/d",
        password_env=hunt.secret("WAREHOUSE_LOGIN", awkward=True),
    )  # fmt: skip
    signing = hunt.secret("SIGNING", "whsec_{}")
    sink(hunt, "hook", kind="webhook", url=f"{echo.origin}/hook", secret_env=signing)
    sink(
        hunt, "snow", kind="snowflake", account="a", user="u", database="d", schema="s", host="127.0.0.1",
        port=echo.port, protocol="http", password_env=hunt.secret("SNOW", awkward=True),
    )  # fmt: skip
    account = json.dumps({"type": "service_account", "private_key": "{}"})
    sink(
        hunt, "big", kind="bigquery", project="p", dataset="d", endpoint=echo.origin,
        credentials_env=hunt.secret("BIG", account),
    )  # fmt: skip
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        hunt.secret(name)
    hunt.set("AWS_ENDPOINT_URL", echo.origin)
    hunt.set("AWS_ALLOW_HTTP", "true")
    hunt.set("AWS_REGION", "eu-west-1")
    sink(hunt, "shelf", kind="parquet", uri="s3://bucket/shelf")
    sink(hunt, "vectors", kind="lance", uri="s3://bucket/vectors")


@pytest.mark.parametrize("setting", ["WEBDATA_DAGSTER_STORAGE", "WEBDATA_INDEX"])
def test_an_address_whose_password_is_mistaken_for_something_else_is_not_repeated(
    hunt: Hunt, setting: str, proves: Proves
) -> None:
    for form in MISTAKEN:
        hunt.secret(setting, form)
        try:
            _open(setting)
        except WebdataError as error:
            hunt.said.append((form, "".join(traceback.format_exception(error)).encode()))
        else:
            pytest.fail(f"{form} was taken for an address")
    found, _ = finds(hunt.canaries[:1], hunt.said)
    assert found == []
    proves(
        "Secrets",
        f"{setting} with a password that is not escaped, or stands in a wrong place",
        f"{len(found)} of {len(hunt.said)} errors repeat it",
    )


def _open(setting: str) -> None:
    settings = Settings()
    if setting == "WEBDATA_DAGSTER_STORAGE":
        SettingsPostgresStorage.from_config_value(None, {})
    else:
        open_index(settings.index).names()
