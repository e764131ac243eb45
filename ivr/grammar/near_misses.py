"""Near misses: what callers say that comes near to a request and is none of it.

"I don't want to cancel my order", "who cancelled my order", "only the second item".  A pattern says how a language
makes them (``i (do not | don't) want to {do}``); each request says its action in the forms that patterns ask for.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

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
    said = {
        request: {form: expand(template, needed(template, rules)) for form, template in forms.items()}
        for request, forms in actions.items()
    }
    for kind, pattern in ((kind, pattern) for kind, lines in patterns.items() for pattern in lines):
        named = forms_in(pattern)
        # The pattern is expanded once, with a word in the place of each form, and not once for every request.
        template = _FORM.sub(lambda form: f" {_place(form[1])} ", pattern)
        expanded = expand(template, needed(template, rules))
        for request, forms in said.items():
            if all(form in forms for form in named):
                sentences = (
                    _filled(sentence, named, chosen)
                    for sentence in expanded
                    for chosen in product(*(forms[form] for form in named))
                )
                for at, sentence in enumerate(sentences):
                    yield NearMiss(sentence, request, kind, rival=at == 0)


def _place(form: str) -> str:
    return f"formof{form}x"


def _filled(sentence: str, named: Sequence[str], chosen: Sequence[str]) -> str:
    for form, words in zip(named, chosen, strict=True):
        sentence = sentence.replace(_place(form), words)
    return sentence
