"""The supervisors' files: every mistake at once, with file, line and remedy."""

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from ivr.cli import ivr
from ivr.config import Config, ConfigError, Settings, load
from ivr.config.texts import Texts
from ivr.config.warnings import unwise
from tests.conftest import ROOT

Edit = Callable[[str, str, str], None]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for folder in ("config", "grammars"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


@pytest.fixture
def edit(home: Path) -> Edit:
    def change(name: str, old: str, new: str) -> None:
        path = home / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def mistakes(home: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(home)
    return [str(mistake) for mistake in caught.value.mistakes]


def test_the_shipped_files_have_no_mistakes(config: Config) -> None:
    assert config.language_of("+15550182") == "ko"
    assert config.language_of("sip:unknown") == "en"


def test_an_unknown_setting_is_named_with_its_line_and_a_suggestion(home: Path, edit: Edit) -> None:
    edit("config/ivr.yaml", "budget:", "bugdet:")
    (only,) = mistakes(home)
    assert only.startswith("config/ivr.yaml:")
    assert "bugdet" in only and "did you mean 'budget'" in only


@pytest.mark.parametrize(
    ("kind", "says"),
    [("{kind: keypad, ", "needs `digits`"), ("{kind: date, digits: [5], ", "date has no `digits`")],
)
def test_a_slot_says_how_many_digits_it_has_where_it_has_any(home: Path, edit: Edit, kind: str, says: str) -> None:
    rest = "ask: ask_order_number, confirm: confirm_order_number, own: own_orders"
    edit("config/requests.yaml", f"{{digits: [5], {rest}", kind + rest)
    (only,) = mistakes(home)
    assert re.match(r"config/requests.yaml:\d+: ", only) and says in only


def test_all_mistakes_are_reported_at_once(home: Path, edit: Edit) -> None:
    edit("config/ivr.yaml", "misses: 3", "misses: 0")
    edit("config/advisors.yaml", "ring_s: 20", "ring_s: soon")
    edit("config/requests.yaml", "again: true}", "again: perhaps}")
    found = mistakes(home)
    assert [line.split(":")[0] for line in found] == ["config/ivr.yaml", "config/requests.yaml", "config/advisors.yaml"]


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("config/ivr.yaml", "language: ko", "language: xx", "not under languages"),
        ("config/requests.yaml", "action: order_status", "action: nowhere", "'nowhere' is not under actions"),
        ("config/requests.yaml", "complaint: {people: true}", "complaint: {}", "no outcomes"),
        ("config/advisors.yaml", "\nteam: service", "\nteam: sales", "'sales' is not under teams"),
        ("config/advisors.yaml", "name: {en: our customer service team, ko", "name: {ko", "no name in 'en'"),
        ("config/prompts/en.yaml", "farewell: ", "fare_well: ", "'farewell' is missing"),
        ("config/prompts/en.yaml", "{{ request }}", "{{ request", "confirm_request"),
        ("grammars/en/orders.yaml", "order_status:", "oder_status:", "not in config/requests.yaml"),
        ("grammars/en/orders.yaml", '"order status"', '"order (status"', "cannot be read"),
        ("grammars/en/orders.yaml", '"order status"', '"opening hours"', "already means"),
        ("grammars/en/orders.yaml", "language: en", "language: fr", "in the folder of 'en'"),
        ("grammars/en/orders.yaml", "rules:", "rules: [", "is not YAML"),
        ("grammars/ko/people.yaml", "  person:", "  yes:", "asks for a person"),
    ],
)
def test_a_mistake_says_where_and_what(home: Path, edit: Edit, name: str, old: str, new: str, says: str) -> None:
    edit(name, old, new)
    assert any(line.startswith(name.rsplit("/", 1)[0]) and says in line for line in mistakes(home)), mistakes(home)


STATUS = "  order_status:  # processing | shipped | delivered | cancelled\n    sql: >\n"
HTTP = "{http: {url: 'https://shop.example.com/"


@pytest.mark.parametrize(
    ("action", "says"),
    [
        ("{}", "needs one of `sql` and `http`"),
        (
            "{sql: 'SELECT :order_numer'}",
            "'order_numer' is no slot of the requests that use it; did you",
        ),
        (HTTP + "{order_no}'}}", "'order_no' is no slot"),
        (HTTP + "x', body: {a: [{b: '{planet}'}]}, method: PUT, idempotent: true}}", "'planet' is no slot"),
        (HTTP + "x', headers: {Authorization: abc}}}", "header Authorization holds a secret"),
        (HTTP + "x', method: POST}}", "POST may change something"),
        (HTTP + "x', outcome: a..b}}", "outcome"),
        (HTTP + "x'}, changes: true}", "GET neither changes anything"),
        ("{http: {url: 'https://{caller}.example.com/'}}", "the host is fixed"),
        ("{http: {url: 'https://me:hush@example.com/'}}", "`url` has a user or password"),
        ("{http: {url: 'https://evil.example\\.example.com/'}}", "`url` has a backslash"),
        ("{http: {url: shop.example.com}}", "no web address"),
        ("{sql: SELECT 1, text_message: text_order}", "must not be carried out twice"),
    ],
)
def test_a_mistake_in_an_action_says_where_and_what(home: Path, edit: Edit, action: str, says: str) -> None:
    edit("config/requests.yaml", STATUS, f"  order_status: {action}\n  old:\n    sql: >\n")
    found = [line for line in mistakes(home) if says in line]
    assert found and found[0].startswith("config/requests.yaml:"), mistakes(home)


@pytest.mark.parametrize(
    ("new", "says"),
    [
        ("", "nothing says how"),
        ("text_messages: {action: nobody}", "'nobody' is not an action"),
        ("text_messages: {action: send_text, twilio_from: '+15550100'}", "one of `twilio_from` and `action`"),
    ],
)
def test_text_messages_need_a_way(home: Path, edit: Edit, new: str, says: str) -> None:
    edit("config/requests.yaml", "text_messages: {action: send_text}", new)
    assert any(says in line for line in mistakes(home)), mistakes(home)


def test_a_missing_file_is_named(home: Path) -> None:
    (home / "config" / "advisors.yaml").unlink()
    assert any("config/advisors.yaml: is missing" in line for line in mistakes(home))


def test_a_key_written_twice_is_a_mistake(home: Path, edit: Edit) -> None:
    edit("config/ivr.yaml", "company:", "company: Other\ncompany:")
    assert any("duplicate key" in line for line in mistakes(home))


LAUGHS = "a: &a [x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 8)}]\n" for before, name in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "- a\n- b",
        "just text",
        "\t- x",
        "a: &a [*a]",
        "\x00",
        "&a [&b [*a, *b]]",
        LAUGHS,
        "<<: {a: b}",
        "? [a]\n: b",
    ],
)
def test_a_file_of_another_shape_is_a_mistake_and_nothing_worse(home: Path, content: str) -> None:
    (home / "config" / "ivr.yaml").write_text(content, encoding="utf-8")
    assert mistakes(home)


GRAMMAR_FAULTS = {
    "rule.yaml": ("language: en\nintents:\n  order_status:\n    sentences:\n      - go <nowhere>\n", 5, "<nowhere>"),
    "bracket.yaml": ('language: en\nintents:\n  order_status:\n    sentences: ["go (there"]\n', 4, "cannot be read"),
    "endless.yaml": (
        'language: en\nrules:\n  loop: "again <loop>"\nintents:\n  order_status:\n    sentences: ["go <loop>"]\n',
        6,
        "contains itself",
    ),
    "explosion.yaml": (
        "language: en\nintents:\n  order_status:\n    sentences:\n      - " + "(a|b|c|d) " * 12 + "\n",
        5,
        "16,777,216 sentences",
    ),
    "wrong.yaml": ("intents: {}\nlanguage: fr\n", 2, "in the folder of 'en'"),
    "intent.yaml": ("language: en\nintents:\n  a: {sentences: [b]}\n  a: {sentences: [c]}\n", 4, "duplicate key"),
    "other_intent.yaml": ("language: en\nintents:\n  nobody_serves: {sentences: [b c d]}\n", 3, "config/requests.yaml"),
    "second_meaning.yaml": ("language: en\nintents:\n  complaint: {sentences: [order status]}\n", 3, "already means"),
    "tabs.yaml": ("language: en\n\tintents: {}\n", 2, "not YAML"),
    "empty.yaml": ("", 1, "language: is missing"),
    "large.yaml": ("language: en\n" + "# x\n" * 2_500_000, None, "larger than 1 MB"),
    "same_rule.yaml": ('language: en\nrules: {mine: "(yours | theirs)"}\n', 2, "already defined at grammars/en/orders"),
}


def test_every_fault_of_a_grammar_is_named_at_once_with_its_file_and_line(home: Path) -> None:
    for name, (text, _, _) in GRAMMAR_FAULTS.items():
        (home / "grammars" / "en" / name).write_text(text, encoding="utf-8")
    found = mistakes(home)
    for name, (_, line, says) in GRAMMAR_FAULTS.items():
        place = f"grammars/en/{name}:{line}: " if line else f"grammars/en/{name}: "
        assert any(each.startswith(place) and says in each for each in found), (place, says, found)


@pytest.mark.parametrize("name", ["config/ivr.yaml", "config/prompts/en.yaml", "grammars/en/orders.yaml"])
def test_a_link_to_a_file_elsewhere_is_not_read_and_none_of_its_lines_is_shown(
    home: Path, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shadow = tmp_path_factory.mktemp("outside") / "shadow"
    shadow.write_text("name:x:secret\n*hush: [\n")
    (home / name).unlink()
    (home / name).symlink_to(shadow)
    found = mistakes(home)
    assert any(line.startswith(name) and "link to a file outside" in line for line in found), found
    assert not any("hush" in line or "secret" in line for line in found)


def test_a_folder_may_be_a_link_and_so_may_files_that_stay_inside(
    home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("outside") / "config"
    shutil.move(home / "config", elsewhere)
    (home / "config").symlink_to(elsewhere)
    (home / "config" / "..data").mkdir()
    (home / "config" / "ivr.yaml").rename(home / "config" / "..data" / "ivr.yaml")
    (home / "config" / "ivr.yaml").symlink_to("..data/ivr.yaml")
    assert load(home).lines


def test_the_settings_that_are_missing_are_all_named() -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.from_environment({})
    assert "IVR_PUBLIC_URL" in str(caught.value) and "IVR_TWILIO_AUTH_TOKEN" in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://ivr.example.com", "ftp://x", "ivr.example.com", "https://", r"https://a.example\.b"]
)
def test_a_public_address_twilio_cannot_use_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        Settings.from_environment({"IVR_PUBLIC_URL": url, "IVR_TWILIO_AUTH_TOKEN": "x"})


@pytest.mark.parametrize(
    ("name", "url", "says"),
    [
        ("IVR_RECORDINGS_URL", "https://recordings.example.com", "is not on this machine"),
        ("IVR_TWILIO_API", "https://api.twilio.com.example", "is not on this machine"),
        ("IVR_TWILIO_API", r"http://evil.example\@127.0.0.1", "has a backslash"),
        ("IVR_WEBHOOK_URL", "http://crm.example.com", "is not https"),
        ("IVR_WEBHOOK_URL", "https://user:hush@crm.example.com", "has a user or password"),
    ],
)
def test_an_address_that_secrets_or_callers_words_must_not_go_to_is_refused(name: str, url: str, says: str) -> None:
    environ = {"IVR_PUBLIC_URL": "https://ivr.example.com", "IVR_TWILIO_AUTH_TOKEN": "x"}
    with pytest.raises(ConfigError, match=f"{name} {says}"):
        Settings.from_environment({**environ, name: url})
    here = {**environ, "IVR_RECORDINGS_URL": "http://127.0.0.1:9", "IVR_TWILIO_API": "http://[::1]:9"}
    assert Settings.from_environment(here).recordings_url == "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("region", "edge", "says"),
    [("ie1", "", "IVR_TWILIO_EDGE is not set"), ("ie1/../x", "dublin", "IVR_TWILIO_REGION is"), ("", "a.b", "EDGE is")],
)
def test_a_region_is_reached_by_an_edge_and_both_are_short_names(region: str, edge: str, says: str) -> None:
    environ = {"IVR_PUBLIC_URL": "https://ivr.example.com", "IVR_TWILIO_AUTH_TOKEN": "x"}
    with pytest.raises(ConfigError, match=says):
        Settings.from_environment({**environ, "IVR_TWILIO_REGION": region, "IVR_TWILIO_EDGE": edge})
    Settings.from_environment({**environ, "IVR_TWILIO_REGION": "ie1", "IVR_TWILIO_EDGE": "dublin"})


def test_secrets_do_not_show_in_the_settings_text() -> None:
    settings = Settings.from_environment({"IVR_PUBLIC_URL": "https://ivr.example.com", "IVR_TWILIO_AUTH_TOKEN": "hush"})
    assert "hush" not in repr(settings)
    assert settings.media_url == "wss://ivr.example.com/media"


def test_numbers_and_dates_are_spoken_in_the_language() -> None:
    said = "{{ order_number | digits }} on {{ due | day }}"
    values = {"order_number": "42719", "due": "2026-11-24"}
    assert Texts("en", {"x": said}, "us").text("x", values) == "4, 2, 7, 1, 9 on Tuesday, November 24"
    assert "11월 24일" in Texts("ko", {"x": said}, "us").text("x", values)


def test_a_pipe_in_the_place_of_a_file_is_a_mistake_and_stops_nothing(home: Path) -> None:
    (home / "config" / "ivr.yaml").unlink()
    os.mkfifo(home / "config" / "ivr.yaml")
    assert mistakes(home) == ["config/ivr.yaml: is not a file; a folder, pipe or device cannot be read here"]


def test_init_writes_files_without_mistakes_and_never_overwrites(tmp_path: Path) -> None:
    begun = CliRunner().invoke(ivr, ["init", str(tmp_path / "new")])
    assert begun.exit_code == 0, begun.output
    assert load(tmp_path / "new").company
    (tmp_path / "new" / "config" / "ivr.yaml").write_text("mine", encoding="utf-8")
    again = CliRunner().invoke(ivr, ["init", str(tmp_path / "new")])
    assert again.exit_code == 1 and "nothing was written" in again.output
    assert (tmp_path / "new" / "config" / "ivr.yaml").read_text(encoding="utf-8") == "mine"


def test_the_schemas_that_shipped_files_name_are_those_that_ivr_schema_writes(tmp_path: Path) -> None:
    assert CliRunner().invoke(ivr, ["schema", str(tmp_path)]).exit_code == 0
    named = set()
    for path in [*(ROOT / "config").rglob("*.yaml"), *(ROOT / "grammars").rglob("*.yaml")]:
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        if first.startswith("# yaml-language-server: $schema="):
            named.add((path.parent / first.partition("=")[2]).resolve().relative_to(ROOT))
    written = {path.relative_to(tmp_path) for path in tmp_path.rglob("*.json")}
    assert named == written
    assert all(json.loads((tmp_path / path).read_text(encoding="utf-8"))["type"] == "object" for path in written)


UNWISE = (
    ("ivr", "accept: 0.75", "accept: 0.55", "confidence.accept is 0.55: the system acts on what it hardly understood"),
    ("ivr", "confirm: 0.5", "confirm: 0.2", "confidence.confirm is 0.2: callers are asked back about noise"),
    ("ivr", "seconds: 240", "seconds: 700", "budget.seconds is 700: a caller may spend more than ten minutes"),
    ("ivr", "silences: 2", "silences: 4", "budget.silences is 4: a silent line is asked on and on"),
    ("ivr", "no_input: 5000", "no_input: 2500", "timing.no_input is 2500: callers who look for their order number"),
    ("ivr", ", days: 90", ", days: 400", "keep.days is 400: what callers said is kept for more than a year"),
    ("ivr", "tone: {on: true}", "tone: {on: false}", "tone is off in config/ivr.yaml, so no call goes to care"),
    ("advisors", "ring_s: 20\n    then: service", "ring_s: 90", "team care lets a telephone ring for 90 s"),
    ("advisors", "", "", "team care has one target, no queue and nobody who takes over"),
    ("requests", "{say: opening_hours}", "{say: opening_hours, people: true}", "every outcome puts the caller through"),
    ("ivr", "", "", "'fr' has no recogniser on this machine"),
)


def test_what_is_legal_but_unwise_is_a_warning_with_its_line(home: Path, edit: Edit, tmp_path: Path) -> None:
    for name, old, new, _ in UNWISE:
        edit(f"config/{name}.yaml", old, new)
    found = [str(warning) for warning in unwise(load(home), tmp_path / "models")]
    for *_, says in UNWISE:
        assert [each for each in found if says in each and re.match(r"config/\w+.yaml:\d+: .*; .+", each)], found


def test_the_shipped_files_are_wise_but_for_models_that_are_missing(config: Config, tmp_path: Path) -> None:
    assert all("recogniser" in each.what for each in unwise(config, tmp_path))
