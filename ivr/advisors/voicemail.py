"""A message that a caller left: fetched, written down by our own recogniser, put on the card and delivered.

Its link is delivered at once; what follows is a help for who reads it, and may fail.
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urljoin

import requests
from sqlalchemy.exc import SQLAlchemyError

from ivr.advisors.delivery import Delivery
from ivr.config.web_address import BadAddress, WebAddress, web_address
from ivr.records.jobs import Job, Jobs
from ivr.records.records import Records
from ivr.speech.codec import read_wav
from ivr.speech.recogniser import RecognitionModel
from ivr.speech.transcribe import transcribe

MAX_BYTES = 16 * 1024 * 1024  # our longest message is 3 minutes: 3 MB as Twilio stores it
CONNECT_S, READ_S, WHOLE_S = 3.05, 10, 60
MAX_REDIRECTS = 3
_HOSTS = (".twilio.com", ".twiliocdn.com")
_log = logging.getLogger(__name__)


class NotFetched(Exception):
    """The recording is not there, not ours to fetch, or not what a recording looks like."""


class Voicemail:
    """Takes in messages.

    ``base``: where a stand-in for Twilio keeps its recordings; None for the real one.  ``kept``: what the supervisors
    let be stored of an event.
    """

    def __init__(
        self,
        records: Records,
        delivery: Delivery,
        models: Mapping[str, RecognitionModel],
        auth_token: str,
        base: str | None = None,
        kept: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict,
    ) -> None:
        self._records = records
        self._delivery = delivery
        self._models = models
        self._auth_token = auth_token
        self._kept = kept
        self._base = web_address(base) if base else None
        self._jobs = Jobs(records.engine, "voicemail", self._take_in, self._gave_up, timedelta(minutes=10))

    def received(self, call_id: str, recording_url: str, seconds: int) -> None:
        """A message was left.  It is delivered at once with its link, and again when its words are written down.

        Takes three short writes.  Never raises: what cannot be stored is logged.
        """
        try:
            self._records.note(call_id, "voicemail", {"recording": recording_url[:255], "seconds": seconds})
            self._delivery.announce(call_id, "voicemail")
            self._jobs.add(call_id, recording_url[:255])
        except SQLAlchemyError:
            _log.exception("call %s: its message %s could not be stored", call_id, recording_url)

    def start(self) -> None:
        """Go on with messages that a process before this one left behind."""
        self._jobs.start()

    def _take_in(self, job: Job) -> None:
        """One try: fetch, write down.  Raises when the recording could not be fetched: that is tried again."""
        stored = self._records.call(job.call_id)
        if stored is None:
            return
        model = self._models.get(stored.language)
        if model is None:
            self._gave_up(job, f"no recogniser for {stored.language}")
            return
        if "text" not in self._kept({"text": ""}):
            self._gave_up(job, "no words are kept")
            return
        with TemporaryDirectory(prefix="ivr-voicemail-") as folder:
            path = Path(folder) / "message.wav"
            path.write_bytes(self.fetch(job.what))
            try:
                text = transcribe(model, read_wav(path))
            except Exception as error:  # noqa: BLE001  its link is delivered; a second try would fail as well
                _log.exception("call %s: its message is not written down", job.call_id)
                self._gave_up(job, str(error))
                return
        self._records.note(job.call_id, "transcript", self._kept({"text": text, "by": model.name}))
        self._delivery.announce(job.call_id, "transcript")

    def _gave_up(self, job: Job, why: str) -> None:
        """An advisor listens to it: the link is delivered already."""
        if self._records.call(job.call_id):
            self._records.note(job.call_id, "no_transcript", {"why": why[:200]})

    def fetch(self, url: str) -> bytes:
        """The recording as a WAV file.  Raises NotFetched or requests.RequestException."""
        try:
            return self._follow(url)
        except ValueError:  # requests reads where a redirect leads, although it is told not to follow
            raise NotFetched("the recording's host redirects to what is no web address") from None

    def _follow(self, url: str) -> bytes:
        url += "" if url.endswith(".wav") else ".wav"
        deadline = time.monotonic() + WHOLE_S
        for _ in range(MAX_REDIRECTS + 1):
            address = self._checked(url)
            with requests.get(
                address.url,
                auth=self._account(address),
                timeout=(CONNECT_S, READ_S),
                allow_redirects=False,
                stream=True,
            ) as answer:
                if answer.is_redirect:
                    url = urljoin(address.url, answer.headers["Location"])
                    continue
                if answer.status_code != 200:
                    raise NotFetched(f"the recording's host answered {answer.status_code}")
                return _read(answer, deadline)
        raise NotFetched("the recording's host redirects again and again")

    def _checked(self, url: str) -> WebAddress:
        """Only Twilio's own hosts, encrypted: the address came from outside.  Raises NotFetched."""
        try:
            address = web_address(url)
        except BadAddress as error:
            raise NotFetched(f"the recording's address {error}") from None
        if self._base and address.same_server(self._base):
            return address
        if address.scheme != "https" or not address.host.endswith(_HOSTS) or address.port != 443:
            raise NotFetched(f"{address.scheme}://{address.host} is not where Twilio keeps recordings")
        return address

    def _account(self, address: WebAddress) -> tuple[str, str] | None:
        """Account and token, for Twilio's API only; a host it redirects to gets neither."""
        api = address.host.startswith("api.") and address.host.endswith(".twilio.com")
        ours = api or (self._base is not None and address.same_server(self._base))
        account = next((each for each in address.path.split("/") if each.startswith("AC")), None)
        return (account, self._auth_token) if ours and account else None


def _read(answer: requests.Response, deadline: float) -> bytes:
    data = bytearray()
    for chunk in answer.iter_content(64 * 1024):
        data += chunk
        if len(data) > MAX_BYTES:
            raise NotFetched(f"the recording has more than {MAX_BYTES // 1024 // 1024} MB")
        if time.monotonic() > deadline:
            raise NotFetched(f"the recording did not arrive within {WHOLE_S} s")
    return bytes(data)
