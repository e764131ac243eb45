"""The request that an utterance makes: by the account of its words, by keywords, or by the nearest sentence.

A change is only read from an utterance in which every word is accounted for.  What leaves a doubt about a change, or
turns a request round, names its subject and no intent.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ivr.grammar.accounting import Account, Accounting
from ivr.grammar.keywords import About, KeywordIndex, is_meant
from ivr.grammar.nearest import Meaning, Sentences
from ivr.grammar.spelling import Spelling

PERSON = "person"
"""The intent of the human phrases.  Every language must have it."""

YES, NO = "yes", "no"
CONVERSATION = ("robot", "repeat", "other_one", "never_mind", "wait", "finished", "hello")
"""Intents about the conversation itself, the most telling first: "are you a robot", "say that again", "the other one",
"never mind", "one moment" or thinking aloud (``wait``), "that's all", a greeting or "can you hear me" (``hello``)."""

LANGUAGE = "language_"
"""How the intents begin that ask to go on in another language: ``language_fr``."""

LIKE = 0.85  # from here on the nearest sentence is more telling than keywords
NEARLY = 0.8  # likeness of what has all the words of a subject, but in no sentence of ours
ASK_BACK = 0.65  # likeness that asks back: the confidence of a perfect hearing is then 0.62
_MOST_LEFT = 0.6  # of the words around a question; with more left over it is another question
_MOST_UNKNOWN = 0.3  # of the words beside keywords

_TAKEN_BACK = frozenset({NO, "never_mind", "other_one"})
"""Said with a request, these leave open whether it is wanted: "cancel my order, no, leave it"."""


@dataclass(frozen=True, slots=True)
class RequestKinds:
    """``changes``: requests that change something.  ``people_only``: subjects that no request serves."""

    changes: frozenset[str] = frozenset()
    people_only: frozenset[str] = frozenset()


QUESTIONS = RequestKinds()
"""Every request only reads."""


def is_conversation(intent: str) -> bool:
    """True for what is about the conversation, and not a request."""
    return intent in (YES, NO, *CONVERSATION) or intent.startswith(LANGUAGE)


class RequestReader:
    """Reads the utterances of one language."""

    def __init__(
        self,
        accounting: Accounting,
        keywords: KeywordIndex,
        spelling: Spelling,
        fillers: frozenset[str],
        kinds: RequestKinds,
    ) -> None:
        self._accounting = accounting
        self._keywords = keywords
        self._spelling = spelling
        self._fillers = fillers
        self._kinds = kinds

    def reversals_in(self, words: Sequence[str]) -> frozenset[str]:
        """Those of the words that reverse, restrict or attribute what is said."""
        return frozenset(word for word in words if self._accounting.reverses(word))

    def read(self, text: str, answers: Sentences, yes_no: bool) -> Meaning:
        """The meaning of a normalised text.  ``answers``: what may be said now; ``yes_no``: the question was one."""
        if intent := answers.meant_by(text):
            return Meaning(intent, 1.0, 1.0, text)
        spelt = self._spelling.joined([self._spelling.corrected(word) for word in text.split()])
        words = [word for word in spelt if not self._accounting.hesitates(word)]
        account = self._accounting.account(words)
        keywords = self._keywords.about(words)
        requests = [each for each in account.meanings if not is_conversation(each)]
        if account.whole and (requests or account.near):
            return self._whole(account, requests)
        if account.whole and account.meanings:
            return _conversation(account, yes_no)
        if PERSON in keywords.met:
            return Meaning(PERSON, 1.0, 1.0, " ".join(words[at] for at in sorted(keywords.met[PERSON])))
        if account.whole or (yes_no and not requests):
            return _conversation(account, yes_no)
        if (first := keywords.first & keywords.met.keys()) and not account.near:
            return self._about(min(first), words, keywords, account)
        if account.near:
            return _near_miss(account, account.near[0])
        if requests and (len(requests) > 1 or self._takes_back(account, requests)):
            return Meaning(None, sentence=account.core, subject=requests[0])
        if requests and requests[0] not in keywords.barred:
            return self._partly(requests[0], account, len(words))
        return self._by_keywords(words, keywords, account, answers)

    def _whole(self, account: Account, requests: Sequence[str]) -> Meaning:
        """Every word is accounted for."""
        if account.near:
            return _near_miss(account, account.near[0])
        if PERSON in requests:
            return Meaning(PERSON, 1.0, 1.0, account.core)
        if self._takes_back(account, requests):
            return _near_miss(account, requests[0])
        also, agrees = tuple(requests[1:]), YES in account.meanings
        return Meaning(requests[0], 1.0, 1.0, account.core, also=also, agrees=agrees)

    def _takes_back(self, account: Account, requests: Sequence[str]) -> bool:
        """True where one sentence of an utterance leaves another in doubt."""
        said = account.meanings
        if self._kinds.changes.intersection(requests):
            return len(requests) > 1 or account.asked or not _TAKEN_BACK.isdisjoint(said)
        taken_back = not _TAKEN_BACK.isdisjoint(said[said.index(requests[0]) :])
        return taken_back or (len(requests) > 1 and bool(self._kinds.people_only.intersection(requests)))

    def _partly(self, request: str, account: Account, words: int) -> Meaning:
        """A sentence among words that nothing accounts for."""
        if request in self._kinds.people_only:
            return Meaning(request, NEARLY, 1.0, account.core)
        left = len(account.left) / words
        if request in self._kinds.changes or account.reversed_by or left > _MOST_LEFT:
            return _near_miss(account, request, bool(account.reversed_by))
        return Meaning(request, NEARLY if account.ends_with(request) else ASK_BACK, 1.0, account.core)

    def _by_keywords(self, words: Sequence[str], keywords: About, account: Account, answers: Sentences) -> Meaning:
        """No whole sentence stands in it."""
        nearest = answers.nearest(" ".join(words))
        ranked = self._ranked(keywords)
        sure = len(ranked) < 2 or ranked[1] == ""
        about = self._about(ranked[0], words, keywords, account, sure) if ranked else None
        if nearest.intent is None or nearest.intent in keywords.barred or is_conversation(nearest.intent):
            return about or Meaning(None, sentence=nearest.sentence, subject=_request_or_none(account.meanings))
        alike = self._nearly(nearest, words)
        if about and about.intent == alike.intent:
            return max(about, alike, key=lambda each: each.likeness)
        return about if about and (nearest.likeness < LIKE or nearest.margin < about.margin) else alike

    def _ranked(self, keywords: About) -> list[str]:
        """The subjects of the words, the one with the most words first; "" for the second where it has as many."""
        rank = {intent: len(at) for intent, at in keywords.met.items()}
        ranked = sorted(rank, key=lambda intent: -rank[intent])
        tied = len(ranked) > 1 and rank[ranked[0]] == rank[ranked[1]]
        return [ranked[0], ranked[1] if tied else ""] if ranked else []

    def _about(
        self, intent: str, words: Sequence[str], keywords: About, account: Account, sure: bool = True
    ) -> Meaning:
        """What keywords say.  They begin no change, and answer a question only where no word is left."""
        places = keywords.met[intent]
        sentence = " ".join(words[at] for at in sorted(places))
        margin = 1.0 if sure else 0.0
        if intent in self._kinds.people_only:
            return Meaning(intent, NEARLY, 1.0, sentence)
        if intent in self._kinds.changes:
            return Meaning(None, sentence=sentence, subject=intent)
        left = [words[at] for at in sorted(account.places - places) if not self._tells_nothing(words[at])]
        if any(map(self._accounting.reverses, left)) or len(left) > _MOST_UNKNOWN * len(words):
            return Meaning(None, sentence=sentence, subject=intent)
        return Meaning(intent, ASK_BACK if left else NEARLY, margin, sentence)

    def _nearly(self, nearest: Meaning, words: Sequence[str]) -> Meaning:
        """The nearest sentence, and what a change of words may have changed."""
        intent, theirs = nearest.intent or "", nearest.sentence.split()
        if intent in self._kinds.people_only:
            return nearest
        left = [word for word in words if not any(is_meant(word, other) for other in theirs)]
        left += [other for other in theirs if not any(is_meant(other, word) for word in words)]
        if intent in self._kinds.changes or any(map(self._accounting.reverses, left)):
            return Meaning(None, sentence=nearest.sentence, subject=intent)
        return nearest

    def _tells_nothing(self, word: str) -> bool:
        return word in self._fillers and not self._accounting.reverses(word)


def _near_miss(account: Account, request: str, near_miss: bool = True) -> Meaning:
    """Nothing begins, and the subject is known."""
    return Meaning(None, sentence=account.core, subject=request, near_miss=near_miss)


def _conversation(account: Account, yes_no: bool) -> Meaning:
    """What is no request: an answer, a remark, or only carrier speech ("hello, I was wondering")."""
    said = account.meanings
    if not account.whole or {YES, NO} <= set(said):
        return Meaning(None, sentence=account.core)
    ranked = [*(each for each in said if each.startswith(LANGUAGE)), *CONVERSATION[:-2], NO, YES, *CONVERSATION[-2:]]
    intent = next((each for each in ranked if each in said), "hello" if not yes_no else "wait")
    return Meaning(intent, 1.0, 1.0, account.core)


def _request_or_none(meanings: Sequence[str]) -> str | None:
    return next((each for each in meanings if not is_conversation(each)), None)
