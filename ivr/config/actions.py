"""What the business can do, as it stands under ``actions`` in config/requests.yaml: statements and HTTP requests."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints
from rapidfuzz import process

from ivr.config.files import File, Name, Number
from ivr.config.source import Mistakes, Source
from ivr.config.web_address import BadAddress, web_address

CALL = frozenset({"caller", "language"})  # known of every call
CHANGE = frozenset({"key", "changed", "secret"})  # made for every action
MESSAGE = frozenset({"to", "text"})  # of the action that sends text messages
PARAMETER = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")  # :order_number, as SQLAlchemy reads it; not ::date
PLACEHOLDER = re.compile(r"\{(\w+)\}")  # {order_number}
VARIABLE = re.compile(r"\$\{(\w+)\}")  # ${SHOP_API_TOKEN}
_KEEPS_SECRETS = re.compile(r"auth|token|key|secret|password|cookie", re.IGNORECASE)

At = Annotated[str, StringConstraints(pattern=r"^[\w-]+(\.([\w-]+|\*))*$")]
"""A place in JSON: names and positions joined by dots; ``*`` is each of a list."""


class HttpEntry(File):
    """A request to a service, and how its JSON is read."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    url: str
    headers: dict[str, str] = {}
    body: dict[str, JsonValue] = {}
    timeout_s: Annotated[float, Field(gt=0, le=30)] = 4.0
    idempotent: bool = False
    statuses: dict[Annotated[int, Field(ge=200, le=599)], Name] = {}
    outcome: At | None = None
    outcomes: dict[str, Name] = {}
    values: dict[Name, At] = {}


class ActionEntry(File):
    """Something the business does: SQL statements or an HTTP request."""

    sql: str | list[str] | None = None
    http: HttpEntry | None = None
    changes: bool = False
    text_message: Name | None = None
    text_later: bool = False

    @property
    def statements(self) -> tuple[str, ...]:
        """The statements of ``sql``."""
        return (self.sql,) if isinstance(self.sql, str) else tuple(self.sql or ())


class TextMessagesEntry(File):
    """How text messages are sent: by Twilio from a number, or by an action."""

    twilio_from: Number | None = None
    action: Name | None = None


def check_actions(
    source: Source,
    actions: Mapping[str, ActionEntry],
    texts: TextMessagesEntry | None,
    slots: Mapping[str, frozenset[str]],
    mistakes: Mistakes,
) -> None:
    """Collect the mistakes that shapes do not show.

    ``slots``: action -> what is known when it is carried out; what an action needs that nobody uses is not checked.
    """
    for name, action in actions.items():
        known = (
            slots.get(name, frozenset(values_needed(action)))
            | CALL
            | CHANGE
            | (MESSAGE if texts and name == texts.action else frozenset())
        )
        for part, what, remedy in _mistakes(action, known):
            mistakes.found.append(source.mistake(("actions", name, *part), f"action {name}: {what}", remedy))
        if action.text_message and texts is None:
            what = f"action {name} sends a text message, and nothing says how"
            mistakes.found.append(source.mistake(("actions", name), what, "add `text_messages: {twilio_from: NUMBER}`"))
    if texts is None:
        return
    if (texts.twilio_from is None) == (texts.action is None):
        what = "text_messages needs one of `twilio_from` and `action`"
        mistakes.found.append(source.mistake(("text_messages",), what, "keep the one that applies"))
    if texts.action and not (texts.action in actions and actions[texts.action].changes):
        what = f"text_messages: {texts.action!r} is not an action with `changes: true`"
        mistakes.found.append(source.mistake(("text_messages", "action"), what, "add it under actions"))


Found = tuple[tuple[str, ...], str, str]
"""where in the action, what is wrong, the remedy"""


def values_needed(action: ActionEntry) -> Iterator[str]:
    """The names of the values that an action's statements and templates are filled with."""
    for statement in action.statements:
        yield from dict.fromkeys(PARAMETER.findall(statement))
    if action.http:
        yield from PLACEHOLDER.findall(action.http.url)
        yield from PLACEHOLDER.findall(json.dumps(action.http.body))


def _mistakes(action: ActionEntry, known: frozenset[str]) -> Iterator[Found]:
    if (action.http is None) == (not action.statements):
        yield (), "needs one of `sql` and `http`", "keep the one that applies"
    if action.text_message and not action.changes:
        yield (), "sends a text message, so it must not be carried out twice", "add `changes: true`"
    if action.text_later and not action.text_message:
        yield ("text_later",), "sends no text message that could be sent later", "add `text_message: PROMPT`"
    for name in sorted(set(values_needed(action)) - known):
        near = process.extractOne(name, sorted(known), score_cutoff=60)
        remedy = f"did you mean {near[0]!r}?" if near else "add the slot, or check its spelling"
        yield (), f"{name!r} is no slot of the requests that use it", remedy
    if action.http:
        yield from _http_mistakes(action.http, action.changes)


def _http_mistakes(http: HttpEntry, changes: bool) -> Iterator[Found]:
    place = ("http", "url")
    try:
        web_address(http.url)
    except BadAddress as error:
        yield place, f"`url` {error}", "write https://HOST/PATH; a user or password belongs in `headers`"
    if PLACEHOLDER.search(http.url.partition("://")[2].partition("/")[0]):
        yield place, "the host is fixed", "use {slots} after the host, ${VARIABLES} in headers"
    for name, value in http.headers.items():
        if _KEEPS_SECRETS.search(name) and not VARIABLE.search(value):
            remedy = f"write {name}: ${{SHOP_TOKEN}}, and set SHOP_TOKEN where the server runs"
            yield ("http", "headers", name), f"header {name} holds a secret", remedy
    if http.method != "GET" and not changes and not http.idempotent:
        remedy = "add `changes: true`, or `idempotent: true` where asking twice does no harm"
        yield ("http", "method"), f"{http.method} may change something", remedy
    if http.method == "GET" and (changes or http.body):
        yield ("http", "method"), "GET neither changes anything nor has a body", "use POST, PUT, PATCH or DELETE"
