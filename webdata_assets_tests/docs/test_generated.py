"""The pages that are made from code are current."""

from webdata_assets.cli import reference, settings_reference
from webdata_assets.errors import FailureDomain
from webdata_assets_tests.docs.pages import DOCS, anchors_of


def test_the_reference_of_commands_is_current() -> None:
    assert reference.REFERENCE_PATH.read_text(encoding="utf-8") == reference.render(), "run `make schema`"


def test_the_reference_of_settings_is_current() -> None:
    page = settings_reference.REFERENCE_PATH.read_text(encoding="utf-8")
    assert page == settings_reference.render(), "run `make schema`"


def test_every_option_and_every_setting_has_a_meaning() -> None:
    for page in (reference.render(), settings_reference.render()):
        rows = [line for line in page.splitlines() if line.startswith("| `")]
        assert rows
        assert [row for row in rows if row.endswith("|  |")] == []


def test_every_failure_domain_has_a_section_in_the_guide_to_incidents() -> None:
    assert {domain.value for domain in FailureDomain} <= anchors_of(DOCS / "operations" / "incidents.md")
