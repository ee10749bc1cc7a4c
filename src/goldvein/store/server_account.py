"""The account that an embedded PostgreSQL runs under."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from goldvein.store.binaries import EmbeddedServerError


@dataclass(frozen=True, slots=True)
class Account:
    """The account that the server runs under; None keeps the present one."""

    user: int | None
    group: int | None

    def subprocess_arguments(self) -> dict[str, object]:
        """Arguments for `subprocess` that make a child run under it."""
        if self.user is None:
            return {}
        return {"user": self.user, "group": self.group, "extra_groups": ()}

    def can_reach(self, folder: Path) -> bool:
        """Whether the account may pass through every folder up to and including this one."""
        if self.user is None:
            return True
        test = "/usr/bin/test" if Path("/usr/bin/test").exists() else "/bin/test"
        child = subprocess.run(  # type: ignore[call-overload]
            [test, "-x", str(folder)], cwd="/", check=False, **self.subprocess_arguments()
        )
        return bool(child.returncode == 0)

    def owns(self, path: Path) -> bool:
        """Whether the account owns a file."""
        return path.stat().st_uid == (os.geteuid() if self.user is None else self.user)


def server_account() -> Account:
    """`nobody` for root, as PostgreSQL refuses to run as root; else the present account.

    Raises
    ------
    EmbeddedServerError
        If root's machine has no account `nobody`; no account is ever added.
    """
    if os.geteuid() != 0:
        return Account(None, None)
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise EmbeddedServerError(
            "root needs the account 'nobody' to run PostgreSQL under: run as an ordinary user, "
            "or set GOLDVEIN_DATABASE_URL to a server that runs elsewhere"
        ) from error
    return Account(entry.pw_uid, entry.pw_gid)
