"""One address before several servers: each new connection goes to the next of them, WebSockets included.

A request that a server took and did not begin to answer is given to the next one, as nginx does with
`proxy_next_upstream error timeout non_idempotent`: Twilio's webhooks may be repeated.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

MOST_BYTES = 64 * 1024


class Balancer:
    """``url`` before the servers on ``ports``."""

    def __init__(self) -> None:
        self.url = ""
        self.ports: list[int] = []
        self._turns = {False: 0, True: 0}  # requests and streams each have their own, so that both are spread evenly

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            request = await _request(reader)
            stream = b"upgrade: websocket" in request.lower()
            self._turns[stream] += 1
            first = self._turns[stream] % len(self.ports)
            for port in (*self.ports[first:], *self.ports[:first]):
                with suppress(OSError, asyncio.IncompleteReadError):
                    if await self._through(port, request, reader, writer):
                        return
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def _through(
        self, port: int, request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """True when a server began to answer; what follows is passed on both ways."""
        there, back = await asyncio.open_connection("127.0.0.1", port)
        try:
            back.write(request)
            first = await there.read(MOST_BYTES)
            if not first:
                return False
            writer.write(first)
            await asyncio.wait(
                [asyncio.create_task(_pass(there, writer)), asyncio.create_task(_pass(reader, back))],
                return_when=asyncio.FIRST_COMPLETED,
            )
            return True
        finally:
            back.close()


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = (line.partition(b":") for line in head.lower().splitlines())
    length = next((int(value) for name, _, value in lines if name == b"content-length"), 0)
    return head + await reader.readexactly(length)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while received := await reader.read(MOST_BYTES):
            writer.write(received)
            await writer.drain()


@contextmanager
def balanced() -> Iterator[Balancer]:
    """Serve a free port until the block ends."""
    balancer, loop = Balancer(), asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(balancer.carry, "127.0.0.1", 0))
    balancer.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield balancer
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
