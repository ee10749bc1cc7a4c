"""The only place that wires: settings -> database -> group of work -> application -> server."""

import contextlib
import gc
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import psycopg
import structlog
import uvicorn

from goldvein.api.app import make_app
from goldvein.api.grouping import Grouper
from goldvein.api.scrapers import Scrapers
from goldvein.api.service import Service
from goldvein.domain.records import WorkRequest, WorkResult
from goldvein.services.forgetting import Spans
from goldvein.services.outbound import Outbound
from goldvein.services.people import ROLES
from goldvein.services.signing_on import Provider
from goldvein.services.telling import messenger_of
from goldvein.services.work import WorkGroup
from goldvein.settings import SettingError, Settings, read_settings
from goldvein.store.database import Database
from goldvein.store.embedded import open_database
from goldvein.store.migrations import migrate
from goldvein.web.pages import PAGES
from goldvein.web.responses import handle

if TYPE_CHECKING:
    from goldvein.services.openid import OpenId  # knows an optional library
    from goldvein.tracing import Tracing  # so does this

_log = structlog.get_logger()
_BACKLOG = 4096

PATIENCE_SECONDS = 60.0
"""How long a starting process waits for a database that is away, such as one that recovers from a crash."""


@contextlib.contextmanager
def database(settings: Settings, *, patience_seconds: float = 0.0) -> Iterator[Database]:
    """Open the database that the settings name, brought up to date.

    Raises
    ------
    psycopg.OperationalError
        If it cannot be reached within ``patience_seconds``.
    """
    with open_database(settings) as url:
        _migrate(url, patience_seconds)
        with Database(url, pool_size=settings.pool_size) as db:
            yield db


def _migrate(url: str, patience_seconds: float) -> None:
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            migrate(url)
        except psycopg.OperationalError as error:
            if time.monotonic() >= deadline:
                raise
            _log.warning("database_away", error=str(error))
            time.sleep(0.5)
        else:
            return


def make_service(
    db: Database,
    settings: Settings,
    *,
    seed: int | None = None,
    make_group: Callable[[Database], WorkGroup] = WorkGroup,
    tracing: "Tracing | None" = None,
) -> Service:
    """Wire one API process over a database.

    Parameters
    ----------
    seed : int, optional
        Makes its draws repeatable.
    make_group : callable
        Makes what carries out labelers' requests; a replay directs it.
    tracing : Tracing, optional
        Traces groups of requests.
    """
    group, rng = make_group(db), np.random.default_rng(seed)

    def handle(requests: Sequence[WorkRequest]) -> list[WorkResult | Exception]:
        try:
            return group.handle(requests, datetime.now(UTC), rng)
        except psycopg.OperationalError:
            db.reset()  # one dead connection is seldom alone: the next group shall not meet another
            raise

    return Service(
        db,
        Grouper(tracing.group(handle) if tracing is not None else handle, size=settings.group_size),
        Outbound(timeout=settings.webhook_timeout, allow_private=settings.allow_private_webhooks),
        threads=max(1, settings.pool_size - 1),
        allow_private_webhooks=settings.allow_private_webhooks,
        step_seconds=settings.answer_step,
        public_url=settings.public_url,
        tries_per_minute=settings.tries_per_minute,
        open_id=_open_id(settings),
        scrapers=_scrapers(settings),
        messenger=messenger_of(settings),
        spans=Spans.of(settings),
    )


def _scrapers(settings: Settings) -> Scrapers:
    try:
        return Scrapers.of(settings.metrics_from, settings.proxies)
    except ValueError as error:
        raise SettingError(f"GOLDVEIN_METRICS_FROM must name networks: {error}") from error


def _open_id(settings: Settings) -> "OpenId | None":
    """Make the way to the provider of single sign-on, if there is one."""
    if not settings.sso_issuer:
        return None
    role = next((one for one in ROLES if one == settings.sso_role), None)
    if not settings.sso_client_id or (role == "customer") != (settings.sso_customer > 0):
        raise SettingError(
            "GOLDVEIN_SSO_ISSUER needs GOLDVEIN_SSO_CLIENT_ID, and GOLDVEIN_SSO_ROLE=customer goes with "
            "GOLDVEIN_SSO_CUSTOMER"
        )
    try:
        from goldvein.services.openid import OpenId
    except ImportError as error:
        raise SettingError("GOLDVEIN_SSO_ISSUER needs the extra: pip install 'goldvein[sso]'") from error
    return OpenId(
        Provider(
            settings.sso_issuer,
            settings.sso_client_id,
            settings.sso_client_secret,
            settings.sso_name,
            role,
            settings.sso_customer or None,
        )
    )


class Server(uvicorn.Server):
    """Uvicorn that says when it is up, and tells the service first when it shuts down: nobody holds it up."""

    def __init__(self, config: uvicorn.Config, service: Service, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._service = service
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, and say so."""
        await super().startup(sockets=sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Wake long-polls and streams, let requests end, stop."""
        self._service.closing.set()
        await super().shutdown(sockets=sockets)


def make_server(
    service: Service,
    settings: Settings,
    tracing: "Tracing | None" = None,
    ready: Callable[[], None] = lambda: None,
) -> Server:
    """Make the HTTP server of a service; it calls ``ready`` once it takes requests."""
    app = make_app(service, PAGES, handle)
    config = uvicorn.Config(
        tracing.app(app) if tracing is not None else app,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,  # what it has to say goes where all else goes
        log_level="warning",
        server_header=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=settings.proxies,
        timeout_graceful_shutdown=max(1, round(settings.shutdown_seconds)),
        timeout_keep_alive=75,
        backlog=_BACKLOG,
    )
    return Server(config, service, ready)


def serve(settings: Settings, ready: Callable[[str], None] = lambda _: None) -> None:
    """Serve until SIGTERM or SIGINT; requests that have begun are answered first.

    Parameters
    ----------
    settings : Settings
    ready : callable
        Called with each address once requests are taken there.

    Raises
    ------
    SettingError
        If the address cannot be listened on.
    """
    with (
        traces(settings) as tracing,
        database(settings, patience_seconds=PATIENCE_SECONDS) as db,
        _listening(settings.host, settings.port) as listeners,
        _signals_end_the_server_only(),
    ):
        addresses = [_address(listener) for listener in listeners]

        def up() -> None:
            for address in addresses:
                ready(address)

        server = make_server(make_service(db, settings, tracing=tracing), settings, tracing, up)
        _collect_rarely()
        server.run(listeners)


@contextlib.contextmanager
def traces(settings: Settings) -> Iterator["Tracing | None"]:
    """Trace by OpenTelemetry where the settings ask for it; what is still unsent is sent at the end."""
    if not settings.tracing:
        yield None
        return
    try:
        from goldvein.tracing import to_collector

        tracing = to_collector()
    except ImportError as error:
        raise SettingError("GOLDVEIN_TRACING needs the extra: pip install 'goldvein[otel]'") from error
    try:
        yield tracing
    finally:
        tracing.close()


def _collect_rarely() -> None:
    """Look for cycles less often: the texts kept for the groups made that a tenth of an answer's CPU."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@contextlib.contextmanager
def _signals_end_the_server_only() -> Iterator[None]:
    """Uvicorn sends itself the signal again once it has stopped; here that must not end what is around it."""
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def running_server(
    url: str,
    settings: Settings | None = None,
    *,
    port: int = 0,
    seed: int | None = None,
    make_group: Callable[[Database], WorkGroup] = WorkGroup,
    tracing: "Tracing | None" = None,
) -> Iterator[str]:
    """Serve a migrated database from a thread of this process and yield the base URL.

    Parameters
    ----------
    url : str
        The database. It must have been migrated.
    port : int
        Port on the loopback address; 0 takes a free one.
    seed, make_group, tracing
        As in `make_service`.
    """
    settings = settings or read_settings({})
    with Database(url, pool_size=settings.pool_size) as db, _listening("127.0.0.1", port) as listeners:
        service = make_service(db, settings, seed=seed, make_group=make_group, tracing=tracing)
        server = make_server(service, settings, tracing)
        thread = threading.Thread(target=server.run, args=(listeners,), name="goldvein-serve", daemon=True)
        thread.start()
        try:
            _wait_until_up(server, thread)
            yield _address(listeners[0])
        finally:
            server.should_exit = True
            thread.join()


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Listen on every address of a host; whoever connects waits until the server takes requests."""
    with contextlib.ExitStack() as stack:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            listeners = [
                stack.enter_context(_bound(family, at)) for family, _, _, _, at in dict.fromkeys(found)
            ]
        except OSError as error:
            raise SettingError(
                f"{host}:{port} cannot be listened on ({error.strerror}): end what does so already, or set "
                "GOLDVEIN_HOST and GOLDVEIN_PORT"
            ) from error
        yield listeners


def _bound(family: int, address: Any) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:  # its twin of the older kind is bound by itself
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _wait_until_up(server: Server, thread: threading.Thread) -> None:
    pause = threading.Event()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the server did not start: its log says why")
        pause.wait(0.005)
