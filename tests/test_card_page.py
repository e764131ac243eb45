"""The handover card: who may see it, what it shows, and how it looks in a real browser while a telephone rings."""

import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from ivr.advisors.status import status
from ivr.advisors.voicemail import Voicemail
from ivr.call.events import Heard
from ivr.config import Config
from ivr.records.records import StoredEvent
from ivr.telephony.card_pages import card_words
from ivr.telephony.cards import CardLinks
from tests.house import BASE, CALL_ID, SILENCE, FakeSocket, House, frames, key, utterance
from tests.test_voicemail import Host


@pytest.fixture
def house(config: Config, tmp_path: Path) -> House:
    return House(config, tmp_path)


def path_of(links: CardLinks, call_id: str = CALL_ID) -> str:
    return links.link(call_id).removeprefix(BASE)


def page(house: House, **headers: str) -> str:
    return house.client.get(path_of(house.parts.links), headers=headers).text


def transferred(house: House, *said: str) -> FakeSocket:
    """A call in which these words were said, and then 0 was pressed."""
    talk = [frame for _ in said for frame in utterance()]
    return house.stream(*frames(SILENCE, 100), *talk, key("0"), said=tuple(Heard(words, 0.9) for words in said))


def test_the_card_tells_the_story(house: House) -> None:
    transferred(house, "what are your opening hours", "where is my order", "four two seven one nine")
    shown = page(house)
    for part in (
        "Ringing",
        "+1 5550199",
        "Identity verified",
        "English",
        "The caller pressed 0.",
        "the status of an order · 90 % sure",
        "order number <b>42719</b>",
        '<span class="pair">our opening hours</span>',
        "We are open Monday to Friday",
        "four two seven one nine",
    ):
        assert part in shown, part


def test_the_card_is_written_before_the_socket_closes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What rings the advisor comes after the close, and may be served by another process."""
    at_close: list[object] = []

    def close(_: FakeSocket) -> None:
        stored = house.records.call(CALL_ID)
        at_close.append(stored and stored.card)

    monkeypatch.setattr(FakeSocket, "close", close)
    transferred(house, "where is my order")
    card = at_close[0]
    assert isinstance(card, dict) and card["reason"] == "pressed_zero" and card["wanted"] == "order_status"
    assert card["said"][0]["text"] == "where is my order"


def test_without_its_events_the_card_still_has_the_callers_words(house: House) -> None:
    transferred(house, "where is my order")
    with house.records.engine.begin() as connection:
        connection.execute(text("DELETE FROM call_events"))
    assert "where is my order" in page(house)


def test_an_advisor_reads_it_in_the_language_of_the_browser(house: House) -> None:
    transferred(house, "where is my order")
    shown = page(house, **{"Accept-Language": "cs,en;q=0.5"})
    assert "Volající stiskl nulu." in shown and "zjistit stav objednávky" in shown and "angličtina" in shown


def test_every_language_has_every_word_of_the_page() -> None:
    for language in ("fr", "cs", "ko"):
        assert card_words(language).keys() == card_words("en").keys()
    assert card_words("de") == card_words("en")


def test_a_withheld_number_is_said_to_be_withheld(house: House) -> None:
    house.post("/voice", From="anonymous")
    house.post("/voice/next")
    shown = page(house)
    assert "Number withheld" in shown and "tel:" not in shown and "Open orders" not in shown


def test_words_of_a_caller_are_shown_and_never_obeyed(house: House) -> None:
    transferred(house, "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>')
    shown = page(house)
    assert "<img" not in shown and "<script>alert" not in shown and "&lt;script&gt;alert(1)" in shown


def test_earlier_calls_and_an_open_callback_are_shown(house: House) -> None:
    house.post("/voice", call_id="CA" + "7" * 32)
    house.post("/voice/next", call_id="CA" + "7" * 32)
    begin = datetime.now(UTC)
    house.parts.callbacks.promise("+15550199", CALL_ID, "service", "en", begin, begin + timedelta(hours=1))
    transferred(house, "where is my order")
    shown = page(house)
    assert re.search(r'class="recent"><b>[^<]*ago</b> put through', shown) and "Callback" in shown


def test_a_callbacks_window_is_shown_in_the_companys_time_zone(house: House) -> None:
    begin = datetime(2026, 11, 23, 14, tzinfo=UTC)
    house.parts.callbacks.promise("+15550199", CALL_ID, "service", "en", begin, begin + timedelta(hours=1))
    transferred(house, "where is my order")
    assert "Monday 23 Nov 09:00 – 10:00" in page(house)


def test_open_orders_of_the_number_are_shown(house: House) -> None:
    house.post("/voice", From="+15550112")
    house.post("/voice/next")
    assert re.search(r">\s*11208, 77034\s*<", page(house)), "each of them once"


def test_a_shop_that_is_down_costs_only_the_orders(house: House) -> None:
    transferred(house, "what are your opening hours")
    with house.records.engine.begin() as connection:
        connection.execute(text("ALTER TABLE shop_orders RENAME TO elsewhere"))
    assert "could not be looked up" in page(house)


def test_the_page_follows_the_call(house: House) -> None:
    transferred(house, "where is my order")
    now = path_of(house.parts.links) + "/now"
    assert "Ringing" in house.client.get(now).text
    house.records.note(CALL_ID, "accepted", {})
    assert "Connected" in house.client.get(now).text
    house.post("/voice/dialled", DialCallStatus="completed", DialBridged="true")
    assert house.parts.writer.flush(timeout_s=60.0)
    over = house.client.get(now).text
    assert "Conversation is over" in over and "data-live" not in over


def test_a_message_is_on_the_card_with_its_words(house: House) -> None:
    transferred(house)
    house.records.change(CALL_ID, outcome="voicemail")
    house.records.note(CALL_ID, "voicemail", {"recording": "https://api.twilio.com/RE1", "seconds": 7})
    assert "It is being written down." in page(house)
    house.records.note(CALL_ID, "transcript", {"text": "please call me", "by": "vosk"})
    assert "<blockquote>please call me</blockquote>" in page(house)


def test_an_advisor_can_listen_to_the_message(house: House) -> None:
    transferred(house)
    listen = path_of(house.parts.links) + "/message.wav"
    assert house.client.get(listen).status_code == 404
    host = Host()
    house.parts.voicemail = Voicemail(house.records, house.parts.delivery, {}, "token", host.url)
    house.records.note(CALL_ID, "voicemail", {"recording": f"{host.url}/RE1", "seconds": 7})
    assert listen in page(house)
    assert house.client.get(listen).status_code == 502
    host.holds("/RE1.wav", b"RIFF")
    answer = house.client.get(listen)
    assert (answer.data, answer.mimetype, answer.headers["Cache-Control"]) == (b"RIFF", "audio/wav", "no-store")
    assert house.client.get("/card/guessed/message.wav").status_code == 404


def event(kind: str, **data: object) -> StoredEvent:
    return StoredEvent(0, 0, kind, dict(data))


@pytest.mark.parametrize(
    ("outcome", "events", "where"),
    [
        (None, [], "machine"),
        ("transferred", [], "ringing"),
        ("transferred", [event("ringing"), event("dialled", status="busy", bridged="false")], "waiting"),
        ("transferred", [event("dialled", status="busy", bridged="false"), event("ringing")], "ringing"),
        ("transferred", [event("waiting"), event("accepted")], "connected"),
        ("transferred", [event("dialled", status="completed", bridged="")], "over"),
        ("transferred", [event("dialled", status="never heard of", bridged="")], "waiting"),
        ("transferred", [event("waiting"), event("queue_left", result="hangup")], "gone"),
        ("transferred", [event("waiting"), event("queue_left", result="bridged")], "over"),
        ("transferred", [event("callback")], "callback"),
        ("hung_up", [], "gone"),
        ("served", [], "served"),
        ("something new", [], "ringing"),
    ],
)
def test_the_record_says_where_a_call_is(outcome: str | None, events: list[StoredEvent], where: str) -> None:
    assert status(outcome, events) == where


# -- who may see it ---------------------------------------------------------------------------------------------------


def test_a_link_ends_after_a_shift(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    transferred(house, "where is my order")
    link, now = path_of(house.parts.links), time.time()
    monkeypatch.setattr(time, "time", lambda: now + 7.9 * 3600)
    assert house.client.get(link).status_code == 200
    monkeypatch.setattr(time, "time", lambda: now + 8.1 * 3600)
    for path in (link, link + "/now"):
        answer = house.client.get(path)
        assert answer.status_code == 410 and "no longer valid" in answer.text and "where is" not in answer.text


def test_guessed_and_altered_links_show_nothing_but_what_to_do(house: House) -> None:
    transferred(house, "where is my order")
    link = path_of(house.parts.links)
    other = "CA" + "9" * 32
    for wrong in (
        f"/card/{CALL_ID}",
        link[:-1],
        link.replace(CALL_ID, other),
        link.replace("/card/", "/card/x"),
        path_of(CardLinks("another token", BASE)),
        "/card/" + "a" * 5000,
    ):
        answer = house.client.get(wrong)
        assert answer.status_code == 404 and "leads to no call" in answer.text and "where is" not in answer.text
    assert house.client.get(path_of(house.parts.links, other)).status_code == 404


def test_the_key_of_links_is_for_links_only(house: House) -> None:
    """Who can make a stream's token cannot make a link, and the other way round."""
    token = house.signatures.stream_token(CALL_ID)
    assert house.client.get(f"/card/{CALL_ID}.aaaaaa.{token}").status_code == 404


def test_nothing_of_a_card_is_kept_found_framed_or_passed_on(house: House) -> None:
    transferred(house)
    for path in (path_of(house.parts.links), path_of(house.parts.links) + "/now", "/card/nothing"):
        headers = house.client.get(path).headers
        assert headers["Cache-Control"] == "no-store" and headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in headers["X-Robots-Tag"] and "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]


def test_who_opens_a_card_stands_in_the_record_once(house: House) -> None:
    transferred(house)
    link = path_of(house.parts.links)
    house.client.get(link, headers={"User-Agent": "advisor's telephone"})
    house.client.get(link + "/now")
    house.client.get(link + "?again")
    house.client.head(link)
    opened = [event.data for event in house.records.events(CALL_ID) if event.kind == "card_opened"]
    assert opened == [{"from": "127.0.0.1", "with": "advisor's telephone"}]


def test_a_database_that_is_away_is_said_to_be_away(house: House) -> None:
    transferred(house)
    with house.records.engine.begin() as connection:
        connection.execute(text("ALTER TABLE calls RENAME TO elsewhere"))
    answer = house.client.get(path_of(house.parts.links))
    assert answer.status_code == 503 and "tries again by itself" in answer.text


def test_what_an_advisor_must_look_after_stands_out(house: House) -> None:
    transferred(house, "where is my order")
    stored = house.records.call(CALL_ID)
    assert stored and stored.card
    card = {**stored.card, "pending": {"request": "cancel_order", "how": "unknown"}, "verified": ["order_number"]}
    house.records.change(CALL_ID, card=card)
    shown = page(house)
    assert "to cancel an order: nobody knows whether it was done" in shown and "Identity verified" in shown


def test_a_callback_to_another_number_shows_that_number(house: House) -> None:
    house.post("/voice", From="anonymous")
    begin = datetime.now(UTC)
    house.parts.callbacks.promise("+420601123456", CALL_ID, "service", "en", begin, begin + timedelta(hours=1))
    assert "+420 601 123 456" in page(house)
