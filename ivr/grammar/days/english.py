"""English days."""

from datetime import timedelta

from ivr.grammar.days.calendar import Calendar, numbered, phrases, rule, tens, words
from ivr.grammar.days.rules import (
    COMMON,
    agreed,
    later,
    month_first,
    of_week_either,
    plus_days,
    plus_whole_weeks,
    swapped_week_either,
)

_CARDINALS = numbered("one two three four five six seven eight nine", 1)
_ORDINALS = numbered("first second third fourth fifth sixth seventh eighth ninth", 1)
_WHOLE = numbered(
    "tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth", 10
)
_TEENS = numbered("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty", 10)
_TENS = {"twenty": 20, "thirty": 30}
_COUNTS = {**_CARDINALS, **_TEENS, "thirty": 30, **tens(_TENS, _CARDINALS)}
_DAYS = {**_ORDINALS, **_WHOLE, "thirtieth": 30, **tens(_TENS, _ORDINALS)}
_YEARS = {
    f"{century} {words}": 2000 + year
    for words, year in tens(_TENS, _CARDINALS, highest=39).items()
    for century in ("twenty", "two thousand", "two thousand and")
}

_FILLER = """um | uh | er | erm | hm | hmm | mm | oh | ah | well | okay | ok | so | then | right | yes | yeah
| yep | sure | please | thanks | thank you | thank you very much | if possible | if you can
| if that's (okay | ok | possible | alright) | hi | hello | good (morning | afternoon | evening) | i think
| i guess | i suppose | let me see | let's see | just | only | maybe | perhaps | probably | definitely"""
_BEFORE = """(can | could | may) i (have | get) it | i (want | need | would like) it delivered
| i'd like it delivered | could it (come | arrive)
| (it needs | it has) to be | i'm (free | available | home | at home) | i am (free | available | home)
| i'd say | put it down (as | for)
| the | on | for | it (is | was | would be | should be | arrived | came) | it's | it'd be | it'll be
| that's | that (is | was | would be) | that'd be | make (it | that)
| let's (say | do | make it | go for | go with | try) | say | (how | what) about
| i'd (like | prefer | rather | love | want) | i'd like (it | that | to have it | to have | to book | to choose)
| i would (like | prefer | rather) | i (prefer | want | need) | i (want | need) it
| i'll (take | have | go for | go with | choose) | i will (take | have | go for)
| (can | could | may) i (have | get | take | do) | (can | could) we (do | say | make it | have | try)
| (can | could | would) you (do | make it | deliver it | bring it | send it) | (can | could | would | will) it be
| would | is | was | does | i can (do | make | only do | only make) | i could do | give me | put me down for
| book | (book | schedule | put | set) (it | me) (for | in for)
| my (choice | preference | answer) (is | would be) | the (best day | day | date) (is | would be | was)
| best would be | preferably | ideally | (deliver | bring | send | change | move | switch) it
| (change | move | switch) it to | we (said | agreed on) | i (ordered | got | received) it"""
_AFTER = """
| (is | would be | will be | should be | be | sounds | looks) (fine | good | great | perfect
| best | okay | ok | alright | possible
| better | lovely | ideal | nice)
| works | works (for me | best | well | better) | would (work | suit me | do) | suits | suits me
| suits me best | will do
| should work | work | suit you | okay | ok | possible | for me | instead | is my (choice | preference) | it is
| if you have it | is"""
_PARTS = """morning | afternoon | evening | night | in the (morning | afternoon | evening)
| at (noon | midday | night | lunchtime | lunch time) | around (noon | midday | lunchtime) | noon | midday
| lunchtime | (any time | anytime) | all day | the (morning | afternoon | evening) of"""

ENGLISH = Calendar(
    words={
        "weekday": numbered("monday tuesday wednesday thursday friday saturday sunday", 0),
        "month": numbered(
            "january/jan february/feb march april may june july august/aug september/sept october/oct november/nov"
            " december/dec",
            1,
        ),
        "ord": _DAYS,
        "nth": _DAYS,
        "ord_after": {**_DAYS, **_COUNTS},
        "which": {**{word: _ORDINALS[word] for word in ("first", "second", "third", "fourth")}, "last": -1},
        "year": _YEARS,
        "relative": {
            "today": 0,
            "tonight": 0,
            "this morning": 0,
            "this afternoon": 0,
            "this evening": 0,
            "tomorrow": 1,
            "day after tomorrow": 2,
            "yesterday": -1,
            "last night": -1,
            "day before yesterday": -2,
        },
        "relative_of": {"now": 0},
        "week": {"next week": 1, "this week": 0, "last week": -1},
        "week_after_next": {"week after next": 2},
        "month_ahead": {"this month": 0, "next month": 1},
        "count": {"a": 1, "an": 1, **_COUNTS},
        "hour": {word: value for word, value in _COUNTS.items() if value <= 12},
        "unit": {"day": 1, "days": 1, "week": 7, "weeks": 7, "week's": 7, "fortnight": 14, "fortnights": 14},
        "unit_months": {"month": 1, "months": 1},
        "week_more": {"week": 7, "fortnight": 14},
        "neighbour": {"day after": 1, "day following": 1, "day before": -1},
    },
    silent={
        "this": ("this",),
        "next": ("next",),
        "last": ("last",),
        "coming": ("coming", "this coming", "the coming"),
        "the": ("the",),
        "of": ("of",),
        "on": ("on",),
        "in": ("in",),
        "ago": ("ago",),
        "within": ("of", "in"),
        "time": ("time",),
        "from": ("from", "after"),
        "before_day": ("before",),
        "after_day": ("after", "following"),
        "at": ("at", "around", "about"),
        "oclock": ("o'clock", "am", "pm", "a m", "p m"),
        "filler": phrases(_FILLER),
        "before": phrases(_BEFORE),
        "after": phrases(_AFTER),
        "part": phrases(_PARTS),
        "correction": phrases(
            """no | nope | sorry | no sorry | wait | no wait | hang on | actually | i mean | i meant | rather
            | or rather | correction | scratch that | my mistake | make that | no make it"""
        ),
    },
    rules=(
        *COMMON,
        rule("dated", "month the? ord_after year?", month_first),
        rule("base", "weekday of? week", of_week_either),
        rule("base", "week on? weekday", swapped_week_either),
        rule("base", "weekday the? week_after_next", of_week_either),
        rule("day", "span ago", lambda today, span: later(today, span, -1)),
        rule("day", "span on? the? anchor", plus_whole_weeks),
        rule("day", "in span time? on? weekday", agreed),
        rule("day", "weekday in span time?", lambda today, weekday, span: agreed(today, span, weekday)),
        rule(
            "spoken",
            "weekday",
            lambda today, weekday: (
                plus_days(today, today, (weekday - today.weekday()) % 7) if weekday != today.weekday() else None
            ),
        ),
        rule("spoken", "relative", lambda today, days: today + timedelta(days) if days >= 0 else None),
        rule("day", "spoken week_more", plus_days),
        rule("part", "at hour oclock?"),
        rule("part", "hour oclock"),
    ),
    limits=words(
        """not except every each any anything but before by until till between never without from after since other
        than can't cannot don't isn't won't doesn't either neither"""
    ),
    joining=words("or and both all"),
    prepositions=words("on for the to of"),
    clock=(
        r"\bat \d{1,2}[.:]\d{2}"
        r"|\b\d{1,2}:\d{2}(?!\d)"
        r"|\b(?:at )?\d{1,2}(?:[.:]\d{2})? ?(?:am|pm|a\.m\.|p\.m\.|o'clock)(?!\w)"
        r"|\bat \d{1,2}(?![\d/.-])"
    ),
    day_first=False,
    plain_nth=False,
    short_is=True,
)
