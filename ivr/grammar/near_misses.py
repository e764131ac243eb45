"""Near misses: what callers say that comes near to a request and is none of it.

"I don't want to cancel my order", "who cancelled my order", "only the second item".  A pattern says how a language
makes them (``i (do not | don't) want to {do}``); each request says its action in the forms that patterns ask for.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ivr.grammar.templates import expand, needed

FORMS = ("do", "doing", "did", "done")
"""The forms of a request's action: "cancel my order", "cancelling my order", "cancelled my order", "my order was
cancelled".  A request that lacks a form of a pattern has no near miss by that pattern."""

KINDS = (
    "refusal",
    "past",
    "report",
    "question",
    "condition",
    "part",
    "other_person",
    "hypothetical",
    "correction",
)

_FORM = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class NearMiss:
    """One sentence that is none of ``request``, although near to it.

    ``rival``: a recogniser listens for it beside the request's own sentences; one for each pattern is enough for that.
    """

    sentence: str
    request: str
    kind: str
    rival: bool = False


def forms_in(pattern: str) -> tuple[str, ...]:
    """The forms a pattern asks for."""
    return tuple(dict.fromkeys(_FORM.findall(pattern)))


def near_misses(
    patterns: Mapping[str, Sequence[str]], actions: Mapping[str, Mapping[str, str]], rules: Mapping[str, str]
) -> Iterator[NearMiss]:
    """Every near miss of every request.

    ``patterns``: kind -> patterns.  ``actions``: request -> form -> template.  Raises TemplateError.
    """
    for request, forms in actions.items():
        for kind, each in ((kind, pattern) for kind, lines in patterns.items() for pattern in lines):
            if all(form in forms for form in forms_in(each)):
                template = _FORM.sub(lambda form, forms=forms: f"({forms[form[1]]})", each)  # type: ignore[misc]
                for at, sentence in enumerate(expand(template, needed(template, rules))):
                    yield NearMiss(sentence, request, kind, rival=at == 0)
