"""Days as people say them: given only when every word of the answer is accounted for."""

import time
from datetime import date, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ivr.grammar.dates import day_within, day_words, read_date
from ivr.grammar.days import CALENDARS

WEDNESDAY = date(2026, 11, 18)


@pytest.mark.parametrize(
    ("language", "text", "day"),
    [
        ("en", "tomorrow", date(2026, 11, 19)),
        ("en", "the day after tomorrow please", date(2026, 11, 20)),
        ("en", "monday", date(2026, 11, 23)),
        ("en", "next Monday", date(2026, 11, 23)),
        ("en", "this friday", date(2026, 11, 20)),
        ("en", "last friday", date(2026, 11, 13)),
        ("en", "the third of March", date(2027, 3, 3)),
        ("en", "march the third", date(2027, 3, 3)),
        ("en", "on November 3rd", date(2026, 11, 3)),
        ("en", "march twenty-first 2028", date(2028, 3, 21)),
        ("en", "friday the 20th of november", date(2026, 11, 20)),
        ("en", "12/03", date(2026, 12, 3)),
        ("en", "25/12", date(2026, 12, 25)),
        ("en", "2026-12-01", date(2026, 12, 1)),
        ("fr", "demain", date(2026, 11, 19)),
        ("fr", "après-demain", date(2026, 11, 20)),
        ("fr", "lundi prochain", date(2026, 11, 23)),
        ("fr", "vendredi dernier", date(2026, 11, 13)),
        ("fr", "le trois mars", date(2027, 3, 3)),
        ("fr", "le premier mai", date(2027, 5, 1)),
        ("fr", "le 1er mai", date(2027, 5, 1)),
        ("fr", "le trente et un décembre", date(2026, 12, 31)),
        ("fr", "12/03/26", date(2026, 3, 12)),
        ("cs", "zítra", date(2026, 11, 19)),
        ("cs", "v sobotu", date(2026, 11, 21)),
        ("cs", "příští pondělí", date(2026, 11, 23)),
        ("cs", "třetího března", date(2027, 3, 3)),
        ("cs", "dvacátýho čtvrtýho prosince", date(2026, 12, 24)),
        ("cs", "jedenatřicátého prosince", date(2026, 12, 31)),
        ("cs", "pátého dvanáctý", date(2026, 12, 5)),
        ("cs", "12. 3.", date(2027, 3, 12)),
        ("cs", "3. března 2026", date(2026, 3, 3)),
    ],
)
def test_a_day_is_read_as_it_is_said(language: str, text: str, day: date) -> None:
    assert read_date(text, language, WEDNESDAY) == day


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", ""),
        ("en", "as soon as possible"),
        ("en", "the third"),
        ("en", "wednesday"),  # today, or in a week?
        ("en", "next friday"),  # in two days, or in nine?
        ("en", "last monday"),  # two days ago, or nine?
        ("en", "monday or tuesday"),
        ("en", "the third or the fourth of march tomorrow"),
        ("en", "thirty-first of june"),
        ("en", "friday the 21st of november"),  # which is a Saturday
        ("en", "one may come"),
        ("en", "13/13"),
        ("fr", "le trois"),
        ("fr", "le trente février"),
        ("cs", "třetího"),
        ("ko", "내일"),
    ],
)
def test_a_day_in_doubt_is_none(language: str, text: str) -> None:
    assert read_date(text, language, WEDNESDAY) is None


def test_a_day_without_a_year_is_the_nearest_one() -> None:
    assert read_date("december thirtieth", "en", date(2027, 1, 3)) == date(2026, 12, 30)
    assert read_date("twenty-ninth of february", "en", date(2027, 11, 1)) == date(2028, 2, 29)


@given(text=st.text(max_size=40), language=st.sampled_from(["en", "fr", "cs", "ko"]))
def test_no_text_breaks_reading_days(text: str, language: str) -> None:
    assert read_date(text, language, WEDNESDAY) is None or isinstance(read_date(text, language, WEDNESDAY), date)


# Every word is accounted for.

DECEMBER_2 = date(2026, 12, 2)  # a Wednesday

GIVEN = {
    "en": {
        "two weeks from friday": "2026-12-18",
        "a week on tuesday": "2026-12-15",
        "friday night": "2026-12-04",
        "a week today": "2026-12-09",
        "a week tomorrow": "2026-12-10",
        "tuesday week": "2026-12-15",
        "may i have the third of may": "2027-05-03",
        "the day after friday": "2026-12-05",
        "a week after december fifth": "2026-12-12",
        "a fortnight tomorrow": "2026-12-17",
        "this coming friday": "2026-12-04",
        "two weeks today": "2026-12-16",
        "in three days": "2026-12-05",
        "in a week": "2026-12-09",
        "in a week's time": "2026-12-09",
        "friday week": "2026-12-11",
        "friday next week": "2026-12-11",
        "next week on friday": "2026-12-11",
        "monday next week": "2026-12-07",
        "friday the fourth": "2026-12-04",
        "the fifth of this month": "2026-12-05",
        "the fifth of next month": "2027-01-05",
        "i can only do friday": "2026-12-04",
        "i'd like friday please": "2026-12-04",
        "could i have it on the ninth of december": "2026-12-09",
        "i'm free on monday": "2026-12-07",
        "friday works for me": "2026-12-04",
        "no friday": "2026-12-04",
        "friday no saturday": "2026-12-05",
        "friday morning": "2026-12-04",
        "tomorrow night": "2026-12-03",
        "tonight": "2026-12-02",
        "friday at ten": "2026-12-04",
        "friday at 10:30": "2026-12-04",
        "friday at 10.30": "2026-12-04",
        "friday 10 am": "2026-12-04",
        "friday's fine": "2026-12-04",
        "the first friday of january": "2027-01-01",
        "the second friday of december": "2026-12-11",
        "december fifth twenty twenty seven": "2027-12-05",
        "a week ago": "2026-11-25",
        "three days ago": "2026-11-29",
        "two days before friday": "2026-12-02",
        "the day before friday": "2026-12-03",
        "the monday after december fifth": "2026-12-07",
        "friday the week after next": "2026-12-18",
        "in a week on friday": "2026-12-11",
        "the day after tomorrow": "2026-12-04",
        "day after tomorrow in the morning": "2026-12-04",
        "a week the day after tomorrow": "2026-12-11",
        "a fortnight on friday": "2026-12-18",
        "a fortnight friday": "2026-12-18",
        "friday fortnight": "2026-12-18",
        "three weeks from tomorrow": "2026-12-24",
        "does friday work": "2026-12-04",
        "is friday possible": "2026-12-04",
        "december the 5th": "2026-12-05",
        "5 december": "2026-12-05",
        "5th of december 2026": "2026-12-05",
        "12/05": "2026-12-05",
        "all day friday": "2026-12-04",
        "friday all day": "2026-12-04",
        "friday if possible": "2026-12-04",
        "thursday tomorrow": "2026-12-03",
        "tomorrow thursday": "2026-12-03",
        "friday friday": "2026-12-04",
        "it was last friday": "2026-11-27",
        "last friday": "2026-11-27",
        "actually make it the twelfth of december": "2026-12-12",
        "friday sorry i mean saturday": "2026-12-05",
        "a month from today": "2027-01-02",
        "in a month": "2027-01-02",
        "december thirty first": "2026-12-31",
        "three days after december fifth": "2026-12-08",
        "fifteen days from now": "2026-12-17",
    },
    "fr": {
        "mardi en quinze": "2026-12-22",
        "vendredi en huit": "2026-12-11",
        "une semaine après le 5 décembre": "2026-12-12",
        "de demain en huit": "2026-12-10",
        "vendredi de la semaine prochaine": "2026-12-11",
        "mardi en huit": "2026-12-15",
        "dans trois jours": "2026-12-05",
        "dans une semaine": "2026-12-09",
        "dans quinze jours": "2026-12-16",
        "lundi prochain": "2026-12-07",
        "ce vendredi": "2026-12-04",
        "vendredi qui vient": "2026-12-04",
        "le lendemain de vendredi": "2026-12-05",
        "la veille du 5 décembre": "2026-12-04",
        "vendredi 4": "2026-12-04",
        "vendredi quatre décembre": "2026-12-04",
        "le vendredi 4": "2026-12-04",
        "vendredi après-midi": "2026-12-04",
        "demain après-midi": "2026-12-03",
        "vendredi à 10 heures": "2026-12-04",
        "vendredi à dix heures": "2026-12-04",
        "vendredi 14h30": "2026-12-04",
        "je voudrais vendredi s'il vous plaît": "2026-12-04",
        "vendredi me va": "2026-12-04",
        "est-ce que vendredi est possible": "2026-12-04",
        "vendredi, non, samedi": "2026-12-05",
        "non le 5 décembre": "2026-12-05",
        "plutôt vendredi": "2026-12-04",
        "vendredi plutôt samedi": "2026-12-05",
        "après demain": "2026-12-04",
        "une semaine après demain": "2026-12-10",
        "deux semaines à partir de vendredi": "2026-12-18",
        "il y a trois jours": "2026-11-29",
        "avant-hier": "2026-11-30",
        "le premier vendredi de janvier": "2027-01-01",
        "le 5 du mois prochain": "2027-01-05",
        "le 5 decembre": "2026-12-05",
        "demain soir": "2026-12-03",
        "ce soir": "2026-12-02",
        "d'aujourd'hui en huit": "2026-12-09",
        "aujourd'hui en huit": "2026-12-09",
        "la semaine prochaine vendredi": "2026-12-11",
        "le lundi après le 5 décembre": "2026-12-07",
        "le cinq décembre deux mille vingt-six": "2026-12-05",
        "après-demain en huit": "2026-12-11",
        "trois jours après vendredi": "2026-12-07",
    },
    "cs": {
        "od zítřka za týden": "2026-12-10",
        "v pátek příští týden": "2026-12-11",
        "od pátku za týden": "2026-12-11",
        "den po pátku": "2026-12-05",
        "předevčírem": "2026-11-30",
        "první pátek v lednu": "2027-01-01",
        "za týden od zítřka": "2026-12-10",
        "za týden v pátek": "2026-12-11",
        "za tři dny": "2026-12-05",
        "za týden": "2026-12-09",
        "za dva týdny": "2026-12-16",
        "za 14 dní": "2026-12-16",
        "v pátek můžu": "2026-12-04",
        "ne, v pátek": "2026-12-04",
        "v pátek, ne, v sobotu": "2026-12-05",
        "v pátek pardon v sobotu": "2026-12-05",
        "příští pondělí": "2026-12-07",
        "tento pátek": "2026-12-04",
        "nejbližší pátek": "2026-12-04",
        "den před pátkem": "2026-12-03",
        "den po pátém prosinci": "2026-12-06",
        "týden po pátém prosinci": "2026-12-12",
        "v pátek ráno": "2026-12-04",
        "v pátek v deset hodin": "2026-12-04",
        "v pátek v 10:30": "2026-12-04",
        "4. prosince": "2026-12-04",
        "čtvrtý prosinec": "2026-12-04",
        "v pátek čtvrtého": "2026-12-04",
        "v pátek čtvrtého prosince": "2026-12-04",
        "pátého příští měsíc": "2027-01-05",
        "chtěl bych v pátek": "2026-12-04",
        "v pátek by se mi hodilo": "2026-12-04",
        "před třemi dny": "2026-11-29",
        "před týdnem": "2026-11-25",
        "v patek": "2026-12-04",
        "zitra": "2026-12-03",
        "zítra večer": "2026-12-03",
        "dnes za týden": "2026-12-09",
        "zítra za čtrnáct dní": "2026-12-17",
        "v pátek za týden": "2026-12-11",
        "příští týden v úterý": "2026-12-08",
        "v úterý přespříští týden": "2026-12-15",
        "v pátek dopoledne prosím": "2026-12-04",
        "pátého dvanáctý": "2026-12-05",
        "ode dneška za týden": "2026-12-09",
        "tři dny po pátku": "2026-12-07",
    },
}

NOT_GIVEN = {
    "en": """
        i can't do friday
        the first or second of december
        march the order on the fifth
        anything but friday
        not on friday
        from december fifth to december eighth
        after friday
        fridays
        two days before christmas
        every friday
        sunday next week
        friday the fifth
        the fifth
        friday doesn't work
        any day but friday
        friday or saturday
        friday and saturday
        friday no
        friday not saturday
        not friday saturday
        by friday
        until friday
        before friday
        from friday
        from friday on
        friday onwards
        friday at the latest
        friday's out
        next week
        the week of the fifth of december
        mid december
        end of december
        christmas
        good friday
        easter monday
        black friday
        a week last friday
        the friday after next
        the week after next friday
        the december fifth week
        a friday
        any friday
        one friday
        in two fridays
        a couple of days
        in a few days
        wednesday
        in a week on tuesday
        two fridays from now
        tomorrow or the day after
        tomorrow or the day after tomorrow
        i won't be in on friday
        i'm away friday
        how about the 5th
        between december fifth and eighth
        december fifth to eighth
        from the fifth to the eighth of december
        every day
        mondays
        sometime friday
        around friday
        friday tomorrow
        monday tuesday
        last monday
        the twenty third
        no not friday
        not the fifth of december
        anything except december fifth
        a week from friday december fourth
    """,
    "fr": """
        tous les vendredis
        la semaine du 14 décembre
        dans deux vendredis
        sauf vendredi
        après vendredi
        avant vendredi
        dans huit jours
        vendredi prochain
        vendredi 5
        après-midi
        pas vendredi
        vendredi pas
        je ne peux pas vendredi
        vendredi je peux pas
        vendredi ou samedi
        entre le 5 et le 8
        entre le 5 et le 8 décembre
        du 5 au 8 décembre
        n'importe quel jour sauf vendredi
        d'ici vendredi
        jusqu'à vendredi
        chaque vendredi
        un vendredi
        vendredi ne me va pas
        à partir de vendredi
        la semaine prochaine
        fin décembre
        vers le 5 décembre
        mercredi
        vendredi saint
        le week-end
    """,
    "cs": """
        jen ne v pátek
        každý pátek
        po pátku
        do pátku
        zítra ne
        v pátek ne
        za týden v úterý
        v týdnu od čtrnáctého prosince
        týden od čtrnáctého prosince
        v pátek nemůžu
        ne v pátek
        v pátek ne v sobotu
        v pátek, ne v sobotu
        příští pátek
        od pátku
        pátku
        kromě pátku
        mezi pátým a osmým prosincem
        od pátého do osmého prosince
        v pátek nebo v sobotu
        pátého
        v pátek se mi nehodí
        ve středu
        pátky
        dvacátého pátého
        jakýkoli den kromě pátku
        nejdříve v pátek
        až v pátek
        do týdne
        příští týden
    """,
}


@pytest.mark.parametrize(
    ("language", "text", "day"), [(each, text, day) for each, texts in GIVEN.items() for text, day in texts.items()]
)
def test_relative_days_are_computed_and_what_surrounds_them_is_known(language: str, text: str, day: str) -> None:
    assert read_date(text, language, DECEMBER_2) == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("language", "text"),
    [(each, text.strip()) for each, texts in NOT_GIVEN.items() for text in texts.strip().splitlines()],
)
def test_days_excluded_several_vague_or_beside_unknown_words_are_none(language: str, text: str) -> None:
    assert read_date(text, language, DECEMBER_2) is None


WEEKDAYS = {
    "en": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
    "fr": ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
    "cs": ["v pondělí", "v úterý", "ve středu", "ve čtvrtek", "v pátek", "v sobotu", "v neděli"],
}
MONTHS = {
    language: {value: word for word, value in reversed(CALENDARS[language].words["month"].items())}
    for language in CALENDARS
}
DAYS_OF_MONTH = {
    language: {value: word for word, value in CALENDARS[language].words["ord"].items()} for language in CALENDARS
}
LANGUAGES = st.sampled_from(["en", "fr", "cs"])
ASKED = {"en": "i'd like {} please", "fr": "je voudrais le {} s'il vous plaît", "cs": "chtěl bych {} prosím"}
WEEK_ON = {"en": "a week on {}", "fr": "{} en huit", "cs": "{} za týden"}


@settings(max_examples=100, deadline=None)
@given(days=st.integers(0, 730), language=LANGUAGES)
def test_every_date_comes_back_in_whatever_way_it_is_said(days: int, language: str) -> None:
    day = DECEMBER_2 + timedelta(days)
    weekday, joint = WEEKDAYS[language][day.weekday()], " of " if language == "en" else " "
    named = f"{DAYS_OF_MONTH[language][day.day]}{joint}{MONTHS[language][day.month]} {day.year}"
    written = day.strftime("%m/%d/%Y" if language == "en" else "%d/%m/%Y")
    for said in (named, f"{weekday} {named}", ASKED[language].format(named), written, day.isoformat()):
        assert read_date(said, language, DECEMBER_2) == day, said
    other = WEEKDAYS[language][(day.weekday() + 1) % 7]
    assert read_date(f"{other} {named}", language, DECEMBER_2) is None


@settings(max_examples=60, deadline=None)
@given(days=st.integers(0, 730), weekday=st.integers(0, 6), language=LANGUAGES)
def test_a_week_on_a_weekday_is_a_week_after_the_coming_one(days: int, weekday: int, language: str) -> None:
    today = DECEMBER_2 + timedelta(days)
    ahead = (weekday - today.weekday()) % 7
    assume(ahead)  # of today's weekday people disagree which one is the coming one
    said = WEEK_ON[language].format(WEEKDAYS[language][weekday])
    assert read_date(said, language, today) == today + timedelta(ahead + 7)


EXCLUDING = {
    "en": "not|except|every|any day but|anything but|never|before|after|by|until|from|between|all but|i can't do",
    "fr": "pas|sauf|tous les|chaque|jamais|avant|après|jusqu'à|dès|d'ici|entre|à partir de|tout sauf|hors",
    "cs": "ne|kromě|každý|jen ne|mimo|nikdy|do|po|od|až|mezi|všechno jen ne|nemůžu|nechci",
}


@settings(max_examples=100, deadline=None)
@given(days=st.integers(0, 730), language=LANGUAGES, data=st.data())
def test_no_word_that_excludes_or_repeats_ever_gives_a_day(days: int, language: str, data: st.DataObject) -> None:
    day = DECEMBER_2 + timedelta(days)
    named, weekday = (
        f"{DAYS_OF_MONTH[language][day.day]} {MONTHS[language][day.month]}",
        WEEKDAYS[language][day.weekday()],
    )
    excluding = data.draw(st.sampled_from(EXCLUDING[language].split("|")))
    for said in (named, weekday, f"{weekday} {named}"):
        assert read_date(f"{excluding} {said}", language, DECEMBER_2) is None, (excluding, said)


@settings(max_examples=100, deadline=None)
@given(data=st.data(), language=LANGUAGES)
def test_any_row_of_day_words_gives_a_day_or_none(data: st.DataObject, language: str) -> None:
    words = data.draw(st.lists(st.sampled_from(day_words(language)), max_size=45))
    day = read_date(" ".join(words), language, DECEMBER_2)
    assert day is None or isinstance(day, date)


@pytest.mark.parametrize(
    "text", ["um " * 200, "friday " * 200, "a week on " * 66 + "friday", "12/12 " * 200, "vendredi pátek 5 " * 60]
)
def test_a_long_ramble_is_no_day_and_takes_no_time(text: str) -> None:
    start = time.thread_time()
    assert all(read_date(text, language, DECEMBER_2) is None for language in CALENDARS)
    assert time.thread_time() - start < 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("can you deliver it on friday please", ("can you deliver it please", date(2026, 12, 4))),
        ("change the delivery date to a week on tuesday", ("change the delivery date", date(2026, 12, 15))),
        ("deliver it 12/05", ("deliver it", date(2026, 12, 5))),
        ("deliver it any day except friday", None),
        ("deliver my order after friday", None),
        ("deliver it friday or saturday", None),
        ("i can't be there friday", None),
        ("where is my order", None),
    ],
)
def test_a_day_is_taken_out_of_a_sentence_that_does_not_limit_it(text: str, found: tuple[str, date] | None) -> None:
    assert day_within(text, "en", DECEMBER_2) == found
