"""What the business is asked through: databases, services, text messages; and all they can do wrong."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, wait
from pathlib import Path

import pytest
from requests import ConnectTimeout
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from twilio.http.http_client import TwilioHttpClient

from ivr.app import create_business
from ivr.config import load
from ivr.config.actions import HttpEntry
from ivr.grammar import Expecting
from ivr.phone.slow_backend import home_with_slow_backend
from ivr.records.database import connect
from ivr.records.records import Records
from ivr.requests.backend import Backend, BackendFailed, OutcomeUnknown, Result
from ivr.requests.breaker import FAILURES, REST_S, Breaker
from ivr.requests.business import THREADS, Action, Business
from ivr.requests.http import MAX_BYTES, HttpBackend
from ivr.requests.messages import TwilioMessenger
from ivr.requests.sent import SentChanges
from ivr.requests.sql import SqlBackend
from tests.conftest import ROOT
from tests.postgres import Postgres
from tests.service import Handler, Service, answer, drip, hang_up, running_service, self_signed, silence

NASTY = [
    "42719' OR '1'='1",
    "1; DROP TABLE orders; --",
    "\\'; SELECT 1",
    "%s %(x)s :y ?",
    "{{ 7 * 7 }}",
    "Žluťoučký Kůň 李",
    "a/../../admin?x=1&y=2#z",
    "two\r\nX-Header: lines",
    "\x00",
    "",
]


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'shop.sqlite3'}"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        url = server.database()
    made = connect(url, patience_s=1)
    with made.begin() as connection:
        connection.execute(text("CREATE TABLE orders (number VARCHAR(64), status VARCHAR(16), name VARCHAR(64))"))
        connection.execute(
            text("INSERT INTO orders VALUES ('1', 'open', 'Zoë O''Brien'), ('2', 'sent', 'Ž'), ('9', 'open', 'A'), "
                 "('9', 'open', 'B')")
        )  # fmt: skip
    yield made
    made.dispose()


CLOSE = (
    "UPDATE orders SET status = 'closed' WHERE number = :order_number AND status = 'open'",
    "SELECT CASE WHEN :changed > 0 THEN 'done' ELSE 'not_allowed' END AS outcome FROM orders "
    "WHERE number = :order_number",
)


def database(engine: Engine, *statements: str) -> SqlBackend:
    return SqlBackend(engine, {"it": statements})


def statuses(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return [row.status for row in connection.execute(text("SELECT status FROM orders ORDER BY number, name"))]


# -- databases ---------------------------------------------------------------------------------------------------------


def test_a_row_answers_with_its_outcome_and_values(engine: Engine) -> None:
    backend = database(engine, "SELECT status AS outcome, name FROM orders WHERE number = :order_number")
    assert backend.ask("it", {"order_number": "1"}) == Result("open", {"name": "Zoë O'Brien"})
    assert backend.ask("it", {"order_number": "7"}) == Result("none", {})
    assert backend.ask("it", {"order_number": "9"}) == Result("several", {})


@pytest.mark.parametrize("words", NASTY[:-2])
def test_a_callers_words_stay_words(engine: Engine, words: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO orders VALUES (:number, 'open', :number)"), {"number": words})
    backend = database(engine, "SELECT status AS outcome, name FROM orders WHERE number = :order_number")
    assert backend.ask("it", {"order_number": words}) == Result("open", {"name": words})


def test_words_that_a_database_cannot_hold_lead_to_a_person(engine: Engine) -> None:
    backend = database(engine, "SELECT status AS outcome FROM orders WHERE number = :order_number")
    try:
        assert backend.ask("it", {"order_number": "\x00"}).outcome == "none"
    except BackendFailed:
        assert engine.dialect.name == "postgresql"


def test_a_change_is_made_where_it_is_allowed(engine: Engine) -> None:
    backend = database(engine, *CLOSE)
    assert backend.ask("it", {"order_number": "1"}, "k1").outcome == "done"
    assert backend.ask("it", {"order_number": "2"}, "k2").outcome == "not_allowed"
    assert statuses(engine) == ["closed", "sent", "open", "open"]


def test_a_change_that_would_concern_several_changes_nothing(engine: Engine) -> None:
    assert database(engine, *CLOSE).ask("it", {"order_number": "9"}, "k").outcome == "several"
    assert statuses(engine) == ["open", "sent", "open", "open"]


def test_a_change_whose_second_statement_fails_changes_nothing(engine: Engine) -> None:
    with pytest.raises(BackendFailed):
        database(engine, CLOSE[0], "SELECT nonsense AS outcome FROM orders").ask("it", {"order_number": "1"}, "k")
    assert statuses(engine)[0] == "open"


def test_a_question_changes_nothing_whatever_its_statement_says(engine: Engine) -> None:
    assert database(engine, *CLOSE).ask("it", {"order_number": "1"}).outcome == "done"
    assert statuses(engine)[0] == "open"


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("SELECT number FROM orders", "neither a column `outcome`"),
        ("UPDATE orders SET status = status", "no SELECT"),
        ("SELECT status AS outcome FROM orders WHERE number = :postcode", "postcode, which is not known"),
        ("SELECT * FROM nowhere", "nowhere"),
    ],
)
def test_a_statement_that_cannot_answer_says_why(engine: Engine, statement: str, says: str) -> None:
    with pytest.raises(BackendFailed, match=says):
        database(engine, statement).ask("it", {"order_number": "1"})


def test_a_database_that_is_gone_is_named_without_its_password(postgres: Postgres) -> None:
    gone = connect("postgresql+psycopg://ivr:hush@127.0.0.1:1/shop", patience_s=1)
    with pytest.raises(BackendFailed, match="cannot be reached") as caught:
        database(gone, "SELECT 'x' AS outcome").ask("it", {})
    assert "hush" not in str(caught.value)


ENDLESS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT MAX(i) AS outcome FROM n",
    "postgresql": "SELECT 'x' AS outcome FROM pg_sleep(300)",
}


def test_a_statement_that_takes_too_long_is_given_up_and_the_next_one_answered(engine: Engine) -> None:
    with pytest.raises(BackendFailed, match="timeout"):
        database(engine, ENDLESS[engine.dialect.name]).ask("it", {})
    assert database(engine, "SELECT 'x' AS outcome").ask("it", {}).outcome == "x"


def test_a_hundred_ask_at_once(engine: Engine, tmp_path: Path) -> None:
    asked = business(database(engine, *CLOSE), tmp_path, changes=True)
    answers = [asked.start("it", {"order_number": "1", "language": "en"}, f"k{at}") for at in range(100)]
    outcomes = sorted(each.result(30).outcome for each in answers)
    assert outcomes == ["done"] + ["not_allowed"] * 99


# -- the business: sent once, one lane for each backend ----------------------------------------------------------------


class Scripted:
    """A backend that does what the script says."""

    def __init__(self, *script: Result | Exception, name: str = "scripted") -> None:
        self.name = name
        self.script = list(script)
        self.keys: list[str | None] = []

    def ask(self, action: str, values: Mapping[str, str], key: str | None = None) -> Result:
        self.keys.append(key)
        found = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(found, Exception):
            raise found
        return found


class Pigeon:
    """A messenger that keeps what it should send, or fails as it is told to."""

    name = "pigeon"

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.fails: Exception | None = None

    def send(self, to: str, text: str, key: str) -> bool:
        if self.fails:
            raise self.fails
        self.sent.append((to, text))
        return True


def business(
    backend: Backend, folder: Path, changes: bool = False, text_message: str | None = None, pigeon: Pigeon | None = None
) -> Business:
    actions = {"it": Action(backend, changes, text_message)}
    return Business(
        actions, sent_changes(folder), pigeon or Pigeon(), lambda language, prompt, values: f"{prompt} {values}"
    )


def sent_changes(folder: Path) -> SentChanges:
    records = Records(f"sqlite:///{folder / 'sent.sqlite3'}")
    records.prepare()
    return SentChanges(records.engine)


def ask(asked: Business, key: str = "k") -> Result:
    return asked.start("it", {"language": "en"}, key).result(10)


DONE = Result("done", {"amount": "1.50"})


def test_a_change_asked_twice_with_one_key_is_sent_once_even_by_two_processes(tmp_path: Path) -> None:
    backend = Scripted(DONE)
    assert [ask(business(backend, tmp_path, changes=True)) for _ in range(2)] == [DONE, DONE]
    assert backend.keys == ["k"]
    ask(business(backend, tmp_path, changes=True), "another")
    assert backend.keys == ["k", "another"]


def test_a_change_of_unknown_outcome_is_not_sent_again(tmp_path: Path) -> None:
    backend = Scripted(OutcomeUnknown("no answer"), DONE)
    asked = business(backend, tmp_path, changes=True)
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            ask(asked)
    assert backend.keys == ["k"]


def test_a_change_that_was_certainly_not_made_may_be_sent_again(tmp_path: Path) -> None:
    backend = Scripted(BackendFailed("refused"), DONE)
    asked = business(backend, tmp_path, changes=True)
    with pytest.raises(BackendFailed):
        ask(asked)
    assert ask(asked) == DONE


def test_a_change_that_cannot_be_written_down_is_not_sent(tmp_path: Path) -> None:
    backend = Scripted(DONE)
    asked = business(backend, tmp_path, changes=True)
    with connect(f"sqlite:///{tmp_path / 'sent.sqlite3'}").begin() as connection:
        connection.execute(text("DROP TABLE sent_changes"))
    with pytest.raises(BackendFailed, match="was not sent"):
        ask(asked)
    assert backend.keys == []


def test_secrets_fill_the_text_message_and_go_nowhere_else(tmp_path: Path) -> None:
    pigeon = Pigeon()
    linked = Result("sent", {"ending": "11", "secret_to": "+15550111", "secret_link": "https://x/1"})
    asked = business(Scripted(linked), tmp_path, True, "text_reset", pigeon)
    assert [ask(asked) for _ in range(2)] == [Result("sent", {"ending": "11"})] * 2
    ((to, said),) = pigeon.sent
    assert to == "+15550111" and "https://x/1" in said


def test_nobody_to_send_to_gives_the_same_answer(tmp_path: Path) -> None:
    pigeon = Pigeon()
    nobody = Result("sent", {"ending": "11", "secret_to": None})
    assert ask(business(Scripted(nobody), tmp_path, True, "text_reset", pigeon)) == Result("sent", {"ending": "11"})
    assert pigeon.sent == []


def test_a_text_message_that_was_not_sent_is_said_as_that(tmp_path: Path) -> None:
    pigeon = Pigeon()
    pigeon.fails = BackendFailed("no credit")
    asked = business(Scripted(Result("sent", {"secret_to": "+15550111"})), tmp_path, True, "text_reset", pigeon)
    assert ask(asked).outcome == "not_sent"
    pigeon.fails = OutcomeUnknown("no answer")
    with pytest.raises(OutcomeUnknown):
        ask(asked, "another")


def test_after_a_change_was_made_nothing_makes_it_a_change_that_was_not_made(tmp_path: Path) -> None:
    class Crowded(SentChanges):
        """Takes the key, and is out of reach when the answer comes."""

        def answered(self, key: str, result: Result) -> None:
            raise OperationalError("UPDATE", {}, Exception("the disk is full"))

    def made(messenger: Pigeon, render: Callable[..., str], sent: SentChanges) -> Future[Result]:
        backend = Scripted(Result("done", {"secret_to": "+15550111"}))
        asked = Business({"it": Action(backend, True, "text_reset")}, sent, messenger, render)
        future = asked.start("it", {"language": "en"}, "k")
        wait([future])
        return future

    sent = sent_changes(tmp_path)
    assert made(Pigeon(), lambda *_: "text", Crowded(sent._engine)).result().outcome == "done", "its result is kept"
    for number, (render, fails) in enumerate(((lambda *_: 1 / 0, None), (lambda *_: "text", KeyError("x")))):
        pigeon = Pigeon()
        pigeon.fails = fails
        error = made(pigeon, render, sent_changes(tmp_path / str(number))).exception()
        assert isinstance(error, OutcomeUnknown), error


def test_an_error_of_ours_while_a_change_is_made_leaves_its_outcome_unknown(tmp_path: Path) -> None:
    backend = Scripted(AttributeError("an error of ours"), DONE)
    asked = business(backend, tmp_path, changes=True)
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            ask(asked)
    assert backend.keys == ["k"], "it may have been made: it is not sent again"


def test_a_change_that_was_refused_stays_one_when_that_cannot_be_written_down(tmp_path: Path) -> None:
    class Gone(SentChanges):
        def release(self, key: str) -> None:
            raise OperationalError("DELETE", {}, Exception("gone"))

    sent = Gone(sent_changes(tmp_path)._engine)
    asked = Business({"it": Action(Scripted(BackendFailed("refused")), True)}, sent, None, lambda *_: "")
    error = asked.start("it", {"language": "en"}, "k").exception(10)
    assert isinstance(error, BackendFailed) and not isinstance(error, OutcomeUnknown)


@pytest.mark.parametrize("fails", [None, BackendFailed("no credit"), OutcomeUnknown("no answer")])
def test_an_answer_does_not_wait_for_a_text_message_that_is_sent_later(tmp_path: Path, fails: Exception | None) -> None:
    answered, missed = threading.Event(), []

    class Slow(Pigeon):
        def send(self, to: str, text: str, key: str) -> bool:
            assert answered.wait(30), "the caller waits for the message"
            return super().send(to, text, key)

    pigeon = Slow()
    pigeon.fails = fails
    backend = Scripted(Result("sent", {"ending": "11", "secret_to": "+15550111"}))
    actions = {"it": Action(backend, changes=True, text_message="text_reset", text_later=True)}
    asked = Business(
        actions, sent_changes(tmp_path), pigeon, lambda *_: "text", lambda key, why: missed.append((key, why))
    )
    assert ask(asked, "CA1-7") == Result("sent", {"ending": "11"})
    answered.set()
    asked.settle()
    assert [to for to, _ in pigeon.sent] == ([] if fails else ["+15550111"])
    assert missed == ([("CA1-7", str(fails))] if fails else [])


def test_a_backend_that_hangs_delays_nobody_elses_caller(tmp_path: Path) -> None:
    free = threading.Event()

    class Hanging(Scripted):
        def ask(self, action: str, values: Mapping[str, str], key: str | None = None) -> Result:
            free.wait(30)
            return super().ask(action, values, key)

    actions = {"slow": Action(Hanging(DONE, name="slow")), "quick": Action(Scripted(DONE, name="quick"))}
    asked = Business(actions, SentChanges(connect("sqlite://")), None, lambda *_: "")
    hanging = [asked.start("slow", {"language": "en"}, "k") for _ in range(500)]
    assert asked.start("quick", {"language": "en"}, "k").result(10) == DONE
    assert not any(each.done() for each in hanging[:THREADS])
    with pytest.raises(BackendFailed, match="questions to answer already"):
        hanging[-1].result(0)
    for each in hanging[THREADS:]:
        each.cancel()
    free.set()
    wait(hanging[:THREADS], 10)


def test_a_backend_that_fails_again_and_again_is_left_alone(tmp_path: Path) -> None:
    backend = Scripted(BackendFailed("down"))
    asked = business(backend, tmp_path)
    for _ in range(FAILURES + 3):
        with pytest.raises(BackendFailed):
            ask(asked)
    assert len(backend.keys) == FAILURES


def test_a_breaker_tries_once_after_a_rest_and_closes_with_an_answer() -> None:
    now = [0.0]
    breaker = Breaker(lambda: now[0])
    for _ in range(FAILURES):
        assert breaker.allows()
        breaker.failed()
    assert not breaker.allows()
    now[0] += REST_S
    assert [breaker.allows(), breaker.allows()] == [True, False]
    breaker.answered()
    assert [breaker.allows(), breaker.allows()] == [True, True]


# -- services ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def service() -> Iterator[Service]:
    with running_service() as running:
        yield running


def shop(service: Service, path: str = "/orders/{order_number}", **entry: object) -> HttpBackend:
    made = HttpEntry.model_validate({"url": service.url + path, "timeout_s": 1, **entry})
    return HttpBackend("shop", {"it": made}, {"TOKEN": "hush\n"})


ORDER = json.dumps(
    {"order": {"state": "IN_TRANSIT", "parcels": [{"no": "A1"}, {"no": "B2"}], "late": False, "x": None}}
)


def test_json_is_read_where_the_file_says(service: Service) -> None:
    service.answers = [answer(ORDER)]
    values = {"first": "order.parcels.0.no", "all": "order.parcels.*.no", "late": "order.late", "gone": "order.y.z"}
    backend = shop(service, outcome="order.state", outcomes={"IN_TRANSIT": "shipped"}, values=values)
    found = backend.ask("it", {"order_number": "42719"})
    assert found == Result("shipped", {"first": "A1", "all": ["A1", "B2"], "late": False, "gone": None})


def test_a_status_can_be_an_outcome(service: Service) -> None:
    service.answers = [answer("no such order", 404, "text/plain")]
    assert (
        shop(service, statuses={404: "none"}, outcome="order.state").ask("it", {"order_number": "1"}).outcome == "none"
    )


@pytest.mark.parametrize("words", [*NASTY[:-1], "..", "."])
def test_words_are_encoded_parts_of_an_address(service: Service, words: str) -> None:
    backend = shop(service, "/orders/{order_number}/state?name={name}")
    if words.strip("."):
        backend.ask("it", {"order_number": words, "name": words})
        (asked,) = service.asked
        path, _, query = asked.path.partition("?")
        assert path.count("/") == 3 and path.startswith("/orders/") and path.endswith("/state")
        assert query.startswith("name=") and not set(query) & set("&#\r\n ")
        assert "X-Header" not in asked.headers
    else:
        with pytest.raises(BackendFailed):
            backend.ask("it", {"order_number": words, "name": words})
        assert not service.asked


def test_a_body_is_json_and_a_header_takes_its_secret_from_the_environment(service: Service) -> None:
    body = {"order": {"number": "{order_number}"}, "why": ["by telephone", 1]}
    backend = shop(service, "/cancel", method="POST", body=body, headers={"Authorization": "Bearer ${TOKEN}"})
    assert backend.ask("it", {"order_number": '1"}'}, "k7") == Result("found", {})
    (asked,) = service.asked
    assert json.loads(asked.body) == {"order": {"number": '1"}'}, "why": ["by telephone", 1]}
    assert asked.headers["Authorization"] == "Bearer hush" and asked.headers["Idempotency-Key"] == "k7"


ELSEWHERE = answer("", 302, Location="http://169.254.169.254/")
MISBEHAVIOUR = [
    (answer("<html>", kind="text/html"), "web page"),
    (answer("{"), "not JSON"),
    (answer("[" * 100_000), "not JSON"),
    (answer(b"\xff\xfe"), "not JSON"),
    (answer('{"order": []}'), "shape"),
    (answer('{"order": {"state": {"a": 1}}}'), "shape"),
    (answer('{"order": "x"}'), "shape"),
    (answer("{}"), "without `order.state`"),
    (answer('{"order": {"state": "LOST"}}'), "'LOST', which is not under outcomes"),
    (answer(json.dumps({"order": {"state": "x" * 1000}})), "shape"),
    (answer(" " * (MAX_BYTES + 1)), "more than 256 kB"),
    (ELSEWHERE, "redirects"),
    (answer("", 500), "failed"),
    (hang_up, "broke off"),
    (silence, "did not answer|broke off"),
    (drip, "did not answer"),
]


@pytest.mark.parametrize(("handler", "says"), MISBEHAVIOUR, ids=[says for _, says in MISBEHAVIOUR])
def test_a_service_that_misbehaves_is_a_failure_an_operator_understands(
    service: Service, handler: Handler, says: str
) -> None:
    service.answers = [handler]
    entry = {"outcome": "order.state", "outcomes": {"IN_TRANSIT": "shipped"}}
    with pytest.raises(BackendFailed, match=says) as caught:
        shop(service, **entry).ask("it", {"order_number": "42719"})
    assert not isinstance(caught.value, OutcomeUnknown) and "42719" not in str(caught.value)
    with pytest.raises(OutcomeUnknown, match=says):
        shop(service, method="POST", **entry).ask("it", {"order_number": "42719"}, "k")


def test_a_change_that_was_refused_or_never_sent_has_failed_and_is_not_unknown(service: Service) -> None:
    service.answers = [answer("", 403)]
    with pytest.raises(BackendFailed, match=r"refused \(status 403") as refused:
        shop(service, method="POST").ask("it", {"order_number": "1"}, "k")
    nobody = Service("http://127.0.0.1:1")
    with pytest.raises(BackendFailed, match="cannot be reached") as unsent:
        shop(nobody, method="POST").ask("it", {"order_number": "1"}, "k")
    assert {type(refused.value), type(unsent.value)} == {BackendFailed}


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    with running_service(self_signed(tmp_path)) as service:
        with pytest.raises(BackendFailed, match="no valid certificate: certificate verify failed") as caught:
            shop(service, method="POST").ask("it", {"order_number": "1"}, "k")
        assert type(caught.value) is BackendFailed and not service.asked


@pytest.mark.parametrize(
    ("entry", "asked"), [({}, 2), ({"method": "POST"}, 1), ({"method": "POST", "idempotent": True}, 2)]
)
def test_only_what_may_be_asked_twice_is_asked_again(service: Service, entry: dict[str, object], asked: int) -> None:
    service.answers = [answer("", 503), answer("{}")]
    backend = shop(service, **entry)
    key = "k" if entry else None
    if asked == 2:
        assert backend.ask("it", {"order_number": "1"}, key).outcome == "found"
    else:
        with pytest.raises(OutcomeUnknown):
            backend.ask("it", {"order_number": "1"}, key)
    assert len(service.asked) == asked
    assert {each.headers.get("Idempotency-Key") for each in service.asked} == {key}


def test_one_callers_cookies_are_not_anothers(service: Service) -> None:
    service.answers = [answer("{}", **{"Set-Cookie": "session=caller1"})]
    backend = shop(service)
    for _ in range(2):
        backend.ask("it", {"order_number": "1"})
    assert "Cookie" not in service.asked[1].headers


def test_the_benchmark_has_a_slow_service_and_a_quick_database_to_ask(tmp_path: Path) -> None:
    with home_with_slow_backend(ROOT, 0) as home:
        config = load(home)
        records = Records(f"sqlite:///{tmp_path / 'records.sqlite3'}")
        asked = create_business(config, records, records.engine, {})
        sentences = {intent: sentence for sentence, intent in config.grammars["fr"].sentences.items()}
        for name in ("bench_slow", "bench_quick"):
            assert config.grammars["fr"].understand(sentences[name], Expecting("request")).intent == name
            assert asked.start(name, {"caller": "", "language": "fr"}, "k").result(10).outcome == "found"


# -- text messages through Twilio --------------------------------------------------------------------------------------


class Nearby(TwilioHttpClient):
    """Twilio's own client, but at a stand-in."""

    def __init__(self, url: str) -> None:
        super().__init__(timeout=1)
        self._url = url

    def request(self, method: str, url: str, *arguments: object, **named: object) -> object:
        return super().request(method, url.replace("https://api.twilio.com", self._url), *arguments, **named)


def twilio(service: Service) -> TwilioMessenger:
    return TwilioMessenger("AC1", "hush", "+15550100", Nearby(service.url))


def test_twilio_is_asked_to_send_a_text_message(service: Service) -> None:
    service.answers = [answer(json.dumps({"sid": "SM1", "status": "queued"}), 201)]
    assert twilio(service).send("+15550111", "Voilà: https://x", "k")
    (asked,) = service.asked
    assert asked.path == "/2010-04-01/Accounts/AC1/Messages.json"
    assert "To=%2B15550111" in asked.body and "Voil%C3%A0" in asked.body


def test_text_messages_go_to_the_region_and_edge_of_the_account() -> None:
    asked: list[str] = []

    class Elsewhere(TwilioHttpClient):
        def request(self, method: str, url: str, *arguments: object, **named: object) -> object:
            asked.append(url)
            raise ConnectTimeout

    for place in ((None, None), ("ie1", "dublin"), (None, "sydney")):
        with pytest.raises(BackendFailed):
            TwilioMessenger("AC1", "hush", "+15550100", Elsewhere(), place).send("+15550111", "x", "k")
    hosts = [url.split("/")[2] for url in asked]
    assert hosts == ["api.twilio.com", "api.dublin.ie1.twilio.com", "api.sydney.us1.twilio.com"]


def test_a_number_that_cannot_get_text_messages_is_no_failure(service: Service) -> None:
    service.answers = [
        answer(json.dumps({"code": 21614, "message": "'+15550111' is not a mobile", "status": 400}), 400)
    ]
    assert twilio(service).send("+15550111", "x", "k") is False


@pytest.mark.parametrize(
    ("handler", "kind"),
    [
        (answer(json.dumps({"code": 20003, "message": "+15550111: authenticate", "status": 401}), 401), BackendFailed),
        (answer("{}", 503), OutcomeUnknown),
        (hang_up, OutcomeUnknown),
        (silence, OutcomeUnknown),
    ],
)
def test_a_text_message_that_failed_says_whether_it_may_have_been_sent(
    service: Service, handler: Handler, kind: type[Exception]
) -> None:
    service.answers = [handler]
    with pytest.raises(BackendFailed) as caught:
        twilio(service).send("+15550111", "secret words", "k")
    assert type(caught.value) is kind
    assert "5550111" not in str(caught.value) and "secret words" not in str(caught.value)
