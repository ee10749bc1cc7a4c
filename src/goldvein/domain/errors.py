"""Everything that can go wrong, each with a stable code.

::

    GoldveinError
    ├── InvalidInput            422  the content of a request breaks a rule
    ├── NotFound                404  no such thing, or not yours to see
    ├── Conflict                409  the request fights the present state
    │   └── LeaseLost           409  somebody else holds, or held, the attempt
    ├── Forbidden               403  the role does not allow it
    └── Unauthenticated         401  no valid key came with the request
"""

from __future__ import annotations

from typing import Any, ClassVar


class GoldveinError(Exception):
    """The request could not be carried out."""

    status: ClassVar[int] = 500
    code: str = "error"

    def __init__(self, detail: str | None = None, *, code: str | None = None, **facts: Any) -> None:
        super().__init__(detail or type(self).__doc__)
        self.detail = str(self)
        self.code = code or type(self).code
        self.facts = facts


class InvalidInput(GoldveinError):
    """The content of the request breaks a rule."""

    status = 422
    code = "invalid_input"


class NotFound(GoldveinError):
    """There is no such thing here, or it is not yours to see."""

    status = 404
    code = "not_found"


class Conflict(GoldveinError):
    """The request fights the present state."""

    status = 409
    code = "conflict"


class LeaseLost(Conflict):
    """The lease ended and the task went to somebody else: drop this answer and ask for the next task."""

    code = "lease_lost"


class Forbidden(GoldveinError):
    """This key's role does not allow the request."""

    status = 403
    code = "forbidden"


class Unauthenticated(GoldveinError):
    """Send a valid key in the header `Authorization: Bearer KEY`."""

    status = 401
    code = "unauthenticated"
