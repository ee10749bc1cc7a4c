"""``schema.sql``: what all migrations make, for reading. ``python -m goldvein.store.schema`` writes it."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from goldvein.store.binaries import find_binaries
from goldvein.store.embedded import EmbeddedServer
from goldvein.store.migrations import migrate

FILE = Path(__file__).with_name("schema.sql")
_HEAD = """-- All migrations in one, for reading: `just schema` writes this file, a test holds it to be equal.
-- Why a table or an index is there stands in migrations/.

"""
_NOISE = re.compile(r"^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\.*)\n", re.MULTILINE)


def dump(url: str) -> str:
    """Write down the schema of a database, without what every dump begins with."""
    program = find_binaries().program("pg_dump")
    options = [
        "--schema-only",
        "--schema=public",
        "--no-owner",
        "--no-privileges",
        "--no-comments",
        "--exclude-table=migrations",
    ]
    dumped = subprocess.run([program, *options, url], capture_output=True, text=True, check=True).stdout
    text = re.sub(r"\bpublic\.", "", _NOISE.sub("", dumped))
    text = re.sub(r"^CREATE SCHEMA public;\n", "", text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def write() -> None:
    """Migrate a scratch database and keep its schema beside this module."""
    with tempfile.TemporaryDirectory(prefix="gv-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        with EmbeddedServer(Path(folder) / "home", durable=False) as server:
            migrate(server.url)
            FILE.write_text(_HEAD + dump(server.url), "utf-8")


if __name__ == "__main__":
    write()
