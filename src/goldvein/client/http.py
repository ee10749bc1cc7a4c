"""Requests and answers without their transport, and two transports: one that blocks and one for asyncio.

Nearly every request of this client may be sent again: reads by nature, answers by their lease, other POSTs
because they carry an ``Idempotency-Key``. So a connection that breaks and a server that is busy are met with
patience, up to ``patience`` seconds. Only what makes customers, labelers and keys is sent once.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec

from goldvein.client.errors import Unreachable, error_of

_encoder = msgspec.json.Encoder()
_PAUSES = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
TIMEOUT = httpx.Timeout(30.0, read=90.0)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: ``body`` is any wire shape or dict, or ``msgspec.Raw`` with a content type of its own."""

    method: str
    path: str
    body: Any = None
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True

    def arguments(self) -> dict[str, Any]:
        """Arguments of httpx's ``request``."""
        arguments: dict[str, Any] = {"params": self.params, "headers": dict(self.headers)}
        if self.body is not None:
            arguments["content"] = _encoder.encode(self.body)
            arguments["headers"].setdefault("Content-Type", "application/json")
        return arguments


def pauses(patience: float) -> Iterator[float]:
    """Seconds to wait before each new try, until patience is at an end."""
    deadline = time.monotonic() + patience
    number = 0
    while time.monotonic() < deadline:
        yield min(_PAUSES[min(number, len(_PAUSES) - 1)], max(0.0, deadline - time.monotonic()))
        number += 1


def _busy(response: httpx.Response) -> bool:
    """Whether the server asks to come again, because of load or because the first try is under way."""
    return response.status_code in {502, 503, 504} or (
        response.status_code == 409 and b'"idempotency_key_in_use"' in response.content
    )


def _address(base_url: str) -> str:
    if not base_url.startswith(("http://", "https://")):
        raise ValueError(f"{base_url!r} is no address of a server: write it as http://127.0.0.1:8000")
    return base_url.rstrip("/")


def _authorization(api_key: str) -> dict[str, str]:
    key = api_key.strip()
    if not (key.isascii() and key.isprintable()) or not key:
        raise ValueError("the API key is empty, or holds what no key does: pass it as it was shown, gv_...")
    return {"Authorization": f"Bearer {key}"}


def _checked(response: httpx.Response) -> httpx.Response:
    if response.status_code >= 400:
        raise error_of(response.status_code, response.content)
    return response


class Transport:
    """Blocks until the answer is there."""

    def __init__(
        self, base_url: str, api_key: str, *, patience: float = 30.0, http: httpx.Client | None = None
    ) -> None:
        self._base_url = _address(base_url)
        self._headers = _authorization(api_key)
        self._patience = patience
        self._owns = http is None
        self.http = http or httpx.Client(timeout=TIMEOUT)

    def send(self, ask: Ask, *, stream: bool = False) -> httpx.Response:
        """Send a request and return the answer, or raise what went wrong; of a stream, once it begins."""
        left = pauses(self._patience if ask.repeatable else 0)
        request = self.http.build_request(ask.method, self._base_url + ask.path, **self._arguments(ask))
        while True:
            pause = next(left, None)
            try:
                response = self.http.send(request, stream=stream)
                if response.status_code >= 400:
                    response.read()
            except httpx.TransportError as error:
                if pause is None:
                    raise Unreachable(f"{self._base_url} does not answer: {error}") from error
            else:
                if pause is None or not _busy(response):
                    return _checked(response)
            time.sleep(pause)

    def lines(self, ask: Ask) -> Iterator[str]:
        """Read a streamed answer line by line."""
        with self._streamed(ask) as response:
            yield from response.iter_lines()

    def chunks(self, ask: Ask) -> Iterator[bytes]:
        """Read a streamed answer as it comes."""
        with self._streamed(ask) as response:
            yield from response.iter_bytes()

    @contextmanager
    def _streamed(self, ask: Ask) -> Iterator[httpx.Response]:
        with closing(self.send(ask, stream=True)) as response:
            try:
                yield response
            except httpx.TransportError as error:
                raise Unreachable(f"{self._base_url} broke off: {error}") from error

    def close(self) -> None:
        """Close the connections, unless somebody else lent them."""
        if self._owns:
            self.http.close()

    def _arguments(self, ask: Ask) -> dict[str, Any]:
        arguments = ask.arguments()
        arguments["headers"] |= self._headers
        return arguments


class AsyncTransport:
    """The same for asyncio."""

    def __init__(
        self, base_url: str, api_key: str, *, patience: float = 30.0, http: httpx.AsyncClient | None = None
    ) -> None:
        self._base_url = _address(base_url)
        self._headers = _authorization(api_key)
        self._patience = patience
        self._owns = http is None
        self.http = http or httpx.AsyncClient(timeout=TIMEOUT)

    async def send(self, ask: Ask) -> httpx.Response:
        """Send a request and return the answer, or raise what went wrong."""
        left = pauses(self._patience if ask.repeatable else 0)
        arguments = ask.arguments()
        arguments["headers"] |= self._headers
        while True:
            pause = next(left, None)
            try:
                response = await self.http.request(ask.method, self._base_url + ask.path, **arguments)
            except httpx.TransportError as error:
                if pause is None:
                    raise Unreachable(f"{self._base_url} does not answer: {error}") from error
            else:
                if pause is None or not _busy(response):
                    return _checked(response)
            await asyncio.sleep(pause)

    async def close(self) -> None:
        """Close the connections, unless somebody else lent them."""
        if self._owns:
            await self.http.aclose()
