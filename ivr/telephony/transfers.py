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
from ivr.records.records import StoredCall
from ivr.records.talk import TALKED
from ivr.telephony import twiml
from ivr.telephony.parts import Parts
from ivr.telephony.safe_records import SafeRecords

OVER = ("completed", "canceled", "failed", "busy", "no-answer")  # CallStatus of a caller who is gone
_log = logging.getLogger(__name__)


def ring_of(query: Mapping[str, str]) -> str:
    """Which ringing of a call an address belongs to: an advisor who accepted an earlier one does not count."""
    place = "&".join(f"{name}={value}" for name, value in sorted(Place.read(query, "").query().items()))
    return query.get("reservation") or place


class Transfers:
    """One method for each webhook; each gives TwiML.  None of them needs the database to give a person."""

    def __init__(self, base: str, parts: Parts) -> None:
        self._base = base
        self._parts = parts
        self._records = SafeRecords(parts)

    def begin(self, reason: str, stored: StoredCall | None) -> str:
        """The machine's part is over: put the caller through."""
        if stored:
            self._parts.delivery.announce(stored.call_id, "transferred")
        return self._go_on(Arrived(), stored, opening=f"transfer_{reason}")

    def dialled(self) -> str:
        """Telephones rang.  Only a conversation that took place ends the call."""
        status, bridged = request.form.get("DialCallStatus", ""), request.form.get("DialBridged", "")
        call_id = request.form["CallSid"]
        self._records.soon(call_id, "dialled", {"status": status[:32], "bridged": bridged[:8]})
        accepted = bridged not in ("true", "false") and bool(self._records.accepted(call_id, ring_of(request.args)))
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
        self._records.soon(call_id, "queue_left", {"result": result[:32]})
        choices = [event["choice"] for event in self._records.events(call_id, "chose")] if result == "leave" else []
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
        self._records.change(call_id, outcome="voicemail", target=recording[:128], finished_at=datetime.now(UTC))
        self._parts.voicemail.received(call_id, recording, _count("RecordingDuration"))
        return twiml.thanks(twiml.tongue(self._parts.config, self._language()))

    def finish(self, call_id: str) -> None:
        """The whole call is over, the advisor's part included."""
        self._records.change(call_id, finished_at=datetime.now(UTC))

    # -- from what happened to the next document ------------------------------------------------------------------

    def _go_on(self, happened: Happened, stored: StoredCall | None = None, opening: str = "") -> str:
        stored = stored or self._records.call(request.form["CallSid"])
        call_id, caller = request.form["CallSid"], stored.caller if stored else self._parts.calling_number(request.form)
        language = self._language(stored)
        advisors = self._parts.config.advisors
        home = stored.team if stored and stored.team else advisors.route("failure", None, language).name
        place = Place.read(request.args, home)
        step = next_step(advisors, place, happened, self._parts.now(), caller)
        over = request.form.get("CallStatus") in OVER
        if talked(happened):
            self._parts.delivery.announce(call_id, "connected")
            self._note_talk(call_id, stored)
        elif over:
            self._records.soon(call_id, "gave_up", {})
        if over or isinstance(step, HangUp):
            self.finish(call_id)
        if over:
            return twiml.nothing()
        step = self._store(step, call_id, language)
        return twiml.document(step, self._scene(step, call_id, language, stored, opening))

    def _note_talk(self, call_id: str, stored: StoredCall | None) -> None:
        """How long the two talked: Twilio says it of telephones; in a queue it began when an advisor took the call."""
        if self._records.events(call_id, TALKED):
            return  # told before
        seconds = _count("DialCallDuration") or (self._records.since_accepted(stored) if stored else 0)
        if seconds:
            self._parts.metrics.talked(seconds)
            self._records.soon(call_id, TALKED, {"seconds": seconds})

    def _store(self, step: Step, call_id: str, language: str) -> Step:
        """What a step leaves behind.  A promise that cannot be written down is not made: a message is taken instead."""
        match step:
            case Ring():
                rung = [target.address for target in step.targets]
                self._records.soon(call_id, "ringing", {"team": step.team.name, "targets": rung})
            case Wait():
                self._records.soon(call_id, "waiting", {"team": step.team.name, "in": step.target.address})
            case Leave(choice=str(choice)):
                self._records.note(call_id, "chose", {"choice": choice})
            case Promise():
                try:
                    window = step.window
                    self._parts.callbacks.promise(
                        step.number, call_id, step.team.name, language, window.start, window.end
                    )
                except (SQLAlchemyError, RuntimeError):
                    _log.exception("call %s: the callback is not stored; a message is taken", call_id)
                    return Record(step.place, step.team)
                self._records.change(call_id, outcome="callback", target=step.number, finished_at=datetime.now(UTC))
                when = {"from": window.start.isoformat(), "until": window.end.isoformat()}
                self._records.note(call_id, "callback", when)
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
            twiml.tongue(self._parts.config, language, team.name if team else ""),
            opening,
            link,
            story.sip_headers(card, link, self._parts.config.advisors.plain_sip),
            story.task_attributes(card, link),
        )

    def _language(self, stored: StoredCall | None = None) -> str:
        stored = stored or self._records.call(request.form["CallSid"])
        if stored:
            return self._parts.spoken_now(stored.language, stored.line)
        return self._parts.config.language_of(self._parts.dialled(request.form))


def _count(name: str) -> int:
    """A number of Twilio's form; 0 for anything that is none."""
    text = request.form.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
