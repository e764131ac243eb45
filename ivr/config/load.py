"""The supervisors' files -> one frozen Config, or every mistake in them at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, get_args

from ivr.advisors.teams import Advisors, Team
from ivr.call import Bands, Budget, OutcomePlan, Plan, RequestPlan, SlotPlan, Timing
from ivr.call.actions import Reason
from ivr.call.turns import TurnTiming
from ivr.config.files import AdvisorsFile, GrammarFile, IvrFile, LanguageEntry, RequestEntry, RequestsFile
from ivr.config.source import ConfigError, Mistake, Source, check, read
from ivr.config.texts import Texts, syntax_mistake
from ivr.grammar import BUILT_IN, PERSON, DigitWords, Grammar, TemplateError, expand, normalise
from ivr.grammar.keywords import Keywords
from ivr.grammar.keywords import parse as parse_keywords

Language = LanguageEntry
Result = TypeVar("Result")

_PROMPTS = (
    "greeting",
    "how_can_i_help",
    "anything_else",
    "farewell",
    "robot",
    "one_moment",
    "no_match",
    "no_input",
    "confirm_request",
    "queue",
    "voicemail",
    "voicemail_thanks",
    *(f"transfer_{reason}" for reason in get_args(Reason)),
)


@dataclass(frozen=True)
class Config:
    """Everything the supervisors decided.  ``lines``: dialled number -> language; the first is for unknown numbers."""

    home: Path
    company: str
    lines: Mapping[str, str]
    languages: Mapping[str, Language]
    grammars: Mapping[str, Grammar]
    texts: Mapping[str, Texts]
    plans: Mapping[str, Plan]
    turns: TurnTiming
    lookups: Mapping[str, str]
    advisors: Advisors
    max_calls: int

    def language_of(self, dialled: str) -> str:
        """The language of a dialled number."""
        return self.lines.get(dialled) or next(iter(self.lines.values()))


class _Mistakes:
    """Collects, so that one run of ``ivr check`` shows everything."""

    def __init__(self) -> None:
        self.found: list[Mistake] = []

    def gather(self, step: Callable[[], Result]) -> Result | None:
        """The result of a step, or None with its mistakes collected."""
        try:
            return step()
        except ConfigError as error:
            self.found += error.mistakes
            return None


def load(home: Path) -> Config:
    """Read ``config/`` and ``grammars/`` below ``home``.  Raises ConfigError with every mistake."""
    mistakes = _Mistakes()
    sources = {
        name: mistakes.gather(lambda name=name: read(home, f"config/{name}.yaml"))  # type: ignore[misc]
        for name in ("ivr", "requests", "advisors")
    }
    ivr = _checked(mistakes, sources["ivr"], IvrFile)
    requests = _checked(mistakes, sources["requests"], RequestsFile)
    advisors = _checked(mistakes, sources["advisors"], AdvisorsFile)
    if not (ivr and requests and advisors):
        raise ConfigError(mistakes.found)
    for number, line in ivr.lines.items():
        if line.language not in ivr.languages and (source := sources["ivr"]):
            what = f"line {number} speaks {line.language!r}, which is not under languages"
            mistakes.found.append(source.mistake(("lines", number), what, "add the language or change the line"))
    served = set(requests.requests)
    grammars, texts = {}, {}
    for language in ivr.languages:
        grammars[language] = _grammar(home, language, served, mistakes)
        texts[language] = _texts(home, language, ivr.company, requests, mistakes)
    _check_requests(sources["requests"], requests, mistakes)
    _check_advisors(sources["advisors"], advisors, ivr, mistakes)
    if mistakes.found:
        raise ConfigError(mistakes.found)
    return Config(
        home=home,
        company=ivr.company,
        lines={number: line.language for number, line in ivr.lines.items()},
        languages=dict(ivr.languages),
        grammars={language: grammar for language, grammar in grammars.items() if grammar},
        texts={language: text for language, text in texts.items() if text},
        plans={language: _plan(ivr, requests, texts[language]) for language in ivr.languages},
        turns=TurnTiming(ivr.timing.silence, ivr.timing.digits, ivr.timing.complete, ivr.timing.final),
        lookups=dict(requests.lookups),
        advisors=_advisors(advisors),
        max_calls=ivr.max_calls,
    )


Shape = TypeVar("Shape", IvrFile, RequestsFile, AdvisorsFile)


def _checked(mistakes: _Mistakes, source: Source | None, shape: type[Shape]) -> Shape | None:
    return mistakes.gather(lambda: check(source, shape)) if source else None


def _grammar(home: Path, language: str, served: set[str], mistakes: _Mistakes) -> Grammar | None:
    folder = home / "grammars" / language
    names = sorted(f"grammars/{language}/{path.name}" for path in folder.glob("*.yaml"))
    if not names:
        what = f"has no grammar files for {language!r}"
        mistakes.found.append(Mistake(f"grammars/{language}", None, what, "add at least the human phrases"))
        return None
    files: list[tuple[Source, GrammarFile]] = []
    for name in names:
        source = mistakes.gather(lambda name=name: read(home, name))  # type: ignore[misc]
        file = mistakes.gather(lambda source=source: check(source, GrammarFile)) if source else None  # type: ignore[misc]
        if source and file:
            files.append((source, file))
    rules = {name: body for _, file in files for name, body in file.rules.items()}
    sentences: dict[str, str] = {}
    for source, file in files:
        if file.language != language:
            what = f"language is {file.language!r} in the folder of {language!r}"
            mistakes.found.append(source.mistake(("language",), what, "move the file or correct it"))
        _expand_file(source, file, rules, served, (sentences, mistakes))
    if PERSON not in sentences.values():
        what = f"no sentence asks for a person in {language!r}"
        mistakes.found.append(Mistake(f"grammars/{language}", None, what, "add the intent `person`: nobody is trapped"))
    keywords = [
        rule
        for source, file in files
        for intent, entry in file.intents.items()
        for at, line in enumerate(entry.keywords)
        if (rule := _keywords(source, intent, at, line, mistakes))
    ]
    fillers = frozenset(normalise(word) for _, file in files for word in file.fillers)
    return Grammar(language, sentences, _digit_words([file for _, file in files]), tuple(keywords), fillers)


def _digit_words(files: list[GrammarFile]) -> DigitWords:
    """The words for numbers of all files of a language."""
    return DigitWords(
        digits={word: str(value) for file in files for word, value in file.digits.items()},
        times={word: value for file in files for word, value in file.times.items()},
        numbers={word: value for file in files for word, value in file.numbers.items()},
        large={word: value for file in files for word, value in file.large.items()},
        teens_after=frozenset(ten for file in files for ten in file.teens_after),
        joined_by=tuple(word for file in files for word in file.joined_by),
        before={word: value for file in files for word, value in file.before.items()},
        several={word: str(value) for file in files for word, value in file.several.items()},
        asides=frozenset(word for file in files for word in file.asides),
        restarts=tuple(word for file in files for word in file.restarts),
        run_together=any(file.run_together for file in files),
    )


def _keywords(source: Source, intent: str, at: int, line: str, mistakes: _Mistakes) -> Keywords | None:
    try:
        return parse_keywords(intent, line)
    except TemplateError as error:
        place = ("intents", intent, "keywords", at)
        mistakes.found.append(source.mistake(place, str(error), "see docs/supervisors.md, Keywords"))
        return None


def _expand_file(
    source: Source,
    file: GrammarFile,
    rules: Mapping[str, str],
    served: set[str],
    into: tuple[dict[str, str], _Mistakes],
) -> None:
    sentences, mistakes = into
    for intent, entry in file.intents.items():
        if intent not in served and intent not in BUILT_IN:
            what = f"intent {intent!r} is not in config/requests.yaml"
            mistakes.found.append(source.mistake(("intents", intent), what, "add it there, or correct the name"))
        for at, template in enumerate(entry.sentences):
            try:
                expanded = expand(template, rules)
            except TemplateError as error:
                place = ("intents", intent, "sentences", at)
                mistakes.found.append(source.mistake(place, str(error), "see docs/supervisors.md, Grammars"))
                continue
            for sentence in expanded:
                other = sentences.setdefault(sentence, intent)
                if other != intent:
                    what = f"{sentence!r} already means {other!r}"
                    place = ("intents", intent, "sentences", at)
                    mistakes.found.append(source.mistake(place, what, "keep it in one intent"))


def _texts(home: Path, language: str, company: str, requests: RequestsFile, mistakes: _Mistakes) -> Texts | None:
    source = mistakes.gather(lambda: read(home, f"config/prompts/{language}.yaml"))
    if source is None:
        return None
    if not isinstance(source.data, dict):
        mistakes.found.append(source.mistake((), "is not a list of `name: sentence`", "see config/prompts/en.yaml"))
        return None
    good = True
    for name, text in source.data.items():
        wrong = syntax_mistake(language, text) if isinstance(text, str) else "a sentence must be text"
        if wrong:
            mistakes.found.append(source.mistake((name,), f"prompt {name!r}: {wrong}", "mend the sentence"))
            good = False
    for name in sorted(_needed(requests) - set(source.data)):
        mistakes.found.append(source.mistake((), f"prompt {name!r} is missing", "add the sentence"))
    return Texts(language, source.data, company) if good else None


def _needed(requests: RequestsFile) -> set[str]:
    """Every prompt the configuration can say."""
    needed = set(_PROMPTS)
    for intent, request in requests.requests.items():
        if not request.people:
            needed.add(f"request_{intent}")
        needed |= {prompt for slot in request.slots.values() for prompt in (slot.ask, slot.confirm)}
        needed |= {outcome.say for outcome in request.outcomes.values()}
    return needed


def _check_requests(source: Source | None, file: RequestsFile, mistakes: _Mistakes) -> None:
    if source is None:
        return
    for intent, request in file.requests.items():
        place = ("requests", intent)
        used = {request.lookup, *(slot.own for slot in request.slots.values())} - {None}
        for name in sorted(str(each) for each in used - set(file.lookups)):
            mistakes.found.append(source.mistake(place, f"lookup {name!r} is not under lookups", "add its statement"))
        if not request.people and not request.outcomes:
            what = f"{intent} has no outcomes: nothing could be answered"
            mistakes.found.append(source.mistake(place, what, "add outcomes, or `people: true`"))
        if not request.people and request.lookup is None and "found" not in request.outcomes:
            what = f"{intent} has no lookup and no outcome `found`"
            mistakes.found.append(source.mistake(place, what, "add one of the two"))


def _check_advisors(source: Source | None, file: AdvisorsFile, ivr: IvrFile, mistakes: _Mistakes) -> None:
    if source is None:
        return
    if file.team not in file.teams:
        what = f"team {file.team!r} is not under teams"
        mistakes.found.append(source.mistake(("team",), what, f"one of: {', '.join(file.teams)}"))
    for name, team in file.teams.items():
        for language in sorted(set(ivr.languages) - set(team.name)):
            what = f"team {name} has no name in {language!r}"
            mistakes.found.append(
                source.mistake(("teams", name, "name"), what, "callers are told who they will talk to")
            )


def _plan(ivr: IvrFile, requests: RequestsFile, texts: Texts | None) -> Plan:
    timing = ivr.timing
    return Plan(
        bands=Bands(ivr.confidence.accept, ivr.confidence.confirm),
        budget=Budget(ivr.budget.turns, ivr.budget.seconds, ivr.budget.misses),
        timing=Timing(timing.no_input, timing.keypad, timing.filler, timing.lookup),
        requests={
            intent: _request(
                intent, entry, texts.text(f"request_{intent}", {}) if texts and not entry.people else intent
            )
            for intent, entry in requests.requests.items()
        },
    )


def _request(intent: str, entry: RequestEntry, name: str) -> RequestPlan:
    return RequestPlan(
        intent=intent,
        name=name,
        slots=tuple(
            SlotPlan(slot, tuple(sorted(each.digits)), each.ask, each.confirm, each.own, each.sure_if_found, each.check)
            for slot, each in entry.slots.items()
        ),
        lookup=entry.lookup,
        outcomes={outcome: OutcomePlan(each.say, each.again) for outcome, each in entry.outcomes.items()},
        topic=intent if entry.people else None,
    )


def _advisors(file: AdvisorsFile) -> Advisors:
    teams = {
        name: Team(name, dict(team.name), team.number, team.ring_s, team.queue) for name, team in file.teams.items()
    }
    return Advisors(teams, file.team)
