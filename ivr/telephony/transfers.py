"""A transferred call's webhooks: what Twilio reports goes into the journey, its next step comes out as TwiML."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import request
from sqlalchemy.exc import SQLAlchemyError

from ivr.advisors import story
from ivr.advisors.journey import next_step, talked
from ivr.advisors.steps import (
    Arrived,
    Chose,
    HangUp,
    Happened,
    Keyed,
    Leave,
    Left,
    Picked,
    Place,
    Promise,
    Rang,
    Record,
    Ring,
    Silent,
    Step,
    Wait,
    Waits,
)
from ivr.records.records import NewEvent, StoredCall
from ivr.telephony import twiml
from ivr.telephony.parts import Parts

OVER = ("completed", "canceled", "failed", "busy", "no-answer")  # CallStatus of a caller who is gone
_WITHHELD = {
    "anonymous",
    "unknown",
    "unavailable",
    "restricted",
    "private",
    "+266696687",
}  # the last: "ANONYMOUS" keyed
_log = logging.getLogger(__name__)


def calling_number() -> str:
    """Who rings, as Twilio says it; "" when that is withheld."""
    caller = request.form.get("From", "")
    return "" if caller.lower() in _WITHHELD else caller[:64]


class Transfers:
    """One method for each webhook; each gives TwiML.  None of them needs the database to give a person."""

    def __init__(self, base: str, parts: Parts) -> None:
        self._base = base
        self._parts = parts

    def begin(self, reason: str, stored: StoredCall | None) -> str:
        """The machine's part is over: put the caller through."""
        if stored:
            self._parts.delivery.announce(stored.call_id, "transferred")
        return self._go_on(Arrived(), stored, opening=f"transfer_{reason}")

    def dialled(self) -> str:
        """Telephones rang.  Only a conversation that took place ends the call."""
        status, bridged = request.form.get("DialCallStatus", ""), request.form.get("DialBridged", "")
        call_id = request.form["CallSid"]
        self._soon(call_id, "dialled", {"status": status[:32], "bridged": bridged[:8]})
        accepted = bridged not in ("true", "false") and bool(self._accepted(call_id))
        return self._go_on(Rang(status, bridged, accepted))

    def wait(self) -> str:
        """Waiting in a queue."""
        return self._go_on(
            Waits(_count("QueueTime"), _count("QueuePosition"), _count("CurrentQueueSize"), _count("AvgQueueTime"))
        )

    def chosen(self) -> str:
        """A key was pressed where a callback and voicemail were offered."""
        return self._go_on(Chose(request.form.get("Digits", "")[:1], "waiting" in request.args))

    def left(self) -> str:
        """The caller left the queue: to an advisor, to what was chosen, or because it could not take them."""
        result, call_id = request.form.get("QueueResult", ""), request.form["CallSid"]
        self._soon(call_id, "queue_left", {"result": result[:32]})
        choices = [event["choice"] for event in self._events(call_id, "chose")] if result == "leave" else []
        return self._go_on(Left(result, _count("QueueTime"), choices[-1] if choices else ""))

    def number(self) -> str:
        """The number for a callback."""
        return self._go_on(Keyed(request.form.get("Digits", "")[:32]))

    def window(self) -> str:
        """The time for a callback."""
        return self._go_on(Picked(request.form.get("Digits", "")[:1]))

    def silent(self) -> str:
        """No message was left."""
        return self._go_on(Silent())

    def recorded(self) -> str:
        """A message was left, also by a caller who hung up after it."""
        call_id, recording = request.form["CallSid"], request.form.get("RecordingUrl", "")
        self._change(call_id, outcome="voicemail", target=recording[:128], finished_at=datetime.now(UTC))
        self._parts.voicemail.received(call_id, recording, _count("RecordingDuration"))
        return twiml.thanks(self._tongue(self._language(self._stored())))

    def whisper(self) -> str:
        """An advisor answered: the story, and two keys."""
        call_id, team = request.args.get("call", ""), request.args.get("by", "")
        stored = self._stored(call_id)
        advisors = self._parts.config.advisors
        language = advisors.teams.get(team, advisors.teams[advisors.default]).languages[0]
        card = (stored and stored.card) or {}
        action = f"{self._base}/voice/accept?{request.query_string.decode('ascii', 'replace')}"
        try:
            words = story.whisper(card, self._parts.config.texts[language].text)
        except Exception:  # noqa: BLE001  without its story the call must still be offered
            _log.exception("call %s: its story cannot be told", call_id[:64])
            words = ""
        return twiml.whisper(self._tongue(language), words, action)

    def accept(self) -> str:
        """The advisor pressed a key.  The first who presses 1 has the call; nothing but 1 takes it."""
        key, call_id, leg = request.form.get("Digits", ""), request.args.get("call", ""), request.form["CallSid"]
        if key == "2":
            self._note(call_id, "passed_on", {"target": request.form.get("To", "")[:128]})
            return twiml.hang_up()
        if key != "1":
            return self.whisper()
        team = request.args.get("by", "")
        self._note(call_id, "accepted", {"leg": leg[:64], "ring": self._ring()})
        accepted = self._accepted(call_id)
        if accepted and accepted[0]["leg"] != leg[:64]:
            advisors = self._parts.config.advisors
            return twiml.taken(self._tongue(advisors.teams.get(team, advisors.teams[advisors.default]).languages[0]))
        self._change(call_id, team=team[:64], target=request.form.get("To", "")[:128])
        return twiml.nothing()

    def finish(self, call_id: str) -> None:
        """The whole call is over, the advisor's part included."""
        self._change(call_id, finished_at=datetime.now(UTC))

    # -- from what happened to the next document ------------------------------------------------------------------

    def _go_on(self, happened: Happened, stored: StoredCall | None = None, opening: str = "") -> str:
        stored = stored or self._stored()
        call_id, caller = request.form["CallSid"], stored.caller if stored else calling_number()
        language = self._language(stored)
        advisors = self._parts.config.advisors
        home = stored.team if stored and stored.team else advisors.route("failure", None, language).name
        place = Place.read(request.args, home)
        step = next_step(advisors, place, happened, self._parts.now(), caller)
        over = request.form.get("CallStatus") in OVER
        if talked(happened):
            self._parts.delivery.announce(call_id, "connected")
        elif over:
            self._soon(call_id, "gave_up", {})
        if over or isinstance(step, HangUp):
            self.finish(call_id)
        if over:
            return twiml.nothing()
        step = self._store(step, call_id, language)
        return twiml.document(step, self._scene(step, call_id, language, stored, opening))

    def _store(self, step: Step, call_id: str, language: str) -> Step:
        """What a step leaves behind.  A promise that cannot be written down is not made: a message is taken instead."""
        match step:
            case Ring():
                rung = [target.address for target in step.targets]
                self._soon(call_id, "ringing", {"team": step.team.name, "targets": rung})
            case Wait():
                self._soon(call_id, "waiting", {"team": step.team.name})
            case Leave(choice=str(choice)):
                self._note(call_id, "chose", {"choice": choice})
            case Promise():
                try:
                    window = step.window
                    self._parts.callbacks.promise(
                        step.number, call_id, step.team.name, language, window.start, window.end
                    )
                except (SQLAlchemyError, RuntimeError):
                    _log.exception("call %s: the callback is not stored; a message is taken", call_id)
                    return Record(step.place, step.team)
                self._change(call_id, outcome="callback", target=step.number, finished_at=datetime.now(UTC))
                self._note(call_id, "callback", {"from": window.start.isoformat(), "until": window.end.isoformat()})
                self._parts.delivery.announce(call_id, "callback")
        return step

    def _scene(self, step: Step, call_id: str, language: str, stored: StoredCall | None, opening: str) -> twiml.Scene:
        card: Mapping[str, Any] = (stored and stored.card) or {}
        link = self._parts.links.link(call_id)
        team = getattr(step, "team", None)
        return twiml.Scene(
            self._base,
            call_id,
            language,
            self._tongue(language, team.name if team else ""),
            opening,
            link,
            story.sip_headers(card, link),
            story.task_attributes(card, link),
        )

    def _tongue(self, language: str, team: str = "") -> twiml.Tongue:
        """A language's sentences; one named for a team replaces the common one."""
        texts = self._parts.config.texts[language]

        def text(prompt: str, values: Mapping[str, Any]) -> str:
            own = f"{prompt}_{team}"
            return texts.text(own if own in texts.names else prompt, values)

        return twiml.Tongue(self._parts.config.languages[language].twilio, text)

    def _language(self, stored: StoredCall | None) -> str:
        return stored.language if stored else self._parts.config.language_of(request.form.get("To", ""))

    def _ring(self) -> str:
        """Which ringing of the call this is: an advisor who accepted an earlier one does not count."""
        return "&".join(f"{name}={value}" for name, value in sorted(Place.read(request.args, "").query().items()))

    def _accepted(self, call_id: str) -> list[dict[str, Any]]:
        return [event for event in self._events(call_id, "accepted") if event.get("ring") == self._ring()]

    # -- the record, which may be out of reach ----------------------------------------------------------------------

    def _stored(self, call_id: str | None = None) -> StoredCall | None:
        try:
            return self._parts.records.call(call_id or request.form["CallSid"])
        except SQLAlchemyError as error:
            _log.error("%s goes on without the record: %s", request.path, error)
            return None

    def _events(self, call_id: str, kind: str) -> list[dict[str, Any]]:
        try:
            return [event.data for event in self._parts.records.events(call_id) if event.kind == kind]
        except SQLAlchemyError as error:
            _log.error("%s goes on without the record: %s", request.path, error)
            return []

    def _soon(self, call_id: str, kind: str, data: dict[str, Any]) -> None:
        """For who looks on: no next step depends on it, so the caller does not wait for the disk."""
        self._parts.writer.note(NewEvent(call_id, 0, kind, data))

    def _note(self, call_id: str, kind: str, data: dict[str, Any]) -> None:
        self._parts.writer.surely(lambda: self._parts.records.note(call_id, kind, data))

    def _change(self, call_id: str, **values: Any) -> None:
        self._parts.writer.surely(lambda: self._parts.records.change(call_id, **values))


def _count(name: str) -> int:
    """A number of Twilio's form; 0 for anything that is none."""
    text = request.form.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
