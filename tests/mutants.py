"""Faults put at random into the code, to see whether the tests notice: ``python -m tests.mutants --faults 20``.

Each fault changes one comparison, boolean or return in a copy of the project; then the fast tests run, those that name
the changed module first.  A fault that no test notices is printed: it wants a test, or a look that shows that it
changes nothing.  Tests that fail without a fault are left out.  Exit status 1 when more than one of twenty is alive.
"""

import argparse
import ast
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import ROOT

PACKAGES = ("call", "advisors", "telephony", "requests", "grammar")
_SLOW = """accuracy browser card_in_a_browser clocks deploys desk_browser digit_sounds digit_sounds_fit faults fuzz lag
models mutants phone phone_calls phone_load recognition_accuracy soak softphone start tone two_machines upgrades voice
vosk whisper whisper_process whole_calls workers"""  # real servers, real time, real models, or minutes of arithmetic
_EACH_OTHERS = ((ast.Eq, ast.NotEq), (ast.Is, ast.IsNot), (ast.In, ast.NotIn), (ast.Lt, ast.LtE), (ast.Gt, ast.GtE))
_OTHER = {a: b for pair in (*_EACH_OTHERS, (ast.And, ast.Or)) for a, b in (pair, pair[::-1])}
TIMEOUT_S = 900


def changed(node: ast.AST) -> ast.AST | None:
    """The same with a fault in it; None for what none is put into."""
    match node:
        case ast.Compare(left=left, ops=[op], comparators=right) if type(op) in _OTHER:
            return ast.Compare(left, [_OTHER[type(op)]()], right)  # type: ignore[list-item]
        case ast.BoolOp(op=op, values=values):
            return ast.BoolOp(_OTHER[type(op)](), values)  # type: ignore[arg-type]
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return operand
        case ast.Constant(value=bool(value)):
            return ast.Constant(not value)
        case ast.Return(value=ast.expr()):
            return ast.Return(ast.Constant(None))
    return None


def faults(path: Path) -> Iterator[tuple[ast.AST, str]]:
    """The places of a file where one can be put, each with its text then."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if (other := changed(node)) is not None:
            text = ast.unparse(ast.fix_missing_locations(other))
            yield node, text if isinstance(node, ast.Return) else f"({text})"


def put(path: Path, node: ast.AST, text: str) -> str:
    """Put one in; what stood there before."""
    source = path.read_bytes()
    lines = [0, *(at + 1 for at, byte in enumerate(source) if byte == ord("\n"))]
    begin, end = lines[node.lineno - 1] + node.col_offset, lines[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]
    path.write_bytes(source[:begin] + text.encode() + source[end:])
    return source[begin:end].decode()


def run_tests(copy: Path, module: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the fast tests; ``module``: its name, by which those that are likely to see a fault in it come first."""
    tests = [path for path in copy.glob("tests/test_*.py") if path.stem.removeprefix("test_") not in _SLOW.split()]
    tests.sort(key=lambda path: (module not in path.read_text(encoding="utf-8"), path.stem))
    command = [sys.executable, "-m", "pytest", "-n", "0", "-q", "-p", "no:cacheprovider", *options, *map(str, tests)]
    environ = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command, cwd=copy, env=environ, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
    )


def noticed(copy: Path, module: str, failing: list[str]) -> bool:
    """Whether a fast test fails that does not without a fault; one that hangs has noticed, too."""
    try:
        return run_tests(copy, module, "-x", *(f"--deselect={each}" for each in failing)).returncode != 0
    except subprocess.TimeoutExpired:
        return True


@contextmanager
def copied() -> Iterator[Path]:
    """The project in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="ivr-mutants-") as folder:
        copy = Path(folder) / "project"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", "__pycache__", ".*_cache", "*.png"))
        yield copy


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--faults", type=int, default=20)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--only", default="", help="a part of the paths that faults are put into")
    options = asked.parse_args()
    paths = sorted(path for each in PACKAGES for path in (ROOT / "ivr" / each).rglob("*.py"))
    places = [(path, at) for path in paths if options.only in str(path) for at, _ in enumerate(faults(path))]
    chosen = random.Random(options.seed).sample(places, min(options.faults, len(places)))
    with copied() as copy:
        failing = re.findall(r"^(?:FAILED|ERROR) (\S+)", run_tests(copy, "").stdout, re.MULTILINE)
    alive = 0
    for path, at in chosen:
        node, text = list(faults(path))[at]
        name = path.relative_to(ROOT)
        with copied() as copy:
            before = put(copy / name, node, text)
            caught = noticed(copy, ".".join(name.with_suffix("").parts), failing)
        alive += not caught
        where = f"{name}:{node.lineno}"  # type: ignore[attr-defined]
        print(f"{'caught' if caught else 'ALIVE '} {where}: {before!r} -> {text!r}", flush=True)
    print(
        f"{len(chosen) - alive} of {len(chosen)} noticed (seed {options.seed}; left out: {len(failing)} failing tests)"
    )
    sys.exit(alive * 20 > len(chosen))


if __name__ == "__main__":
    main()
