"""A grammar of another system, as bytes: templates, or Refused with its lines."""

from ivr.grammar.authoring.exchange import decode, read, to_templates
from ivr.grammar.authoring.tree import Refused
from tests.test_grammar_exchange import ABNF, JSGF, XML

SEEDS = [text.encode() for text in (XML, ABNF, JSGF)]


def one(data: bytes) -> None:
    """Accepted whole or refused with lines."""
    try:
        to_templates(read(decode(data)))
    except Refused as error:
        assert error.problems and all(each.line >= 1 for each in error.problems)
