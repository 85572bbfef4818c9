"""The registry: what it holds, and rules across files."""

import datetime as dt
from pathlib import Path

import pytest

from webdata_assets.errors import FailureDomain, PermanentError, SourceFileError
from webdata_assets.settings import PACKAGED_SOURCES
from webdata_assets.sources.registry import load_sources, read_source


def source_yaml(name: str, *, start: str = "2026-06-01", enabled: bool = True, title: str = "h1") -> str:
    return (
        f"name: {name}\ndescription: A test\nenabled: {str(enabled).lower()}\nstart: {start}\n"
        "fetch:\n  discover:\n    - by: urls\n      start: [https://example.com/]\n"
        f"extract:\n  kind: article\n  fields:\n    title: {title}\n"
    )


def two_folders(parent: Path) -> tuple[Path, Path]:
    """Make a folder of sources, and one of patches."""
    folder, patches = parent / "sources", parent / "patches"
    folder.mkdir()
    patches.mkdir()
    return folder, patches


def test_sources_are_sorted_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(source_yaml("zebra"))
    (tmp_path / "b.yml").write_text(source_yaml("ant"))
    assert list(load_sources(tmp_path).all) == ["ant", "zebra"]


def test_the_start_is_the_earliest_of_the_enabled(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(source_yaml("a", start="2026-03-01"))
    (tmp_path / "b.yaml").write_text(source_yaml("b", start="2026-02-01"))
    (tmp_path / "c.yaml").write_text(source_yaml("c", start="2026-01-01", enabled=False))
    registry = load_sources(tmp_path)
    assert registry.start == dt.date(2026, 2, 1)
    assert list(registry.enabled) == ["a", "b"]


def test_no_enabled_source_has_no_start(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(source_yaml("a", enabled=False))
    with pytest.raises(SourceFileError, match=r"enabled: true.*a\.yaml"):
        _ = load_sources(tmp_path).start


def test_an_unknown_name_lists_the_known_and_suggests_the_nearest() -> None:
    with pytest.raises(PermanentError, match=r"did you mean `demo_shop`.*demo_api, demo_app") as caught:
        load_sources(PACKAGED_SOURCES).get("demo_shp")
    assert caught.value.failure_domain is FailureDomain.CONFIGURATION


def test_the_path_of_a_source_is_its_file() -> None:
    assert load_sources(PACKAGED_SOURCES).path_of("demo_shop") == PACKAGED_SOURCES / "demo_shop.yaml"


def test_a_duplicate_name_names_both_files(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(source_yaml("twin"))
    (tmp_path / "two.yaml").write_text("# the second\n" + source_yaml("twin"))
    with pytest.raises(SourceFileError) as caught:
        load_sources(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}/two.yaml:2: name: 'twin' is already the name of {tmp_path}/one.yaml; "
        "rename one of the two"
    )


def test_the_problems_of_all_files_are_reported_together(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(source_yaml("UPPER") + "colour: red\n")
    (tmp_path / "b.yaml").write_text("name: [\n")
    (tmp_path / "c.yaml").write_text(source_yaml("fine"))
    with pytest.raises(SourceFileError) as caught:
        load_sources(tmp_path)
    lines = str(caught.value).splitlines()
    assert [line.removeprefix(f"{tmp_path}/").split(": ")[0] for line in lines] == [
        "a.yaml:1",
        "a.yaml:13",
        "b.yaml:2:1",
    ]


def test_a_missing_folder_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(SourceFileError, match=r"no such folder.*WEBDATA_SOURCES"):
        load_sources(tmp_path / "nowhere")


def test_an_empty_folder_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(SourceFileError, match="webdata sources new"):
        load_sources(tmp_path)


def test_a_patch_replaces_the_source_of_the_same_name(tmp_path: Path) -> None:
    folder, patches = two_folders(tmp_path)
    (folder / "a.yaml").write_text(source_yaml("a"))
    (patches / "a.yaml").write_text(source_yaml("a", title="h2"))
    registry = load_sources(folder, patches=patches)
    assert registry.get("a").extract.fields["title"].from_[0].css == "h2"
    assert registry.path_of("a") == patches / "a.yaml"


def test_an_absent_patches_folder_replaces_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(source_yaml("a"))
    assert list(load_sources(tmp_path, patches=tmp_path / "none").all) == ["a"]


def test_a_patch_of_a_source_that_is_not_here_stays_idle(tmp_path: Path) -> None:
    folder, patches = two_folders(tmp_path)
    (folder / "my_blog.yaml").write_text(source_yaml("my_blog"))
    (patches / "demo_blog.yaml").write_text(source_yaml("demo_blog"))
    registry = load_sources(folder, patches=patches)
    assert list(registry.all) == ["my_blog"]
    assert registry.idle_patches == (patches / "demo_blog.yaml",)


def test_a_patch_whose_name_is_misspelt_is_an_error(tmp_path: Path) -> None:
    folder, patches = two_folders(tmp_path)
    (folder / "shop.yaml").write_text(source_yaml("shop"))
    (patches / "shop.yaml").write_text(source_yaml("shops"))
    with pytest.raises(SourceFileError, match=r"shop\.yaml:1: name: no source 'shops'.*did you mean `shop`"):
        load_sources(folder, patches=patches)


def test_one_file_can_be_read_alone() -> None:
    assert read_source(PACKAGED_SOURCES / "demo_api.yaml").name == "demo_api"


@pytest.mark.parametrize("path", sorted(PACKAGED_SOURCES.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_shipped_file_is_named_as_its_source_and_refers_to_the_schema(path: Path) -> None:
    assert read_source(path).name == path.stem
    assert path.read_text().startswith("# yaml-language-server: $schema=./source.schema.json\n")


def test_only_the_demo_is_enabled_as_shipped() -> None:
    registry = load_sources(PACKAGED_SOURCES)
    assert list(registry.enabled) == ["demo_api", "demo_app", "demo_blog", "demo_shop"]
    assert len(registry.all) == 8
