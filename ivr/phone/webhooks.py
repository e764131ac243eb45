"""Requests as an exchange makes them: form-encoded, signed, redirects followed, cookies kept for the call."""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from urllib.parse import parse_qs, urldefrag, urlencode, urljoin, urlsplit, urlunsplit

import requests
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped, unused-ignore]

from ivr.phone.twiml import Document, parse

CONNECT_TIMEOUT_S = 5
TIMEOUT_S = 15  # Twilio's hard limit for every request of a call
MAX_REDIRECTS = 10  # Twilio's
NAME = "call-us-ivr telephone"


class FetchFailed(Exception):
    """The server did not answer with something to go on with (Twilio's error 11200 and its kin)."""


class Webhooks:
    """All requests of one call.  ``token`` is the auth token that signs them.

    ``twice``: whether the next one is sent twice, as a retry that was not needed would be.
    """

    def __init__(self, token: str, twice: Callable[[], bool] = bool) -> None:
        self._twice = twice
        self._validator = RequestValidator(token)
        self._session = requests.Session()
        self._session.trust_env = False  # Twilio reaches the server directly; a proxy of this machine would not
        self._session.verify = os.environ.get("SSL_CERT_FILE") or True  # as Python's own TLS, which carries the stream
        self._session.headers.update({"User-Agent": NAME, "Connection": "close"})
        self._notices: set[asyncio.Task[None]] = set()
        self.took_ms: list[tuple[str, float]] = []  # path and time of each answer

    def signature(self, url: str, params: dict[str, str] | None = None) -> str:
        """X-Twilio-Signature for a request.  Over https and wss, Twilio signs without port and credentials."""
        parts = urlsplit(url)
        if parts.scheme in {"https", "wss"} and parts.hostname:
            url = urlunsplit(parts._replace(netloc=parts.hostname))
        return str(self._validator.compute_signature(url, params or {}))

    async def fetch(self, url: str, method: str, params: dict[str, str]) -> Document:
        """The TwiML an URL answers with.  Raises FetchFailed or BadTwiml."""
        response = await self.get(url, method, params)
        text = response.content.decode("utf-8", errors="replace")
        return parse(text, response.url, response.headers.get("Content-Type", ""))

    async def get(self, url: str, method: str, params: dict[str, str]) -> requests.Response:
        """Whatever an URL answers with.  Raises FetchFailed unless that is a success within Twilio's time limit."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await asyncio.to_thread(self._request, url, method, params)
        except TimeoutError:
            raise FetchFailed(f"{method} {url}: no answer within {TIMEOUT_S} s") from None

    def notify(self, url: str, params: dict[str, str], method: str = "POST") -> None:
        """A status callback: sent while the call goes on, its answer of no interest."""
        task = asyncio.create_task(self._notify(url, method, params))
        self._notices.add(task)
        task.add_done_callback(self._notices.discard)

    async def finish(self) -> None:
        """Wait for the status callbacks that are still under way."""
        if self._notices:
            await asyncio.wait(self._notices, timeout=TIMEOUT_S)
        self._session.close()

    async def _notify(self, url: str, method: str, params: dict[str, str]) -> None:
        with contextlib.suppress(FetchFailed):  # Twilio logs it and goes on
            await self.get(url, method, params)

    def _request(self, url: str, method: str, params: dict[str, str]) -> requests.Response:
        """Tried again as the address says: what follows its # are Twilio's connection overrides; they are not sent."""
        url, overrides = urldefrag(url)
        wanted = {name: values[0] for name, values in parse_qs(overrides).items()}
        again, patience_s = int(wanted.get("rc", 0)), int(wanted.get("rt", TIMEOUT_S * 1000)) / 1000
        if self._twice():
            self._follow(url, method, params, patience_s)
        while True:
            try:
                return self._follow(url, method, params, patience_s)
            except FetchFailed:
                if not again:
                    raise
                again -= 1

    def _follow(self, url: str, method: str, params: dict[str, str], patience_s: float) -> requests.Response:
        for _ in range(MAX_REDIRECTS + 1):
            response = self._send(url, method, params, patience_s)
            if not response.is_redirect:
                break
            url = urljoin(url, response.headers["Location"])
            if response.status_code not in {307, 308}:
                method, params = "GET", {}
        else:
            raise FetchFailed(f"{method} {url}: more than {MAX_REDIRECTS} redirects")
        if not response.ok:
            raise FetchFailed(f"{method} {url} answered {response.status_code} {response.reason}")
        return response

    def _send(self, url: str, method: str, params: dict[str, str], patience_s: float) -> requests.Response:
        if method == "GET" and params:
            url, params = f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(params)}", {}
        began = time.perf_counter()
        try:
            return self._session.request(
                method,
                url,
                data=params or None,
                headers={"X-Twilio-Signature": self.signature(url, params)},
                timeout=(CONNECT_TIMEOUT_S, patience_s),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise FetchFailed(f"{method} {url}: {_plainly(error)}") from None
        finally:
            self.took_ms.append((urlsplit(url).path, (time.perf_counter() - began) * 1000))


def _plainly(error: requests.RequestException) -> str:
    match error:
        case requests.ConnectTimeout() | requests.ReadTimeout():
            return "no answer in time"
        case requests.ConnectionError():
            return "the server cannot be reached"
        case _:
            return str(error)
