"""Hostile strings in the alerts that people get by mail and by webhook: text, sent to those declared."""

import re
from collections.abc import Callable
from pathlib import Path

from pydantic import SecretStr

from webdata_assets.stages.observe.receivers import deliver
from webdata_assets_tests.hostile.strings import STEERS, Traps, injections

Proves = Callable[[str, str, str], None]
PART = "The UI, the report and the API"
STRINGS_PER_MESSAGE = 8


def test_alerts_are_text(tmp_path: Path, proves: Proves) -> None:
    from webdata_assets_tests.site.mailboxes import mailbox, webhook

    strings = [text for text in injections(Traps("127.0.0.1:9", tmp_path)) if text.strip()]
    with mailbox() as box, webhook() as hook:
        receivers = [SecretStr(box.url), SecretStr(hook.url)]
        for start in range(0, len(strings), STRINGS_PER_MESSAGE):
            body = "\n".join(strings[start : start + STRINGS_PER_MESSAGE])
            assert deliver(receivers, f"{strings[start]} failed", body, "failure") == {1, 2}
    told = [message["title"] + message["message"] for message in hook.messages]
    assert not any(STEERS.search(text) for text in told)
    assert "@everyone" in "".join(strings)
    assert not any(re.search("@(everyone|here)", text) for text in told)
    for mail in box.messages:
        assert [str(mail[name]) for name in ("To", "Cc", "Bcc")] == ["people@data.test", "None", "None"]
        shown = mail.get_body(("html",))
        assert shown is None or not re.search(r"<(script|img|svg|iframe|a|form|link)\b", shown.get_content())
    assert len(box.messages) == len(told)
    figure = (
        f"{len(strings)} strings in {len(told)} posts and {len(box.messages)} mails: text, to nobody else"
    )
    proves(PART, "strings in the title and the text of alerts", figure)
