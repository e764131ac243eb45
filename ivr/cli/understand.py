"""``ivr understand``: what a sentence means, and what a call would do with it."""

import json
import sys
from datetime import date, datetime
from typing import Literal

import click

from ivr.call.events import Heard
from ivr.call.policy import confidence, decide
from ivr.config import Config, ConfigError, home, load
from ivr.grammar import PERSON, Expecting, Meaning

Question = Literal["request", "number", "day"]


@click.command()
@click.argument("text")
@click.option("--language", default="en", show_default=True)
@click.option(
    "--as",
    "question",
    type=click.Choice(["request", "number", "day"]),
    default="request",
    show_default=True,
    help="The question that the text answers.",
)
@click.option("--digits", "question", flag_value="number", help="The same as --as number.")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="The day of the call; today.")
@click.option("--json", "as_json", is_flag=True)
def understand(text: str, language: str, question: Question, today: datetime | None, as_json: bool) -> None:
    """What a sentence means, as if it had been recognised without a doubt."""
    try:
        config = load(home())
        grammar = config.grammars[language]
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    except KeyError:
        raise click.ClickException(f"there is no language {language!r} in config/ivr.yaml") from None
    meaning = grammar.understand(text, _expecting(question, config, language, today.date() if today else date.today()))
    sure = round(confidence(Heard(text, 1.0), meaning), 3)
    decision, reason = _decision(question, meaning, sure, config, language)
    found = {
        "intent": meaning.intent,
        "subject": meaning.subject,
        "confidence": sure,
        "decision": decision,
        "reason": reason,
        "number": meaning.digits or None,
        "day": meaning.day or None,
        "digits": meaning.digits or None,
        "slots": dict(meaning.slots) or None,
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


def _expecting(question: Question, config: Config, language: str, today: date) -> Expecting:
    """What is asked for: a number has a length of one of the slots that take digits."""
    if question == "number":
        slots = (slot for request in config.plans[language].requests.values() for slot in request.slots)
        return Expecting("digits", tuple(sorted({n for slot in slots if slot.kind == "digits" for n in slot.lengths})))
    return Expecting("date" if question == "day" else "request", today=today)


def _decision(
    question: Question, meaning: Meaning, sure: float, config: Config, language: str
) -> tuple[str | None, str | None]:
    """What a call does with the answer, and the reason where a person takes over."""
    if meaning.intent == PERSON:
        return "transfer", "asked"
    if meaning.subject:
        return "transfer", "low_confidence"
    if not (meaning.digits or meaning.day or (question == "request" and meaning.intent)):
        return "transfer", "no_match"
    if meaning.intent in config.grammars[language].kinds.people_only:
        return "transfer", "topic"
    decision = decide(config.plans[language].bands, sure, unsure_before=False)
    return decision, "low_confidence" if decision == "transfer" else None
