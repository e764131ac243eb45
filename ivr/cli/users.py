"""``ivr users``: who may log in at the supervisor's desk."""

import click
from pydantic import ValidationError

from ivr.config import ConfigError
from ivr.config.settings import home
from ivr.supervisor.users import MIN_PASSWORD, User, Users


@click.group()
def users() -> None:
    """Who may log in at /supervisor.  The names stand in config/users.yaml with hashed passwords."""


@users.command("list")
def list_users() -> None:
    """Everybody, with their role."""
    for name, user in sorted(_all().items()):
        click.echo(f"{name}  {user.role}")


@users.command()
@click.argument("name")
@click.option("--role", type=click.Choice(["supervisor", "advisor"]), default="advisor", show_default=True)
@click.password_option(help="Asked for when it is not given; asked twice.")
def add(name: str, role: str, password: str) -> None:
    """Add somebody, or give them a new password or role."""
    if len(password) < MIN_PASSWORD:
        raise click.ClickException(
            f"a password has {MIN_PASSWORD} characters or more; four words in a row are easy to keep"
        )
    try:
        Users(home()).put(name, password, role)  # type: ignore[arg-type]
    except (ConfigError, ValidationError, OSError) as error:
        raise click.ClickException(f"{name} was not added: {error}") from None
    click.echo(f"{name} may log in as {role}.")


@users.command()
@click.argument("name")
def remove(name: str) -> None:
    """Take somebody out; whoever is logged in under this name is out at once."""
    if name not in _all():
        raise click.ClickException(f"nobody is called {name}")
    Users(home()).put(name, None, None)
    click.echo(f"{name} may no longer log in.")


def _all() -> dict[str, User]:
    try:
        return dict(Users(home()).all())
    except ConfigError as error:
        raise click.ClickException(str(error)) from None
