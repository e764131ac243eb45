"""YAML files with line numbers, and the mistakes found in them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from yaml import MappingNode, MarkedYAMLError, Node, SequenceNode, YAMLError

from ivr.yaml_text import Endless, parse

Shape = TypeVar("Shape", bound=BaseModel)
Result = TypeVar("Result")

MAX_BYTES = 1_000_000  # a supervisor's file is some kilobytes; more is an accident


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to mend: where, what is wrong, and how to mend it."""

    file: str
    line: int | None
    what: str
    remedy: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.what}; {self.remedy}"


class ConfigError(Exception):
    """The supervisors' files or the settings cannot be used.  ``mistakes`` has all of them."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = tuple(mistakes)


@dataclass(frozen=True, slots=True)
class Source:
    """A YAML file as it was read.  ``name`` is its path below the home directory."""

    name: str
    data: Any
    node: Node | None = None

    def line(self, path: Sequence[Any]) -> int | None:
        """The line (from 1) of the value at a path of keys and indexes, or of the nearest thing above it."""
        node, line = self.node, 1
        for key in path:
            mark = None
            if isinstance(node, MappingNode):  # what `<<` brings in stands before what it is put into
                for name, value in node.value:
                    if name.value == str(key):
                        mark, inside = name.start_mark, value
            elif isinstance(node, SequenceNode) and isinstance(key, int) and key < len(node.value):
                inside = node.value[key]
                mark = inside.start_mark
            if mark is None:
                break
            node, line = inside, mark.line + 1
        return line

    def mistake(self, path: Sequence[str | int], what: str, remedy: str) -> Mistake:
        """A mistake at a place in this file."""
        return Mistake(self.name, self.line(path), what, remedy)


def read(home: Path, name: str) -> Source:
    """Read one file.  Raises ConfigError when it is missing, unreadable or not YAML."""
    path = home / name
    if _leads_outside(home, name):
        what, remedy = "is a link to a file outside of this folder", "copy the file here: what it says could be shown"
        raise ConfigError([Mistake(name, None, what, remedy)])
    try:
        if path.exists() and not path.is_file():
            raise ConfigError([Mistake(name, None, "is not a file", "a folder, pipe or device cannot be read here")])
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError([Mistake(name, None, "is larger than 1 MB", "split it, or remove what is not needed")])
        data, node = parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError([Mistake(name, None, "is missing", f"create it in {home}, or set IVR_HOME")]) from None
    except OSError as error:
        raise ConfigError(
            [Mistake(name, None, f"cannot be read ({error.strerror})", "check its permissions")]
        ) from None
    except UnicodeDecodeError:
        raise ConfigError([Mistake(name, None, "is not UTF-8 text", "save it as UTF-8")]) from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        what = f"is not YAML: {error.problem or error.context or 'unreadable'}"
        raise ConfigError([Mistake(name, line, what, "check indentation, quotes and double keys there")]) from None
    except Endless as error:
        raise ConfigError([Mistake(name, None, str(error), "write the values out, without & and *")]) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise ConfigError([Mistake(name, None, f"is not YAML: {error}", "check the file")]) from None
    return Source(name, {} if data is None else data, node)


def _leads_outside(home: Path, name: str) -> bool:
    """True for a link to a file neither below ``home`` nor below its folder (config, grammars), which may be a link."""
    path = (home / name).resolve()
    folder = home / Path(name).parts[0]
    return not any(path.is_relative_to(each.resolve()) for each in (home, folder))


def check(source: Source, shape: type[Shape]) -> Shape:
    """A file's content as ``shape``.  Raises ConfigError with every mistake and its line."""
    try:
        return shape.model_validate(source.data)
    except ValidationError as error:
        raise ConfigError(
            [
                source.mistake(
                    tuple(each["loc"]),
                    f"{'.'.join(map(str, each['loc'])) or 'the file'}: {_plain(each['type'], each['msg'])}",
                    _remedy(each["type"], shape, each["loc"]),
                )
                for each in error.errors()
            ]
        ) from None


def _plain(kind: str, message: str) -> str:
    message = message.removeprefix("Value error, ")
    return {"extra_forbidden": "is not a known setting", "missing": "is missing"}.get(
        kind, message[:1].lower() + message[1:]
    )


def _remedy(kind: str, shape: type[BaseModel], place: tuple[int | str, ...]) -> str:
    if kind == "missing":
        return "add it"
    if kind == "extra_forbidden":
        from rapidfuzz import process

        near = process.extractOne(str(place[-1]), sorted(_settings(shape)), score_cutoff=60)
        return f"did you mean {near[0]!r}?" if near else "remove it, or check its spelling"
    return "see the comments in the shipped file"


def _settings(shape: type[BaseModel]) -> set[str]:
    """Every name of a setting in a shape and the shapes inside it."""
    names: set[str] = set()
    for definition in (schema := shape.model_json_schema()).get("$defs", {}).values():
        names |= set(definition.get("properties", {}))
    return names | set(schema.get("properties", {}))


class Mistakes:
    """Collects, so that one run of ``ivr check`` shows everything."""

    def __init__(self) -> None:
        self.found: list[Mistake] = []

    def gather(self, step: Callable[[], Result]) -> Result | None:
        """The result of a step, or None with its mistakes collected."""
        try:
            return step()
        except ConfigError as error:
            self.found += error.mistakes
            return None
