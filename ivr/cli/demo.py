"""``ivr demo``: four calls a newcomer understands."""

import asyncio
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from io import StringIO
from typing import Any

import click

LIMIT_S = 40.0  # for one call; none comes near


@dataclass(frozen=True, slots=True)
class _Scene:
    """A call, why it is shown, and how it must end (``reasons``: any of them; empty: none)."""

    title: str
    why: str
    says: tuple[str, ...]
    outcome: str
    reasons: tuple[str, ...] = ()
    barge_in: bool = False

    @property
    def expected(self) -> str:
        return " ".join((self.outcome, " or ".join(self.reasons))).strip()


_SCENES = (
    _Scene(
        "A routine request",
        "The caller asks about an order and says its number, digit by digit.  The answer comes from a database.",
        ("where is my order", "four two seven one nine"),
        "served",
    ),
    _Scene(
        "A person, please",
        "The caller interrupts the greeting and asks for an advisor.  Nothing is asked back: the telephone rings.",
        ("I want to talk to an advisor",),
        "transferred",
        ("asked",),
        barge_in=True,
    ),
    _Scene(
        "Something nobody foresaw",
        "The caller says what no grammar holds.  Nobody is asked to say it again: a person takes over at once.",
        ("what will the weather be like tomorrow",),
        "transferred",
        ("no_match", "low_confidence"),
    ),
    _Scene(
        "Nothing at all",
        "The caller says nothing.  Silence may be trouble: a person takes over.  (Made while the third call was on.)",
        (),
        "transferred",
        ("no_input",),
    ),
)


@click.command()
def demo() -> None:
    """Four real calls, end to end, on this machine: both sides, how each ended and why.

    A server is started for it, with a database of its own, and ended afterwards.  The exit code is 1 if a call ends
    otherwise than it should.
    """
    from rich.console import Console

    from ivr.phone.server import ServerUnavailable

    console = Console(highlight=False)
    console.print(
        "Four telephone calls to a server on this machine, through real webhooks and a real media stream.  The caller "
        "is a synthetic voice on a telephone line; the [cyan]ivr[/] hears nothing but that sound.  "
        "Ringing is shortened, the rest is real time.\n"
    )
    try:
        endings = _make_calls(console)
    except (ServerUnavailable, ValueError) as error:
        raise click.ClickException(str(error)) from None
    _print_table(console, endings)
    sys.exit(0 if all(ok for _, _, ok in endings) else 1)


def _make_calls(console: Any) -> list[tuple[_Scene, str, bool]]:
    from ivr.phone.dialling import ENGLISH_LINE, line_of, number_to
    from ivr.phone.server import reach
    from ivr.phone.sound import Synthesis

    with Synthesis() as synthesis:
        scripts = [[synthesis.say(text, "en") for text in scene.says] for scene in _SCENES]
    with ExitStack() as stack:
        with console.status("starting a server ..."):
            server = stack.enter_context(reach(None))
        number = number_to(server, line_of("en") or ENGLISH_LINE, limit_s=LIMIT_S)
        return asyncio.run(_play(console, server, number, scripts))


async def _play(console: Any, server: Any, number: Any, scripts: list[Any]) -> list[tuple[_Scene, str, bool]]:
    """One call after the other, live; the last one, half a minute of silence, beside the third and shown after it."""
    from ivr.phone import show
    from ivr.phone.advisor import Advisors
    from ivr.phone.caller import Caller
    from ivr.phone.dialling import dial_up

    def ring(at: int, screen: Any) -> Any:
        caller = Caller(scripts[at], _SCENES[at].barge_in)
        return asyncio.ensure_future(dial_up(server, number, caller, Advisors(), show.on(screen)))

    endings = []
    beside = type(console)(file=StringIO(), width=console.width, color_system=None, highlight=False)
    for at, scene in enumerate(_SCENES):
        console.rule(f"[bold]Call {at + 1}: {scene.title}[/]", align="left")
        console.print(f"{scene.why}\n")
        if at == len(_SCENES) - 2:
            last = ring(len(_SCENES) - 1, beside)
        if at < len(_SCENES) - 1:
            result = await ring(at, console)
        else:
            result = await last
            console.out(beside.file.getvalue(), end="")
        show.ending(console, result)
        console.print()
        ok = result.outcome == scene.outcome and (not scene.reasons or result.reason in scene.reasons)
        endings.append((scene, f"{result.outcome} {result.reason or ''}".strip(), ok))
    return endings


def _print_table(console: Any, endings: list[tuple[_Scene, str, bool]]) -> None:
    from rich.table import Table

    table = Table("", "call", "should end", "ended", box=None, header_style="bold")
    for scene, ended, ok in endings:
        table.add_row("[green]ok[/]" if ok else "[red]no[/]", scene.title, scene.expected, ended)
    console.rule("[bold]How they ended[/]", align="left")
    console.print(table)
