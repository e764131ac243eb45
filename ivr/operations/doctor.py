"""What is wrong with this machine's set-up, and how to mend it."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import make_url, text
from sqlalchemy.exc import SQLAlchemyError

from ivr.config import Config, ConfigError, Settings, load
from ivr.config.settings import DEMO
from ivr.operations import outside
from ivr.operations.finding import Finding
from ivr.records.database import RecordsUnavailable, connect
from ivr.records.patience import COMMAND_S, patience
from ivr.records.records import events_since
from ivr.records.schema import HEAD
from ivr.records.upgrade import age, revision
from ivr.speech import models
from ivr.speech.recogniser import ModelUnusable, RecognitionModel
from ivr.speech.voice import EspeakVoice, VoiceFailed

FREE_BYTES = 1_000_000_000
MOST_NAMED = 10
FILES_A_CALL = 6  # its socket, its webhook, the database, room to spare

LoadModel = Callable[[str, str, Path], RecognitionModel | None]
"""Language, which recogniser, the directory of models -> the model.  Raises ModelUnusable."""


def examine(environ: dict[str, str], load_model: LoadModel) -> Iterator[Finding]:
    """Everything, one finding after the other.  Changes nothing; never raises for what is wrong with the machine."""
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
    for language in config.languages:
        yield recogniser(language, config, settings, load_model)
    yield _voice(config)
    yield database(settings)
    yield shop(config, settings)
    yield from unknown_lines(settings)
    yield _disk(settings)
    yield _open_files(config)
    yield outside.certificate(settings)
    yield from outside.server(settings)
    yield from outside.account(config, settings, environ)


def recogniser(language: str, config: Config, settings: Settings, load_model: LoadModel) -> Finding:
    """Loads its model, so that a damaged one is found now."""
    subject, chosen, began = f"recogniser {language}", config.languages[language], time.monotonic()
    try:
        model = load_model(language, chosen.recogniser, settings.models)
        if model and (read := getattr(model, "load", None)):
            read()
    except ModelUnusable as error:
        return Finding(subject, "wrong", f"cannot be used: {error.why}", error.remedy)
    if model:
        return Finding(subject, "well", f"{model.name}, loaded in {time.monotonic() - began:.1f} s")
    if chosen.without_recogniser == "people":
        return Finding(subject, "unwise", "none: callers go straight to an advisor", models.remedy(language))
    return Finding(subject, "wrong", "none, and the server does not start without", models.remedy(language))


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


def database(settings: Settings) -> Finding:
    """Looks, and tries whether a write would be taken; the server itself makes and upgrades."""
    remedy = "check IVR_DATABASE_URL, its permissions, and that its server runs"
    try:
        parsed = make_url(settings.database_url)
        if parsed.get_backend_name() == "sqlite" and parsed.database and not Path(parsed.database).exists():
            return _new_file(Path(parsed.database))
        engine = connect(settings.database_url)
        with patience(COMMAND_S), engine.connect() as connection:
            what = f"{engine.dialect.name}, schema {revision(connection) or 'without a number'}"
            match age(connection):
                case "empty":
                    return Finding("database", "well", f"{engine.dialect.name}, empty: made when the server starts")
                case "older":
                    remedy = "back it up; the server upgrades it when it starts"
                    return Finding("database", "unwise", f"{what}, this version has {HEAD}", remedy)
                case "newer":
                    remedy = "install the later version of this program, or restore the backup from before its upgrade"
                    return Finding("database", "wrong", f"{what}, this version knows up to {HEAD}", remedy)
            began = time.monotonic()
            connection.execute(text("UPDATE calls SET outcome = outcome WHERE call_id = ''"))
            connection.rollback()
    except (RecordsUnavailable, SQLAlchemyError) as error:
        return Finding("database", "wrong", str(getattr(error, "orig", None) or error).splitlines()[0], remedy)
    return Finding("database", "well", f"{what}, takes a write in {(time.monotonic() - began) * 1000:.0f} ms")


def shop(config: Config, settings: Settings) -> Finding:
    """Where the answers about orders come from."""
    asking = sorted(name for name, action in config.actions.items() if action.statements)
    if not asking:
        return Finding("shop", "well", "no action asks a database")
    if settings.shop_url == DEMO:
        remedy = "set IVR_SHOP_URL to the database of your shop"
        return Finding("shop", "unwise", "IVR_SHOP_URL is demo: callers are told of invented orders", remedy)
    if not settings.shop_url:
        what = f"IVR_SHOP_URL is not set: requests that need {', '.join(asking[:3])} ... go to people"
        return Finding("shop", "unwise", what, "set it to the database of your shop, or to demo for invented orders")
    try:
        engine = connect(settings.shop_url, COMMAND_S)
        with patience(COMMAND_S), engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except (RecordsUnavailable, SQLAlchemyError) as error:
        what = str(getattr(error, "orig", None) or error).splitlines()[0]
        return Finding("shop", "wrong", what, "check IVR_SHOP_URL, and that its server runs")
    return Finding("shop", "well", f"{engine.dialect.name} answers")


def unknown_lines(settings: Settings) -> Iterator[Finding]:
    """Numbers that callers dialled lately and that are no line: nothing when there are none, or no database."""
    try:
        parsed = make_url(settings.database_url)
        if parsed.get_backend_name() == "sqlite" and not (parsed.database and Path(parsed.database).exists()):
            return
        dialled = events_since(connect(settings.database_url), "unknown_line", datetime.now(UTC) - timedelta(days=7))
    except (RecordsUnavailable, SQLAlchemyError):
        return  # said under "database"
    if found := sorted({str(data.get("why", "")) or "(nothing)" for data in dialled}):
        what = f"dialled within a week, but no line: {', '.join(found[:MOST_NAMED])}"
        yield Finding("lines", "unwise", what, "add them under lines in config/ivr.yaml, with their language")


def _new_file(path: Path) -> Finding:
    """Opening it would make it, and maybe as another user's than the server's."""
    place = _nearest(path)
    if not place.is_dir() or not os.access(place, os.W_OK):
        remedy = "choose another IVR_DATABASE_URL, or give the folder to the server's user"
        return Finding("database", "wrong", f"{path} does not exist and cannot be made in {place}", remedy)
    return Finding("database", "well", f"{path} does not exist: made when the server starts")


def _nearest(place: Path) -> Path:
    """The first of a path's folders that exists."""
    while not place.exists():
        place = place.parent
    return place


def _disk(settings: Settings) -> Finding:
    place = _nearest(settings.cache)
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
