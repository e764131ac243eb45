"""Tags that name an intent: ``out.intent="order_status"``, ``intent='x'``, or the name alone."""

import re

from ivr.grammar.authoring.tree import Remarks, Tag

_ASSIGNED = re.compile(r"""(?:(?:out|\$)(?:\.(\w+))?|(\w+))\s*=\s*(?:"([^"\\]*)"|'([^'\\]*)')\s*;?""")
_PLAIN = re.compile(r"""(?:"([^"\\]*)"|'([^'\\]*)'|(\w[\w -]*))""")


def constant(text: str) -> tuple[str | None, str] | None:
    """(what is filled, with which text): (None, "x") for `x` and `out="x"`.  None when it is anything else."""
    if match := _ASSIGNED.fullmatch(text):
        return match[1] or match[2], (match[3] or match[4] or "").strip()
    if match := _PLAIN.fullmatch(text):
        return None, (match[1] or match[2] or match[3] or "").strip()
    return None


def tag(text: str, line: int, remarks: Remarks) -> Tag:
    """A tag as it was written; one that would have to be run is a problem."""
    text = text.strip()
    if text and constant(text) is None:
        remarks.script(line, text)
    return Tag(text, line)
