"""Twilio's webhooks.  Each may come twice, late, or to another process than the one that served the stream."""

import logging
from collections.abc import Callable

from flask import Blueprint, Response, abort, request
from werkzeug.exceptions import HTTPException

from ivr.call.actions import Reason
from ivr.records import StoredCall
from ivr.records.records import NewEvent
from ivr.telephony import twiml
from ivr.telephony.parts import Parts
from ivr.telephony.signature import Signatures

_WITHHELD = {
    "anonymous",
    "unknown",
    "unavailable",
    "restricted",
    "private",
    "+266696687",
}  # the last: "ANONYMOUS" keyed
_log = logging.getLogger(__name__)


def webhooks(
    base: str, media_url: str, signatures: Signatures, parts: Parts, has_room: Callable[[], bool]
) -> Blueprint:
    """The routes Twilio calls.  ``has_room`` says whether this process can serve one more stream."""
    routes = Blueprint("webhooks", __name__)
    handlers = _Handlers(base, media_url, signatures, parts, has_room)

    @routes.before_request
    def only_twilio() -> None:
        if not signatures.webhook(request):
            _log.warning(
                "refused %s: not signed by Twilio (check IVR_PUBLIC_URL and IVR_TWILIO_AUTH_TOKEN)", request.path
            )
            abort(403)

    @routes.errorhandler(Exception)
    def a_person_at_last(error: Exception) -> Response | HTTPException:
        if isinstance(error, HTTPException):
            return error
        _log.error("%s failed; the caller is put through", request.path, exc_info=error)
        return _xml(twiml.last_resort(parts.config.advisors.choose()))

    for path, handler in (
        ("/voice", handlers.voice),
        ("/voice/next", handlers.next),
        ("/voice/dialled", handlers.dialled),
        ("/voice/wait", handlers.wait),
        ("/voice/left", handlers.left),
        ("/voice/recorded", handlers.recorded),
    ):
        routes.post(path, endpoint=handler.__name__)(_answering(handler))
    routes.post("/stream-events", endpoint="stream_events")(handlers.stream_events)
    return routes


def _answering(handler: Callable[[], str]) -> Callable[[], Response]:
    return lambda: _xml(handler())


def _xml(text: str) -> Response:
    return Response(text, mimetype="text/xml")


class _Handlers:
    """One method for each webhook; each gives TwiML."""

    def __init__(
        self, base: str, media_url: str, signatures: Signatures, parts: Parts, has_room: Callable[[], bool]
    ) -> None:
        self._base = base
        self._media_url = media_url
        self._signatures = signatures
        self._parts = parts
        self._has_room = has_room

    def voice(self) -> str:
        """A call comes in."""
        call_id, dialled = request.form["CallSid"], request.form.get("To", "")
        caller = request.form.get("From", "")
        caller = "" if caller.lower() in _WITHHELD else caller[:64]
        language = self._parts.config.language_of(dialled)
        token = self._signatures.stream_token(call_id)
        self._parts.records.open(call_id, caller, dialled[:64], language, token)
        if language not in self._parts.models:
            return self._transfer_unserved(call_id, "failure")
        if not self._has_room():
            return self._transfer_unserved(call_id, "overload")
        return twiml.stream(self._base, self._media_url, token)

    def next(self) -> str:
        """The stream is over.  What follows is in the record; without a clear ending there, a person."""
        call_id = request.form["CallSid"]
        stored = self._parts.records.call(call_id)
        if request.form.get("CallStatus") in ("completed", "canceled", "failed", "busy", "no-answer"):
            self._parts.records.close(call_id, "hung_up")
            return twiml.nothing()
        if stored is None:
            _log.error("call %s has no record; the caller is put through", call_id)
            return self._transfer("failure", self._parts.config.language_of(request.form.get("To", "")))
        if stored.farewell:
            return twiml.hang_up()
        if stored.outcome is None or stored.reason is None:
            return self._transfer_unserved(call_id, "failure")
        return self._transfer(stored.reason, stored.language)

    def dialled(self) -> str:
        """The advisor's telephone rang.  Only a conversation that took place ends the call."""
        status, bridged = request.form.get("DialCallStatus", ""), request.form.get("DialBridged", "")
        self._note("dialled", {"status": status[:32], "bridged": bridged[:8]})
        talked = bridged == "true" or (status in ("completed", "answered") and bridged != "false")
        if talked:
            return twiml.hang_up()
        if request.form.get("CallStatus") == "completed":
            return twiml.nothing()
        return twiml.queue(self._base, self._parts.config.advisors.choose(), self._tongue())

    def wait(self) -> str:
        """Waiting in the queue."""
        return twiml.wait(self._tongue())

    def left(self) -> str:
        """The caller left the queue: to an advisor, by hanging up, or because it could not take them."""
        result = request.form.get("QueueResult", "")
        self._note("queue_left", {"result": result[:32]})
        if result in ("bridged", "bridging-in-process", "redirected", "redirected-from-bridged"):
            return twiml.hang_up()
        if result == "hangup":
            return twiml.nothing()
        return twiml.voicemail(
            self._base, self._parts.config.advisors.choose(), self._tongue(), again="again" in request.args
        )

    def recorded(self) -> str:
        """A message was left."""
        recording = request.form.get("RecordingUrl", "")
        self._parts.records.change(request.form["CallSid"], outcome="voicemail", target=recording[:128])
        self._note(
            "voicemail", {"recording": recording[:128], "seconds": request.form.get("RecordingDuration", "")[:8]}
        )
        return twiml.thanks(self._tongue())

    def stream_events(self) -> Response:
        """Twilio's own view of the stream, for the record."""
        error = request.form.get("StreamError", "")
        self._note("stream", {"event": request.form.get("StreamEvent", "")[:32], "error": error[:200]})
        return Response(status=204)

    def _transfer_unserved(self, call_id: str, reason: Reason) -> str:
        """Put through a call whose part with the machine has no good ending, with what the record knows of it."""
        team = self._parts.config.advisors.choose()
        stored = self._parts.records.call(call_id)
        ending = {"team": team.name, "target": team.number}
        if stored and stored.outcome is None:
            self._parts.records.close(call_id, "transferred", reason, card=self._card(stored, reason), **ending)
        elif stored and stored.outcome != "transferred":
            self._parts.records.change(call_id, outcome="transferred", reason=reason, **ending)
        stored = self._parts.records.call(call_id)
        language = stored.language if stored else self._parts.config.language_of(request.form.get("To", ""))
        return self._transfer((stored and stored.reason) or reason, language)

    def _card(self, stored: StoredCall, reason: str) -> dict[str, object]:
        """The story of a call that could not tell it itself, from its events."""
        said = [event.data for event in self._parts.records.events(stored.call_id) if event.kind == "heard"]
        return {"caller": stored.caller, "language": stored.language, "reason": reason, "said": said}

    def _transfer(self, reason: str, language: str) -> str:
        team = self._parts.config.advisors.choose()
        return twiml.transfer(self._base, team, reason, language, self._tongue(language))

    def _tongue(self, language: str | None = None) -> twiml.Tongue:
        config = self._parts.config
        if language is None:
            stored = self._parts.records.call(request.form["CallSid"])
            language = stored.language if stored else config.language_of(request.form.get("To", ""))
        return twiml.Tongue(config.languages[language].twilio, config.texts[language].text)

    def _note(self, kind: str, data: dict[str, object]) -> None:
        call_id = request.form["CallSid"]
        if self._parts.records.call(call_id):
            self._parts.records.append([NewEvent(call_id, 0, kind, data)])
