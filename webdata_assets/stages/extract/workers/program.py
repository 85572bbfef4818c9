"""The worker's program: `python -m webdata_assets.stages.extract.workers.program FD SECONDS MEBIBYTES`.

What belongs here: taking pages, answering for each. What does not: what is done with a page (tasks.py).
It ends with its parent: when the connection closes, or by the kernel's timer while a page is read.
"""

import socket
import sys
from collections.abc import Callable
from typing import Any

from webdata_assets.stages.engine.errors import pack_error
from webdata_assets.stages.extract.extraction import Payload
from webdata_assets.stages.extract.workers.channel import Channel
from webdata_assets.stages.extract.workers.limits import Limits, begin_page, confine, end_page, used_too_much
from webdata_assets.stages.extract.workers.tasks import Task, prepare
from webdata_assets.stages.extract.workers.wire import Json, unpack_payload


def serve(channel: Channel, limits: Limits) -> None:
    """Answer messages until the parent closes the connection."""
    read: Callable[[Payload], Any] | None = None
    while (message := channel.receive()) is not None:
        head, body = message
        if "task" in head:
            task = Task(head["task"], head["settings"])
            read = _prepared(channel, task)
        else:
            assert read is not None, "a task comes before pages"
            begin_page(limits)
            answer = _read(read, unpack_payload(head, body), limits)
            end_page()
            channel.send(answer)


def _prepared(channel: Channel, task: Task) -> Callable[[Payload], Any] | None:
    try:
        read = prepare(task)
    except Exception as error:  # noqa: BLE001 - raised in the parent
        channel.send({"error": pack_error(error)})
        return None
    channel.send({"ready": True})
    return read


def _read(read: Callable[[Payload], Any], payload: Payload, limits: Limits) -> Json:
    """Return the answer for a page: a result, that it is too much for the limits, or an error.

    Deep recursion is a matter of the page's depth, hence of limits as memory is.
    """
    try:
        return {"result": read(payload)}
    except MemoryError:
        return {"too_much": "memory"}
    except RecursionError:
        return {"too_much": "depth"}
    except Exception as error:  # noqa: BLE001 - raised in the parent
        # libraries in C say in words of their own that an allocation failed
        return {"too_much": "memory"} if used_too_much(limits) else {"error": pack_error(error)}


def main() -> None:
    """Serve the parent on the connection whose file descriptor is the first argument."""
    descriptor, seconds, mebibytes = sys.argv[1:]
    limits = Limits(float(seconds), int(mebibytes))
    confine(limits)
    channel = Channel(socket.socket(fileno=int(descriptor)))
    try:
        serve(channel, limits)
    except ConnectionError:
        return  # the parent is gone, and with it everyone who waits for an answer


if __name__ == "__main__":
    main()
