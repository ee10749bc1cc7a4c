"""The folder in which an embedded PostgreSQL keeps its data, and the server in it.

::

    home/               ours; 0700, or 0711 where root gives the server to `nobody`
    ├── lock            flock: held by the process whose child the server is
    ├── password        0600: of the role `goldvein`
    ├── server.json     0600: port and socket folder, the same after every restart
    ├── postgres.log    what the server says
    ├── run/            the socket, where the path is short enough for one
    └── data/           the server's own
"""

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from goldvein.store.binaries import (
    Binaries,
    EmbeddedServerError,
    copied_binaries,
    find_binaries,
    make_folder,
)
from goldvein.store.server_account import server_account

ROLE: Final = "goldvein"
DATABASE: Final = "goldvein"
ROOT_CACHE: Final = Path("/var/cache/goldvein")
LONGEST_SOCKET_PATH: Final = 103
"""What every supported system takes; Linux would take 107."""

_OLD_LOG_BYTES: Final = 10_000_000

SERVER_SETTINGS: Final[Mapping[str, str]] = {
    # an accepted answer survives a crash
    "fsync": "on",
    "synchronous_commit": "on",
    # sized for one machine that also runs the application
    "shared_buffers": "256MB",
    "max_connections": "100",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    # queue rows die quickly: look for them often
    "autovacuum_naptime": "10s",
    # our statements are short: compiling them costs more than running them
    "jit": "off",
    # solid state disks
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "listen_addresses": "127.0.0.1",
    "unix_socket_permissions": "0700",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the running server is reached."""

    port: int
    socket_folder: Path


class Cluster:
    """One home folder: made once, then found again."""

    def __init__(self, home: Path) -> None:
        self.home = Path(os.path.realpath(home))
        self.account = server_account()
        self.data = self.home / "data"
        self.log = self.home / "postgres.log"
        self._binaries: Binaries | None = None

    # --- folders ---------------------------------------------------------------------------------

    def make_home(self) -> None:
        """Make the home folder if it is missing, and see that the server's account can reach it.

        Raises
        ------
        EmbeddedServerError
            If it belongs to somebody else, or lies behind a folder that is closed to the server's account.
        """
        closed = 0o700 if self.account.user is None else 0o711
        try:
            make_folder(self.home, closed)
        except OSError as error:
            raise EmbeddedServerError(
                f"{self.home} cannot be used ({error.strerror}): set GOLDVEIN_HOME to a folder of your own"
            ) from error
        if self.data.exists() and not self.account.owns(self.data):
            owner = self.data.stat().st_uid
            raise EmbeddedServerError(
                f"{self.data} belongs to the account {owner}: run as that account, or set GOLDVEIN_HOME"
            )
        if not self.account.can_reach(self.home):
            raise EmbeddedServerError(
                f"{self.home} lies in a folder that is closed to the account 'nobody', under which root runs "
                "PostgreSQL: set GOLDVEIN_HOME to a folder that everybody may pass through, as in /var/lib"
            )

    def _server_folder(self, path: Path) -> Path:
        make_folder(path, 0o700)
        if self.account.user is not None:
            os.chown(path, self.account.user, self.account.group or -1)
        elif not self.account.owns(path):
            raise EmbeddedServerError(f"{path} belongs to somebody else: remove it")
        return path

    def _socket_folder(self) -> Path:
        """Give the folder for the socket: in the home, or, as a socket's path must be short, in /tmp."""
        folder = self.home / "run"
        if len(os.fsencode(folder / ".s.PGSQL.65535")) > LONGEST_SOCKET_PATH:
            digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
            folder = Path(tempfile.gettempdir()) / f"goldvein-{os.geteuid()}-{digest}"
        return self._server_folder(folder)

    def binaries(self) -> Binaries:
        """Give the binaries that fit the data, at a place that the server's account can reach."""
        if self._binaries is None:
            version = self.data / "PG_VERSION"
            found = find_binaries(int(version.read_text()) if version.exists() else None)
            if not self.account.can_reach(found.folder):
                found = copied_binaries(found, ROOT_CACHE)
            self._binaries = found
        return self._binaries

    # --- the password and the place --------------------------------------------------------------

    def password(self) -> str:
        """Read the password of the role."""
        return (self.home / "password").read_text().strip()

    def find_place(self) -> Place | None:
        """Read where the server is reached, once it was ever started."""
        try:
            record = json.loads((self.home / "server.json").read_text())
        except FileNotFoundError:
            return None
        return Place(record["port"], Path(record["socket_folder"]))

    def settle_place(self) -> Place:
        """Choose the port: that of last time, so that addresses stay right, unless somebody took it."""
        folder = self._socket_folder()
        last = self.find_place()
        place = Place(_free_port(last.port if last else 0), folder)
        if place != last:
            record = json.dumps({"port": place.port, "socket_folder": str(folder)})
            _write_private(self.home / "server.json", record + "\n")
        return place

    # --- installing ------------------------------------------------------------------------------

    def install(self, *, durable: bool) -> None:
        """Make the data folder if there is none; one that was left half made is made anew."""
        if self.data.exists():
            return
        partial = self.home / "data.partial"
        shutil.rmtree(partial, ignore_errors=True)
        self._server_folder(partial)
        password = secrets.token_urlsafe(24)
        _write_private(self.home / "password", password + "\n")
        # initdb runs under the server's account, which must not read ours: it gets a short-lived copy
        copy = partial.with_name("data.password")
        _write_private(copy, password + "\n")
        try:
            if self.account.user is not None:
                os.chown(copy, self.account.user, self.account.group or -1)
            self._initdb(partial, copy, durable=durable)
        finally:
            copy.unlink()
        options = ["-c", "exit_on_error=true", "-c", f"fsync={'on' if durable else 'off'}"]
        self._run(
            ["postgres", "--single", "-D", str(partial), *options, "postgres"],
            text=f"CREATE DATABASE {DATABASE} OWNER {ROLE}\n",
        )
        partial.rename(self.data)
        # a rename that a power cut takes back would make the next start throw the data away as half made
        _sync_folder(self.home)

    def _initdb(self, data: Path, password: Path, *, durable: bool) -> None:
        arguments = [
            "initdb", "-D", str(data), "-U", ROLE, "--pwfile", str(password), "-E", "UTF8",
            "--auth=scram-sha-256", "--data-checksums", "--no-instructions",
        ]  # fmt: skip
        if not durable:
            arguments.append("--no-sync")
        if self.binaries().major >= 17:
            # the same order of texts on every machine, whatever its C library
            self._run([*arguments, "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"])
            return
        try:
            self._run([*arguments, "--locale=C.UTF-8"])
        except EmbeddedServerError:
            self._run([*arguments, "--locale=C"])

    def _run(self, arguments: Sequence[str], *, text: str = "") -> None:
        program, *rest = arguments
        child = subprocess.run(  # type: ignore[call-overload]
            [self.binaries().program(program), *rest],
            cwd="/",
            env=_environment(),
            input=text,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            **self.account.subprocess_arguments(),
        )
        if child.returncode != 0:
            raise EmbeddedServerError(f"{program} failed: {child.stdout.strip()}")

    # --- running ---------------------------------------------------------------------------------

    def launch(self, place: Place, settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start `postgres` as a child that gets SIGINT, its fast stop, when the calling *thread* ends."""
        chosen = {**SERVER_SETTINGS, "wal_compression": self._wal_compression(), **settings}
        chosen |= {"port": str(place.port), "unix_socket_directories": str(place.socket_folder)}
        command = [self.binaries().program("postgres"), "-D", str(self.data)]
        for name, value in chosen.items():
            command += ["-c", f"{name}={value}"]
        user, group = (-1, -1) if self.account.user is None else (self.account.user, self.account.group)
        launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid()), str(user), str(group)]
        if self.log.exists() and self.log.stat().st_size > _OLD_LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.old"))
        descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            return subprocess.Popen(
                [*launcher, *command],
                cwd="/",
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                start_new_session=True,  # a Ctrl-C is for us: the server stops after the application
            )
        finally:
            os.close(descriptor)

    def _wal_compression(self) -> str:
        config = self.binaries().folder / "pg_config"
        if not config.exists():
            return "on"
        answer = subprocess.run([config, "--configure"], capture_output=True, text=True, check=False)
        return "lz4" if "--with-lz4" in answer.stdout else "on"

    def is_ready(self, place: Place) -> bool:
        """Whether the server takes connections, asked by `pg_isready`."""
        command = ["-q", "-h", str(place.socket_folder), "-p", str(place.port), "-d", DATABASE, "-t", "3"]
        child = subprocess.run(
            [self.binaries().program("pg_isready"), *command], cwd="/", env=_environment(), check=False
        )
        return child.returncode == 0

    def find_pid(self) -> int | None:
        """Find the process id of a server that runs on our data, whoever started it."""
        pid = self._recorded_pid()
        return pid if pid is not None and self._runs_on_our_data(pid) else None

    def _recorded_pid(self) -> int | None:
        try:
            return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None

    def _runs_on_our_data(self, pid: int) -> bool:
        return os.fsencode(self.data) in _command_line(pid)

    def clear_leftovers(self) -> None:
        """Stop a server whose owner is gone, and remove a trace that would keep ours from starting.

        Only for the holder of the lock. PostgreSQL mistakes any living process with the dead server's number
        for that server; after the restart of a container, where numbers are small, that happens. The trace of
        a number that nobody has stays: by it PostgreSQL waits for the last children of a killed server.
        """
        for sign, patience_seconds in ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0)):
            pid = self.find_pid()
            if pid is None:
                break
            self._end(pid, sign, patience_seconds)
        recorded = self._recorded_pid()
        if recorded is not None and _command_line(recorded) and not self._runs_on_our_data(recorded):
            (self.data / "postmaster.pid").unlink()

    def _end(self, pid: int, sign: signal.Signals, patience_seconds: float) -> None:
        deadline = time.monotonic() + patience_seconds
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sign)
        while self._runs_on_our_data(pid) and time.monotonic() < deadline:
            time.sleep(0.02)

    def last_words(self) -> str:
        """Give the last lines of the server's log, for an error message."""
        if not self.log.exists():
            return "its log is empty"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])


_LAUNCHER: Final = """
import os, signal, sys
parent, user, group = map(int, sys.argv[1:4])
try:
    import ctypes
    library = ctypes.CDLL(None)
except (ImportError, OSError):
    library = None
if user >= 0:
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)
if sys.platform == "linux" and library:
    library.prctl(1, signal.SIGINT, 0, 0, 0)
if os.getppid() != parent:
    sys.exit(1)
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[4], sys.argv[4:])
"""
# A program of its own, not a preexec_fn, which may deadlock in a process with threads. The order matters: a
# change of user clears the death signal, so that comes first; a parent that died before is noticed after.


def _environment() -> dict[str, str]:
    """Nothing of ours: variables such as PGPORT would steer the server."""
    return {"LC_ALL": "C", "PATH": os.defpath}


def _command_line(pid: int) -> bytes:
    """Give a living process's command line; empty for a dead one."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return b""
    return subprocess.run(
        ["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, check=False
    ).stdout


def _write_private(path: Path, text: str) -> None:
    """Write a file that only the present account can read, whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _free_port(preferred: int) -> int:
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EmbeddedServerError("no TCP port is free on 127.0.0.1")
