"""JSON Schemas of the supervisors' files: editors that know them complete names and underline mistakes."""

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ivr.config.files import AdvisorsFile, GrammarFile, IvrFile, UpsetFile
from ivr.config.requests import RequestsFile
from ivr.config.scenarios import ScenarioFile
from ivr.tone import ToneFile

FOLDER = "config/schemas"  # the files point to it in their first line
_SHAPES: dict[str, Any] = {
    "ivr": IvrFile,
    "requests": RequestsFile,
    "advisors": AdvisorsFile,
    "tone": ToneFile,
    "upset": UpsetFile,
    "prompts": dict[str, str],
    "scenarios": ScenarioFile,
    "grammar": GrammarFile,
}


def write_schemas(home: Path) -> list[Path]:
    """Write a schema for each kind of file below ``home``.  Raises OSError."""
    folder = home / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, shape in _SHAPES.items():
        path = folder / f"{name}.json"
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **TypeAdapter(shape).json_schema()}
        path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        written.append(path)
    return written
