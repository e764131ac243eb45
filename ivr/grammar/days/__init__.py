"""How days are named in each language, and the rules that compute a date from the words."""

from ivr.grammar.days.calendar import Calendar
from ivr.grammar.days.czech import CZECH
from ivr.grammar.days.english import ENGLISH
from ivr.grammar.days.french import FRENCH

__all__ = ["CALENDARS", "Calendar"]

CALENDARS = {"en": ENGLISH, "fr": FRENCH, "cs": CZECH}
"""The languages whose days are read."""
