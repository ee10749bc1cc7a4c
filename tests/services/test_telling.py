"""Alerts told: by e-mail to a real server on the loopback, once each, again after a failure."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_string
from email.message import Message
from typing import Any

import pytest

from goldvein.domain.errors import InvalidInput, NotFound
from goldvein.services import apprising, attending, telling
from goldvein.services.alarms import open_alarm, resolve_alarm
from goldvein.services.telling import MailServer, Messenger
from goldvein.store import channels
from goldvein.store.database import Database
from tests.services.delivery_world import NOW, make_project

SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


@dataclass
class Mailbox:
    """A server for e-mail that keeps what it takes; it takes nothing while it is away."""

    port: int = 0
    away: bool = False
    mails: list[Message] = field(default_factory=list)
    watch: Callable[[], object] | None = None

    @property
    def server(self) -> MailServer:
        return MailServer("127.0.0.1", self.port, "", "", "goldvein@label.example", "none")


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """Speak enough SMTP for the standard library's client."""
    box = Mailbox()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"421 away\r\n" if box.away else b"220 here\r\n")
            while not box.away and (line := self.rfile.readline()):
                word = line.split()[0].upper() if line.split() else b""
                if word == b"DATA":
                    if box.watch is not None:
                        box.watch()
                    self.wfile.write(b"354 go on\r\n")
                    lines = []
                    while (line := self.rfile.readline()) != b".\r\n":
                        lines.append(line.decode())
                    box.mails.append(message_from_string("".join(lines)))
                    self.wfile.write(b"250 taken\r\n")
                elif word == b"QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                else:
                    self.wfile.write(b"250 yes\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as found:
        yield found


def messenger_of(box: Mailbox) -> Messenger:
    return Messenger(box.server, "https://label.example")


def alarm(db: Database, project: int, metric: str = "benchmark_pass_rate") -> int:
    with db.transaction() as tx:
        made = open_alarm(tx, project, "low", metric, {"value": 0.6}, NOW)
    assert made is not None
    return made


def tell(db: Database, box: Mailbox, minutes: float = 0) -> int:
    return telling.tell_due(db, messenger_of(box), NOW + timedelta(minutes=minutes))


def test_each_channel_is_told_once_of_the_beginning_and_once_of_the_end(db: Database, box: Mailbox) -> None:
    """One channel is told of all projects, one of its own; a mail links to the page that explains."""
    ours, theirs = make_project(db), make_project(db)
    for target, project in (("all@label.example", None), ("one@label.example", ours)):
        telling.add(db, messenger_of(box), "email", target, project, "op", NOW)
    alert = alarm(db, ours)
    alarm(db, theirs)
    assert tell(db, box) == 3
    assert tell(db, box, 1) == 0
    assert sorted(mail["To"] for mail in box.mails) == ["all@label.example"] * 2 + ["one@label.example"]
    (mail,) = (mail for mail in box.mails if mail["To"] == "one@label.example")
    assert "fewer benchmarks are answered right" in mail["Subject"]
    assert f"https://label.example/operate/{ours}/alerts/{alert}" in mail.get_payload()
    with db.transaction() as tx:
        resolve_alarm(tx, ours, "low", "benchmark_pass_rate", NOW)
    assert tell(db, box, 2) == 2
    assert box.mails[-1]["Subject"].startswith("Resolved: ")
    told = attending.look(db, ours, alert, NOW).told
    assert {line.event for line in told if line.told_at is not None} == {"opened", "resolved"}


def test_what_waits_behind_a_slow_message_is_left_to_others(db: Database, box: Mailbox) -> None:
    """A message is leased when it is sent, not before: else its lease runs out, and it is sent twice."""
    project = make_project(db)
    telling.add(db, messenger_of(box), "email", "op@label.example", None, "op", NOW)
    for metric in ("benchmark_pass_rate", "held_share", "late_share"):
        alarm(db, project, metric)
    tried = []

    def look() -> None:
        with db.connection() as tx:
            tried.append(tx.execute("SELECT count(*) FROM notices WHERE tries > 0").fetchone())

    box.watch = look
    assert tell(db, box) == 3
    assert tried == [(1,), (2,), (3,)]


def test_a_server_that_is_away_is_tried_again_and_given_up_in_the_end(db: Database, box: Mailbox) -> None:
    """The error is kept; the message comes under its own id; after eight tries nobody tries any more."""
    project = make_project(db)
    telling.add(db, messenger_of(box), "email", "op@label.example", None, "op", NOW)
    alarm(db, project)
    box.away = True
    assert tell(db, box) == 0
    assert tell(db, box, 0.1) == 0  # it is not due yet
    (told,) = attending.look(db, project, 1, NOW).told
    assert (told.tries, told.told_at) == (1, None)
    assert "421" in (told.error or "")
    box.away = False
    assert tell(db, box, 1) == 1
    assert box.mails[0]["Message-ID"].startswith(f"<goldvein.{project}.1.opened.")

    alarm(db, project, "held_share")
    box.away = True
    for n in range(12):
        assert tell(db, box, 100 * (n + 1)) == 0
    (told,) = attending.look(db, project, 2, NOW).told
    assert (told.tries, told.next_try_at) == (telling.TRIES, None)


def test_who_is_killed_while_sending_sends_again(db: Database, box: Mailbox) -> None:
    """A notice that was leased and never marked is due again when the lease is over."""
    project = make_project(db)
    telling.add(db, messenger_of(box), "email", "op@label.example", None, "op", NOW)
    alarm(db, project)
    with db.transaction() as tx:
        assert len(channels.claim(tx, NOW, telling.LEASE, limit=9)) == 1
    assert tell(db, box, 1) == 0
    assert tell(db, box, 3) == 1


def test_what_is_muted_is_told_to_nobody_and_is_seen_all_the_same(db: Database, box: Mailbox) -> None:
    """Neither its beginning nor its end; other alerts are told; after the time it is told again."""
    project = make_project(db)
    telling.add(db, messenger_of(box), "email", "op@label.example", None, "op", NOW)
    first = alarm(db, project)
    assert tell(db, box) == 1
    assert attending.mute(db, project, first, 8, "op", NOW).muted_until == NOW + timedelta(hours=8)
    with db.transaction() as tx:
        resolve_alarm(tx, project, "low", "benchmark_pass_rate", NOW)
    alarm(db, project)
    alarm(db, project, "active_labelers")
    tell(db, box, 1)
    subjects = [mail["Subject"] for mail in box.mails]
    assert len([one for one in subjects if "benchmarks" in one]) == 2  # the first, and its end
    assert len([one for one in subjects if "fewer labelers" in one]) == 1
    assert len(attending.list_(db, NOW, is_open=True)) == 2


def test_acknowledged_by_whoever_was_first(db: Database) -> None:
    """A second one changes nothing; an alert of another project is not there."""
    project, other = make_project(db), make_project(db)
    alert = alarm(db, project)
    attending.acknowledge(db, project, alert, "anna", NOW)
    found = attending.acknowledge(db, project, alert, "bert", NOW + timedelta(hours=1))
    assert (found.alert.acknowledged_by, found.alert.acknowledged_at) == ("anna", NOW)
    with pytest.raises(NotFound):
        attending.acknowledge(db, other, alert, "bert", NOW)


@pytest.mark.parametrize(
    ("kind", "target", "code"),
    [
        ("email", "nobody", "invalid_channel"),
        ("email", "a@b.example\nBcc: c@d.example", "invalid_channel"),
        ("apprise", "json://10.0.0.1/hook", "private_address"),
        ("apprise", "json://hooks.example/hook", "private_address"),
        ("apprise", "file:///etc/passwd", "invalid_channel"),
        ("apprise", "gopher", "invalid_channel"),
    ],
)
def test_what_is_no_channel_is_refused(db: Database, box: Mailbox, kind: Any, target: str, code: str) -> None:
    """No header is smuggled in, and no service is called at an address that somebody chose."""
    with pytest.raises(InvalidInput) as refused:
        telling.add(db, messenger_of(box), kind, target, None, "op", NOW)
    assert refused.value.code == code


def test_without_a_server_there_is_no_e_mail(db: Database, box: Mailbox) -> None:
    """The refusal says which settings are missing."""
    with pytest.raises(InvalidInput, match="GOLDVEIN_SMTP_HOST"):
        telling.add(db, Messenger(None, "x"), "email", "op@label.example", None, "op", NOW)


def test_slack_is_a_channel_whose_secrets_are_not_shown(db: Database, box: Mailbox) -> None:
    """Its URL is kept for sending and shown without its tokens."""
    made = telling.add(db, messenger_of(box), "apprise", SLACK, None, "op", NOW)
    ((found, shown),) = telling.mask(telling.list_(db))
    assert found == made
    assert shown.startswith("slack://")
    assert "TIiajkdnlazkcOXrIdevi7FQ" not in shown
    assert "TIiajkdnlazkcOXrIdevi7FQ" not in apprising.shown("gopher" + SLACK)


def test_a_test_message_is_sent_now(db: Database, box: Mailbox) -> None:
    """It says what went wrong, or nothing."""
    made = telling.add(db, messenger_of(box), "email", "op@label.example", None, "op", NOW)
    assert telling.send_test(db, messenger_of(box), made.id, NOW) is None
    assert box.mails[0]["Subject"] == "Goldvein: test message"
    gone = replace(box.server, port=1)
    assert "refused" in (telling.send_test(db, Messenger(gone, "x"), made.id, NOW) or "").lower()
    telling.delete(db, made.id)
    with pytest.raises(NotFound):
        telling.send_test(db, messenger_of(box), made.id, NOW)
