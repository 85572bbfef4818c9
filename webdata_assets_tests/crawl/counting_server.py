"""A server that counts what reaches it: what a limit really let through."""

import asyncio
import time


class CountingServer:
    """Notes when each request arrives, and when it was sent if its path says so.

    A machine that is busy holds requests up and lets them arrive together; what a limiter lets through is
    told by when they were sent. Times are of the machine's monotonic clock, which its processes share.
    """

    def __init__(self) -> None:
        self.arrivals: list[float] = []
        self.sent: list[float] = []
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> "CountingServer":
        self._server = await asyncio.start_server(self._answer, "127.0.0.1")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.arrivals.append(time.monotonic())
        # empty when its sender was killed
        if line := await reader.readline():
            if sent := line.split()[1].decode().strip("/"):
                self.sent.append(float(sent))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    def rate(self, start: float, end: float) -> float:
        return sum(start <= arrival < end for arrival in self.arrivals) / (end - start)

    def most_sent_in_a_second(self) -> int:
        return _most_within(1, self.sent)

    def most_arrived_in_two_seconds(self) -> int:
        return _most_within(2, self.arrivals)


def _most_within(seconds: float, times: list[float]) -> int:
    ordered = sorted(times)
    most = start = 0
    for end, time_of_one in enumerate(ordered):
        while ordered[start] <= time_of_one - seconds:
            start += 1
        most = max(most, end - start + 1)
    return most
