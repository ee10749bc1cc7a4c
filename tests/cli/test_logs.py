"""Log events, as a collector reads them."""

import json
import subprocess
import sys

PROGRAM = """
import logging, structlog
from goldvein.cli.logs import set_up_logs
set_up_logs("info", as_json=True)
structlog.get_logger().info("ours", count=1)
logging.getLogger("psycopg.pool").warning("error connecting in %r:\\nno such file", "pool-1")
logging.getLogger("uvicorn.error").info("not severe enough")
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("procrastinate").exception("a job failed")
"""


def test_every_line_is_json_whoever_wrote_it() -> None:
    """What libraries say has its moment, level and logger as well, a traceback in the same line."""
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in ran.stderr.splitlines()]

    assert [one["level"] for one in lines] == ["info", "warning", "error"]
    assert [one.get("logger") for one in lines] == [None, "psycopg.pool", "procrastinate"]
    assert lines[1]["event"] == "error connecting in 'pool-1':\nno such file"
    assert "ZeroDivisionError" in lines[2]["exception"]
    assert all(one["timestamp"].endswith("Z") for one in lines)
    assert not ran.stdout
