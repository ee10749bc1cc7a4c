"""Slack and others, by apprise (extra `apprise`): only this module knows it, and only where it is used.

A URL of apprise names a service and its secrets. Services whose address stands in the URL could be made to
call into our own network, at every look-up anew; so only those whose address is fixed by apprise are allowed.
"""

from __future__ import annotations

import warnings
from functools import cache
from typing import Final

from goldvein.domain.errors import InvalidInput

FIXED_ADDRESS: Final = frozenset(
    ("slack", "discord", "tgram", "gchat", "pagerduty", "opsgenie", "pover", "wxteams", "splunk", "pbul")
)
"""Services that apprise calls at an address of its own, by scheme."""


def check(target: str, *, allow_private: bool) -> None:
    """See that apprise knows a URL and that it leads to no address of the sender's choice.

    Raises
    ------
    InvalidInput
        If the extra is not installed, the URL is none of apprise's, or its service is not allowed.
    """
    plugin = _plugin(target)
    scheme = str(plugin.secure_protocol if isinstance(plugin.secure_protocol, str) else "")
    if not allow_private and scheme not in FIXED_ADDRESS:
        raise InvalidInput(
            f"channels are allowed to {', '.join(sorted(FIXED_ADDRESS))}: other services name an address of "
            "their own; use a webhook for them",
            code="private_address",
            pointer="/target",
        )


def shown(target: str) -> str:
    """A URL without its secrets."""
    try:
        return str(_plugin(target).url(privacy=True)).partition("?")[0]
    except InvalidInput:
        return target.partition("://")[0] + "://..."


def send(target: str, title: str, text: str) -> bool:
    """Send a message; whether the service took it."""
    return bool(_plugin(target).notify(title=title, body=text))


@cache
def _library():  # type: ignore[no-untyped-def]  # noqa: ANN202  a module of the extra
    """Load apprise with all that it knows, once: what it loads warns of Pythons to come."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import apprise

        apprise.Apprise.instantiate("none://")
    return apprise


def _plugin(target: str):  # type: ignore[no-untyped-def]  # noqa: ANN202  a type of the extra
    try:
        apprise = _library()
    except ImportError as error:
        raise InvalidInput(
            "such a channel needs the extra: pip install 'goldvein[apprise]'", code="channel_unavailable",
            pointer="/target",
        ) from error  # fmt: skip
    plugin = apprise.Apprise.instantiate(target)
    if plugin is None:
        raise InvalidInput("this is no URL of apprise", code="invalid_channel", pointer="/target")
    return plugin
