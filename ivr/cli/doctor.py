"""``ivr doctor``: what is wrong with this machine's set-up, and how to mend it."""

import os
import sys

import click

_SIGNS = {"well": "✓", "unwise": "!", "wrong": "✗"}


@click.command()
def doctor() -> None:
    """Look at files, recognisers, voice, database, disk, certificate, server and Twilio.  Exit 1 if one is wrong."""
    from ivr.app import load_model
    from ivr.operations.doctor import examine

    wrong = 0
    for finding in examine(dict(os.environ), load_model):
        click.echo(f"{_SIGNS[finding.verdict]} {finding.subject}: {finding.what}")
        if finding.remedy:
            click.echo(f"    {finding.remedy}")
        wrong += finding.verdict == "wrong"
    click.echo("All that must be right is right." if not wrong else f"{wrong} to mend.")
    sys.exit(1 if wrong else 0)
