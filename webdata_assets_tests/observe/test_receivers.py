"""Sending to real receivers on loopback: who took it, how long it lasts, and that no secret is told."""

import io
import logging
import time
import traceback

import pytest
from pydantic import SecretStr

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.resources import AlertsResource
from webdata_assets.settings import Settings
from webdata_assets.stages.observe.receivers import check_receivers, deliver, unusable_receivers
from webdata_assets_tests.site.mailboxes import free_port, mailbox, webhook

CANARY = "c4n4ry5ecret"


def secrets(*urls: str) -> tuple[SecretStr, ...]:
    return tuple(SecretStr(url) for url in urls)


def test_a_webhook_gets_title_body_and_severity():
    with webhook() as hook:
        assert deliver(secrets(hook.url), "shop is late", "due at noon\nlook there", "warning") == {1}
    [message] = hook.messages
    assert (message["title"], message["message"]) == ("shop is late", "due at noon\nlook there")
    assert message["type"] == "warning"


def test_a_mail_server_gets_a_mail():
    with mailbox() as box:
        assert deliver(secrets(box.url), "shop <failed>", "12 of 80\n& more", "failure") == {1}
    [mail] = box.messages
    assert "shop <failed>" in str(mail["Subject"])
    assert str(mail["To"]) == "people@data.test"
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().split() == ["12", "of", "80", "&", "more"]


def test_a_wrong_password_is_told_as_not_taken():
    with mailbox() as box:
        assert deliver(secrets(box.url.replace("open-sesame", "wrong")), "t", "b", "info") == set()
    assert box.messages == []


def test_receivers_that_fail_do_not_keep_the_message_from_the_others():
    with webhook() as first, webhook() as refusing, webhook() as last:
        refusing.status = 500
        nobody = f"json://127.0.0.1:{free_port()}/x"
        urls = secrets(first.url, nobody, "nonsense", refusing.url, last.url)
        assert deliver(urls, "t", "b", "info") == {1, 5}
    assert len(first.messages) == len(last.messages) == 1


def test_only_the_receivers_asked_for_get_it():
    with webhook() as first, webhook() as second:
        assert deliver(secrets(first.url, second.url), "t", "b", "info", only={2}) == {2}
    assert (first.asked, second.asked) == (0, 1)


def test_a_receiver_that_lets_us_wait_is_given_up_in_time_and_the_others_have_it():
    with webhook() as slow, webhook() as quick:
        slow.wait_seconds = 3
        before = time.monotonic()
        assert deliver(secrets(slow.url, quick.url), "t", "b", "info", seconds=0.5) == {2}
        assert time.monotonic() - before < 2


def test_a_redirect_is_not_taken_for_a_delivery():
    with webhook() as target, webhook() as moved:
        moved.status, moved.headers = 302, {"Location": f"http://127.0.0.1:{target.port}/hook"}
        assert deliver(secrets(moved.url), "t", "b", "info") == set()


def test_an_optional_receiver_that_fails_has_not_taken_it():
    assert deliver(secrets(f"json://127.0.0.1:{free_port()}/x?optional=yes"), "t", "b", "info") == set()


def test_control_and_bidirectional_characters_are_removed_and_long_texts_cut():
    with webhook() as hook:
        deliver(secrets(hook.url), "a\u202eb\x1b[31m\nc" + "x" * 500, "d\x00\u2066e\n" + "y" * 9_000, "info")
    [message] = hook.messages
    assert message["title"].startswith("ab[31m c")
    assert len(message["title"]) == 150
    assert message["message"].startswith("de\nyyy")
    assert len(message["message"]) == 3_000


def test_without_receivers_nothing_is_sent():
    assert deliver((), "t", "b", "info") == set()
    assert AlertsResource().send("t", "b", "info") is False


def test_the_resource_reads_its_receivers_at_each_use(monkeypatch: pytest.MonkeyPatch):
    alerts = AlertsResource()
    with webhook() as hook:
        monkeypatch.setenv("WEBDATA_ALERTS", f"{hook.url} {hook.url}")
        assert alerts.places() == [1, 2]
        assert alerts.send("t", "b", "success") is True
        assert len(hook.messages) == 2


class TestSecrets:
    URLS = (
        f"json://127.0.0.1:{free_port()}/{CANARY}/path?+X-Token={CANARY}",
        f"mailto://{CANARY}:{CANARY}@127.0.0.1:{free_port()}?mode=insecure&from=a@b.test&to=c@b.test",
        f"slack://{CANARY}",
        f"nonsense://{CANARY}",
        f"json://[::1/{CANARY}",
    )

    def test_an_unusable_url_is_named_by_its_place_with_a_remedy(self):
        with pytest.raises(PermanentError) as error:
            check_receivers(secrets(*self.URLS))
        assert error.value.failure_domain is FailureDomain.CONFIGURATION
        assert "WEBDATA_ALERTS: number 3 and 4 and 5 of 5 is no URL" in str(error.value)
        assert CANARY not in "".join(traceback.format_exception(error.value))

    def test_usable_receivers_pass_without_a_connection(self):
        assert unusable_receivers(secrets(*self.URLS[:2])) == []

    def test_nothing_is_logged_or_printed_at_any_level(
        self, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ):
        log = io.StringIO()
        handler = logging.StreamHandler(log)
        root = logging.getLogger()
        monkeypatch.setattr(root, "level", 1)
        root.addHandler(handler)
        try:
            with webhook(path=CANARY) as hook, mailbox(password=CANARY) as box:
                urls = secrets(*self.URLS, hook.url, box.url)
                assert deliver(urls, "t", "b", "failure") == {6, 7}
            logging.getLogger("apprise").warning("others may still log")
        finally:
            root.removeHandler(handler)
        assert "others may still log" in log.getvalue()
        assert CANARY not in log.getvalue() + "".join(capfd.readouterr())

    def test_resource_and_settings_do_not_show_them(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("WEBDATA_ALERTS", " ".join(self.URLS))
        alerts = AlertsResource()
        alerts.send("t", "b", "failure")
        shown = f"{alerts!r} {alerts} {alerts.model_dump()} {Settings()!r}"
        assert CANARY not in shown
