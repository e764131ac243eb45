"""``ivr twilio``: make a number ring here, and what to do when nothing here answers."""

import os

import click

from ivr.config import ConfigError, Settings, home, load


@click.group()
def twilio() -> None:
    """Connect a number of a Twilio account to this service."""


@twilio.command()
@click.argument("number")
@click.option("--fallback", metavar="URL", default="", help="Asked when this service cannot be reached (a TwiML Bin).")
@click.option("--yes", is_flag=True, help="Do not ask.")
def connect(number: str, fallback: str, yes: bool) -> None:
    """Set what NUMBER does when it rings, after showing what would change.

    Needs IVR_PUBLIC_URL, IVR_TWILIO_ACCOUNT_SID and IVR_TWILIO_AUTH_TOKEN.
    """
    from ivr.operations.numbers import TWILIO_API, Numbers, NumberUnusable, changes

    number = "".join(number.split())
    account = os.environ.get("IVR_TWILIO_ACCOUNT_SID")
    if not account:
        raise click.ClickException("set IVR_TWILIO_ACCOUNT_SID to the account's SID (AC...)")
    try:
        settings = Settings.from_environment()
        if not settings.public_url.startswith("https://"):
            raise click.ClickException(f"Twilio cannot reach {settings.public_url}: set IVR_PUBLIC_URL to https://...")
        if number not in (lines := load(settings.home).lines):
            click.echo(
                f"warning: {number} is no line of config/ivr.yaml ({', '.join(lines)}): it would be answered in the "
                "language of the first one",
                err=True,
            )
        numbers = Numbers(account, settings.auth_token, os.environ.get("IVR_TWILIO_API", TWILIO_API))
        sid, now = numbers.settings(number)
        needed = changes(now, settings.public_url, fallback)
        for name, value in needed.items():
            click.echo(f"{name}: {now[name] or '(nothing)'} -> {value or '(nothing)'}")
        if not now["voice_fallback_url"] and not fallback:
            click.echo(
                "warning: the number has no fallback URL: when this service cannot be reached, callers hear an error. "
                "See: ivr twilio fallback",
                err=True,
            )
        if not needed:
            click.echo(f"{number} rings here already.")
            return
        if not yes:
            click.confirm("Change this?", abort=True)
        numbers.change(sid, needed)
    except (ConfigError, NumberUnusable) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{number} rings here now.")


@twilio.command()
def fallback() -> None:
    """Print TwiML that dials an advisor without this service: put it in a TwiML Bin and give its URL to `connect`."""
    from ivr.telephony.twiml import last_resort

    try:
        click.echo(last_resort(load(home()).advisors))
    except ConfigError as error:
        raise click.ClickException(str(error)) from None
