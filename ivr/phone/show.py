"""A call on the screen, while it happens."""

import time
from collections.abc import Callable

from rich.console import Console

from ivr.phone.notes import Turn
from ivr.phone.plain import plain
from ivr.phone.result import Result

_COLOURS = {"ivr": "cyan", "caller": "green", "advisor": "magenta"}


def on(console: Console) -> Callable[[Turn | str], None]:
    """Something for ``Notes.tell`` that prints each line with the time since the call began."""
    began = time.monotonic()

    def tell(what: Turn | str) -> None:
        seconds = f"[dim]{time.monotonic() - began:6.1f} s[/]"
        if isinstance(what, str):
            style = "yellow" if what.startswith("warning") else "dim"
            console.print(f"{seconds}  [{style}]{'':8} {plain(what)}[/]")
        else:
            console.print(f"{seconds}  [{_COLOURS[what.who]}]{what.who:8}[/] {plain(_words(what))}")

    return tell


def ending(console: Console, result: Result) -> None:
    """How the call ended, why, what was measured, and the card the advisor gets."""
    reason = f", reason [bold]{result.reason}[/]" if result.reason else ""
    colour = "red" if result.outcome == "failed" else "bold"
    console.print(f"\nThe call ended: [{colour}]{result.outcome}[/]{reason}")
    if result.failure:
        console.print(f"[red]{plain(result.failure)}[/]")
    console.print(f"[dim]{plain(_measured(result))}[/]")
    card = result.stored.card if result.stored else None
    if card:
        console.print("The advisor's card:")
        for key, value in card.items():
            if value not in (None, "", [], {}):
                console.print(f"  [dim]{plain(str(key))}:[/] {plain(_plainly(value))}")


_LIMITS = ("offer_from", "transfer_from")  # of the tone: they are for the card's own page


def _plainly(value: object) -> str:
    """A card's value without brackets and quotation marks of a programming language."""
    match value:
        case dict():
            told = {key: each for key, each in value.items() if each not in (None, "", []) and key not in _LIMITS}
            return ", ".join(f"{key} {_plainly(each)}" for key, each in told.items())
        case list():
            return "; ".join(_plainly(each) for each in value)
    return str(value)


def _words(turn: Turn) -> str:
    match turn.who, turn.how:
        case _, "heard":
            confidence = "" if turn.confidence is None else f" ({turn.confidence:.2f})"
            meaning = f" = {turn.intent}" if turn.intent else " = nothing known"
            slots = f" {turn.slots}" if turn.slots else ""
            return f"  understood as “{turn.text}”{meaning}{slots}{confidence}"
        case _, "presses":
            return f"presses {turn.text}"
        case "advisor", "hears":
            return f"hears “{turn.text}”"
        case "caller", _:
            return f"“{turn.text}”"
    return turn.text


def _measured(result: Result) -> str:
    parts = []
    if result.first_audio_ms is not None:
        parts.append(f"first audio after {result.first_audio_ms:.0f} ms")
    if result.replies_ms:
        parts.append("replies after " + ", ".join(f"{reply:.0f}" for reply in result.replies_ms) + " ms")
    if result.asked_to_transfer_ms is not None:
        parts.append(f"asked to transfer {result.asked_to_transfer_ms:.0f} ms")
    return "; ".join(parts) or "nothing was measured"
