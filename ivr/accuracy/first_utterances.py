"""Labelled first utterances of a call: requests that must be handled, and near misses that must not begin one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ivr.accuracy.labelled import LabelledDataError
from ivr.call.plan import Plan
from ivr.call.policy import Decision, decide
from ivr.grammar import BUILT_IN, PERSON, Grammar, Meaning, asked_language


@dataclass(frozen=True, slots=True)
class Label:
    """``intents``: any of them is right; none for a near miss, which must not begin a request.

    ``kind``: what sort of utterance it is (refusal, question, ...), "" where nothing is said about it.
    """

    intents: frozenset[str]
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict of a call on its first utterance, taken for ``intent`` with ``confidence``."""

    label: Label
    intent: str | None
    decision: Decision
    confidence: float

    @property
    def right(self) -> bool:
        """True when the utterance was taken for what it is."""
        return self.intent in self.label.intents


def read_label(row: dict[str, str], known: frozenset[str], source: object) -> Label:
    """The label in the columns ``intent`` (several separated by spaces, or empty) and ``kind``.

    Raises LabelledDataError when an intent is not among the ``known``.
    """
    intents = frozenset((row.get("intent") or "").split())
    if unknown := sorted(intents - known):
        raise LabelledDataError(f"{source}: no grammar or request of ours has the intent {', '.join(unknown)}")
    return Label(intents, (row.get("kind") or "").strip())


def known_intents(grammar: Grammar, plan: Plan) -> frozenset[str]:
    """All intents an utterance may be labelled with."""
    return frozenset((*plan.requests, *BUILT_IN, *grammar.sentences.values()))


def outcome(plan: Plan, label: Label, meaning: Meaning, confidence: float) -> Outcome:
    """The fate of a first utterance.  Subjects for people and wishes for a person need no certainty."""
    decision = decide(plan.bands, confidence, unsure_before=False)
    request = plan.requests.get(meaning.intent or "")
    if meaning.intent is None:
        decision = "transfer"
    elif meaning.intent == PERSON or (request and request.topic and decision == "confirm"):
        decision = "accept"
    elif request is None and decision == "confirm":
        decision = "transfer"  # only requests are asked back
    return Outcome(label, meaning.intent, decision, confidence)


def changes_something(plan: Plan, intent: str | None) -> bool:
    """True for a request that changes or sends something."""
    request = plan.requests.get(intent or "")
    return request is not None and request.topic is None and request.confirm is not None


def _is_begun(plan: Plan, intent: str | None) -> bool:
    """True for what the machine does by itself: requests that do not go to people, and going on in a language."""
    request = plan.requests.get(intent or "")
    return (request is not None and request.topic is None) or asked_language(intent) is not None


def verdict(plan: Plan, each: Outcome) -> str:
    """One word for an outcome: handled, asked_back, ..., rejected; for a near miss begun, asked_back, left_alone."""
    acts = each.decision != "transfer" and (each.right or _is_begun(plan, each.intent))
    if not each.label.intents:
        return {"accept": "begun", "confirm": "asked_back"}[each.decision] if acts else "left_alone"
    if not acts:
        return "rejected"
    if each.right:
        return "handled" if each.decision == "accept" else "asked_back"
    return "wrong" if each.decision == "accept" else "wrong_asked_back"


def table(plan: Plan, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Shares of the requests and of the near misses, in all and (``by_kind``) for each kind.

    ``begun_changes`` and ``asked_back_changes``: requests that change or send something; they are part of ``begun``
    and ``asked_back_near_misses``.  Requests that go to people only, and wishes for a person, are never begun.
    """
    kinds = sorted({each.label.kind for each in outcomes} - {""})
    found = _shares(plan, outcomes)
    if kinds:
        found["by_kind"] = {kind: _shares(plan, [o for o in outcomes if o.label.kind == kind]) for kind in kinds}
    return found


def _shares(plan: Plan, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    inside = [each for each in outcomes if each.label.intents]
    near = [each for each in outcomes if not each.label.intents]

    def share(whole: Sequence[Outcome], holds: Callable[[Outcome], bool]) -> float | None:
        return round(sum(map(holds, whole)) / len(whole), 4) if whole else None

    def is_called(name: str, changes: bool | None = None) -> Callable[[Outcome], bool]:
        return lambda each: verdict(plan, each) == name and changes in {None, changes_something(plan, each.intent)}

    return {
        "in_grammar": len(inside),
        "handled": share(inside, is_called("handled")),
        "asked_back": share(inside, is_called("asked_back")),
        "wrong": share(inside, is_called("wrong")),
        "wrong_asked_back": share(inside, is_called("wrong_asked_back")),
        "rejected": share(inside, is_called("rejected")),
        "near_misses": len(near),
        "begun": share(near, is_called("begun")),
        "begun_changes": share(near, is_called("begun", True)),
        "begun_others": share(near, is_called("begun", False)),
        "asked_back_near_misses": share(near, is_called("asked_back")),
        "asked_back_changes": share(near, is_called("asked_back", True)),
    }
