"""Labels as Parquet, written in row groups as they come; needs the extra ``parquet``."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final

from goldvein.domain.errors import GoldveinError
from goldvein.services.exporting import COLUMNS, Layout, table_row
from goldvein.store.labelled import Labelled

GROUP: Final = 5_000
"""Labels of a row group: so many are held."""


class ExtraMissing(GoldveinError):
    """This server cannot write this: a part of it is not installed."""

    status = 501
    code = "extra_missing"


class Parquet:
    """One Parquet file with the columns of a table of labels, and ``options`` as a list.

    Raises
    ------
    ExtraMissing
        If there is no pyarrow.
    """

    def __init__(self, layout: Layout) -> None:
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError as error:
            raise ExtraMissing(
                "this server writes no Parquet: whoever runs it installs `goldvein[parquet]`; until then use "
                "another format",
                extra="parquet",
            ) from error
        self._pa = pa
        self._schema = _schema(pa)
        self._classes = layout.classes
        self._rows: list[list[Any]] = []
        self._sink = _Sink()
        self._writer = pq.ParquetWriter(self._sink, self._schema, compression="zstd")

    def begin(self) -> bytes:
        """Write the magic number."""
        return self._sink.take()

    def page(self, labels: Sequence[Labelled]) -> bytes:
        """Write a row group as soon as there are enough labels for one."""
        self._rows += [[*table_row(one), self._options(one)] for one in labels]
        if len(self._rows) >= GROUP:
            self._write()
        return self._sink.take()

    def end(self) -> bytes:
        """Write the last row group, and where everything is."""
        if self._rows:
            self._write()
        self._writer.close()
        return self._sink.take()

    def _options(self, one: Labelled) -> Sequence[str] | None:
        return self._classes if self._classes is not None else (one.input or {}).get("options")

    def _write(self) -> None:
        columns = [
            self._pa.array(values, field.type)
            for values, field in zip(zip(*self._rows, strict=True), self._schema, strict=True)
        ]
        self._writer.write_table(
            self._pa.Table.from_arrays(columns, schema=self._schema), row_group_size=GROUP
        )
        self._rows = []


def _schema(pa: Any) -> Any:
    """The types of the columns: the same whatever a file holds."""
    moment = pa.timestamp("us", tz="UTC")
    types = {
        "id": pa.int64(), "task": pa.int64(), "choice": pa.int32(), "confidence": pa.float64(),
        "p_benchmarks": pa.float64(), "p_all": pa.float64(), "benchmarks": pa.int32(), "policy": pa.int32(),
        "answered_at": moment, "delivered_at": moment, "replaces": pa.int64(),
    }  # fmt: skip
    fields = [pa.field(name, types.get(name, pa.string())) for name in COLUMNS]
    return pa.schema([*fields, pa.field("options", pa.list_(pa.string()))])


class _Sink(io.RawIOBase):
    """Takes what the library writes, to be handed on."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, part: Any) -> int:
        self._parts.append(bytes(part))
        self._written += len(self._parts[-1])
        return len(self._parts[-1])

    def tell(self) -> int:
        return self._written

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken
