"""``/health``: the process answers.  ``/ready``: for balancers.  ``/status`` and ``/metrics``: for monitoring."""

import hmac
import ipaddress
from collections.abc import Callable, Mapping

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from ivr.operations.metrics import Metrics
from ivr.operations.strangers import Strangers
from ivr.records.patience import patience
from ivr.records.records import Records

ANSWER_S = 1.0  # of the database: whoever asks whether we are well has little patience, too
_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


def health(
    records: Records,
    metrics: Metrics,
    may_read_metrics: Callable[[], bool],
    impaired: Callable[[], Mapping[str, str]],
    leaving: Callable[[], bool],
    strangers: Strangers,
) -> Blueprint:
    """``may_read_metrics``: whether the present request may, see ``metrics_access``.

    ``leaving``: whether the server was asked to stop.  ``impaired``: what else is wrong, see ``Condition``.
    """
    routes = Blueprint("health", __name__)

    @routes.get("/health")
    def alive() -> Response:
        return Response("ok", mimetype="text/plain")

    @routes.get("/ready")
    def ready() -> Response:
        """A balancer takes away all requests of a server that says no: only for what another one would do better.

        A full server, or one without its database, still puts every caller through.
        """
        if leaving():
            return Response("stopping: calls in progress go on", 503, mimetype="text/plain")
        return Response("ok", mimetype="text/plain")

    @routes.get("/status")
    def status() -> tuple[Response, int]:
        """All that keeps callers from the machine, and what it means for them."""
        silent = _database(records)
        found = {**({"database": silent} if silent else {}), **impaired()}
        return jsonify(stopping=leaving(), impaired=found), 503 if found or leaving() else 200

    @routes.get("/metrics")
    def numbers() -> Response:
        if strangers.too_many(request.remote_addr):
            return Response("too many wrong tokens: wait a minute", 429, mimetype="text/plain")
        if not may_read_metrics():
            strangers.refused(request.remote_addr, "/metrics: no or a wrong token")
            return Response("set IVR_METRICS_TOKEN and send it as a bearer token", 401, mimetype="text/plain")
        impaired()
        return Response(metrics.text(), mimetype="text/plain; version=0.0.4")

    return routes


def _database(records: Records) -> str:
    try:
        with patience(ANSWER_S), records.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return "does not answer: callers are put through without their records"
    return ""


def metrics_access(token: str | None, trial: bool) -> Callable[[], bool]:
    """Whoever sends ``token`` as a bearer token may read the metrics.

    Without a token, requests of this machine may, in a trial: where the server's public address is its own.  Elsewhere
    a proxy on the same machine may add no header, and all that comes through it looks like this machine's own.
    """

    def may_read() -> bool:
        if token:
            given = request.headers.get("Authorization", "").removeprefix("Bearer ")
            return hmac.compare_digest(given.encode(), token.encode())
        if not trial or any(name in request.headers for name in _FORWARDED):
            return False
        try:
            return ipaddress.ip_address(request.remote_addr or "").is_loopback
        except ValueError:
            return False

    return may_read
