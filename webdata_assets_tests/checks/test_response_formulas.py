"""Formulas of HTTP errors and of barriers."""

from webdata_assets.checks.limits import Limit
from webdata_assets_tests.checks.judge import judge, limits, numbers, source
from webdata_assets_tests.store.rows import frame, put, row


def put_pages(store, *rows):
    put(store, "pages", frame("pages", *rows))


def failed(number, status=None, reason="503"):
    return row(
        "pages", number=number, outcome="failed", reason=reason, http_status=status, failure_domain="target",
        payload=None, payload_hash=None, payload_date=None, payload_bytes=None,
    )  # fmt: skip


def gone(number, reason="404", status=404):
    return row("pages", number=number, outcome="gone", reason=reason, http_status=status, payload=None)


def untried(number, outcome):
    return row("pages", number=number, outcome=outcome, reason="robots", http_status=None, payload=None)


def test_error_status_passes_where_every_answer_was_good(store):
    put_pages(store, row("pages"), failed(1, None, "timeout"))
    finding = judge(store, "pages", "error_status")
    assert numbers(finding) == (True, 0, 0.01)
    assert finding.metrics == {"visits": 2, "tried_again": 0}


def test_error_status_names_each_status_and_the_most_frequent(store):
    rows = [failed(1, 503), failed(2, 503), gone(3), untried(4, "skipped"), untried(5, "deferred")]
    put_pages(store, row("pages", attempts=3), *rows)
    finding = judge(store, "pages", "error_status")
    assert numbers(finding) == (False, 0.5, 0.01)
    assert finding.metrics == {"visits": 4, "tried_again": 1, "status_404": 0.25, "status_503": 0.5}
    assert finding.detail == (
        "of 4 visits, by status 503: 2, 404: 1; most often 503, as https://shop.example.com/1, "
        "https://shop.example.com/2"
    )


def test_each_status_is_judged_by_itself(store):
    put_pages(store, row("pages"), row("pages", number=1), failed(2, 503), failed(3, 500))
    declared = source({"error_status": 0.25})
    finding = judge(store, "pages", "error_status", declared=declared)
    assert (finding.passed, finding.value, finding.origin) == (True, 0.25, "source file")
    assert limits(store, "pages", "error_status", declared=declared) == [
        Limit(0.25, "source file", "expect.error_status")
    ]


def test_barriers_are_logins_captchas_consents_and_soft_404s(store):
    put_pages(
        store,
        *(row("pages", number=number) for number in range(95)),
        failed(95, 200, "login page: led to the login at /login"),
        failed(96, 200, "captcha page: Cloudflare's challenge"),
        failed(97, 200, "consent page: led to /consent"),
        gone(98, "soft 404: led to the site's front page", 200),
        gone(99, "404 Not Found"),
    )
    finding = judge(store, "pages", "barriers")
    assert numbers(finding) == (False, 0.04, 0.02)
    assert finding.metrics == {"visits": 100, "captcha": 1, "consent": 1, "login": 1, "soft_404": 1}
    assert finding.detail == (
        "of 100 visits: 1 × captcha, such as https://shop.example.com/96; 1 × consent, such as "
        "https://shop.example.com/97; 1 × login, such as https://shop.example.com/95; 1 × soft_404, such as "
        "https://shop.example.com/98"
    )


def test_barriers_up_to_the_limit_pass(store):
    put_pages(store, *(row("pages", number=number) for number in range(49)), failed(49, 200, "login page: x"))
    assert numbers(judge(store, "pages", "barriers")) == (True, 0.02, 0.02)


def test_nothing_visited_is_nothing_compared(store):
    put_pages(store, untried(1, "skipped"))
    for check in ("error_status", "barriers"):
        assert numbers(judge(store, "pages", check)) == (True, None, None)
