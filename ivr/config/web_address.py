"""Which host a web address means: decided once, by the parser that connects.

Parsers disagree about odd addresses: for ``https://a.example\\.b.example/`` Python's urlsplit names a host under
b.example, and urllib3, which requests uses, connects to a.example.  Whoever wrote the address would choose which one is
checked and which one is asked.
"""

import re
from dataclasses import dataclass

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PORTS = {"https": 443, "http": 80}
_NEVER = re.compile(r"[\\\s\x00-\x20\x7f-\x9f]")  # in no address anybody writes on purpose

_HOST = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]")  # a percent sign is none: it may hide a slash


class BadAddress(ValueError):
    """No web address, or one that two parsers could read in two ways."""


@dataclass(frozen=True, slots=True)
class WebAddress:
    """An address as it will be asked.  ``host``: lower case, no brackets; ``port``: the scheme's own if unnamed."""

    scheme: str
    host: str
    port: int
    path: str
    url: str

    @property
    def loopback(self) -> bool:
        """True for an address of this machine."""
        return self.host in LOOPBACK

    @property
    def server(self) -> str:
        """Host and port as people write them: without the scheme's own port."""
        return self.host if self.port == _PORTS[self.scheme] else f"{self.host}:{self.port}"

    def same_server(self, other: "WebAddress") -> bool:
        """True when both are asked at the same place."""
        return (self.scheme, self.host, self.port) == (other.scheme, other.host, other.port)


def web_address(text: str) -> WebAddress:
    """The address, read as it will be connected to.

    Raises BadAddress for backslashes, blanks, control characters, user information, a host that is missing, a port
    that is none, and every scheme but http and https.
    """
    if _NEVER.search(text):
        raise BadAddress("has a backslash, a blank or a control character")
    try:
        parts = parse_url(text)
    except LocationParseError:
        raise BadAddress("is no web address") from None
    if parts.scheme not in _PORTS or not parts.host or not _HOST.fullmatch(parts.host):
        raise BadAddress("is no web address")
    if parts.auth is not None:
        raise BadAddress("has a user or password before the host")
    host = parts.host.strip("[]")
    return WebAddress(parts.scheme, host, parts.port or _PORTS[parts.scheme], parts.path or "/", parts.url)


def fetchable(text: str) -> str:
    """The text itself, for pydantic.  Raises BadAddress."""
    web_address(text)
    return text
