"""What is wrong with this machine's set-up, and how to mend it."""

import os
import shutil
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import urlsplit

import requests
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from ivr.config import Config, ConfigError, Settings, load
from ivr.operations.numbers import TWILIO_API
from ivr.records.records import Records, RecordsUnavailable
from ivr.speech import models
from ivr.speech.voice import EspeakVoice, VoiceFailed

CLOCK_OFF_S = 5.0  # signatures of links and sessions bear more; reports and opening hours should not
CERTIFICATE_DAYS = 14
FREE_BYTES = 1_000_000_000
FILES_A_CALL = 6  # its socket, its webhook, the database, room to spare
_TIMEOUT_S = 5.0

Verdict = Literal["well", "unwise", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """``remedy`` is empty when all is well."""

    subject: str
    verdict: Verdict
    what: str
    remedy: str = ""


def examine(environ: dict[str, str]) -> Iterator[Finding]:
    """Everything, one finding after the other.  Never raises for what is wrong with the machine."""
    try:
        settings = Settings.from_environment(environ)
    except ConfigError as error:
        for mistake in error.mistakes:
            yield Finding("settings", "wrong", mistake.what, mistake.remedy)
        return
    yield Finding("settings", "well", f"calls come to {settings.public_url}")
    try:
        config = load(settings.home)
    except ConfigError as error:
        yield Finding("files", "wrong", f"{len(error.mistakes)} mistakes in {settings.home}", "see: ivr check")
        return
    yield Finding("files", "well", f"no mistakes in {settings.home}")
    yield from _recognisers(config, settings)
    checks: tuple[Callable[[], Finding], ...] = (
        lambda: _voice(config),
        lambda: _database(settings),
        lambda: _disk(settings),
        lambda: _open_files(config),
        lambda: _certificate(settings),
        lambda: _reachable(settings),
        lambda: _credentials(environ),
    )
    for check in checks:
        yield check()


def _recognisers(config: Config, settings: Settings) -> Iterator[Finding]:
    for language, chosen in config.languages.items():
        subject = f"recogniser {language}"
        found = models.chosen(language, chosen.recogniser, settings.models)
        if found:
            yield Finding(subject, "well", f"{found[0]} in {found[1]}")
        elif chosen.without_recogniser == "people":
            yield Finding(subject, "unwise", "none: callers go straight to an advisor", models.remedy(language))
        else:
            yield Finding(subject, "wrong", "none, and the server does not start without", models.remedy(language))


def _voice(config: Config) -> Finding:
    voice = EspeakVoice()
    try:
        for chosen in config.languages.values():
            voice.speak("1 2 3", chosen.voice, chosen.rate_wpm)
    except VoiceFailed as error:
        return Finding(
            "voice", "wrong", str(error), "install the package again: pip install --force-reinstall call-us-ivr"
        )
    finally:
        voice.close()
    return Finding("voice", "well", "speaks " + ", ".join(config.languages))


def _database(settings: Settings) -> Finding:
    try:
        records = Records(settings.database_url)
        records.prepare()
        began = time.monotonic()
        with records.engine.begin() as connection:
            connection.execute(text("UPDATE calls SET outcome = outcome WHERE call_id = ''"))
    except (RecordsUnavailable, SQLAlchemyError) as error:
        return Finding("database", "wrong", str(error).splitlines()[0], "check IVR_DATABASE_URL and its permissions")
    took_ms = (time.monotonic() - began) * 1000
    return Finding("database", "well", f"{records.engine.dialect.name} takes a write in {took_ms:.0f} ms")


def _disk(settings: Settings) -> Finding:
    place = settings.cache
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if not os.access(place, os.W_OK):
        return Finding("disk", "wrong", f"{place} cannot be written", "give it to the server's user, or set IVR_CACHE")
    if free < FREE_BYTES:
        return Finding("disk", "unwise", f"{free / 1e9:.1f} GB free at {place}", "make room: records and prompts grow")
    return Finding("disk", "well", f"{free / 1e9:.0f} GB free")


def _open_files(config: Config) -> Finding:
    import resource

    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    needed = config.max_calls * FILES_A_CALL
    if limit < needed:
        remedy = f"set LimitNOFILE={needed * 2} in the unit file, or run: ulimit -n {needed * 2}"
        return Finding("open files", "wrong", f"{limit} allowed, {config.max_calls} calls need {needed}", remedy)
    return Finding("open files", "well", f"{limit} allowed")


def _certificate(settings: Settings) -> Finding:
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


def _reachable(settings: Settings) -> Finding:
    try:
        answer = requests.get(f"{settings.public_url}/health", timeout=_TIMEOUT_S, allow_redirects=False)
    except requests.RequestException as error:
        remedy = "start the server (ivr serve), and the proxy before it"
        return Finding("server", "unwise", f"{settings.public_url}/health: {type(error).__name__}", remedy)
    if answer.status_code != 200 or answer.text != "ok":
        what = f"{settings.public_url}/health answers {answer.status_code}"
        return Finding("server", "wrong", what, "the proxy must pass every path on unchanged")
    return Finding("server", "well", "answers at its public address")


def _credentials(environ: dict[str, str]) -> Finding:
    account, token = environ.get("IVR_TWILIO_ACCOUNT_SID"), environ.get("IVR_TWILIO_AUTH_TOKEN", "")
    if not account:
        remedy = "set IVR_TWILIO_ACCOUNT_SID to try them; calls do not need it, text messages and `ivr twilio` do"
        return Finding("Twilio", "unwise", "the credentials were not tried", remedy)
    base = environ.get("IVR_TWILIO_API", TWILIO_API)
    try:
        url = f"{base}/2010-04-01/Accounts/{account}.json"
        answer = requests.get(url, auth=(account, token), timeout=_TIMEOUT_S)
    except requests.RequestException as error:
        return Finding(
            "Twilio", "unwise", f"cannot be reached from here: {type(error).__name__}", "allow api.twilio.com:443"
        )
    if answer.status_code != 200:
        remedy = "check IVR_TWILIO_ACCOUNT_SID and IVR_TWILIO_AUTH_TOKEN (the primary token)"
        return Finding("Twilio", "wrong", f"does not take the credentials ({answer.status_code})", remedy)
    off_s = _clock_off(answer)
    if off_s > CLOCK_OFF_S:
        return Finding("clock", "wrong", f"differs from Twilio's by {off_s:.0f} s", "run an NTP client, like chrony")
    return Finding("Twilio", "well", f"takes the credentials; this machine's clock is right within {CLOCK_OFF_S:.0f} s")


def _clock_off(answer: requests.Response) -> float:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (TypeError, ValueError):
        return 0.0
    theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
    return abs((datetime.now(UTC) - theirs).total_seconds())
