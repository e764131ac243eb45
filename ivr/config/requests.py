"""config/requests.yaml: its shapes, and the plans of a call made from it.  Its mistakes are in ``requests_check``."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ivr.call import OutcomePlan, RequestPlan, SlotPlan
from ivr.call.plan import KEYED_DATE, ProofPlan, SlotKind
from ivr.config.actions import ActionEntry, TextMessagesEntry
from ivr.config.files import File, Name
from ivr.grammar import RequestKinds, SentenceSlot

WITHOUT_DIGITS = ("date", "yes_no", "choice")


class SlotEntry(File):
    """What must be known before a request can be served.  ``digits``: how many digits it may have."""

    kind: SlotKind = "digits"
    digits: list[Annotated[int, Field(ge=1, le=20)]] = Field([])
    choices: Name | None = None
    ask: Name
    confirm: Name | None = None
    own: Name | None = None
    sure_if_found: bool = False
    check: Literal["luhn", "mod97", "ean13"] | None = None

    @model_validator(mode="after")
    def _complete(self) -> "SlotEntry":
        if (self.kind in WITHOUT_DIGITS) == bool(self.digits):
            wrong = f"of the kind {self.kind} has no `digits`" if self.digits else "needs `digits`, its lengths"
            raise ValueError(f"a slot {wrong}")
        if (self.kind == "choice") != bool(self.choices):
            raise ValueError("a slot has `choices` (the action that lists them) exactly when its kind is choice")
        if self.kind != "choice" and not self.confirm:
            raise ValueError("a slot needs `confirm`: the prompt that reads an unsure value back")
        return self


class ProofEntry(File):
    """A way to know who is calling: an action with the outcome ``verified``, and the question it needs, if any."""

    action: Name
    slot: SlotEntry | None = None


class OutcomeEntry(File):
    """What is said when an action comes back, and what follows."""

    say: Name
    again: bool = False
    people: bool = False
    offer: Name | None = None
    undo: Name | None = None


class RequestEntry(File):
    """An intent the business serves, or leaves to people."""

    slots: dict[Name, SlotEntry] = Field({})
    identity: Name = "none"
    needs_caller: bool = False
    before: Name | None = None
    action: Name | None = None
    confirm: Name | None = None
    outcomes: dict[Name, OutcomeEntry] = Field({})
    people: bool = False

    def actions(self) -> Iterator[str]:
        """Every action it can ask for, those of its proofs apart."""
        yield from filter(None, (self.before, self.action))
        yield from filter(None, (name for slot in self.slots.values() for name in (slot.own, slot.choices)))
        yield from filter(None, (outcome.offer for outcome in self.outcomes.values()))


class RequestsFile(File):
    """config/requests.yaml"""

    requests: dict[Name, RequestEntry]
    proofs: dict[Name, ProofEntry] = Field({})
    identity: dict[Name, Annotated[int, Field(ge=1)]] = Field({})
    actions: dict[Name, ActionEntry] = Field({})
    text_messages: TextMessagesEntry | None = None


def prompts_of(file: RequestsFile) -> set[str]:
    """Every prompt that requests can say."""
    slots = [slot for request in file.requests.values() for slot in request.slots.values()]
    slots += [proof.slot for proof in file.proofs.values() if proof.slot]
    needed = {slot.ask for slot in slots} | {slot.confirm for slot in slots}
    needed |= {f"request_{intent}" for intent, request in file.requests.items() if not request.people}
    needed |= {request.confirm for request in file.requests.values()}
    outcomes = [outcome for request in file.requests.values() for outcome in request.outcomes.values()]
    needed |= {prompt for outcome in outcomes for prompt in (outcome.say, outcome.undo)}
    needed |= {action.text_message for action in file.actions.values()}
    return {name for name in needed if name}


def request_plans(file: RequestsFile) -> dict[str, RequestPlan]:
    """Intent -> its plan."""
    proofs = tuple(
        ProofPlan(name, proof.action, _slot(name, proof.slot) if proof.slot else None)
        for name, proof in file.proofs.items()
    )
    return {
        intent: RequestPlan(
            intent=intent,
            slots=tuple(_slot(name, each) for name, each in entry.slots.items()),
            proofs=proofs if entry.identity != "none" else (),
            proofs_needed=file.identity.get(entry.identity, 0),
            needs_caller=entry.needs_caller,
            before=entry.before,
            action=entry.action,
            confirm=entry.confirm,
            outcomes={
                outcome: OutcomePlan(each.say, each.again, each.people, each.offer, each.undo)
                for outcome, each in entry.outcomes.items()
            },
            topic=intent if entry.people else None,
        )
        for intent, entry in file.requests.items()
    }


def _slot(name: str, entry: SlotEntry) -> SlotPlan:
    lengths = {"date": KEYED_DATE, "choice": (1,)}.get(entry.kind, tuple(sorted(entry.digits)))
    choice = entry.kind == "choice"
    return SlotPlan(
        name=name,
        lengths=lengths,
        ask=entry.ask,
        confirm=entry.confirm or "",
        own=entry.own,
        sure_if_found=entry.sure_if_found or choice,  # what was chosen is read back with the change
        check=entry.check,
        kind=entry.kind,
        choices=entry.choices,
    )


def request_kinds(file: RequestsFile) -> RequestKinds:
    """Which requests change something, and which subjects only people serve."""
    requests = file.requests.items()
    changes = frozenset(intent for intent, entry in requests if entry.confirm)
    return RequestKinds(changes, frozenset(intent for intent, entry in requests if entry.people))


def sentence_slots(file: RequestsFile) -> dict[str, tuple[SentenceSlot, ...]]:
    """Intent -> the values that may be said in one breath with it."""
    return {
        intent: tuple(
            SentenceSlot(name, tuple(sorted(slot.digits)))
            for name, slot in entry.slots.items()
            if slot.kind in ("digits", "number", "date")
        )
        for intent, entry in file.requests.items()
    }
