"""``ivr evaluate``: how often the system is right, on labelled data."""

import importlib
import importlib.util

import click

_TABLES = {
    "understanding": "ivr.cli.evaluate_understanding",
    "recognition": "ivr.cli.evaluate_recognition",
    "tone": "ivr.cli.evaluate_tone",
    "silence": "ivr.cli.evaluate_silence",
}


class _Tables(click.Group):
    """Imports a table's file only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, module in _TABLES.items() if importlib.util.find_spec(module)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = getattr(importlib.import_module(_TABLES[cmd_name]), cmd_name)
        return command


@click.group(cls=_Tables)
def evaluate() -> None:
    """Accuracy tables on labelled data."""
