"""Czech days."""

from datetime import timedelta

from ivr.grammar.days.calendar import Calendar, numbered, phrases, rule, tens, words
from ivr.grammar.days.rules import (
    COMMON,
    Span,
    agreed,
    dated,
    later,
    of_month,
    of_week,
    plus,
    swapped_week,
    weekday_plus,
)

_ORDINALS = numbered(
    "první druhý třetí čtvrtý pátý šestý sedmý osmý devátý desátý jedenáctý dvanáctý třináctý čtrnáctý patnáctý"
    " šestnáctý sedmnáctý osmnáctý devatenáctý dvacátý",
    1,
) | {"třicátý": 30}
_STEMS = numbered("jeden/jedna dva tři čtyři pět šest sedm osm devět", 1)
_CARDINALS = numbered(
    "jeden/jednu/jedna dva/dvě tři čtyři pět šest sedm osm devět deset jedenáct dvanáct třináct čtrnáct patnáct"
    " šestnáct sedmnáct osmnáct devatenáct dvacet",
    1,
) | {"třicet": 30}
_INSTRUMENTAL = numbered("jedním/jednou dvěma třemi čtyřmi pěti šesti sedmi osmi devíti deseti", 1) | {"čtrnácti": 14}


def _genitive(ordinal: str) -> str:
    return ordinal.removesuffix("ý") + "ého" if ordinal.endswith("ý") else ordinal + "ho"


def _locative(ordinal: str) -> str:
    return ordinal.removesuffix("ý") + "ém" if ordinal.endswith("ý") else ordinal + "m"


def _written_together(ending: str) -> dict[str, int]:
    """The forms that say the unit first: "jedenadvacátého"."""
    forms = (("dvacát", 20), ("třicát", 30))
    return {
        f"{unit}a{ten}{ending}": value + more
        for ten, value in forms
        for unit, more in _STEMS.items()
        if value + more <= 31
    }


def _days(ordinals: dict[str, int], ending: str, ten_ending: str) -> dict[str, int]:
    units = {word: value for word, value in ordinals.items() if value < 10}
    forms = {f"dvacát{ten_ending}": 20, f"třicát{ten_ending}": 30}
    return {**ordinals, **tens(forms, units), **_written_together(ending)}


_OF_GENITIVE = _days({_genitive(word): value for word, value in _ORDINALS.items()}, "ého", "ého")
_GENITIVE = {**{word.replace("ého", "ýho"): value for word, value in _OF_GENITIVE.items()}, **_OF_GENITIVE}
_LOCATIVE = _days({_locative(word): value for word, value in _ORDINALS.items()}, "ém", "ém")
_NOMINATIVE = _days(_ORDINALS, "ý", "ý")

_FILLER = """ehm | hm | no | tak | takže | teda | tedy | jo | ano | dobře | dobrý den | prosím | prosím vás
| děkuju | děkuji | díky | třeba | řekněme | dejme tomu | myslím | asi | možná | nejlépe | nejlíp | nejradši
| nejraději | pokud možno | pokud to jde | jestli to jde | určitě | jenom | pouze"""
_BEFORE = """v | ve | na | dne | den | je to | to je | bude to | bylo to | by to (bylo | šlo) | šlo by to | šlo by
| jde to | může to být | může být | mohlo by to být | chci | chci to | (chtěl | chtěla) bych
| (chtěl | chtěla) bych to | (rád | ráda) bych | (rád | ráda) bych to | (prosil | prosila) bych
| (mohl | mohla) bych | můžu | můžu jen | můžu jenom | co takhle | a co | co třeba | dejte mi | dejte mi to
| vezmu | beru | vyberu | volím | hodí se mi | (hodil | hodila) by se mi | jsem (doma | volný | volná)
| hodí se mi to | vyhovuje mi | mi vyhovuje | preferuju | preferuji
| doručte to | přivezte to | pošlete to | přišlo to | přišla | přišel"""
_AFTER = """můžu | se mi hodí | se mi to hodí | by se mi (hodil | hodila | hodilo | to hodilo) | mi vyhovuje
| vyhovuje | mi to vyhovuje | by mi (vyhovoval | vyhovovala | vyhovovalo)
| by (bylo | byl | byla) (dobré | dobrý | dobrá | fajn | nejlepší | ideální | super)
| je (dobrý | dobrá | dobré | fajn | v pořádku | ideální | nejlepší | možný) | by šlo | by to šlo | jde
| bude (fajn | dobrý | dobré) | jestli můžu | bych prosil | bych prosila | bych (chtěl | chtěla) | mi sedí"""
_PARTS = """ráno | dopoledne | odpoledne | večer | v noci | v poledne | brzy ráno | k večeru | navečer | kdykoli
| kdykoliv | během dne | na oběd"""

CZECH = Calendar(
    words={
        "weekday": numbered("pondělí/pondělek úterý/úterek středa/středu čtvrtek pátek sobota/sobotu neděle/neděli", 0),
        "weekday_of": numbered(
            "pondělí/pondělka/pondělku/pondělkem/pondělím úterý/úterka/úterku/úterkem/úterým středy/středě/středou"
            " čtvrtka/čtvrtku/čtvrtkem pátku/pátkem soboty/sobotě/sobotou neděle/neděli/nedělí",
            0,
        ),
        "month": numbered(
            "ledna/leden února/únor března/březen dubna/duben května/květen června/červen července/červenec srpna/srpen"
            " září října/říjen listopadu/listopad prosince/prosinec",
            1,
        ),
        "month_of": numbered("lednu únoru březnu dubnu květnu červnu červenci srpnu září říjnu listopadu prosinci", 1),
        "ord": _GENITIVE,
        "ord_of": _LOCATIVE,
        "ord_named": _NOMINATIVE,
        "nth": _GENITIVE,
        "which": {"první": 1, "druhý": 2, "druhou": 2, "třetí": 3, "čtvrtý": 4, "čtvrtou": 4, "poslední": -1},
        "month_number": {word: value for word, value in _ORDINALS.items() if value <= 12},
        "year": {
            f"{thousand} {words}": 2000 + value
            for words, value in tens({"dvacet": 20, "třicet": 30}, _STEMS, highest=39).items()
            for thousand in ("dva tisíce", "dvacet")
        },
        "relative": {
            "dnes": 0,
            "dneska": 0,
            "zítra": 1,
            "zejtra": 1,
            "pozítří": 2,
            "popozítří": 3,
            "včera": -1,
            "předevčírem": -2,
        },
        "relative_of": {
            "dneška": 0,
            "dnešku": 0,
            "dnešního dne": 0,
            "teď": 0,
            "zítřka": 1,
            "zítřku": 1,
            "pozítří": 2,
            "pozítřka": 2,
            "pozítřku": 2,
        },
        "week": {
            "příští týden": 1,
            "příštího týdne": 1,
            "tento týden": 0,
            "tenhle týden": 0,
            "tohoto týdne": 0,
            "minulý týden": -1,
            "minulého týdne": -1,
            "přespříští týden": 2,
            "přespříštího týdne": 2,
        },
        "month_ahead": {"příští měsíc": 1, "příštího měsíce": 1, "tento měsíc": 0, "tohoto měsíce": 0},
        "count": _CARDINALS,
        "count_ago": _INSTRUMENTAL,
        "hour": {word: value for word, value in _CARDINALS.items() if value <= 20},
        "unit": {"den": 1, "dny": 1, "dní": 1, "dnů": 1, "týden": 7, "týdny": 7, "týdnů": 7},
        "one_unit": {"den": 1, "týden": 7},  # without a number; "v týdnu od ..." is a whole week
        "one_month": {"měsíc": 1},
        "unit_months": {"měsíc": 1, "měsíce": 1, "měsíců": 1},
        "unit_ago": {"dnem": 1, "dny": 1, "dní": 1, "dněma": 1, "týdnem": 7, "týdny": 7, "týdny zpátky": 7},
        "neighbour": {"den po": 1, "den před": -1},
    },
    silent={
        "this": ("tento", "tuto", "toto", "tenhle", "tuhle", "tohle", "tato", "tahle"),
        "next": ("příští",),
        "last": ("minulý", "minulou", "minulé"),
        "coming": ("nejbližší", "nadcházející"),
        "the": ("dne",),
        "on": ("v", "ve", "na"),
        "in": ("za",),
        "ago": ("před",),
        "within": ("v", "ve"),
        "from": ("po",),
        "from_day": ("od", "ode"),
        "before_day": ("před",),
        "after_day": ("po",),
        "at": ("v", "ve", "kolem", "o"),
        "oclock": ("hodin", "hodiny", "hodinu"),
        "filler": phrases(_FILLER),
        "before": phrases(_BEFORE),
        "after": phrases(_AFTER),
        "part": phrases(_PARTS),
        "correction": phrases(
            """ne ne | ne pardon | pardon | promiňte | počkejte | ne počkejte | ne počkat | vlastně
            | ne vlastně | teda ne | nebo spíš | spíš | spíše | oprava | spletl jsem se | spletla jsem se
            | chtěl jsem říct | chtěla jsem říct | omlouvám se"""
        ),
    },
    rules=(
        *COMMON,
        rule("dated", "ord month_number year?", dated),
        rule("dated", "ord_named month year?", dated),
        rule("span", "one_unit", lambda _, days: Span(days=days)),
        rule("span", "one_month", lambda _, months: Span(months=months)),
        rule("counted", "count unit", lambda _, count, days: Span(days=count * days)),
        rule("day", "counted from_day anchor", lambda _, span, day: later(day, span)),
        rule("day", "in span from_day anchor", lambda _, span, day: later(day, span)),
        rule("base", "which weekday within month_of year?", of_month),
        rule("span_ago", "unit_ago", lambda _, days: Span(days=days)),
        rule("span_ago", "count_ago unit_ago", lambda _, count, days: Span(days=count * days)),
        rule("span_ago", "count unit_ago", lambda _, count, days: Span(days=count * days)),
        rule("anchor", "ord_of month year?", dated),
        rule("anchor", "ord_of month_of year?", dated),
        rule("base", "weekday week", of_week),
        rule("base", "week on? weekday", swapped_week),
        rule("day", "ago span_ago", lambda today, span: later(today, span, -1)),
        rule("day", "from_day anchor in span", plus),
        rule("day", "weekday in span", weekday_plus),
        rule("day", "relative in span", lambda today, days, span: later(today + timedelta(days), span)),
        rule("day", "in span on? weekday", agreed),
        rule("part", "at hour oclock?"),
        rule("part", "hour oclock"),
    ),
    limits=words(
        """ne jen kromě mimo každý každou každé do od po před mezi než ani ale nemůžu nechci nejde nehodí nikdy
        kolem okolo všechny buď"""
    ),
    joining=words("nebo a až přes"),
    prepositions=words("v ve na dne"),
    clock=(
        r"\b(?:v |ve )?\d{1,2}:\d{2}(?!\d)"
        r"|\b(?:v|ve) \d{1,2}[.:]\d{2}"
        r"|\b(?:v |ve )?\d{1,2} hodin[yu]?(?!\w)"
        r"|\b(?:v|ve) \d{1,2}(?![\d/.-])"
    ),
    comma_corrections=frozenset({"ne"}),
)
