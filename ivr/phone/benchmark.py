"""``ivr bench calls``: the figures at the end, and whether they are good enough."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ivr.phone.load import Load
from ivr.phone.result import Result

# The latencies at which a number of simultaneous calls counts as served.
LIMITS = (("asked_to_transfer", "p95", 300.0), ("replies", "p50", 500.0), ("replies", "p95", 800.0))
MOST_LATE = 0.01  # of a prompt's frames after the audio before them had run out: a gap that can be heard
TRUSTED_MS = 20.0  # one frame: a telephone later than that measures itself


def figures(load: Load, calls: int, language: str, ready_after_s: float | None) -> dict[str, Any]:
    """Everything that was measured, as one JSON object."""
    results = [result for _, result in load.results]
    timings = load.timings
    outcomes = Counter(
        f"{part.name}: {result.outcome} {result.reason or ''}".strip()
        for part, result in load.results
        if not result.notes.hung_up
    )
    asked = [result.asked_to_transfer_ms for result in results if result.asked_to_transfer_ms is not None]
    first = [result.first_audio_ms for result in results if result.first_audio_ms is not None]
    late = [late for each in timings for late in each.late_ms]
    cpu = load.server_cpu_s
    return {
        "calls": calls,
        "seconds": round(load.lasted_s, 1),
        "language": language,
        "talking_share": _rounded(load.talking_share, 3),
        "finished": sum(not result.notes.hung_up and result.outcome != "failed" for result in results),
        "failed": sum(result.outcome == "failed" for result in results),
        "cut_off_at_the_end": sum(result.notes.hung_up for result in results),
        "outcomes": dict(outcomes.most_common()),
        "latency_ms": {
            "asked_to_transfer": {**percentiles(asked), "before_the_end": sum(each == 0 for each in asked)},
            "replies": percentiles(
                [reply for part, result in load.results if not part.slow for reply in result.replies_ms]
            ),
            "first_audio": percentiles(first),
            "webhooks": _webhooks(results),
            "late_frames": {
                **percentiles(late),
                "gaps": sum(each > 0 for each in late),
                "share": _rounded(sum(each > 0 for each in late) / len(late) if late else None, 4),
            },
        },
        "server": {
            "ready_after_s": _rounded(ready_after_s, 1),
            "cpu_seconds_per_call_second": _rounded(cpu / load.call_s if cpu and load.call_s else None, 5),
            **_memory(load, calls),
        },
        "telephone": {
            "own_delay_ms": percentiles([delay for each in timings for delay in each.own_delay_ms]),
            "cpu_seconds_per_call_second": _rounded(load.own_cpu_s / load.call_s if load.call_s else None, 5),
        },
        "errors": dict(Counter(result.failure for result in results if result.failure)),
        "warnings": dict(Counter(warning for result in results for warning in result.notes.warnings)),
    }


def _memory(load: Load, calls: int) -> dict[str, Any]:
    before, during = load.before, load.during
    if before is None or during is None:
        return {"memory_mb_before": None, "memory_mb": None, "memory_mb_per_call": None, "private_mb": None}
    return {
        "memory_mb_before": round(before.memory_mb, 1),
        "memory_mb": round(during.memory_mb, 1),
        "memory_mb_per_call": round((during.memory_mb - before.memory_mb) / calls, 2),
        "private_mb": [round(each, 1) for each in during.private_mb],
    }


def _webhooks(results: Sequence[Result]) -> dict[str, dict[str, float | int | None]]:
    """Path -> how long its answers took while a caller waited: calls cut off at the end, all at once, are left out."""
    took: dict[str, list[float]] = {}
    for result in (result for result in results if not result.notes.hung_up):
        for path, ms in result.notes.webhooks_ms:
            took.setdefault(path, []).append(ms)
    return {path: percentiles(took[path]) for path in sorted(took)}


def beyond(measured: Mapping[str, Any]) -> list[str]:
    """What is worse than it may be, in words; empty when these calls were served as calls must be."""
    latency = measured["latency_ms"]
    found = [
        f"{what}: {key} {value:g} ms, at most {most:g}"
        for what, key, most in LIMITS
        if (value := latency[what][key]) is not None and value > most
    ]
    found += [f"{what}: not measured" for what in ("asked_to_transfer", "replies") if not latency[what]["count"]]
    if (share := latency["late_frames"]["share"]) is not None and share > MOST_LATE:
        found.append(f"late_frames: {share:.1%} of all, at most {MOST_LATE:.0%}")
    if measured["failed"]:
        found.append(f"{measured['failed']} calls failed")
    for reason, what in (("overload", "went to a person unserved"), ("failure", "broke off and went to a person")):
        if count := sum(count for outcome, count in measured["outcomes"].items() if outcome.endswith(f" {reason}")):
            found.append(f"{count} calls {what}")
    if (own_ms := measured["telephone"]["own_delay_ms"]["p95"]) is not None and own_ms > TRUSTED_MS:
        found.append(f"the telephone itself: p95 {own_ms:g} ms late, at most {TRUSTED_MS:g}")
    return found


def percentiles(values: Sequence[float]) -> dict[str, float | int | None]:
    """p50, p95 and the maximum (nearest rank: each is a value that occurred)."""
    ranked = sorted(values)
    if not ranked:
        return {"count": 0, "p50": None, "p95": None, "max": None}

    def rank(share: float) -> float:
        return round(ranked[max(0, math.ceil(share * len(ranked)) - 1)], 1)

    return {"count": len(ranked), "p50": rank(0.5), "p95": rank(0.95), "max": round(ranked[-1], 1)}


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
