"""``ivr call``: one simulated telephone call."""

import asyncio
import json
import sys
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from ivr.phone.caller import HangUp, Item, Pause, Press

_SCRIPT = ("language", "say", "wav", "press", "pause", "hang_up")


class _KeepsOrder(click.Command):
    """Remembers the order in which the options that make up the script were given."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        ctx.meta["ivr.script"] = [parameter.name for parameter in order if parameter.name in _SCRIPT]
        return super().parse_args(ctx, args)


def _keys(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not value or set(value) - set("0123456789*#"):
            raise click.BadParameter(f"{value!r}: a telephone has the keys 0 to 9, * and #")
    return values


def _moment(_: click.Context, __: click.Parameter, value: str | None) -> str:
    try:
        return datetime.fromisoformat(value).isoformat() if value else ""
    except ValueError:
        raise click.BadParameter(f"{value!r}: write a day and a time like 2026-12-24 18:30") from None


@click.command(cls=_KeepsOrder)
@click.option("--say", multiple=True, metavar="TEXT", help="Something the caller says, spoken by a synthetic voice.")
@click.option("--wav", multiple=True, metavar="FILE", type=click.Path(exists=True, dir_okay=False), help="A recording.")
@click.option("--press", multiple=True, metavar="DIGITS", callback=_keys, help="Keys the caller presses.")
@click.option(
    "--pause",
    multiple=True,
    metavar="MS",
    type=click.IntRange(0, 600_000),
    help="Silence after the item before it; the next item then comes at once, whether the system listens or not.",
)
@click.option("--hang-up", is_flag=True, help="The caller puts the receiver down.")
@click.option("--barge-in", is_flag=True, help="Speak and press a second into each prompt instead of after it.")
@click.option("--line", metavar="NUMBER", help="The number that is dialled.  [default: the first line]")
@click.option("--from", "caller", metavar="NUMBER", default="+15550199", show_default=True, help="The caller's number.")
@click.option(
    "--language", multiple=True, metavar="LANGUAGE", help="Of what is said from here on.  [default: that of the line]"
)
@click.option("--url", metavar="URL", help="A running server; needs its IVR_TWILIO_AUTH_TOKEN in the environment.")
@click.option(
    "--advisor",
    multiple=True,
    type=click.Choice(["answers", "declines", "busy", "no-answer", "drops"]),
    default=["answers"],
    show_default=True,
    help="What advisors do when their telephones ring, in the order they ring; the last one given goes for all others. "
    "Who drops it answers, and is gone before pressing a key.",
)
@click.option(
    "--queue",
    type=click.Choice(["moves", "stuck", "full"]),
    default="moves",
    show_default=True,
    help="What happens in a queue.",
)
@click.option(
    "--at",
    metavar="MOMENT",
    callback=_moment,
    help='When the call is made, like "2026-12-24 18:30", for opening hours; in the time zone of config/advisors.yaml.',
)
@click.option(
    "--limit",
    type=click.FloatRange(1, 3600),
    default=120.0,
    show_default=True,
    metavar="SECONDS",
    help="The caller hangs up after this long.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; what happens goes to standard error.")
@click.pass_context
def call(context: click.Context, /, as_json: bool, **options: Any) -> None:
    """Make one telephone call and print both sides of it.

    The call goes through real webhooks and a real Media Streams socket, to a server of its own unless --url names one.
    What is given with --say, --wav and --press is spoken, played and pressed in that order, each when the system is
    listening.  When nothing is left, the caller stays silent until the call ends.

    The media stream runs in real time; ringing, queues and what the exchange itself says take a hundredth of theirs.

    The exit code is 0 for every call that ran to its end, whatever the outcome, and 1 when it failed.
    """
    from rich.console import Console

    from ivr.phone import show
    from ivr.phone.advisor import Advisor, Advisors, Queue
    from ivr.phone.caller import Caller
    from ivr.phone.dialling import ENGLISH_LINE, dial_up, language_of, lines, number_to
    from ivr.phone.server import ServerUnavailable, reach
    from ivr.records.records import RecordsUnavailable

    if options["at"] and options["url"]:
        raise click.UsageError("--at sets the clock of a server of its own; leave out --url")
    line = options["line"] or next(iter(lines()), ENGLISH_LINE)
    script = _script(context.meta["ivr.script"], options, language_of(line))
    caller = Caller(script, options["barge_in"])
    advisors = Advisors(tuple(map(Advisor, options["advisor"])), Queue(options["queue"]))
    console = Console(stderr=as_json, highlight=False)
    try:
        with ExitStack() as stack:
            with console.status("starting a server ..."):
                server = stack.enter_context(reach(options["url"], at=options["at"]))
            number = number_to(server, line, options["caller"], options["limit"])
            result = asyncio.run(dial_up(server, number, caller, advisors, show.on(console)))
            last_words = server.last_words()
    except (ServerUnavailable, RecordsUnavailable) as error:
        raise click.ClickException(str(error)) from None
    show.ending(console, result)
    if result.outcome == "failed" and last_words:
        console.print(f"[dim]The server's last words:[/]\n{last_words}", markup=False)
    if as_json:
        click.echo(json.dumps(result.as_json(), ensure_ascii=False, indent=2))
    sys.exit(1 if result.outcome == "failed" else 0)


def _script(order: list[str], options: dict[str, Any], language: str) -> list[Item]:
    """The items of the command line, in its order, made into sound before the call begins.

    ``language``: that of the line.
    """
    from ivr.phone.dialling import is_recognised
    from ivr.phone.sound import Synthesis, recording

    given = {name: iter(options[name]) for name in ("language", "say", "wav", "press", "pause")}
    items: list[Item] = []
    unheard = not is_recognised(language)
    with Synthesis() as synthesis:
        for name in order:
            try:
                match name:
                    case "language":
                        language = next(given["language"])
                    case "say":
                        readable = unheard or not is_recognised(language)
                        items.append(synthesis.say(next(given["say"]), language, readable))
                    case "wav":
                        items.append(recording(Path(next(given["wav"]))))
                    case "press":
                        items.append(Press(next(given["press"])))
                    case "pause":
                        items.append(Pause(next(given["pause"])))
                    case "hang_up":
                        items.append(HangUp())
            except (ValueError, OSError) as error:
                raise click.ClickException(str(error)) from None
    return items
