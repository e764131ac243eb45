"""The advisors' side of a transfer: the story in their ear before they take the call, however they are reached.

Telephones that ring hear it when they are picked up.  Who takes callers out of a Twilio queue rings a line of their own
(``/voice/take?queue=NAME``), hears the story of whoever waits longest, and takes that caller and no other.  For
TaskRouter, the assignment callback has the chosen advisor rung in the same way.
"""

import json
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import request
from sqlalchemy.exc import SQLAlchemyError

from ivr.advisors import story
from ivr.advisors.teams import Team
from ivr.records.patience import WEBHOOK_S, patience
from ivr.records.waiting import waits_longest
from ivr.telephony import twiml
from ivr.telephony.parts import Parts
from ivr.telephony.safe_records import SafeRecords
from ivr.telephony.transfers import ring_of

_log = logging.getLogger(__name__)


class Advising:
    """One method for each webhook an advisor's telephone leads to."""

    def __init__(self, base: str, parts: Parts) -> None:
        self._base = base
        self._parts = parts
        self._records = SafeRecords(parts)

    def whisper(self) -> str:
        """An advisor answered: the story, and two keys."""
        action = f"{self._base}/voice/accept?{request.query_string.decode('ascii', 'replace')}"
        return self._whisper(request.args.get("call", ""), self._team(), action)

    def accept(self) -> str:
        """The advisor pressed a key.  The first who presses 1 has the call; nothing but 1 takes it."""
        key, call_id = request.form.get("Digits", ""), request.args.get("call", "")
        if key == "2":
            self._records.note(call_id, "passed_on", {"target": request.form.get("To", "")[:128]})
            return twiml.hang_up()
        if key != "1":
            return self.whisper()
        leg, team, ring = request.form["CallSid"][:64], self._team(), ring_of(request.args)
        if not self._records.accept(call_id, leg, ring, team.name, request.form.get("To", "")[:128]):
            return twiml.taken(self._tongue(team))
        return twiml.connect(request.args.get("reservation", ""))

    # -- out of a Twilio queue --------------------------------------------------------------------------------------

    def take(self) -> str:
        """An advisor rings to take a caller out of a queue, or has pressed a key after a story.

        Twilio gives whoever waits longest.  So 1 takes the caller whose story was told only while that is the one;
        else there is another story first.
        """
        queue, told = request.args.get("queue", ""), request.args.get("call", "")
        key, team = request.form.get("Digits", "") if told else "", self._team_of(queue)
        if key == "2":
            return twiml.hang_up()
        again = f"{self._base}/voice/take?{urlencode({'queue': queue})}"
        try:
            first = waits_longest(self._parts.records.engine, queue)
        except SQLAlchemyError:
            _log.exception("nobody can say who waits in %s; an advisor takes a caller without a story", queue[:64])
            return twiml.take(queue, f"{self._base}/voice/taking", again)
        if first is None:
            return twiml.nobody_waits(self._tongue(team), again)
        if key == "1" and told == first:
            self._records.change(first, team=team.name, target=request.form.get("From", "")[:128])
            return twiml.take(queue, f"{self._base}/voice/taking", again)
        return self._whisper(first, team, f"{again}&{urlencode({'call': first})}")

    def taking(self) -> str:
        """A caller is taken out of a queue: what the caller hears before the two are connected is nothing."""
        leg = request.form.get("DequeingCallSid", "")[:64]
        self._records.note(request.form["CallSid"], "accepted", {"leg": leg, "ring": "queue"})
        return twiml.nothing()

    # -- TaskRouter -------------------------------------------------------------------------------------------------

    def assignment(self) -> dict[str, Any]:
        """TaskRouter chose an advisor: what it is to do.

        It rings them, so that they hear the story and may pass the call on (the reservation then runs out, and
        TaskRouter chooses another one).  Where that is not possible, the two are connected as they are.
        """
        call_id = str(_json("TaskAttributes").get("call") or "")
        contact, reservation = _json("WorkerAttributes").get("contact_uri"), request.form.get("ReservationSid")
        with patience(WEBHOOK_S):
            stored = self._records.call(call_id) if call_id else None
        if not (stored and contact and reservation):
            return DEQUEUE
        team = self._parts.config.advisors.chain(stored.team or "")[0]
        query = {"call": call_id, "by": team.name, "reservation": reservation}
        url = f"{self._base}/voice/whisper?{urlencode(query)}"
        return {"instruction": "call", "from": stored.line, "to": contact, "url": url, "timeout": team.ring_s}

    # -- who and how ------------------------------------------------------------------------------------------------

    def _whisper(self, call_id: str, team: Team, action: str) -> str:
        tongue = self._tongue(team)
        stored = self._records.call(call_id)
        card: Mapping[str, Any] = (stored and stored.card) or {}
        try:
            words = story.whisper(card, self._parts.config.texts[team.languages[0]].text)
        except Exception:  # noqa: BLE001  without its story the call must still be offered
            _log.exception("call %s: its story cannot be told", call_id[:64])
            words = ""
        return twiml.whisper(tongue, words, action)

    def _team(self) -> Team:
        return self._parts.config.advisors.chain(request.args.get("by", ""))[0]

    def _team_of(self, queue: str) -> Team:
        """The team whose advisors take callers from a queue."""
        advisors = self._parts.config.advisors
        for team in advisors.teams.values():
            targets = (target for group in team.groups for target in group)
            if team.waiting.queue == queue or any((each.kind, each.address) == ("queue", queue) for each in targets):
                return team
        return advisors.teams[advisors.default]

    def _tongue(self, team: Team) -> twiml.Tongue:
        return twiml.tongue(self._parts.config, team.languages[0])


DEQUEUE = {"instruction": "dequeue"}
"""Connect the advisor TaskRouter chose, at once and without a story."""


def _json(name: str) -> dict[str, Any]:
    """A field of the callback that holds JSON; empty when it does not."""
    try:
        found = json.loads(request.form.get(name, ""))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
