"""What happens to a call is told to the company's own system: a signed JSON webhook.

``announce`` stores the message and returns; it is sent in the background until the receiver takes it, for a day.
Each message carries an id that stays the same when it is sent again, so a receiver can drop what it already has.
"""

import hashlib
import hmac
import json
import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import requests
from sqlalchemy.exc import SQLAlchemyError

from ivr.records.callbacks import Callbacks
from ivr.records.jobs import Job, Jobs
from ivr.records.records import Records

CONNECT_S, ANSWER_S = 3.05, 10
_log = logging.getLogger(__name__)


class NotTaken(Exception):
    """The receiver did not say that it has the message."""


def sign(secret: str, body: bytes, at: int) -> str:
    """The value of the header X-IVR-Signature: the time it was made, and HMAC-SHA256 over "time.body"."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


class Delivery:
    """Tells one receiver.  ``link`` gives the link to a call's card.  ``url`` None: nobody is told.

    Each piece of news of a call is told once, however often Twilio repeats the webhook that brought it.
    """

    def __init__(self, records: Records, link: Callable[[str], str], url: str | None, secret: str = "") -> None:
        self._records = records
        self._callbacks = Callbacks(records.engine)
        self._link = link
        self._url = url
        self._secret = secret
        self._jobs = Jobs(records.engine, "delivery", self._send, self._gave_up, timedelta(minutes=1))

    def announce(self, call_id: str, what: str) -> None:
        """Tell the receiver that ``what`` happened: "transferred", "connected", "callback", "voicemail", ...

        Takes one short insert.  Never raises: the caller comes first.
        """
        if self._url is None:
            return
        try:
            self._jobs.add(call_id, what)
        except SQLAlchemyError:
            _log.exception("call %s: %r is not announced", call_id, what)

    def tell(self, url: str | None, secret: str) -> None:
        """From now on somebody else is told, also of what was stored before."""
        self._url, self._secret = url, secret
        self.start()

    def start(self) -> None:
        """Go on with what a process before this one left behind."""
        if self._url is not None:
            self._jobs.start()

    def _send(self, job: Job) -> None:
        """One try.  Raises whatever went wrong.  The answer's body is not read: nothing in it could matter."""
        if self._url is None:
            raise NotTaken("nobody is to be told any more")
        told = (event.data for event in self._records.events(job.call_id) if event.kind == "delivered")
        if any(each.get("what") == job.what for each in told):
            return
        body = json.dumps(self._message(job), ensure_ascii=False, default=str).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "call-us-ivr",
            "X-IVR-Delivery": job.id,
            "X-IVR-Event": job.what,
            "X-IVR-Signature": sign(self._secret, body, int(time.time())),
        }
        try:
            with requests.post(
                self._url,
                data=body,
                headers=headers,
                timeout=(CONNECT_S, ANSWER_S),
                allow_redirects=False,
                stream=True,
            ) as answer:
                if not 200 <= answer.status_code < 300:
                    raise NotTaken(f"the receiver answered {answer.status_code}")
        except requests.RequestException as error:  # its text would put the receiver's address into logs and records
            raise NotTaken(f"the receiver could not be reached ({type(error).__name__})") from None
        self._records.note(job.call_id, "delivered", {"what": job.what, "tries": job.tries})

    def _message(self, job: Job) -> dict[str, Any]:
        """The state of the call now: a message sent late tells what is true by then."""
        stored = self._records.call(job.call_id)
        message: dict[str, Any] = {
            "id": job.id,
            "event": job.what,
            "at": job.begun_at,
            "call_id": job.call_id,
            "link": self._link(job.call_id),
        }
        if stored is None:  # a call that was never recorded, or is no longer kept
            return message
        promise = self._callbacks.open_for(stored.caller, job.call_id)
        voicemail = {
            key: value
            for event in self._records.events(job.call_id)
            if event.kind in ("voicemail", "transcript")
            for key, value in event.data.items()
        }
        return message | {
            "caller": stored.caller or None,
            "line": stored.line,
            "language": stored.language,
            "began_at": stored.started_at,
            "outcome": stored.outcome,
            "reason": stored.reason,
            "team": stored.team,
            "card": stored.card,
            "voicemail": voicemail or None,
            "callback": promise and {each: getattr(promise, each) for each in ("number", "not_before", "not_after")},
        }

    def _gave_up(self, job: Job, why: str) -> None:
        if self._records.call(job.call_id):
            self._records.note(job.call_id, "undelivered", {"what": job.what, "why": why[:200], "tries": job.tries})
