"""create_app(): the only place where the real parts are put together."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from flask import Flask, Response
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ivr.advisors.delivery import Delivery
from ivr.advisors.voicemail import Voicemail
from ivr.config import Config, ConfigError, Mistake, Settings, load
from ivr.config.actions import HttpEntry
from ivr.config.escalation import prove_escalation
from ivr.config.settings import DEMO
from ivr.config.web_address import web_address
from ivr.config.without import without_actions
from ivr.operations.condition import Condition
from ivr.operations.draining import Draining
from ivr.operations.health import health, metrics_access
from ivr.operations.metrics import timed
from ivr.operations.reload import Reload
from ivr.operations.strangers import Strangers, behind_proxies
from ivr.records.callbacks import Callbacks
from ivr.records.database import connect
from ivr.records.records import Records, RecordsUnavailable
from ivr.records.versions import Versions
from ivr.records.writer import EventWriter
from ivr.requests.backend import Backend, NoShop
from ivr.requests.business import Action, Business
from ivr.requests.demonstration import create_shop
from ivr.requests.http import HttpBackend
from ivr.requests.messages import ActionMessenger, Messenger, TwilioMessenger
from ivr.requests.sent import SentChanges
from ivr.requests.sql import SqlBackend
from ivr.speech import models
from ivr.speech.prompts import Prompts
from ivr.speech.recogniser import ModelUnusable, RecognitionModel
from ivr.speech.simulated import SimulatedModel
from ivr.speech.voice import EspeakVoice
from ivr.speech.vosk import VoskModel
from ivr.supervisor.desk import desk
from ivr.supervisor.users import Users
from ivr.telephony.card_pages import card_pages
from ivr.telephony.cards import CardLinks
from ivr.telephony.parts import Parts
from ivr.telephony.signature import Signatures
from ivr.telephony.streams import Streams
from ivr.telephony.webhooks import webhooks

MAX_FORM_BYTES = 64 * 1024  # Twilio's webhooks have some 2 kB
RECORDS_S = 4.0  # of a statement in the background; webhooks wait for less (ivr.records.patience)
SHOP_PATIENCE_S = 5.0  # less than a caller waits before a person takes over (`timing: lookup`)
_log = logging.getLogger(__name__)


def create_app(settings: Settings) -> Flask:
    """The web application.  Raises ConfigError or RecordsUnavailable, whose text says what to do.

    Safe to call before a fork: threads, the voice's process and Whisper start with their first use.
    """
    config = _as_served(load(settings.home), settings)
    prove_escalation(config, settings.cache)
    parts = create_parts(config, settings)
    streams = Streams(parts)
    signatures = Signatures(settings.auth_token, settings.public_url, settings.media_url, settings.shared_keys)
    app = Flask("ivr", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_FORM_BYTES
    app.extensions["ivr"] = parts
    strangers = Strangers()
    streams.register(app, signatures, strangers)
    parts.records.on_ending = parts.metrics.ended
    app.extensions["draining"] = draining = Draining(streams.running)
    has_room = lambda call_id: not draining.begun and streams.keep_place(call_id)  # noqa: E731
    routes = webhooks(settings.public_url, settings.media_url, signatures, parts, has_room, strangers)
    timed(routes, parts.metrics)
    draining.follow(routes)
    app.register_blueprint(routes)
    app.register_blueprint(card_pages(parts, strangers))
    versions = Versions(parts.records.engine)
    app.register_blueprint(desk(parts, Users(settings.home), settings.public_url, versions))
    app.extensions["reload"] = reload = Reload(settings.home, versions, lambda new: _take(new, parts, settings, config))
    reload.begin()
    leaving = lambda: draining.begun  # noqa: E731
    impaired = lambda: {**parts.impaired(), **streams.impaired()}  # noqa: E731
    may_read_metrics = metrics_access(settings.metrics_token, settings.trial)
    app.register_blueprint(health(parts.records, parts.metrics, may_read_metrics, impaired, leaving, strangers))
    app.after_request(_with_headers if settings.public_url.startswith("https:") else _with_some_headers)
    if parts.shop:
        parts.shop.dispose()
    parts.records.engine.dispose()  # connections must not be shared with the processes that are forked later
    app.wsgi_app = behind_proxies(app.wsgi_app, settings.proxies)  # type: ignore[method-assign, assignment]
    return app


def create_parts(config: Config, settings: Settings) -> Parts:
    """The real parts behind the web application."""
    records = Records(settings.database_url, RECORDS_S)
    records.prepare()
    prompts = Prompts(EspeakVoice(), settings.cache, config.home / "config" / "prompts")
    recognised = load_models(config, settings)
    links = CardLinks(settings.auth_token, settings.public_url)
    now = clock(config, settings.clock_at)
    its_shop = shop(settings, records)
    delivery = Delivery(records, links.link, *_receiver(config, settings))

    def kept(data: Mapping[str, Any]) -> dict[str, object]:
        """As the files say by then: they may be loaded anew."""
        return parts.kept(data)

    parts = Parts(
        config=config,
        records=records,
        writer=EventWriter(records),
        models=recognised,
        prompts=prompts,
        business=create_business(config, records, its_shop, settings.environ),
        shop=its_shop,
        links=links,
        callbacks=Callbacks(records.engine, now),
        delivery=delivery,
        voicemail=Voicemail(records, delivery, recognised, settings.auth_token, settings.recordings_url, kept),
        audio=settings.audio,
        now=now,
    )
    parts.impaired = Condition(parts.metrics, lambda: parts.writer.trouble, _places(settings, records)).impaired
    parts.writer.on_trouble = parts.impaired
    parts.render(config)
    return parts


def _places(settings: Settings, records: Records) -> list[Path]:
    """Where this machine's disk is written to."""
    url = records.engine.url
    own = [Path(url.database).parent] if url.get_backend_name() == "sqlite" and url.database else []
    return [settings.cache, settings.audio, *own]


def _take(config: Config, parts: Parts, settings: Settings, began: Config) -> str:
    """Serve with changed files; what needs a new start to take effect.  ``began``: what the server began with.

    Raises ConfigError for files that could keep a caller, and for a new language: it needs a recogniser, so a start.
    """
    if new := sorted(set(config.languages) - set(parts.config.languages)):
        what = f"the languages {', '.join(new)} are new"
        raise ConfigError(
            [Mistake("config/ivr.yaml", None, what, "start the server again, so that it finds a recogniser")]
        )
    config = _as_served(config, settings)
    prove_escalation(config, settings.cache)
    receiver = _receiver(config, settings)
    parts.take(config, create_business(config, parts.records, parts.shop, settings.environ))
    parts.delivery.tell(*receiver)
    other = [each for each in config.languages if began.languages[each].recogniser != config.languages[each].recogniser]
    return f"the recogniser of {', '.join(other)} was changed: start the server again to use it" if other else ""


def clock(config: Config, at: datetime | None) -> Callable[[], datetime]:
    """The time; ``at``: what it is now, in the time zone of the team that takes every other call if it names none."""
    if at is None:
        return lambda: datetime.now(UTC)
    ahead = at.replace(tzinfo=at.tzinfo or config.zone) - datetime.now(UTC)
    return lambda: datetime.now(UTC) + ahead


def _receiver(config: Config, settings: Settings) -> tuple[str | None, str]:
    """Who is told what happens to calls, and the secret that proves that it is us.  Raises ConfigError."""
    url = settings.webhook_url or config.webhook
    if url and not settings.webhook_secret:
        what = f"{url} is to be told what happens to calls, but IVR_WEBHOOK_SECRET is not set"
        remedy = "set it to a long random text that the receiver knows too"
        raise ConfigError([Mistake("environment", None, what, remedy)])
    return url, settings.webhook_secret


def _as_served(config: Config, settings: Settings) -> Config:
    """The files as this server can serve them: without a database for it, a request goes to people at once."""
    if settings.shop_url == DEMO:
        _log.warning("IVR_SHOP_URL is demo: callers are told of invented orders")
    if settings.shop_url:
        return config
    asking = {name for name, action in config.actions.items() if action.statements}
    served = without_actions(config, asking)
    if served is not config:
        _log.warning("IVR_SHOP_URL is not set: what needs a database goes to people (invented orders: set it to demo)")
    return served


def shop(settings: Settings, records: Records) -> Engine | None:
    """The database of IVR_SHOP_URL; for ``demo`` invented orders beside the records.  Raises RecordsUnavailable."""
    if settings.shop_url != DEMO:
        return connect(settings.shop_url, SHOP_PATIENCE_S) if settings.shop_url else None
    try:
        create_shop(records.engine, date.today())
    except SQLAlchemyError as error:
        raise RecordsUnavailable(f"the demonstration shop cannot be made: {error}; check IVR_DATABASE_URL") from error
    return records.engine


def create_business(config: Config, records: Records, shop: Engine | None, environ: Mapping[str, str]) -> Business:
    """Everything under ``actions`` in config/requests.yaml.  Raises ConfigError."""
    backends = _backends(config, shop, environ)
    actions = {
        name: Action(backends[name], action.changes, action.text_message) for name, action in config.actions.items()
    }
    messenger, sent = _messenger(config, backends, environ), SentChanges(records.engine)
    return Business(
        actions, sent, messenger, lambda language, prompt, values: config.texts[language].text(prompt, values)
    )


def _backends(config: Config, shop: Engine | None, environ: Mapping[str, str]) -> dict[str, Backend]:
    """Action -> who carries it out: the shop's database, or the service of one host."""
    statements = {name: action.statements for name, action in config.actions.items() if action.statements}
    backends: dict[str, Backend] = dict.fromkeys(statements, SqlBackend(shop, statements) if shop else NoShop())
    hosts: dict[str, dict[str, HttpEntry]] = {}
    for name, action in config.actions.items():
        if action.http:
            hosts.setdefault(web_address(action.http.url).server, {})[name] = action.http
    mistakes = []
    for host, entries in hosts.items():
        try:
            backends |= dict.fromkeys(entries, HttpBackend(host, entries, environ))
        except KeyError as missing:
            what = f"{missing.args[0]} is not set, which a header of {host} in config/requests.yaml needs"
            mistakes.append(Mistake("environment", None, what, "set it where the server runs"))
    if mistakes:
        raise ConfigError(mistakes)
    return backends


def _messenger(config: Config, backends: Mapping[str, Backend], environ: Mapping[str, str]) -> Messenger | None:
    texts = config.text_messages
    if texts is None:
        return None
    if texts.action:
        return ActionMessenger(backends[texts.action], texts.action)
    account, token = environ.get("IVR_TWILIO_ACCOUNT_SID"), environ.get("IVR_TWILIO_AUTH_TOKEN")
    if not (account and token and texts.twilio_from):
        what = "IVR_TWILIO_ACCOUNT_SID is not set, and text messages are sent through Twilio"
        raise ConfigError([Mistake("environment", None, what, "set it to the account's SID (AC...)")])
    place = (environ.get("IVR_TWILIO_REGION") or None, environ.get("IVR_TWILIO_EDGE") or None)
    return TwilioMessenger(account, token, texts.twilio_from, place=place)


def load_models(config: Config, settings: Settings) -> dict[str, RecognitionModel]:
    """A recogniser for each language.  Raises ConfigError for a language that has none and may not do without."""
    found: dict[str, RecognitionModel] = {}
    mistakes = []
    for language, chosen in config.languages.items():
        try:
            model = load_model(language, chosen.recogniser, settings.models)
        except ModelUnusable as error:
            mistakes.append(Mistake(f"the model of {language!r}", None, f"cannot be used: {error.why}", error.remedy))
            continue
        if model:
            found[language] = model
            _log.info("%s is recognised by %s", language, model.name)
            if isinstance(model, VoskModel) and (
                words := model.unknown_words(tuple(config.grammars[language].sentences))
            ):
                _log.warning("%s: sentences with these words cannot be recognised: %s", language, ", ".join(words[:20]))
        elif settings.simulated_recognition:
            found[language] = SimulatedModel()
            _log.warning("%s is not recognised: its text is read from the sound of the simulator's callers", language)
        elif chosen.without_recogniser == "people":
            remedy = models.remedy(language)
            _log.warning("%s has no recogniser: its callers go straight to an advisor (%s)", language, remedy)
        else:
            remedy = f"{models.remedy(language)}, or set without_recogniser: people"
            mistakes.append(Mistake("config/ivr.yaml", None, f"language {language!r} has no recogniser", remedy))
    if mistakes:
        raise ConfigError(mistakes)
    return found


def load_model(language: str, wanted: str, models_dir: Path) -> RecognitionModel | None:
    """The recogniser of a language, None where it has none; see ``models.chosen``.  Raises ModelUnusable."""
    match models.chosen(language, wanted, models_dir):
        case "vosk", path:
            return VoskModel(path)
        case "whisper", path:
            from ivr.speech.whisper import WhisperModel

            return WhisperModel(path)
    return None


def _with_some_headers(answer: Response) -> Response:
    """What holds for every answer; pages say more themselves."""
    answer.headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    answer.headers.setdefault("X-Content-Type-Options", "nosniff")
    answer.headers.setdefault("X-Frame-Options", "DENY")
    answer.headers.setdefault("Referrer-Policy", "no-referrer")
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer


def _with_headers(answer: Response) -> Response:
    """The same for a server that is reached over https: browsers shall never ask it without."""
    answer.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return _with_some_headers(answer)
