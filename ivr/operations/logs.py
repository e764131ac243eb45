"""Logs: one JSON object a line, with the call and without the caller."""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any

_NUMBER = re.compile(r"\+\d{6,15}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CALL = re.compile(r"\bCA[0-9a-f]{32}\b")


class JsonLines(logging.Formatter):
    """``{"at", "level", "where", "what", "call"?, "error"?}``; telephone numbers are masked wherever they stand."""

    def format(self, record: logging.LogRecord) -> str:
        what = without_numbers(record.getMessage())
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "where": record.name,
            "what": what,
        }
        if call := _CALL.search(what):
            line["call"] = call[0]
        if record.exc_info:
            line["error"] = without_numbers(self.formatException(record.exc_info))
        return _one_line(json.dumps(line, ensure_ascii=False))


class PlainLines(logging.Formatter):
    """The same for a person's eyes."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return without_numbers(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:
        """One line: what somebody sent cannot begin another one."""
        return _one_line(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:
        """Indented, so that no line of a message in it looks like a line of the log."""
        return "\n".join(f"    {_one_line(line)}" for line in super().formatException(ei).splitlines())


def _one_line(text: str) -> str:
    """Control characters and line separators as JSON and Python write them."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def without_numbers(text: str) -> str:
    """ "+15550199" -> "+•••199"."""
    return _NUMBER.sub(lambda found: f"+•••{found[0][-3:]}", text)


def log_to_stderr(as_json: bool) -> None:
    """From now on everything that is logged goes to standard error in this form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if as_json else PlainLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
