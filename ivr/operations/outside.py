"""What `ivr doctor` asks of others: the public address as Twilio sees it, and Twilio's REST API."""

import base64
import http.client
import os
import secrets
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests

from ivr.config import Config, Settings
from ivr.operations.finding import Finding
from ivr.operations.numbers import TWILIO_API, Numbers, NumberUnusable, changes

CLOCK_OFF_S = 5.0  # signatures of links and sessions bear more; reports and opening hours should not
CERTIFICATE_DAYS = 14
_TIMEOUT_S = 5.0


def certificate(settings: Settings) -> Finding:
    """Whether Twilio would trust the public address, and for how long."""
    parts = urlsplit(settings.public_url)
    if parts.scheme != "https":
        return Finding("certificate", "unwise", "none: this address is for trials on this machine", "use https://")
    host, port = parts.hostname or "", parts.port or 443
    try:
        with (
            socket.create_connection((host, port), _TIMEOUT_S) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=host) as secure,
        ):
            ends = str((secure.getpeercert() or {}).get("notAfter", ""))
    except (OSError, ssl.SSLError) as error:
        remedy = "Twilio refuses what a browser refuses: mend the proxy's certificate, its chain included"
        return Finding("certificate", "wrong", f"{host}:{port}: {error}", remedy)
    days = (ssl.cert_time_to_seconds(ends) - time.time()) / 86_400
    if days < CERTIFICATE_DAYS:
        return Finding("certificate", "unwise", f"valid for {days:.0f} more days", "renew it")
    return Finding("certificate", "well", f"valid for {days:.0f} more days")


def server(settings: Settings) -> Iterator[Finding]:
    """Whether the public address leads here: for plain requests, and for streams."""
    url = f"{settings.public_url}/health"
    try:
        with requests.Session() as session:
            session.trust_env = False  # Twilio does not come through this machine's proxy
            session.verify = os.environ.get("SSL_CERT_FILE") or True  # as in `certificate`
            answer = session.get(url, timeout=_TIMEOUT_S, allow_redirects=False)
    except requests.RequestException as error:
        remedy = "start the server (ivr serve), and the proxy before it"
        yield Finding("server", "unwise", f"{url}: {type(error).__name__}", remedy)
        return
    if answer.status_code != 200 or answer.text != "ok":
        what = f"{url} answers {answer.status_code}"
        yield Finding("server", "wrong", what, "the proxy must pass every path on unchanged")
        return
    yield Finding("server", "well", "answers at its public address")
    yield _stream(settings)


def _stream(settings: Settings) -> Finding:
    """Opens a stream as Twilio does, signed, and hangs up."""
    try:
        status = _handshake(settings)
    except (OSError, http.client.HTTPException) as error:
        status = type(error).__name__
    if status == 101:
        return Finding("streams", "well", "can be opened at the public address, and our signature is accepted")
    if status == 403:
        remedy = "give the server and this command the same IVR_PUBLIC_URL and IVR_TWILIO_AUTH_TOKEN"
        return Finding("streams", "wrong", "the server does not accept our signature, nor then Twilio's", remedy)
    remedy = (
        "the proxy must pass WebSockets: HTTP/1.1, with the headers Upgrade and Connection, unbuffered "
        "(docs/deploy/nginx.conf, docs/deploy/haproxy.cfg)"
    )
    return Finding("streams", "wrong", f"{settings.media_url} cannot be opened: {status}", remedy)


def _handshake(settings: Settings) -> int | str:
    from twilio.request_validator import RequestValidator

    parts = urlsplit(settings.media_url)
    kind = http.client.HTTPSConnection if parts.scheme == "wss" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT_S)
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(secrets.token_bytes(16)).decode(),
        "X-Twilio-Signature": RequestValidator(settings.auth_token).compute_signature(settings.media_url, {}),
    }
    try:
        connection.request("GET", parts.path, headers=headers)
        status = connection.getresponse().status
        return status if status != 101 or _passes_frames(connection.sock) else "opened, but nothing comes through it"
    finally:
        connection.close()


def _passes_frames(stream: socket.socket) -> bool:
    """Says goodbye, and waits for the server to say so, too."""
    close = b"\x88"
    try:
        stream.sendall(close + b"\x80" + bytes(4))
        return stream.recv(1) == close
    except OSError:
        return False


def account(config: Config, settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    """The clock, the credentials, and what the lines' numbers do when they ring."""
    base = environ.get("IVR_TWILIO_API", TWILIO_API)
    sid, token = environ.get("IVR_TWILIO_ACCOUNT_SID"), settings.auth_token
    try:
        answer = requests.get(
            f"{base}/2010-04-01/Accounts/{sid}.json" if sid else base,
            auth=(sid, token) if sid else None,
            timeout=_TIMEOUT_S,
        )
    except requests.RequestException as error:
        what = f"cannot be reached from here: {type(error).__name__}"
        yield Finding("Twilio", "unwise", what, "allow api.twilio.com:443")
        yield Finding("clock", "unwise", "was not compared with Twilio's", "see that an NTP client runs, like chrony")
        return
    yield _clock(answer)
    if not sid:
        remedy = "set IVR_TWILIO_ACCOUNT_SID to try them; calls do not need it, text messages and `ivr twilio` do"
        yield Finding("Twilio", "unwise", "the credentials were not tried", remedy)
        return
    if answer.status_code != 200:
        remedy = "check IVR_TWILIO_ACCOUNT_SID and IVR_TWILIO_AUTH_TOKEN (the primary token)"
        yield Finding("Twilio", "wrong", f"does not take the credentials ({answer.status_code})", remedy)
        return
    yield Finding("Twilio", "well", "takes the credentials")
    numbers = Numbers(sid, token, base)
    for number in config.lines:
        yield _line(numbers, number, settings)


def _clock(answer: requests.Response) -> Finding:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (TypeError, ValueError):
        return Finding("clock", "unwise", "Twilio's answer has no time to compare with", "see that an NTP client runs")
    theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
    off_s = abs((datetime.now(UTC) - theirs).total_seconds())
    if off_s > CLOCK_OFF_S:
        return Finding("clock", "wrong", f"differs from Twilio's by {off_s:.0f} s", "run an NTP client, like chrony")
    return Finding("clock", "well", f"agrees with Twilio's within {CLOCK_OFF_S:.0f} s")


def _line(numbers: Numbers, number: str, settings: Settings) -> Finding:
    subject, remedy = f"line {number}", f"ivr twilio connect {number}"
    try:
        _, now = numbers.settings(number)
    except NumberUnusable as error:
        return Finding(subject, "unwise", str(error), "mend its number in config/ivr.yaml, or leave the line out")
    if changes(now, settings.public_url, ""):
        return Finding(subject, "unwise", f"does not ring here: {now['voice_url'] or '(nothing)'}", remedy)
    if not now["voice_fallback_url"]:
        what = "rings here, but has no fallback: while this service is away, callers hear an error"
        return Finding(subject, "unwise", what, f"ivr twilio fallback, then {remedy} --fallback URL")
    return Finding(subject, "well", "rings here, and has a fallback")
