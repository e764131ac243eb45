"""``config/questions/<language>.yaml``: frequent questions, each with its sentences and its answer."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from ivr.call import OutcomePlan, RequestPlan
from ivr.config.files import GrammarFile, Name
from ivr.config.source import Mistakes, Source, check, read


class QuestionEntry(GrammarFile.Intent):
    """``about``: what it is called when an unsure caller is asked back.  ``answer``: Jinja2, as in the prompts."""

    about: Annotated[str, Field(min_length=1)]
    answer: Annotated[str, Field(min_length=1)]


class QuestionsFile(GrammarFile):
    """A grammar file whose intents bring their answers along, under ``questions``."""

    place: ClassVar[str] = "questions"
    intents: dict[Name, QuestionEntry] = Field({}, alias="questions")  # type: ignore[assignment]

    def prompts(self) -> dict[str, str]:
        """The sentences that name and answer them."""
        names = {f"request_{name}": entry.about for name, entry in self.intents.items()}
        return {**names, **{_prompt(name): entry.answer for name, entry in self.intents.items()}}

    def plans(self) -> dict[str, RequestPlan]:
        """They are requests whose answer is the same for everybody."""
        return {name: RequestPlan(name, outcomes={"found": OutcomePlan(_prompt(name))}) for name in self.intents}


def _prompt(question: str) -> str:
    return f"answer_{question}"


Questions = tuple[Source, QuestionsFile]


def load_questions(home: Path, language: str, requests: set[str], mistakes: Mistakes) -> Questions:
    """The questions of a language; none without such a file.  ``requests``: names that are taken."""
    name = f"config/questions/{language}.yaml"
    none = Source(name, {}), QuestionsFile.model_validate({"language": language})
    if not (home / name).is_file():
        return none
    source = mistakes.gather(lambda: read(home, name))
    file = mistakes.gather(lambda: check(source, QuestionsFile)) if source else None
    if source is None or file is None:
        return none
    for each in sorted(set(file.intents) & requests):
        what = f"{each!r} is a request in config/requests.yaml already"
        mistakes.found.append(source.mistake(("questions", each), what, "choose another name, or remove the request"))
    return source, file
