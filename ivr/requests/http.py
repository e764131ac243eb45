"""Actions as HTTP requests to a company's own service, which answers in JSON.

Callers' words are encoded parts of the address or values of the JSON, never pasted; redirects are not followed.
"""

import json
import re
import time
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, NewConnectionError, ReadTimeoutError

from ivr.config.actions import PLACEHOLDER, VARIABLE, HttpEntry
from ivr.requests.backend import BackendFailed, OutcomeUnknown, Result

MAX_BYTES = 256 * 1024  # of an answer; what is said of it are some words
MAX_LENGTH = 300  # of a value; nobody listens longer
CONNECTIONS = 16  # as many as threads ask at the same time
TRIES = 2  # of what may be asked twice

Json = Any


class HttpBackend:
    """The actions of one host."""

    def __init__(self, host: str, entries: Mapping[str, HttpEntry], variables: Mapping[str, str]) -> None:
        """``variables`` fill ``${NAME}`` in headers.  Raises KeyError for one that is missing."""
        self.name = f"the service {host}"
        self._entries = entries
        self._headers = {
            action: {
                "Accept": "application/json",
                **{
                    name: VARIABLE.sub(lambda at: variables[at[1]].strip(), value)
                    for name, value in entry.headers.items()
                },
            }
            for action, entry in entries.items()
        }
        self._session = requests.Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # one caller's are not another's
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=CONNECTIONS))

    def ask(self, action: str, values: Mapping[str, str], key: str | None = None) -> Result:
        """Send the request and read its answer.

        What may be asked twice (GET, ``idempotent``) is, once.  A change whose answer does not come or cannot be
        understood is an unknown outcome; one that was never sent, or refused (400 to 499), has failed.
        """
        entry = self._entries[action]
        deadline = time.monotonic() + entry.timeout_s
        try:
            answer = self._send(action, values, key, deadline)
            return _result(entry, *answer)
        except _Refused as error:
            raise BackendFailed(f"{action}: {self.name} {error}") from error
        except _Unusable as error:
            kind = BackendFailed if key is None else OutcomeUnknown
            raise kind(f"{action}: {self.name} {error}") from error

    def _send(self, action: str, values: Mapping[str, str], key: str | None, deadline: float) -> tuple[int, str, bytes]:
        entry = self._entries[action]
        url = PLACEHOLDER.sub(lambda at: _part(at[1], values), entry.url)
        body = _filled(entry.body, values) if entry.body else None
        headers = {"Accept": "application/json", **self._headers[action], **({"Idempotency-Key": key} if key else {})}
        for tries_left in reversed(range(TRIES if entry.method == "GET" or entry.idempotent else 1)):
            try:
                with self._session.request(
                    entry.method,
                    url,
                    json=body,
                    headers=headers,
                    timeout=max(0.1, deadline - time.monotonic()),
                    allow_redirects=False,
                    stream=True,
                    auth=_as_it_is,
                ) as response:
                    content = _read(response, deadline)
                    if response.status_code < 500 or response.status_code in entry.statuses or not tries_left:
                        return response.status_code, response.headers.get("Content-Type", ""), content
            except (requests.RequestException, HTTPError) as error:
                if not tries_left or time.monotonic() >= deadline:
                    raise _reason(error, entry.timeout_s) from error
        raise AssertionError("the last try returns or raises")


class _Unusable(Exception):
    """Why an answer cannot be used."""


class _Refused(_Unusable):
    """Nothing was done: not sent, or refused."""


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """No authorisation but that of the file: ~/.netrc would replace it."""
    return request


def _part(name: str, values: Mapping[str, str]) -> str:
    """A value as a part of an address.  Dots alone would climb to another address, and so would nothing."""
    value = _value(name, values)
    if not value.strip("."):
        raise _Refused(f"was not asked: {name} is {value!r}")
    return quote(value, safe="")


def _value(name: str, values: Mapping[str, str]) -> str:
    if name not in values:
        raise _Refused(f"was not asked: {name} is not known")
    return values[name]


def _filled(body: Json, values: Mapping[str, str]) -> Json:
    match body:
        case str():
            return PLACEHOLDER.sub(lambda at: _value(at[1], values), body)
        case dict():
            return {name: _filled(each, values) for name, each in body.items()}
        case list():
            return [_filled(each, values) for each in body]
        case _:
            return body


def _read(response: requests.Response, deadline: float) -> bytes:
    content = b""
    # read1 returns what has come; anything else would wait for a whole chunk, however slowly it drips
    while chunk := response.raw.read1(16 * 1024, decode_content=True):
        content += chunk
        if len(content) > MAX_BYTES:
            raise _Unusable(f"answered more than {MAX_BYTES // 1024} kB")
        if time.monotonic() > deadline:
            raise requests.ReadTimeout
    return content


def _reason(error: requests.RequestException | HTTPError, timeout_s: float) -> _Unusable:
    """Why there is no answer.  Never the error's own text, which may hold the address with a caller's words."""
    cause = getattr(error.args[0] if error.args else None, "reason", None)
    match error:
        case requests.exceptions.SSLError():
            found = re.search(r"certificate verify failed[^(\"']*", str(error))
            return _Refused(f"has no valid certificate: {found[0].strip()}") if found else _Unusable("broke off (TLS)")
        case requests.ConnectTimeout():
            return _Refused(f"could not be reached within {timeout_s:g} s")
        case requests.ConnectionError() if isinstance(cause, NewConnectionError):
            return _Refused("cannot be reached: is it running, and is the address right?")
        case requests.Timeout() | ReadTimeoutError():
            return _Unusable(f"did not answer within {timeout_s:g} s")
        case _:
            return _Unusable(f"broke off ({type(error).__name__})")


def _result(entry: HttpEntry, status: int, content_type: str, content: bytes) -> Result:
    outcome = entry.statuses.get(status)
    if outcome is None and status >= 300:
        what = {3: "redirects, which is not followed: write the final address", 4: "refused"}.get(
            status // 100, "failed"
        )
        raise (_Refused if status // 100 == 4 else _Unusable)(f"{what} (status {status})")
    if status >= 300 or not (entry.outcome or entry.values):
        return Result(outcome or "found", {})
    data = _json(content_type, content)
    values = {name: _at(data, place) for name, place in entry.values.items()}
    return Result(outcome or _outcome(entry, data), values)


def _json(content_type: str, content: bytes) -> Json:
    if "html" in content_type:
        raise _Unusable("answered a web page instead of JSON: is the address right?")
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise _Unusable("answered something that is not JSON") from None


def _outcome(entry: HttpEntry, data: Json) -> str:
    if entry.outcome is None:
        return "found"
    found = _at(data, entry.outcome)
    if found is None or isinstance(found, list):
        raise _Unusable(f"answered without `{entry.outcome}`")
    written = str(found).lower() if isinstance(found, bool) else str(found)
    if entry.outcomes and written not in entry.outcomes:
        raise _Unusable(f"answered {entry.outcome} {written!r}, which is not under outcomes")
    return entry.outcomes.get(written, written)


def _at(data: Json, place: str) -> Json:
    """What is at a place: text, a number, true or false, None where there is nothing, a list of these for ``*``."""
    name, _, rest = place.partition(".")
    if name == "*" and isinstance(data, list):
        return [_at(each, rest) if rest else _plain(each, place) for each in data]
    if isinstance(data, dict) and name != "*":
        found = data.get(name)
    elif isinstance(data, list) and name.isdecimal():
        found = data[int(name)] if int(name) < len(data) else None
    elif data is None and "*" not in place:
        return None
    else:
        raise _Unusable(f"answered JSON of another shape: there is no `{name}` in it")
    return _at(found, rest) if rest else _plain(found, place)


def _plain(value: Json, place: str) -> Json:
    if isinstance(value, dict | list) or (isinstance(value, str) and len(value) > MAX_LENGTH):
        raise _Unusable(f"answered JSON of another shape: `{place}` is nothing that can be said")
    return value
