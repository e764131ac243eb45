"""A report: one HTML page that needs nothing else, and its tables as CSV beside it."""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader

from ivr.grammar import Grammar
from ivr.supervisor.figures import Figures
from ivr.supervisor.plots import DAYS, plots
from ivr.supervisor.summary import sentences
from ivr.supervisor.timeline import REASONS
from ivr.supervisor.unmatched import subjects
from ivr.supervisor.what_if_misses import MissFates


def write_report(folder: Path, company: str, now: Figures, before: Figures, grammars: Mapping[str, Grammar]) -> Path:
    """Write ``report.html`` and the CSV files into a folder, and give the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    unmatched = subjects(now.unmatched, grammars)
    page = Environment(loader=PackageLoader("ivr.supervisor"), autoescape=True).get_template("report.html")
    html = page.render(
        company=company,
        now=now,
        before=before,
        summary=sentences(now, before),
        plots=plots(now),
        subjects=unmatched,
        reasons=REASONS,
    )
    path = folder / "report.html"
    path.write_text(html, encoding="utf-8")
    names = sorted(set(now.outcomes) | set(before.outcomes))
    _table(folder / "outcomes.csv", ("outcome", "calls", "before"), _both(names, now.outcomes, before.outcomes))
    names = sorted(set(now.reasons) | set(before.reasons))
    _table(folder / "reasons.csv", ("reason", "calls", "before"), _both(names, now.reasons, before.reasons))
    _table(folder / "languages.csv", ("language", "calls"), now.languages.items())
    lengths = Counter(round(each) for each in now.talk_s)
    _table(folder / "talk.csv", ("seconds", "conversations"), sorted(lengths.items()))
    _table(folder / "given_up.csv", ("last_prompt", "calls"), now.given_up.items())
    _table(folder / "hours.csv", ("day", *range(24)), ((day, *row) for day, row in zip(DAYS, now.hours, strict=True)))
    _table(
        folder / "calibration.csv",
        ("from", "to", "utterances", "confidence", "not_taken_back"),
        ((c.low, c.high, c.count, round(c.confidence, 4), round(c.stood, 4)) for c in now.calibration),
    )
    _table(
        folder / "unmatched.csv",
        ("language", "times", "examples", "nearest_intent", "nearest_sentence"),
        ((s.language, s.times, " | ".join(s.examples), s.intent, s.nearest) for s in unmatched),
    )
    _table(folder / "misses.csv", [each.name for each in fields(MissFates)], map(astuple, now.misses))
    return path


def _both(names: list[str], now: Mapping[str, int], before: Mapping[str, int]) -> Iterable[tuple[str, int, int]]:
    return ((name, now.get(name, 0), before.get(name, 0)) for name in names)


def _table(path: Path, header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([_harmless(cell) for cell in row] for row in rows)


def _harmless(cell: Any) -> Any:
    """Callers' words that a spreadsheet would take for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and cell else cell
