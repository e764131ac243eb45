"""A recorded call as a scenario: what failed once can be rehearsed until it does not."""

from collections.abc import Sequence
from typing import Any

from ivr.call import Timing
from ivr.records.records import StoredCall, StoredEvent
from ivr.yaml_text import dump

_TOGETHER_MS = 3_000  # keys pressed one soon after the other are one step
_AT_ONCE_MS = 200  # what is said this shortly after a caller's words answers them; later, it answers a silence
_SHORTEST_MUMBLE_S = 1.0  # so that it counts over a prompt, too


def scenario_of(stored: StoredCall, events: Sequence[StoredEvent], timing: Timing) -> str:
    """The call as a file for ``config/scenarios/``: what was heard, keyed and left out, and how it ended."""
    steps: list[dict[str, Any]] = []
    actions: dict[str, Any] = {}
    acted_ms, keyed_ms = 0, -_TOGETHER_MS
    for event in events:
        data = event.data
        match event.kind:
            case "heard":
                step = {"says": data["text"], "confidence": data.get("recognised", data["confidence"])}
                steps.append(step)
            case "pressed" if event.at_ms - keyed_ms < _TOGETHER_MS and steps and "presses" in steps[-1]:
                steps[-1]["presses"] += data["keys"]
            case "pressed":
                steps.append({"presses": data["keys"]})
            case "tone" if steps and "says" in steps[-1]:
                steps[-1]["upset"] = data["upset"]
            case "broken":
                steps.append({"breaks": True})
            case "said" if data.get("prompt") in ("no_input", "farewell") and event.at_ms - acted_ms > _AT_ONCE_MS:
                steps.append({"silent": round(timing.no_input_ms / 1000 + 1, 1)})
            case "unread":
                steps.append({"mumbles": max(_SHORTEST_MUMBLE_S, round(data["speech_ms"] / 1000, 1))})
            case "lookup_failed" | "lookup_timeout" if data.get("action"):
                late = event.kind == "lookup_timeout"
                actions[data["action"]] = {"takes": 2 * timing.lookup_ms // 1000} if late else {"fails": True}
                continue
            case _:
                continue
        acted_ms = event.at_ms
        keyed_ms = event.at_ms if event.kind == "pressed" else -_TOGETHER_MS
    if stored.outcome == "hung_up" or (stored.outcome == "served" and not stored.farewell):
        steps.append({"hangs_up": True})
    scenario = {
        "line": stored.line,
        **({"caller": stored.caller} if stored.caller.startswith("+") else {}),
        "at": stored.started_at.strftime("%Y-%m-%d %H:%M"),
        **({"called_before": True} if stored.called_before else {}),
        **({"actions": actions} if actions else {}),
        "steps": steps,
        "ends": _ending(stored),
    }
    text = dump({"scenarios": {f"call {stored.call_id}": scenario}})
    return f"# Numbers and words of a real caller: change what is personal before you keep this.\n{text}"


def _ending(stored: StoredCall) -> dict[str, Any]:
    served = [done["request"] for done in (stored.card or {}).get("done", []) if done.get("outcome") != "dropped"]
    outcome = stored.outcome if stored.outcome in ("served", "hung_up") else "transferred"
    return {"outcome": outcome, **({"reason": stored.reason} if stored.reason else {}), "served": served}
