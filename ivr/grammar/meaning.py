"""Text -> meaning, within one language.  A Grammar is made once, is frozen, and serves every call."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum
from typing import Literal

from ivr.grammar.accounting import NEAR_MISS, NO_CARRIER_SPEECH, Accounting, CarrierSpeech
from ivr.grammar.dates import day_within, day_words, read_date
from ivr.grammar.digits import DigitWords
from ivr.grammar.keywords import KeywordIndex, Keywords
from ivr.grammar.near_misses import NO_NEAR_MISSES, NearMisses
from ivr.grammar.nearest import Meaning, Sentences
from ivr.grammar.one_breath import SentenceSlot, before_number, number_within
from ivr.grammar.request_reader import CONVERSATION, LANGUAGE, NO, PERSON, QUESTIONS, YES, RequestKinds, RequestReader
from ivr.grammar.spelling import Spelling
from ivr.grammar.templates import normalise
from ivr.grammar.vocabulary import Vocabulary

BUILT_IN = (PERSON, YES, NO, *CONVERSATION)

FOREIGN_WORDS = 2  # a recogniser listens for the short ones: the others hold them
_WITH_SLOTS = ("request", "reply")  # asked for these, a caller may say a request with its values
_NEARLY_SAID = 0.8  # this like a sentence, and with its last word, an utterance is over after a short silence

Asked = Literal["request", "digits", "date", "yes_no", "reply"]


@dataclass(frozen=True, slots=True)
class Expecting:
    """What the caller was asked for.

    ``lengths``: how many digits are possible; empty when it is not digits.  ``today``: the day "tomorrow" follows;
    without it no day is understood.  ``slot``: the name of what was asked for.
    """

    asked: Asked
    lengths: tuple[int, ...] = ()
    today: date | None = None
    slot: str = field(default="", compare=False)


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
    ``slots``: intent -> what may be said with it in one breath.  ``decoys``: see ``Vocabulary``.  ``near_misses``:
    what comes near to a request and is none of it.
    ``carrier``: what surrounds that which is meant.
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
    near_misses: NearMisses = NO_NEAR_MISSES
    carrier: CarrierSpeech = NO_CARRIER_SPEECH
    kinds: RequestKinds = QUESTIONS

    def __post_init__(self) -> None:
        # The word of the key 0 asks for a person only where it is all that is said: within a number it is a digit.
        digits = self.digit_words.word_set
        human = (sentence for sentence, intent in self.sentences.items() if intent == PERSON)
        anywhere = {sentence: PERSON for sentence in human if not digits.issuperset(sentence.split())}
        counts = {tuple(sentence.split()): intent for sentence, intent in (anywhere | self._told_apart()).items()}
        object.__setattr__(self, "_anywhere", counts)
        object.__setattr__(self, "_longest", max(map(len, counts), default=0))
        requests = [sentence for sentence, intent in self.sentences.items() if intent not in (YES, NO)]
        always = [s for s in requests if _is_always_meant(self.sentences[s])]
        answers = [sentence for sentence, intent in self.sentences.items() if intent in (YES, NO)]
        free = {"digits": self.digit_words.words, "date": day_words(self.language)}
        anything = [*requests, *answers]
        spoken = {"digits": anything, "date": anything, "reply": anything}
        spoken |= {"request": requests, "yes_no": [*always, *answers]}
        intents, fillers = self.sentences, self.fillers
        listed = {asked: Sentences(texts, intents, fillers, free.get(asked, ())) for asked, texts in spoken.items()}
        object.__setattr__(self, "_free", free)
        object.__setattr__(self, "_answers", listed)
        accounting = Accounting(self.sentences, self.near_misses, self.carrier)
        known = self.fillers | frozenset(listed["request"].words)
        keywords = KeywordIndex(self.keywords, known)
        spelling = Spelling(self._words(listed.values()))
        reader = RequestReader(accounting, keywords, spelling, self.fillers, self.kinds)
        object.__setattr__(self, "_reader", reader)
        rivals = (near for near in self.near_misses.rivals() if near.sentence not in self.sentences)
        object.__setattr__(self, "_rivals", {near.sentence: near.request for near in rivals})

    _anywhere: Mapping[tuple[str, ...], str] = field(init=False, repr=False, compare=False)
    _longest: int = field(init=False, repr=False, compare=False)
    _answers: Mapping[str, Sentences] = field(init=False, repr=False, compare=False)
    _free: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)
    _reader: RequestReader = field(init=False, repr=False, compare=False)
    _rivals: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def _words(self, listed: Iterable[Sentences]) -> set[str]:
        """Every word that may be said in this language: what is none of them may be a slip."""
        around = (*self.carrier.phrases, *self.carrier.named, *self.carrier.asking)
        apart = {*self.fillers, *self.carrier.hesitations, *self.carrier.reversals, *self.digit_words.word_set}
        keywords = (
            phrase
            for line in self.keywords
            for group in (*line.groups, line.without)
            for phrase in group
            if not any(word.endswith("*") for word in phrase)
        )
        return {
            *apart,
            *day_words(self.language),
            *self.near_misses.words(),
            *(word for sentences in listed for word in sentences.words),
            *(word for sentence in around for word in sentence.split()),
            *(word for phrase in keywords for word in phrase),
        }

    def vocabulary(self, expecting: Expecting) -> Vocabulary:
        """What a recogniser should listen for.  The human phrases are always part of it."""
        free = self._free.get(expecting.asked, ())
        in_one_breath = self.digit_words.words if self.slots and expecting.asked in _WITH_SLOTS else ()
        rivals = self._rivals if expecting.asked in _WITH_SLOTS else {}
        phrases = (*self._answers[expecting.asked].texts, *self.asides, *rivals)
        return Vocabulary(
            language=self.language,
            phrases=phrases,
            digits=bool(free),
            lengths=expecting.lengths if expecting.asked == "digits" else None,
            digit_words=free or in_one_breath,
            group_words=self.digit_words.group_words if expecting.asked == "digits" else (),
            foreign=tuple(sentence for sentence in self.foreign if sentence.count(" ") < FOREIGN_WORDS),
            meanings=(
                *(self.sentences.get(phrase, "") for phrase in phrases[: len(phrases) - len(rivals)]),
                *(NEAR_MISS + request for request in rivals.values()),
            ),
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

    def reversals_in(self, text: str) -> frozenset[str]:
        """The words of a text that reverse, restrict or attribute what it says."""
        return self._reader.reversals_in(normalise(text).split())

    def understand(self, text: str, expecting: Expecting) -> Meaning:
        """The meaning of a recognised text.  The human phrases win over everything else in it."""
        written, text = text, normalise(text)
        if not text:
            return Meaning(None)
        within = self._intents_within(text) | ({PERSON} if self.sentences.get(text) == PERSON else set())
        if PERSON in within or len(within) == 1:
            return Meaning(PERSON if PERSON in within else within.pop(), likeness=1.0, margin=1.0, sentence=text)
        if expecting.asked == "digits":
            number = self.digit_words.number(text, expecting.lengths, expecting.slot)
            if number.digits and number.share == 1.0:
                margin = 1.0 if number.sure else 0.0  # another reading of the same words is as natural
                return Meaning(None, 1.0, margin, text, number.digits, number.restarted)
        if expecting.asked == "date" and text not in self.sentences and (day := self._day(written, expecting)):
            return Meaning(None, 1.0, 1.0, text, day=day)
        if expecting.asked in _WITH_SLOTS and (breath := self._in_one_breath(written, text, expecting)):
            return breath
        return self._reader.read(text, self._answers[expecting.asked], expecting.asked == "yes_no")

    def _in_one_breath(self, written: str, text: str, expecting: Expecting) -> Meaning | None:
        """A request with a value of one of its slots."""
        lengths = tuple({length for slots in self.slots.values() for slot in slots for length in slot.lengths})
        names = {slot.name for slots in self.slots.values() for slot in slots}
        found = number_within(text, lengths, self.digit_words, names, self.sentences) if lengths else None
        if found is None and expecting.today and (with_day := day_within(written, self.language, expecting.today)):
            found = with_day[0], with_day[1].isoformat()
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

    def completeness(self, text: str, expecting: Expecting) -> Completeness:
        """How finished an utterance looks: lets a turn end before the silence is long."""
        text = normalise(text)
        if expecting.asked == "digits":
            number = self.digit_words.number(text, expecting.lengths, expecting.slot)
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
        slots = self.slots.get(intent or "", ())
        lengths = [length for slot in slots for length in slot.lengths]
        if not lengths:
            return None
        found = number_within(text, lengths, self.digit_words, [slot.name for slot in slots])
        return Completeness.FINAL if found and len(found[1]) == max(lengths) else Completeness.COUNTING

    def _nearly_complete(self, text: str, expecting: Expecting) -> Completeness:
        """Most of a sentence with its last word: what is missing is behind, not before the caller."""
        nearest = self._answers[expecting.asked].nearest(text)
        ends = nearest.sentence.rpartition(" ")[2] == text.rpartition(" ")[2]
        return Completeness.COMPLETE if ends and nearest.likeness >= _NEARLY_SAID else Completeness.OPEN


def _is_always_meant(intent: str) -> bool:
    return intent in (PERSON, *CONVERSATION) or intent.startswith(LANGUAGE)


def asked_language(intent: str | None) -> str | None:
    """The language an intent asks for."""
    return intent.removeprefix(LANGUAGE) if intent and intent.startswith(LANGUAGE) else None
