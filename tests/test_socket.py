"""The WebSocket under a call: real connections, and another side that keeps to the protocol or does not."""

import json
import select
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.frames import Opcode
from websockets.protocol import CLIENT, OPEN, Protocol

from ivr.telephony.socket import LineLost, NoHandshake, ServerSocket, accept

MOST_BYTES = 1024
FRAME = json.dumps({"event": "media", "media": {"payload": "A" * 216}})


class OtherSide:
    """A client's end of a TCP connection, with the framing of a WebSocket."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.framing = Protocol(CLIENT, state=OPEN)
        connection.settimeout(10)

    def send(self, *texts: str) -> None:
        for text in texts:
            self.framing.send_text(text.encode())
        self.flush()

    def flush(self) -> None:
        self.connection.sendall(b"".join(self.framing.data_to_send()))

    def frames(self) -> list[tuple[Opcode, bytes]]:
        """Wait for something, and give all frames that came."""
        self.framing.receive_data(self.connection.recv(65536))
        return [(frame.opcode, bytes(frame.data)) for frame in self.framing.events_received()]  # type: ignore[union-attr]


@pytest.fixture
def connections() -> Iterator[tuple[socket.socket, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as client:
        server, _ = listener.accept()
        with server:
            yield server, client


@pytest.fixture
def line(connections: tuple[socket.socket, socket.socket]) -> tuple[ServerSocket, OtherSide]:
    return ServerSocket(connections[0], MOST_BYTES), OtherSide(connections[1])


Line = tuple[ServerSocket, OtherSide]


def received(ours: ServerSocket, count: int) -> list[bytes]:
    """So many messages, however they were cut on their way."""
    messages: list[bytes] = []
    while len(messages) < count:
        some = ours.receive(10)
        assert some, "nothing came"
        messages += some
    return messages


def is_readable(connection: Any) -> bool:
    return bool(select.select([connection], [], [], 0)[0])


def test_messages_come_in_order_and_go_out_as_text(line: Line) -> None:
    ours, theirs = line
    theirs.send("one", "two")
    assert received(ours, 2) == [b"one", b"two"]
    ours.send("three")
    assert theirs.frames() == [(Opcode.TEXT, b"three")]
    assert ours.receive(0.01) == []


def test_a_message_in_pieces_is_put_together_and_a_ping_between_them_is_answered(line: Line) -> None:
    ours, theirs = line
    theirs.framing.send_text(b"in ", fin=False)
    theirs.framing.send_ping(b"there?")
    theirs.framing.send_continuation(b"pieces", fin=True)
    theirs.flush()
    assert received(ours, 1) == [b"in pieces"]
    assert theirs.frames() == [(Opcode.PONG, b"there?")]


def test_a_call_is_woken_for_as_many_messages_as_it_gathers(
    line: Line, connections: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = line
    theirs.send(FRAME)
    assert ours.receive(10)
    ours.gather(3)
    theirs.send(FRAME, FRAME)
    assert not is_readable(connections[0])
    theirs.send(FRAME)
    assert select.select([connections[0]], [], [], 10)[0]
    assert ours.receive(10) == [FRAME.encode()] * 3


def test_what_is_there_when_the_time_is_over_is_given_out(line: Line) -> None:
    ours, theirs = line
    theirs.send(FRAME)
    ours.receive(10)
    ours.gather(5)
    theirs.send("a key")
    assert ours.receive(0.01) == [b"a key"]


def test_closing_waits_for_the_answer_but_not_for_ever(line: Line) -> None:
    ours, theirs = line
    ours.close(patience_s=0.01)
    opcode, code = theirs.frames()[0]
    assert (opcode, int.from_bytes(code[:2], "big")) == (Opcode.CLOSE, 1000)
    assert theirs.connection.recv(1) == b""
    ours.close()  # once more, of a line that is closed


def test_a_line_that_is_closed_is_lost_after_its_last_message(line: Line) -> None:
    ours, theirs = line
    theirs.framing.send_text(b"goodbye")
    theirs.framing.send_close(1000)
    theirs.flush()
    assert ours.receive(10) == [b"goodbye"]
    with pytest.raises(LineLost):
        ours.receive(10)
    with pytest.raises(LineLost):
        ours.send("still there?")


@pytest.mark.parametrize("broken", [b"", b"\x81\x05plain", b"\xf1\x80", b"\x80\x80\x00\x00\x00\x00"])
def test_a_side_that_goes_or_breaks_the_protocol_is_a_lost_line(line: Line, broken: bytes) -> None:
    ours, theirs = line
    theirs.connection.sendall(broken)
    theirs.connection.shutdown(socket.SHUT_WR)
    with pytest.raises(LineLost):
        ours.receive(10)
    ours.close()


def test_a_message_longer_than_agreed_ends_the_line(line: Line) -> None:
    ours, theirs = line
    theirs.send("x" * (MOST_BYTES + 1))
    with pytest.raises(LineLost):
        ours.receive(10)


def test_the_handshake_is_answered_as_the_standard_has_it(connections: tuple[socket.socket, socket.socket]) -> None:
    asked = {
        "gunicorn.socket": connections[0],
        "HTTP_UPGRADE": "WebSocket",
        "HTTP_SEC_WEBSOCKET_VERSION": "13",
        "HTTP_SEC_WEBSOCKET_KEY": "dGhlIHNhbXBsZSBub25jZQ==",
        "HTTP_SEC_WEBSOCKET_EXTENSIONS": "permessage-deflate",
    }
    accept(asked, MOST_BYTES)
    answer = connections[1].recv(4096).decode()
    assert answer.startswith("HTTP/1.1 101 ") and answer.endswith("\r\n\r\n")
    assert "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in answer  # the example of RFC 6455, section 1.3
    assert "Extensions" not in answer
    for missing in asked.keys() - {"HTTP_SEC_WEBSOCKET_EXTENSIONS"}:
        with pytest.raises(NoHandshake):
            accept({name: value for name, value in asked.items() if name != missing}, MOST_BYTES)
