"""The telephone against a server that answers with TwiML and carries media streams: real HTTP, real WebSocket."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Response, redirect

from ivr.phone.advisor import Advisor, Advisors, Queue
from ivr.phone.caller import QUIET, Caller, HangUp, Item, Pause, Press, Utterance
from ivr.phone.exchange import Number, place_call
from ivr.phone.notes import Notes, Turn
from ivr.phone.result import judge
from ivr.phone.server import Server
from ivr.phone.transcript import Transcript
from ivr.phone.webhooks import Webhooks
from ivr.records.records import NewEvent, Records
from tests.phone_server import TOKEN, Line, PhoneServer, phone_server

HANGUP = "<Response><Hangup/></Response>"


def beep(text: str = "beep", ms: int = 100) -> Utterance:
    return Utterance(text, b"\x20" * (8 * ms), ms)


def ring(server: PhoneServer, *script: Item, **options: Any) -> Notes:
    """One call to the server."""
    barge_in = options.pop("barge_in", False)
    limit_s = options.pop("limit_s", 20.0)
    number = Number(f"{server.url}/voice", TOKEN, "+15550100", "+15550199", limit_s)
    advisors = Advisors(**options)
    return asyncio.run(place_call(number, Caller(script, barge_in), advisors))


def answer(
    document: str, *script: Item, also: dict[str, Any] | None = None, **options: Any
) -> tuple[Notes, PhoneServer]:
    """One call that is answered with this document."""
    with phone_server({"/voice": document, **(also or {})}) as server:
        notes = ring(server, *script, **options)
    return notes, server


# Webhooks ------------------------------------------------------------------------------------------------------------


def test_every_request_is_signed_and_says_who_calls_whom() -> None:
    notes, server = answer("<Response><Redirect>/again?x=1&amp;y=%20</Redirect></Response>", also={"/again": HANGUP})
    assert [(each.path, each.method, each.signed) for each in server.asked] == [
        ("/voice", "POST", True),
        ("/again", "POST", True),
    ]
    first, second = (each.fields for each in server.asked)
    assert first["CallSid"] == notes.call_id and len(first["CallSid"]) == 34
    assert (first["From"], first["To"], first["Direction"]) == ("+15550199", "+15550100", "inbound")
    assert (first["CallStatus"], second["CallStatus"]) == ("ringing", "in-progress")


def test_get_requests_carry_their_parameters_in_a_signed_address() -> None:
    _, server = answer('<Response><Redirect method="GET">/again?x=1</Redirect></Response>', also={"/again": HANGUP})
    again = server.asked[-1]
    assert (again.method, again.signed, again.fields["x"]) == ("GET", True, "1")
    assert again.fields["CallStatus"] == "in-progress"


def test_http_redirects_are_followed_and_signed_anew() -> None:
    also = {"/old": lambda: redirect("/new?a=b", 302), "/new": HANGUP, "/kept": lambda: redirect("/next", 307)}
    notes, server = answer("<Response><Redirect>/old</Redirect></Response>", also=also)
    assert notes.failure is None
    assert [(each.path, each.method, each.signed) for each in server.asked[1:]] == [
        ("/old", "POST", True),
        ("/new", "GET", True),
    ]
    _, server = answer("<Response><Redirect>/kept</Redirect></Response>", also={**also, "/next": HANGUP})
    assert (server.asked[-1].method, server.asked[-1].signed) == ("POST", True)
    assert "CallSid" in server.asked[-1].fields


def test_over_https_the_signature_leaves_out_port_and_credentials() -> None:
    webhooks = Webhooks(TOKEN)
    assert webhooks.signature("https://me:secret@h:8443/voice") == webhooks.signature("https://h/voice")
    assert webhooks.signature("http://h:8080/voice") != webhooks.signature("http://h/voice")


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ("nonsense", "did not answer TwiML"),
        ("<Response><Say>", "did not answer TwiML"),
        ("<Nothing/>", "not <Response>"),
        (lambda: Response("", 200, mimetype="text/xml"), "did not answer TwiML"),
        (lambda: Response("oops", 500), "answered 500"),
        (None, "answered 404"),
        (lambda: redirect("/voice", 307), "more than 10 redirects"),
        ("<Response><Redirect>/voice</Redirect></Response>", "more than 10 redirects"),
        ("<Response><Say>x</Say><Redirect>/voice</Redirect></Response>", "more than 200 TwiML documents"),
        ("<Response><Redirect>http://127.0.0.1:1/</Redirect></Response>", "cannot be reached"),
        ('<Response><Pause length="long"/></Response>', "not a number"),
        ("<Response><Connect><Room/></Connect></Response>", "exactly one <Stream>"),
        ("<Response><Reject/></Response>", "rejected"),
    ],
)
def test_what_twilio_cannot_go_on_with_fails_the_call_and_says_why(document: Any, why: str) -> None:
    notes, _ = answer(document)
    assert notes.failure is not None and why in notes.failure
    assert judge(notes, [], None, "en").outcome == "failed"


def test_a_verb_nobody_knows_is_left_out_with_a_warning() -> None:
    notes, _ = answer("<Response><Sing/><Say>still here</Say></Response>")
    assert notes.failure is None
    assert [turn.text for turn in notes.turns] == ["still here"]
    assert "<Sing>" in notes.warnings[0]


# Plain verbs ---------------------------------------------------------------------------------------------------------


def test_say_play_and_pause_are_heard_in_order() -> None:
    also = {"/a.wav": lambda: Response(b"RIFF", 200, mimetype="audio/wav")}
    document = (
        "<Response><Say>one</Say><Pause length='3'/><Play>/a.wav</Play><Play>/lost.wav</Play><Say>two</Say></Response>"
    )
    notes, server = answer(document, also=also)
    heard = [turn.text for turn in notes.turns]
    assert heard == ["one", f"[recording {server.url}/a.wav]", f"[recording {server.url}/lost.wav]", "two"]
    assert {turn.who for turn in notes.turns} == {"ivr"}
    assert "lost.wav answered 404" in notes.warnings[0]


GATHER = (
    '<Response><Gather numDigits="1" action="/chosen"><Say>press</Say></Gather><Say>nothing pressed</Say></Response>'
)


def test_gather_takes_keys_from_the_script() -> None:
    _, server = answer(GATHER, Press("12"), also={"/chosen": [GATHER, HANGUP]})
    assert [each.fields["Digits"] for each in server.asked if each.path == "/chosen"] == ["1", "2"]


def test_gather_without_a_key_goes_on_with_the_next_verb() -> None:
    notes, server = answer(GATHER)
    assert [turn.text for turn in notes.turns] == ["press", "nothing pressed"]
    assert server.paths == ["/voice"]


def test_gather_ends_at_the_finishing_key() -> None:
    document = '<Response><Gather action="/chosen"/></Response>'
    _, server = answer(document, Press("42719#8"), also={"/chosen": HANGUP})
    assert server.fields("/chosen")["Digits"] == "42719"
    assert server.fields("/chosen")["FinishedOnKey"] == "#"


RECORD = '<Response><Record action="/recorded" recordingStatusCallback="/status"/><Say>nobody spoke</Say></Response>'


def test_record_takes_what_is_left_of_the_script() -> None:
    script = beep("call me back", 1500), Pause(500), beep("thank you", 700)
    notes, server = answer(RECORD, *script, also={"/recorded": HANGUP, "/status": "<Response/>"})
    assert server.fields("/recorded")["RecordingDuration"] == "3"
    assert server.fields("/recorded")["RecordingUrl"].startswith("https://")
    assert server.fields("/status")["RecordingStatus"] == "completed"
    assert judge(notes, [], None, "en").outcome == "voicemail"


def test_an_empty_recording_goes_on_with_the_next_verb() -> None:
    notes, server = answer(RECORD)
    assert server.paths == ["/voice"]
    assert [turn.text for turn in notes.turns] == ["nobody spoke"]
    assert not notes.recorded


def test_a_caller_who_hangs_up_after_speaking_has_still_left_a_message() -> None:
    notes, server = answer(RECORD, beep(), HangUp(), also={"/recorded": HANGUP, "/status": "<Response/>"})
    assert notes.hung_up and notes.recorded
    assert server.fields("/recorded")["Digits"] == "hangup"
    assert server.fields("/recorded")["CallStatus"] == "completed"


# Dial ----------------------------------------------------------------------------------------------------------------

DIAL = (
    '<Response><Dial action="/after"><Number url="/whisper" statusCallback="/leg" '
    'statusCallbackEvent="initiated ringing answered completed">+15550111</Number></Dial></Response>'
)
WHISPER = (
    '<Response><Gather numDigits="1" action="/accept"><Say>Press 1 to take the call.</Say></Gather><Hangup/></Response>'
)


def dial(document: str, **options: Any) -> tuple[Notes, PhoneServer]:
    accept = lambda: "<Response/>" if server.fields("/accept")["Digits"] == "1" else HANGUP  # noqa: E731
    also = {"/after": HANGUP, "/whisper": WHISPER, "/leg": "<Response/>"}
    with phone_server(
        {"/voice": document, "/accept": lambda: Response(accept(), mimetype="text/xml"), **also}
    ) as server:
        notes = ring(server, **options)
    return notes, server


def test_an_advisor_who_answers_hears_the_whisper_accepts_and_is_connected() -> None:
    notes, server = dial(DIAL)
    assert notes.turns == [
        Turn("advisor", "Press 1 to take the call.", 0, how="hears"),
        Turn("advisor", "1", 0, how="presses"),
    ]
    after, whisper = server.fields("/after"), server.fields("/whisper")
    assert (after["DialCallStatus"], after["DialBridged"]) == ("completed", "true")
    assert int(after["DialCallDuration"]) > 0
    assert after["DialCallSid"] == whisper["CallSid"] != after["CallSid"]
    assert whisper["ParentCallSid"] == after["CallSid"]
    assert (whisper["To"], whisper["Direction"]) == ("+15550111", "outbound-dial")
    assert notes.bridged and notes.rung == ["+15550111"]
    assert notes.transfer_twiml == DIAL
    assert judge(notes, [], None, "en").outcome == "transferred"
    legs = [each.fields["CallStatus"] for each in server.asked if each.path == "/leg"]
    assert sorted(legs) == ["completed", "in-progress", "initiated", "ringing"]


def test_an_advisor_who_passes_the_call_on_leaves_it_completed_but_not_bridged() -> None:
    notes, server = dial(DIAL, habits=(Advisor.DECLINES,))
    after = server.fields("/after")
    assert (after["DialCallStatus"], after["DialBridged"]) == ("completed", "false")
    assert server.fields("/accept")["Digits"] == "2"
    assert not notes.bridged


@pytest.mark.parametrize(
    ("advisor", "status"), [(Advisor.BUSY, "busy"), (Advisor.NO_ANSWER, "no-answer"), (Advisor.DECLINES, "busy")]
)
def test_an_advisor_who_does_not_take_the_call_is_told_to_the_action(advisor: Advisor, status: str) -> None:
    _, server = dial('<Response><Dial action="/after" timeout="20">+15550111</Dial></Response>', habits=(advisor,))
    assert server.fields("/after")["DialCallStatus"] == status
    assert server.fields("/after")["DialBridged"] == "false"


def test_without_an_action_the_next_verb_follows() -> None:
    notes, _ = dial("<Response><Dial>+15550111</Dial><Say>nobody there</Say></Response>", habits=(Advisor.NO_ANSWER,))
    assert [turn.text for turn in notes.turns] == ["nobody there"]


def test_the_first_of_several_who_answers_gets_the_call() -> None:
    document = (
        '<Response><Dial action="/after"><Number>+1</Number><Sip>sip:a@pbx?x-reason=asked</Sip>'
        "<Client><Identity>jane</Identity></Client><Number>+2</Number></Dial></Response>"
    )
    notes, server = dial(document, habits=(Advisor.BUSY, Advisor.NO_ANSWER, Advisor.ANSWERS))
    assert notes.rung == ["+1", "sip:a@pbx?x-reason=asked", "client:jane"]
    assert server.fields("/after")["DialBridged"] == "true"


def test_a_dial_that_rings_nobody_has_failed() -> None:
    notes, server = dial('<Response><Dial action="/after"><Fax>+1</Fax></Dial></Response>')
    assert server.fields("/after")["DialCallStatus"] == "failed"
    assert "<Fax>" in notes.warnings[0]


def test_a_whisper_may_not_dial() -> None:
    with phone_server({"/voice": DIAL, "/whisper": DIAL, "/after": HANGUP, "/leg": "<Response/>"}) as server:
        notes = ring(server)
    assert notes.rung == ["+15550111"]
    assert "<Dial> is not possible here" in notes.warnings[0]


def test_a_caller_who_hangs_up_while_it_rings_is_told_to_the_action_once() -> None:
    with phone_server({"/voice": DIAL, "/after": DIAL}) as server:
        notes = ring(server, HangUp())
    assert notes.hung_up
    assert server.paths.count("/after") == 1
    assert server.fields("/after")["CallStatus"] == "completed"


# Queues --------------------------------------------------------------------------------------------------------------

ENQUEUE = '<Response><Enqueue waitUrl="/wait" action="/left">orders</Enqueue></Response>'
MUSIC = '<Response><Gather numDigits="1" action="/callback"><Say>Press 1 to be called back.</Say></Gather></Response>'


def enqueue(*script: Item, document: str = ENQUEUE, **options: Any) -> tuple[Notes, PhoneServer]:
    also = {"/wait": MUSIC, "/callback": "<Response><Leave/></Response>", "/left": HANGUP}
    with phone_server({"/voice": document, **also}) as server:
        notes = ring(server, *script, **options)
    return notes, server


def test_a_queue_that_moves_brings_the_caller_to_an_advisor() -> None:
    notes, server = enqueue()
    positions = [each.fields["QueuePosition"] for each in server.asked if each.path == "/wait"]
    assert positions == ["2", "1"]
    assert server.fields("/left")["QueueResult"] == "bridged"
    assert int(server.fields("/left")["QueueTime"]) > 0
    assert notes.queued == "orders" and notes.bridged
    assert judge(notes, [], None, "en").outcome == "transferred"


def test_a_full_queue_lets_nobody_in() -> None:
    notes, server = enqueue(queue=Queue.FULL)
    assert server.paths == ["/voice", "/left"]
    assert server.fields("/left")["QueueResult"] == "queue-full"
    assert not notes.bridged


def test_a_caller_may_leave_the_queue_with_a_key() -> None:
    _, server = enqueue(Press("1"), queue=Queue.STUCK)
    assert server.fields("/callback")["Digits"] == "1"
    assert server.fields("/left")["QueueResult"] == "leave"


def test_in_a_queue_that_does_not_move_the_caller_gives_up_in_the_end() -> None:
    document = '<Response><Enqueue action="/left" workflowSid="WW1"><Task>{"a":1}</Task></Enqueue></Response>'
    notes, server = enqueue(document=document, queue=Queue.STUCK)
    assert notes.hung_up and notes.queued == "WW1"
    assert server.fields("/left")["QueueResult"] == "hangup"
    assert server.fields("/left")["CallStatus"] == "completed"


def test_what_plays_in_a_queue_may_end_the_call() -> None:
    with phone_server({"/voice": ENQUEUE, "/wait": HANGUP}) as server:
        notes = ring(server)
    assert server.paths == ["/voice", "/wait"]
    assert notes.failure is None


# Media streams -------------------------------------------------------------------------------------------------------


def stream(media: Callable[[Line], None], *script: Item, **options: Any) -> tuple[Notes, PhoneServer, Line]:
    with phone_server(options.pop("also", None), media) as server:
        notes = ring(server, *script, **options)
        deadline = time.monotonic() + 60
        while not server.lines and time.monotonic() < deadline:
            time.sleep(0.01)
    return notes, server, server.lines[0]


def test_a_stream_begins_signed_with_the_messages_of_twilio_and_ends_with_the_action() -> None:
    def media(line: Line) -> None:
        line.wait_for("start")
        for _ in range(10):
            line.wait_for("media")
        line.close()

    notes, server, line = stream(media)
    connected, start, *frames = line.messages
    assert line.signed
    assert connected == {"event": "connected", "protocol": "Call", "version": "1.0.0"}
    assert start["start"]["customParameters"] == {"token": "t-1"}
    assert start["start"]["callSid"] == notes.call_id
    assert [frame["sequenceNumber"] for frame in frames[:3]] == ["2", "3", "4"]
    assert [frame["media"]["timestamp"] for frame in frames[:3]] == ["0", "20", "40"]
    assert line.audio[:480] == QUIET * 3
    after = server.fields("/voice/next")
    assert (after["CallStatus"], server.paths.count("/voice/next")) == ("in-progress", 1)
    events = {each.fields["StreamEvent"] for each in server.asked if each.path == "/stream"}
    assert events == {"stream-started", "stream-stopped"}


def test_the_script_is_spoken_in_order_between_prompts_and_keys_arrive_as_dtmf() -> None:
    def media(line: Line) -> None:
        line.wait_for("start")
        line.say(200, "1 greeting")
        line.wait_for("mark")
        line.wait_for_speech()
        line.say(100, "2 ask")
        assert line.wait_for("dtmf")["dtmf"] == {"track": "inbound_track", "digit": "4"}
        line.wait_for("dtmf")
        line.say(100, "3 answer")
        line.wait_for_speech()
        line.close()

    notes, _, line = stream(media, beep("one"), Press("42"), beep("two"))
    assert [turn.text for turn in notes.spoken] == ["one", "42", "two"]
    assert [turn.text for turn in notes.prompts] == ["[greeting]", "[ask]", "[answer]"]
    assert len(notes.timings[0].replies_ms) == 1  # "two" was answered by the Close
    assert line.audio.replace(b"\xff", b"") == b"\x20" * 1600
    assert notes.timings[0].close_after_ms is not None


def test_marks_are_echoed_in_order_and_clear_gives_back_all_of_them() -> None:
    order: list[str] = []

    def media(line: Line) -> None:
        line.wait_for("start")
        line.send("mark", mark={"name": "0 empty"})
        order.append(line.wait_for("mark")["mark"]["name"])
        line.say(60, "1 played")
        order.append(line.wait_for("mark")["mark"]["name"])
        line.say(60_000, "2 cut")
        line.say(60_000, "3 cut")
        line.send("clear")
        order.extend(line.wait_for("mark")["mark"]["name"] for _ in range(2))
        line.close()

    stream(media)
    assert order == ["0 empty", "1 played", "2 cut", "3 cut"]


def test_barge_in_is_heard_while_the_prompt_plays() -> None:
    marks: list[str] = []

    def media(line: Line) -> None:
        line.wait_for("start")
        line.say(30_000, "1 greeting")
        line.wait_for_speech()
        marks.extend(message["event"] for message in line.messages if message["event"] == "mark")
        line.send("clear")
        line.close()

    notes, _, _ = stream(media, beep("an advisor"), barge_in=True)
    assert marks == []
    assert [turn.text for turn in notes.spoken] == ["an advisor"]


def test_an_answer_that_was_taken_back_while_the_caller_spoke_is_not_measured() -> None:
    def media(line: Line) -> None:
        line.wait_for("start")
        line.say(30_000, "1 greeting")
        line.wait_for_sound()
        line.send("clear")
        line.say(1000, "2 too early")
        line.send("clear")
        line.wait_for_speech()
        time.sleep(0.2)
        line.say(100, "3 answer")
        line.wait_for("mark")
        line.close()

    notes, _, _ = stream(media, beep(ms=280), barge_in=True)
    (reply_ms,) = notes.timings[0].replies_ms
    assert reply_ms >= 200


@pytest.mark.parametrize(
    "script", [(Pause(0), HangUp()), (Pause(200), HangUp()), (Pause(0), beep(), Pause(0), HangUp())]
)
def test_a_caller_may_hang_up_at_any_moment(script: tuple[Item, ...]) -> None:
    def media(line: Line) -> None:
        line.wait_for("start")
        line.say(5_000, "1 greeting")

    notes, server, line = stream(media, *script)
    assert notes.hung_up and notes.failure is None
    assert line.messages[-1]["event"] == "stop"
    assert line.messages[-1]["stop"]["callSid"] == notes.call_id
    after = server.fields("/voice/next")
    assert (after["CallStatus"], server.paths.count("/voice/next")) == ("completed", 1)
    assert judge(notes, [], None, "en").outcome == "hung_up"


def test_a_call_that_lasts_too_long_is_hung_up() -> None:
    notes, _, line = stream(lambda line: None, limit_s=0.3)
    assert notes.hung_up
    assert line.messages[-1]["event"] == "stop"


def test_a_line_that_breaks_goes_on_with_the_action_as_twilio_is_expected_to() -> None:
    def media(line: Line) -> None:
        line.wait_for("start")
        line._socket.sock.shutdown(2)

    notes, server, _ = stream(media)
    assert "31903" in notes.warnings[0]
    assert server.fields("/voice/next")["CallStatus"] == "in-progress"
    assert "stream-error" in {each.fields["StreamEvent"] for each in server.asked if each.path == "/stream"}


def test_rubbish_from_the_server_is_warned_about_and_the_call_goes_on() -> None:
    def media(line: Line) -> None:
        line.wait_for("start")
        line.send_text("rubbish")
        line.send("media", media={"payload": "%%%"})
        line.send("mark", mark={"name": "1 fine"})
        line.wait_for("mark")
        line.close()

    notes, _, _ = stream(media)
    assert len(notes.warnings) == 2
    assert notes.failure is None


def test_a_binary_message_breaks_the_line_as_twilio_would() -> None:
    def media(line: Line) -> None:
        line.wait_for("start")
        line._socket.send(b"\x00\x01")

    notes, _, _ = stream(media)
    assert "31903" in notes.warnings[0]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("{ws}/nowhere", "31920"),
        ("ws://127.0.0.1:1/media", "31920"),
        ("{ws}/media?token=1", "query string"),
        ("http://127.0.0.1/media", "no WebSocket address"),
    ],
)
def test_a_stream_that_cannot_be_opened_goes_on_with_the_action(url: str, why: str) -> None:
    document = f'<Response><Connect action="/voice/next"><Stream url="{url}"/></Connect></Response>'
    notes, server = answer(document)
    assert why in notes.warnings[0]
    assert server.paths[-1] == "/voice/next"
    assert notes.timings == []


def test_without_an_action_the_verb_after_connect_follows() -> None:
    notes, _ = answer('<Response><Connect><Stream url="{ws}/media"/></Connect><Say>after</Say></Response>')
    assert [turn.text for turn in notes.turns] == ["after"]


# The transcript and the result ---------------------------------------------------------------------------------------


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not happened():
            await asyncio.sleep(0.01)


def test_the_transcript_comes_from_the_records_and_tells_each_turn_once(tmp_path: Any) -> None:
    records = Records(f"sqlite:///{tmp_path}/records.sqlite3")
    records.prepare()
    told: list[Turn | str] = []
    notes = Notes("CA1", told.append)
    records.open("CA1", "+1", "+2", "ko", "token")

    def write() -> None:
        card = {"summary": "asked"}
        data = {"text": "상담원", "confidence": 0.9, "intent": "person", "slots": {}}
        records.append([NewEvent("CA1", 0, "said", {"prompt": "greeting", "text": "안녕하세요"})])
        records.append([NewEvent("CA1", 4000, "heard", data), NewEvent("CA1", 4100, "transfer", {"reason": "asked"})])
        records.close("CA1", "transferred", "asked", team="orders", target="+15550111", card=card)

    async def follow() -> Any:
        transcript = Transcript(records, notes)
        following = asyncio.create_task(transcript.follow())
        await asyncio.to_thread(write)
        await until(lambda: len(told) == 3)  # two turns and the transfer
        following.cancel()
        notes.add(Turn("advisor", "A caller asked for you", 5000, how="hears"))
        notes.rung.append("+15550111")
        return await transcript.finish()

    turns, stored = asyncio.run(follow())
    assert [(turn.who, turn.text) for turn in turns] == [
        ("ivr", "안녕하세요"),
        ("caller", "상담원"),
        ("advisor", "A caller asked for you"),
    ]
    assert [turn for turn in told if isinstance(turn, Turn)] == turns
    result = judge(notes, turns, stored, "en").as_json()
    assert (result["outcome"], result["reason"], result["language"]) == ("transferred", "asked", "ko")
    assert result["turns"][1]["intent"] == "person"
    assert result["transfer"]["team"] == "orders"
    assert result["transfer"]["card"] == {"summary": "asked"}


def test_what_the_exchange_does_is_told_after_the_words_that_led_to_it(tmp_path: Any) -> None:
    records = Records(f"sqlite:///{tmp_path}/records.sqlite3")
    records.prepare()
    told: list[str] = []
    notes = Notes("CA1", lambda what: told.append(what if isinstance(what, str) else what.text))

    async def follow() -> None:
        transcript = Transcript(records, notes)
        notes.happened("rings +1")  # the server's record of why comes a moment later
        records.open("CA1", "+1", "+2", "en", "token")
        records.append([NewEvent("CA1", 4000, "heard", {"text": "advisor"})])
        records.close("CA1", "transferred", "asked")
        following = asyncio.create_task(transcript.follow())
        await until(lambda: len(told) == 2)
        assert told == ["advisor", "rings +1"]
        notes.happened("the server has ended the call")
        following.cancel()
        await transcript.finish()

    asyncio.run(follow())
    assert told == ["advisor", "rings +1", "the server has ended the call"]


def test_a_transfer_nobody_saw_is_a_failure(tmp_path: Any) -> None:
    records = Records(f"sqlite:///{tmp_path}/records.sqlite3")
    records.prepare()
    records.open("CA1", "+1", "+2", "en", "token")
    records.close("CA1", "transferred", "asked")
    result = judge(Notes("CA1"), [], records.call("CA1"), "en")
    assert result.outcome == "failed"
    assert "rang nobody" in (result.failure or "")


def test_without_records_the_marks_and_the_script_make_the_transcript() -> None:
    notes = Notes("CA1")
    notes.prompts.append(Turn("ivr", "[greeting]", 0))
    notes.spoken.append(Turn("caller", "hello", 2000))
    turns, stored = asyncio.run(Transcript(None, notes).finish())
    assert stored is None
    assert [turn.text for turn in turns] == ["[greeting]", "hello"]


def test_a_server_knows_its_webhook() -> None:
    assert Server("http://h:1", "t", None).voice_url == "http://h:1/voice"
