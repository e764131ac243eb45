"""Synthetic speakers who say digits: English voices, and foreign ones with the digits in their own spelling."""

import io
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from ivr.speech.digit_sounds import WORDS
from ivr.speech.recogniser import RATE_HZ

Sound = NDArray[np.float32]
"""8,000 samples a second, about -1 to 1."""
Labels = list[int]
"""The words of a string, numbered as in ``WORDS``."""

PROGRAMS = ("espeak-ng", "flite", "festival")
ESPEAK_HZ = 22_050
SHORTEST = 400  # samples: what is shorter is a failure of the program
OH, DOUBLE = WORDS.index("oh"), WORDS.index("double")
ENGLISH = (
    *("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029"),
    "en-us",
)
# The digits in the spelling of another language; "|" between ways in which its speakers say them.
RESPELT = {
    "fr": (
        "zéro|zirro,ouane|ouann,tou,sri|tri|fri,for|fore,faïve|faïf,sixe,sèvenne|sévène,eïte|ète,naïne,o,"
        "deubeul,tripeul"
    ),
    "de": (
        "siro|sierou,wann|uann,tuh,sri|thri|fri,vor|foa,feif|faiw,ssix|six,ssewen|seven,eht|äit,nein,oh,dabbel,trippel"
    ),
    "es": "zíro|siro,uan|guan,tu,tri|zri,for,faiv|faib,six|sics,seven|seben,eit,nain,o,dabol,tripol",
    "it": "zero|ziro,uan,tu,tri|sri,for,faiv,sics,seven,eit,nain,o,dabol,tripol",
    "nl": "ziero|zierou,wan,toe,srie|trie,foor,faaif|faiv,siks,seven|sevven,eet|eit,nain,oo,dabbel,trippel",
    "pl": "ziro|zirou,łan,tu,tri|sri|fri,for,fajf|fajw,siks,sewen,ejt,najn,oł,dabl,tripl",
    "cs": "zírou|zíro,uan|van,tů,srí|trí|frí,fór,fajf|fajv,siks,sevn|seven,ejt,najn,ou,dabl,tripl",
    "pt": "zírou,uâne,tu,tri|sri,for,faive,sics,séven,eite,naine,ou,dábol,trípol",
    "el": "ζίρο|ζίροου,ουάν|γουάν,του,θρι|σρι,φορ,φάιβ|φάιφ,σιξ,σέβεν,έιτ,νάιν,ο,νταμπλ,τριπλ",
    "hi": "ज़ीरो,वन,टू,थ्री,फ़ोर,फ़ाइव,सिक्स,सेवन,एट,नाइन,ओ,डबल,ट्रिपल",
    "ru": "зиро,уан|ван,ту,сри|три,фор,файф,сикс,севен,эйт,найн,оу,дабл,трипл",
    "sv": "siro,oann,to,tri|fri,får,fajv,siks,sevven,ejt,najn,å,dabbel,trippel",
    "ko": "지로,원,투,쓰리,포,파이브,식스,세븐,에잇,나인,오,더블,트리플",
    "tr": "ziro,van,tu,tri|sri,for,fayv,siks,sevın,eyt,nayn,o,dabıl,tripıl",
}
_NAMED = (
    "Alex Alicia Andrea Annie Diogo Gene Lee Mario Michael adam belinda benjamin boris caleb david ed edward grandma "
    "grandpa john klatt klatt2 klatt3 klatt4 linda max michel norbert pablo rob robert sandro steph travis victor zac "
    "Denis Hugo Jacky Marco Mike"
)
VARIANTS = (
    *("", "", *(f"+m{number}" for number in range(1, 9)), *(f"+f{number}" for number in range(1, 6))),
    *(f"+{name}" for name in _NAMED.split()),
)
FLITE = ("awb", "rms", "slt", "kal16", "kal")
FESTIVAL = (
    *("pc_diphone", "lp_diphone", "cmu_us_slt_arctic_hts", "ked_diphone", "kal_diphone"),
    *("czech_dita", "czech_machac", "czech_ph"),
)
KINDS = ("espeak", "espeak", "espeak", "accent", "accent", "accent", "accent", "flite", "flite", "festival")
_PLAIN = str.maketrans("íóůá", "ioua")  # for Festival's Czech voices


@dataclass(frozen=True, slots=True, eq=False)
class Speaker:
    """``words``: for each of ``WORDS``, the ways it was said alone.  ``whole``: strings said in one go.

    ``others``: what else it was asked to say.
    """

    words: Sequence[Sequence[Sound]]
    whole: Sequence[tuple[Labels, Sound]]
    others: Sequence[tuple[str, Sound]]


def missing_programs() -> list[str]:
    """Those that are not installed."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


def speaker(chance: np.random.Generator, others: Sequence[str] = ()) -> Speaker:
    """Somebody who says all the words, twice, and ``others``."""
    match KINDS[chance.integers(len(KINDS))]:
        case "festival":
            return _festival_speaker(chance, others)
        case "flite":
            name, slow, hz = FLITE[chance.integers(len(FLITE))], chance.uniform(0.8, 1.3), chance.uniform(85, 200)
            spelt = list(WORDS)

            def say(text: str) -> Sound:
                return _flite(name, text, slow * chance.uniform(0.9, 1.1), hz * chance.uniform(0.9, 1.1))

        case kind:
            accents = list(RESPELT)
            voice = (ENGLISH if kind == "espeak" else accents)[
                chance.integers(len(ENGLISH if kind == "espeak" else accents))
            ]
            spelt = list(WORDS) if kind == "espeak" else RESPELT[voice].split(",")
            voice += VARIANTS[chance.integers(len(VARIANTS))]
            rate, pitch = int(chance.uniform(110, 200)), int(chance.uniform(15, 85))

            def say(text: str) -> Sound:
                speed = int(rate * chance.uniform(0.85, 1.15))
                return _espeak(voice, text, speed, int(np.clip(pitch + chance.normal(0, 8), 0, 99)))

    return _speaker(chance, spelt, others, say)


def _speaker(
    chance: np.random.Generator, spelt: Sequence[str], others: Sequence[str], say: Callable[[str], Sound]
) -> Speaker:
    words: list[list[Sound]] = [[] for _ in WORDS]
    for again in (False, True):
        for at, text in enumerate(_chosen(chance, spelt)):
            if not (again and at >= DOUBLE):
                words[at].append(say(text + ("," if chance.random() < 0.3 else ".")))
    whole = []
    for _ in range(2):
        texts = _chosen(chance, spelt)
        labels = some_words(chance, int(chance.integers(2, 7)), 0.05, 0.07)
        pause = (" ", ", ", ", ")[chance.integers(3)]
        whole.append((labels, say(pause.join(texts[word] for word in labels) + ".")))
    words = [[sound for sound in sounds if len(sound) > SHORTEST] for sounds in words]
    return Speaker(words, whole, _audible([(text, say(f"{text}.")) for text in others]))


def some_words(chance: np.random.Generator, count: int, doubled: float, oh: float) -> Labels:
    """At least so many words: digits, with "double", "triple" and "oh" as often as given."""
    words: Labels = []
    while len(words) < count:
        if chance.random() < doubled:
            words.append(int(chance.integers(DOUBLE, DOUBLE + 2)))
        words.append(OH if chance.random() < oh else int(chance.integers(10)))
    return words


def _chosen(chance: np.random.Generator, spelt: Sequence[str]) -> list[str]:
    ways = [each.split("|") for each in spelt]
    return [each[chance.integers(len(each))] for each in ways]


def _espeak(voice: str, text: str, words_per_minute: int, pitch: int) -> Sound:
    command = [_program("espeak-ng"), "-v", voice, "-s", str(words_per_minute), "-p", str(pitch), "--stdout", text]
    data = subprocess.run(command, capture_output=True, check=False).stdout  # the header does not say how long it is
    samples = np.frombuffer(data[44 : len(data) - len(data) % 2], np.int16).astype(np.float32) / 32768
    return np.asarray(soxr.resample(samples, ESPEAK_HZ, RATE_HZ))


def _flite(voice: str, text: str, slow: float, hz: float) -> Sound:
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        how = ("--setf", f"duration_stretch={slow:.2f}", "--setf", f"int_f0_target_mean={hz:.0f}")
        subprocess.run(
            [_program("flite"), "-voice", voice, *how, "-t", text, "-o", file.name], capture_output=True, check=False
        )
        return _wav(Path(file.name).read_bytes())


def _festival_speaker(chance: np.random.Generator, others: Sequence[str]) -> Speaker:
    """All in one run: it takes a second to start."""
    voice, spelt = FESTIVAL[chance.integers(len(FESTIVAL))], list(WORDS)
    if voice in {"pc_diphone", "lp_diphone"}:
        spelt = RESPELT["it"].split(",")
    if voice.startswith("czech"):
        spelt = [each.translate(_PLAIN) for each in RESPELT["cs"].split(",")]
    texts = _chosen(chance, spelt)
    labels = some_words(chance, 6, 0.05, 0.07)
    said = [*texts, *_chosen(chance, spelt), ", ".join(texts[word] for word in labels), *others]
    sounds = _festival(voice, said, chance.uniform(0.8, 1.3))
    alone, whole, rest = sounds[: 2 * len(WORDS)], sounds[2 * len(WORDS)], sounds[2 * len(WORDS) + 1 :]
    words = [[sound for sound in alone[at :: len(WORDS)] if len(sound) > SHORTEST] for at in range(len(WORDS))]
    return Speaker(words, [(labels, whole)] if len(whole) else [], _audible(list(zip(others, rest, strict=True))))


def _audible(said: Sequence[tuple[str, Sound]]) -> list[tuple[str, Sound]]:
    return [(text, sound) for text, sound in said if len(sound) > SHORTEST]


def _festival(voice: str, texts: Sequence[str], slow: float) -> list[Sound]:
    with tempfile.TemporaryDirectory() as folder:
        script = f"(voice_{voice})\n(Parameter.set 'Duration_Stretch {slow:.2f})\n" + "".join(
            f'(utt.save.wave (utt.synth (Utterance Text "{text}")) "{folder}/{at}.wav")\n'
            for at, text in enumerate(texts)
        )
        subprocess.run(
            [_program("festival"), "--pipe"], input=script.encode("latin-1", "ignore"), capture_output=True, check=False
        )
        files = [Path(folder) / f"{at}.wav" for at in range(len(texts))]
        return [_wav(file.read_bytes()) if file.exists() else np.zeros(0, np.float32) for file in files]


def _program(name: str) -> str:
    return shutil.which(name) or name


def _wav(data: bytes) -> Sound:
    with wave.open(io.BytesIO(data)) as file:
        samples = np.frombuffer(file.readframes(-1), np.int16).astype(np.float32) / 32768
        return np.asarray(soxr.resample(samples, file.getframerate(), RATE_HZ))
