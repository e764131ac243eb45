"""How days are named: the words that ``ivr.grammar.dates`` reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Calendar:
    """A language's words for days.  ``weekdays``: Monday is 0.

    ``days`` stand before the name of a month, ``days_after`` after it; ``month_numbers`` are months told as ordinal
    numbers ("třetího druhý"); ``joints`` say nothing ("the", "of"); ``day_first``: 12/03 is a day in March.
    """

    weekdays: Mapping[str, int]
    months: Mapping[str, int]
    days: Mapping[str, int]
    relative: Mapping[str, int]
    next: frozenset[str]
    this: frozenset[str]
    last: frozenset[str]
    joints: frozenset[str]
    day_first: bool = True
    days_after: Mapping[str, int] = field(default_factory=dict)
    month_numbers: Mapping[str, int] = field(default_factory=dict)
    known: frozenset[str] = field(init=False)
    """Every entry, so that the longest one can be found."""

    def __post_init__(self) -> None:
        tables = (self.weekdays, self.months, self.days, self.relative, self.days_after, self.month_numbers)
        object.__setattr__(self, "known", frozenset(entry for table in tables for entry in table))


def _numbered(words: str, first: int) -> dict[str, int]:
    """Words in order -> numbers from ``first``; forms of the same number are joined by /, spaces in one by _."""
    return {
        form.replace("_", " "): number for number, forms in enumerate(words.split(), first) for form in forms.split("/")
    }


def _tens(tens: Mapping[str, int], units: Mapping[str, int], joint: str = " ") -> dict[str, int]:
    """The numbers 21 to 31 that are made of two words."""
    return {
        f"{ten}{joint}{unit}": value + more
        for ten, value in tens.items()
        for unit, more in units.items()
        if more < 10 and value + more <= 31
    }


def _english() -> Calendar:
    cardinals = _numbered("one two three four five six seven eight nine", 1)
    ordinals = _numbered("first second third fourth fifth sixth seventh eighth ninth", 1)
    whole = _numbered(
        "tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth",
        10,
    )
    teens = _numbered("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty", 10)
    tens = {"twenty": 20, "thirty": 30}
    days = {**ordinals, **whole, "thirtieth": 30, **_tens(tens, ordinals)}
    return Calendar(
        weekdays=_numbered("monday tuesday wednesday thursday friday saturday sunday", 0),
        months=_numbered(
            "january/jan february/feb march april may june july august/aug september/sept october/oct november/nov"
            " december/dec",
            1,
        ),
        days=days,
        # Before a month only ordinals count: "one may come" is no date.
        days_after={**days, **cardinals, **teens, "thirty": 30, **_tens(tens, cardinals)},
        relative={"today": 0, "tomorrow": 1, "day after tomorrow": 2, "yesterday": -1, "day before yesterday": -2},
        next=frozenset({"next"}),
        this=frozenset({"this"}),
        last=frozenset({"last"}),
        joints=frozenset({"the", "of"}),
        day_first=False,
    )


def _french() -> Calendar:
    units = _numbered("un deux trois quatre cinq six sept huit neuf", 1)
    tens = {"vingt": 20, "trente": 30}
    days = {
        **units,
        **_numbered("dix onze douze treize quatorze quinze seize dix_sept dix_huit dix_neuf vingt", 10),
        "premier": 1,
        "trente": 30,
        "vingt et un": 21,
        "trente et un": 31,
        **_tens(tens, units),
    }
    return Calendar(
        weekdays=_numbered("lundi mardi mercredi jeudi vendredi samedi dimanche", 0),
        months=_numbered(
            "janvier février/fevrier mars avril mai juin juillet août/aout septembre octobre novembre"
            " décembre/decembre",
            1,
        ),
        days=days,
        relative={"aujourd'hui": 0, "demain": 1, "après demain": 2, "hier": -1, "avant hier": -2},
        next=frozenset({"prochain"}),
        this=frozenset({"ce"}),
        last=frozenset({"dernier"}),
        joints=frozenset({"le", "du", "de"}),
    )


def _czech() -> Calendar:
    nominative = _numbered(
        "první druhý třetí čtvrtý pátý šestý sedmý osmý devátý desátý jedenáctý dvanáctý třináctý čtrnáctý patnáctý"
        " šestnáctý sedmnáctý osmnáctý devatenáctý dvacátý",
        1,
    ) | {"třicátý": 30}
    genitive = {_genitive(word): number for word, number in nominative.items()}
    stems = _numbered("jeden/jedna dva tři čtyři pět šest sedm osm devět", 1)
    written_together = _tens({"dvacátého": 20, "třicátého": 30}, stems, "a")  # jedenadvacátého: the unit comes first
    inverted = {_inverted(word): number for word, number in written_together.items()}
    days = {**genitive, **_tens({"dvacátého": 20, "třicátého": 30}, genitive), **inverted}
    colloquial = {word.replace("ého", "ýho"): number for word, number in days.items()}
    return Calendar(
        weekdays=_numbered("pondělí úterý středa/středu čtvrtek pátek sobota/sobotu neděle/neděli", 0),
        months=_numbered(
            "ledna/leden února/únor března/březen dubna/duben května/květen června/červen července/červenec srpna/srpen"
            " září října/říjen listopadu/listopad prosince/prosinec",
            1,
        ),
        days={**colloquial, **days},
        month_numbers={word: number for word, number in nominative.items() if number <= 12},
        relative={"dnes": 0, "dneska": 0, "zítra": 1, "pozítří": 2, "včera": -1, "předevčírem": -2},
        next=frozenset({"příští"}),
        this=frozenset({"tento", "tuto", "toto", "tenhle", "tuhle", "tohle"}),
        last=frozenset({"minulý", "minulou", "minulé"}),
        joints=frozenset({"dne", "v", "ve"}),
    )


def _genitive(ordinal: str) -> str:
    return ordinal.removesuffix("ý") + "ého" if ordinal.endswith("ý") else ordinal + "ho"


def _inverted(word: str) -> str:
    ten, _, unit = word.partition("hoa")
    return f"{unit}a{ten}ho"


CALENDARS: Mapping[str, Calendar] = {"en": _english(), "fr": _french(), "cs": _czech()}
