"""Requests to addresses from customers: refused where private, bounded in time and size, never redirected."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from goldvein.domain.errors import InvalidInput
from goldvein.services.outbound import Outbound, check_url, is_public, retry_after

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


INSIDE = """
    127.0.0.1 127.8.8.8 0.0.0.0 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1
    100.100.100.200 192.0.0.192 168.63.129.16 224.0.0.1 240.0.0.1 255.255.255.255 198.18.0.1
    192.0.2.1 :: ::1 fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254 fec0::1 ff02::1 ::ffff:127.0.0.1
    ::ffff:10.0.0.1 ::ffff:7f00:1 64:ff9b::7f00:1 64:ff9b::169.254.169.254 2002:7f00:1::
    2002:a00:1::1 2001:db8::1 2001:0:53aa:64c:0:0:80ff:fffe 64:ff9b:1::1
"""


@pytest.mark.parametrize("address", INSIDE.split())
def test_addresses_inside_are_not_public(address: str) -> None:
    """Loopback, private, link-local, shared, metadata, reserved, multicast, and IPv4 in IPv6 of such."""
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_outside_are_public(address: str) -> None:
    """Ordinary servers can be reached, also in the mapped form."""
    assert is_public(address)


BAD_URLS = """
    http://example.com/ ftp://example.com/ example.com https:// https:///path
    https://user:secret@example.com/ https://user@example.com/ https://localhost/
    https://LOCALHOST./ https://app.localhost/ https://127.0.0.1/ https://127.1/
    https://2130706433/ https://0x7f000001/ https://0x7f.1/ https://0177.0.0.1/ https://0/
    https://[::1]/ https://[::ffff:127.0.0.1]/ https://[fe80::1]/
    https://169.254.169.254/latest/meta-data https://192.168.0.1:8443/ https://example.com:99999/
    file:///etc/passwd https://a%20b/ https://a%00/ https://example.com:0/ gopher://x/ https://[::1
"""


@pytest.mark.parametrize("url", [*BAD_URLS.split(), "", "https://a b/", "https://exa\nmple.com/"])
def test_urls_that_are_refused_when_registered(url: str) -> None:
    """Only https, without credentials, and not at an address that is private by its looks."""
    with pytest.raises(InvalidInput):
        check_url(url, allow_private=False)


def test_urls_that_are_taken() -> None:
    """A public https URL is kept, without its fragment; with the setting, http and private ones, too."""
    assert check_url("https://example.com/a?b=c#d", allow_private=False) == "https://example.com/a?b=c"
    assert check_url("https://bücher.example/x", allow_private=False) == "https://xn--bcher-kva.example/x"
    assert check_url("http://127.0.0.1:9000/hook", allow_private=True) == "http://127.0.0.1:9000/hook"
    with pytest.raises(InvalidInput):
        check_url("http://user:x@127.0.0.1/", allow_private=True)


def whole_request(peer: socket.socket) -> bytes:
    """Read a request with its body: closing before that would reset the connection."""
    data = b""
    while b"\r\n\r\n" not in data or (b"{}" not in data and b"Content-Length: 0" not in data):
        data += (more := peer.recv(65536))
        if not more:
            break
    return data


@contextmanager
def listening(
    reply: bytes = b"", *, drip: float = 0, context: ssl.SSLContext | None = None
) -> Iterator[tuple[int, list[bytes]]]:
    """A raw server that answers every request with the same bytes, all at once or one by one."""
    seen: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.05)
    stop = threading.Event()

    def talk(peer: socket.socket) -> None:
        try:
            if context:
                peer = context.wrap_socket(peer, server_side=True)
            with peer:
                seen.append(whole_request(peer))
                if not drip:
                    peer.sendall(reply)
                for byte in reply if drip else b"":
                    if stop.wait(drip):
                        return
                    peer.sendall(bytes([byte]))
        except OSError:
            peer.close()

    def serve() -> None:
        while not stop.is_set():
            try:
                peer, _ = server.accept()
            except TimeoutError:
                continue
            peer.settimeout(5)
            thread = threading.Thread(target=talk, args=(peer,))
            thread.start()
            talks.append(thread)

    talks: list[threading.Thread] = []
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.getsockname()[1], seen
    finally:
        stop.set()
        thread.join()
        for one in talks:
            one.join()
        server.close()


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "localhost", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0"],
)
def test_a_private_receiver_is_never_connected(host: str) -> None:
    """However the address is written, no connection arrives."""
    with listening(OK) as (port, seen), Outbound(timeout=5) as outbound:
        reply = outbound.post(f"http://{host}:{port}/", {}, b"{}")
        assert reply.status is None
        assert "public internet" in (reply.error or "")
        time.sleep(0.1)
        assert seen == []


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::ffff:10.0.0.1"], []]
)
def test_a_name_is_refused_if_any_of_its_addresses_is_private(addresses: list[str]) -> None:
    """A name of the public DNS that leads inside is seen through at the connection."""
    with listening(OK) as (port, seen), Outbound(timeout=5, resolve=lambda *_: addresses) as out:
        reply = out.post(f"http://innocent.example:{port}/", {}, b"{}")
        assert reply.status is None
        assert reply.error == "innocent.example is not on the public internet", "it says where inside"
        assert seen == []


def test_the_checked_address_is_the_one_connected() -> None:
    """A name that changes its address after the check gains nothing: it is looked up once a connection."""
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return answers[len(asked) - 1]

    with listening(OK) as (port, seen), Outbound(timeout=5, allow_private=True, resolve=resolve) as out:
        assert out.post(f"http://rebinding.example:{port}/x?y=1", {"a": "b"}, b"{}").ok
    assert asked == ["rebinding.example"]
    assert seen[0].startswith(b"POST /x?y=1 HTTP/1.1\r\nHost: rebinding.example:%d\r\na: b\r\n" % port)


def test_a_redirect_is_an_error_and_not_followed() -> None:
    """A receiver cannot send us on to an address inside."""
    with listening(OK) as (inside, seen):
        to = b"HTTP/1.1 307 T\r\nLocation: http://127.0.0.1:%d/\r\nContent-Length: 0\r\n\r\n" % inside
        with listening(to) as (port, _), Outbound(timeout=5, allow_private=True) as outbound:
            reply = outbound.post(f"http://127.0.0.1:{port}/", {}, b"{}")
        assert (reply.status, reply.ok) == (307, False)
        assert "redirect" in (reply.error or "")
        assert seen == []


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nX: " + b"a" * 1000, OK[:-2] + b"o" * 1000])
def test_a_dripping_receiver_gains_no_time(answer: bytes) -> None:
    """Silence, or one byte now and then, ends at the time-out of the whole request."""
    started = time.monotonic()
    drip = 0.05 if answer else 30
    with (
        listening(answer or OK, drip=drip) as (port, _),
        Outbound(timeout=0.5, allow_private=True) as outbound,
    ):
        reply = outbound.post(f"http://127.0.0.1:{port}/", {}, b"{}")
        took = time.monotonic() - started
    if answer.startswith(OK[:15]) and b"Content-Length" in answer:
        assert took < 2
    else:
        assert reply.status is None
        assert reply.error == "no answer within 0.5 s"
        assert took < 1.5


def test_a_huge_response_is_not_read() -> None:
    """The status counts, the body is dropped after 64 KiB."""
    huge = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n" + b"x" * 1_000_000
    with listening(huge) as (port, _), Outbound(timeout=5, allow_private=True) as outbound:
        assert outbound.post(f"http://127.0.0.1:{port}/", {}, b"{}").ok


@pytest.mark.parametrize(
    "answer", [b"nonsense\r\n\r\n", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000]
)
def test_a_broken_response_is_an_error(answer: bytes) -> None:
    """What is no HTTP comes back as an error with its reason."""
    with listening(answer) as (port, _), Outbound(timeout=5, allow_private=True) as outbound:
        reply = outbound.post(f"http://127.0.0.1:{port}/", {}, b"{}")
        assert reply.status is None
        assert reply.error


def test_nobody_there() -> None:
    """A closed port and an unknown name are errors, not exceptions."""
    with Outbound(timeout=2, allow_private=True) as outbound:
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        assert "refused" in (outbound.post(f"http://127.0.0.1:{port}/", {}, b"").error or "").lower()

    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with Outbound(timeout=2, resolve=unknown) as outbound:
        assert "not known" in (outbound.post("https://nowhere.example/", {}, b"").error or "")


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would resolve names itself, past our check."""
    with listening(OK) as (port, seen), listening(OK) as (proxy, at_proxy):
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy}")
        with Outbound(timeout=5, allow_private=True) as outbound:
            assert outbound.post(f"http://127.0.0.1:{port}/", {}, b"{}").ok
        assert len(seen) == 1
        assert at_proxy == []


def make_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Make a certificate for one name, that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, private = folder / "certificate.pem", folder / "key.pem"
    chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return chain, private


def test_tls_checks_the_name_though_the_address_is_pinned(tmp_path: Path) -> None:
    """The certificate must be for the host in the URL; another host at the same address fails."""
    chain, private = make_certificate(tmp_path, "receiver.example")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(chain, private)
    client = ssl.create_default_context(cafile=str(chain))
    with (
        listening(OK, context=server) as (port, _),
        Outbound(
            timeout=5, allow_private=True, resolve=lambda *_: ["127.0.0.1"], ssl_context=client
        ) as outbound,
    ):
        assert outbound.post(f"https://receiver.example:{port}/", {}, b"{}").ok
        wrong = outbound.post(f"https://other.example:{port}/", {}, b"{}")
        assert wrong.status is None
        assert "certificate" in (wrong.error or "").lower()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("-5", None),
        ("1.5", None),
        ("Sun, 01 Mar 2026 12:10:00 GMT", 600),
        ("Sunday, 01-Mar-26 12:10:00 GMT", 600),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("Sun, 99 Mar 2026 11:00:00 GMT", None),
        ("9" * 400, 10**9),
    ],
)
def test_retry_after_holds_seconds_or_a_date(value: str | None, seconds: int | None) -> None:
    """Both forms of RFC 9110 are read, whatever is neither is ignored."""
    wanted = None if seconds is None else timedelta(seconds=seconds)
    assert retry_after(value, NOW) == wanted
