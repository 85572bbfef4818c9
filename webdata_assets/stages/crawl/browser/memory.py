"""The memory that a page in a browser may take: one that wants more is refused it, or ends with its process.

What belongs here: the limit, and setting it. What does not: starting browsers (processes.py), and what the
end of a page means (errors.py).
"""

import asyncio
import logging
import re
import resource
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Browser

logger = logging.getLogger(__name__)

MAX_RENDERER_BYTES = 1_500_000_000
"""Of one renderer, as the kernel counts private memory (RLIMIT_DATA). An empty one takes 0.6 GB, little of it
in use; large applications take as much again."""
_STARTED_BYTES = 300_000_000
"""What a renderer has taken when it is ready for a page."""
_SECONDS_BETWEEN = 0.25


async def limit_memory(browser: "Browser") -> None:
    """Limit each renderer of a browser soon after it has begun, until the browser ends; on Linux alone.

    It cannot be limited from its beginning: while it starts it reserves several times what it ever uses.
    """
    from playwright.async_api import Error

    if not hasattr(resource, "prlimit"):
        return
    started: set[int] = set()
    limited: set[int] = set()
    try:
        session = await browser.new_browser_cdp_session()
        while True:
            processes = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
            renderers = {process["id"] for process in processes if process["type"] == "renderer"}
            for pid in (renderers & started) - limited:
                _limit(pid)
            limited = renderers & started
            started = {pid for pid in renderers if _taken_bytes(pid) >= _STARTED_BYTES}
            await asyncio.sleep(_SECONDS_BETWEEN)
    except Error:
        # the browser has ended
        return


def _taken_bytes(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        # the process is gone
        return 0
    taken = re.search(r"^VmData:\s*(\d+) kB$", status, re.MULTILINE)
    return int(taken[1]) * 1024 if taken else 0


def _limit(pid: int) -> None:
    try:
        resource.prlimit(pid, resource.RLIMIT_DATA, (MAX_RENDERER_BYTES, MAX_RENDERER_BYTES))
    except ProcessLookupError:
        pass
    except PermissionError:
        logger.warning("the memory of the browser's process %d cannot be limited", pid)
