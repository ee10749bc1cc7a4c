"""What can go wrong when talking to a server.

::

    ApiError                    the server said no; `code` is stable, `problem` is the whole document
    ├── InvalidRequest          400, 413, 415, 422
    ├── NotAllowed              401, 403
    ├── NotThere                404, 405
    ├── Refused                 409: it fights the present state
    └── ServerTrouble           500 and above, after all retries
    Unreachable                 no answer at all, after all retries
"""

import msgspec

from goldvein.wire import Problem


class Unreachable(Exception):
    """The server did not answer, however often it was asked."""


class ApiError(Exception):
    """The server answered with a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.status} {problem.code}: {problem.detail}")
        self.problem = problem

    @property
    def code(self) -> str:
        """The stable code of what went wrong."""
        return self.problem.code

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.problem.status


class InvalidRequest(ApiError):
    """The request breaks a rule; ``problem.errors`` names the places."""


class NotAllowed(ApiError):
    """The key is missing, unknown, or has another role."""


class NotThere(ApiError):
    """There is no such thing, or it is not yours to see."""


class Refused(ApiError):
    """The request fights the present state, such as a lease that was lost."""


class ServerTrouble(ApiError):
    """Something broke at the server, or it had too much to do."""


_KINDS: dict[int, type[ApiError]] = {
    401: NotAllowed,
    403: NotAllowed,
    404: NotThere,
    405: NotThere,
    409: Refused,
}
_problem = msgspec.json.Decoder(Problem)


def error_of(status: int, content: bytes) -> ApiError:
    """Read a problem; whatever stands between client and server may have answered in its own words."""
    try:
        problem = _problem.decode(content)
    except msgspec.MsgspecError:
        text = content[:200].decode(errors="replace")
        problem = Problem(type="about:blank", title="", status=status, detail=text, code="not_goldvein")
    kind = _KINDS.get(status, InvalidRequest if status < 500 else ServerTrouble)
    return kind(problem)
