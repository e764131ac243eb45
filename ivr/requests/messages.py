"""Text messages to callers' telephones."""

from typing import Protocol

from ivr.requests.backend import Backend


class Messenger(Protocol):
    """A way to send text messages.  ``name`` is what operators know it by."""

    @property
    def name(self) -> str: ...

    def send(self, to: str, text: str, key: str) -> bool:
        """Send once; ``key`` names the message.  False: this number cannot get text messages.

        Raises BackendFailed when it was not sent, OutcomeUnknown when nobody knows.
        """
        ...


class ActionMessenger:
    """Sends through an action of the business, which gets the values ``to`` and ``text``."""

    def __init__(self, backend: Backend, action: str) -> None:
        self.name = f"text messages through {backend.name}"
        self._backend = backend
        self._action = action

    def send(self, to: str, text: str, key: str) -> bool:
        """True when the action's outcome is ``sent``."""
        return self._backend.ask(self._action, {"to": to, "text": text}, key).outcome == "sent"
