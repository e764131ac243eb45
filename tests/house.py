"""A whole house without a telephone exchange: real session, records and webhooks, a scripted recogniser and voice."""

import base64
import json
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
from flask import Flask
from flask.testing import FlaskClient
from twilio.request_validator import RequestValidator

from ivr.advisors.delivery import Delivery
from ivr.advisors.voicemail import Voicemail
from ivr.app import create_business
from ivr.call.events import Heard
from ivr.config import Config
from ivr.grammar import Vocabulary
from ivr.operations.strangers import Strangers
from ivr.records.callbacks import Callbacks
from ivr.records.records import Records
from ivr.records.writer import EventWriter
from ivr.requests.backend import Result
from ivr.requests.business import Business
from ivr.requests.demonstration import create_shop
from ivr.speech.codec import encode_mulaw
from ivr.speech.prompts import Prompts
from ivr.speech.recogniser import Samples
from ivr.telephony.card_pages import card_pages
from ivr.telephony.cards import CardLinks
from ivr.telephony.parts import Parts
from ivr.telephony.signature import Signatures
from ivr.telephony.socket import LineLost
from ivr.telephony.streams import Streams
from ivr.telephony.webhooks import webhooks

TOKEN, BASE, MEDIA = "secret", "https://ivr.example.com", "wss://ivr.example.com/media"
CALL_ID, STREAM_ID = "CA" + "1" * 32, "MZ" + "2" * 32
SILENCE = b"\xff" * 160
TALK = encode_mulaw((8000 * np.sin(np.arange(160) * 2 * np.pi * 200 / 8000)).astype(np.int16))


class ScriptedModel:
    """Recognises whatever the script says next, whenever it is given sound."""

    name = "scripted"

    def __init__(self) -> None:
        self.script: deque[Heard | Exception] = deque()

    def listen(self, vocabulary: Vocabulary) -> "ScriptedRecogniser":
        return ScriptedRecogniser(self.script.popleft() if self.script else Heard("", 0.0))


class ScriptedRecogniser:
    def __init__(self, heard: Heard | Exception) -> None:
        self._heard = heard

    def accept(self, samples: Samples, quiet_ms: int) -> str:
        if isinstance(self._heard, Exception):
            raise self._heard
        return self._heard.text if quiet_ms else ""

    def finish(self) -> Heard:
        assert isinstance(self._heard, Heard)
        return self._heard

    def drop(self) -> None:
        """Nothing was begun."""


class ToneVoice:
    """10 ms of sound for each character."""

    def __init__(self) -> None:
        self.broken = False

    def speak(self, text: str, voice: str, rate_wpm: int) -> bytes:
        if self.broken:
            raise RuntimeError("the voice is gone")
        return bytes([0x10]) * (80 * len(text))


class FakeSocket:
    """An exchange's side of a media stream: plays at once what it is sent, and echoes marks like Twilio."""

    def __init__(self, incoming: list[str | bytes | None]) -> None:
        self.incoming = deque(incoming)
        self.sent: list[dict[str, object]] = []
        self.closed = False
        self.lost_at_end = True

    def receive(self, timeout_s: float) -> list[bytes]:
        if self.closed:
            raise LineLost("closed")
        if not self.incoming:
            if self.lost_at_end:
                raise LineLost("the other side is gone")
            return []
        message = self.incoming.popleft()
        return [] if message is None else [message.encode() if isinstance(message, str) else message]

    def gather(self, messages: int) -> None:
        """Everything is there already."""

    def send(self, text: str) -> None:
        message = json.loads(text)
        self.sent.append(message)
        if message["event"] == "mark":
            self.incoming.append(json.dumps({"event": "mark", "streamSid": STREAM_ID, "mark": message["mark"]}))

    def close(self) -> None:
        self.closed = True


class PromptBusiness:
    """Has every answer before the next frame: here the caller's audio runs faster than the threads that look up."""

    def __init__(self, business: Business) -> None:
        self._business = business

    def start(self, action: str, values: Mapping[str, str], key: str) -> "Future[Result]":
        future = self._business.start(action, values, key)
        wait([future])
        return future


class House:
    """Everything but the exchange.  ``post`` signs like Twilio; ``stream`` plays messages into a session."""

    def __init__(
        self,
        config: Config,
        folder: Path,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        database: str | None = None,
    ) -> None:
        self.without_database = False
        self.model = ScriptedModel()
        self.voice = ToneVoice()
        self.records = Records(database or f"sqlite:///{folder / 'ivr.sqlite3'}")
        self.records.prepare()
        create_shop(self.records.engine, date(2026, 11, 21))
        links = CardLinks(TOKEN, BASE)
        delivery = Delivery(self.records, links.link, None)
        self.parts = Parts(
            config=config,
            records=self.records,
            writer=EventWriter(self.records, pause_s=0.02, patience_s=30),
            models={"en": self.model},
            prompts=Prompts(self.voice, folder / "cache", folder / "recordings"),
            links=links,
            callbacks=Callbacks(self.records.engine),
            delivery=delivery,
            voicemail=Voicemail(self.records, delivery, {"en": self.model}, TOKEN, "http://127.0.0.1:1/nobody"),
            business=PromptBusiness(create_business(config, self.records, self.records.engine, {})),  # type: ignore[arg-type]
            shop=self.records.engine,
            now=now,
        )
        self.signatures = Signatures(TOKEN, BASE, MEDIA)
        self.streams = Streams(self.parts)
        self.room = True
        strangers = Strangers()
        app = Flask("test")
        app.register_blueprint(webhooks(BASE, MEDIA, self.signatures, self.parts, lambda _: self.room, strangers))
        app.register_blueprint(card_pages(self.parts, strangers))
        self.client: FlaskClient = app.test_client()

    def post(self, path: str, call_id: str = CALL_ID, signature: str | None = None, **fields: str) -> tuple[int, str]:
        form = {
            "CallSid": call_id,
            "AccountSid": "AC1",
            "From": "+15550199",
            "To": "+15550100",
            "CallStatus": "in-progress",
        }
        form |= fields
        if signature is None:
            signature = RequestValidator(TOKEN).compute_signature(BASE + path, form)
        answer = self.client.post(path, data=form, headers={"X-Twilio-Signature": signature}, base_url=BASE)
        self.settle()
        return answer.status_code, answer.text

    def settle(self) -> None:
        """Until all that was noted is stored, however slow the disk; not where a test takes the database away."""
        if not self.without_database:
            assert self.parts.writer.flush(timeout_s=60)

    def start(self, call_id: str = CALL_ID, token: str | None = None) -> str:
        token = self.signatures.stream_token(call_id) if token is None else token
        start = {
            "streamSid": STREAM_ID,
            "callSid": call_id,
            "customParameters": {"token": token},
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        }
        return json.dumps({"event": "start", "sequenceNumber": "1", "streamSid": STREAM_ID, "start": start})

    def stream(
        self,
        *messages: str | bytes | None,
        said: tuple[Heard | Exception, ...] = (),
        then: Callable[[], None] | None = None,
    ) -> FakeSocket:
        """Ring, open the stream, and play ``messages`` into the session until it ends."""
        self.post("/voice", CallStatus="ringing")
        self.model.script.extend(said)
        socket = FakeSocket([CONNECTED, self.start(), *messages])
        if then:
            then()
        self.streams.serve(socket)
        self.settle()
        return socket


CONNECTED = json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"})
STOP = json.dumps({"event": "stop", "streamSid": STREAM_ID, "stop": {"accountSid": "AC1", "callSid": CALL_ID}})


def frames(payload: bytes, ms: int) -> list[str]:
    """``ms`` of a 20 ms payload as media messages."""
    text = json.dumps(
        {"event": "media", "streamSid": STREAM_ID, "media": {"payload": base64.b64encode(payload).decode()}}
    )
    return [text] * (ms // 20)


def key(digit: str) -> str:
    return json.dumps({"event": "dtmf", "streamSid": STREAM_ID, "dtmf": {"track": "inbound_track", "digit": digit}})


def utterance(talk_ms: int = 600, quiet_ms: int = 1400) -> list[str]:
    return [*frames(TALK, talk_ms), *frames(SILENCE, quiet_ms)]
