"""Every setting of the installation, in one table.

A setting is read from the environment variable ``GOLDVEIN_<NAME>``, once, by the room that wires the others
together. Nothing here holds a policy: what a project demands of its labelers is data of that project.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Final

PREFIX: Final = "GOLDVEIN_"

type_names: Final = {str: "text", int: "whole number", float: "number", bool: "yes or no", Path: "folder"}
"""How each kind of value is called where a person reads it."""

_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})

Value = str | int | float | bool | Path


class SettingError(ValueError):
    """A setting has a value that cannot be used."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table: the default's type is the setting's type."""

    name: str
    default: Value
    unit: str
    help: str
    choices: tuple[str, ...] = ()
    at_least: float | None = None
    at_most: float | None = None

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return PREFIX + self.name.upper()

    def parse(self, text: str) -> Value:
        """Turn the variable's text into a value of the default's type.

        Raises
        ------
        SettingError
            If the text is no such value, is not among the choices, or is too small or too large.
        """
        value: Value
        try:
            match self.default:
                case bool():
                    value = _parse_bool(text)
                case int():
                    value = int(text)
                case float():
                    value = float(text)
                case Path():
                    value = Path(text).expanduser()
                case str():
                    value = text.strip()
        except ValueError as error:
            kind = type_names[type(self.default) if not isinstance(self.default, Path) else Path]
            raise SettingError(f"{self.variable}={text!r} is not a {kind}: {self.help}") from error
        if self.choices and value not in self.choices:
            raise SettingError(f"{self.variable}={text!r} must be one of {', '.join(self.choices)}")
        if self.at_least is not None and isinstance(value, int | float) and not value >= self.at_least:
            raise SettingError(
                f"{self.variable}={text!r} must be at least {self.at_least:g} {self.unit}".rstrip()
            )
        if self.at_most is not None and isinstance(value, int | float) and not value <= self.at_most:
            raise SettingError(
                f"{self.variable}={text!r} must be at most {self.at_most:g} {self.unit}".rstrip()
            )
        return value


def _parse_bool(text: str) -> bool:
    word = text.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError(text)


def default_home(environ: Mapping[str, str] = os.environ) -> Path:
    """Folder of the embedded database: /var/lib/goldvein for root, else in the user's data folder."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/goldvein")
    data = environ.get("XDG_DATA_HOME", "")
    base = Path(data) if data.startswith("/") else Path.home() / ".local" / "share"
    return base / "goldvein"


SETTINGS: Final = (
    Setting(
        "database_url",
        "",
        "",
        "PostgreSQL to use, as postgresql://...; else the embedded server in GOLDVEIN_HOME",
    ),
    Setting(
        "home",
        Path(),
        "",
        "folder of the embedded database; else /var/lib/goldvein for root, the user's data for others",
    ),
    Setting("host", "127.0.0.1", "", "address that the HTTP server listens on"),
    Setting(
        "port",
        8000,
        "",
        "port that the HTTP server listens on; 0 takes a free one",
        at_least=0,
        at_most=65535,
    ),
    Setting(
        "public_url",
        "",
        "",
        "where people find the pages, as https://label.example; in links, and https makes cookies secure",
    ),
    Setting(
        "proxies",
        "",
        "",
        "addresses of reverse proxies, with commas between, whose word on who the client is counts",
    ),
    Setting(
        "tries_per_minute",
        30,
        "tries",
        "sign-ins, joins and single sign-ons that one address may try a minute, per process",
        at_least=1,
    ),
    Setting(
        "sso_issuer", "", "", "provider of OpenID Connect, as https://login.example; empty: no single sign-on"
    ),
    Setting("sso_client_id", "", "", "what the provider calls this installation"),
    Setting(
        "sso_client_secret", "", "", "the provider's secret for this installation; empty for a public client"
    ),
    Setting("sso_name", "single sign-on", "", "words on the button, after `Sign in with`"),
    Setting(
        "sso_role",
        "",
        "",
        "role of whoever comes by single sign-on without an account; empty: only invited people may come",
        choices=("labeler", "trusted", "auditor", "customer", "operator"),
    ),
    Setting(
        "sso_customer",
        0,
        "",
        "with the role customer: number of the customer to whom they belong",
        at_least=0,
    ),
    Setting(
        "log_level",
        "info",
        "",
        "least severe log event that is written",
        choices=("debug", "info", "warning", "error"),
    ),
    Setting("log_json", False, "", "write log events as JSON lines instead of text for people"),
    Setting("tracing", False, "", "send traces by OTLP to where OTEL_... variables say (extra `otel`)"),
    Setting(
        "metrics_from",
        "",
        "",
        "networks, with commas between, that read /metrics without a key, as 127.0.0.1/32, 10.0.0.0/8",
    ),
    Setting("pool_size", 8, "connections", "database connections that one process keeps at most", at_least=2),
    Setting("group_size", 256, "requests", "requests that share one transaction at most", at_least=1),
    Setting(
        "answer_step",
        0.025,
        "seconds",
        "labelers are answered at an even pace of such steps, so that time tells no benchmark; 0: at once",
        at_least=0,
    ),
    Setting("job_concurrency", 4, "jobs", "jobs that one `goldvein work` process runs at once", at_least=1),
    Setting(
        "shutdown_seconds",
        10.0,
        "seconds",
        "time that requests and jobs get to end when asked to stop",
        at_least=0,
    ),
    Setting("smtp_host", "", "", "server that takes e-mail about alerts; empty: no e-mail"),
    Setting("smtp_port", 587, "", "port of that server", at_least=1, at_most=65535),
    Setting("smtp_user", "", "", "user name there; empty: without signing in"),
    Setting("smtp_password", "", "", "password there"),
    Setting("smtp_from", "", "", "address that e-mail comes from, as goldvein@label.example"),
    Setting(
        "smtp_security",
        "starttls",
        "",
        "how the connection is protected; none is for a server on this machine only",
        choices=("starttls", "tls", "none"),
    ),
    Setting(
        "webhook_timeout", 10.0, "seconds", "time that a webhook's receiver gets to answer", at_least=0.1
    ),
    Setting(
        "keep_deliveries",
        30,
        "days",
        "how long tries to deliver are kept; 0: for ever",
        at_least=0,
    ),
    Setting(
        "keep_invitations",
        90,
        "days",
        "how long links to join are kept, with their notes, after they have ended; 0: for ever",
        at_least=0,
    ),
    Setting(
        "keep_focus",
        90,
        "days",
        "how long it is kept for how long a task had been in focus; 0: until a person is erased",
        at_least=0,
    ),
    Setting(
        "keep_comments",
        0,
        "days",
        "how long comments on answers are kept; 0: until a person is erased",
        at_least=0,
    ),
    Setting(
        "keep_contents",
        0,
        "days",
        "how long what tasks say is kept after their project was closed; 0: until somebody has it erased",
        at_least=0,
    ),
    Setting(
        "allow_private_webhooks",
        False,
        "",
        "let webhooks call private, loopback and link-local addresses; for tests and closed networks only",
    ),
)
"""The table. docs/settings.md is made from it, and `Settings` has one field a row, by test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one process, parsed and checked."""

    database_url: str = field(repr=False)
    home: Path
    host: str
    port: int
    public_url: str
    proxies: str
    tries_per_minute: int
    sso_issuer: str
    sso_client_id: str
    sso_client_secret: str = field(repr=False)
    sso_name: str
    sso_role: str
    sso_customer: int
    log_level: str
    log_json: bool
    tracing: bool
    metrics_from: str
    pool_size: int
    group_size: int
    answer_step: float
    job_concurrency: int
    shutdown_seconds: float
    smtp_host: str
    smtp_port: int
    smtp_user: str
    smtp_password: str = field(repr=False)
    smtp_from: str
    smtp_security: str
    webhook_timeout: float
    keep_deliveries: int
    keep_invitations: int
    keep_focus: int
    keep_comments: int
    keep_contents: int
    allow_private_webhooks: bool

    @property
    def address(self) -> str:
        """Where people find the pages, without a slash at the end."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104
        return self.public_url.rstrip("/") or f"http://{host}:{self.port}"


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read every setting from the environment; an empty variable counts as not set.

    Raises
    ------
    SettingError
        If a value cannot be used, or a variable's name is nearly that of a setting.
    """
    known = {setting.variable: setting for setting in SETTINGS}
    for name in sorted(name for name in environ if name.startswith(PREFIX) and name not in known):
        if meant := get_close_matches(name, known, n=1, cutoff=0.9):
            raise SettingError(f"{name} names no setting: is {meant[0]} meant?")
    values: dict[str, Value] = {}
    for variable, setting in known.items():
        text = environ.get(variable, "")
        values[setting.name] = setting.parse(text) if text else setting.default
    if not _leads_to_postgresql(str(values["database_url"])):
        raise SettingError(  # the value is not told: it may hold a password
            "GOLDVEIN_DATABASE_URL is no address of PostgreSQL: write postgresql://USER:PASSWORD@HOST:5432/DATABASE"
        )
    if values["home"] == Path():
        values["home"] = default_home(environ)
    return Settings(**{field.name: values[field.name] for field in fields(Settings)})  # type: ignore[arg-type]


def _leads_to_postgresql(url: str) -> bool:
    """Whether libpq would read it: a URL of its own, or its `host=... dbname=...`."""
    scheme, found, _ = url.partition("://")
    if found and "=" not in scheme:
        return scheme in {"postgresql", "postgres"}
    return not url or "=" in url


def settings_page() -> str:
    """Give the text of docs/settings.md."""
    lines = [
        "# Settings",
        "",
        "Environment variables of the installation; what a project demands of its labelers is in its policy.",
        "Made from `src/goldvein/settings.py` by `python -m goldvein.settings > docs/settings.md`.",
        "",
        "| variable | default | unit | what it is |",
        "|---|---|---|---|",
    ]
    for setting in SETTINGS:
        kind = type_names[Path if isinstance(setting.default, Path) else type(setting.default)]
        empty = setting.default in {"", Path()}
        default = "" if empty else str(setting.default).lower()
        text = setting.help + (f" ({', '.join(setting.choices)})" if setting.choices else "")
        lines.append(f"| `{setting.variable}` | {default} | {setting.unit or kind} | {text} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(settings_page(), end="")  # noqa: T201  # the page is this module's output
