"""What is counted and timed.  Every process writes to files that any of them reads (``share``)."""

import atexit
import os
import shutil
import tempfile
import time
from collections import deque

from flask import Blueprint, Response, g, request

from ivr.records.talk import alike

_SHARED = "PROMETHEUS_MULTIPROC_DIR"  # the name prometheus_client looks for when it is imported


def share() -> None:
    """Let the processes of one server count together.  Call before anything here is used and before the fork."""
    if _SHARED not in os.environ:
        folder = tempfile.mkdtemp(prefix="ivr-metrics-")
        os.environ[_SHARED] = folder
        owner = os.getpid()
        atexit.register(lambda: shutil.rmtree(folder, ignore_errors=True) if os.getpid() == owner else None)


LAST_TALKS = 200  # conversations of this process that are compared


class Metrics:
    """Made once in each process."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        own = CollectorRegistry()
        self._own = own
        self.endings = Counter(
            "ivr_endings", "Calls whose part with the machine ended", ("outcome", "reason"), registry=own
        )
        self.streams = Gauge("ivr_streams", "Media streams going on", registry=own, multiprocess_mode="livesum")
        self.impaired = Gauge(
            "ivr_impaired",
            "1 while callers go to people because of this: records that cannot be written, a disk that is full",
            ("what",),
            registry=own,
            multiprocess_mode="livemax",
        )
        self.talk = Histogram(
            "ivr_talk_seconds",
            "How long callers and advisors talked after a transfer",
            buckets=(10, 30, 58, 62, 118, 122, 180, 300, 600, 1200, 1800, 3600),
            registry=own,
        )
        self.alike = Gauge(
            "ivr_talk_alike",
            "Of the last conversations with advisors, those of one length, when they are suspiciously many, else 0",
            registry=own,
            multiprocess_mode="livemax",
        )
        self._talks: deque[float] = deque(maxlen=LAST_TALKS)
        self.reply = Histogram(
            "ivr_reply_seconds",
            "From the end of what a caller said to the first sound of the answer",
            ("language",),
            buckets=(0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 2.5, 5.0),
            registry=own,
        )
        self.webhook = Histogram(
            "ivr_webhook_seconds",
            "Time to answer a webhook of Twilio's",
            ("path",),
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0),
            registry=own,
        )

    def ended(self, outcome: str, reason: str | None) -> None:
        """A call's part with the machine has ended."""
        self.endings.labels(outcome, reason or "").inc()

    def talked(self, seconds: float) -> None:
        """A conversation with an advisor is over."""
        self.talk.observe(seconds)
        self._talks.append(seconds)
        found = alike(tuple(self._talks))
        self.alike.set(found.count if found else 0)

    def text(self) -> bytes:
        """All of it in Prometheus's text format, over all processes of this server."""
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        if _SHARED not in os.environ:
            return generate_latest(self._own)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)


def timed(routes: Blueprint, metrics: Metrics) -> None:
    """Time every answer of some routes."""

    @routes.before_request
    def begin() -> None:
        g.asked_at = time.monotonic()

    @routes.after_request
    def end(answer: Response) -> Response:
        path = request.url_rule.rule if request.url_rule else ""
        metrics.webhook.labels(path).observe(time.monotonic() - g.get("asked_at", time.monotonic()))
        return answer


def forget_process(pid: int) -> None:
    """A process has ended: what it was doing is no longer going on."""
    from prometheus_client.multiprocess import mark_process_dead

    if _SHARED in os.environ:
        mark_process_dead(pid)  # type: ignore[no-untyped-call]
