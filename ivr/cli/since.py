"""``--since``: a span back from now, or a day."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

_SPAN = re.compile(r"(\d{1,4})([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


class Since(click.ParamType[datetime]):
    """ "24h", "7d", "4w" or "2026-11-01" -> the moment, with its time zone."""

    name = "since"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        if match := _SPAN.fullmatch(value):
            return datetime.now(UTC) - int(match[1]) * _UNITS[match[2]]
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except ValueError:
            self.fail(f"{value!r}: write 24h, 7d, 4w or a day like 2026-11-01", param, ctx)
