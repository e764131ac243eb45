"""``ivr understand``: what a sentence means."""

import json
import sys

import click

from ivr.call.events import Heard
from ivr.call.policy import confidence
from ivr.config import ConfigError, home, load
from ivr.grammar import Expecting


@click.command()
@click.argument("text")
@click.option("--language", default="en", show_default=True)
@click.option("--digits", is_flag=True, help="As the answer to a question for a number.")
@click.option("--json", "as_json", is_flag=True)
def understand(text: str, language: str, digits: bool, as_json: bool) -> None:
    """What a sentence means, as if it had been recognised without a doubt."""
    try:
        grammar = load(home()).grammars[language]
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    except KeyError:
        raise click.ClickException(f"there is no language {language!r} in config/ivr.yaml") from None
    meaning = grammar.understand(text, Expecting("digits") if digits else Expecting("request"))
    sure = round(confidence(Heard(text, 1.0), meaning), 3)
    found = {
        "intent": meaning.intent,
        "digits": meaning.digits or None,
        "slots": dict(meaning.slots) or None,
        "confidence": sure,
        "sentence": meaning.sentence or None,
        "likeness": round(meaning.likeness, 3),
        "margin": round(meaning.margin, 3),
    }
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        for name, value in found.items():
            click.echo(f"{name:<11} {value}")
    sys.exit(0)
