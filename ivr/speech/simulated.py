"""Speech that carries its own text: for trying calls in a language whose recognition model cannot be had.

The simulator's caller writes the text into the lowest bits of the μ-law samples, where nobody hears it.  It reaches the
other end as any sound does, through the stream, the level detector and the turns, and is read there instead of being
recognised.  It says nothing about recognition: only a server that the simulator starts for itself listens so.
"""

import re
import struct
import zlib
from collections.abc import Iterator

import numpy as np

from ivr.call.events import Heard
from ivr.grammar import Vocabulary, normalise
from ivr.speech.codec import FRAME_BYTES, duration_ms, encode_mulaw
from ivr.speech.recogniser import Samples

NAME = "simulated"
CONFIDENCE = 0.95  # of a recogniser that is nearly sure
_MAGIC = b"\xa5\x3c"
_PACKET = struct.Struct(">HHHB9s")  # check of the whole text, its bytes, where this piece begins, its length, it
_PIECE = re.compile(rb"[^ ]{1,8} ?| ")  # a word, or a part of a long one
_BITS = FRAME_BYTES  # of a packet with its magic and its check: one in each sample of 20 ms
_MAGIC_BITS = np.unpackbits(np.frombuffer(_MAGIC, np.uint8)).tobytes()
_SAID_BY = 0.9  # of the speech: so the last word comes more than once


def write(text: str, mulaw: bytes, ends_ms: int) -> bytes:
    """The same sound with its text in it: each word once it has been said, and again while the sound lasts.

    ``ends_ms``: where the speech ends.
    """
    data = text.encode()
    waiting = [(match.start(), match[0]) for match in _PIECE.finditer(data)]
    spoken_frames = max(1.0, _SAID_BY * ends_ms / duration_ms(bytes(FRAME_BYTES)))
    said: list[bytes] = []
    carrying = bytearray(mulaw)
    for at in range(len(mulaw) // FRAME_BYTES):
        if waiting and waiting[0][0] + len(waiting[0][1]) <= len(data) * (at + 1) / spoken_frames:
            said.append(_packet(data, *waiting.pop(0)))
            bits = said[-1]
        elif said:
            bits = said[at % len(said)]
        else:
            continue
        frame = np.frombuffer(mulaw, np.uint8, FRAME_BYTES, at * FRAME_BYTES)
        marked = (frame & 0xFE) | np.unpackbits(np.frombuffer(bits, np.uint8))
        carrying[at * FRAME_BYTES : (at + 1) * FRAME_BYTES] = marked.tobytes()
    return bytes(carrying)


def _packet(data: bytes, start: int, piece: bytes) -> bytes:
    body = _PACKET.pack(_check(data), len(data), start, len(piece), piece)
    return _MAGIC + body + _check(body).to_bytes(2, "big")


def _check(data: bytes) -> int:
    return zlib.crc32(data) & 0xFFFF


class SimulatedModel:
    """Stands for the recognition model of a language that has none."""

    name = NAME

    def listen(self, vocabulary: Vocabulary) -> "SimulatedRecogniser":
        """A recogniser for one utterance; it reads whatever text there is, in the vocabulary or not."""
        return SimulatedRecogniser()


class SimulatedRecogniser:
    """Hears one utterance.  See ``ivr.speech.recogniser.Recogniser``.  Sound without text is not understood."""

    def __init__(self) -> None:
        self._bits = b""
        self._utterances: dict[tuple[int, int], dict[int, bytes]] = {}  # (check, bytes) -> pieces by their beginnings

    def accept(self, samples: Samples, quiet_ms: int) -> str:
        """The whole words that have come so far."""
        self._bits += (np.frombuffer(encode_mulaw(samples), np.uint8) & 1).tobytes()
        for body in self._packets():
            check, length, start, size, piece = _PACKET.unpack(body)
            self._utterances.setdefault((check, length), {})[start] = piece[:size]
        return self._text()

    def finish(self) -> Heard:
        """The same words, with a confidence that does not depend on the sound."""
        text = self._text()
        return Heard(text, CONFIDENCE if text else 0.0)

    def drop(self) -> None:
        """There is nothing to give back."""

    def _packets(self) -> Iterator[bytes]:
        while (at := self._bits.find(_MAGIC_BITS)) >= 0 and len(self._bits) >= at + _BITS:
            packet = np.packbits(np.frombuffer(self._bits, np.uint8, _BITS, at)).tobytes()
            body, check = packet[len(_MAGIC) : -2], packet[-2:]
            whole = _check(body).to_bytes(2, "big") == check
            self._bits = self._bits[at + (_BITS if whole else 1) :]
            if whole:
                yield body
        self._bits = self._bits[at if at >= 0 else 1 - len(_MAGIC_BITS) :]

    def _text(self) -> str:
        return normalise(" ".join(_joined(pieces, length) for (_, length), pieces in self._utterances.items()))


def _joined(pieces: dict[int, bytes], length: int) -> str:
    """The words from the beginning to the first gap."""
    data = b""
    while piece := pieces.get(len(data)):
        data += piece
    whole = data if len(data) == length else data[: data.rfind(b" ") + 1]
    return whole.decode(errors="ignore")
