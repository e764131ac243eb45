"""The handover card as a web page: what an advisor sees while the telephone rings."""

import logging
import secrets
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import phonenumbers
from babel import Locale
from flask import Blueprint, Response, abort, g, render_template, request, url_for
from requests import RequestException
from sqlalchemy.exc import SQLAlchemyError

from ivr.advisors.handover import Facts, handover
from ivr.advisors.voicemail import NotFetched
from ivr.operations.strangers import Strangers
from ivr.records.earlier import earlier_calls
from ivr.records.records import StoredCall
from ivr.requests.backend import Result
from ivr.telephony.cards import LinkRefused
from ivr.telephony.parts import Parts
from ivr.yaml_text import parse

OPEN_ORDERS = "own_open_orders"  # the action that lists them, where there is one
ORDERS_WITHIN_S = 0.5  # the page waits so long for a slow shop; what comes later is shown later
_KEPT_ORDERS = 500  # calls whose orders are kept in memory
_log = logging.getLogger(__name__)


def card_pages(parts: Parts, strangers: Strangers) -> Blueprint:
    """The routes: ``/card/<token>`` is the page, ``/now`` what of it changes, ``/message.wav`` the caller's message."""
    routes = Blueprint("cards", __name__, template_folder="templates", url_prefix="/card")
    routes.add_app_template_filter(telephone)
    pages = _Pages(parts, strangers)
    routes.get("/<token>")(pages.page)
    routes.get("/<token>/now")(pages.now)
    routes.get("/<token>/message.wav", endpoint="message")(pages.message)
    routes.before_request(_remember_nonce)
    routes.after_request(_with_headers)
    return routes


class _Pages:
    """One method for each route."""

    def __init__(self, parts: Parts, strangers: Strangers) -> None:
        self._parts = parts
        self._strangers = strangers
        self._orders = _Orders(parts)

    def page(self, token: str) -> tuple[str, int]:
        """The whole page.  Who opens it stands in the record of the call, a page that reloads itself does not."""
        return self._show(token, "card.html", opens=request.method == "GET" and "again" not in request.args)

    def now(self, token: str) -> tuple[str, int]:
        """The inside of the page, as it is now."""
        return self._show(token, "card_now.html", opens=False)

    def message(self, token: str) -> Response:
        """The message a caller left, fetched for an advisor who has no account with Twilio."""
        try:
            call_id = self._parts.links.call_of(token)
            notes = [event.data for event in self._parts.records.events(call_id) if event.kind == "voicemail"]
            recording = self._parts.voicemail.fetch(str(notes[-1]["recording"])) if notes else None
        except LinkRefused:
            self._refuse()
            recording = None
        except (NotFetched, RequestException, SQLAlchemyError) as error:
            _log.warning("a caller's message could not be played: %s", error)
            return Response("The message could not be fetched. Try again in a moment.", 502, mimetype="text/plain")
        return Response(recording, mimetype="audio/wav") if recording else Response("There is no message here.", 404)

    def _show(self, token: str, template: str, opens: bool) -> tuple[str, int]:
        language = request.accept_languages.best_match(list(self._parts.config.texts))
        try:
            call = self._parts.records.call(self._parts.links.call_of(token))
            if call is None:
                return refused("missing", language), 404
            if opens:
                who = {"from": request.remote_addr, "with": (request.user_agent.string or "")[:120]}
                self._parts.records.note(call.call_id, "card_opened", who)
            return self._card(call, template, language or self._parts.spoken_now(call.language, call.line), opens), 200
        except LinkRefused as error:
            self._refuse()
            return (refused("expired", language), 410) if error.expired else (refused("invalid", language), 404)
        except SQLAlchemyError:
            _log.exception("a handover card could not be shown")
            return refused("trouble", language), 503

    def _refuse(self) -> None:
        """Who opens one bad link after the other gets no page for it."""
        if self._strangers.refused(request.remote_addr, "a link to a card"):
            abort(429)

    def _card(self, call: StoredCall, template: str, language: str, opens: bool) -> str:
        words = card_words(language)
        texts = self._parts.config.texts[language]
        facts = Facts(
            events=self._parts.records.events(call.call_id),
            earlier=earlier_calls(self._parts.records.engine, call),
            promise=self._parts.callbacks.open_for(call.caller, call.call_id),
            orders=self._orders.of(call, language, afresh=opens),
            now=datetime.now(self._parts.config.zone),
        )

        def text(name: str, values: Any) -> str:
            return words[name] if name in words else texts.text(name, values)

        values = handover(call, facts, text, Locale.parse(language))
        message = url_for("cards.message", **(request.view_args or {}))
        return render_template(template, **values, w=words, message=message, shown_in=language, nonce=g.nonce)


class _Orders:
    """Open orders by call: looked up in the backends' own threads, never waited for long."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._asked: dict[str, Future[Result]] = {}

    def of(self, call: StoredCall, language: str, afresh: bool) -> list[str] | None:
        """What the number has open; None while, or because, nobody can say.  ``afresh``: ask again if that failed."""
        if not call.caller:
            return None
        if OPEN_ORDERS not in self._parts.config.actions:
            return []
        asked = self._asked.get(call.call_id)
        if asked is None or (afresh and asked.done() and asked.exception()):
            while len(self._asked) >= _KEPT_ORDERS:
                self._asked.pop(next(iter(self._asked)), None)
            known = {"caller": call.caller, "language": language}
            asked = self._parts.business.start(OPEN_ORDERS, known, f"{call.call_id}-card")
            self._asked[call.call_id] = asked
        if wait_for([asked], ORDERS_WITHIN_S if afresh else 0).not_done or asked.exception():
            return None
        return [str(value) for value in asked.result().values.get("values", ())]


def refused(why: str, language: str | None) -> str:
    """A page that says why there is no card, and what to do."""
    words = card_words(language or "en")
    shown_in = language or "en"
    return render_template(
        "card_refused.html",
        title=words[f"{why}_title"],
        text=words[f"{why}_text"],
        again=why == "trouble",
        shown_in=shown_in,
        nonce=g.nonce,
    )


@cache
def _all_words() -> dict[str, dict[str, str]]:
    text = (Path(__file__).parent / "templates" / "card_words.yaml").read_text(encoding="utf-8")
    words: dict[str, dict[str, str]] = parse(text)[0]
    return words


def card_words(language: str) -> dict[str, str]:
    """The page's own words in a language, English where there are none."""
    words = _all_words()
    return words.get(language, words["en"])


def telephone(number: str) -> str:
    """ "+420123456789" -> "+420 123 456 789"; what is no number stays as it is."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL))


def _remember_nonce() -> None:
    g.nonce = secrets.token_urlsafe(16)


def _with_headers(answer: Response) -> Response:
    """Nothing of a card is kept, found, framed, or told to another server; no script but our own runs."""
    nonce = f"'nonce-{g.nonce}'"
    answer.headers.update(
        {
            "Content-Security-Policy": f"default-src 'none'; script-src {nonce}; style-src {nonce}; "
            "connect-src 'self'; media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Robots-Tag": "noindex, nofollow, noarchive",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Vary": "Accept-Language",
        }
    )
    return answer
