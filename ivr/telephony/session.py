"""One call's loop: messages in, events to the call, its actions carried out.  One thread, from start to close.

Twilio, the simulator and the tests all meet this same loop; what differs is behind MediaSocket.  Whatever goes wrong in
here, the socket is closed and the record does not say "served": ``/voice/next`` then puts the caller through.
"""

import logging
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from ivr.call import Call, Languages
from ivr.call.actions import Action, Behaviour, Do, Finish, Hush, Listen, Note, Notice, Reason, Say, Speak, Transfer
from ivr.call.events import (
    Answered,
    Broken,
    Elapsed,
    Event,
    Failed,
    Heard,
    HungUp,
    Partial,
    Played,
    Pressed,
    Started,
    Upset,
)
from ivr.records.audio import CallAudio
from ivr.records.patience import WEBHOOK_S, patience
from ivr.records.records import NewEvent, StoredCall
from ivr.requests.backend import OutcomeUnknown, Result
from ivr.speech.codec import decode_mulaw, duration_ms
from ivr.speech.ear import Ear, Speech
from ivr.telephony import media
from ivr.telephony.parts import Parts
from ivr.telephony.playout import Playout
from ivr.telephony.socket import LineLost, MediaSocket
from ivr.tone import Cues, Sound, Tone

DEAD_LINE_S = 5.0  # media flows even in silence; Twilio's own drops were seen as half-open sockets without `stop`
MOST_WITHOUT_AUDIO = 500  # other messages in a row: nobody presses keys like that, and marks are ours
_PATIENCE_S = 0.25  # how long to wait for a message before looking at answers that came back
_OF_SPEECH = 3  # messages of 20 ms taken at once: the recogniser works on such stretches
_OF_SILENCE = 8  # a key or the first word waits for 160 ms at most, of 300 in which a person is to be found
_log = logging.getLogger(__name__)


class Session:
    """Serves the stream of one call."""

    def __init__(
        self, socket: MediaSocket, start: media.Start, stored: StoredCall, parts: Parts, texts: Sequence[bytes] = ()
    ) -> None:
        """``texts``: what came together with ``start``."""
        config = parts.config
        language = self._language = stored.language
        self._socket = socket
        self._texts = texts
        self._parts = parts
        self._stored = stored
        languages = Languages({each: config.grammars[each] for each in parts.models}, config.keys.get(stored.line, {}))
        today = parts.now().astimezone(config.zone).date()
        self._call = Call(config.plans[language], config.grammars[language], stored.caller, today, languages)
        self._ear = Ear(parts.models[language], config.grammars[language], config.turns)
        self._playout = Playout(start.stream_id, socket.send)
        self._tone = Tone(config.tone, config.upset_words[language]) if config.tone else None
        self._cues = Cues()
        self._lookups: dict[int, Future[Result]] = {}
        self._changes: set[int] = set()
        recorded = config.keep.what == "words_and_audio" and parts.audio
        self._audio = CallAudio(parts.audio, stored.call_id) if recorded and parts.audio else None
        self._waited = False  # for an utterance to be understood: audio that came meanwhile is no sign of being behind
        self._quiet_s = 0.0
        self._without_audio = 0  # messages
        self._fell_silent_at: float | None = None
        self._ended = False

    def run(self) -> None:
        """Serve until the call's part is over.  Never raises."""
        try:
            self._note_recognition()
            self._handle(Started())
            if self._stored.called_before:
                self._notice("called_before")
            self._take_all(self._texts)
            while not self._ended:
                self._step(self._messages_at_once())
        except LineLost as lost:
            self._lost(str(lost))
        except Exception:  # noqa: BLE001  the last branch is a person
            _log.exception("call %s: an error of ours; the caller goes to a person", self._stored.call_id)
            self._break()
        finally:
            self._socket.close()
            if self._audio:
                self._audio.close()
            for work, lookup in self._lookups.items():
                if (
                    work in self._changes
                ):  # the caller agreed to it: it is made once, and the record says what came of it
                    lookup.add_done_callback(self._note_result)
                else:
                    lookup.cancel()
            self._parts.writer.flush(timeout_s=2.0)
            self._ear.close()

    def _step(self, messages: int) -> None:
        """Wait for so many messages, but not for long, and take what is there."""
        self._socket.gather(messages)
        texts = self._socket.receive(_PATIENCE_S)
        self._collect()
        if not texts:
            self._quiet_s += _PATIENCE_S
            if self._quiet_s >= DEAD_LINE_S:
                self._handle(Broken("no audio from the line"))
            return
        waited, self._waited = self._waited, False
        before_ms = self._call.elapsed_ms
        self._take_all(texts)
        audio_ms = self._call.elapsed_ms - before_ms
        if not waited:
            self._parts.lag.took(audio_ms, audio_ms * (1 - messages / len(texts)))

    def _take_all(self, texts: Sequence[bytes]) -> None:
        try:
            for message in media.messages(texts):
                if not self._ended:
                    self._take(message)
        except media.BadMessage as bad:
            self._handle(Broken(f"bad message: {bad}"))

    def _messages_at_once(self) -> int:
        """As many as can wait for each other without a caller noticing."""
        if self._lookups or self._ear.pausing:
            return 1
        return _OF_SPEECH if self._ear.talking else _OF_SILENCE

    def _take(self, message: media.Message) -> None:
        if isinstance(message, media.Media) and message.payload:
            self._quiet_s, self._without_audio = 0.0, 0
        elif (count := self._without_audio + 1) < MOST_WITHOUT_AUDIO:
            self._without_audio = count
        else:  # audio is the clock: without it nothing would ever end this call
            self._handle(Broken("messages, but no audio from the line"))
        match message:
            case media.Media(payload=payload):
                self._listen(payload)
            case media.Key(key=key):
                self._handle(Pressed(key))
            case media.Mark(name=name):
                if self._playout.played(name):
                    self._handle(Played())
            case media.Stop():
                self._handle(HungUp())
            case media.Start() | media.Ignored():
                _log.info("call %s: ignored %s", self._stored.call_id, message)

    def _listen(self, payload: bytes) -> None:
        """The caller's audio: the tick of every clock of the call."""
        began = time.monotonic()
        if self._audio:
            self._audio.hear(payload)
        for event in self._ear.hear(decode_mulaw(payload)):
            match event:
                case Speech(samples=samples, quiet_ms=quiet_ms):
                    self._cues.hear(samples, quiet_ms, over_prompt=self._playout.speaking)
                case Partial():
                    self._handle(event)
                case Heard():
                    self._waited = True
                    self._parts.lag.understood(time.monotonic() - began)
                    self._fell_silent_at = began - self._ear.waited_ms / 1000
                    self._handle(self._felt(event))
            if self._ended:
                return
        ms = duration_ms(payload)
        if self._playout.advance(ms):
            self._handle(Played())
        self._handle(Elapsed(ms, self._ear.talking))

    def _felt(self, heard: Heard) -> Heard:
        """The utterance with the caller's tone; and where no word was read, with how much of it was a voice."""
        unread = not (heard.text or heard.free)
        if self._tone is None and not unread:
            self._cues.drop()
            return heard
        sound = self._cues.finish()
        if unread:
            heard = replace(heard, voiced_ms=sound.voiced_ms if isinstance(sound, Sound) else 0)
        if self._tone is None:
            return heard
        reading = self._tone.hear(sound, heard.text, self._call.trying_again, heard.confidence)
        return replace(heard, upset=reading.upset, why=reading.contributions)

    def _notice(self, behaviour: Behaviour) -> None:
        if self._tone:
            reading = self._tone.behave(behaviour)
            self._handle(Upset(reading.upset, reading.contributions))

    def _collect(self) -> None:
        """Lookups that came back."""
        for work in [work for work, lookup in self._lookups.items() if lookup.done()]:
            lookup = self._lookups.pop(work)
            error = lookup.exception()
            if error:
                self._handle(Failed(work, str(error), isinstance(error, OutcomeUnknown)))
            else:
                result = lookup.result()
                self._handle(Answered(work, result.outcome, dict(result.values)))

    def _handle(self, event: Event) -> None:
        if self._ended:
            return
        for action in self._call.handle(event):
            if not self._ended:  # a notice may have led to a person
                self._perform(action)

    def _perform(self, action: Action) -> None:
        match action:
            case Say(prompt=prompt, values=values, language=language):
                self._say(prompt, values, language or self._language)
            case Speak(language=language):
                self._speak(language)
            case Hush():
                self._playout.hush()
            case Listen(expecting=expecting):
                self._ear.expect(expecting)
            case Do(work=work, action=wanted, values=values, changes=changes):
                self._changes |= {work} if changes else set()
                known = {**values, "language": self._language}
                self._lookups[work] = self._parts.business.start(wanted, known, f"{self._stored.call_id}-{work}")
            case Note(kind=kind, data=data):
                self._note(kind, data)
            case Notice(behaviour=behaviour):
                self._notice(behaviour)
            case Transfer(reason=reason, topic=topic):
                self._close("transferred", reason, topic)
            case Finish(outcome=outcome, farewell=farewell):
                self._close(outcome, None, farewell=farewell)

    def _speak(self, language: str) -> None:
        """Everything follows: the record first, because any process may be asked what comes next."""
        with patience(WEBHOOK_S):
            self._parts.records.change(self._stored.call_id, language=language)
        self._language, config = language, self._parts.config
        if self._tone:
            self._tone.listen_for(config.upset_words[language])
        if language in self._parts.models:
            self._ear.understand(self._parts.models[language], config.grammars[language])
            self._note_recognition()

    def _note_recognition(self) -> None:
        model = self._parts.models[self._language]
        self._note("recognition", {"language": self._language, "model": model.name})

    def _say(self, prompt: str, values: dict[str, Any], language: str) -> None:
        spoken = self._parts.spoken(language, prompt, values)
        self._playout.say(prompt, self._parts.prompts.audio(spoken))
        if self._fell_silent_at is not None:
            replied_s = time.monotonic() - self._fell_silent_at
            self._parts.metrics.reply.labels(self._language).observe(replied_s)
            self._fell_silent_at = None
        self._note("said", {"prompt": prompt, "text": spoken.text})

    def _note_result(self, change: Future[Result]) -> None:
        """What came of a change whose caller was gone by then."""
        error = change.exception()
        self._note("change_result", {"why": str(error)} if error else {"outcome": change.result().outcome})

    def _note(self, kind: str, data: dict[str, Any]) -> None:
        self._parts.writer.note(NewEvent(self._stored.call_id, self._call.elapsed_ms, kind, self._parts.kept(data)))

    def _close(self, outcome: str, reason: Reason | None, topic: str | None = None, *, farewell: bool = False) -> None:
        """The machine's part ends: first the record, which any process can go on from, then the socket."""
        self._ended = True
        card = {**self._call.card(reason), "language": self._language}
        if card["tone"] and (tone := self._parts.config.tone):
            card["tone"] = {**card["tone"], "offer_from": tone.offer_from, "transfer_from": tone.transfer_from}
        team, target = None, None
        if reason:
            team, target = self._parts.destination(reason, topic or card["wanted"], self._language)
        call_id, close = self._stored.call_id, self._parts.records.close
        with patience(WEBHOOK_S):
            self._parts.writer.surely(
                lambda: close(call_id, outcome, reason, farewell=farewell, team=team, target=target, card=card)
            )

    def _lost(self, why: str) -> None:
        """The socket broke without `stop`.  If the caller is still there, Twilio asks ``/voice/next``."""
        self._note("line_lost", {"why": why})
        self._handle_safely(HungUp())

    def _break(self) -> None:
        """An error of ours.  A call whose part is over keeps its ending; any other is handed to a person."""
        self._ended = False
        self._handle_safely(Broken("an error of ours"))

    def _handle_safely(self, event: Event) -> None:
        try:
            self._handle(event)
        except Exception:  # noqa: BLE001  the socket must still be closed
            _log.exception("call %s: its ending is not recorded; /voice/next finds it open", self._stored.call_id)
