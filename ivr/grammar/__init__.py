"""Sentences and what they mean.  Pure: files are read in ``ivr.config``."""

from ivr.grammar.check_digits import CHECKS, valid
from ivr.grammar.digits import DigitWords
from ivr.grammar.meaning import (
    BUILT_IN,
    LANGUAGE,
    NO,
    PERSON,
    YES,
    Completeness,
    Expecting,
    Grammar,
    asked_language,
)
from ivr.grammar.nearest import Meaning
from ivr.grammar.one_breath import SentenceSlot
from ivr.grammar.templates import MAX_SENTENCES, TemplateError, expand, normalise
from ivr.grammar.vocabulary import Vocabulary

__all__ = [
    "BUILT_IN",
    "CHECKS",
    "LANGUAGE",
    "MAX_SENTENCES",
    "NO",
    "PERSON",
    "YES",
    "Completeness",
    "DigitWords",
    "Expecting",
    "Grammar",
    "Meaning",
    "SentenceSlot",
    "TemplateError",
    "Vocabulary",
    "asked_language",
    "expand",
    "normalise",
    "valid",
]
