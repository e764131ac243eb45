"""Twilio's webhooks.  Each may come twice, late, or to another process than the one that served the stream."""

import logging
from collections.abc import Callable
from datetime import date

from flask import Blueprint, Response, abort, jsonify, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from ivr.call.actions import Reason
from ivr.operations.numbers import ENDED_PATH
from ivr.operations.strangers import Strangers
from ivr.records.identifiers import is_identifier
from ivr.records.patience import WEBHOOK_S, patience
from ivr.records.records import NewEvent, StoredCall
from ivr.telephony import twiml
from ivr.telephony.advising import DEQUEUE, Advising
from ivr.telephony.parts import Parts
from ivr.telephony.signature import Signatures
from ivr.telephony.transfers import OVER, Transfers

MOST_UNKNOWN = 500  # numbers that are no line; a flood of invented ones is told no more
_log = logging.getLogger(__name__)


def webhooks(
    base: str,
    media_url: str,
    signatures: Signatures,
    parts: Parts,
    has_room: Callable[[str], bool],
    strangers: Strangers,
) -> Blueprint:
    """The routes Twilio calls.  ``has_room`` keeps a place for a call's stream in this process, or says no."""
    routes = Blueprint("webhooks", __name__)
    handlers = _Handlers(base, media_url, signatures, parts, has_room)

    @routes.before_request
    def only_twilio() -> Response | None:
        if not signatures.webhook(request):
            what = f"{request.path[:64]}: not signed by Twilio (check IVR_PUBLIC_URL and IVR_TWILIO_AUTH_TOKEN)"
            abort(429 if strangers.refused(request.remote_addr, what) else 403)
        if "CallSid" in request.form and not is_identifier(request.form["CallSid"]):
            _log.warning("%s: its CallSid is no identifier; the caller is put through", request.path)
            return _xml(twiml.last_resort(parts.config.advisors, request.path, request.args))
        return None

    @routes.errorhandler(Exception)
    def a_person_at_last(error: Exception) -> Response | HTTPException:
        if isinstance(error, HTTPException):
            return error
        _log.error("%s failed; the caller is put through", request.path, exc_info=error)
        if request.path == "/voice/assignment":
            return jsonify(DEQUEUE)
        return _xml(twiml.last_resort(parts.config.advisors, request.path, request.args))

    transfers, advising = handlers.transfers, Advising(base, parts)
    for path, handler in (
        ("/voice", handlers.voice),
        ("/voice/next", handlers.next),
        (ENDED_PATH, handlers.ended),
        ("/voice/dialled", transfers.dialled),
        ("/voice/wait", transfers.wait),
        ("/voice/chosen", transfers.chosen),
        ("/voice/left", transfers.left),
        ("/voice/number", transfers.number),
        ("/voice/window", transfers.window),
        ("/voice/recorded", transfers.recorded),
        ("/voice/silent", transfers.silent),
        ("/voice/whisper", advising.whisper),
        ("/voice/accept", advising.accept),
        ("/voice/take", advising.take),
        ("/voice/taking", advising.taking),
    ):
        routes.post(path, endpoint=handler.__name__)(_answering(handler))
    routes.post("/voice/assignment", endpoint="assignment")(advising.assignment)
    routes.post("/stream-events", endpoint="stream_events")(handlers.stream_events)
    return routes


def _answering(handler: Callable[[], str]) -> Callable[[], Response]:
    def answer() -> Response:
        with patience(WEBHOOK_S):
            return _xml(handler())

    return answer


def _xml(text: str) -> Response:
    return Response(text, mimetype="text/xml")


class _Handlers:
    """The beginning of a call, and what follows its stream; each method gives TwiML."""

    def __init__(
        self, base: str, media_url: str, signatures: Signatures, parts: Parts, has_room: Callable[[str], bool]
    ) -> None:
        self._base = base
        self._media_url = media_url
        self._signatures = signatures
        self._parts = parts
        self._has_room = has_room
        self._unknown: set[tuple[date, str]] = set()
        self.transfers = Transfers(base, parts)

    def voice(self) -> str:
        """A call comes in."""
        call_id, dialled = request.form["CallSid"], self._parts.dialled(request.form)
        language = self._parts.config.language_of(dialled)
        token = self._signatures.stream_token(call_id)
        self._notice_unknown(call_id, dialled)
        try:
            self._parts.records.open(call_id, self._parts.calling_number(request.form), dialled, language, token)
            if language not in self._parts.models:
                return self._transfer_unserved(call_id, "failure")
            if not self._has_room(call_id):
                return self._transfer_unserved(call_id, "overload")
            if 0 < self._parts.config.most_given_up <= self._parts.records.given_up(call_id):
                return self._transfer_unserved(call_id, "repeat_caller")
        except SQLAlchemyError:
            _log.exception("call %s has no record yet; the caller is put through", call_id)
            return self._without_record(call_id)
        return twiml.stream(self._base, self._media_url, token)

    def next(self) -> str:
        """The stream is over.  What follows is in the record; without a clear ending there, a person."""
        call_id = request.form["CallSid"]
        if request.form.get("CallStatus") in OVER:
            return self.ended()
        try:
            stored = self._parts.records.call(call_id)
            if stored and stored.farewell:
                self.transfers.finish(call_id)
                return twiml.hang_up()
            if stored and stored.outcome and stored.reason:
                return self.transfers.begin(stored.reason, stored)
            if stored:
                return self._transfer_unserved(call_id, "failure")
        except SQLAlchemyError:
            _log.exception("the record of call %s is out of reach", call_id)
        _log.error("call %s has no record; the caller is put through", call_id)
        return self._without_record(call_id)

    def ended(self) -> str:
        """The whole call is over: the number's own status callback, or a caller who is gone when the stream ends.

        A call that is still open then was served by a process that died: nobody else will write its ending.
        """
        call_id = request.form["CallSid"]
        self._parts.writer.surely(lambda: self._parts.records.close(call_id, "hung_up"))
        self.transfers.finish(call_id)
        return twiml.nothing()

    def stream_events(self) -> Response:
        """Twilio's own view of the stream, for the record."""
        error = request.form.get("StreamError", "")
        kept = {"event": request.form.get("StreamEvent", "")[:32], "error": error[:200]}
        call_id = request.form["CallSid"]
        with patience(WEBHOOK_S):
            self._parts.writer.surely(lambda: self._parts.records.note(call_id, "stream", kept))
        return Response(status=204)

    def _notice_unknown(self, call_id: str, dialled: str) -> None:
        """A number that is no line is answered like the first one: told once a day, so that somebody adds it."""
        seen = (self._parts.now().date(), dialled)
        if dialled in self._parts.config.lines or seen in self._unknown or len(self._unknown) >= MOST_UNKNOWN:
            return
        self._unknown.add(seen)
        _log.warning("call %s dialled %r, which is no line of config/ivr.yaml", call_id, dialled)
        self._parts.writer.note(NewEvent(call_id, 0, "unknown_line", {"why": dialled}))

    def _without_record(self, call_id: str) -> str:
        """Put through a call whose record cannot be had now; it is written as soon as the database is back."""
        caller, dialled = self._parts.calling_number(request.form), self._parts.dialled(request.form)
        language, records = self._parts.config.language_of(dialled), self._parts.records
        team, target = self._parts.destination("failure", None, language)
        token = self._signatures.stream_token(call_id)

        def write() -> None:
            records.open(call_id, caller, dialled, language, token)
            records.close(call_id, "transferred", "failure", team=team, target=target)

        self._parts.writer.later(write)
        return self.transfers.begin("failure", None)

    def _transfer_unserved(self, call_id: str, reason: Reason) -> str:
        """Put through a call whose part with the machine has no good ending, with what the record knows of it."""
        records = self._parts.records
        stored = records.call(call_id)
        if stored:
            team, target = self._parts.destination(reason, None, stored.language)
            if stored.outcome is None:
                card = self._card(stored, reason)
                records.close(call_id, "transferred", reason, card=card, team=team, target=target)
            elif stored.outcome != "transferred":
                records.change(call_id, outcome="transferred", reason=reason, team=team, target=target)
            stored = records.call(call_id)
        return self.transfers.begin((stored and stored.reason) or reason, stored)

    def _card(self, stored: StoredCall, reason: str) -> dict[str, object]:
        """The story of a call that could not tell it itself, from its events."""
        said = [event.data for event in self._parts.records.events(stored.call_id) if event.kind == "heard"]
        return {"caller": stored.caller, "language": stored.language, "reason": reason, "said": said}
