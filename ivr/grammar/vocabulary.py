"""What a recogniser is asked to listen for during one turn."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The sentences of one turn, for a recogniser that restricts itself to them.

    ``phrases`` are whole normalised sentences (lower case, single spaces); the human phrases are always among them.
    ``digits`` says that the turn expects a string of digits, or a day: ``digit_words`` may follow each other freely,
    while the other phrases still count.  Without it they may follow a phrase ("where is my order" "four" "two").
    ``group_words`` are those of numbers said in groups ("forty", "hundred"): useful to a recogniser that hears words,
    a temptation to one that guesses.  ``foreign``: phrases of other languages, for a recogniser that knows their words.
    ``lengths``: how many digits are expected, empty when any number may be, None for a day; a caller may still say
    fewer at a time.  ``meanings``: one for each phrase, equal where it does not matter which of them was said; without
    it every phrase has its own.
    ``decoys``: words of no sentence, for sounds that would otherwise become the nearest one.
    """

    language: str
    phrases: tuple[str, ...]
    digits: bool = False
    digit_words: tuple[str, ...] = ()
    group_words: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    decoys: tuple[str, ...] = ()
    lengths: tuple[int, ...] | None = ()
    meanings: tuple[str, ...] = ()
