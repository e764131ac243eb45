"""``ivr caller``: what is stored of one caller, for them to have or to have removed."""

import json
from pathlib import Path

import click

from ivr.config.settings import audio_directory, database_url
from ivr.records.records import Records, RecordsUnavailable


@click.group()
def caller() -> None:
    """What is stored of one caller: export it, or erase it."""


@caller.command("export")
@click.argument("number")
@click.option("--audio", type=click.Path(path_type=Path, file_okay=False), help="A folder for its sound, as WAV files.")
def export_caller(number: str, audio: Path | None) -> None:
    """Everything stored of a calling number, as JSON; with --audio the sound of its calls, too."""
    from ivr.records.privacy import export

    found = export(_records().engine, audio_directory(), number)
    for call in found["calls"]:
        if audio and call["sound_s"]:
            call["sound"] = str(_write_sound(audio, call["call_id"]))
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    if not audio and any(call["sound_s"] for call in found["calls"]):
        click.echo("The sound of some calls is kept, too: say --audio FOLDER to have it.", err=True)


def _write_sound(folder: Path, call_id: str) -> Path:
    from ivr.records.audio import as_wave, path_of
    from ivr.speech.codec import decode_mulaw

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{call_id}.wav"
    path.write_bytes(as_wave(decode_mulaw(path_of(audio_directory(), call_id).read_bytes()).tobytes()))
    return path


@caller.command()
@click.argument("number")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(number: str, yes: bool) -> None:
    """Remove who a caller was and what they said; that a call took place, and how it ended, stays in the counts."""
    from ivr.records.privacy import erase as remove

    records = _records()
    if not yes:
        click.confirm(f"Erase everything that {number} said, for ever?", abort=True)
    click.echo(f"Erased: {remove(records.engine, audio_directory(), number)} calls of {number}.")


def _records() -> Records:
    try:
        records = Records(database_url())
        records.prepare()
    except RecordsUnavailable as error:
        raise click.ClickException(str(error)) from None
    return records
