"""A call with everything around it: the script made into sound, the transcript read along, the result at the end."""

import asyncio
import contextlib

from ivr.config import ConfigError, home
from ivr.config.files import IvrFile
from ivr.config.settings import models_directory
from ivr.config.source import check, read
from ivr.phone.advisor import Advisors
from ivr.phone.caller import OnTheLine
from ivr.phone.exchange import LIMIT_S, Number, carry
from ivr.phone.leg import new_sid
from ivr.phone.notes import Notes, Tell, tell_nobody
from ivr.phone.result import Result, judge
from ivr.phone.server import Server
from ivr.phone.transcript import Transcript
from ivr.records.records import Records
from ivr.speech import models

CALLER = "+15550199"  # in the demonstration shop: a household with two orders on their way
ENGLISH_LINE = "+15550100"


async def dial_up(
    server: Server, number: Number, caller: OnTheLine, advisors: Advisors, tell: Tell = tell_nobody
) -> Result:
    """Make one call, tell what happens as it happens, and judge it."""
    records = Records(server.database_url) if server.database_url else None
    notes = Notes(new_sid("CA"), tell)
    transcript = Transcript(records, notes)
    reading = asyncio.create_task(transcript.follow())
    try:
        await carry(number, caller, advisors, notes)
    finally:
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reading
    turns, stored = await transcript.finish()
    return judge(notes, turns, stored, language_of(number.line))


def number_to(server: Server, line: str, caller: str = CALLER, limit_s: float = LIMIT_S) -> Number:
    """A call to a line of this server."""
    return Number(server.voice_url, server.token, line, caller, limit_s)


def lines() -> dict[str, str]:
    """Dialled number -> language, from the supervisors' files; empty when they cannot be read."""
    try:
        file = check(read(home(), "config/ivr.yaml"), IvrFile)
    except ConfigError:
        return {}
    return {number: line.language for number, line in file.lines.items()}


def language_of(line: str) -> str:
    """The language a line is answered in; English when nothing says otherwise."""
    known = lines()
    return known.get(line) or next(iter(known.values()), "en")


def is_recognised(language: str) -> bool:
    """Whether a server on this machine has a recogniser for a language."""
    try:
        wanted = check(read(home(), "config/ivr.yaml"), IvrFile).languages[language].recogniser
    except (ConfigError, KeyError):
        wanted = "auto"
    return models.chosen(language, wanted, models_directory()) is not None


def line_of(language: str) -> str | None:
    """The first line that is answered in this language."""
    return next((line for line, spoken in lines().items() if spoken == language), None)
