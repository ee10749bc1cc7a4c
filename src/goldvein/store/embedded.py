"""An embedded PostgreSQL: a server of one's own that needs no set-up and leaves nothing running.

``with EmbeddedServer(home) as server: connect(server.url)``. The first process on a home owns the server:
it starts it as its child and starts it again if it dies. Further processes connect to the same one, and
the first of them to notice that the owner is gone takes over. On Linux the kernel stops the server when its
owner dies, however it dies; elsewhere a server that outlived its owner is stopped by the next one.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import IO, Final, Self
from urllib.parse import quote

from goldvein.settings import Settings
from goldvein.store.binaries import EmbeddedServerError
from goldvein.store.cluster import DATABASE, ROLE, Cluster, Place

_NO_SETTINGS: Final[Mapping[str, str]] = MappingProxyType({})
_HOPELESS_STARTS: Final = 6
"""So many failures before the server was ever ready end the attempt; later ones are tried again for ever."""


class EmbeddedServer:
    """PostgreSQL on one home folder, shared by every process that names the folder.

    Parameters
    ----------
    home : Path
        Folder of the server; made if missing. Its parents are left as they are.
    durable : bool
        False gives up safety against power cuts for speed; for tests.
    server_settings : mapping of str to str
        Settings of PostgreSQL that replace our own.
    start_seconds : float
        Time that the server gets to take connections; after a crash under load it has a log to read first.
    """

    def __init__(
        self,
        home: Path,
        *,
        durable: bool = True,
        server_settings: Mapping[str, str] = _NO_SETTINGS,
        start_seconds: float = 180.0,
    ) -> None:
        self._cluster = Cluster(home)
        self._durable = durable
        self._server_settings = dict(server_settings)
        if not durable:
            self._server_settings |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
        self._start_seconds = start_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._place: Place | None = None
        self._failure: Exception | None = None
        self._stopping = threading.Event()
        self._mutex = threading.Lock()
        self._keeper: threading.Thread | None = None
        self._role_known = threading.Event()
        self._ready = False
        self._owner = False
        self._process_id = os.getpid()

    # --- what it is ------------------------------------------------------------------------------

    @property
    def home(self) -> Path:
        """The home folder, without symbolic links."""
        return self._cluster.home

    @property
    def owner(self) -> bool:
        """Whether the server is a child of this process."""
        return self._owner

    @property
    def pid(self) -> int | None:
        """The server's process id; None while it is down."""
        return self._cluster.find_pid()

    @property
    def url(self) -> str:
        """Address over the unix socket, password included; the same after every restart."""
        place, password = self._address()
        folder = quote(str(place.socket_folder), safe="")
        return f"postgresql://{ROLE}:{password}@/{DATABASE}?host={folder}&port={place.port}"

    @property
    def tcp_url(self) -> str:
        """Address over TCP on 127.0.0.1, password included."""
        place, password = self._address()
        return f"postgresql://{ROLE}:{password}@127.0.0.1:{place.port}/{DATABASE}"

    def _address(self) -> tuple[Place, str]:
        if self._place is None:
            raise EmbeddedServerError("the embedded server was not started")
        return self._place, quote(self._cluster.password(), safe="")

    # --- start and stop --------------------------------------------------------------------------

    def start(self) -> Self:
        """Start the server, or find the running one, and wait until it takes connections.

        Raises
        ------
        EmbeddedServerError
            If it cannot run here, or takes longer than ``start_seconds``.
        """
        if self._keeper is not None:
            return self
        self._cluster.make_home()
        self._stopping.clear()
        self._role_known.clear()
        self._failure = None
        # The kernel ties the server to the thread that started it: one thread does that as long as we live.
        self._keeper = threading.Thread(target=self._keep, name="goldvein-postgres", daemon=True)
        self._keeper.start()
        deadline = time.monotonic() + self._start_seconds
        while not self._look():
            if failure := self._trouble(late=time.monotonic() > deadline):
                self.stop()
                raise failure
            time.sleep(0.02)
        self._ready = True
        return self

    def stop(self) -> None:
        """Stop the server if it is ours, in its fast and clean way; leave another process's server alone."""
        keeper, self._keeper = self._keeper, None
        if keeper is None or self._process_id != os.getpid():  # a fork inherits the object, not the server
            return
        with self._mutex:
            self._stopping.set()
            process = self._process
        if process is not None:
            for sign, patience_seconds in ((signal.SIGINT, 60), (signal.SIGQUIT, 10), (signal.SIGKILL, 5)):
                process.send_signal(sign)
                keeper.join(patience_seconds)
                if not keeper.is_alive():
                    break
        keeper.join(5)
        self._ready = False

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- the keeper's thread ---------------------------------------------------------------------

    def _trouble(self, *, late: bool) -> Exception | None:
        if self._failure is not None or not late:
            return self._failure
        return EmbeddedServerError(
            f"PostgreSQL in {self.home} took no connection for {self._start_seconds:g} seconds:\n"
            + self._cluster.last_words()
        )

    def _look(self) -> bool:
        """Whether the server takes connections; learns its place on the way.

        Until we know whose the server is, it may be one that outlived its owner and is about to be stopped.
        """
        if not self._role_known.is_set() or (self._owner and self._process is None):
            return False
        place = self._place if self._owner else self._cluster.find_place()
        if place is None or not self._cluster.is_ready(place):
            return False
        self._place = place
        return True

    def _keep(self) -> None:
        """Own the server once nobody else does, until told to stop."""
        try:
            with os.fdopen(os.open(self.home / "lock", os.O_RDWR | os.O_CREAT, 0o600), "rb") as lock:
                while not _locked(lock):
                    self._role_known.set()
                    if self._stopping.wait(0.25 if self._ready else 0.02):
                        return
                try:
                    self._owner = True
                    self._role_known.set()
                    self._own()
                finally:
                    self._owner = False
                    self._process = None
        except PermissionError as error:
            self._failure = EmbeddedServerError(
                f"{error.filename} belongs to another account: set GOLDVEIN_HOME"
            )
        except Exception as error:  # noqa: BLE001  # start() raises it in the caller's thread
            self._failure = error

    def _own(self) -> None:
        cluster = self._cluster
        cluster.install(durable=self._durable)
        cluster.clear_leftovers()
        place = cluster.settle_place()
        self._place = place
        failures = 0
        while True:
            with self._mutex:
                if self._stopping.is_set():
                    return
                self._process = cluster.launch(place, self._server_settings)
            started = time.monotonic()
            self._process.wait()
            if time.monotonic() - started > 10:
                failures = 0
            failures += 1
            if not self._ready and failures >= _HOPELESS_STARTS:
                raise EmbeddedServerError(
                    f"PostgreSQL does not start in {self.home}:\n{cluster.last_words()}"
                )
            if self._stopping.wait(min(0.05 * 2**failures, 5.0)):
                return
            cluster.clear_leftovers()


def _locked(lock: IO[bytes]) -> bool:
    """Try to take the lock; it goes when the file is closed, so also when the process dies."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def open_database(settings: Settings) -> Iterator[str]:
    """Give the address of the database that the settings name: a server elsewhere, or the embedded one.

    Raises
    ------
    EmbeddedServerError
        If the embedded server cannot run here.
    """
    if settings.database_url:
        yield settings.database_url
        return
    with EmbeddedServer(settings.home) as server:
        yield server.url
