"""What the server tells Prometheus: numbers of its own requests and of the release that it serves.

What belongs here: the instruments. What does not: when they move (http_limits.py, reloading.py).
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The instruments of one server, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "webdata_requests", "Requests answered", ["route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "webdata_request_seconds",
            "Seconds from a request's head to the end of its answer",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.in_progress = Gauge(
            "webdata_requests_in_progress", "Requests that wait for their answer", registry=self.registry
        )
        self.release = Gauge(
            "webdata_release", "Number of the release that is served; 0 for none", registry=self.registry
        )
        self.served = Info("webdata_served", "Names of what is served", registry=self.registry)
        self.chunks = Gauge("webdata_chunks", "Chunks that searches read", registry=self.registry)
        self.reloads = Counter("webdata_reloads", "Releases that were opened", registry=self.registry)
        self.failed_reloads = Counter(
            "webdata_failed_reloads", "Releases that could not be opened", registry=self.registry
        )
