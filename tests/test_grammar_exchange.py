"""Grammars of other systems come along, and ours go out; what cannot come is named with its line."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from ivr.cli import ivr
from ivr.config.files import GrammarFile
from ivr.config.source import check
from ivr.config.source import read as read_yaml
from ivr.grammar import TemplateError, expand
from ivr.grammar.authoring import jsgf, srgs_xml
from ivr.grammar.authoring.exchange import Templates, decode, read, to_templates
from ivr.grammar.authoring.template_tree import as_rules
from ivr.grammar.authoring.tree import MAX_CHARACTERS, MAX_PROBLEMS, Refused
from ivr.grammar.templates import needed
from tests.conftest import ROOT

XML = """<?xml version="1.0" encoding="UTF-8"?>
<!-- the shop's old menu -->
<grammar version="1.0" xmlns="http://www.w3.org/2001/06/grammar" xml:lang="en-GB" mode="voice" root="menu"
         tag-format="semantics/1.0">
  <rule id="menu" scope="public">
    <one-of>
      <item><ruleref uri="#order"/> <tag>out.intent="order_status";</tag></item>
      <item><ruleref uri="#advisor"/> <tag>out.intent='person'</tag></item>
    </one-of>
  </rule>
  <rule id="order">
    <example>where is my order please</example>
    where is <one-of><item>my</item><item>the</item></one-of>
    <token>order</token> <item repeat="0-1">please</item>
  </rule>
  <rule id="advisor"><item repeat="1-2">"advisor"</item></rule>
</grammar>
"""
ABNF = """#ABNF 1.0 UTF-8;
language en-GB;
mode voice;
root $menu;
tag-format <semantics/1.0>;
/* the shop's old menu */
public $menu = $order {out.intent="order_status";} | $advisor {!{out.intent='person'}!};
$order = where is (my | the) "order" [please]; // one of them
private $advisor = advisor <1-2>;
"""
JSGF = """#JSGF V1.0 UTF-8 en;
grammar shop.menu;
/** the shop's old menu */
public <menu> = <order> {order_status} | <advisor> {person};
<order> = where is (my | the) "order" [please]; // one of them
<advisor> = advisor [advisor];
"""
MEANT = {
    "order_status": {f"where is {whose} order{please}" for whose in ("my", "the") for please in ("", " please")},
    "person": {"advisor", "advisor advisor"},
}

Intents = dict[str, set[str]]


def spoken(templates: Templates) -> Intents:
    """Intent -> every sentence."""
    return {
        intent: {sentence for template in each for sentence in expand(template, templates.rules)}
        for intent, each in templates.intents.items()
    }


def imported(text: str, intent: str | None = None) -> Intents:
    return spoken(to_templates(read(text, intent is not None), intent))


def xml(body: str, root: str = "a") -> str:
    """An SRGS grammar whose rules begin at line 2."""
    namespace = "http://www.w3.org/2001/06/grammar"
    return f'<grammar version="1.0" xmlns="{namespace}" xml:lang="en" root="{root}">\n{body}\n</grammar>'


def abnf(body: str) -> str:
    """An ABNF grammar whose rules begin at line 4."""
    return f"#ABNF 1.0;\nlanguage en;\nroot $a;\n{body}\n"


def jsgf_text(body: str) -> str:
    """A JSGF grammar whose rules begin at line 3."""
    return f"#JSGF V1.0 UTF-8 en;\ngrammar x;\n{body}\n"


def refusals(text: str, intent: str | None = None) -> list[str]:
    with pytest.raises(Refused) as caught:
        to_templates(read(text, intent is not None), intent)
    assert all(problem.line >= 1 and problem.what and problem.remedy for problem in caught.value.problems)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("text", [XML, ABNF, JSGF], ids=["xml", "abnf", "jsgf"])
def test_the_same_grammar_means_the_same_in_each_notation(text: str) -> None:
    assert imported(text) == MEANT


@pytest.mark.parametrize("text", [XML, ABNF, JSGF], ids=["xml", "abnf", "jsgf"])
def test_what_was_imported_is_a_grammar_file_of_ours(tmp_path: Path, text: str) -> None:
    (tmp_path / "old.yaml").write_text(to_templates(read(text)).yaml, encoding="utf-8")
    file = check(read_yaml(tmp_path, "old.yaml"), GrammarFile)
    assert file.language == "en"
    taken = {
        intent: {sentence for each in entry.sentences for sentence in expand(each, file.rules)}
        for intent, entry in file.intents.items()
    }
    assert taken == MEANT


def test_rules_stay_rules() -> None:
    text = abnf("$a = talk to $who | give me $who;\n$who = (a person | someone);")
    assert to_templates(read(text)).rules == {"who": "(a person | someone)"}


def test_one_name_for_everything_leaves_the_tags_out_with_a_note() -> None:
    templates = to_templates(read(ABNF), "questions")
    assert spoken(templates) == {"questions": MEANT["order_status"] | MEANT["person"]}
    assert [note.line for note in templates.notes] == [7, 7]


@pytest.mark.parametrize(
    ("body", "intents"),
    [
        ("$a = order status;", {"a": {"order status"}}),
        ("$a = $b | $c;\n$b = status;\n$c = parcel;", {"b": {"status"}, "c": {"parcel"}}),
        (
            "$a = please ($b | $c);\n$b = status {x};\n$c = parcel {y};",
            {"x": {"please status"}, "y": {"please parcel"}},
        ),
        ("$a = [now {soon}] go;", {"a": {"go"}, "soon": {"now go"}}),
        ("$a = go {'Order Status'};", {"order_status": {"go"}}),
        ("$a = go {orderStatus};", {"order_status": {"go"}}),
        ("$a = (yes | no) {x} | $NULL maybe {y};", {"x": {"yes", "no"}, "y": {"maybe"}}),
        ("$a = (no {x}) <0-2> way;", {"a": {"way"}, "x": {"no way", "no no way"}}),
        ("$a = go <3>;", {"a": {"go go go"}}),
        ("$a = go <0-3> on;", {"a": {"on", "go on", "go go on", "go go go on"}}),
        ("$a = (in | out) <2>;", {"a": {"in in", "in out", "out in", "out out"}}),
        ("$a = stop <0> here;", {"a": {"here"}}),
        ("$a = (() | [] | very) good;", {"a": {"good", "very good"}}),
        ("$a = /0.7/ yes | /0.3/ no;", {"a": {"yes", "no"}}),
        ('$a = "Where\'s  MY order?";', {"a": {"where's my order"}}),
        ("$a = $b;\n$b = $c $c;\n$c = bye;", {"a": {"bye bye"}}),
        ("$a = go $b;\n$b = $NULL;", {"a": {"go"}}),
        ("$a = où!en est-ce;", {"a": {"où est ce"}}),
    ],
)
def test_what_abnf_can_say_is_understood(body: str, intents: Intents) -> None:
    assert imported(abnf(body)) == intents


@pytest.mark.parametrize(
    ("body", "intents"),
    [
        ("public <a> = go; public <b> = stop;", {"a": {"go"}, "b": {"stop"}}),
        ("public <a> = go (home {x} | away {y});", {"x": {"go home"}, "y": {"go away"}}),
        ('public <a> = "new york" | <NULL> paris;', {"a": {"new york", "paris"}}),
        ("public <a> = /10/ big | /1.5/ small;", {"a": {"big", "small"}}),
        (r'public <a> = go {out.intent="x"} ;', {"x": {"go"}}),
        (r"public <a> = go {\x} ;", {"x": {"go"}}),
        ('public <a> = "import" "public" "grammar";', {"a": {"import public grammar"}}),
        ("public <a> = <b> | <c>; public <b> = go; public <c> = stop;", {"b": {"go"}, "c": {"stop"}}),
    ],
)
def test_what_jsgf_can_say_is_understood(body: str, intents: Intents) -> None:
    assert imported(jsgf_text(body)) == intents


@pytest.mark.parametrize(
    ("body", "intents"),
    [
        ('<rule id="a"><item repeat="2">bye</item></rule>', {"a": {"bye bye"}}),
        ('<rule id="a">a &amp; b &lt;c&gt; &#100;</rule>', {"a": {"a b c d"}}),
        ("<rule id='a'><![CDATA[go on]]></rule>", {"a": {"go on"}}),
        ('<rule id="a">go <ruleref special="NULL"/> <!-- so --> on</rule>', {"a": {"go on"}}),
        ('<rule id="a"><one-of><item weight="3">x y</item><item/></one-of> z</rule>', {"a": {"x y z", "z"}}),
        ('<rule id="a" scope="private">go</rule>\n<rule id="b" scope="public">no</rule>', {"a": {"go"}}),
    ],
)
def test_what_xml_can_say_is_understood(body: str, intents: Intents) -> None:
    assert imported(xml(body)) == intents


def test_weights_and_probabilities_are_left_out_with_a_note() -> None:
    templates = to_templates(read(abnf("$a = /2/ go\n | /1/ stop\n now <0-1 /0.3/>;")))
    assert [note.line for note in templates.notes] == [4, 5, 6]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (xml('<rule id="a">go\n<ruleref uri="http://x.test/y.grxml#z"/></rule>'), 3, "another file"),
        (xml('<rule id="a">go <ruleref uri="other.grxml"/></rule>'), 2, "another file"),
        (xml('<rule id="a">\n\n<ruleref special="GARBAGE"/> go</rule>'), 4, "GARBAGE"),
        (xml('<rule id="a"><ruleref special="VOID"/></rule>'), 2, "VOID"),
        (xml('<rule id="a"><item repeat="1-">go</item></rule>'), 2, "no end"),
        (xml('<rule id="a"><item repeat="0-99">go</item></rule>'), 2, "more than 4"),
        (xml('<rule id="a"><item repeat="3-2">go</item></rule>'), 2, "before it begins"),
        (xml('<rule id="a"><item repeat="often">go</item></rule>'), 2, "cannot be read"),
        (xml('<rule id="a">go<tag>out.n = rules.x.y + 1;</tag></rule>'), 2, "script"),
        (xml('<rule id="a">go<tag>out.city="paris"</tag></rule>'), 2, "'city'"),
        (xml('<tag>var x = 1</tag><rule id="a">go</rule>'), 2, "script"),
        (xml('<lexicon uri="x.pls"/><rule id="a">go</rule>'), 2, "lexicon"),
        (xml('<rule id="a"><item xml:lang="fr">oui</item></rule>'), 2, "second language"),
        (xml('<rule id="a">go</rule>\n<rule id="a">stop</rule>'), 3, "twice"),
        (xml('<rule id="a"><ruleref uri="#b"/></rule>'), 2, "'b' is not defined"),
        (
            xml('<rule id="a">go <ruleref uri="#b"/></rule>\n<rule id="b"><ruleref uri="#a"/></rule>'),
            3,
            "contains itself",
        ),
        (xml('<rule id="a">go</rule>', root="b"), 1, "root 'b' is not defined"),
        (xml('<rule id="a"><emphasis>go</emphasis></rule>'), 2, "<emphasis>"),
        (xml('<rule id="a"><item wieght="2">go</item></rule>'), 2, "'wieght'"),
        (xml('<rule id="a"><one-of>go</one-of></rule>'), 2, "<one-of>"),
        (xml('<rule id="a">go</rule>').replace("root=", 'mode="dtmf" root='), 1, "dtmf"),
        (xml('<rule id="a">go</rule>').replace('"1.0"', '"2.0"'), 1, "2.0"),
        (xml('<rule id="a">go</rule>').replace(' xml:lang="en"', ""), 1, "language"),
        (xml('<rule id="a"> </rule>'), 1, "nothing can be said"),
        (xml('<rule id="a">go\n</item></rule>'), 3, "not XML"),
        (abnf("$a = go $GARBAGE;"), 4, "GARBAGE"),
        (abnf("$a = go\n$<http://x.test/y.gram#z>;"), 5, "another file"),
        (abnf("$a = go <2->;"), 4, "no end"),
        (abnf("$a = go <0-50 /0.5/>;"), 4, "more than 4"),
        (abnf("lexicon <x.pls>;\n$a = go;"), 4, "lexicon"),
        (abnf("mode dtmf;\n$a = go;"), 4, "dtmf"),
        (abnf("{var x = 1;};\n$a = go;"), 4, "script"),
        (abnf("$a = go {x = new Y();};"), 4, "script"),
        (abnf("$a = oui!fr-FR;"), 4, "second language"),
        (abnf("$a = go $b;"), 4, "'b' is not defined"),
        (abnf("$a = go $b;\n$b = on [$a];"), 5, "contains itself"),
        (abnf("$b = go;"), 3, "root $a"),
        (abnf("$a = (go;\n$b = x;"), 4, "')'"),
        (abnf("$a = go | ;"), 4, "empty"),
        (abnf('$a = go\n"never closed;'), 5, "cannot be read"),
        (abnf("$a = go;\n/* never closed"), 5, "'/'"),
        (abnf("$a = go {x};\n$b = y;\nstray words;"), 6, "a rule should begin"),
        (abnf("$a = go {x} {y};"), 4, "'x' and 'y'"),
        (abnf("$a = go {x} | stop {y} | go {y};"), 4, "'go' means 'x' and 'y'"),
        (abnf("$a = go {'17'};"), 4, "name of an intent"),
        (abnf("$a = go {order_status} | no {'order status'};"), 4, "would both be"),
        (jsgf_text("import <com.acme.politeness.*>;\npublic <a> = go;"), 3, "import <com.acme.politeness.*>"),
        (jsgf_text("public <a> = go <com.acme.x>;"), 3, "another grammar"),
        (jsgf_text("public <a> = very* good;"), 3, "'*'"),
        (jsgf_text("public <a> =\n very+ good;"), 4, "'+'"),
        (jsgf_text("public <a> = <VOID>;"), 3, "VOID"),
        (jsgf_text("<a> = go;"), 1, "public"),
        (jsgf_text("public <a> = go {return 1+1};"), 3, "script"),
        (jsgf_text("public <a> = go <a>;"), 3, "contains itself"),
        (jsgf_text("public <a> = go; public <b> = go;"), 3, "'go' means"),
        ("#JSGF V2.0 UTF-8 en;\ngrammar x; public <a> = go;", 1, "2.0"),
        ("#JSGF\n", 1, "header"),
        ("hello", 1, "none of"),
        ("", 1, "none of"),
    ],
)
def test_what_is_not_supported_is_named_with_its_line(text: str, line: int, says: str) -> None:
    assert any(each.startswith(f"{line}: ") and says in each for each in refusals(text)), refusals(text)


def test_everything_that_is_wrong_is_named_at_once() -> None:
    body = "mode dtmf;\n$a = go <9> $GARBAGE;\n$b = (open;\n$c = x {a(b)};\n$d = $nowhere;\n$e = $e;"
    assert [int(each.split(":")[0]) for each in refusals(abnf(body))] == [4, 5, 5, 6, 7, 8, 9]


SCRIPTED = [
    abnf("{var x = 1;};\n$a = go {out.x = f(1)} | stop {out=true};"),
    jsgf_text("public <a> = go {out=true} | stop {return 1+1};"),
    xml('<tag>var x = 1</tag><rule id="a"><one-of><item>go<tag>out=true</tag></item><item>stop</item></one-of></rule>'),
]


@pytest.mark.parametrize("text", SCRIPTED)
def test_one_name_for_everything_leaves_scripts_out_too_and_says_so(text: str) -> None:
    assert any("script" in each and "--intent" in each for each in refusals(text))
    templates = to_templates(read(text, without_tags=True), "orders")
    assert spoken(templates) == {"orders": {"go", "stop"}}
    assert any("script" in note.what and "left out" in note.what for note in templates.notes)


@pytest.mark.parametrize("header", ["#JSGF V1.0 en;", "#JSGF V1.0 en-US;", "#JSGF V1.0 UTF-8 en;"])
def test_a_jsgf_header_may_leave_its_encoding_out(header: str) -> None:
    text = f"{header}\ngrammar x;\npublic <a> = où est ça;"
    assert to_templates(read(decode(text.encode()))).language == "en"


def test_an_import_is_quoted_as_it_is_written() -> None:
    assert "import <dicts.X .*>:" in refusals(jsgf_text("import <dicts.X .*>;\npublic <a> = go;"))[0]


def test_items_without_a_tag_beside_tagged_ones_are_named_as_an_intent_of_their_own() -> None:
    templates = to_templates(read(jsgf_text("public <menu> = go {x} | stop | please wait;")))
    assert spoken(templates) == {"x": {"go"}, "menu": {"stop", "please wait"}}
    (note,) = templates.notes
    assert (note.line, "2 of the items" in note.what, "'menu'" in note.what) == (3, True, True)


def test_too_many_sentences_are_refused_before_they_are_written_out() -> None:
    many = " ".join(["(a | b | c | d)"] * 30)
    assert "sentences, at most 5,000" in refusals(abnf(f"$a = {many};"))[0]
    doubling = "\n".join(f"$r{n} = $r{n + 1} $r{n + 1};" for n in range(10)) + "$r10 = (x | y);"
    assert "sentences, at most" in refusals(abnf(f"$a = $r0;\n{doubling}"))[0]
    copies = "(" * 12 + "x" + " y) <4>" * 12
    assert "characters" in refusals(abnf(f"$a = {copies};"))[0]


def test_long_lists_are_taken_over_whole_or_not_at_all() -> None:
    names = [f"city {'abcdefghij'[n % 10]}{'klmnopqrst'[n // 10 % 10]}{'uvwxyzabcd'[n // 100]}" for n in range(1000)]
    assert imported(jsgf_text(f"public <a> = {' | '.join(names)};")) == {"a": set(names)}
    layers = "".join(f"<r{n}_{k}> = <r{n + 1}_0> | <r{n + 1}_1>;\n" for n in range(10) for k in range(2))
    assert imported(jsgf_text(f"public <a> = <r0_0>;\n{layers}<r10_0> = go; <r10_1> = stop;")) == {"a": {"go", "stop"}}
    rules = "".join(f"<r{n}> = go;\n" for n in range(3000))
    assert "3,001 rules, at most 2,000" in refusals(jsgf_text(f"public <a> = <r0>;\n{rules}"))[0]
    many = " | ".join(f"<b> {n}" for n in range(14))
    big = "(a | b | c | d) (a | b | c | d) (a | b | c | d) (a | b | c | d) (a | b | c | d) (x | y | z | v)"
    assert "at most 50,000" in refusals(jsgf_text(f"public <a> = {many};\n<b> = {big};"))[0]


def test_tags_inside_each_other_without_measure_are_refused() -> None:
    assert "told apart" in refusals(abnf("$a = " + " ".join(f"[w{n} {{t}}]" for n in range(3000)) + ";"))[0]
    assert "told apart" in refusals(abnf("$a = " + "(" * 15 + "x {t} [y]" + ") <0-4>" * 15 + ";"))[0]


HOSTILE = {
    "entity expansion": '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>\n' + xml('<rule id="a">&b;</rule>'),
    "external entity": '<!DOCTYPE g [<!ENTITY x SYSTEM "file:///etc/hostname">]>\n' + xml('<rule id="a">&x;</rule>'),
    "external document type": '<!DOCTYPE grammar SYSTEM "http://127.0.0.1:9/grammar.dtd">\n'
    + xml('<rule id="a">x</rule>'),
    "parameter entity": '<!DOCTYPE g [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]>\n'
    + xml('<rule id="a">x</rule>'),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_document_types_and_entities_are_refused_unread(kind: str) -> None:
    (only,) = refusals(HOSTILE[kind])
    assert only.startswith("1: ") and "refused" in only


def test_an_entity_nobody_declared_is_refused() -> None:
    assert "not XML" in refusals(xml('<rule id="a">&nbsp;</rule>'))[0]


def test_endless_nesting_is_refused() -> None:
    deep = "<item>" * 150_000
    assert any("inside each other" in each for each in refusals(xml(f'<rule id="a">{deep}')))
    assert any("inside each other" in each for each in refusals(abnf(f"$a = {'(' * 100_000};")))
    assert any("inside each other" in each for each in refusals(jsgf_text(f"public <a> = {'[' * 100_000};")))
    chain = "\n".join(f"$r{n} = x $r{n + 1};" for n in range(1500)) + "$r1500 = y;"
    assert any("inside each other" in each for each in refusals(abnf(f"$a = $r0;\n{chain}")))


@pytest.mark.parametrize("start", ["<?xml version='1.0'?>" + "<a>", "#ABNF 1.0;", "#JSGF V1.0;"])
def test_fifty_megabytes_are_refused_without_being_read(start: str) -> None:
    with pytest.raises(Refused, match=f"more than {MAX_CHARACTERS:,}"):
        decode((start + "<item>" * 8_000_000).encode())
    with pytest.raises(Refused, match=f"more than {MAX_CHARACTERS:,}"):
        read(start + "x" * MAX_CHARACTERS)


@pytest.mark.parametrize("filling", ["{", "/*", '"\\', "<", "/ ", "$ ", "(", "{!{", "<a> = ;", "<1-", "\n;"])
@pytest.mark.parametrize("frame", [abnf, jsgf_text])
def test_text_made_to_be_slow_ends_in_a_bounded_list(filling: str, frame: Callable[[str], str]) -> None:
    assert 1 <= len(refusals(frame(filling * (50_000 // len(filling))))) <= MAX_PROBLEMS + 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso8859-15", "cp1252"])
def test_the_encoding_a_file_names_is_used(encoding: str) -> None:
    named = encoding.removesuffix("-sig")
    text = f'<?xml version="1.0" encoding="{named}"?>\r\n' + xml('<rule id="a">où est ça</rule>')
    assert imported(decode(text.encode(encoding))) == {"a": {"où est ça"}}
    text = f"#JSGF V1.0 {named} fr;\r\ngrammar x;\r\npublic <a> = où est ça;"
    assert imported(decode(text.encode(encoding))) == {"a": {"où est ça"}}


@pytest.mark.parametrize("data", [b"\xff\xff\x00", b'<?xml version="1.0" encoding="hex"?>', b"#ABNF 1.0 idna;\n\xff"])
def test_bytes_that_are_no_text_are_refused(data: bytes) -> None:
    with pytest.raises(Refused, match="save it as UTF-8"):
        decode(data)


PIECES = st.sampled_from(
    [
        *"()[]|;=*+<>{}$!/\"'\\ \n",
        "$a",
        "<a>",
        "go",
        "stop",
        "<2>",
        "<0-1>",
        "/2/",
        "{x}",
        "{!{",
        "}!}",
        "public ",
        "//",
        "/*",
        '<item repeat="0-1">',
        "</item>",
        "<one-of>",
        "</one-of>",
        '<ruleref uri="#a"/>',
        "<tag>x</tag>",
        "&amp;",
        "<!--",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([xml, abnf, jsgf_text]), st.lists(PIECES, max_size=25).map("".join))
def test_any_text_is_accepted_or_refused_with_lines(frame: Callable[[str], str], body: str) -> None:
    rule = {xml: '<rule id="a">{}</rule>', abnf: "$a = {};", jsgf_text: "public <a> = {};"}[frame]
    for text in (frame(body), frame(rule.replace("{}", body)), body):
        try:
            templates = to_templates(read(text))
        except Refused as error:
            assert error.problems and all(problem.line >= 1 for problem in error.problems)
        else:
            assert any(spoken(templates).values())


WORDS = st.sampled_from(["go", "stop", "où", "it's", "grammar", "public", "please", "주문"])


def shapes(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(inner, min_size=1, max_size=3)
    glue = st.sampled_from([" ", " ", ""])
    return st.one_of(
        st.builds(lambda items, between: between.join(items), several, glue),
        several.map(lambda items: f"({' | '.join(items)})"),
        several.map(lambda items: f"[{' | '.join(items)}]"),
        st.lists(inner, min_size=2, max_size=3).map(lambda items: f"({' ; '.join(items)})"),
    )


TEMPLATES = st.recursive(st.one_of(WORDS, st.just("<rule>")), shapes, max_leaves=8).map(lambda text: f"hello {text}")


def sentences_of(intents: dict[str, Sequence[str]], rules: dict[str, str]) -> Intents:
    return {
        intent: {sentence for template in each for sentence in expand(template, needed(template, rules))}
        for intent, each in intents.items()
    }


@pytest.mark.parametrize("notation", [srgs_xml, jsgf], ids=["srgs", "jsgf"])
@settings(max_examples=60, deadline=None)
@given(template=TEMPLATES, rule=st.one_of(WORDS, st.just("(the | a)[ big | s]")))
def test_every_template_comes_back_with_the_same_sentences(notation: object, template: str, rule: str) -> None:
    intents: dict[str, Sequence[str]] = {"one": [template], "two": ["another thing"]}
    try:
        grammar = as_rules("en", intents, {"rule": rule})
    except TemplateError:
        reject()  # it stands for too many sentences
    written = (srgs_xml if notation is srgs_xml else jsgf).write(grammar)
    assert imported(written) == sentences_of(intents, {"rule": rule})


LANGUAGES = sorted(path.name for path in (ROOT / "grammars").iterdir() if path.is_dir())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shipped_grammar_goes_out_and_comes_back(language: str) -> None:
    intents: dict[str, list[str]] = {}
    rules: dict[str, str] = {}
    for path in sorted((ROOT / "grammars" / language).glob("*.yaml")):
        file = check(read_yaml(path.parent, path.name), GrammarFile)
        rules |= file.rules
        for name, entry in file.intents.items():
            intents.setdefault(name, []).extend(entry.sentences)
    expected = sentences_of(dict(intents), rules)
    grammar = as_rules(language, intents, rules)
    for notation in (srgs_xml, jsgf):
        templates = to_templates(read(notation.write(grammar)))
        assert spoken(templates) == expected and templates.language == language


@pytest.mark.parametrize("notation", ["srgs", "jsgf"])
def test_a_language_is_exported_to_a_file_that_comes_back(notation: str, tmp_path: Path) -> None:
    out = tmp_path / f"ko.{notation}"
    run = CliRunner().invoke(ivr, ["grammar", "export", "ko", "--format", notation, "--output", str(out)])
    assert run.exit_code == 0, run.output
    assert "상담원" in imported(decode(out.read_bytes()))["person"]


def test_import_writes_a_file_or_says_why_not(tmp_path: Path) -> None:
    old, new = tmp_path / "old.grxml", tmp_path / "fr" / "new.yaml"
    old.write_text(XML, encoding="utf-8")
    run = CliRunner().invoke(ivr, ["grammar", "import", str(old), "--language", "fr", "--output", str(new)])
    assert run.exit_code == 0, run.output
    assert new.read_text(encoding="utf-8").startswith("language: fr\n")
    again = CliRunner().invoke(ivr, ["grammar", "import", str(old), "--output", str(new)])
    assert again.exit_code == 1 and "--force" in again.output
    old.write_text(abnf("$a = go $GARBAGE;\n$b = <x>;"), encoding="utf-8")
    refused = CliRunner().invoke(ivr, ["grammar", "import", str(old)])
    assert refused.exit_code == 1
    assert f"{old}:4: $GARBAGE" in refused.output and f"{old}:5: " in refused.output


def test_sentences_are_listed_with_their_intent_up_to_a_limit(tmp_path: Path) -> None:
    old = tmp_path / "old.jsgf"
    old.write_text(JSGF, encoding="utf-8")
    everything = CliRunner().invoke(ivr, ["grammar", "sentences", str(old)])
    assert set(everything.output.splitlines()) == {f"{name}\t{each}" for name, all_ in MEANT.items() for each in all_}
    orders = str(ROOT / "grammars" / "en" / "orders.yaml")
    some = CliRunner().invoke(ivr, ["grammar", "sentences", orders, "--limit", "3"])
    assert some.exit_code == 0 and len(some.output.splitlines()) == 3


def test_sentences_of_a_bad_file_name_its_mistakes(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text('language: en\nintents:\n  x:\n    sentences:\n      - "go <nowhere>"\n      - "stop"\n')
    run = CliRunner().invoke(ivr, ["grammar", "sentences", str(bad)])
    assert run.exit_code == 1
    assert "bad.yaml:5: " in run.output and "x\tstop" in run.output


def test_exporting_a_language_that_is_not_there_is_an_error() -> None:
    run = CliRunner().invoke(ivr, ["grammar", "export", "xx"])
    assert run.exit_code == 1 and "grammars/xx" in run.output
