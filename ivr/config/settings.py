"""Machine settings and secrets, from the environment and from nowhere else."""

import ipaddress
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from ivr.config.source import ConfigError, Mistake
from ivr.config.web_address import LOOPBACK, BadAddress, web_address

DEMO = "demo"  # for IVR_SHOP_URL: invented orders
SIMULATED = "IVR_SIMULATED_RECOGNITION"
SIMULATED_CLOCK = "IVR_SIMULATED_CLOCK"
LOCAL_PROXIES = ("127.0.0.0/8", "::1/128")  # a proxy on the same machine


def home() -> Path:
    """The directory that holds ``config/`` and ``grammars/``.

    IVR_HOME, else the current directory when it has ``config/ivr.yaml``, else the starter set that comes along.
    """
    if named := os.environ.get("IVR_HOME"):
        return Path(named)
    if (Path.cwd() / "config" / "ivr.yaml").is_file():
        return Path.cwd()
    return starter()


def cache() -> Path:
    """Where is kept what can be made anew: rendered prompts, and which plans are proved to keep nobody."""
    return Path(os.environ.get("IVR_CACHE") or Path.home() / ".cache" / "ivr" / "prompts")


def starter() -> Path:
    """The set of files that comes along."""
    package = Path(__file__).resolve().parent.parent
    return package / "starter" if (package / "starter").is_dir() else package.parent


def audio_directory(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the sound of calls is kept, when it is."""
    return Path(environ.get("IVR_AUDIO") or data_directory() / "audio")


@dataclass(frozen=True, slots=True)
class Settings:
    """What differs from machine to machine.  ``auth_token`` is Twilio's and signs every webhook.

    ``shop_url``: None where the actions have no database; ``DEMO`` for invented orders, in the records' database.
    ``environ``: everything in the environment, for the secrets that config/requests.yaml names.
    """

    home: Path
    public_url: str
    auth_token: str = field(repr=False)
    database_url: str = field(repr=False)
    shop_url: str | None = field(repr=False)
    webhook_url: str | None
    webhook_secret: str = field(repr=False)
    recordings_url: str | None
    models: Path
    cache: Path
    workers: int
    simulated_recognition: bool = False
    """The simulator's own server: languages without a model read the text its callers carry (ivr.speech.simulated)."""
    metrics_token: str | None = field(default=None, repr=False)
    shared_keys: tuple[str, ...] = field(default=(), repr=False)
    """Secrets of Twilio's SharedKeys, where webhooks are signed with one instead of the auth token."""
    proxies: tuple[str, ...] = LOCAL_PROXIES
    """Networks whose ``X-Forwarded-For`` is believed."""
    environ: Mapping[str, str] = field(repr=False, default_factory=dict)
    audio: Path = field(default_factory=audio_directory)
    clock_at: datetime | None = None
    """The simulator's own server: what opening hours take for the moment of its start; None: the real one."""

    @property
    def media_url(self) -> str:
        """The WebSocket address of the same server."""
        return "ws" + self.public_url.removeprefix("http") + "/media"

    @property
    def trial(self) -> bool:
        """True when only this machine can reach the server: its public address is its own."""
        return web_address(self.public_url).loopback

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read the settings.  Raises ConfigError naming everything that is missing or wrong."""
        mistakes: list[Mistake] = []
        public_url = environ.get("IVR_PUBLIC_URL", "").rstrip("/")
        parts = urlsplit(public_url if _is_address(public_url) else "")
        if parts.scheme not in ("https", "http") or not parts.hostname:
            remedy = "set it to the address Twilio reaches this server at, like https://ivr.example.com"
            mistakes.append(Mistake("environment", None, f"IVR_PUBLIC_URL is {public_url or 'not set'!r}", remedy))
        elif parts.scheme == "http" and parts.hostname not in LOOPBACK:
            remedy = "use https://: Twilio only opens wss:// streams, and signatures would travel in the clear"
            mistakes.append(Mistake("environment", None, "IVR_PUBLIC_URL is not https", remedy))
        if parts.path or parts.query or parts.fragment or "@" in parts.netloc:
            what = f"IVR_PUBLIC_URL is {public_url!r}, which is more than a host"
            remedy = (
                f"leave out what is around it, like {parts.scheme}://{parts.netloc.rpartition('@')[2]}: this server "
            )
            mistakes.append(
                Mistake("environment", None, what, f"{remedy}answers /voice and /media at a host of its own")
            )
        simulated = environ.get(SIMULATED) == "1"
        if simulated and parts.hostname not in LOOPBACK:
            remedy = "unset it: it is for the server that `ivr call` starts for itself, real callers would not be heard"
            mistakes.append(Mistake("environment", None, f"{SIMULATED} is set", remedy))
        clock_at = environ.get(SIMULATED_CLOCK)
        if clock_at and parts.hostname not in LOOPBACK:
            remedy = "unset it: it is for the server that `ivr call --at` starts for itself"
            mistakes.append(Mistake("environment", None, f"{SIMULATED_CLOCK} is set", remedy))
        if not environ.get("IVR_TWILIO_AUTH_TOKEN"):
            remedy = "set it to the primary auth token of your Twilio account"
            mistakes.append(Mistake("environment", None, "IVR_TWILIO_AUTH_TOKEN is not set", remedy))
        workers = environ.get("IVR_WORKERS", "")
        if workers and not (workers.isdigit() and int(workers) > 0):
            mistakes.append(Mistake("environment", None, f"IVR_WORKERS is {workers!r}", "set it to a whole number"))
        mistakes += _address_mistakes(environ)
        mistakes += _region_mistakes(environ)
        proxies = tuple(environ.get("IVR_PROXIES", "").replace(",", " ").split()) or LOCAL_PROXIES
        if wrong := [each for each in proxies if not _is_network(each)]:
            remedy = "name the addresses or networks of your proxies, like 10.0.0.5 or 10.0.0.0/24"
            mistakes.append(Mistake("environment", None, f"IVR_PROXIES has {wrong[0]!r}", remedy))
        if mistakes:
            raise ConfigError(mistakes)
        return cls(
            home=home(),
            public_url=public_url,
            auth_token=environ["IVR_TWILIO_AUTH_TOKEN"],
            database_url=database_url(environ),
            shop_url=environ.get("IVR_SHOP_URL") or None,
            webhook_url=environ.get("IVR_WEBHOOK_URL") or None,
            webhook_secret=environ.get("IVR_WEBHOOK_SECRET", ""),
            recordings_url=environ.get("IVR_RECORDINGS_URL") or None,
            models=models_directory(environ),
            cache=cache(),
            workers=int(workers) if workers else os.cpu_count() or 1,
            simulated_recognition=simulated,
            metrics_token=environ.get("IVR_METRICS_TOKEN") or None,
            shared_keys=tuple(environ.get("IVR_TWILIO_SHARED_KEYS", "").replace(",", " ").split()),
            proxies=proxies,
            environ=dict(environ),
            audio=audio_directory(environ),
            clock_at=datetime.fromisoformat(clock_at) if clock_at else None,
        )


_STAND_INS = {"IVR_RECORDINGS_URL": "recordings", "IVR_TWILIO_API": "REST API"}


def _address_mistakes(environ: Mapping[str, str]) -> Iterator[Mistake]:
    """Of the addresses that this machine asks: whoever answers at a stand-in for Twilio is given the auth token."""
    for name in ("IVR_WEBHOOK_URL", *_STAND_INS):
        if not environ.get(name):
            continue
        try:
            address = web_address(environ[name])
        except BadAddress as error:
            yield Mistake("environment", None, f"{name} {error}", "write https://HOST/PATH")
            continue
        if name in _STAND_INS and not address.loopback:
            remedy = f"unset it: it names a stand-in for Twilio's {_STAND_INS[name]} on this machine, for tests"
            yield Mistake("environment", None, f"{name} is not on this machine, and would get the auth token", remedy)
        elif address.scheme != "https" and not address.loopback:
            remedy = "use https://: what callers said would travel in the clear"
            yield Mistake("environment", None, f"{name} is not https", remedy)


def _region_mistakes(environ: Mapping[str, str]) -> Iterator[Mistake]:
    """Of where in the world Twilio keeps this account's data; both become part of a host's name."""
    for name, example in (("IVR_TWILIO_REGION", "ie1"), ("IVR_TWILIO_EDGE", "dublin")):
        if not re.fullmatch(r"[a-z0-9-]{0,32}", environ.get(name, "")):
            yield Mistake("environment", None, f"{name} is {environ[name]!r}", f"write its short name, like {example}")
    if environ.get("IVR_TWILIO_REGION") and not environ.get("IVR_TWILIO_EDGE"):
        remedy = "set it to the edge of that region, like dublin for ie1: Twilio reaches a region by an edge"
        yield Mistake("environment", None, "IVR_TWILIO_EDGE is not set, and IVR_TWILIO_REGION is", remedy)


def _is_address(text: str) -> bool:
    try:
        web_address(text)
    except BadAddress:
        return False
    return True


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def database_url(environ: Mapping[str, str] = os.environ) -> str:
    """Where the records are kept."""
    return environ.get("IVR_DATABASE_URL") or f"sqlite:///{data_directory() / 'ivr.sqlite3'}"


def models_directory(environ: Mapping[str, str] = os.environ) -> Path:
    """Where recognition models are installed."""
    return Path(environ.get("IVR_MODELS") or data_directory() / "models")


def data_directory() -> Path:
    """Where this machine keeps what is not configuration."""
    return Path.home() / ".local" / "share" / "ivr"
