"""The site as a server: `python -m …whole.site FOLDER DAY`, which prints its port; ends with its input.

What belongs here: answering, conditionally where asked to, and counting. What does not: the pages.
"""

import hashlib
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from webdata_assets_tests.benchmarks.measuring import ROOT

HOST = "127.0.0.1"
COUNTS = "/counts"


@dataclass(frozen=True)
class Served:
    """A running site: its address without a slash, and its requests so far."""

    origin: str

    @property
    def port(self) -> int:
        """Return the port, to serve another day on."""
        return int(self.origin.rpartition(":")[2])

    def requests(self) -> int:
        """Return how many requests were answered, robots.txt and the sitemap included."""
        with urllib.request.urlopen(f"{self.origin}{COUNTS}") as answer:
            return int(answer.read())


@contextmanager
def served(folder: Path, day: int, port: int = 0) -> Iterator[Served]:
    """Serve a folder of `make_site` as it is on a day, from a process of its own."""
    command = [
        sys.executable,
        "-m",
        __spec__.name if __spec__ else __name__,
        str(folder),
        str(day),
        str(port),
    ]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Served(f"http://{HOST}:{process.stdout.readline().strip()}")
    finally:
        process.stdin.close()
        process.wait(30)
        process.stdout.close()


def main() -> None:
    """Serve until the input ends."""
    from aiohttp import web

    folder, day, port = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    bodies = {f"/{path.name}": path.read_bytes() for path in (folder / "day1").iterdir()}
    if day > 1:
        bodies |= {f"/{path.name}": path.read_bytes() for path in (folder / "day2").iterdir()}
    tags = {path: f'"{hashlib.sha256(body).hexdigest()[:16]}"' for path, body in bodies.items()}
    answered = 0

    async def answer(request: web.Request) -> web.Response:
        nonlocal answered
        if request.path == COUNTS:
            return web.Response(text=str(answered))
        answered += 1
        if request.path == "/sitemap.xml":
            places = "".join(f"<url><loc>http://{request.host}{path}</loc></url>" for path in sorted(bodies))
            start = '<?xml version="1.0" encoding="UTF-8"?>'
            names = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
            return web.Response(
                text=f"{start}<urlset {names}>{places}</urlset>", content_type="application/xml"
            )
        body = bodies.get(request.path)
        if body is None:
            return web.Response(status=404)
        headers = {"ETag": tags[request.path], "Content-Type": "text/html; charset=utf-8"}
        if request.headers.get("If-None-Match") == tags[request.path]:
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, headers=headers)

    async def serve() -> None:
        application = web.Application()
        application.router.add_get("/{path:.*}", answer)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, HOST, port).start()
        print(runner.addresses[0][1], flush=True)
        await ended.wait()
        await runner.cleanup()

    import asyncio

    loop = asyncio.new_event_loop()
    ended = asyncio.Event()

    def wait_for_end() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=wait_for_end, daemon=True).start()
    loop.run_until_complete(serve())


if __name__ == "__main__":
    main()
