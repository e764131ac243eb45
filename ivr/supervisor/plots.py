"""Pictures of a report, as SVG that stands in the page itself."""

import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ivr.supervisor.figures import Figures

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_INK, _ACCENT = "#44403a", "#0b7a75"


def plots(now: Figures) -> dict[str, str]:
    """Name -> SVG."""
    made: dict[str, Callable[[Any], None]] = {
        "reasons": lambda axes: _bars(axes, now.reasons),
        "hours": lambda axes: _hours(axes, now),
        "talks": lambda axes: _talks(axes, now),
        "waits": lambda axes: _waits(axes, now),
        "calibration": lambda axes: _calibration(axes, now),
        "tone": lambda axes: _tone(axes, now),
    }
    return {name: _draw(paint) for name, paint in made.items()}


def _draw(paint: Callable[[Any], None]) -> str:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    settings: Any = {"svg.fonttype": "none", "font.family": "sans-serif", "text.color": _INK, "axes.edgecolor": _INK}
    with pyplot.rc_context({**settings, "svg.hashsalt": "ivr"}):
        figure, axes = pyplot.subplots(figsize=(7, 3))
        paint(axes)
        axes.spines[["top", "right"]].set_visible(False)
        figure.tight_layout()
        picture = io.StringIO()
        figure.savefig(picture, format="svg", transparent=True, metadata={"Date": None})
        pyplot.close(figure)
    return picture.getvalue()[picture.getvalue().index("<svg") :]


def _bars(axes: Any, counts: Mapping[str, int]) -> None:
    ordered = sorted(counts.items(), key=lambda each: each[1])
    axes.barh([name for name, _ in ordered], [count for _, count in ordered], color=_ACCENT)
    axes.set_xlabel("calls")


def _hours(axes: Any, now: Figures) -> None:
    shown = axes.imshow(now.hours, aspect="auto", cmap="GnBu", vmin=0)  # from none on: small differences look small
    axes.figure.colorbar(shown, ax=axes, label="calls")
    axes.set_yticks(range(7), DAYS)
    axes.set_xticks(range(0, 24, 3))
    axes.set_xlabel(f"hour of the day, {now.zone.key}")


def _waits(axes: Any, now: Figures) -> None:
    if now.to_person_s.size:
        ordered = np.sort(now.to_person_s)
        axes.plot(ordered, np.linspace(0, 100, ordered.size), color=_ACCENT)
        axes.set_xlim(0, max(1.0, float(np.percentile(ordered, 99))))
    axes.set_xlabel("seconds from the first ring until a person is dialled")
    axes.set_ylabel("% of those put through")


def _talks(axes: Any, now: Figures) -> None:
    most_s = float(np.percentile(now.talk_s, 99)) if now.talk_s.size else 60.0
    axes.hist(now.talk_s, bins=np.linspace(0, max(60.0, most_s), 61), color=_ACCENT)
    axes.set_xlabel("seconds")
    axes.set_ylabel("conversations")


def _calibration(axes: Any, now: Figures) -> None:
    axes.plot([0, 1], [0, 1], color=_INK, linewidth=0.8, linestyle=":")
    axes.scatter(
        [each.confidence for each in now.calibration],
        [each.stood for each in now.calibration],
        s=[20 + 200 * each.count / max(1, sum(c.count for c in now.calibration)) for each in now.calibration],
        color=_ACCENT,
    )
    axes.set_xlabel("confidence")
    axes.set_ylabel("not taken back")


def _tone(axes: Any, now: Figures) -> None:
    axes.hist(now.upset, bins=np.linspace(0, 1, 21), color=_ACCENT)
    axes.set_yscale("symlog")
    axes.set_xlabel("highest probability of being upset in a call")
    axes.set_ylabel("calls")
