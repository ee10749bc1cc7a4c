"""When labelers are answered: all after the same time, so that what a task took to give or judge is hidden.

To lease a benchmark, to judge an answer and to deliver a label are different work. Left alone, the time of a
response tells a benchmark. So responses wait until nearly all of those before would have been ready, counted
in whole steps; the few that are later leave at the end of a later step.
"""

import asyncio
import math
from collections import deque
from typing import Final

_REMEMBERED: Final = 256
_EVERY: Final = 16
_NEARLY_ALL: Final = 0.98
_MOST_STEPS: Final = 10
"""Steps that a response waits for others at most: under overload nobody is kept longer for the disguise."""


class Pace:
    """The time that responses take, learned from those before.

    Parameters
    ----------
    step_seconds : float
        The length of a step; 0 lets every response go at once.
    """

    def __init__(self, step_seconds: float) -> None:
        self._step = step_seconds
        self._took: deque[float] = deque(maxlen=_REMEMBERED)
        self._seen = 0
        self._usual = 1

    def delay(self, took: float) -> float:
        """Seconds still to wait for a response that was ready after so many; notes it for those to come."""
        if not self._step:
            return 0.0
        self._took.append(took)
        self._seen += 1
        if self._seen % _EVERY == 0:
            slow = sorted(self._took)[int(_NEARLY_ALL * (len(self._took) - 1))]
            self._usual = min(_MOST_STEPS, self._steps(slow))
        return max(self._usual, self._steps(took)) * self._step - took

    async def hold(self, took: float) -> None:
        """Wait as long as that."""
        seconds = self.delay(took)
        if seconds > 0:
            await asyncio.sleep(seconds)

    def _steps(self, seconds: float) -> int:
        return max(1, math.ceil(seconds / self._step))
