"""A context manager in a process of its own is entered, left, and never outlives us."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from goldvein.sim.apart import apart
from tests.eventually import eventually


@contextlib.contextmanager
def marking(path: str) -> Iterator[int]:
    """Write down that it was left; gives the process."""
    yield os.getpid()
    Path(path).write_text("left", encoding="utf-8")


@contextlib.contextmanager
def refusing(number: int) -> Iterator[None]:
    """Fail if there is a number."""
    if number:
        raise OSError(number, "taken")
    yield


def _gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def test_it_is_entered_elsewhere_and_left_in_the_end(tmp_path: Path) -> None:
    """The value comes from another process, which has cleaned up and gone when the block has ended."""
    with apart(marking, str(tmp_path / "left")) as process:
        assert process != os.getpid()
        os.kill(process, signal.SIGINT)  # a Ctrl-C at the terminal is not for the child
        assert not (tmp_path / "left").exists()

    assert (tmp_path / "left").read_text(encoding="utf-8") == "left"
    assert _gone(process)


def test_what_keeps_it_from_entering_is_raised_here() -> None:
    """Type and number of the error arrive."""
    with pytest.raises(OSError, match="taken") as caught, apart(refusing, 98):
        pass

    assert caught.value.errno == 98


def test_it_is_left_when_its_parent_is_killed(tmp_path: Path) -> None:
    """After kill -9 of the parent the child cleans up by itself, within seconds."""
    program = (
        "import sys, time\nfrom goldvein.sim.apart import apart\nfrom tests.sim.test_apart import marking\n"
        f"if __name__ == '__main__':\n with apart(marking, {str(tmp_path / 'left')!r}) as child:\n"
        "  print(child, flush=True)\n  time.sleep(60)\n"
    )
    (tmp_path / "parent.py").write_text(program, encoding="utf-8")
    root = str(Path(__file__).parents[2])
    parent = subprocess.Popen(
        [sys.executable, str(tmp_path / "parent.py")],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()

    assert eventually(lambda: (tmp_path / "left").exists() and _gone(child), seconds=20)


def test_a_ctrl_c_while_it_starts_is_not_for_the_child(tmp_path: Path) -> None:
    """A terminal sends it to all of us; the child, which ignores it only later, starts all the same."""
    program = (
        "import signal, sys\n"
        "from tests.sim.test_apart import apart, marking\n"
        "signal.signal(signal.SIGINT, lambda *_: None)\n"
        "print('ready', flush=True)\n"
        f"with apart(marking, {str(tmp_path / 'left')!r}):\n"
        "    print('entered', flush=True)\n"
        "    sys.stdin.read()\n"  # an interpreter that is about to end takes signals as they come
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        start_new_session=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert parent.stdout is not None
    assert parent.stdout.readline() == "ready\n"
    for _ in range(20):
        os.killpg(parent.pid, signal.SIGINT)
        time.sleep(0.02)

    assert parent.communicate(timeout=30)[0] == "entered\n"
    assert parent.returncode == 0
