"""The ``ivr`` command.  Each file of this folder holds one group of commands and is imported when it is asked for."""

import importlib
import sys

import click

_COMMANDS = {
    "demo": ("ivr.cli.demo", "Real calls, end to end, on this machine."),
    "serve": ("ivr.cli.serve", "The production server."),
    "call": ("ivr.cli.call", "One simulated telephone call."),
    "callbacks": ("ivr.cli.callbacks", "Whom we promised to call."),
    "understand": ("ivr.cli.understand", "What a sentence means."),
    "init": ("ivr.cli.init", "Files to begin with."),
    "check": ("ivr.cli.check", "Every mistake in the supervisors' files."),
    "schema": ("ivr.cli.schema", "What editors need to help with the files."),
    "rehearse": ("ivr.cli.rehearse", "Scenarios: what a caller says, and what must happen."),
    "grammar": ("ivr.cli.grammar", "For grammar authors: lint, sentences, import, export."),
    "evaluate": ("ivr.cli.evaluate", "Accuracy tables on labelled data."),
    "bench": ("ivr.cli.bench", "Latency and load, measured."),
    "tone": ("ivr.cli.tone", "How the tone of a voice is judged: fit."),
    "report": ("ivr.cli.report", "What a period's calls come to: HTML and CSV."),
    "what-if": ("ivr.cli.what_if", "Stored calls under other thresholds."),
    "versions": ("ivr.cli.versions", "Every version of the supervisors' files, and the way back."),
    "softphone": ("ivr.cli.softphone", "Talk to the system from the browser."),
    "purge": ("ivr.cli.purge", "Remove what is older than it may be kept."),
    "caller": ("ivr.cli.caller", "What is stored of one caller: export, erase."),
    "doctor": ("ivr.cli.doctor", "What is wrong with this machine's set-up."),
    "twilio": ("ivr.cli.twilio", "Connect a Twilio number; the fallback for bad days."),
    "users": ("ivr.cli.users", "Who may log in at the supervisor's desk: list, add, remove."),
    "models": ("ivr.cli.models", "Recognition models: list, install, path."),
}


class _Commands(click.Group):
    """Imports a command's file only when it runs, so that ``ivr --help`` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(_COMMANDS[cmd_name][0])
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(cls=_Commands)
@click.version_option(package_name="call-us-ivr")
def ivr() -> None:
    """A voice IVR that puts people first."""


def main() -> None:
    """Entry point of the ``ivr`` console script."""
    sys.exit(ivr())
