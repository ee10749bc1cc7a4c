"""How often an address may try to get in: each has a bucket of tries that fills up again.

Litestar's own limit keeps a list for every address that ever came, and never drops one. This one remembers a
bounded number of addresses, in this process only: with several processes, each counts for itself.
"""

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address
from typing import Final

from goldvein.domain.errors import GoldveinError

_REMEMBERED: Final = 10_000


class TooManyTries(GoldveinError):
    """Too many people have tried to get in from your address: wait a little, then try again."""

    status = 429
    code = "too_many_tries"


class Allowance:
    """Tries of each address.

    Parameters
    ----------
    per_minute : int
        Tries that an address may make at once, and in each minute after.
    """

    def __init__(self, per_minute: int) -> None:
        self._most = float(per_minute)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str, now: float) -> None:
        """Count one try.

        Parameters
        ----------
        address : str
            The client's; of IPv6 the network counts, since a home has 2**64 addresses.
        now : float
            Seconds of a clock that only runs forward.

        Raises
        ------
        TooManyTries
            With the seconds until there is a try again.
        """
        key = network(address)
        left, at = self._buckets.pop(key, (self._most, now))
        left = min(self._most, left + (now - at) * self._most / 60)
        enough = left >= 1
        self._buckets[key] = (left - enough, now)
        if len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)
        if not enough:
            raise TooManyTries(retry_after_seconds=int((1 - left) * 60 / self._most) + 1)


def network(address: str) -> str:
    """What counts as one address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    mapped = parsed.ipv4_mapped
    return str(mapped) if mapped else str(IPv6Address(int(parsed) >> 64 << 64))
