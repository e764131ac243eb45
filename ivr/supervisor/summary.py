"""What changed against the period before, in sentences.  Only what chance would hardly do is called a change."""

import math

import numpy as np

from ivr.records.talk import alike
from ivr.supervisor.figures import Figures
from ivr.supervisor.timeline import REASONS

NOTABLE = 2.58  # standard errors: chance alone does this once in a hundred times


def sentences(now: Figures, before: Figures) -> list[str]:
    """The summary, the most important first."""
    if not now.calls:
        return ["There were no calls in this period."]
    said = [_how_many(now, before)]
    said.append(
        f"{_percent(now.served_net, now.calls)} were served and did not ring again within 24 hours"
        + _against(now.served_net, now.calls, before.served_net, before.calls)
        + (f" ({now.withheld:,} calls had no number and could not be followed)." if now.withheld else ".")
    )
    through = sum(now.reasons.values())
    if through:
        first, count = max(now.reasons.items(), key=lambda each: each[1])
        said.append(
            f"{_percent(through, now.calls)} were put through to a person"
            + (f", half of them within {np.median(now.to_person_s):.0f} s" if now.to_person_s.size else "")
            + f"; most often because {REASONS.get(first, first)} ({count:,})."
        )
    if now.talk_s.size:
        said.append(f"Callers and advisors talked for {np.median(now.talk_s) / 60:.1f} minutes, half of them longer.")
    if cut := alike(list(now.talk_s)):
        said.insert(0, f"{cut}.")
    said += [
        f"Put through because {REASONS.get(reason, reason)}: {_percent(now.reasons.get(reason, 0), now.calls)}"
        f"{_against(now.reasons.get(reason, 0), now.calls, before.reasons.get(reason, 0), before.calls)}."
        for reason in sorted(set(now.reasons) | set(before.reasons))
        if _notable(now.reasons.get(reason, 0), now.calls, before.reasons.get(reason, 0), before.calls)
    ]
    if now.promises:
        broken = sum(each.broken(now.until) for each in now.promises)
        waiting = sum(each.done_at is None and not each.broken(now.until) for each in now.promises)
        kept = len(now.promises) - broken - waiting
        said.append(
            f"Callbacks promised: {len(now.promises):,}; kept {kept:,}, broken {broken:,}, still to come {waiting:,}."
        )
    lost = now.outcomes.get("hung_up", 0)
    where = next(iter(now.given_up), "")
    if lost:
        said.append(
            f"{_percent(lost, now.calls)} hung up before anything was done"
            + _against(lost, now.calls, before.outcomes.get("hung_up", 0), before.calls)
            + (f", most of them after “{where}”." if where else ".")
        )
    return said


def _how_many(now: Figures, before: Figures) -> str:
    if not before.calls:
        return f"{now.calls:,} calls. There is no earlier period to compare with."
    change = now.calls / before.calls - 1
    if abs(change) < 0.005:
        return f"{now.calls:,} calls, as many as in the period before."
    return f"{now.calls:,} calls, {abs(change):.0%} {'more' if change >= 0 else 'fewer'} than in the period before."


def _notable(count: int, total: int, count_before: int, total_before: int) -> bool:
    """Two shares differ by more than chance (two-proportion z-test)."""
    if not total or not total_before:
        return False
    pooled = (count + count_before) / (total + total_before)
    error = math.sqrt(pooled * (1 - pooled) * (1 / total + 1 / total_before))
    return error > 0 and abs(count / total - count_before / total_before) / error >= NOTABLE


def _against(count: int, total: int, count_before: int, total_before: int) -> str:
    if not _notable(count, total, count_before, total_before):
        return ""
    return f", before {_percent(count_before, total_before)}"


def _percent(count: int, total: int) -> str:
    return f"{count / total:.1%}" if total else "0 %"
