"""Everything the business can be asked, each backend beside the others: one that hangs delays nobody else's callers."""

import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from ivr.requests.backend import Backend, BackendFailed, OutcomeUnknown, Result
from ivr.requests.breaker import REST_S, Breaker
from ivr.requests.messages import Messenger
from ivr.requests.sent import SentChanges

THREADS = 16  # for each backend: what one database or service is asked at the same time
MAX_WAITING = 100  # who would have to wait behind more is better off with a person
_log = logging.getLogger(__name__)
SECRET = "secret"  # noqa: S105  values that begin so fill text messages and go nowhere else
Render = Callable[[str, str, Mapping[str, object]], str]
"""language, prompt, values -> text"""
Missed = Callable[[str, str], None]
"""the key of a change, why its text message was not sent"""


@dataclass(frozen=True, slots=True)
class Action:
    """Something the business does.

    ``text_message``: the prompt of a message that is sent with the answer's values.  ``text_later``: the answer does
    not wait for it, so that nobody can tell from its time whether there was anybody to send it to.
    """

    backend: Backend
    changes: bool = False
    text_message: str | None = None
    text_later: bool = False


class Business:
    """Carries out actions in threads of the backend they belong to."""

    def __init__(
        self,
        actions: Mapping[str, Action],
        sent: SentChanges,
        messenger: Messenger | None,
        render: Render,
        missed: Missed = lambda key, why: None,
    ) -> None:
        """``messenger``: None when no action sends text messages.  ``missed`` hears of those sent later in vain."""
        self._actions = actions
        self._sent = sent
        self._messenger = messenger
        self._render = render
        self._missed = missed
        self._later: set[Future[Result]] = set()
        self._lanes = {name: _Lane(name) for name in {self._lane(action) for action in actions.values()}}

    def start(self, action: str, values: Mapping[str, str], key: str) -> "Future[Result]":
        """Carry out an action.  Its threads begin with the first one, so that an object made before a fork works.

        ``values``: slots, ``caller`` and ``language``.  ``key`` names this request of this call.  The future raises
        BackendFailed or OutcomeUnknown; cancelled before it began, nothing was sent.
        """
        return self._lanes[self._lane(self._actions[action])].run(lambda: self._ask(action, values, key))

    def _lane(self, action: Action) -> str:
        return self._messenger.name if self._messenger and action.text_message else action.backend.name

    def _ask(self, name: str, values: Mapping[str, str], key: str) -> Result:
        action = self._actions[name]
        if not action.changes:
            return self._tell(action, values, self._answer(name, values, None), None)
        if before := self._sent.claim(key):
            return before
        answer = self._change(name, values, key)
        try:
            result = self._tell(action, values, answer, key)
        except OutcomeUnknown:
            raise
        except Exception as error:
            raise OutcomeUnknown(f"{name} was done, and what follows it failed: {type(error).__name__}") from error
        try:
            self._sent.answered(key, result)
        except SQLAlchemyError as error:  # whoever gets this change again finds it sent, its outcome unknown
            _log.error("%s: its outcome %r could not be written down: %s", name, result.outcome, type(error).__name__)
        return result

    def _change(self, name: str, values: Mapping[str, str], key: str) -> Result:
        """Ask the backend for a change.  Whatever is not said to have failed may have been made."""
        try:
            return self._answer(name, values, key)
        except OutcomeUnknown:
            raise
        except BackendFailed:
            self._release(key)
            raise
        except Exception as error:
            raise OutcomeUnknown(f"{name}: {type(error).__name__} while it was made") from error

    def _release(self, key: str) -> None:
        try:
            self._sent.release(key)
        except SQLAlchemyError as error:  # that it may be sent again is lost, that it was not made is not
            _log.error("a change that was not made stays marked as sent: %s", type(error).__name__)

    def _answer(self, name: str, values: Mapping[str, str], key: str | None) -> Result:
        return self._actions[name].backend.ask(name, {**values, SECRET: secrets.token_urlsafe(18)}, key)

    def _tell(self, action: Action, values: Mapping[str, str], result: Result, key: str | None) -> Result:
        """Send the text message that goes with an answer; what may be spoken of it comes back."""
        spoken = {name: value for name, value in result.values.items() if not name.startswith(SECRET)}
        to = result.values.get(f"{SECRET}_to")
        if self._messenger and action.text_message and to:
            text = self._render(values["language"], action.text_message, {**values, **result.values})
            send = partial(_send, self._messenger, str(to), text, f"{key}-text")
            if action.text_later:
                self._send_later(send, self._lanes[self._lane(action)], key or "")
            elif not _sent(send):
                return Result("not_sent", spoken)
        return Result(result.outcome, spoken)

    def _send_later(self, send: Callable[[], Result], lane: "_Lane", key: str) -> None:
        def look_after(sending: Future[Result]) -> None:
            error = sending.exception()
            if error or sending.result().outcome != "sent":
                self._missed(key, str(error or "this number cannot get text messages"))
            self._later.discard(sending)

        sending = lane.run(send)
        self._later.add(sending)
        sending.add_done_callback(look_after)

    def settle(self) -> None:
        """Wait until every text message that is sent later has been sent."""
        wait(tuple(self._later))


class _Lane:
    """A backend's own threads and breaker."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="backend")
        self._room = threading.BoundedSemaphore(THREADS + MAX_WAITING)
        self._breaker = Breaker()

    def run(self, work: Callable[[], Result]) -> "Future[Result]":
        if not self._breaker.allows():
            return _failed(f"{self._name} failed again and again and is left alone for {REST_S:g} s")
        if not self._room.acquire(blocking=False):
            return _failed(f"{self._name} has {THREADS + MAX_WAITING} questions to answer already")
        future = self._threads.submit(self._watched, work)
        future.add_done_callback(lambda _: self._room.release())
        return future

    def _watched(self, work: Callable[[], Result]) -> Result:
        try:
            result = work()
        except BackendFailed:
            self._breaker.failed()
            raise
        self._breaker.answered()
        return result


def _failed(why: str) -> "Future[Result]":
    future: Future[Result] = Future()
    future.set_exception(BackendFailed(why))
    return future


def _send(messenger: Messenger, to: str, text: str, key: str) -> Result:
    return Result("sent" if messenger.send(to, text, key) else "not_sent", {})


def _sent(send: Callable[[], Result]) -> bool:
    try:
        return send().outcome == "sent"
    except OutcomeUnknown:
        raise
    except BackendFailed as error:
        _log.error("a text message was not sent: %s", error)
        return False
