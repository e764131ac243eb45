"""``ivr softphone``: talk to the system from this machine's browser."""

from contextlib import ExitStack

import click


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0: any free one.")
@click.option("--url", metavar="URL", help="A running server; needs its IVR_TWILIO_AUTH_TOKEN in the environment.")
def softphone(port: int, url: str | None) -> None:
    """Talk to the system from this machine's browser: microphone, keypad, live transcript, and what Twilio was told.

    The page is on the loopback address only.  Without --url a server of its own is started for it.
    """
    from ivr.phone.server import ServerUnavailable, reach
    from ivr.phone.softphone import serve

    try:
        with ExitStack() as stack:
            click.echo("Starting a server ...", err=True)
            server = stack.enter_context(reach(url, simulated=False))
            serve(server, port, lambda address: click.echo(f"Open {address} in a browser.  Ctrl-C ends it."))
    except (ServerUnavailable, OSError) as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        click.echo("")
