"""What `ivr doctor` says of one subject."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["well", "unwise", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """``remedy`` is empty when all is well."""

    subject: str
    verdict: Verdict
    what: str
    remedy: str = ""
