"""Sentences and what they mean.  Pure: files are read in ``ivr.config``."""

from ivr.grammar.accounting import CarrierSpeech
from ivr.grammar.check_digits import CHECKS, valid
from ivr.grammar.digits import DigitWords
from ivr.grammar.meaning import BUILT_IN, Completeness, Expecting, Grammar, asked_language
from ivr.grammar.near_misses import FORMS, NearMisses, forms_in, near_misses
from ivr.grammar.nearest import Meaning
from ivr.grammar.one_breath import SentenceSlot
from ivr.grammar.request_reader import LANGUAGE, NO, PERSON, YES, RequestKinds
from ivr.grammar.templates import MAX_SENTENCES, TemplateError, expand, normalise
from ivr.grammar.vocabulary import Vocabulary

__all__ = [
    "BUILT_IN",
    "CHECKS",
    "FORMS",
    "LANGUAGE",
    "MAX_SENTENCES",
    "NO",
    "PERSON",
    "YES",
    "CarrierSpeech",
    "Completeness",
    "DigitWords",
    "Expecting",
    "Grammar",
    "Meaning",
    "NearMisses",
    "RequestKinds",
    "SentenceSlot",
    "TemplateError",
    "Vocabulary",
    "asked_language",
    "expand",
    "forms_in",
    "near_misses",
    "normalise",
    "valid",
]
