"""Moments in addresses: a time without a zone could be any of 24."""

from datetime import datetime

from goldvein.domain.errors import InvalidInput


def zoned(name: str, value: datetime | None) -> datetime | None:
    """Pass on a query parameter's moment.

    Raises
    ------
    InvalidInput
        If it says no zone.
    """
    if value is not None and value.tzinfo is None:
        raise InvalidInput(
            f"{name} says no zone: write it as 2026-01-31T00:00:00Z",
            code="moment_without_zone",
            parameter=name,
        )
    return value
