"""The table of labelled first utterances: requests handled, near misses begun."""

import json
from typing import Any

import click

SHOWN = ("asked_back", "wrong", "wrong_asked_back", "rejected", "begun")
_COUNTS = ("in_grammar", "near_misses")


def print_first_utterances(found: dict[str, Any], as_json: bool) -> None:
    """In all and by kind, as text or as one JSON object."""
    from rich.console import Console
    from rich.table import Table

    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    by_kind = found.get("by_kind", {})
    rows = Table(found.get("recogniser", ""), "all", *by_kind)
    for name in (name for name in found if name not in {"by_kind", "recogniser"}):
        cells = (_cell(name, each[name]) for each in (found, *by_kind.values()))
        rows.add_row(name.replace("_", " "), *cells)
    Console().print(rows)


def _cell(name: str, value: Any) -> str:
    return str(value) if name in _COUNTS else "-" if value is None else f"{value:.1%}"
