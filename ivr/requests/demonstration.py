"""A shop to try things with: orders in the database, made on first use."""

from datetime import date, timedelta

from sqlalchemy import Column, Date, Engine, MetaData, String, Table, func, insert, select

_metadata = MetaData()

orders = Table(
    "orders",
    _metadata,
    Column("number", String(16), primary_key=True),
    Column("caller", String(64), nullable=False, index=True),
    Column("status", String(16), nullable=False),
    Column("carrier", String(64)),
    Column("place", String(64)),
    Column("due", Date),
    Column("delivered", Date),
)

# number, calling number, status, carrier, place, days until due, days since delivery
_ORDERS = (
    ("42719", "+15550111", "shipped", "Northway Parcels", "Springfield", 2, None),
    ("11208", "+15550112", "processing", None, None, 5, None),
    ("77034", "+15550112", "shipped", "Northway Parcels", "Riverside", 1, None),
    ("90561", "+15550113", "delivered", "Northway Parcels", "Lakewood", None, 3),
    ("33845", "+15550114", "cancelled", None, None, None, None),
    ("60422", "+15550115", "processing", None, None, 4, None),
    ("58016", "+15550116", "shipped", "Harbour Express", "Milltown", 3, None),
    ("24690", "+15550117", "delivered", "Harbour Express", "Eastport", None, 1),
)


def create_shop(engine: Engine, today: date) -> None:
    """Create the orders, unless there are some already.  Two processes at once do no harm."""
    _metadata.create_all(engine)
    with engine.begin() as connection:
        if connection.execute(select(func.count()).select_from(orders)).scalar():
            return
        connection.execute(
            insert(orders),
            [
                {
                    "number": number,
                    "caller": caller,
                    "status": status,
                    "carrier": carrier,
                    "place": place,
                    "due": today + timedelta(days=due) if due is not None else None,
                    "delivered": today - timedelta(days=ago) if ago is not None else None,
                }
                for number, caller, status, carrier, place, due, ago in _ORDERS
            ],
        )
