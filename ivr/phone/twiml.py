"""A TwiML document as verbs.  Attributes are read when a verb is carried out; nothing here asks the network."""

from dataclasses import dataclass
from urllib.parse import urljoin
from xml.etree import ElementTree

MAX_CHARACTERS = 64 * 1024  # Twilio's limit for a TwiML document is 64 kB


class BadTwiml(Exception):
    """The document cannot be carried out: Twilio would end the call with an application error (12100)."""


@dataclass(frozen=True, slots=True)
class Verb:
    """An element of TwiML: a verb, or a noun within one."""

    name: str
    attributes: dict[str, str]
    text: str
    nouns: tuple["Verb", ...]

    def seconds(self, name: str, default: float) -> float:
        """A length of time in seconds.  Raises BadTwiml when it is not a number."""
        value = self.attributes.get(name)
        if value is None:
            return default
        try:
            seconds = float(value)
        except ValueError:
            raise BadTwiml(f'<{self.name} {name}="{value}">: not a number of seconds') from None
        if not 0 <= seconds < 100_000:
            raise BadTwiml(f'<{self.name} {name}="{value}">: out of range')
        return seconds

    def flag(self, name: str, default: bool = False) -> bool:
        """A true/false attribute."""
        return self.attributes.get(name, "true" if default else "false") == "true"

    def method(self, name: str = "method") -> str:
        """The HTTP method of an URL attribute; POST unless it says otherwise."""
        return self.attributes.get(name, "POST").upper()

    def named(self, name: str) -> list["Verb"]:
        """The nouns of this name."""
        return [noun for noun in self.nouns if noun.name == name]


@dataclass(frozen=True, slots=True)
class Document:
    """Verbs to be carried out one after the other.  Relative URLs in them start from ``url``."""

    url: str
    verbs: tuple[Verb, ...]
    text: str = ""

    def absolute(self, url: str) -> str:
        """An URL of this document, made absolute."""
        return urljoin(self.url, url.strip())


def parse(text: str, url: str, content_type: str = "text/xml") -> Document:
    """The document an URL answered with.

    ``text/plain`` that is no TwiML is read aloud and audio is played, as Twilio does.  Raises BadTwiml for everything
    that is not a ``<Response>``.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind.startswith("audio/"):
        return Document(url, (Verb("Play", {}, url, ()),), text="")
    if kind == "text/plain" and "<Response" not in text:
        return Document(url, (Verb("Say", {}, text.strip(), ()),), text)
    if len(text) > MAX_CHARACTERS:
        raise BadTwiml(f"{url} answered {len(text)} characters; Twilio takes {MAX_CHARACTERS}")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise BadTwiml(f"{url} answered TwiML with a document type, which Twilio does not take")
    try:
        root = ElementTree.fromstring(text.strip())  # noqa: S314  entities are refused above
    except ElementTree.ParseError as error:
        raise BadTwiml(f"{url} did not answer TwiML ({error}): {text.strip()[:80]!r}") from None
    if root.tag != "Response":
        raise BadTwiml(f"{url} answered <{root.tag}>, not <Response>")
    return Document(url, tuple(_verb(element) for element in root), text)


def _verb(element: ElementTree.Element) -> Verb:
    text = " ".join((element.text or "").split())
    return Verb(str(element.tag), dict(element.attrib), text, tuple(_verb(child) for child in element))
