"""config/requests.yaml: its shapes, what can be wrong with it, and the plans of a call made from it."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ivr.call import OutcomePlan, RequestPlan, SlotPlan
from ivr.call.plan import KEYED_DATE, SlotKind
from ivr.config.actions import ActionEntry, TextMessagesEntry, check_actions
from ivr.config.files import File, Name
from ivr.config.source import Mistakes, Source
from ivr.config.texts import Texts


class SlotEntry(File):
    """What must be known before a request can be served.  ``digits``: how many digits it may have."""

    kind: SlotKind = "digits"
    digits: list[Annotated[int, Field(ge=1, le=20)]] = Field([])
    ask: Name
    confirm: Name
    own: Name | None = None
    sure_if_found: bool = False
    check: Literal["luhn", "mod97", "ean13"] | None = None

    @model_validator(mode="after")
    def _length_is_known(self) -> "SlotEntry":
        if (self.kind in ("date", "yes_no")) == bool(self.digits):
            wrong = f"of the kind {self.kind} has no `digits`" if self.digits else "needs `digits`, its lengths"
            raise ValueError(f"a slot {wrong}")
        return self


class OutcomeEntry(File):
    """What is said when a lookup comes back."""

    say: Name
    again: bool = False


class RequestEntry(File):
    """An intent the business serves, or leaves to people."""

    slots: dict[Name, SlotEntry] = Field({})
    lookup: Name | None = None
    outcomes: dict[Name, OutcomeEntry] = Field({})
    people: bool = False


class RequestsFile(File):
    """config/requests.yaml"""

    requests: dict[Name, RequestEntry]
    actions: dict[Name, ActionEntry] = Field({})
    text_messages: TextMessagesEntry | None = None


def prompts_of(requests: RequestsFile) -> set[str]:
    """Every prompt that requests can say."""
    needed = set[str]()
    for intent, request in requests.requests.items():
        if not request.people:
            needed.add(f"request_{intent}")
        needed |= {prompt for slot in request.slots.values() for prompt in (slot.ask, slot.confirm)}
        needed |= {outcome.say for outcome in request.outcomes.values()}
    return needed | {action.text_message for action in requests.actions.values() if action.text_message}


def check_requests(source: Source | None, file: RequestsFile, mistakes: Mistakes) -> None:
    """Collect what is wrong between the parts of the file."""
    if source is None:
        return
    slots: dict[str, frozenset[str]] = {}
    for intent, request in file.requests.items():
        place = ("requests", intent)
        used = {request.lookup, *(slot.own for slot in request.slots.values())} - {None}
        for name in sorted(str(each) for each in used - set(file.actions)):
            mistakes.found.append(source.mistake(place, f"{name!r} is not under actions", "add it there"))
        slots |= {name: slots.get(name, frozenset()) | set(request.slots) for name in used if name}
        if not request.people and not request.outcomes:
            what = f"{intent} has no outcomes: nothing could be answered"
            mistakes.found.append(source.mistake(place, what, "add outcomes, or `people: true`"))
        if not request.people and request.lookup is None and "found" not in request.outcomes:
            what = f"{intent} has no lookup and no outcome `found`"
            mistakes.found.append(source.mistake(place, what, "add one of the two"))
    check_actions(source, file.actions, file.text_messages, slots, mistakes)


def request_plans(file: RequestsFile, texts: Texts | None) -> dict[str, RequestPlan]:
    """Intent -> its plan, with the words of a language."""
    return {
        intent: _request(intent, entry, texts.text(f"request_{intent}", {}) if texts and not entry.people else intent)
        for intent, entry in file.requests.items()
    }


def _request(intent: str, entry: RequestEntry, name: str) -> RequestPlan:
    return RequestPlan(
        intent=intent,
        name=name,
        slots=tuple(
            SlotPlan(
                slot,
                KEYED_DATE if each.kind == "date" else tuple(sorted(each.digits)),
                each.ask,
                each.confirm,
                each.own,
                each.sure_if_found,
                each.check,
                each.kind,
            )
            for slot, each in entry.slots.items()
        ),
        lookup=entry.lookup,
        outcomes={outcome: OutcomePlan(each.say, each.again) for outcome, each in entry.outcomes.items()},
        topic=intent if entry.people else None,
    )
