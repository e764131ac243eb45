"""What keeps a server from doing all of its work, while it still puts every caller through."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ivr.operations.metrics import Metrics

FREE_BYTES = 50_000_000  # less is a matter of hours: a call leaves a few kB, its sound half a MB a minute


class Condition:
    """One for each process.  Tells the metrics what it finds.

    ``unwritten``: why nothing can be written into the database now, "" when it can.  ``places``: folders that are
    written to.
    """

    def __init__(self, metrics: Metrics, unwritten: Callable[[], str], places: Sequence[Path]) -> None:
        self._metrics = metrics
        self._unwritten = unwritten
        self._places = tuple({_nearest(place) for place in places})

    def impaired(self) -> Mapping[str, str]:
        """What is wrong -> what it means; nothing when all is well."""
        why = self._unwritten()
        found = {
            "records": f"nothing can be written ({why}): callers go straight to people" if why else "",
            "disk": self._disk(),
        }
        for name, what in found.items():
            self._metrics.impaired.labels(name).set(bool(what))
        return {name: what for name, what in found.items() if what}

    def _disk(self) -> str:
        for place in self._places:
            free = shutil.disk_usage(place).free
            if free < FREE_BYTES:
                return f"{free / 1e6:.0f} MB are free at {place}: make room, or callers go straight to people"
        return ""


def _nearest(place: Path) -> Path:
    """The first of a path's folders that exists."""
    while not place.is_dir():
        place = place.parent
    return place
