"""Who knocks and is not let in: where a request really comes from, and how often an address was refused."""

import ipaddress
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

WITHIN_S = 60.0
MOST_REFUSED = 60  # from one address within the time above: a wrong token in Twilio's console is seen long before
MOST_ADDRESSES = 10_000  # remembered at a time; a flood from more is one stranger
_log = logging.getLogger(__name__)

WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Strangers:
    """Counts refusals by address.

    What carries a signature is checked first and served when it is good, however much came before: nobody can shut
    Twilio out by knocking from its side of a proxy.  Past the limit a refusal costs no page and no line in the log.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._since = clock()
        self._refused: Counter[str] = Counter()

    def refused(self, address: str | None, what: str) -> bool:
        """One more refusal.  True when it is past the limit."""
        with self._lock:
            self._forget()
            who = (address or "") if len(self._refused) < MOST_ADDRESSES or address in self._refused else "many"
            self._refused[who] += 1
            count = self._refused[who]
        if count == MOST_REFUSED:
            _log.warning("%s: refused %d times within a minute from %s; the next ones are not logged", what, count, who)
        elif count < MOST_REFUSED:
            _log.warning("refused %s", what)
        return count > MOST_REFUSED

    def too_many(self, address: str | None) -> bool:
        """True while an address is past the limit: for doors whose secret could be guessed."""
        with self._lock:
            self._forget()
            return self._refused[address or ""] >= MOST_REFUSED

    def _forget(self) -> None:
        if self._clock() - self._since >= WITHIN_S:
            self._since = self._clock()
            self._refused.clear()


def behind_proxies(wrapped: WSGI, proxies: Sequence[str]) -> WSGI:
    """A request that a proxy of ours passes on comes from whom that proxy saw: the last of ``X-Forwarded-For``.

    ``proxies``: their networks.  What others write into that header is what they say of themselves, and not believed.
    """
    networks = [ipaddress.ip_network(each) for each in proxies]

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        forwarded = environ.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
        seen, peer = _address(forwarded), _address(environ.get("REMOTE_ADDR", ""))
        if seen and peer and any(peer in network for network in networks):
            environ["REMOTE_ADDR"] = str(seen)
        return wrapped(environ, start_response)

    return application


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address; some proxies write it with a port: 192.0.2.7:1234, [2001:db8::7]:1234.  ::ffff:192.0.2.7 is IPv4."""
    host, _, port = text.strip('"').rpartition(":")
    bare = host if port.isdecimal() and ("." in host or host.endswith("]")) else text.strip('"')
    try:
        found = ipaddress.ip_address(bare.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
