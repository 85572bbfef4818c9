"""Adaptive concurrency: how many requests at once a host takes well, judged by its answers.

What belongs here: the control law of one host. What does not: holding requests back (gate.py).
"""

from webdata_assets.stages.crawl.clock import Clock

_FIRST_LIMIT = 2
_SLOWER = 3.0
_SLACK_SECONDS = 0.1
"""A round is too slow above that many times the best one, plus this."""
_UNHELPED = 0.7
"""A cut that leaves a round above that share of the one before has not helped: load was not the cause."""


class AdaptiveConcurrency:
    """Additive increase, multiplicative decrease (Chiu and Jain, 1989), with TCP's slow start (RFC 5681).

    A round is as many good answers as the limit. After each the limit grows: to its double until the first
    cut, by one after that. It is halved by a failure, and by a round whose median latency is far above that
    of the best round so far, unless a cut for that was of no help: then the site is slower for good. What was
    sent before a cut says nothing about the smaller limit, and is ignored.

    Attributes:
        limit: requests in flight that the host takes well, from 1 to the cap.
    """

    def __init__(self, cap: int, clock: Clock) -> None:
        """Take the greatest limit, and the clock that latencies are compared with."""
        self.limit = min(_FIRST_LIMIT, cap)
        self._cap = cap
        self._clock = clock
        self._doubles_below = cap
        self._cut_at = float("-inf")
        self._round: list[float] = []
        self._best_seconds = float("inf")
        self._cut_seconds = float("inf")

    def observe(self, elapsed_seconds: float, failed: bool) -> None:
        """Note an answer that came just now.

        Args:
            elapsed_seconds: from the request to its end.
            failed: whether it was a timeout, a 5xx or a 429; other refusals say nothing about load.
        """
        now = self._clock.monotonic()
        if now - elapsed_seconds < self._cut_at:
            return
        if failed:
            self._cut(now)
            return
        self._round.append(elapsed_seconds)
        if len(self._round) >= self.limit:
            self._judge_round(now)

    def _judge_round(self, now: float) -> None:
        # the lower median: one slow page in a round of two is no sign of load
        median = sorted(self._round)[(len(self._round) - 1) // 2]
        self._round = []
        self._best_seconds = (
            median if median > _UNHELPED * self._cut_seconds else min(self._best_seconds, median)
        )
        self._cut_seconds = float("inf")
        if median > _SLOWER * self._best_seconds + _SLACK_SECONDS:
            self._cut_seconds = median
            self._cut(now)
        elif self.limit < self._doubles_below:
            self.limit = min(2 * self.limit, self._doubles_below)
        else:
            self.limit = min(self.limit + 1, self._cap)

    def _cut(self, now: float) -> None:
        self.limit = self._doubles_below = max(1, self.limit // 2)
        self._cut_at = now
        self._round = []
