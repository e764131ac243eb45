"""What is stored of a call."""

from ivr.records.records import Records, RecordsUnavailable, StoredCall, StoredEvent
from ivr.records.writer import EventWriter

__all__ = ["EventWriter", "Records", "RecordsUnavailable", "StoredCall", "StoredEvent"]
