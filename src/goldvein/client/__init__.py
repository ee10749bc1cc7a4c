"""A small client of the HTTP API.

>>> from goldvein.client import GoldveinClient
>>> client = GoldveinClient("http://127.0.0.1:8000", "gv_cus_...")  # doctest: +SKIP
>>> project = client.create_project("tone", "Which reply is friendlier?")  # doctest: +SKIP
>>> client.push(project.id, tasks, batch="round-1")  # doctest: +SKIP
>>> client.wait_for_batch(project.id, "round-1")  # doctest: +SKIP
>>> for label in client.export(project.id):  # doctest: +SKIP
...     print(label.unique_id, label.answer)
"""

from goldvein.client.customer import GoldveinClient
from goldvein.client.errors import (
    ApiError,
    InvalidRequest,
    NotAllowed,
    NotThere,
    Refused,
    ServerTrouble,
    Unreachable,
)
from goldvein.client.labeler import AsyncLabelerClient, LabelerClient, NoWork

__all__ = [
    "ApiError",
    "AsyncLabelerClient",
    "GoldveinClient",
    "InvalidRequest",
    "LabelerClient",
    "NoWork",
    "NotAllowed",
    "NotThere",
    "Refused",
    "ServerTrouble",
    "Unreachable",
]
