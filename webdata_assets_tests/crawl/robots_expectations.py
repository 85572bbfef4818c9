"""What google/robotstxt expects of a robots.txt: 145 inputs of its own tests as a table of facts.

What belongs here: inputs and answers. What does not: comparing them (test_robots_rules.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass

SITE = "http://foo.bar"
LONGEST_LINE = 2083 * 8
"""Bytes of a line that google/robotstxt reads."""


@dataclass(frozen=True)
class Group:
    """A robots.txt, who asks it, and the paths that it allows and refuses; an empty path is an empty URL."""

    robots: str
    agent: str
    allowed: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Expectation:
    """One question and its answer."""

    robots: str
    agent: str
    url: str
    allowed: bool


def expectations() -> Iterator[Expectation]:
    """Return the questions one by one, in a stable order."""
    for group in _GROUPS:
        for path in group.allowed:
            yield Expectation(group.robots, group.agent, SITE + path if path else "", True)
        for path in group.refused:
            yield Expectation(group.robots, group.agent, SITE + path if path else "", False)


def _rules(agent: str, *rules: str) -> str:
    return "".join(f"{line}\n" for line in (f"user-agent: {agent}", *rules))


def _long(letter: str, directive: str) -> str:
    """A path that fills a line of that directive to the last byte that is read."""
    return "/x/".ljust(LONGEST_LINE - len(directive) - 2 + 1, letter)


_ALL_CLOSED = _rules("FooBot", "disallow: /")
_SEVERAL_GROUPS = "\n".join(
    [
        "allow: /foo/bar/", "",
        "user-agent: FooBot", "disallow: /", "allow: /x/",
        "user-agent: BarBot", "disallow: /", "allow: /y/", "", "", "allow: /w/",
        "user-agent: BazBot", "",
        "user-agent: FooBot", "allow: /z/", "disallow: /", "",
    ]
)  # fmt: skip
_SITEMAP_IN_GROUP = _rules("BarBot", "Sitemap: https://foo.bar/sitemap", "User-agent: *", "Disallow: /")
_UNKNOWN_IN_GROUP = _rules("FooBot", "Invalid-Unknown-Line: unknown", "User-agent: *", "Disallow: /")
_SPACED_AGENT = _rules("*", "Disallow: /", "User-Agent: Foo Bar", "Allow: /x/", "Disallow: /")
_GLOBAL = _rules("*", "allow: /", "user-agent: FooBot", "disallow: /")
_SPECIFIC = _rules(
    "FooBot", "allow: /", "user-agent: BarBot", "disallow: /", "user-agent: BazBot", "disallow: /"
)
_QUERY = "/foo/bar?qux=taz&baz=http://foo.bar?tar&par"
_KATAKANA = "/foo/bar/%E3%83%84"
_FISH = ("/fish", "/fish.html", "/fish/salmon.html", "/fishheads", "/fishheads/yummy.html",
         "/fish.html?id=anything")  # fmt: skip

_GROUPS = (
    # nothing asked, nothing said
    Group("", "FooBot", allowed=("",)),
    Group(_ALL_CLOSED, "", allowed=("",)),
    Group(_ALL_CLOSED, "FooBot", refused=("",)),
    Group("", "", allowed=("",)),
    # lines: a colon, or else a space
    Group(_ALL_CLOSED, "FooBot", refused=("/x/y",)),
    Group("foo: FooBot\nbar: /\n", "FooBot", allowed=("/x/y",)),
    Group("user-agent FooBot\ndisallow /\n", "FooBot", refused=("/x/y",)),
    # groups: rules outside of one count for nobody, several of one agent are one
    Group(_SEVERAL_GROUPS, "FooBot", allowed=("/x/b", "/z/d"), refused=("/y/c", "/foo/bar/")),
    Group(_SEVERAL_GROUPS, "BarBot", allowed=("/y/c", "/w/a"), refused=("/z/d", "/foo/bar/")),
    Group(_SEVERAL_GROUPS, "BazBot", allowed=("/z/d",), refused=("/foo/bar/",)),
    # groups are not ended by lines that are no rules
    Group(_SITEMAP_IN_GROUP, "FooBot", refused=("/",)),
    Group(_SITEMAP_IN_GROUP, "BarBot", refused=("/",)),
    Group(_UNKNOWN_IN_GROUP, "FooBot", refused=("/",)),
    Group(_UNKNOWN_IN_GROUP, "BarBot", refused=("/",)),
    # names of lines in any case
    *(
        Group(robots, "FooBot", allowed=("/x/y",), refused=("/a/b",))
        for robots in (
            "USER-AGENT: FooBot\nALLOW: /x/\nDISALLOW: /\n",
            "user-agent: FooBot\nallow: /x/\ndisallow: /\n",
            "uSeR-aGeNt: FooBot\nAlLoW: /x/\ndIsAlLoW: /\n",
        )
    ),
    # agents in any case, up to their first space
    *(
        Group(_rules(named, "Allow: /x/", "Disallow: /"), agent, allowed=("/x/y",), refused=("/a/b",))
        for named in ("FOO BAR", "foo bar", "FoO bAr")
        for agent in ("Foo", "foo")
    ),
    Group(_SPACED_AGENT, "Foo", allowed=("/x/y",)),
    Group(_SPACED_AGENT, "Foo Bar", refused=("/x/y",)),
    # the group for everyone is for those without one
    Group("", "FooBot", allowed=("/x/y",)),
    Group(_GLOBAL, "FooBot", refused=("/x/y",)),
    Group(_GLOBAL, "BarBot", allowed=("/x/y",)),
    Group(_SPECIFIC, "QuxBot", allowed=("/x/y",)),
    # paths mind their case
    Group(_rules("FooBot", "disallow: /x/"), "FooBot", refused=("/x/y",)),
    Group(_rules("FooBot", "disallow: /X/"), "FooBot", allowed=("/x/y",)),
    # the longest match wins, and allow a draw
    Group(_rules("FooBot", "disallow: /x/page.html", "allow: /x/"), "FooBot", refused=("/x/page.html",)),
    Group(_rules("FooBot", "allow: /x/page.html", "disallow: /x/"), "FooBot",
          allowed=("/x/page.html",), refused=("/x/",)),
    Group(_rules("FooBot", "disallow: ", "allow: "), "FooBot", allowed=("/x/page.html",)),
    Group(_rules("FooBot", "disallow: /", "allow: /"), "FooBot", allowed=("/x/page.html",)),
    Group(_rules("FooBot", "disallow: /x", "allow: /x/"), "FooBot", allowed=("/x/",), refused=("/x",)),
    Group(_rules("FooBot", "disallow: /x/page.html", "allow: /x/page.html"), "FooBot",
          allowed=("/x/page.html",)),
    Group(_rules("FooBot", "allow: /page", "disallow: /*.html"), "FooBot",
          allowed=("/page",), refused=("/page.html",)),
    Group(_rules("FooBot", "allow: /x/page.", "disallow: /*.html"), "FooBot",
          allowed=("/x/page.html",), refused=("/x/y.html",)),
    Group(_rules("*", "Disallow: /x/", "User-agent: FooBot", "Disallow: /y/"), "FooBot",
          allowed=("/x/page",), refused=("/y/page",)),
    # escapes: rules are escaped, URLs are taken as they come
    Group(_rules("FooBot", "Disallow: /", f"Allow: {_QUERY}"), "FooBot", allowed=(_QUERY,)),
    Group(_rules("FooBot", "Disallow: /", "Allow: /foo/bar/ツ"), "FooBot",
          allowed=(_KATAKANA,), refused=("/foo/bar/ツ",)),
    Group(_rules("FooBot", "Disallow: /", f"Allow: {_KATAKANA}"), "FooBot",
          allowed=(_KATAKANA,), refused=("/foo/bar/ツ",)),
    Group(_rules("FooBot", "Disallow: /", "Allow: /foo/bar/%62%61%7A"), "FooBot",
          allowed=("/foo/bar/%62%61%7A",), refused=("/foo/bar/baz",)),
    # characters with a meaning
    Group(_rules("FooBot", "Disallow: /foo/bar/quz", "Allow: /foo/*/qux"), "FooBot",
          allowed=("/foo/quz", "/foo//quz", "/foo/bax/quz"), refused=("/foo/bar/quz",)),
    Group(_rules("FooBot", "Disallow: /foo/bar$", "Allow: /foo/bar/qux"), "FooBot",
          allowed=("/foo/bar/qux", "/foo/bar/", "/foo/bar/baz"), refused=("/foo/bar",)),
    Group(_rules("FooBot", "# Disallow: /", "Disallow: /foo/quz#qux", "Allow: /"), "FooBot",
          allowed=("/foo/bar",), refused=("/foo/quz",)),
    # an allowed index.html allows its folder
    Group(_rules("*", "Allow: /allowed-slash/index.html", "Disallow: /"), "foobot",
          allowed=("/allowed-slash/", "/allowed-slash/index.html"),
          refused=("/allowed-slash/index.htm", "/anyother-url")),
    # long lines are cut
    Group(_rules("FooBot", f"disallow: {_long('a', 'disallow')}/qux"), "FooBot",
          allowed=("/fux",), refused=(f"{_long('a', 'disallow')}/fux",)),
    Group(_rules("FooBot", "disallow: /", *(f"allow: {_long(letter, 'allow')}/qux" for letter in "ab")),
          "FooBot",
          allowed=(f"{_long('a', 'allow')}/qux", f"{_long('b', 'allow')}/fux"), refused=("/",)),
    # the examples of the documentation
    Group(_rules("FooBot", "disallow: /", "allow: /fish"), "FooBot",
          allowed=_FISH, refused=("/bar", "/Fish.asp", "/catfish", "/?id=fish")),
    Group(_rules("FooBot", "disallow: /", "allow: /fish*"), "FooBot",
          allowed=_FISH, refused=("/bar", "/Fish.bar", "/catfish", "/?id=fish")),
    Group(_rules("FooBot", "disallow: /", "allow: /fish/"), "FooBot",
          allowed=("/fish/", "/fish/salmon", "/fish/?salmon", "/fish/salmon.html", "/fish/?id=anything"),
          refused=("/bar", "/fish", "/fish.html", "/Fish/Salmon.html")),
    Group(_rules("FooBot", "disallow: /", "allow: /*.php"), "FooBot",
          allowed=("/filename.php", "/folder/filename.php", "/folder/filename.php?parameters",
                   "//folder/any.php.file.html", "/filename.php/", "/index?f=filename.php/"),
          refused=("/bar", "/php/", "/index?php", "/windows.PHP")),
    Group(_rules("FooBot", "disallow: /", "allow: /*.php$"), "FooBot",
          allowed=("/filename.php", "/folder/filename.php"),
          refused=("/bar", "/filename.php?parameters", "/filename.php/", "/filename.php5", "/php/",
                   "/filename?php", "/aaaphpaaa", "//windows.PHP")),
    Group(_rules("FooBot", "disallow: /", "allow: /fish*.php"), "FooBot",
          allowed=("/fish.php", "/fishheads/catfish.php?parameters"), refused=("/bar", "/Fish.PHP")),
    Group(_rules("FooBot", "allow: /p", "disallow: /"), "FooBot", allowed=("/page",)),
    Group(_rules("FooBot", "allow: /folder", "disallow: /folder"), "FooBot", allowed=("/folder/page",)),
    Group(_rules("FooBot", "allow: /page", "disallow: /*.htm"), "FooBot", refused=("/page.htm",)),
    Group(_rules("FooBot", "allow: /$", "disallow: /"), "FooBot",
          allowed=("/",), refused=("/page.html",)),
)  # fmt: skip
