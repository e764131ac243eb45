"""A shop to try things with, in the database, made on first use; the same on SQLite and PostgreSQL.

A few well-known orders (their numbers stand in the documentation and the tests), and some hundred that are drawn with a
fixed seed, so that every shop is the same.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Date, Engine, ForeignKey, Integer, MetaData, Numeric, String, Table, func, insert, select

_metadata = MetaData()

customers = Table(
    "shop_customers",
    _metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False),
    Column("phone", String(64), nullable=False, index=True),
    Column("other_phone", String(64), index=True),
    Column("postcode", String(16), nullable=False),
    Column("email", String(64), nullable=False),
)
addresses = Table(
    "shop_addresses",
    _metadata,
    Column("customer_id", Integer, ForeignKey("shop_customers.id"), primary_key=True),
    Column("label", String(16), primary_key=True),  # home, work, pickup
    Column("street", String(64), nullable=False),
    Column("town", String(64), nullable=False),
)
orders = Table(
    "shop_orders",
    _metadata,
    Column("id", Integer, primary_key=True),
    Column("number", String(16), nullable=False, index=True),  # not unique: the shop once gave a number twice
    Column("customer_id", Integer, ForeignKey("shop_customers.id"), nullable=False, index=True),
    Column("item", String(64), nullable=False),  # the one whose size can be changed; ``other_items`` has the rest
    Column("size", String(16)),  # null: it has none
    Column("status", String(16), nullable=False),  # processing, shipped, delivered, cancelled
    Column("address", String(16), nullable=False),
    Column("carrier", String(64)),
    Column("place", String(64)),
    Column("tracking", String(32)),
    Column("due", Date),
    Column("delivered", Date),
    Column("amount", Numeric(10, 2), nullable=False),
    Column("currency", String(3), nullable=False),
)
other_items = Table(
    "shop_other_items",
    _metadata,
    Column("order_id", Integer, ForeignKey("shop_orders.id"), primary_key=True),
    Column("item", String(64), primary_key=True),
)
stock = Table(
    "shop_stock",
    _metadata,
    Column("item", String(64), primary_key=True),
    Column("size", String(16), primary_key=True),
    Column("available", Integer, nullable=False),
)
returns = Table(
    "shop_returns",
    _metadata,
    Column("order_id", Integer, ForeignKey("shop_orders.id"), primary_key=True),
    Column("status", String(16), nullable=False),  # announced, received, refunded, refused
    Column("amount", Numeric(10, 2), nullable=False),
    Column("refunded", Date),
)
reset_links = Table(
    "shop_reset_links",
    _metadata,
    Column("secret", String(64), primary_key=True),
    Column("customer_id", Integer, ForeignKey("shop_customers.id"), nullable=False),
)
outbox = Table(  # what a real shop would send
    "shop_outbox",
    _metadata,
    Column("key", String(128), primary_key=True),
    Column("address", String(64), nullable=False),
    Column("text", String(1000), nullable=False),
)

SEED = 20261121
DRAWN = 300
_FIRST = ("Ana", "Ben", "Chloé", "Eliška", "Farid", "Grace", "Jana", "Léa", "Minjun", "Omar", "Petr", "Řehoř", "Zoé")
_LAST = ("Anderson", "Černý", "Dubois", "Evans", "Jones", "Kim", "Lefèvre", "O'Brien", "Park", "Roux", "Šťastný", "Žák")
_TOWNS = ("Springfield", "Riverside", "Lakewood", "Milltown", "Eastport", "Greenville", "Ashford", "Fairview")
_STREETS = ("Oak Street", "Station Road", "Mill Lane", "High Street", "Garden Way", "Bridge Street")
_CARRIERS = {"Northway Parcels": "NW", "Harbour Express": "HX"}
_CLOTHES, _SHOES = ("small", "medium", "large"), ("38", "39", "40", "41", "42", "43", "44")
_ITEMS = {
    "jacket": (_CLOTHES, "89.90"),
    "shirt": (_CLOTHES, "29.50"),
    "trousers": (_CLOTHES, "49.00"),
    "shoes": (_SHOES, "79.95"),
    "backpack": ((), "59.00"),
    "lamp": ((), "34.90"),
    "kettle": ((), "41.25"),
}
_RETURNS = ("announced", "received", "refunded", "refused", None, None, None, None)
_SOLD_OUT = {("jacket", "large"), ("shoes", "44")}
_SHARED_PHONE, _SHARING = "+15550199", ("+15550111", "+15550116")  # a household: two orders on their way


@dataclass(frozen=True, slots=True)
class _Known:
    """A well-known order.  ``due`` and ``ago`` are days from today and since delivery."""

    number: str
    phone: str
    status: str
    item: str = "shirt"
    size: str | None = "medium"
    due: int | None = None
    ago: int | None = None
    carrier: str | None = None
    place: str | None = None
    returned: str | None = None
    others: tuple[str, ...] = ()


_KNOWN = (
    _Known("42719", "+15550111", "shipped", due=2, carrier="Northway Parcels", place="Springfield"),
    _Known("11208", "+15550112", "processing", "jacket", "small", due=5),
    _Known("77034", "+15550112", "shipped", "lamp", None, 1, carrier="Northway Parcels", place="Riverside"),
    _Known("90561", "+15550113", "delivered", ago=3, carrier="Northway Parcels", place="Lakewood", returned="received"),
    _Known("33845", "+15550114", "cancelled", returned="refunded"),
    _Known("60422", "+15550115", "processing", "shoes", "42", due=4, others=("backpack",)),
    _Known("58016", "+15550116", "shipped", "kettle", None, 3, carrier="Harbour Express", place="Milltown"),
    _Known("24690", "+15550117", "delivered", ago=1, carrier="Harbour Express", place="Eastport", returned="refunded"),
    _Known("50505", "+15550118", "processing", due=6),  # one number, two customers
    _Known("50505", "+15550119", "shipped", due=1, carrier="Harbour Express", place="Ashford"),
    _Known("83146", "+15550120", "delivered", "backpack", None, ago=6, place="Ashford", returned="announced"),
    _Known("71362", "+15550121", "delivered", ago=9, place="Fairview", returned="refused"),
)


def create_shop(engine: Engine, today: date) -> None:
    """Create the shop, unless there is one already.  Two processes at once do no harm."""
    _metadata.create_all(engine)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(SEED)))
        if connection.execute(select(func.count()).select_from(orders)).scalar():
            return
        for table, rows in _rows(today).items():
            connection.execute(insert(_metadata.tables[table]), rows)


def _rows(today: date) -> dict[str, list[dict[str, Any]]]:
    """Everything that is in the shop on its first day."""
    chance = random.Random(SEED)  # noqa: S311  plausible, not secret
    known = list(_KNOWN)
    taken = {order.number for order in known}
    while len(known) < len(_KNOWN) + DRAWN:
        order = _drawn(chance, len(known))
        if order.number not in taken:
            taken.add(order.number)
            known.append(order)
    phones = list(dict.fromkeys(order.phone for order in known))
    people = [_customer(chance, at, phone) for at, phone in enumerate(phones, 1)]
    owner = {person["phone"]: person["id"] for person in people}
    placed = [_order(chance, at, order, owner[order.phone], today) for at, order in enumerate(known, 1)]
    return {
        "shop_customers": people,
        "shop_addresses": [each for person in people for each in _addresses(chance, person["id"])],
        "shop_orders": placed,
        "shop_other_items": [
            {"order_id": row["id"], "item": item}
            for row, order in zip(placed, known, strict=True)
            for item in order.others
        ],
        "shop_stock": [
            {"item": item, "size": size, "available": 0 if (item, size) in _SOLD_OUT else 12}
            for item, (sizes, _) in _ITEMS.items()
            for size in sizes
        ],
        "shop_returns": [
            _return(row, order.returned, today) for row, order in zip(placed, known, strict=True) if order.returned
        ],
    }


def _drawn(chance: random.Random, at: int) -> _Known:
    status = chance.choices(("processing", "shipped", "delivered", "cancelled"), (25, 35, 33, 7))[0]
    item = chance.choice(tuple(_ITEMS))
    sent = status in ("shipped", "delivered")
    return _Known(
        number=str(chance.randrange(10_000, 100_000)),
        phone=f"+1555{2000 + at * 2 // 3}",  # some customers have two orders
        status=status,
        item=item,
        size=chance.choice(_ITEMS[item][0]) if _ITEMS[item][0] else None,
        others=("lamp", "kettle")[: at % 3] if item not in ("lamp", "kettle") else (),
        due=chance.randrange(1, 8) if status in ("processing", "shipped") else None,
        ago=chance.randrange(1, 30) if status == "delivered" else None,
        carrier=chance.choice(tuple(_CARRIERS)) if sent else None,
        place=chance.choice(_TOWNS) if sent else None,
        returned={"delivered": chance.choice(_RETURNS), "cancelled": "received"}.get(status),
    )


def _customer(chance: random.Random, at: int, phone: str) -> dict[str, Any]:
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    return {
        "id": at,
        "name": f"{first} {last}",
        "phone": phone,
        "other_phone": _SHARED_PHONE if phone in _SHARING else None,
        "postcode": f"{30_000 + at * 37}",
        "email": f"customer{at}@example.com",
    }


def _addresses(chance: random.Random, customer: int) -> Iterator[dict[str, Any]]:
    for label in ("home", "work", "pickup") if customer % 4 else ("home",):
        street = "Parcel Shop" if label == "pickup" else f"{chance.randrange(1, 90)} {chance.choice(_STREETS)}"
        yield {"customer_id": customer, "label": label, "street": street, "town": chance.choice(_TOWNS)}


def _order(chance: random.Random, at: int, order: _Known, customer: int, today: date) -> dict[str, Any]:
    sent = order.carrier and f"{_CARRIERS[order.carrier]}{chance.randrange(10**7, 10**8)}"
    return {
        "id": at,
        "number": order.number,
        "customer_id": customer,
        "item": order.item,
        "size": order.size,
        "status": order.status,
        "address": "home",
        "carrier": order.carrier,
        "place": order.place,
        "tracking": sent,
        "due": None if order.due is None else today + timedelta(days=order.due),
        "delivered": None if order.ago is None else today - timedelta(days=order.ago),
        "amount": sum(Decimal(_ITEMS[item][1]) for item in (order.item, *order.others)),
        "currency": "EUR",
    }


def _return(order: dict[str, Any], status: str, today: date) -> dict[str, Any]:
    refunded = today - timedelta(days=1) if status == "refunded" else None
    return {"order_id": order["id"], "status": status, "amount": order["amount"], "refunded": refunded}
