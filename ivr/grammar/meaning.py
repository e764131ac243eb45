"""Text -> meaning, within one language.  A Grammar is made once, is frozen, and serves every call."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum
from typing import Literal

from ivr.grammar.date_words import CALENDARS
from ivr.grammar.dates import read_date
from ivr.grammar.digits import DigitWords
from ivr.grammar.keywords import About, KeywordIndex, Keywords
from ivr.grammar.nearest import NEAREST, Meaning, Sentences
from ivr.grammar.one_breath import SentenceSlot, before_number, number_within
from ivr.grammar.templates import normalise
from ivr.grammar.vocabulary import Vocabulary

PERSON = "person"
"""The intent of the human phrases.  Every language must have it."""

YES, NO = "yes", "no"
CONVERSATION = ("robot", "repeat", "finished", "never_mind", "other_one", "hello", "wait")
"""Intents about the conversation itself: "are you a robot", "say that again", "that's all", "never mind", a greeting
or "can you hear me" (``hello``), "one moment" or thinking aloud (``wait``)."""

LANGUAGE = "language_"
"""How the intents begin that ask to go on in another language: ``language_fr``."""

BUILT_IN = (PERSON, YES, NO, *CONVERSATION)

FOREIGN_WORDS = 2  # a recogniser listens for the short ones: the others hold them
LIKE = 0.85  # from here on the nearest sentence is more telling than keywords
_WITH_SLOTS = ("request", "reply")  # asked for these, a caller may say a request with its values
NEARLY = 0.8  # this like a sentence, and with its last word, an utterance is taken as finished after a short silence

Asked = Literal["request", "digits", "date", "yes_no", "reply"]


@dataclass(frozen=True, slots=True)
class Expecting:
    """What the caller was asked for.

    ``lengths``: how many digits are possible; empty when it is not digits.  ``today``: the day "tomorrow" follows;
    without it no day is understood.
    """

    asked: Asked
    lengths: tuple[int, ...] = ()
    today: date | None = None


class Completeness(Enum):
    """How finished an utterance looks from its words."""

    OPEN = 0  # not (yet) a sentence of the grammar
    COMPLETE = 1  # a whole sentence, which a longer one could still go on from
    FINAL = 2  # a whole sentence that nothing can extend
    COUNTING = 3  # in the middle of a number that belongs to a sentence


@dataclass(frozen=True)
class Grammar:
    """The sentences of one language, each with its intent.

    ``asides`` mean nothing to a request but must be recognised: what upset callers say.  ``foreign``: sentences of the
    other languages that count all the same, wherever they stand: human phrases, and asking for that language.
    ``slots``: intent -> what may be said with it in one breath.  ``decoys``: see ``Vocabulary``.
    """

    language: str
    sentences: Mapping[str, str]
    digit_words: DigitWords = field(default_factory=DigitWords)
    keywords: tuple[Keywords, ...] = ()
    fillers: frozenset[str] = frozenset()
    asides: tuple[str, ...] = ()
    foreign: Mapping[str, str] = field(default_factory=dict)
    slots: Mapping[str, tuple[SentenceSlot, ...]] = field(default_factory=dict)
    decoys: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        anywhere = {sentence: intent for sentence, intent in self.sentences.items() if intent == PERSON}
        counts = {tuple(sentence.split()): intent for sentence, intent in (anywhere | self._told_apart()).items()}
        object.__setattr__(self, "_anywhere", counts)
        object.__setattr__(self, "_longest", max(map(len, counts), default=0))
        requests = [sentence for sentence, intent in self.sentences.items() if intent not in (YES, NO)]
        always = [s for s in requests if _is_always_meant(self.sentences[s])]
        answers = [sentence for sentence, intent in self.sentences.items() if intent in (YES, NO)]
        free = {"digits": self.digit_words.words, "date": _day_words(self.language)}
        anything = [*requests, *answers]
        spoken = {"digits": anything, "date": anything, "reply": anything}
        spoken |= {"request": requests, "yes_no": [*always, *answers]}
        intents, fillers = self.sentences, self.fillers
        listed = {asked: Sentences(texts, intents, fillers, free.get(asked, ())) for asked, texts in spoken.items()}
        object.__setattr__(self, "_free", free)
        object.__setattr__(self, "_answers", listed)
        cores: dict[str, str | None] = {}
        for sentence in (each for each in requests if self.sentences[each] not in CONVERSATION):
            core, intent = self._core(sentence), self.sentences[sentence]
            cores[core] = intent if cores.setdefault(core, intent) == intent else None
        cores.pop("", None)
        object.__setattr__(self, "_cores", cores)
        known = self.fillers | frozenset(listed["request"].words)
        object.__setattr__(self, "_keyword_index", KeywordIndex(self.keywords, known))

    _anywhere: Mapping[tuple[str, ...], str] = field(init=False, repr=False, compare=False)
    _longest: int = field(init=False, repr=False, compare=False)
    _answers: Mapping[str, Sentences] = field(init=False, repr=False, compare=False)
    _free: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)
    _keyword_index: KeywordIndex = field(init=False, repr=False, compare=False)
    _cores: Mapping[str, str | None] = field(init=False, repr=False, compare=False)

    def vocabulary(self, expecting: Expecting) -> Vocabulary:
        """What a recogniser should listen for.  The human phrases are always part of it."""
        free = self._free.get(expecting.asked, ())
        in_one_breath = self.digit_words.words if self.slots and expecting.asked in _WITH_SLOTS else ()
        phrases = (*self._answers[expecting.asked].texts, *self.asides)
        return Vocabulary(
            language=self.language,
            phrases=phrases,
            digits=bool(free),
            lengths=expecting.lengths if expecting.asked == "digits" else None,
            digit_words=free or in_one_breath,
            group_words=self.digit_words.group_words if expecting.asked == "digits" else (),
            foreign=tuple(sentence for sentence in self.foreign if sentence.count(" ") < FOREIGN_WORDS),
            meanings=tuple(self.sentences.get(phrase, "") for phrase in phrases),
            decoys=self.decoys,
        )

    def asks_for_person(self, text: str) -> bool:
        """True when a human phrase stands anywhere in the text."""
        return PERSON in self._intents_within(text)

    def _intents_within(self, text: str) -> set[str]:
        """The intents of what counts wherever it stands."""
        words = tuple(text.split())
        ends = range(1, len(words) + 1)
        within = (words[at:end] for end in ends for at in range(max(0, end - self._longest), end))
        return {self._anywhere[part] for part in within if part in self._anywhere}

    def _told_apart(self) -> dict[str, str]:
        """The foreign sentences that are in none of this language's own."""
        own = "\n".join(f" {sentence} " for sentence in self.sentences)
        words = set(own.split())
        shared = (each for each in self.foreign if words.issuperset(each.split()) and f" {each} " in own)
        return {each: self.foreign[each] for each in self.foreign.keys() - set(shared)}

    def knows_a_word(self, text: str, expecting: Expecting) -> bool:
        """True when a word of the text could belong to an answer: speech, and not only noise."""
        return any(word in self._answers[expecting.asked].words for word in normalise(text).split())

    def understand(self, text: str, expecting: Expecting) -> Meaning:
        """The meaning of a recognised text.  The human phrases win over everything else in it."""
        written, text = text, normalise(text)
        if not text:
            return Meaning(None)
        within = self._intents_within(text)
        if PERSON in within or len(within) == 1:
            return Meaning(PERSON if PERSON in within else within.pop(), likeness=1.0, margin=1.0, sentence=text)
        if expecting.asked == "digits":
            number = self.digit_words.number(text, expecting.lengths)
            if number.digits and number.share >= NEAREST:
                margin = number.share if number.sure else 0.0  # another reading of the same words is as natural
                return Meaning(None, number.share, margin, text, number.digits, number.restarted)
        if expecting.asked == "date" and text not in self.sentences and (day := self._day(written, expecting)):
            return Meaning(None, 1.0, 1.0, text, day=day)
        if expecting.asked in _WITH_SLOTS and (breath := self._in_one_breath(written, text, expecting)):
            return breath
        nearest = self._answers[expecting.asked].nearest(text)
        if nearest.likeness == 1.0 or expecting.asked == "yes_no":
            return nearest
        keywords = self._keyword_index.about(text.split())
        about = self._by_keywords(text, keywords)
        core = self._core(text)
        if about and about.intent in keywords.first:
            return about
        if (intent := self._cores.get(core)) and intent not in keywords.barred:
            return Meaning(intent, likeness=NEARLY, margin=NEARLY, sentence=core)
        if nearest.intent in keywords.barred:
            return about or Meaning(None, sentence=nearest.sentence)
        if about and (nearest.likeness < LIKE or nearest.margin < about.margin or nearest.intent == about.intent):
            return max(about, nearest, key=lambda each: each.likeness) if nearest.intent == about.intent else about
        return nearest

    def _in_one_breath(self, written: str, text: str, expecting: Expecting) -> Meaning | None:
        """A request with a value of one of its slots."""
        lengths = tuple({length for slots in self.slots.values() for slot in slots for length in slot.lengths})
        found = number_within(text, lengths, self.digit_words) if lengths else None
        if found is None and (value := self._day(written, expecting)):
            found = " ".join(word for word in text.split() if word not in self._free["date"]), value
        if found is None or not found[0]:
            return None
        rest, value = found
        meaning = self.understand(rest, replace(expecting, today=None))
        for slot in self.slots.get(meaning.intent or "", ()):
            if (len(value) in slot.lengths) if slot.lengths else "-" in value or not value:
                return replace(meaning, slots=((slot.name, value),))
        return replace(meaning, slots=()) if not value and meaning.intent in self.slots else None

    def _day(self, text: str, expecting: Expecting) -> str:
        day = read_date(text, self.language, expecting.today) if expecting.today else None
        return day.isoformat() if day else ""

    def _core(self, text: str) -> str:
        """A sentence without the words that only surround what is meant."""
        return " ".join(word for word in text.split() if word not in self.fillers)

    def _by_keywords(self, text: str, keywords: About) -> Meaning | None:
        """What the words are about.  The more of them are understood, the more like a sentence of ours it is."""
        if not keywords.met:
            return None
        words = text.split()
        rank = {each: (each == PERSON, each in keywords.first, len(at)) for each, at in keywords.met.items()}
        intent = max(rank, key=rank.__getitem__)
        places = keywords.met[intent]
        known = self._answers["request"].words
        understood = sum(at in places or word in self.fillers or word in known for at, word in enumerate(words))
        alone = intent == PERSON or all(rank[intent] > each for other, each in rank.items() if other != intent)
        sentence = " ".join(words[at] for at in sorted(places))
        return Meaning(intent, 0.5 + 0.3 * understood / len(words), 0.3 if alone else 0.0, sentence)

    def completeness(self, text: str, expecting: Expecting) -> Completeness:
        """How finished an utterance looks: lets a turn end before the silence is long."""
        text = normalise(text)
        if expecting.asked == "digits":
            number = self.digit_words.number(text, expecting.lengths)
            if number.digits and number.share == 1.0:
                whole = number.sure and expecting.lengths and len(number.digits) >= max(expecting.lengths)
                return Completeness.FINAL if whole else Completeness.OPEN
        if expecting.asked == "date" and self._day(text, expecting):
            return Completeness.COMPLETE  # the year may follow
        intent = self.sentences.get(text)
        if intent is None and expecting.asked in _WITH_SLOTS and self.slots:
            counting = self._counting(text)
            if counting:
                return counting
        if intent is None:
            return self._nearly_complete(text, expecting)
        if expecting.asked == "request" and intent in (YES, NO):
            return Completeness.OPEN
        return Completeness.COMPLETE if self._answers[expecting.asked].goes_on(text) else Completeness.FINAL

    def _counting(self, text: str) -> Completeness | None:
        """How finished a number is that follows a sentence; None where none does."""
        intent = self.sentences.get(before_number(text, self.digit_words))
        lengths = [length for slot in self.slots.get(intent or "", ()) for length in slot.lengths]
        if not lengths:
            return None
        found = number_within(text, lengths, self.digit_words)
        return Completeness.FINAL if found and len(found[1]) == max(lengths) else Completeness.COUNTING

    def _nearly_complete(self, text: str, expecting: Expecting) -> Completeness:
        """Most of a sentence with its last word: what is missing is behind, not before the caller."""
        nearest = self._answers[expecting.asked].nearest(text)
        ends = nearest.sentence.rpartition(" ")[2] == text.rpartition(" ")[2]
        return Completeness.COMPLETE if ends and nearest.likeness >= NEARLY else Completeness.OPEN


def _is_always_meant(intent: str) -> bool:
    return intent in (PERSON, *CONVERSATION) or intent.startswith(LANGUAGE)


def asked_language(intent: str | None) -> str | None:
    """The language an intent asks for."""
    return intent.removeprefix(LANGUAGE) if intent and intent.startswith(LANGUAGE) else None


def _day_words(language: str) -> tuple[str, ...]:
    """The words that days are said with; none for a language whose days are not read."""
    if language not in CALENDARS:
        return ()
    calendar = CALENDARS[language]
    entries = calendar.known | calendar.next | calendar.this | calendar.last | calendar.joints
    return tuple(dict.fromkeys(word for entry in sorted(entries) for word in entry.split()))
