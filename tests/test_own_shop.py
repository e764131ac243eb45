"""A company's own database and HTTP service, connected with the lines of the README as they stand there."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from ivr.cli import ivr
from ivr.records.database import connect
from ivr.yaml_text import dump, parse
from tests.conftest import ROOT
from tests.service import answer, running_service

HOST = "https://shop.example.com"
LINES = next(
    block
    for block in re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)
    if "order_status" in block
)
SCENARIOS = """
scenarios:
  a known number:
    caller: "+15551234"
    steps: [{says: where is my order, hears: "Order 4, 0, 0, 0, 1 has been shipped"}]
    ends: {outcome: served}
  somebody else, and the wrong postcode first:
    steps:
      - {says: where is my order}
      - {says: four oh oh oh one}
      - {says: one two three four five, hears: cannot match}
      - {says: four oh oh oh one}
      - {says: nine oh two one oh, hears: has been shipped}
    ends: {outcome: served}
  a change, made by the service:
    caller: "+15559876"
    steps:
      - {says: cancel my order}
      - {says: nine oh two one oh, hears: "the whole order 4, 0, 0, 0, 2, all 3 items"}
      - {says: "yes", does: cancel_order, hears: "Order 4, 0, 0, 0, 2 is cancelled now"}
    ends: {outcome: served}
  what the company did not connect:
    caller: "+15551234"
    steps: [{says: track my parcel}]
    ends: {outcome: transferred, reason: backend}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for folder in ("config", "grammars"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def test_the_lines_of_the_readme_connect_a_database_and_a_service(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = connect(f"sqlite:///{home / 'orders.sqlite3'}")
    with engine.begin() as connection:
        connection.execute(
            text("CREATE TABLE orders (number, phone, zip, state, item, items, due DATE, delivered DATE)")
        )
        connection.execute(
            text(
                "INSERT INTO orders VALUES ('40001', '+15551234', '90210', 'shipped', 'shirt', 1, '2026-11-28', NULL),"
                " ('40002', '+15559876', '90210', 'processing', 'jacket', 3, '2026-12-01', NULL)"
            )
        )
    with running_service() as service:
        service.answers = [answer("{}", 200)]
        requests = home / "config" / "requests.yaml"
        file: dict[str, Any] = parse(requests.read_text(encoding="utf-8"))[0]
        file["actions"] |= parse(LINES.replace(HOST, service.url))[0]["actions"]
        requests.write_text(dump(file), encoding="utf-8")
        scenarios = home / "own.yaml"
        scenarios.write_text(SCENARIOS, encoding="utf-8")
        monkeypatch.setenv("IVR_HOME", str(home))
        monkeypatch.setenv("IVR_SHOP_URL", str(engine.url))
        monkeypatch.setenv("SHOP_TOKEN", "hush")
        checked = CliRunner().invoke(ivr, ["check"])
        assert checked.exit_code == 0, checked.output
        played = CliRunner().invoke(ivr, ["rehearse", "--own-shop", "--json", str(scenarios)])
    assert [(each["scenario"], each["differences"]) for each in json.loads(played.stdout) if not each["ok"]] == []
    (asked,) = service.asked
    assert (asked.method, asked.path) == ("POST", "/orders/40002/cancel")
    assert asked.headers["Authorization"] == "Bearer hush" and asked.headers["Idempotency-Key"]
