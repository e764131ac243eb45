"""What is known of a caller while the call lasts.  Several requests of one call share it: nobody is asked twice."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Known:
    """``caller`` is the calling number, "" when it is withheld.

    ``own``: action -> the calling number's own values, as it listed them.  ``proved``, ``disproved``: proofs of who is
    calling, for the present value of the slots; ``failures``: how often an asked proof was wrong.  ``choices``: slot ->
    what can be chosen (value -> label).  ``allowed``: what the business said when it allowed the present request.
    ``confirmed``: the caller said yes to the present change.
    """

    caller: str
    slots: dict[str, str] = field(default_factory=dict)
    own: dict[str, tuple[str, ...]] = field(default_factory=dict)
    proved: set[str] = field(default_factory=set)
    disproved: set[str] = field(default_factory=set)
    failures: int = 0
    choices: dict[str, dict[str, str]] = field(default_factory=dict)
    allowed: Mapping[str, Any] | None = None
    confirmed: bool = False

    def begin(self) -> None:
        """Another request, or the same once more: what was chosen, allowed and confirmed was for the last one."""
        for slot in self.choices:
            self.slots.pop(slot, None)
        self.choices.clear()
        self.allowed, self.confirmed = None, False

    def learn(self, slot: str, value: str) -> None:
        """What a request is about.  Another value is another matter: its caller has to be known anew."""
        if self.slots.get(slot) != value:
            self.forget(slot)
            self.slots[slot] = value

    def forget(self, slot: str) -> None:
        """It was about something else."""
        self.begin()
        self.slots.pop(slot, None)
        self.proved.clear()
        self.disproved.clear()

    def values(self) -> dict[str, str]:
        """What a backend may be told."""
        return {**self.slots, "caller": self.caller}

    def spoken(self) -> dict[str, Any]:
        """What may be said.  ``choice``: the label of what was chosen."""
        chosen = [labels[self.slots[slot]] for slot, labels in self.choices.items() if slot in self.slots]
        return {**self.values(), **({"choice": chosen[-1]} if chosen else {}), **(self.allowed or {})}
