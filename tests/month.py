"""Calls that never took place, in any number: what reports and what-ifs are tried on.

``IVR_DATABASE_URL=sqlite:////tmp/month.sqlite3 python -m tests.month`` makes 100,000 of them.
"""

import random
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from ivr.config.settings import database_url
from ivr.records.records import Records
from ivr.records.schema import call_events, calls

_ENDINGS = (
    ("served", None),
    ("transferred", "asked"),
    ("transferred", "low_confidence"),
    ("transferred", "tone"),
    ("hung_up", None),
)
_TEXTS = (
    "can you send me a gift card",
    "a gift card please",
    "i want a gift card",
    "my parrot ate the parcel",
    "is there parking",
)


def fill(records: Records, count: int, until: datetime, days: int = 28, seed: int = 1) -> None:
    """``count`` calls, evenly spread over the ``days`` before ``until``, with about eight events each."""
    dice = random.Random(seed)
    made, events = [], []
    for number in range(count):
        call_id = f"CA{seed}-{number}"
        began = until - timedelta(days=days) * (1 - number / count)
        outcome, reason = dice.choices(_ENDINGS, (50, 25, 10, 5, 10))[0]
        made.append(
            {
                "call_id": call_id,
                "caller": f"+1555{dice.randrange(count * 3):07d}" if dice.random() > 0.05 else "",
                "line": "+15550100",
                "language": dice.choice(("en", "en", "fr", "cs")),
                "started_at": began,
                "ended_at": began + timedelta(seconds=dice.uniform(5, 120)),
                "token_hash": "",
                "outcome": outcome,
                "reason": reason,
                "farewell": outcome == "served",
            }
        )
        events += [{"call_id": call_id, **event} for event in _events(dice, outcome, reason)]
    with records.engine.begin() as connection:
        for start in range(0, len(made), 5_000):
            connection.execute(insert(calls), made[start : start + 5_000])
        for start in range(0, len(events), 20_000):
            connection.execute(insert(call_events), events[start : start + 20_000])


def _events(dice: random.Random, outcome: str, reason: str | None) -> list[dict[str, object]]:
    sure = dice.uniform(0.76, 1.0) if reason != "low_confidence" else dice.uniform(0.1, 0.49)
    upset = dice.uniform(0.0, 0.4) if reason != "tone" else dice.uniform(0.7, 1.0)
    said: list[tuple[str, dict[str, object]]] = [
        ("said", {"prompt": "greeting", "text": "Hello"}),
        ("heard", {"text": "where is my order", "intent": "order_status", "confidence": sure, "slots": {}}),
        ("tone", {"upset": upset, "why": []}),
    ]
    if dice.random() < 0.3:
        said.append(("heard", {"text": dice.choice(_TEXTS), "intent": None, "confidence": 0.0, "slots": {}}))
        said.append(("said", {"prompt": "no_match", "text": "Sorry"}))
    if outcome == "served":
        said += [("said", {"prompt": "ask_order_number", "text": "Which?"}), ("served", {"request": "order_status"})]
        said += [("heard", {"text": "no", "intent": "finished", "confidence": 0.95, "slots": {}})]
    elif reason == "asked":
        said.append(("heard", {"text": "advisor", "intent": "person", "confidence": 1.0, "slots": {}}))
    elif outcome == "hung_up":
        said.append(("said", {"prompt": "ask_order_number", "text": "Which?"}))
    if reason:
        said.append(("transfer", {"reason": reason, "topic": None}))
    return [{"at_ms": 1000 * at, "kind": kind, "data": data} for at, (kind, data) in enumerate(said)]


if __name__ == "__main__":
    month = Records(database_url())
    month.prepare()
    fill(month, 100_000, datetime.now(UTC))
