"""Long lists are sent part by part, and what came of the parts is added up."""

import itertools
from collections.abc import Iterable, Iterator
from typing import TypeVar

from goldvein import wire
from goldvein.client.errors import ApiError

T = TypeVar("T")


def parts(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut into lists of at most ``size``."""
    rest = iter(items)
    while part := list(itertools.islice(rest, size)):
        yield part


def nothing_pushed(batch: str | None = None) -> wire.Pushed:
    """What came of no part yet."""
    return wire.Pushed(batch=batch, created=0, existing=0, refused=0, tasks=[], errors=[])


def add_up(total: wire.Pushed, pushed: wire.Pushed, start: int) -> None:
    """Add a part's outcome, its indexes counted among all."""
    for task in pushed.tasks:
        task.index += start
    for error in pushed.errors:
        error.index = (error.index or 0) + start
    total.created += pushed.created
    total.existing += pushed.existing
    total.refused += pushed.refused
    total.tasks += pushed.tasks
    total.errors += pushed.errors


def wholly_refused(error: ApiError, batch: str | None = None) -> wire.Pushed:
    """What came of a part of which nothing was taken, since the other parts may be good.

    Raises
    ------
    ApiError
        The error itself, where it is not about single items.
    """
    errors = error.problem.errors
    if not errors or errors[0].index is None:
        raise error
    return wire.Pushed(batch=batch, created=0, existing=0, refused=len(errors), tasks=[], errors=errors)
