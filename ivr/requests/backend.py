"""What the business can be asked, as the session sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class BackendFailed(Exception):
    """The business could not be asked, or its answer makes no sense.  The caller goes to a person."""


@dataclass(frozen=True, slots=True)
class Result:
    """An answer: its outcome (the request's configuration says what follows) and the values to speak of."""

    outcome: str
    values: Mapping[str, Any]
