"""A company's number at Twilio: what it does when somebody rings, and making it ring here.

Twilio's REST API: twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
"""

from collections.abc import Mapping
from typing import Any

from twilio.base.exceptions import TwilioException

TWILIO_API = "https://api.twilio.com"
TIMEOUT_S = 10.0
ENDED_PATH = "/voice/ended"
# Twilio's connection overrides: no answer within five seconds, or a process that died over it, and another is asked.
# twilio.com/docs/usage/webhooks/webhooks-connection-overrides
ASK_AGAIN = "#rc=2&rt=5000&rp=ct,rt,5xx"


class NumberUnusable(Exception):
    """The number cannot be read or changed; the message says what to do."""


class Numbers:
    """The numbers of one account."""

    def __init__(self, account: str, token: str, api: str = TWILIO_API) -> None:
        """``api``: where Twilio's REST API is, or a stand-in for it."""
        from twilio.http.http_client import TwilioHttpClient
        from twilio.rest import Client

        self._client = Client(account, token, http_client=TwilioHttpClient(timeout=TIMEOUT_S))
        self._client.api.base_url = api

    def settings(self, number: str) -> tuple[str, dict[str, str]]:
        """The number's id and what it does now.  Raises NumberUnusable."""
        try:
            found = self._client.incoming_phone_numbers.list(phone_number=number, limit=2)
        except (TwilioException, OSError) as error:
            raise NumberUnusable(_why(error)) from None
        mine = [each for each in found if each.phone_number == number]
        if not mine:
            raise NumberUnusable(f"{number} is no number of this account; write it as Twilio does, like +33123456789")
        return str(mine[0].sid), {name: str(getattr(mine[0], name) or "") for name in wanted("", "")}

    def change(self, sid: str, changes: Mapping[str, str]) -> None:
        """Set what the number does.  Raises NumberUnusable."""
        try:
            self._client.incoming_phone_numbers(sid).update(**changes)
        except (TwilioException, OSError) as error:
            raise NumberUnusable(_why(error)) from None


def wanted(public_url: str, fallback_url: str) -> dict[str, str]:
    """What a number must do so that its calls come here, in Twilio's words.

    ``fallback_url`` is asked when this whole service cannot be reached; "" leaves it as it is.
    """
    return {
        "voice_url": f"{public_url}/voice{ASK_AGAIN}",
        "voice_method": "POST",
        "status_callback": f"{public_url}{ENDED_PATH}",
        "status_callback_method": "POST",
        "voice_fallback_url": fallback_url,
        "voice_fallback_method": "POST",
        "voice_application_sid": "",  # these two would be followed instead of the addresses
        "trunk_sid": "",
    }


def changes(now: Mapping[str, str], public_url: str, fallback_url: str) -> dict[str, str]:
    """What has to change."""
    then = wanted(public_url, fallback_url)
    if not fallback_url:
        then = {name: value for name, value in then.items() if not name.startswith("voice_fallback")}
    return {name: value for name, value in then.items() if now.get(name) != value}


def _why(error: Any) -> str:
    answer = error.args[1] if len(error.args) > 1 else None
    status = getattr(error, "status", None) or getattr(answer, "status_code", None)
    if status == 401:
        return "Twilio does not know these credentials: check IVR_TWILIO_ACCOUNT_SID and IVR_TWILIO_AUTH_TOKEN"
    if status:
        return f"Twilio refused ({status}): {getattr(error, 'msg', error)}"
    return f"Twilio cannot be reached: {error}"
