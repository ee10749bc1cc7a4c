"""A context manager entered in a process of its own, so that what it runs does not share our interpreter."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import signal
import sys
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from multiprocessing.connection import Connection

T = TypeVar("T")
GRACE_SECONDS = 10.0


@contextlib.contextmanager
def apart(enter: Callable[..., AbstractContextManager[T]], *args: Any, **options: Any) -> Iterator[T]:
    """Enter ``enter(*args, **options)`` in a child process and leave it when the block ends.

    The child also leaves it when this process is gone, however it went: it waits for the end of a pipe that
    only this process writes to. A Ctrl-C at the terminal, which reaches all, is ours to act upon.

    Parameters
    ----------
    enter : callable
        A function of a module, and arguments and a result that can be pickled.

    Raises
    ------
    Exception
        What kept the child from entering, or a RuntimeError if it died.
    """
    processes = multiprocessing.get_context("spawn")
    ours, theirs = processes.Pipe()
    child = processes.Process(target=_inside, args=(theirs, enter, args, options), name=enter.__name__)
    # A Ctrl-C is kept back from the child, or it would end it before it has come to ignore it. The tracker
    # of resources is there before: its own start lets the signal through again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        child.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    theirs.close()
    try:
        try:
            value, failure = ours.recv()
        except EOFError as error:
            raise RuntimeError(f"{enter.__name__} did not start in its process") from error
        if failure is not None:
            raise failure
        yield value
        ours.close()
        child.join(GRACE_SECONDS)
    finally:
        ours.close()
        if child.is_alive():
            child.kill()
        child.join()


def _inside(
    pipe: Connection,
    enter: Callable[..., AbstractContextManager[Any]],
    args: tuple[Any, ...],
    options: dict[str, Any],
) -> None:
    """Stay inside until the pipe ends; only warnings are said, and standard output stays free for reports."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.ExitStack() as inside:
        try:
            value = inside.enter_context(enter(*args, **options))
        except Exception as error:  # noqa: BLE001 - the parent's to tell
            pipe.send((None, error))
            return
        pipe.send((value, None))
        with contextlib.suppress(EOFError, ConnectionResetError):
            pipe.recv()
