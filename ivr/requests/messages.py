"""Text messages to callers' telephones."""

import re
from typing import Protocol

import requests
from twilio.base.exceptions import TwilioRestException
from twilio.http import HttpClient

from ivr.requests.backend import Backend, BackendFailed, OutcomeUnknown

TIMEOUT_S = 5.0
CANNOT_RECEIVE = {21211, 21408, 21610, 21612, 21614}  # Twilio's codes: no number, no such region, stopped, no mobile


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


class TwilioMessenger:
    """Sends through Twilio's REST API, from a number of the account."""

    name = "text messages through Twilio"

    def __init__(
        self,
        account: str,
        token: str,
        number: str,
        http: HttpClient | None = None,
        place: tuple[str | None, str | None] = (None, None),
    ) -> None:
        """``place``: the region whose account this is, and the edge to reach it by; None: Twilio's own."""
        from twilio.http.http_client import TwilioHttpClient
        from twilio.rest import Client

        self._client = Client(
            account, token, http_client=http or TwilioHttpClient(timeout=TIMEOUT_S), region=place[0], edge=place[1]
        )
        self._number = number

    def send(self, to: str, text: str, key: str) -> bool:
        """Twilio knows no keys: ``SentChanges`` sees to it that this is called once."""
        try:
            self._client.messages.create(to=to, from_=self._number, body=text)
        except TwilioRestException as error:
            if error.code in CANNOT_RECEIVE:
                return False
            kind = OutcomeUnknown if error.status >= 500 else BackendFailed
            raise kind(f"Twilio refused a text message: {_without_numbers(str(error.msg))} ({error.code})") from None
        except requests.ConnectTimeout as error:
            raise BackendFailed("Twilio could not be reached for a text message") from error
        except requests.RequestException as error:
            raise OutcomeUnknown(f"Twilio did not confirm a text message ({type(error).__name__})") from error
        return True


def _without_numbers(text: str) -> str:
    """Twilio's messages repeat the number; ours go to the log."""
    return re.sub(r"\+?\d{6,}", "(a number)", text)
