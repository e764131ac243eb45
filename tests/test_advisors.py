"""The way of a transferred call, every branch of it, through the real webhooks."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from ivr.advisors.journey import expected_minutes
from ivr.advisors.steps import (
    Waits,
)
from ivr.config import Config
from ivr.config.texts import Texts
from ivr.yaml_text import parse
from tests.advising import BOTH_TEAMS, MONDAY, advisors_of
from tests.conftest import ROOT
from tests.house import BASE, CALL_ID, SILENCE, House, frames, key


class Walk:
    """Follows the documents a caller gets, as Twilio would."""

    def __init__(
        self, config: Config, folder: Path, now: datetime = MONDAY, text: str = BOTH_TEAMS, **form: str
    ) -> None:
        self.house = House(replace(config, advisors=advisors_of(text)), folder, lambda: self.now)
        self.now = now
        self.form = form
        self.text = ""

    def zero(self) -> "Walk":
        """Ring, press 0, and ask what is next."""
        self.house.post("/voice", CallStatus="ringing", **self.form)
        self.house.stream(*frames(SILENCE, 100), key("0"))
        return self.post("/voice/next")

    def post(self, path: str, **fields: str) -> "Walk":
        status, self.text = self.house.post(path, **self.form, **fields)
        assert status == 200
        return self

    def follow(self, verb: str, attribute: str = "action", **fields: str) -> "Walk":
        """Go where a verb of the document leads."""
        url = self.verb(verb).attrib[attribute] if attribute else self.verb(verb).text
        return self.post(str(url).removeprefix(BASE), **fields)

    def verb(self, name: str) -> Any:
        found = next(ElementTree.fromstring(self.text).iter(name), None)
        assert found is not None, f"no <{name}> in {self.text}"
        return found

    def rung(self) -> list[str]:
        nouns = [each for each in ElementTree.fromstring(self.text).iter() if each.tag in ("Number", "Sip", "Identity")]
        return [str(each.text).partition("?")[0] for each in nouns]

    def said(self) -> str:
        return " ".join(str(each.text) for each in ElementTree.fromstring(self.text).iter("Say"))

    def not_answered(self, status: str = "no-answer") -> "Walk":
        return self.follow("Dial", DialCallStatus=status, DialBridged="false")

    def until_offered(self) -> "Walk":
        """Nobody answers, and the queue is full."""
        for _ in range(4):
            self.not_answered()
        return self.follow("Enqueue", QueueResult="queue-full", QueueTime="0")

    @property
    def ending(self) -> tuple[str | None, str | None, str | None]:
        stored = self.house.records.call(CALL_ID)
        assert stored
        return stored.outcome, stored.team, stored.target


@pytest.fixture
def walk(config: Config, tmp_path: Path) -> Walk:
    return Walk(config, tmp_path)


def test_the_caller_hears_whom_they_are_put_through_to(walk: Walk) -> None:
    walk.zero()
    assert walk.rung() == ["+12025550142"] and "our desk" in walk.said()
    assert walk.ending == ("transferred", "desk", "+12025550142")
    assert walk.verb("Dial").attrib["timeLimit"] == "86400", "a conversation with an advisor is not limited by us"


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled", "completed", "never-seen-before", ""])
def test_who_does_not_take_the_call_is_followed_by_the_next_and_the_next_team(walk: Walk, status: str) -> None:
    walk.zero().not_answered(status)
    assert walk.rung() == ["sip:desk@pbx.example.com"] and "still trying" in walk.said()
    assert walk.not_answered(status).rung() == ["jane"]
    walk.not_answered(status)
    assert walk.rung() == ["+420777123456", "+12025550117"] and "our night desk" in walk.said(), "at once"
    assert walk.not_answered(status).verb("Enqueue").text == "desk"


def test_a_retried_webhook_gives_the_same_document(walk: Walk) -> None:
    def timeless(text: str) -> str:
        return re.sub(r"CA1+\.[\w.-]+", "a link", text)

    first = walk.zero().text
    assert timeless(walk.post("/voice/next").text) == timeless(first)
    again = walk.follow("Dial", DialCallStatus="busy").text
    walk.text = first
    assert timeless(walk.follow("Dial", DialCallStatus="busy").text) == timeless(again)


@pytest.mark.parametrize(("bridged", "accepted"), [("true", False), ("", True)])
def test_after_a_conversation_nothing_follows(walk: Walk, bridged: str, accepted: bool) -> None:
    document = walk.zero().text
    if accepted:
        walk.follow("Number", "url", CallSid="CA" + "9" * 32).follow("Gather", Digits="1", CallSid="CA" + "9" * 32)
        walk.text = document
    walk.follow("Dial", DialCallStatus="completed", DialBridged=bridged)
    assert "<Hangup" in walk.text and "<Say" not in walk.text
    assert walk.house.records.call(CALL_ID).outcome == "transferred"  # type: ignore[union-attr]


def test_completed_without_a_word_about_the_bridge_is_no_conversation(walk: Walk) -> None:
    assert walk.zero().follow("Dial", DialCallStatus="completed").rung() == ["sip:desk@pbx.example.com"]


def test_the_advisor_hears_the_story_and_only_a_1_takes_the_call(walk: Walk) -> None:
    leg = "CA" + "9" * 32
    ringing = walk.zero().text
    walk.follow("Number", "url", CallSid=leg, To="+12025550142")
    whisper = walk.text
    assert "pressed 0" in walk.said() and "Press 1" in walk.said()
    assert walk.text.rstrip().endswith("<Hangup /></Response>"), "silence does not take the call"
    assert "<Hangup" in walk.follow("Gather", CallSid=leg, Digits="2").text
    walk.text = whisper
    assert "<Gather" in walk.follow("Gather", CallSid=leg, Digits="5").text, "another key: once more"
    assert "<Hangup" not in walk.follow("Gather", CallSid=leg, Digits="1", To="+12025550142").text
    kinds = [event.kind for event in walk.house.records.events(CALL_ID)]
    assert "passed_on" in kinds and "accepted" in kinds and ringing


def test_the_story_is_told_in_every_language_and_offered_without_it(walk: Walk) -> None:
    said = {"text": "where is my order", "intent": "order_status", "confidence": 0.9}
    card = {"reason": "asked", "wanted": "order_status", "said": [said], "slots": {"order_number": "42719"}}
    whisper = walk.zero().verb("Number").attrib["url"].removeprefix(BASE)
    walk.house.records.change(CALL_ID, card={**card, "done": [], "tone": None})
    for team, about in (("desk", "the status of an order"), ("night", "où en est une commande")):
        walk.post(whisper.replace("by=desk", f"by={team}"))
        assert about in walk.said() and "4, 2, 7, 1, 9" in walk.said()
    walk.house.records.change(CALL_ID, card={"reason": "never heard of"})
    assert walk.post(whisper).verb("Gather").find("Say") is not None


def test_the_second_of_two_advisors_who_accept_is_told(walk: Walk) -> None:
    walk.zero()
    for _ in range(3):
        walk.not_answered()
    whisper = walk.follow("Number", "url", CallSid="CA" + "8" * 32, To="+420777123456").text
    assert "appuyé" in walk.said(), "in the advisors' language"
    first = walk.follow("Gather", CallSid="CA" + "8" * 32, Digits="1", To="+420777123456").text
    walk.text = whisper
    second = walk.follow("Gather", CallSid="CA" + "7" * 32, Digits="1", To="+12025550117").text
    assert "<Hangup" not in first and "<Hangup" in second and "collègue" in walk.said()
    assert walk.ending == ("transferred", "night", "+420777123456")


def test_sip_and_client_get_the_story(walk: Walk) -> None:
    walk.zero().not_answered()
    assert "x-ivr-reason=pressed_zero" in walk.verb("Sip").text and "x-ivr-card=https%3A" in walk.verb("Sip").text
    parameters = {each.attrib["name"] for each in ElementTree.fromstring(walk.not_answered().text).iter("Parameter")}
    assert parameters == {"call", "card"}


def test_a_sip_telephone_gets_ascii_only_where_the_file_says_so(config: Config, tmp_path: Path) -> None:
    walk = Walk(config, tmp_path, text=BOTH_TEAMS.replace("country: US", "country: US\nsip_headers: ascii"))
    address = walk.zero().not_answered().verb("Sip").text or ""
    assert "x-ivr-card=https://" in address and "%" not in address


def test_a_workflow_and_a_twilio_queue_are_tried_like_any_target(config: Config, tmp_path: Path) -> None:
    text = BOTH_TEAMS.replace("\nteam: desk", "\nteam: tasks").replace("team: tasks}", "team: desk}")
    walk = Walk(config, tmp_path, text=text).zero()
    assert '"reason": "pressed_zero"' in walk.verb("Task").text and "putting you through" in walk.said()
    walk.follow("Enqueue", QueueResult="queue-full")
    assert walk.verb("Enqueue").text == "overflow"


def in_the_queue(walk: Walk) -> Walk:
    walk.zero()
    for _ in range(4):
        walk.not_answered()
    return walk


def test_the_queue_says_the_position_and_an_honest_wait_and_then_what_else_there_is(walk: Walk) -> None:
    enqueue = in_the_queue(walk).text
    place = {"QueuePosition": "2", "CurrentQueueSize": "4", "AvgQueueTime": "240"}
    walk.follow("Enqueue", "waitUrl", QueueTime="0", **place)
    assert "number 2" in walk.said() and "about 4 minutes" in walk.said() and "Press 1" not in walk.said()
    assert walk.verb("Play").text == "https://example.com/music.mp3"
    walk.text = enqueue
    walk.follow("Enqueue", "waitUrl", QueueTime="60", **place)
    assert "press 1" in walk.said() and walk.verb("Gather").find("Play") is not None
    assert "<Gather" in walk.follow("Gather", Digits="7").text, "any other key: stay"
    walk.text = enqueue
    assert "<Leave" in walk.follow("Enqueue", "waitUrl", QueueTime="300", **place).text, "nobody waits for ever"


def test_nothing_is_said_of_a_wait_nobody_can_know() -> None:
    assert expected_minutes(Waits(30, 1, 1, 0)) == 0
    assert expected_minutes(Waits(30, 1, 2, 30)) == 1
    assert expected_minutes(Waits(30, 9, 9, 3600)) == 0


@pytest.mark.parametrize(("choice", "verb"), [("1", "Gather"), ("2", "Record")])
def test_a_choice_in_the_queue_leads_out_of_it(walk: Walk, choice: str, verb: str) -> None:
    enqueue = in_the_queue(walk).text
    walk.follow("Enqueue", "waitUrl", QueueTime="60").follow("Gather", Digits=choice)
    assert "<Leave" in walk.text
    walk.text = enqueue
    walk.follow("Enqueue", QueueResult="leave", QueueTime="61")
    assert walk.verb(verb) is not None


@pytest.mark.parametrize("result", ["bridged", "bridging-in-process", "redirected-from-bridged"])
def test_who_met_an_advisor_in_the_queue_is_left_alone(walk: Walk, result: str) -> None:
    in_the_queue(walk).follow("Enqueue", QueueResult=result)
    assert "<Hangup" in walk.text and "<Say" not in walk.text


@pytest.mark.parametrize("result", ["queue-full", "error", "system-error", "leave", "unheard-of", ""])
def test_a_caller_the_queue_cannot_keep_is_offered_callback_and_voicemail(walk: Walk, result: str) -> None:
    in_the_queue(walk).follow("Enqueue", QueueResult=result, QueueTime="300")
    assert "Press 1" in walk.said() and "Press 2" in walk.said()


def test_a_queue_whose_telephones_ring_again(config: Config, tmp_path: Path) -> None:
    walk = in_the_queue(
        Walk(config, tmp_path, text=BOTH_TEAMS.replace("longest_s: 300", "longest_s: 300, ring_again_s: 60"))
    )
    enqueue = walk.text
    walk.follow("Enqueue", "waitUrl", QueueTime="59", QueuePosition="2", CurrentQueueSize="2", AvgQueueTime="60")
    assert "number 2" not in walk.said(), "the order is not that of the telephones"
    walk.text = enqueue
    assert "<Leave" in walk.follow("Enqueue", "waitUrl", QueueTime="60").text
    rounds = 0
    walk.text = enqueue
    while "<Enqueue" in walk.text:
        rounds += 1
        walk.follow("Enqueue", QueueResult="leave", QueueTime="0")
        while "<Dial" in walk.text:
            walk.not_answered()
    assert rounds == 5 and "Press 1" in walk.said()


def test_a_callback_to_the_calling_number_keeps_the_place_and_is_said_back(walk: Walk) -> None:
    walk.zero().until_offered().follow("Gather", Digits="1")
    assert "1, 5, 5, 5, 0, 1, 9, 9" in walk.said()
    walk.follow("Gather", Digits="1")
    assert "Press 1 for Monday, November 23, from now until noon" in walk.said()
    walk.follow("Gather", Digits="2")
    assert "between noon and 3 PM" in walk.said() and "<Hangup" in walk.text
    assert walk.ending == ("callback", "desk", "+15550199")
    (promise,) = walk.house.parts.callbacks.open()
    assert (promise.number, promise.team, promise.language) == ("+15550199", "desk", "en")
    assert promise.not_before.replace(tzinfo=UTC) == MONDAY.replace(hour=12).astimezone(UTC)


def test_the_window_that_was_said_is_the_one_that_is_promised(walk: Walk) -> None:
    walk.now = MONDAY.replace(hour=11, minute=29)
    walk.zero().until_offered().follow("Gather", Digits="1").follow("Gather", Digits="1")
    walk.now += timedelta(minutes=2)  # by now the first window has become too short to be offered
    assert "until noon" in walk.follow("Gather", Digits="1").said()


def test_another_number_is_keyed_confirmed_and_a_wrong_one_asked_again(walk: Walk) -> None:
    walk.zero().until_offered().follow("Gather", Digits="1").follow("Gather", Digits="2").follow("Gather", Digits="12")
    assert "cannot call" in walk.said()
    walk.follow("Gather", Digits="2025550117")
    assert "1, 2, 0, 2, 5, 5, 5, 0, 1, 1, 7" in walk.said()
    walk.follow("Gather", Digits="1").follow("Gather", Digits="")
    assert walk.ending == ("callback", "desk", "+12025550117"), "silence takes the first window"


def test_a_withheld_number_is_asked_for(config: Config, tmp_path: Path) -> None:
    walk = Walk(config, tmp_path, From="anonymous").zero().until_offered().follow("Gather", Digits="1")
    assert "key in the number" in walk.said()
    walk.follow("Gather", Digits="1")
    assert "cannot call" in walk.said()
    walk.follow("Gather", Digits="2025550117").follow("Gather", Digits="").follow("Gather", Digits="4")
    assert walk.ending[0] == "callback" and "Tuesday, November 24, between 9 AM" in walk.said()


@pytest.mark.parametrize("caller", ["+17378742833", "+8656696", "Restricted", "+18765550123", "+19005550123"])
def test_no_callback_is_promised_to_a_calling_number_that_is_none_or_premium(
    config: Config, tmp_path: Path, caller: str
) -> None:
    walk = Walk(config, tmp_path, From=caller).zero().until_offered().follow("Gather", Digits="1")
    assert "key in the number" in walk.said()
    for number in ("0000000000", "9005550123"):
        assert "cannot call" in walk.follow("Gather", Digits=number).said()
    assert walk.follow("Gather", Digits="").follow("Redirect", "").ending[0] != "callback"


def test_a_message_is_kept_also_of_who_hangs_up_after_it(walk: Walk) -> None:
    walk.zero().until_offered().follow("Gather", Digits="2")
    record = walk.text
    url = "http://127.0.0.1:1/nobody/RE1"
    assert "<Hangup" in walk.follow("Record", RecordingUrl=url, RecordingDuration="7").text
    walk.text = record
    walk.form = {"CallStatus": "completed"}
    walk.follow("Record", RecordingUrl=url, RecordingDuration="7", Digits="hangup")
    assert walk.ending == ("voicemail", "desk", url)


def test_silence_leads_to_voicemail_and_silence_there_to_a_callback(walk: Walk) -> None:
    walk.zero().until_offered().follow("Gather", Digits="")
    walk.follow("Redirect", "")
    assert walk.ending[0] == "callback" and "We will call" in walk.said()


def test_key_0_is_a_person_wherever_somebody_is_there(walk: Walk) -> None:
    offered = walk.zero().until_offered().text
    assert walk.follow("Gather", Digits="0").rung() == ["+12025550142"]
    walk.text = offered
    assert walk.follow("Gather", Digits="1").follow("Gather", Digits="0").rung() == ["+12025550142"]
    walk.text = offered
    walk.follow("Gather", Digits="1").follow("Gather", Digits="1").follow("Gather", Digits="0")
    assert walk.rung() == ["+12025550142"]


def test_a_closed_team_is_taken_over_from(config: Config, tmp_path: Path) -> None:
    walk = Walk(config, tmp_path, now=MONDAY.replace(hour=19)).zero()
    assert "our night desk" in walk.said() and walk.ending[1] == "night"


def test_when_nobody_is_there_the_caller_hears_when_people_are_back(config: Config, tmp_path: Path) -> None:
    walk = Walk(config, tmp_path, now=MONDAY.replace(hour=23)).zero()
    assert "back on Tuesday, November 24, at 6 AM" in walk.said() and "<Dial" not in walk.text
    assert walk.ending == ("transferred", "desk", None)
    assert "We will call you at" in walk.follow("Gather", Digits="0").said(), "0 is not a dead end"
    walk.follow("Gather", Digits="1")
    assert "Press 1 for Tuesday, November 24, between 9 AM and noon" in walk.said(), "by the team of the call"
    assert walk.follow("Gather", Digits="1").ending[0] == "callback"


def test_a_queue_that_closes_lets_its_callers_choose(walk: Walk) -> None:
    enqueue = in_the_queue(walk).text
    walk.now = MONDAY.replace(hour=22)
    assert "<Leave" in walk.follow("Enqueue", "waitUrl", QueueTime="20").text
    walk.text = enqueue
    assert "back on Tuesday" in walk.follow("Enqueue", QueueResult="leave", QueueTime="21").said()


def test_a_caller_who_hangs_up_is_not_rung_for(walk: Walk) -> None:
    walk.zero()
    walk.form = {"CallStatus": "completed"}
    assert "<Dial" not in walk.not_answered("canceled").text
    assert walk.house.records.events(CALL_ID)[-1].kind == "gave_up"


def test_a_team_may_have_sentences_of_its_own(config: Config, tmp_path: Path) -> None:
    sentences = parse((ROOT / "config/prompts/en.yaml").read_text(encoding="utf-8"))[0]
    own = Texts("en", {**sentences, "queue_desk": "The desk is busy."}, config.company)
    walk = in_the_queue(Walk(replace(config, texts={**config.texts, "en": own}), tmp_path))
    assert walk.follow("Enqueue", "waitUrl", QueueTime="0").said() == "The desk is busy."
