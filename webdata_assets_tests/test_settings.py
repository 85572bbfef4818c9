"""Settings: what each WEBDATA_* variable does, and what is refused."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from webdata_assets.settings import PACKAGED_SOURCES, Settings


@pytest.fixture(autouse=True)
def an_empty_folder(tmp_path, monkeypatch):
    """Settings read `.env` from the current folder: a developer's own must not count."""
    monkeypatch.chdir(tmp_path)


def test_nothing_need_be_set():
    settings = Settings()
    assert settings.store == ".webdata/store"
    assert settings.sources == PACKAGED_SOURCES
    assert settings.connect_to == {}
    assert (settings.chromium, settings.encoder_dir) == (None, None)
    assert settings.is_local_store


@pytest.mark.parametrize(
    ("variable", "text", "field", "value"),
    [
        ("WEBDATA_STORE", "s3://bucket/prefix", "store", "s3://bucket/prefix"),
        ("WEBDATA_SOURCES", "/etc/sources", "sources", Path("/etc/sources")),
        ("WEBDATA_USER_AGENT", "robot/2", "user_agent", "robot/2"),
        ("WEBDATA_CHROMIUM", "/opt/chromium", "chromium", Path("/opt/chromium")),
        ("WEBDATA_ENCODER_DIR", "/models", "encoder_dir", Path("/models")),
        ("WEBDATA_REPAIR_ATTEMPTS_PER_DAY", "0", "repair_attempts_per_day", 0),
        ("WEBDATA_TASK", "/etc/task.yaml", "task", Path("/etc/task.yaml")),
        ("WEBDATA_ENCODER_PRECISION", "fp32", "encoder_precision", "fp32"),
        ("WEBDATA_SERVE_THREADS", "3", "serve_threads", 3),
        ("WEBDATA_EXTRACT_WORKERS", "3", "extract_workers", 3),
        ("WEBDATA_EXTRACT_PAGE_SECONDS", "2.5", "extract_page_seconds", 2.5),
        ("WEBDATA_EXTRACT_MEMORY_MB", "512", "extract_memory_mb", 512),
    ],
)
def test_a_variable_sets_its_field(monkeypatch, variable, text, field, value):
    monkeypatch.setenv(variable, text)
    assert getattr(Settings(), field) == value


def test_the_environment_goes_before_the_env_file(monkeypatch):
    Path(".env").write_text("WEBDATA_STORE=from-file\nWEBDATA_USER_AGENT=file/1\nOTHER=x\n")
    monkeypatch.setenv("WEBDATA_STORE", "from-environment")
    assert (Settings().store, Settings().user_agent) == ("from-environment", "file/1")


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("", {}),
        ("shop.test=127.0.0.1:8000", {"shop.test": "127.0.0.1:8000"}),
        (" Shop.Test=127.0.0.1:1 , blog.test=[::1]:2,", {"shop.test": "127.0.0.1:1", "blog.test": "[::1]:2"}),
    ],
)
def test_connect_to_is_a_list_of_hosts(monkeypatch, text, hosts):
    monkeypatch.setenv("WEBDATA_CONNECT_TO", text)
    assert Settings().connect_to == hosts


@pytest.mark.parametrize("text", ["shop.test", "shop.test=127.0.0.1", "=", "{}"])
def test_connect_to_says_which_item_is_wrong(monkeypatch, text):
    monkeypatch.setenv("WEBDATA_CONNECT_TO", text)
    with pytest.raises(
        ValidationError, match=f"WEBDATA_CONNECT_TO: '{text}' is not of the form host=address:port"
    ):
        Settings()


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("WEBDATA_REPAIR_ATTEMPTS_PER_DAY", "-1"),
        ("WEBDATA_REPAIR_ATTEMPTS_PER_DAY", "many"),
        ("WEBDATA_ENCODER_MAX_TOKENS", "-1"),
        ("WEBDATA_SERVE_THREADS", "0"),
        ("WEBDATA_EXTRACT_WORKERS", "0"),
        ("WEBDATA_EXTRACT_PAGE_SECONDS", "0"),
        ("WEBDATA_EXTRACT_MEMORY_MB", "128"),
    ],
)
def test_a_number_out_of_range_is_refused(monkeypatch, variable, text):
    monkeypatch.setenv(variable, text)
    with pytest.raises(ValidationError, match=variable.removeprefix("WEBDATA_").lower()):
        Settings()


def test_settings_are_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        Settings().store = "elsewhere"


@pytest.mark.parametrize(
    ("store", "local"), [("data", True), ("/data", True), ("s3://b", False), ("gs://b", False)]
)
def test_a_store_is_local_unless_it_has_a_scheme(store, local):
    assert Settings(store=store).is_local_store is local


def test_folders_of_the_home_are_absolute(tmp_path):
    settings = Settings(home=Path("here"))
    assert settings.patches == tmp_path / "here" / "patches"
    assert settings.encoders == tmp_path / "here" / "encoders"
    assert settings.dagster_home == tmp_path / "here" / "dagster"


def test_every_field_is_described():
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_example_file_names_every_variable():
    example = (Path(__file__).parents[1] / ".env.example").read_text()
    missing = [name for name in Settings.model_fields if f"WEBDATA_{name.upper()}" not in example]
    assert missing == []
