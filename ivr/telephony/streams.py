"""The WebSocket route: who may open a stream, and how many at a time."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask import Flask, Response, abort, request

from ivr.operations.strangers import Strangers
from ivr.records.patience import WEBHOOK_S, patience
from ivr.records.records import StoredCall
from ivr.telephony import media
from ivr.telephony.admission import Admission
from ivr.telephony.parts import Parts
from ivr.telephony.session import DEAD_LINE_S, Session
from ivr.telephony.signature import Signatures
from ivr.telephony.socket import LineLost, MediaSocket, NoHandshake, accept

_log = logging.getLogger(__name__)


class _Carried(Response):
    """What follows a stream: nothing, the connection has served."""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        raise StopIteration  # gunicorn's sign for it


class Streams:
    """Serves media streams and counts them."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.admission = Admission(lambda: parts.config.max_calls, parts.config.max_calls)

    def has_room(self) -> bool:
        """True when this process may take one more call: fewer than it may have, and it keeps up with them."""
        return self.admission.has_room() and not self._parts.lag.behind()

    def keep_place(self, call_id: str) -> bool:
        """The same for one call, whose place is kept until its stream opens."""
        return not self._parts.lag.behind() and self.admission.keep(call_id)

    def impaired(self) -> Mapping[str, str]:
        """For monitoring: that there is no room, and what it means."""
        return {} if self.has_room() else {"room": "full: new calls go straight to advisors"}

    def running(self) -> int:
        """How many streams go on in this process."""
        return self.admission.running

    def register(self, app: Flask, signatures: Signatures, strangers: Strangers) -> None:
        """Add the route ``/media`` to the application."""

        @app.before_request
        def only_twilio() -> None:
            if request.path.rstrip("/") == "/media" and not signatures.handshake(request):
                what = "a stream: not signed by Twilio (check IVR_PUBLIC_URL)"
                abort(429 if strangers.refused(request.remote_addr, what) else 403)

        @app.route("/media", websocket=True)
        @app.route("/media/", websocket=True)
        def stream() -> Response:
            try:
                socket = accept(request.environ, media.MAX_MESSAGE_BYTES)
            except NoHandshake as error:
                abort(400, str(error))
            self.serve(socket)
            return _Carried()

    def serve(self, socket: MediaSocket) -> None:
        """One stream, from its first message to its close.  Never raises."""
        self.admission.begin()
        self._parts.metrics.streams.inc()
        try:
            session = self._begin(socket)
        except (LineLost, media.BadMessage) as error:
            _log.warning("a stream did not begin: %s", error)
            session = None
        except Exception:  # noqa: BLE001  closing the socket leads to /voice/next, and so to a person
            _log.exception("a stream could not begin; /voice/next puts the caller through")
            session = None
        try:
            if session is None:
                socket.close()
            else:
                session.run()
        finally:
            self.admission.end()
            self._parts.metrics.streams.dec()

    def _begin(self, socket: MediaSocket) -> Session | None:
        """Wait for ``start`` and check its token.  A stream that is not the call's own gets nothing."""
        texts: list[bytes] = []
        for _ in range(3):  # `connected`, `start`, and one more in case Twilio adds something
            if not texts and not (texts := socket.receive(DEAD_LINE_S)):
                raise LineLost("no start message")
            message = media.decode(texts.pop(0))
            if isinstance(message, media.Start):
                break
        else:
            raise media.BadMessage("no start message")
        with patience(WEBHOOK_S):
            stored = self._claim(message)
        return Session(socket, message, stored, self._parts.as_now(), texts) if stored else None

    def _claim(self, message: media.Start) -> StoredCall | None:
        """The call whose stream this is, if its token says so."""
        records = self._parts.records
        if not records.claim(message.call_id, message.stream_id, message.parameters.get("token", "")):
            _log.warning("refused a stream for call %s: unknown call, wrong or used token", message.call_id[:64])
            return None
        stored = records.call(message.call_id)
        if stored and not self.admission.enter(message.call_id):
            _log.warning("call %s is one too many here; it goes to a person", message.call_id)
            team, target = self._parts.destination("overload", None, stored.language)
            records.close(message.call_id, "transferred", "overload", team=team, target=target)
            return None
        return stored
