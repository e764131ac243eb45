"""French days."""

from datetime import date

from ivr.grammar.days.calendar import Calendar, numbered, phrases, rule, tens, words
from ivr.grammar.days.rules import COMMON, Span, agreed, later, of_week, plus_days, swapped_week

_UNITS = numbered("un deux trois quatre cinq six sept huit neuf", 1)
_TENS = {"vingt": 20, "trente": 30}
_NUMBERS = {
    **_UNITS,
    **numbered("dix onze douze treize quatorze quinze seize dix_sept dix_huit dix_neuf vingt", 10),
    "trente": 30,
    "vingt et un": 21,
    "trente et un": 31,
    **tens(_TENS, _UNITS, highest=39),
}
_DAYS = {"premier": 1, **{word: value for word, value in _NUMBERS.items() if value <= 31}}
_IDIOMS = (8, 15)  # "huit jours" are a week for most and eight days for some, "quinze jours" are two weeks

_FILLER = """euh | heu | hum | ben | bah | bon | alors | donc | voilà | oui | ouais | ok | d'accord | bonjour
| allô | merci | s'il vous plaît | s'il te plaît | si possible | si c'est possible | si vous pouvez | je pense
| je crois | je dirais | disons | mettons | peut être | probablement | seulement | juste | plutôt"""
_BEFORE = """je suis (libre | disponible | là | chez moi | à la maison) | je serai (libre | disponible | là
| chez moi)
| le | la | pour | pour le | c'est | c'est le | c'était | c'était le
| ce (sera | serait | serait pour | sera pour) | ça serait | ce serait (bien | possible) | dites | va pour
| on (dit | peut dire | va dire | prend)
| je (voudrais | veux | veux bien | préfère | préférerais | prends | prendrais | choisis | peux
| peux faire | souhaite | souhaiterais)
| (j'aimerais | j'aurais voulu | j'aimerais mieux | j'aimerais bien) | je voudrais (bien | que ce soit)
| est ce que | je peux avoir | je pourrais avoir | on pourrait (dire | faire) | pouvez vous
| (livrez | livrez le | livrez moi | apportez | envoyez) | mettez moi | mettez | donnez moi
| le mieux (c'est | serait | ce serait) | l'idéal (c'est | serait | ce serait) | de préférence | il est arrivé"""
_AFTER = """
| (c'est | ce serait | ça serait | est | serait | sera) (bien | bon | possible | parfait
| très bien | mieux | idéal | le mieux | l'idéal)
| c'est (possible | d'accord)
| ça (va | ira | marche | me va | me va bien | me convient | m'arrange | m'irait | m'irait bien)
| me (va | va bien | convient | convient bien | convient très bien | conviendrait) | m'arrange | m'arrangerait
| m'irait | pour moi | serait bien"""
_PARTS = """matin | soir | midi | après midi | le (matin | soir | midi) | l'après midi
| dans (la matinée | l'après midi | la journée | la soirée) | en (matinée | soirée | journée)
| en fin (de journée | de matinée | d'après midi) | à midi | au matin | du (matin | soir) | de l'après midi
| à n'importe quelle heure"""


def _idiom(_: date, count: int, days: int) -> Span | None:
    if count not in _IDIOMS:
        return Span(days=count * days)
    return Span(days=14) if count == max(_IDIOMS) else None


FRENCH = Calendar(
    words={
        "weekday": numbered("lundi mardi mercredi jeudi vendredi samedi dimanche", 0),
        "month": numbered("janvier février mars avril mai juin juillet août septembre octobre novembre décembre", 1),
        "ord": _DAYS,
        "nth": _DAYS,
        "which": {"premier": 1, "deuxième": 2, "second": 2, "troisième": 3, "quatrième": 4, "dernier": -1},
        "year": {f"deux mille {words}": 2000 + value for words, value in _NUMBERS.items() if value >= 20},
        "relative": {
            "aujourd'hui": 0,
            "ce soir": 0,
            "ce matin": 0,
            "ce midi": 0,
            "cet après midi": 0,
            "cette nuit": 0,
            "demain": 1,
            "après demain": 2,
            "hier": -1,
            "avant hier": -2,
        },
        "relative_of": {"d'aujourd'hui": 0, "maintenant": 0, "ce jour": 0},
        "week": {
            "semaine prochaine": 1,
            "la semaine prochaine": 1,
            "cette semaine": 0,
            "semaine dernière": -1,
            "la semaine dernière": -1,
        },
        "month_ahead": {"ce mois": 0, "ce mois ci": 0, "mois prochain": 1},
        "count": {"une": 1, **_NUMBERS},
        "hour": {"une": 1, **{word: value for word, value in _NUMBERS.items() if value <= 23}},
        "unit_days": {"jour": 1, "jours": 1},
        "unit": {"semaine": 7, "semaines": 7},
        "unit_months": {"mois": 1},
        "in_eight": {"en huit": 7, "en quinze": 14},
        "neighbour": {
            "lendemain de": 1,
            "lendemain du": 1,
            "surlendemain de": 2,
            "surlendemain du": 2,
            "veille de": -1,
            "veille du": -1,
            "jour après": 1,
            "jour d'après": 1,
            "jour suivant": 1,
            "jour avant": -1,
        },
    },
    silent={
        "this": ("ce",),
        "next": ("prochain",),
        "last": ("dernier",),
        "coming": ("qui vient", "à venir"),
        "the": ("le", "la"),
        "of": ("de", "du"),
        "in": ("dans",),
        "since": ("il y a",),
        "within": ("de", "d'", "en"),
        "from": ("après", "à partir de", "à partir du", "à compter de", "à compter du"),
        "from_day": ("de", "du", "à partir de", "à compter de"),
        "before_day": ("avant",),
        "after_day": ("après", "suivant", "qui suit"),
        "at": ("à", "vers"),
        "oclock": ("heure", "heures"),
        "filler": phrases(_FILLER),
        "before": phrases(_BEFORE),
        "after": phrases(_AFTER),
        "part": phrases(_PARTS),
        "correction": phrases(
            """non | non non | pardon | non pardon | excusez moi | attendez | non attendez | enfin non
            | ou plutôt | non plutôt | plutôt | je me trompe | je veux dire | je voulais dire | erreur
            | désolé | désolée"""
        ),
    },
    rules=(
        *COMMON,
        rule("span", "count unit_days", _idiom),
        rule("base", "weekday of? week", of_week),
        rule("base", "week the? weekday", swapped_week),
        rule("day", "since span", lambda today, span: later(today, span, -1)),
        rule("day", "from_day? the? anchor in_eight", plus_days),
        rule("day", "in span the? weekday", agreed),
        rule("day", "weekday in span", lambda today, weekday, span: agreed(today, span, weekday)),
        rule("part", "at? hour oclock"),
    ),
    limits=words(
        """ne pas sauf entre avant après dès jusqu'à jusqu'au tous toutes chaque hors excepté partir sans jamais
        depuis d'ici ni mais"""
    ),
    joining=words("et ou du de au à les un vers quel n'importe"),
    prepositions=words("le pour la"),
    clock=(
        r"(?:\b(?:à|vers) )?\b\d{1,2} ?h(?:eures?)?(?: ?\d{2})?(?!\w)"
        r"|\b(?:à )?\d{1,2}:\d{2}(?!\d)"
    ),
)
