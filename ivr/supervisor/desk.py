"""The pages under /supervisor."""

from collections.abc import Collection
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, g, jsonify, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from ivr.config.source import ConfigError
from ivr.records.audio import as_wave, path_of
from ivr.records.callbacks import Promise
from ivr.records.keeping import Keeping
from ivr.records.masking import mask, redact
from ivr.records.patience import SEARCH_S, patience
from ivr.records.versions import Versions
from ivr.speech.codec import decode_mulaw
from ivr.supervisor.doors import COOKIE, Doors, who, with_headers
from ivr.supervisor.live import LiveCall, LiveCalls
from ivr.supervisor.logins import Logins, TooManyAttempts
from ivr.supervisor.numbers import TodaysNumbers
from ivr.supervisor.search import MOST, Question, search
from ivr.supervisor.timeline import REASONS, timeline
from ivr.supervisor.users import Users
from ivr.telephony.parts import Parts

_BOTH = ("supervisor", "advisor")


def desk(parts: Parts, users: Users, public_url: str, versions: Versions) -> Blueprint:
    """Every page of the desk."""
    records, audio = parts.records, parts.audio or Path()

    routes = Blueprint("desk", __name__, url_prefix="/supervisor", template_folder="templates", static_folder="static")
    logins = Logins(records.engine, users)
    doors = Doors(logins, public_url)
    live, today = LiveCalls(records.engine), TodaysNumbers(records.engine, lambda: parts.config.zone)
    routes.after_request(with_headers)
    routes.add_app_template_filter(lambda moment: _clock(moment, parts.config.zone), "clock")
    routes.add_app_template_filter(mask, "mask")
    routes.context_processor(lambda: {"zone": parts.config.zone.key})

    @routes.route("/login", methods=["GET", "POST"])
    def log_in() -> AnyResponse | tuple[str, int] | str:
        if request.method == "GET":
            return render_template("desk/log_in.html", nobody=not users.all())
        doors.refuse_other_sites(request)
        name, password = request.form.get("name", "")[:64], request.form.get("password", "")[:256]
        try:
            secret = logins.log_in(name, password, request.remote_addr or "")
        except TooManyAttempts:
            return render_template(
                "desk/log_in.html", wrong="Too many attempts. Try again in a moment, or in 15 minutes."
            ), 429
        if secret is None:
            return render_template("desk/log_in.html", wrong="The name or the password is not right."), 401
        return doors.let_in(redirect(url_for("desk.wallboard")), secret)

    @routes.post("/logout")
    @doors.needs(*_BOTH)
    def log_out() -> AnyResponse:
        logins.log_out(who().name)
        answer = redirect(url_for("desk.log_in"))
        answer.delete_cookie(COOKIE, path="/supervisor")
        return answer

    @routes.get("/")
    @doors.needs(*_BOTH)
    def wallboard() -> str:
        return render_template("desk/wallboard.html", login=who())

    def upset_from() -> float:
        """The probability from which a caller is put through, 1 where tone is switched off."""
        return parts.config.tone.transfer_from if parts.config.tone else 1.0

    @routes.get("/now")
    @doors.needs(*_BOTH)
    def now() -> Response:
        numbers = today.now()
        return jsonify(
            at=datetime.now(UTC).timestamp(),
            upset_from=upset_from(),
            calls=[_as_json(call, who().role, parts.config.number_words) for call in live.now()],
            today={
                "calls": numbers.calls,
                "outcomes": numbers.outcomes,
                "reasons": [[REASONS.get(reason, reason), count] for reason, count in numbers.reasons.items()],
            },
            troubles=numbers.troubles,
            callbacks=[_promise(promise, datetime.now(UTC)) for promise in parts.callbacks.open()],
            version=_version(versions),
            impaired=[*sorted(parts.impaired().values()), *([numbers.cut] if numbers.cut else [])],
        )

    @routes.get("/calls")
    @doors.needs("supervisor")
    def found() -> str:
        question = _question()
        with patience(SEARCH_S):
            calls = search(records.engine, question, parts.config.zone)
        return render_template(
            "desk/search.html",
            login=who(),
            question=question,
            calls=calls,
            most=MOST,
            reasons=REASONS,
            outcomes=("served", "transferred", "callback", "voicemail", "hung_up", "failed"),
        )

    @routes.get("/calls/<call_id>")
    @doors.needs("supervisor")
    def call(call_id: str) -> str:
        stored = records.call(call_id)
        if stored is None:
            abort(404)
        shown = request.args.get("numbers") == "shown"
        if shown:
            records.note(call_id, "numbers_shown", {"to": who().name})
        moments = timeline(records.events(call_id), Keeping(mask_numbers=not shown), parts.config.number_words)
        return render_template(
            "desk/call.html",
            login=who(),
            call=stored,
            moments=moments,
            upset_from=upset_from(),
            reasons=REASONS,
            shown=shown,
            audible=path_of(audio, call_id).exists(),
        )

    @routes.get("/calls/<call_id>/audio.wav")
    @doors.needs("supervisor")
    def sound(call_id: str) -> Response:
        if records.call(call_id) is None or not path_of(audio, call_id).exists():
            abort(404)
        records.note(call_id, "sound_played", {"to": who().name})
        samples = decode_mulaw(path_of(audio, call_id).read_bytes())
        return Response(as_wave(samples.tobytes()), mimetype="audio/wav")

    @routes.errorhandler(ConfigError)
    def broken_users(error: ConfigError) -> tuple[str, int]:
        return render_template("desk/log_in.html", wrong=f"Nobody can log in: {error}"), 503

    @routes.get("/<path:_>")
    @doors.needs(*_BOTH)
    def nothing(_: str) -> Response:
        abort(404)

    routes.register_error_handler(HTTPException, _problem)
    return routes


_PROBLEMS = {
    403: ("Not for you", "Your role does not open this page, or the form did not come from here."),
    404: ("Nothing here", "There is no such page or call. It may be older than what is kept."),
    500: ("Something broke", "The page could not be made. Calls are not touched by this; the server's log says why."),
}


def _problem(error: HTTPException) -> tuple[str, int]:
    """A page for a person, whatever went wrong."""
    code = error.code or 500
    title, what = _PROBLEMS.get(code, (error.name, error.description or ""))
    return render_template("desk/problem.html", title=title, what=what, login=g.get("login")), code


def _version(versions: Versions) -> dict[str, Any]:
    """Which files calls are served with, and whether newer ones were refused."""
    newest, notice = versions.newest(), versions.last_notice()
    return {
        "number": newest.id if newest else None,
        "at": newest.at.timestamp() if newest else None,
        "who": newest.who if newest else "",
        "refused": notice.text if notice else "",
    }


def _promise(promise: Promise, now: datetime) -> dict[str, Any]:
    """A callback that is still to be made."""
    broken = promise.broken(now)
    return {
        "number": mask(promise.number),
        "team": promise.team,
        "from": promise.not_before.timestamp(),
        "until": promise.not_after.timestamp(),
        "state": "broken" if broken else "due" if promise.not_before <= now else "later",
    }


def _as_json(call: LiveCall, role: str, number_words: Collection[str]) -> dict[str, Any]:
    """A row of the wallboard.  Numbers are masked, and so are spoken ones for whoever is no supervisor."""
    return {
        "id": call.call_id,
        "caller": mask(call.caller),
        "line": call.line,
        "language": call.language,
        "since": call.started_at.timestamp(),
        "state": call.state,
        "reason": REASONS.get(call.reason or "", "") if call.reason else "",
        "team": call.team or "",
        "upset": call.upset,
        "last": call.last if role == "supervisor" else redact(call.last, number_words),
    }


def _question() -> Question:
    given = request.args
    text = {name: given.get(name, "")[:64].strip() for name in ("number", "outcome", "reason", "intent")}
    return Question(**text, since=_day(given.get("since", "")), until=_day(given.get("until", "")))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _clock(moment: datetime | None, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if moment else ""
