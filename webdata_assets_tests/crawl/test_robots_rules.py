"""The rules of a robots.txt: against what google/robotstxt expects, and against a port of it."""

from pathlib import Path

import pytest
from gpyrobotstxt.robots_cc import RobotsMatcher
from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.stages.crawl.politeness.robots_rules import (
    MAX_CRAWL_DELAY_SECONDS,
    parse_robots,
    product_token,
)
from webdata_assets_tests.crawl.robots_expectations import SITE, Expectation, expectations

_RAW_URL = "the URL is not escaped, and canonical URLs are: escaped, it is the one that the rule allows"
_DIFFERENT = {
    ("Foo Bar", "/x/y"): "our own name is cut at its space as the names in the file are",
    ("FooBot", "/foo/bar/ツ"): _RAW_URL,
    ("FooBot", "/foo/bar/baz"): "an escaped letter is the letter (RFC 9309, 2.2.2; the test itself warns)",
}
"""Where we differ from google/robotstxt, and why."""


def is_allowed(robots: str, agent: str, url: str) -> bool:
    return parse_robots(robots.encode(), agent).verdict(url).allowed


def is_different(case: Expectation) -> bool:
    known = (case.agent, case.url.removeprefix(SITE)) in _DIFFERENT
    # the last URL is asked of several files, and differs for the escaped one alone
    return known and (not case.url.endswith("/baz") or "%62" in case.robots)


def test_the_table_holds_every_expectation_and_the_oracle_meets_them_all() -> None:
    cases = list(expectations())
    assert len(set(cases)) == 145
    oracle = [
        RobotsMatcher().one_agent_allowed_by_robots(case.robots, case.agent, case.url) for case in cases
    ]
    assert oracle == [case.allowed for case in cases]


def test_all_expectations_are_met_but_those_listed_with_a_reason() -> None:
    for case in expectations():
        met = is_allowed(case.robots, case.agent, case.url) == case.allowed
        assert met != is_different(case), case


def test_no_more_than_four_of_145_differ() -> None:
    assert sum(map(is_different, expectations())) == 4


_FIXTURES = Path(__file__).parents[2] / "../shared/data/feeds_sitemaps_robots/crawler_commons/robots"
_ASKED = (
    "/",
    "/search",
    "/search?q=1",
    "/admin/x",
    "/cgi-bin/a.cgi",
    "/index.html",
    "/images/x.jpg",
    "/login/",
)


@pytest.mark.parametrize("agent", ["webdata-assets", "Googlebot", "yourbot"])
def test_files_of_another_projects_tests_are_read_as_google_reads_them(agent: str) -> None:
    if not _FIXTURES.is_dir():
        pytest.skip("needs ../shared/data/feeds_sitemaps_robots")
    # the oracle does not decode UTF-16
    for file in sorted(_FIXTURES.glob("*.txt")):
        if "utf16" in file.name:
            continue
        body = file.read_bytes()
        rules = parse_robots(body, agent)
        for path in _ASKED:
            url = f"http://a.test{path}"
            expected = RobotsMatcher().one_agent_allowed_by_robots(body, agent, url)
            assert rules.verdict(url).allowed == expected, (file.name, path)


_AGENTS = st.sampled_from(
    [
        "*",
        "webdata-assets",
        "WebData-Assets/1.0",
        "webdata",
        "webdata-assets-images",
        "foo",
        "foo bar",
        "*bot",
        "",
    ]
)
_PIECES = st.sampled_from(["/", "a", "b", "aa", ".", "-", "_", "~", "*", "%E3%83%84"])
_PATTERNS = st.builds(
    lambda pieces, end: "/" + "".join(pieces) + end,
    st.lists(_PIECES | st.sampled_from(["ツ", "%e3%83%84"]), max_size=6),
    st.sampled_from(["", "", "$"]),
)
_SPACE = st.sampled_from(["", " ", "  ", "\t"])
_LINES = st.one_of(
    st.builds(
        "{}{}:{}{}".format,
        st.sampled_from(["User-agent", "useragent", "USER-AGENT"]),
        _SPACE,
        _SPACE,
        _AGENTS,
    ),
    st.builds(
        "{}{}:{}{}{}".format,
        st.sampled_from(
            ["Allow", "allow", "Disallow", "disallow", "Dissallow", "disalow", "diasllow", "Disallowed"]
        ),
        _SPACE,
        _SPACE,
        _PATTERNS | st.just(""),
        st.sampled_from(["", "", " # why", "#"]),
    ),
    st.builds("{} {}".format, st.sampled_from(["Disallow", "Allow", "User-agent"]), _PATTERNS),
    st.sampled_from(
        ["", "# nothing", "Sitemap: http://a.test/s.xml", "Crawl-delay: 3", "Noindex: /a", "a b c", ":"]
    ),
)
_FILES = st.lists(_LINES, max_size=14).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n", "\r"]).map(lambda end: end.join(lines))
)
_PATHS = st.lists(_PIECES.filter(lambda piece: piece != "*"), max_size=7).map(
    lambda parts: "/" + "".join(parts)
)


@given(_FILES, st.sampled_from(["webdata-assets", "foo", "other"]), _PATHS)
def test_rules_are_read_as_google_reads_them(robots: str, agent: str, path: str) -> None:
    """Left out of the generator, because they are read differently on purpose or by the matching library.

    Escapes of letters, and `$` within a pattern or a URL: RFC 9309 decodes the former, and protego takes the
    latter for itself as well. Characters that protego escapes before it counts a pattern's octets, such as
    `?`. Patterns that end in index.htm. A line of one word, on which the oracle itself fails.
    """
    url = f"http://a.test{path}"
    expected = RobotsMatcher().one_agent_allowed_by_robots(robots, agent, url)
    assert is_allowed(robots, agent, url) == expected


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode), st.text(max_size=50))
def test_any_bytes_are_read_without_an_error(body: bytes, path: str) -> None:
    parse_robots(body, "webdata-assets").verdict(f"http://a.test/{path}")


@pytest.mark.parametrize("agent", ["name", "name/1.0", "name/1.0 (+https://a.test)", "name (x)"])
def test_the_product_token_is_the_name_alone(agent: str) -> None:
    assert product_token(agent) == "name"


@pytest.mark.parametrize(
    "line", ["webdata-assets the crawler # ours", "WEBDATA-ASSETS/0.1", "webdata-assets"]
)
def test_agent_lines_end_where_the_name_ends(line: str) -> None:
    robots = f"User-agent: {line}\nDisallow: /x\n"
    assert not is_allowed(robots, "webdata-assets/0.1", "https://a.test/x")
    assert is_allowed(robots, "other", "https://a.test/x")


def test_a_shorter_name_is_another_crawlers() -> None:
    assert is_allowed("User-agent: webdata\nDisallow: /\n", "webdata-assets", "https://a.test/x")


def test_long_lines_are_cut() -> None:
    robots = "User-agent: *\nDisallow: /" + "*a" * 1_000_000 + "\nDisallow: /z\n"
    assert is_allowed(robots, "webdata-assets", "https://a.test/b")


def test_what_follows_the_first_half_megabyte_is_not_read() -> None:
    robots = "User-agent: *\n" + "#" * 600_000 + "\nDisallow: /\n"
    assert is_allowed(robots, "webdata-assets", "https://a.test/b")


def test_a_line_end_that_only_unicode_knows_ends_no_line() -> None:
    robots = "User-agent: *\nDisallow: /a\u2028Allow: /\n"
    assert not is_allowed(robots + "Disallow: /b\n", "webdata-assets", "https://a.test/b")


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
def test_a_byte_order_mark_is_skipped(mark: bytes) -> None:
    rules = parse_robots(mark + b"User-agent: *\nDisallow: /\n", "webdata-assets")
    assert not rules.verdict("https://a.test/").allowed


@pytest.mark.parametrize(
    ("value", "delay"),
    [("1.5", 1.5), ("0", 0.0), ("86400", MAX_CRAWL_DELAY_SECONDS), ("1e300", MAX_CRAWL_DELAY_SECONDS),
     ("inf", None), ("nan", None), ("-1", None), ("soon", None), ("", None)],
)  # fmt: skip
def test_crawl_delay_is_capped_and_nonsense_ignored(value: str, delay: float | None) -> None:
    rules = parse_robots(f"User-agent: *\nCrawl-delay: {value}\n".encode(), "webdata-assets")
    assert rules.verdict("https://a.test/").crawl_delay == delay


def test_a_crawl_delay_is_for_the_agents_above_it_and_does_not_end_their_group() -> None:
    robots = b"User-agent: one\nCrawl-delay: 20\nUser-agent: two\nCrawl-delay: 2\nDisallow: /x\n"
    for agent, delay in (("one", 20), ("two", 2)):
        verdict = parse_robots(robots, agent).verdict("https://a.test/x")
        assert (verdict.allowed, verdict.crawl_delay) == (False, delay)


def test_sitemaps_are_for_everyone_and_end_no_group() -> None:
    robots = (
        b"User-agent: *\nSitemap: /one.xml # the first\nDisallow: /no\n\n"
        b"SITEMAP:https://site.test/two.xml\nUser-agent: other\nDisallow: /\nsitemap: /one.xml\n"
    )
    rules = parse_robots(robots, "webdata-assets/0.1")
    assert rules.sitemaps == ("/one.xml", "https://site.test/two.xml")
    assert rules.verdict(f"{SITE}/yes").allowed
    assert not rules.verdict(f"{SITE}/no").allowed
