"""The commands: what they print, what they write as JSON, and how they fail."""

import json
import secrets
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import rich_click as click
from psycopg.conninfo import make_conninfo

from goldvein.cli import main
from goldvein.cli.common import knobs
from goldvein.store.embedded import EmbeddedServer
from tests.cli.conftest import Run
from tests.sim.crowds import write_crowd

COMMANDS = {
    "admin",
    "attack-benchmarks",
    "characteristic",
    "demo",
    "explain",
    "export",
    "person",
    "sandbox",
    "replay",
    "reweigh",
    "serve",
    "simulate",
    "tune",
    "twin",
    "verify",
    "version",
    "whatif",
    "work",
}


def _all_commands(
    command: click.Command, path: tuple[str, ...] = ()
) -> list[tuple[tuple[str, ...], click.Command]]:
    found = [(path, command)]
    for name, below in getattr(command, "commands", {}).items():
        found += _all_commands(below, (*path, name))
    return found


def test_every_command_is_there_and_explains_itself(run: Run) -> None:
    """Each command and option has a help text, and `--help` of each works."""
    assert set(main.commands) == COMMANDS
    for path, command in _all_commands(main):
        assert command.help, path
        options = [one for one in command.params if isinstance(one, click.Option) and one.name != "help"]
        assert all(one.help for one in options), path
        run(*path, "--help")


def test_help_is_quick() -> None:
    """No server, no numpy, no HTTP is imported to print a help text."""
    code = (
        "import sys, goldvein.cli; "
        "heavy = {'numpy', 'litestar', 'psycopg', 'httpx', 'uvicorn'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    began = time.perf_counter()
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert loaded.stdout.strip() == "[]"
    assert time.perf_counter() - began < 10


def test_a_database_that_does_not_serve_is_one_line(
    run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing listens, nobody is let in, nothing may be made: an error says so and what to look at."""
    monkeypatch.setenv("GOLDVEIN_DATABASE_URL", "postgresql://ann@127.0.0.1:1/x")
    for command in (("verify",), ("admin", "customers", "list"), ("export", "1", "--to", "x")):
        said = " ".join(run(*command, code=1).output.replace("│", " ").split())
        assert "Connection refused" in said
        assert "GOLDVEIN_DATABASE_URL" in said

    guest = f"guest_{secrets.token_hex(6)}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {guest} LOGIN PASSWORD 'once'")
        address = make_conninfo(database_url, user=guest, password="once")
        monkeypatch.setenv("GOLDVEIN_DATABASE_URL", address)
        said = run("admin", "customers", "list", code=1).output
        connection.execute(f"DROP ROLE {guest}")
    assert "must own its database" in " ".join(said.replace("│", " ").split())


@pytest.mark.parametrize(
    "command",
    [
        ("simulate", "example", "--json"),
        ("twin", "1", "--set", "rate_floor=0.02", "--save"),
        ("export", "1", "--to"),
        ("person", "export", "ann", "--out"),
    ],
)
def test_a_file_that_cannot_be_is_refused_before_the_work(
    run: Run, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """Nobody waits for minutes to hear that the report has no place: not even a database is asked for."""
    said = run(*command, str(tmp_path / "none" / "report"), code=1).output.replace("│", " ")
    assert "there is no folder" in " ".join(said.split())


def test_a_port_that_is_taken_is_one_line(on_database: Run) -> None:
    """It is not said to be listened on, and the settings are named that choose another."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = " ".join(on_database("serve", "--port", str(port), code=1).output.replace("│", " ").split())
    assert f"127.0.0.1:{port} cannot be listened on" in said
    assert "GOLDVEIN_PORT" in said
    assert "listening on" not in said


def test_an_operator_sets_up_people_and_keys(on_database: Run) -> None:
    """A customer, labelers of two roles, keys shown once; a second one of the same name is refused."""
    customer = json.loads(on_database("admin", "customers", "add", "acme", "--key", "--json", "-").output)[0]
    people = json.loads(
        on_database(
            "admin", "labelers", "add", "ada", "bob", "--role", "trusted", "--key", "--json", "-"
        ).output
    )
    on_database("admin", "labelers", "role", str(people[1]["id"]), "labeler")
    again = on_database("admin", "labelers", "add", "ada", code=1)

    assert customer["key"].startswith("gv_cus_")
    assert [person["key"][:7] for person in people] == ["gv_lab_"] * 2
    assert "ada" in again.output
    assert "acme" in on_database("admin", "customers", "list").output
    listed = json.loads(on_database("admin", "labelers", "list", "--json", "-").output)
    assert [(person["name"], person["role"]) for person in listed] == [("ada", "trusted"), ("bob", "labeler")]


def test_a_key_has_one_owner_and_can_be_revoked(on_database: Run) -> None:
    """Whose key it is must be said, once."""
    on_database("admin", "customers", "add", "acme")

    assert "one of --customer" in on_database("admin", "keys", "add", "ci", code=2).output
    assert "gv_cus_" in on_database("admin", "keys", "add", "ci", "--customer", "1").output
    assert "gv_ops_" in on_database("admin", "keys", "add", "root", "--operator").output
    on_database("admin", "keys", "revoke", "1")
    assert "no key 99" in on_database("admin", "keys", "revoke", "99", code=1).output


def test_a_policy_is_shown_and_changed(on_database: Run, database_url: str) -> None:
    """Knobs are changed by name; one that is out of range is refused with its range."""
    from datetime import UTC, datetime

    from goldvein.domain.records import ProjectDraft
    from goldvein.services import projects
    from goldvein.store.database import Database

    on_database("admin", "customers", "add", "acme")
    with Database(database_url, pool_size=2) as db:
        project = projects.create(db, 1, ProjectDraft("tone", "Which is kinder?"), datetime.now(UTC)).id

    changed = json.loads(
        on_database("admin", "projects", "policy", str(project), "quality_bar=0.8", "--json", "-").output
    )
    refused = on_database("admin", "projects", "policy", str(project), "quality_bar=2", code=1)

    assert changed["quality_bar"] == 0.8
    assert "quality_bar" in refused.output
    assert "tone" in on_database("admin", "projects", "list").output
    assert "quality_bar" in on_database("admin", "projects", "show", str(project)).output
    on_database("admin", "projects", "state", str(project), "paused")
    assert "no project 77" in on_database("admin", "projects", "show", "77", code=1).output


def test_contents_of_a_closed_project_are_erased(on_database: Run, database_url: str) -> None:
    """Once somebody has said yes, and not before the project is closed."""
    from datetime import UTC, datetime

    from goldvein.domain.records import ProjectDraft, TaskDraft
    from goldvein.services import intake, projects
    from goldvein.store.database import Database

    on_database("admin", "customers", "add", "acme")
    with Database(database_url, pool_size=2) as db:
        project = str(projects.create(db, 1, ProjectDraft("tone", "Which is kinder?"), datetime.now(UTC)).id)
        draft = TaskDraft(0, {"options": ["kind words", "unkind"]})
        intake.push(db, int(project), [draft], None, datetime.now(UTC))
    erase = ("admin", "projects", "erase", project)
    assert "when it is closed" in on_database(*erase, "--yes", code=1).output
    on_database("admin", "projects", "state", project, "closed")
    assert "Erase the contents of 'tone'?" in on_database(*erase, code=1).output
    assert "looks once more" in on_database(*erase, "--yes").output
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT input FROM task_inputs").fetchall()
    assert rows == [({"options": ["", ""]},)]


def test_knobs_are_pairs_with_a_number() -> None:
    """Anything else is a usage error that shows how."""
    assert knobs(("quality_bar=0.8", "open_at=5")) == {"quality_bar": 0.8, "open_at": 5.0}
    with pytest.raises(click.UsageError, match=r"quality_bar=0\.8"):
        knobs(("quality_bar",))


def test_verify_of_an_empty_database_is_ok(on_database: Run) -> None:
    """Nothing promised, nothing broken."""
    assert json.loads(on_database("verify", "--json", "-").output)["verify"] == "ok"


def test_explain_says_that_there_is_nobody(on_database: Run) -> None:
    """An unknown label, labeler or name is an error in one line."""
    for subject in ("label:5", "labeler:5", "nobody"):
        assert "Error" in on_database("explain", subject, code=1).output


def test_a_setting_that_cannot_be_used_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback for a typing error in the environment."""
    monkeypatch.setenv("GOLDVEIN_PROT", "80")

    assert "GOLDVEIN_PROT" in run("verify", code=1).output


def test_replay_writes_its_report_and_leaves_no_database(
    run: Run, embedded_server: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report is JSON on standard output; the run's own database is gone."""
    monkeypatch.setenv("GOLDVEIN_DATABASE_URL", embedded_server.url)
    crowd = write_crowd(tmp_path, [0.95] * 6, share=0.9, tasks=60)

    result = run(
        "replay",
        str(crowd),
        "--trusted-top",
        "4",
        "--quality-bar",
        "0.7",
        "--policy",
        "open_at=8",
        "--json",
        "-",
    )

    report = json.loads(result.stdout)
    assert report["verify"] == "ok"
    assert report["policy"]["quality_bar"] == 0.7
    assert report["policy"]["open_at"] == 8
    with psycopg.connect(embedded_server.url) as connection:
        left = connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE 'goldvein_run_%'"
        ).fetchall()
    assert left == []


def test_replay_prints_for_people(
    run: Run, embedded_server: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --json the report is text."""
    monkeypatch.setenv("GOLDVEIN_DATABASE_URL", embedded_server.url)
    crowd = write_crowd(tmp_path, [0.95] * 6, share=0.9, tasks=60)

    output = run("replay", str(crowd), "--trusted", "p0,p1,p2,p3", "--policy", "open_at=8").output

    assert "gain" in output
    assert "verify       ok" in output


def test_replay_refuses_a_crowd_that_it_cannot_read(run: Run, tmp_path: Path) -> None:
    """The error names the line and the way out, and exits with 1; contradicting options exit with 2."""
    broken = tmp_path / "crowd.csv"
    broken.write_text("task,labeler,answer\nt1,a\n", encoding="utf-8")

    assert "line 2" in run("replay", str(broken), code=1).output
    assert "contradict" in run("replay", str(broken), "--trusted", "a", "--trusted-top", "2", code=2).output


@pytest.mark.slow
def test_the_demo_delivers_learns_and_proves_it(
    run: Run, embedded_server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With quick people, labels go out, better than the answers; the customer learns; the proof holds."""
    monkeypatch.setenv("GOLDVEIN_DATABASE_URL", embedded_server.url)

    result = run(
        "demo", "--minutes", "0.6", "--people", "40", "--think", "0.1", "--no-browser", "--json", "-"
    )

    report = json.loads(result.stdout)
    assert report["verify"] == "ok"
    assert report["delivered"] > 50
    assert report["accuracy_delivered"] > report["accuracy_answers"]
    bad, people = report["confusion"]["answers"]["bad"], report["confusion"]["people"]
    assert bad["delivered"] <= 0.05 * report["delivered"]
    assert people["good"]["delivering"] > people["bad"]["delivering"]
    assert people["bad"]["dismissed"] > 0
    learning = report["learning"]
    assert [line["labels"] for line in learning["curve"]] == sorted(
        line["labels"] for line in learning["curve"]
    )
    assert learning["curve"][-1]["delivered"]["accuracy"] > 0.7
    assert learning["labels_right"]["delivered"] > learning["labels_right"]["unfiltered"]
    assert learning["writer"]["delivered"]["details"] > learning["writer"]["before"]["details"]
