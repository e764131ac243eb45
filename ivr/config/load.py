"""The supervisors' files -> one frozen Config, or every mistake in them at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, get_args
from zoneinfo import ZoneInfo

from ivr.advisors.teams import Advisors
from ivr.call import Bands, Budget, Plan, Timing, TonePlan
from ivr.call.actions import Reason
from ivr.call.turns import TurnTiming
from ivr.config.actions import ActionEntry, TextMessagesEntry
from ivr.config.advisors import advisors as build_advisors
from ivr.config.files import AdvisorsFile, IvrFile, LanguageEntry
from ivr.config.grammars import load_grammars, load_upset_words
from ivr.config.prompt_values import must_say, prompt_values
from ivr.config.questions import Questions, QuestionsFile, load_questions
from ivr.config.requests import RequestsFile, prompts_of, request_kinds, request_plans, sentence_slots
from ivr.config.requests_check import check_requests
from ivr.config.source import ConfigError, Mistakes, Source, check, read
from ivr.config.texts import Texts
from ivr.grammar import Grammar
from ivr.records.keeping import Keeping
from ivr.tone import NO_WORDS, ToneFile, UpsetWords, Weights, weights

Language = LanguageEntry
Result = TypeVar("Result")

_PROMPTS = (
    "greeting",
    "other_language",
    "how_can_i_help",
    "anything_else",
    "farewell",
    "robot",
    "one_moment",
    "offer_person",
    "no_match",
    "no_input",
    "hello",
    "take_your_time",
    "nothing_yet",
    "unclear",
    "key_in",
    "key_in_day",
    "confirm_request",
    "first_of_two",
    "nothing_done",
    "not_proved",
    "passing_on",
    "change_unknown",
    "change_failed",
    "offer_text",
    "text_sent",
    "text_not_sent",
    "put_through",
    "next_advisor",
    "queue",
    "queue_choices",
    "closed",
    "all_busy",
    "choices",
    "callback_number",
    "callback_ask_number",
    "callback_wrong_number",
    "callback_window",
    "callback_promised",
    "voicemail",
    "voicemail_thanks",
    "whisper",
    "whisper_keys",
    "whisper_taken",
    "whisper_nobody",
    *(f"{kind}_{reason}" for reason in get_args(Reason) for kind in ("transfer", "reason")),
)


@dataclass(frozen=True)
class Config:
    """Everything the supervisors decided.

    ``lines``: dialled number -> language; the first is for unknown numbers.  ``keys``: dialled number -> key -> another
    language.  ``tone``: None when it is switched off.  ``most_given_up``: calls that a number may give up within 24
    hours before it is put straight through; 0: any number of them.  ``number_words``: of all
    languages, because a call may change its own.
    """

    home: Path
    company: str
    lines: Mapping[str, str]
    keys: Mapping[str, Mapping[str, str]]
    languages: Mapping[str, Language]
    grammars: Mapping[str, Grammar]
    texts: Mapping[str, Texts]
    plans: Mapping[str, Plan]
    turns: TurnTiming
    actions: Mapping[str, ActionEntry]
    text_messages: TextMessagesEntry | None
    advisors: Advisors
    webhook: str | None
    tone: Weights | None
    upset_words: Mapping[str, UpsetWords]
    most_given_up: int
    max_calls: int
    keep: Keeping
    number_words: frozenset[str]

    @property
    def zone(self) -> ZoneInfo:
        """Where the company is: its days begin at midnight there, and its pages and reports tell that time."""
        return self.advisors.teams[self.advisors.default].hours.zone

    def language_of(self, dialled: str) -> str:
        """The language of a dialled number."""
        return self.lines.get(dialled) or next(iter(self.lines.values()))


def load(home: Path) -> Config:
    """Read ``config/`` and ``grammars/`` below ``home``.  Raises ConfigError with every mistake."""
    mistakes = Mistakes()
    sources = {
        name: mistakes.gather(lambda name=name: read(home, f"config/{name}.yaml"))  # type: ignore[misc]
        for name in ("ivr", "requests", "advisors")
    }
    ivr = _checked(mistakes, sources["ivr"], IvrFile)
    requests = _checked(mistakes, sources["requests"], RequestsFile)
    advisors_file = _checked(mistakes, sources["advisors"], AdvisorsFile)
    if not (ivr and requests and advisors_file and sources["advisors"]):
        raise ConfigError(mistakes.found)
    _check_lines(sources["ivr"], ivr, mistakes)
    served = set(requests.requests)
    texts, upset_words = {}, {}
    tone = _tone(home, mistakes) if ivr.tone.on else None
    questions = {each: load_questions(home, each, served, mistakes) for each in ivr.languages}
    for language in ivr.languages:
        upset_words[language] = load_upset_words(home, language, mistakes) if tone else NO_WORDS
        texts[language] = _texts(home, (ivr, requests), questions[language], mistakes)
    asides = {language: words.phrases for language, words in upset_words.items()}
    grammars = load_grammars(home, asides, sentence_slots(requests), request_kinds(requests), questions, mistakes)
    check_requests(sources["requests"], requests, mistakes)
    advisors = build_advisors(sources["advisors"], advisors_file, tuple(ivr.languages), served, mistakes)
    if mistakes.found:
        raise ConfigError(mistakes.found)
    digits = [grammar.digit_words for grammar in grammars.values()]
    return Config(
        home=home,
        company=ivr.company,
        lines={number: line.language for number, line in ivr.lines.items()},
        keys={number: {key: other for other, key in line.also.items()} for number, line in ivr.lines.items()},
        languages=dict(ivr.languages),
        grammars=grammars,
        texts={language: text for language, text in texts.items() if text},
        plans={language: _plan(ivr, requests, tone, questions[language][1]) for language in ivr.languages},
        turns=TurnTiming(ivr.timing.silence, ivr.timing.digits, ivr.timing.complete, ivr.timing.final),
        actions=dict(requests.actions),
        text_messages=requests.text_messages,
        advisors=advisors,
        webhook=advisors_file.webhook,
        tone=tone,
        upset_words=upset_words,
        most_given_up=ivr.repeat_callers.gave_up,
        max_calls=ivr.max_calls,
        keep=Keeping(
            ivr.keep.what, ivr.keep.numbers == "masked", ivr.keep.days, ivr.keep.card_days, ivr.keep.audio_days
        ),
        number_words=frozenset(word for each in digits for word in (*each.words, *each.group_words)),
    )


Shape = TypeVar("Shape", IvrFile, RequestsFile, AdvisorsFile)


def _checked(mistakes: Mistakes, source: Source | None, shape: type[Shape]) -> Shape | None:
    return mistakes.gather(lambda: check(source, shape)) if source else None


def _tone(home: Path, mistakes: Mistakes) -> Weights | None:
    source = mistakes.gather(lambda: read(home, "config/tone.yaml"))
    file = mistakes.gather(lambda: check(source, ToneFile)) if source else None
    return weights(file) if file else None


def _texts(home: Path, files: tuple[IvrFile, RequestsFile], questions: Questions, mistakes: Mistakes) -> Texts | None:
    ivr, requests = files
    language, answers = questions[1].language, questions[1].prompts()
    source = mistakes.gather(lambda: read(home, f"config/prompts/{language}.yaml"))
    if source is None:
        return None
    if not isinstance(source.data, dict):
        mistakes.found.append(source.mistake((), "is not a list of `name: sentence`", "see config/prompts/en.yaml"))
        return None
    sentences = {name: text for name, text in source.data.items() if isinstance(text, str)}
    recorded = ivr.keep.what == "words_and_audio"
    texts = Texts(language, {**sentences, **answers}, ivr.company, ivr.tone.on, recorded)
    wrong = {**dict.fromkeys(set(source.data) - set(sentences), "a sentence must be text"), **texts.mistakes}
    for name, what in wrong.items():
        if name in answers:
            mistakes.found.append(questions[0].mistake(("questions",), f"{name}: {what}", "mend the answer"))
        else:
            mistakes.found.append(source.mistake((name,), f"prompt {name!r}: {what}", "mend the sentence"))
    for name in sorted({*_PROMPTS, *prompts_of(requests)} - set(source.data)):
        mistakes.found.append(source.mistake((), f"prompt {name!r} is missing", "add the sentence"))
    for name, intent, given in prompt_values(requests):
        if name in sentences and name not in wrong:
            for value in sorted(texts.values(name) - given):
                what = f"prompt {name!r}: {intent} says it, and has no {value!r}"
                remedy = f"it has {', '.join(sorted(given)) or 'no values'}; or let its action answer {value!r}"
                mistakes.found.append(source.mistake((name,), what, remedy))
    for name, intent, value in must_say(requests):
        if name in sentences and name not in wrong and value not in texts.values(name):
            what = f"prompt {name!r}: {intent} says it, and {value!r} is not in it: nobody would hear a misheard one"
            mistakes.found.append(source.mistake((name,), what, f"say {{{{ {value} }}}} in it"))
    return texts


def _check_lines(source: Source | None, ivr: IvrFile, mistakes: Mistakes) -> None:
    if source is None:
        return
    for number, line in ivr.lines.items():
        for language in {line.language: None, **line.also}:
            if language not in ivr.languages:
                what = f"line {number} speaks {language!r}, which is not under languages"
                mistakes.found.append(source.mistake(("lines", number), what, "add the language or change the line"))
        if len(set(line.also.values())) < len(line.also) or line.language in line.also:
            what = f"line {number}: each other language needs a key of its own, and its own language none"
            mistakes.found.append(source.mistake(("lines", number, "also"), what, "give each another key from 1 to 9"))


def _plan(ivr: IvrFile, requests: RequestsFile, tone: Weights | None, questions: QuestionsFile) -> Plan:
    timing = ivr.timing
    return Plan(
        bands=Bands(ivr.confidence.accept, ivr.confidence.confirm),
        budget=Budget(**ivr.budget.model_dump()),
        tone=TonePlan(tone.offer_from, tone.transfer_from) if tone else None,
        timing=Timing(timing.no_input, timing.keypad, timing.filler, timing.lookup),
        requests={**request_plans(requests), **questions.plans()},
    )
