"""HTTP to addresses that customers gave: never into our own network, never longer than agreed.

A name is resolved once per connection, every address that it has is checked, and the connection goes to a
checked address, so a name cannot change its meaning between check and use. The host stays in ``Host`` and in
TLS. Redirects are not followed and proxies of the environment are not used.
"""

import contextlib
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, Self

import httpcore
import httpx

from goldvein.domain.errors import InvalidInput

_READ_AT_MOST: Final = 64 * 1024
"""Bytes of a response's body that are read before the connection is dropped."""
_ADDRESSES_TRIED: Final = 4
_EMBEDDED_IPV4: Final = ipaddress.IPv6Network("64:ff9b::/96")
_REFUSED: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        "168.63.129.16/32",  # public by number, the inside of a cloud by use (Azure)
        "192.0.0.0/24",  # from here on: special, but not yet known as such to every Python we run on
        "192.88.99.0/24",
        "198.18.0.0/15",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "3fff::/20",
        "5f00::/16",
    )
)
_HOST: Final = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")

Resolve = Callable[[str, int], Sequence[str]]


class AddressRefused(Exception):
    """The receiver's address is not on the public internet."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one request; ``status`` is null where no response arrived."""

    status: int | None
    error: str | None
    retry_after: str | None
    duration_ms: int

    @property
    def ok(self) -> bool:
        """Whether the receiver took the message."""
        return self.status is not None and 200 <= self.status < 300


def is_public(text: str) -> bool:
    """Tell whether an address, as the resolver wrote it, belongs to the public internet."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _EMBEDDED_IPV4:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if address.is_site_local:
            return False
    refused = address.is_multicast or address.is_reserved or any(address in network for network in _REFUSED)
    return address.is_global and not refused


def check_url(text: str, *, allow_private: bool) -> str:
    """Normalise a receiver's URL; what its name resolves to is checked again at every connection.

    Raises
    ------
    InvalidInput
        If it is not an absolute https URL without credentials, or names a private address outright.
    """
    try:
        url = httpx.URL(text)
        port = 443 if url.port is None else url.port
    except (httpx.InvalidURL, ValueError) as error:
        raise InvalidInput(f"{text!r} is not a URL: {error}", code="invalid_url") from error
    schemes = ("https", "http") if allow_private else ("https",)
    if url.scheme not in schemes or not _HOST.fullmatch(url.raw_host.decode()) or not 0 < port < 65536:
        raise InvalidInput(f"{text!r} is no absolute URL with {' or '.join(schemes)}", code="invalid_url")
    if url.userinfo:
        raise InvalidInput(
            "a webhook's URL holds no user or password: verify the signature instead", code="invalid_url"
        )
    if not allow_private and _names_private(url.host):
        raise InvalidInput(f"{url.host} is not on the public internet", code="private_address")
    return str(url.copy_with(fragment=None))


def _names_private(host: str) -> bool:
    """Tell whether a host is private by its text alone; 127.1 and 2130706433 are numbers, too."""
    if host.rstrip(".").lower().endswith("localhost"):
        return True
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return False
    return not all(is_public(str(entry[4][0])) for entry in found)


def resolve(host: str, port: int) -> list[str]:
    """Look up all addresses of a host, each once, in the order in which they should be tried."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Read a Retry-After header, which holds seconds or a date; None if it holds neither."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:12]), 10**9))
    with contextlib.suppress(ValueError, OverflowError):
        at = parsedate_to_datetime(text)
        return max((at if at.tzinfo else at.replace(tzinfo=UTC)) - now, timedelta(0))
    return None


class Outbound:
    """A pool of connections to receivers; one for a process, used by many threads.

    Parameters
    ----------
    timeout : float
        Seconds that one request may take altogether, look-up of the name apart.
    allow_private : bool
        Connect to private addresses as well; for tests and closed networks.
    resolve : callable
        Gives the addresses of a host and port.
    """

    def __init__(
        self,
        *,
        timeout: float,
        allow_private: bool = False,
        resolve: Resolve = resolve,
        ssl_context: ssl.SSLContext | None = None,
        connections: int = 64,
    ) -> None:
        self._timeout = timeout
        self._clock = _Clock()
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl_context or httpx.create_ssl_context(trust_env=False),
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=60,
            network_backend=_GuardedBackend(self._clock, allow_private=allow_private, resolve=resolve),
        )

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Send one request; whatever goes wrong comes back as a reply without status."""
        started = time.monotonic()
        self._clock.deadline = started + self._timeout
        status, error, wait = None, None, None
        try:
            status, wait = self._exchange(url, headers, body)
            if 300 <= status < 400:
                error = "redirects are not followed: register the final URL"
            elif not 200 <= status < 300:
                error = f"the receiver answered {status}"
        except (httpcore.TimeoutException, TimeoutError):
            error = f"no answer within {self._timeout:g} s"
        except AddressRefused as refusal:
            error = str(refusal)
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError, ValueError) as failure:
            error = f"{type(failure).__name__}: {failure}"[:500]
        return Reply(status, error, wait, round((time.monotonic() - started) * 1000))

    def _exchange(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str | None]:
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), self._timeout)
        target = httpx.URL(url)
        with self._pool.stream(
            "POST",
            httpcore.URL(
                scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path
            ),
            headers=[(b"Host", target.netloc), *((k.encode(), v.encode()) for k, v in headers.items())],
            content=body,
            extensions={"timeout": timeouts},
        ) as response:
            size = 0
            for chunk in response.iter_stream():
                size += len(chunk)
                if size > _READ_AT_MOST:
                    break
            wait = next((value for name, value in response.headers if name.lower() == b"retry-after"), None)
            return response.status, None if wait is None else wait.decode("latin-1")

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    def __enter__(self) -> Self:
        """Use the pool as a context manager that closes it."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close all connections."""
        self.close()


class _Clock(threading.local):
    """When the request of this thread must be over: a receiver that drips bytes gains no time."""

    deadline = 0.0

    def left(self, timeout: float | None) -> float:
        """Cut a timeout to what is left of the whole request."""
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise httpcore.ReadTimeout
        return remaining if timeout is None else min(timeout, remaining)


class _GuardedBackend(httpcore.NetworkBackend):
    """Connects to addresses that were looked at."""

    def __init__(self, clock: _Clock, *, allow_private: bool, resolve: Resolve) -> None:
        self._clock = clock
        self._allow_private = allow_private
        self._resolve = resolve
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Look the host up, refuse it if an address is private, connect to the first that answers."""
        addresses = self._resolve(host, port)
        refused = [address for address in addresses if not self._allow_private and not is_public(address)]
        if refused or not addresses:
            # Where it is stays unsaid: customers read this, and our resolver may know names of our network.
            raise AddressRefused(f"{host} is not on the public internet")
        failure: Exception | None = None
        for address in addresses[:_ADDRESSES_TRIED]:
            try:
                stream = self._sockets.connect_tcp(
                    address, port, self._clock.left(timeout), local_address, socket_options or ()
                )
                return _TimedStream(stream, self._clock)
            except httpcore.ConnectError as error:
                failure = error
        assert failure is not None
        raise failure


class _TimedStream(httpcore.NetworkStream):
    """A connection whose every read and write ends with the request's deadline."""

    def __init__(self, stream: httpcore.NetworkStream, clock: _Clock) -> None:
        self._stream = stream
        self._clock = clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there."""
        return self._stream.read(max_bytes, self._clock.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of it."""
        self._stream.write(buffer, self._clock.left(timeout))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Go on with TLS, for the name in the URL."""
        stream = self._stream.start_tls(ssl_context, server_hostname, self._clock.left(timeout))
        return _TimedStream(stream, self._clock)

    def get_extra_info(self, info: str) -> Any:
        """Ask the connection below."""
        return self._stream.get_extra_info(info)
