"""Telling: alerts to people, by e-mail and by services such as Slack; each once, at least.

What is to be told stands in the alert's transaction. A notice is leased, sent outside of any transaction, and
marked: a process that is killed in between sends it again, under the same Message-ID.
"""

from __future__ import annotations

import re
import smtplib
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final, Literal, get_args

from goldvein.decisions.advice import advice
from goldvein.domain.errors import InvalidInput, NotFound
from goldvein.services import apprising
from goldvein.services.projects import read as read_project
from goldvein.settings import Settings
from goldvein.store import channels
from goldvein.store.channels import Channel, ChannelKind, Notice
from goldvein.store.database import Database

Security = Literal["starttls", "tls", "none"]
TRIES: Final = 8
FIRST_WAIT: Final = timedelta(seconds=30)
"""After try n the next one waits FIRST_WAIT * 2**(n - 1): eight tries in an hour."""
LEASE: Final = timedelta(minutes=2)
AT_ONCE: Final = 20
_TIMEOUT: Final = 20.0
_ADDRESS: Final = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_LONGEST_TARGET: Final = 500


@dataclass(frozen=True, slots=True)
class MailServer:
    """Who takes our e-mail."""

    host: str
    port: int
    user: str
    password: str
    sender: str
    security: Security


@dataclass(frozen=True, slots=True)
class Messenger:
    """What telling needs: a server for e-mail, if there is one, and where people find our pages."""

    mail: MailServer | None
    address: str
    allow_private: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """What one channel is told; ``id`` is the same at every try."""

    id: str
    title: str
    text: str


def messenger_of(settings: Settings) -> Messenger:
    """What the settings say of e-mail, and where our pages are."""
    mail = None
    if settings.smtp_host and settings.smtp_from:
        security: Security = next(one for one in get_args(Security) if one == settings.smtp_security)
        mail = MailServer(
            settings.smtp_host, settings.smtp_port, settings.smtp_user, settings.smtp_password,
            settings.smtp_from, security,
        )  # fmt: skip
    return Messenger(mail, settings.address, settings.allow_private_webhooks)


class NotTaken(Exception):
    """The channel did not take a message."""


def add(
    db: Database, messenger: Messenger, kind: ChannelKind, target: str, project: int | None, by: str,
    now: datetime,
) -> Channel:  # fmt: skip
    """Tell somebody of a project's alerts, or of those of all projects, from now on.

    Raises
    ------
    InvalidInput
        If that is no address, or one that may not be called.
    NotFound
        If there is no such project.
    """
    target = target.strip()
    if not 0 < len(target) <= _LONGEST_TARGET:
        raise InvalidInput("a channel needs a target", code="invalid_channel", pointer="/target")
    if kind == "email":
        if not _ADDRESS.fullmatch(target):
            raise InvalidInput(f"{target!r} is no e-mail address", code="invalid_channel", pointer="/target")
        if messenger.mail is None:
            raise InvalidInput(
                "no server for e-mail is set: GOLDVEIN_SMTP_HOST and GOLDVEIN_SMTP_FROM",
                code="no_mail_server", pointer="/kind",
            )  # fmt: skip
    else:
        apprising.check(target, allow_private=messenger.allow_private)
    with db.transaction() as tx:
        if project is not None:
            read_project(tx, project, None)
        return channels.add(tx, project, kind, target, by, now)


def list_(db: Database) -> list[Channel]:
    """List all channels."""
    with db.connection() as tx:
        return channels.list_(tx)


def delete(db: Database, channel: int) -> None:
    """Tell a channel nothing any more.

    Raises
    ------
    NotFound
        If there is none of that id.
    """
    with db.transaction() as tx:
        if not channels.delete(tx, channel):
            raise NotFound(f"there is no channel {channel}", code="channel_unknown")


def send_test(db: Database, messenger: Messenger, channel: int, now: datetime) -> str | None:
    """Send a test message; return what went wrong, or None.

    Raises
    ------
    NotFound
        If there is none of that id.
    """
    with db.connection() as tx:
        found = channels.find(tx, channel)
    if found is None:
        raise NotFound(f"there is no channel {channel}", code="channel_unknown")
    text = f"A test of this channel. Alerts link to {messenger.address}/operate/alerts."
    message = Message(f"test.{channel}.{int(now.timestamp())}", "Goldvein: test message", text)
    return _tried(messenger, found.kind, found.target, message, now)


def tell_due(db: Database, messenger: Messenger, now: datetime) -> int:
    """Tell channels what is due; return how many messages were taken."""
    begun, taken = time.monotonic(), 0
    for _ in range(AT_ONCE):
        at = now + timedelta(seconds=time.monotonic() - begun)
        with db.transaction() as tx:  # one by one: the lease of one that waits for slow others would run out
            due = channels.claim(tx, at, LEASE, limit=1)
        if not due:
            break
        taken += _tell(db, messenger, due[0], at)
    return taken


def _tell(db: Database, messenger: Messenger, notice: Notice, now: datetime) -> bool:
    error = _tried(messenger, notice.kind, notice.target, message_of(notice, messenger.address), now)
    again = None if error is None or notice.tries >= TRIES else now + FIRST_WAIT * 2 ** (notice.tries - 1)
    with db.transaction() as tx:
        channels.settle(tx, notice, told_at=now if error is None else None, next_try_at=again, error=error)
    return error is None


def shown(kind: ChannelKind, target: str) -> str:
    """A channel's target without its secrets."""
    return target if kind == "email" else apprising.shown(target)


def message_of(notice: Notice, address: str) -> Message:
    """Put an alert into words."""
    told = advice(notice.alert.kind, notice.alert.subject)
    name = " ".join(notice.name.split())[:80]
    opened = notice.event == "opened"
    title = f"{'Alert' if opened else 'Resolved'}: {told.title} ({name})"
    link = f"{address}/operate/{notice.project}/alerts/{notice.alert.id}"
    since = notice.alert.opened_at.strftime("%Y-%m-%d %H:%M UTC")
    lines = [told.meaning, f"Open since {since}.", told.action, link] if opened else ["It is over.", link]
    return Message(
        f"{notice.project}.{notice.alert.id}.{notice.event}.{notice.channel}", title, "\n\n".join(lines)
    )


def _tried(
    messenger: Messenger, kind: ChannelKind, target: str, message: Message, now: datetime
) -> str | None:
    """Send once; return what went wrong."""
    try:
        if kind == "email":
            _mail(messenger.mail, target, message, now)
        else:
            _call(messenger, target, message)
    except (NotTaken, InvalidInput) as refused:
        return str(refused)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        return f"{type(error).__name__}: {error}"[:300]
    return None


def _call(messenger: Messenger, target: str, message: Message) -> None:
    apprising.check(target, allow_private=messenger.allow_private)
    if not apprising.send(target, message.title, message.text):
        raise NotTaken("the service did not take the message")


def _mail(server: MailServer | None, target: str, message: Message, now: datetime) -> None:
    if server is None:
        raise NotTaken("no server for e-mail is set")
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = server.sender, target, message.title
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<goldvein.{message.id}@{server.sender.rpartition('@')[2].strip('>')}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    context = ssl.create_default_context()
    if server.security == "tls":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, timeout=_TIMEOUT, context=context
        )
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=_TIMEOUT)
    with connection:
        if server.security == "starttls":
            connection.starttls(context=context)
        if server.user:
            connection.login(server.user, server.password)
        connection.send_message(mail)


def mask(found: Sequence[Channel]) -> list[tuple[Channel, str]]:
    """Channels, each with its target as it may be shown."""
    return [(channel, shown(channel.kind, channel.target)) for channel in found]
