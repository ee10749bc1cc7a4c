"""Who reads metrics without a key."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any


@dataclass(frozen=True, slots=True)
class Scrapers:
    """The networks from which metrics are read without a key.

    Whoever comes through a proxy of which the settings do not know is none of them: all who come through it
    would be.
    """

    networks: Sequence[IPv4Network | IPv6Network] = ()
    proxies_are_known: bool = False

    @classmethod
    def of(cls, networks: str, proxies: str) -> "Scrapers":
        """Read settings.

        Raises
        ------
        ValueError
            If something among them is no network.
        """
        named = [ip_network(one.strip()) for one in networks.split(",") if one.strip()]
        return cls(named, bool(proxies))

    def have(self, scope: Any) -> bool:
        """Whether a request comes from one of them."""
        if not self.networks or scope.get("client") is None:
            return False
        forwarded = any(name in {b"x-forwarded-for", b"forwarded"} for name, _ in scope["headers"])
        if forwarded and not self.proxies_are_known:
            return False
        try:
            address = ip_address(scope["client"][0])
        except ValueError:
            return False
        return any(address in network for network in self.networks)
