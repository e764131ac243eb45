"""French and Czech: what callers say is understood, and a whole call can be had in either."""

import pytest

from ivr.call.actions import Action, Do, Say
from ivr.call.events import Answered, Heard, Played, Pressed, Started
from ivr.config import Config
from ivr.grammar import BUILT_IN, PERSON, Expecting
from tests.calls import after, new_call, reasons, said

REQUEST, NUMBER, YES_NO = Expecting("request"), Expecting("digits", (5,)), Expecting("yes_no")

WANTS_A_PERSON = {
    "fr": [
        "Je voudrais parler à un conseiller, s'il vous plaît.",
        "un conseiller !",
        "Passez-moi quelqu'un.",
        "est-ce que je peux avoir une vraie personne au téléphone",
        "oui bonjour euh écoutez je préférerais avoir affaire à un humain",
        "je ne veux pas parler à une machine",
        "mettez-moi en relation avec le service client",
        "l'opérateur",
        "non mais ma commande... bon, donnez-moi un responsable",
        "agent",
    ],
    "cs": [
        "Chtěla bych mluvit s operátorem, prosím.",
        "operátora!",
        "přepojte mě",
        "můžu mluvit s někým živým",
        "dobrý den no já bych radši mluvila s člověkem",
        "nechci mluvit s automatem",
        "spojte mě prosím se zákaznickou podporou",
        "člověka prosím",
        "ale moje objednávka... hele dejte mi vedoucího",
        "poradce",
    ],
}

MEANINGS = {
    "fr": {
        "où en est ma commande": "order_status",
        "bonjour je vous appelle au sujet de ma commande": "order_status",
        "ma commande est toujours pas arrivée": "order_status",
        "ma commande elle en est où": "order_status",
        "où est mon colis s'il vous plaît": "parcel_tracking",
        "j'attends toujours mon colis": "parcel_tracking",
        "quels sont vos délais de livraison": "delivery_time",
        "vous fermez à quelle heure": "opening_hours",
        "êtes-vous ouverts le samedi": "opening_hours",
        "je veux faire une réclamation": "complaint",
        "mon mari est décédé": "complaint",
        "c'est pour autre chose": "something_else",
        "vous êtes un robot ?": "robot",
        "pardon": "repeat",
        "vous pouvez répéter s'il vous plaît": "repeat",
        "non merci, au revoir": "finished",
        "ce sera tout": "finished",
    },
    "cs": {
        "kde je moje objednávka": "order_status",
        "dobrý den volám kvůli objednávce": "order_status",
        "ještě mi nepřišla objednávka": "order_status",
        "jak to vypadá s mojí objednávkou": "order_status",
        "kde mám tu zásilku": "parcel_tracking",
        "kdy mi přijde balík": "delivery_date",
        "jak dlouho trvá doručení": "delivery_time",
        "do kolika máte dneska otevřeno": "opening_hours",
        "jakou máte otevírací dobu": "opening_hours",
        "chci si stěžovat": "complaint",
        "zemřel mi manžel": "complaint",
        "něco jiného": "something_else",
        "jste robot?": "robot",
        "mluvím s automatem": "robot",
        "cože": "repeat",
        "můžete to zopakovat": "repeat",
        "ne děkuji, to je všechno": "finished",
        "na shledanou": "finished",
    },
}

ANSWERS = {
    "fr": {"oui": "yes", "c'est ça": "yes", "ouais": "yes", "tout à fait": "yes", "non": "no", "pas du tout": "no"},
    "cs": {"ano": "yes", "jo": "yes", "přesně tak": "yes", "ne": "no", "vůbec ne": "no", "to není ono": "no"},
}

NUMBERS = {"fr": "alors c'est le quarante-deux soixante et onze neuf", "cs": "dvaačtyřicet jedenasedmdesát devět"}

MACHINE_AND_WAY_OUT = {"fr": ("automatique", "conseiller", "touche 0"), "cs": ("automatický", "operátor", "nula")}

BOTH = pytest.mark.parametrize("language", ["fr", "cs"])


@BOTH
@pytest.mark.parametrize("expecting", [REQUEST, NUMBER, YES_NO])
def test_whoever_wants_a_person_is_understood(config: Config, language: str, expecting: Expecting) -> None:
    for text in WANTS_A_PERSON[language]:
        assert config.grammars[language].understand(text, expecting).intent == PERSON, text


@BOTH
def test_requests_are_understood_as_callers_say_them(config: Config, language: str) -> None:
    for text, intent in MEANINGS[language].items():
        meaning = config.grammars[language].understand(text, REQUEST)
        assert (meaning.intent, text) == (intent, text)
        assert meaning.margin > 0, text


@BOTH
def test_yes_and_no_are_understood(config: Config, language: str) -> None:
    for text, intent in ANSWERS[language].items():
        assert config.grammars[language].understand(text, YES_NO).intent == intent, text


@BOTH
def test_speech_about_something_else_means_nothing(config: Config, language: str) -> None:
    for text in {
        "fr": ["il fait beau aujourd'hui", "mon chien s'appelle rex", "passe-moi le sel"],
        "cs": ["venku prší", "pes štěká na zahradě", "podej mi sůl"],
    }[language]:
        assert config.grammars[language].understand(text, REQUEST).intent is None, text


@BOTH
def test_the_conversation_itself_and_all_we_serve_have_sentences_in_every_pack(config: Config, language: str) -> None:
    intents = set(config.grammars[language].sentences.values())
    assert set(BUILT_IN) <= intents
    served = {intent for intent, request in config.plans[language].requests.items() if not request.topic}
    assert served <= intents


@BOTH
def test_the_first_words_disclose_the_machine_and_the_way_to_a_person(config: Config, language: str) -> None:
    greeting = config.texts[language].text("greeting", {})
    assert all(word in greeting for word in MACHINE_AND_WAY_OUT[language])
    assert reasons(after(new_call(config, language), [Started(), Pressed("0")])) == ["pressed_zero"]


@BOTH
def test_every_transfer_names_the_team(config: Config, language: str) -> None:
    texts = config.texts[language]
    for name in texts.names:
        if name.startswith("transfer_"):
            assert "Équipe" in texts.text(name, {"team": "Équipe"}), name


@BOTH
def test_an_order_status_call_can_be_had(config: Config, language: str) -> None:
    first, yes = next(iter(MEANINGS[language])), next(iter(ANSWERS[language]))
    call = new_call(config, language)
    after(call, [Started(), Played()])
    assert said(call.handle(Heard(first, 1.0))) == ["ask_order_number"]
    call.handle(Played())
    asked = call.handle(Heard(NUMBERS[language], 1.0))
    if "confirm_order_number" in said(asked):
        call.handle(Played())
        asked = call.handle(Heard(yes, 1.0))
    (lookup,) = [action for action in asked if isinstance(action, Do)]
    assert lookup.values["order_number"] == "42719"
    found = {"order_number": "42719", "due": "2026-11-24"}
    answer = call.handle(Answered(lookup.work, "shipped", found))
    assert said(answer) == ["order_shipped", "anything_else"]
    assert "4, 2, 7, 1, 9" in _spoken(config, language, answer)
    call.handle(Played())
    assert said(call.handle(Heard(list(MEANINGS[language])[-1], 1.0))) == ["farewell"]


def _spoken(config: Config, language: str, actions: list[Action]) -> str:
    says = [action for action in actions if isinstance(action, Say)]
    return " ".join(config.texts[language].text(say.prompt, say.values) for say in says)
