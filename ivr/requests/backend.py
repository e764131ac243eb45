"""What the business can be asked: one protocol for databases and HTTP services."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class BackendFailed(Exception):
    """The business could not be asked, or its answer makes no sense.  The caller goes to a person."""


class OutcomeUnknown(BackendFailed):
    """A change was sent and no answer came: nobody knows whether it was made.  Said as that, and a person looks."""


@dataclass(frozen=True, slots=True)
class Result:
    """An answer: its outcome (the request's configuration says what follows) and the values to speak of."""

    outcome: str
    values: Mapping[str, Any]


class Backend(Protocol):
    """A database or a service.  ``name`` is what operators know it by."""

    @property
    def name(self) -> str: ...

    def ask(self, action: str, values: Mapping[str, str], key: str | None = None) -> Result:
        """Carry out an action and wait for its answer.

        ``values``: what the caller said and what is known of the call; never pasted into a statement or an address.
        ``key``: names one change, so that whoever receives it twice makes it once; None for questions.
        Raises BackendFailed or OutcomeUnknown.
        """
        ...


class NoShop:
    """Where no database was named for the actions that ask one: nothing is answered, and nothing is invented."""

    name = "the database of IVR_SHOP_URL"

    def ask(self, action: str, values: Mapping[str, str], key: str | None = None) -> Result:
        """Raises BackendFailed."""
        raise BackendFailed(f"{action}: IVR_SHOP_URL is not set")
