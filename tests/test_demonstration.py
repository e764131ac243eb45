"""The demonstration shop: the shipped statements give the same answers from SQLite and from PostgreSQL."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from ivr.app import create_business
from ivr.config import Config
from ivr.records.database import connect
from ivr.records.records import Records
from ivr.requests.backend import Result
from ivr.requests.business import Business
from ivr.requests.demonstration import addresses, create_shop, customers, orders, outbox, reset_links, returns
from tests.postgres import Postgres

TODAY = date(2026, 11, 21)
SHOPPER = "+15550112"  # has 11208 (processing) and 77034 (shipped)


class Shop:
    """The shipped actions on a new shop.  Each question is one of its own call."""

    def __init__(self, engine: Engine, business: Business) -> None:
        self.engine = engine
        self._business = business
        self._asked = 0

    def ask(self, action: str, order_number: str = "", caller: str = SHOPPER, **values: str) -> Result:
        self._asked += 1
        known = {"order_number": order_number, "caller": caller, "language": "en", **values}
        return self._business.start(action, known, f"call-{self._asked}").result(10)

    def outcome(self, action: str, order_number: str = "", **values: str) -> str:
        return self.ask(action, order_number, **values).outcome

    def messages(self) -> list[tuple[str, str]]:
        self._business.settle()
        with self.engine.connect() as connection:
            return [(row.address, row.text) for row in connection.execute(select(outbox))]


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path, config: Config) -> Iterator[Shop]:
    url = f"sqlite:///{tmp_path / 'shop.sqlite3'}"
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.database()
    engine = connect(url)
    create_shop(engine, TODAY)
    records = Records(f"sqlite:///{tmp_path / 'records.sqlite3'}")
    records.prepare()
    yield Shop(engine, create_business(config, records, engine, {}))
    engine.dispose()


QUESTIONS = [
    ("order_status", "42719", "shipped"),
    ("order_status", "11208", "processing"),
    ("order_status", "90561", "delivered"),
    ("order_status", "33845", "cancelled"),
    ("order_status", "00000", "none"),
    ("order_status", "50505", "several"),
    ("order_status", "' OR 1=1 --", "none"),
    ("parcel_tracking", "42719", "on_its_way"),
    ("parcel_tracking", "11208", "not_sent"),
    ("parcel_tracking", "33845", "cancelled"),
    ("delivery_date", "11208", "expected"),
    ("delivery_date", "90561", "delivered"),
    ("return_status", "90561", "received"),
    ("return_status", "83146", "announced"),
    ("return_status", "71362", "refused"),
    ("return_status", "42719", "no_return"),
    ("return_status", "33845", "no_return"),
    ("refund_status", "24690", "refunded"),
    ("refund_status", "90561", "expected"),
    ("refund_status", "83146", "not_yet"),
    ("refund_status", "33845", "refunded"),
    ("refund_status", "42719", "no_refund"),
    ("refund_status", "00000", "none"),
]
CHANGES = [
    ("change_address", "11208", {"address": "work"}, "done"),
    ("change_address", "11208", {"address": "work"}, "already_done"),
    ("change_address", "11208", {"address": "the moon"}, "no_such_address"),
    ("change_address", "42719", {"address": "work"}, "not_allowed"),
    ("change_address", "33845", {"address": "work"}, "not_allowed"),
    ("change_address", "50505", {"address": "work"}, "several"),
    ("change_address", "00000", {"address": "work"}, "none"),
    ("change_item", "60422", {"size": "43"}, "done"),
    ("change_item", "60422", {"size": "43"}, "already_done"),
    ("change_item", "60422", {"size": "44"}, "sold_out"),
    ("change_item", "60422", {"size": "small"}, "no_such_size"),
    ("change_item", "90561", {"size": "small"}, "not_allowed"),
    ("change_item", "50505", {"size": "small"}, "several"),
    ("cancel_order", "11208", {}, "done"),
    ("cancel_order", "33845", {}, "already_done"),
    ("cancel_order", "77034", {}, "not_allowed"),
    ("cancel_order", "50505", {}, "several"),
    ("cancel_order", "00000", {}, "none"),
]


def test_every_question_has_its_answer(shop: Shop) -> None:
    assert [(action, number, shop.outcome(action, number)) for action, number, _ in QUESTIONS] == QUESTIONS


def test_every_change_is_made_only_while_the_order_allows_it(shop: Shop) -> None:
    made = [(action, number, values, shop.outcome(action, number, **values)) for action, number, values, _ in CHANGES]
    assert made == CHANGES


def test_what_is_said_of_an_order_is_the_same_text_from_every_database(shop: Shop) -> None:
    assert shop.ask("order_status", "42719").values["due"] == "2026-11-23"
    assert shop.ask("parcel_tracking", "42719").values["carrier"] == "Northway Parcels"
    refund = shop.ask("refund_status", "24690").values
    assert float(refund["amount"]) == 29.5 and (refund["currency"], refund["refunded"]) == ("EUR", "2026-11-20")


def test_the_calling_number_knows_its_own_orders(shop: Shop) -> None:
    assert shop.ask("own_open_orders").values == {"values": ["11208", "77034"]}
    assert shop.outcome("own_open_orders", caller="") == "none"
    assert shop.outcome("verify_caller", "11208") == "verified"
    for number, caller in (("42719", SHOPPER), ("11208", ""), ("00000", SHOPPER), ("11208", "' OR 1=1 --")):
        assert shop.outcome("verify_caller", number, caller=caller) == "not_verified"


def test_an_order_number_and_its_postcode_prove_who_calls(shop: Shop) -> None:
    with shop.engine.connect() as connection:
        joined = select(customers.c.postcode).join(orders, orders.c.customer_id == customers.c.id)
        postcode = connection.execute(joined.where(orders.c.number == "42719")).scalar_one()
    assert shop.outcome("verify_postcode", "42719", postcode=postcode) == "verified"
    assert shop.outcome("verify_postcode", "11208", postcode=postcode) == "not_verified"
    assert shop.outcome("verify_postcode", "00000", postcode=postcode) == "not_verified"


def test_a_cancelled_order_is_refunded_and_cannot_be_cancelled_twice(shop: Shop) -> None:
    assert [shop.outcome("cancel_order", "11208") for _ in range(2)] == ["done", "already_done"]
    assert shop.outcome("refund_status", "11208") == "expected"
    assert shop.outcome("change_address", "11208", address="work") == "not_allowed"


def test_a_password_link_goes_to_the_account_and_nobody_learns_who_has_one(shop: Shop) -> None:
    known, unknown = (shop.ask("password_reset", caller=caller) for caller in (SHOPPER, "+15559912"))
    assert known == unknown == Result("sent", {"ending": "12"})
    ((to, text),) = shop.messages()
    with shop.engine.connect() as connection:
        (link,) = connection.execute(select(reset_links)).all()
    assert to == SHOPPER and link.secret in text and len(link.secret) >= 20
    assert shop.outcome("password_reset", caller="") == "withheld"


def test_an_invoice_and_the_state_of_an_order_are_sent(shop: Shop) -> None:
    assert shop.ask("invoice_copy", "11208") == Result("sent", {"order_number": "11208", "email_begins": "c"})
    assert shop.outcome("text_order", "42719") == "sent"
    (email, invoice), (phone, text) = shop.messages()
    assert "@example.com" in email and "11208" in invoice
    assert phone == SHOPPER and "42719" in text and "None" not in text
    assert [shop.outcome(action, "00000") for action in ("invoice_copy", "text_order")] == ["none", "none"]


def test_every_shop_is_the_same_and_made_once(tmp_path: Path) -> None:
    found = []
    for name in ("one", "two"):
        engine = connect(f"sqlite:///{tmp_path / name}.sqlite3")
        for _ in range(2):
            create_shop(engine, TODAY)
        with engine.connect() as connection:
            found.append([connection.execute(select(table)).all() for table in (customers, addresses, orders, returns)])
    assert found[0] == found[1]
    statuses = Counter(row.status for row in found[0][2])
    assert sum(statuses.values()) > 300 and min(statuses.values()) > 10
    assert [number for number, count in Counter(row.number for row in found[0][2]).items() if count > 1] == ["50505"]
