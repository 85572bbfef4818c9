"""A clock that stands until a test moves it."""


class HandClock:
    """Its time is `now`; sleeping moves it."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
