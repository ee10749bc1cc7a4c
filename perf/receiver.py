"""A webhook receiver in a process of its own: ``python -m perf.receiver``.

It prints its port, takes every message, and answers ``GET /`` with how many messages and events it has had,
each message counted once.
"""

import asyncio
import re
from typing import Final, cast

import msgspec
import uvloop

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ID: Final = re.compile(rb"\r\nwebhook-id: *(\S+)", re.IGNORECASE)


class _Data(msgspec.Struct):
    events: list[msgspec.Raw] = []


class _Message(msgspec.Struct):
    data: _Data


_read = msgspec.json.Decoder(_Message)


class Receiver(asyncio.Protocol):
    """One connection of a sender."""

    known: Final[set[bytes]] = set()
    events = 0

    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end]
            found = _LENGTH.search(head)
            size = int(found[1]) if found else 0
            if len(self._received) < end + 4 + size:
                return
            body = self._received[end + 4 : end + 4 + size]
            self._received = self._received[end + 4 + size :]
            self._transport.write(self._answer(head, body))

    def _answer(self, head: bytes, body: bytes) -> bytes:
        message = _ID.search(head)
        if message is None:
            text = msgspec.json.encode({"messages": len(Receiver.known), "events": Receiver.events})
            return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(text), text)
        if message[1] not in Receiver.known:
            Receiver.known.add(message[1])
            Receiver.events += len(_read.decode(body).data.events)
        return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


async def receive() -> None:
    """Listen on a free port until killed."""
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(receive())
