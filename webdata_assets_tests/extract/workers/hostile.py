"""Pages that hang parsers, and one that does not.

What belongs here: making them. What does not: assertions.
"""

from webdata_assets_tests.extract.making import make_payload

GOOD = "<html><body><article><h1>A lamp</h1><p>It shines, and it costs little. It is quiet.</p></article>"

BOMBS = {
    "a megabyte of nested divs": "<html><body>" + "<div>" * 200_000,
    "a megabyte of nested divs with text": "<html><body>" + "<div>a" * 160_000,
    "868 KB of attributes": "<html><body><p " + " ".join(f"a{n}=1" for n in range(98_000)) + ">x</p>",
}


def good_page(number: int = 0):
    return make_payload(GOOD, f"http://shop.test/good/{number}")


def bomb(name: str = "a megabyte of nested divs", number: int = 0):
    return make_payload(BOMBS[name], f"http://shop.test/bomb/{number}")
