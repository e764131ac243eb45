"""What one language has and another has not: human phrases and intents."""

import re
from collections.abc import Iterable, Mapping, Sequence

from ivr.grammar.authoring.lint import Finding, Line, Pack
from ivr.grammar.request_reader import LANGUAGE, PERSON

FEW = 0.1  # of the human phrases of the language that has most: callers of the others are hardly less varied

# An idea -> how each language says it, as parts of human phrases.  A language is complete when it has all of them.
IDEAS: Mapping[str, Mapping[str, str]] = {
    "an advisor": {
        "en": r"\b(advis[oe]r|agent|representative|operator)",
        "fr": r"\b(conseill|agent|opérat|standard)",
        "cs": r"\b(operát|porad|agent|zástupc|spojovatel)",
        "ko": "상담",
        "de": r"(berater|mitarbeiter|agent)",
        "es": r"\b(asesor|agente|operador)",
        "it": r"\b(operatore|consulente|agente)",
        "nl": r"(medewerker|adviseur|agent)",
        "pl": r"\b(konsultant|doradc|operator)",
        "pt": r"\b(atendente|assessor|agente|operador)",
        "sk": r"\b(operát|porad|agent)",
    },
    "a person": {
        "en": r"\b(person|human|people)\b",
        "fr": r"\b(personne|humain|être humain)",
        "cs": r"\b(člově|osob|lidsk|živ)",
        "ko": "사람",
        "de": r"(mensch|person)",
        "es": r"\b(persona|humano)",
        "it": r"\b(persona|umano)",
        "nl": r"\b(persoon|mens)",
        "pl": r"\b(człowiek|osob)",
        "pt": r"\b(pessoa|humano)",
        "sk": r"\b(človek|osob)",
    },
    "talk to someone": {
        "en": r"\b(talk|speak)\b.*\b(some|any|person|human|advis|agent)",
        "fr": r"\b(parler|discuter)",
        "cs": r"\b(mluvit|promluvit|hovořit)",
        "ko": "(통화|이야기|얘기|말하|말씀)",
        "de": r"(sprechen|reden)",
        "es": r"\bhablar",
        "it": r"\bparlare",
        "nl": r"\b(praten|spreken)",
        "pl": r"(rozmawiać|mówić)",
        "pt": r"\bfalar",
        "sk": r"(hovoriť|rozprávať)",
    },
}


def compare(packs: Sequence[Pack]) -> list[Finding]:
    """What is missing in a language, compared with the ideas above and with the other languages."""
    return [*_ideas(packs), *_counts(packs), *_intents(packs)]


def _place(pack: Pack) -> tuple[str, int | None]:
    """Where the human phrases of a language stand."""
    line = next((line for line in pack.lines if line.intent == PERSON), None)
    return (line.file, line.line) if line else (f"grammars/{pack.language}", None)


def _human(pack: Pack) -> list[str]:
    return [each for line, sentences in pack.sentences.items() if line.intent == PERSON for each in sentences]


def _different(human: Sequence[str]) -> int:
    """How many human phrases there are without those that hold a shorter one, which leads to a person by itself."""
    known = set(human)
    spans = {
        phrase: [
            " ".join(words[start:end])
            for words in (phrase.split(),)
            for start in range(len(words))
            for end in range(start + 1, len(words) + 1)
        ]
        for phrase in known
    }
    return sum(not any(span in known and span != phrase for span in spans[phrase]) for phrase in known)


def _ideas(packs: Sequence[Pack]) -> Iterable[Finding]:
    for pack in packs:
        human, place = _human(pack), _place(pack)
        if not human:
            what = f"no sentence of {pack.language!r} asks for a person"
            yield Finding("error", "human-phrases", *place, what, "add the intent `person`: nobody is trapped")
            continue
        for idea, languages in IDEAS.items():
            said = languages.get(pack.language)
            if said is None:
                what = (
                    f"whether {pack.language!r} has words for {idea!r} cannot be checked: its words are not known here"
                )
                yield Finding("note", "human-phrases", *place, what, "check it yourself")
            elif not any(re.search(said, sentence) for sentence in human):
                what = f"no human phrase of {pack.language!r} says {idea!r}"
                yield Finding("error", "human-phrases", *place, what, "add sentences for it to the intent `person`")


def _counts(packs: Sequence[Pack]) -> Iterable[Finding]:
    counts = {pack.language: _different(_human(pack)) for pack in packs}
    most = max(counts, key=lambda language: counts[language], default="")
    for pack in packs:
        if 0 < counts[pack.language] < FEW * counts[most]:
            what = f"{pack.language!r} has {counts[pack.language]} different human phrases, {most!r} has {counts[most]}"
            yield Finding("warning", "human-phrases", *_place(pack), what, "add the ways callers ask for a person")


def _intents(packs: Sequence[Pack]) -> Iterable[Finding]:
    first: dict[str, tuple[Pack, Line]] = {}
    for pack in packs:
        for line in pack.lines:
            if not line.intent.startswith(LANGUAGE):  # offered as far as its author wishes
                first.setdefault(line.intent, (pack, line))
    for pack in packs:
        own = {line.intent for line in pack.lines}
        for intent in (intent for intent in first if intent not in own and intent != PERSON):
            other, line = first[intent]
            what = f"{pack.language!r} has no sentences for {intent!r}, as {other.language!r} has at {line.place}"
            remedy = "add sentences, or leave it: its callers are put through to a person"
            yield Finding("note", "missing-intent", f"grammars/{pack.language}", None, what, remedy)
