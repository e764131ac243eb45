"""What is known of a caller while the call lasts.  Several requests of one call share it: nobody is asked twice."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Known:
    """``caller`` is the calling number, "" when it is withheld.  ``listed``: slots whose own values were looked up."""

    caller: str
    slots: dict[str, str] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)

    def values(self) -> dict[str, str]:
        """What a backend may be told."""
        return {**self.slots, "caller": self.caller}
