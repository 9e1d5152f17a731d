"""Metric series from a CSV or Parquet file in long form: one row a value.

Needed columns: ``time`` and ``value``. Known ones: ``metric``, ``unit``, ``worse`` and ``count``. Every other column is
a label. All text is parsed here, strictly: a library that guesses would read a naive time as UTC and "n/a" as text.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from effnb.domain import Metric, Series
from effnb.errors import SourceDenied, SourceError, SourceUnavailable
from effnb.sources.metrics._grid import moment, named, on_grid, shortest_step

PARQUET = b"PAR1"
NEEDED = ("time", "value")
KNOWN = ("time", "value", "metric", "unit", "worse", "count")
UNKNOWN = {"", "nan", "null", "none", "na", "n/a"}
ZONED = r"(?:[zZ]|[+-]\d\d:?\d\d)$"
LARGEST_FILE = 1 << 30
MOST_ROWS = 20_000_000
MOST_COUNT = 2**53


def is_series_file(path: Path) -> bool:
    """Whether a file is Parquet or starts with a CSV header that has ``time`` and ``value``; false if unreadable."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except (OSError, ValueError):
        return False
    if head.startswith(PARQUET):
        return True
    columns = head.split(b"\n")[0].decode("utf-8-sig", errors="replace").split(",")
    return set(NEEDED) <= {column.strip(' "\r').lower() for column in columns}


def read_series(path: Path) -> list[Series]:
    """The series in a file, sorted by metric name and labels; each on its own grid, gaps null.

    - ``time``: ISO-8601 with ``Z`` or an offset, whole seconds; in Parquet also a timestamp with a time zone. The start
      of the bucket. Naive times and bare numbers are refused: nobody can know what they mean.
    - ``value``: a number. Empty, ``null``, ``NaN`` and ``n/a`` are null; other text and infinity are refused.
    - ``metric`` is the file's name where there is none, ``unit`` is ``unknown``, ``worse`` is ``more``.
    - ``count``: a whole number for every row, or no column at all.
    - Rows may come in any order. A repeated row is read once; two values for one bucket are refused.
    - The step is the shortest distance between neighbouring times. A series of one row takes the file's.

    Raises:
        SourceUnavailable: there is no such file.
        SourceDenied: it may not be read.
        SourceError: it holds no rows or breaks a rule above; the message names row and value.
    """
    try:
        table = _normal(_load_table(path))
        return _series(table, path.stem)
    except SourceError as error:
        if str(path) in str(error):
            raise
        raise SourceError(f"cannot read {path} as series: {error}") from error


def _load_table(path: Path) -> pd.DataFrame:
    """The raw table; CSV cells are all text."""
    try:
        with path.open("rb") as file:
            parquet = file.read(4) == PARQUET
        if path.stat().st_size > LARGEST_FILE:
            raise SourceError(f"it is larger than {LARGEST_FILE >> 20:,} MiB; split it")
        table = _load_parquet(path) if parquet else _load_csv(path)
    except FileNotFoundError as error:
        raise SourceUnavailable(f"cannot read {path}: there is no such file; check the path") from error
    except PermissionError as error:
        raise SourceDenied(f"cannot read {path}: permission denied; ask its owner for read access") from error
    except OSError as error:
        raise SourceUnavailable(
            f"cannot read {path}: {error.strerror or error}; check the path and the file"
        ) from error
    if table.empty:
        raise SourceError("it holds no rows; export it again")
    return table


def _load_csv(path: Path) -> pd.DataFrame:
    """All cells as text. The header is read as a row: pandas renames repeated names and takes a spare cell as index."""
    try:
        rows = pd.read_csv(
            path, header=None, dtype=str, keep_default_na=False, encoding="utf-8-sig", skipinitialspace=True
        )
    except pd.errors.EmptyDataError as error:
        raise SourceError("it is empty; export it again") from error
    except (pd.errors.ParserError, UnicodeDecodeError) as error:
        reason = f"it is not a CSV table ({_one_line(error)})"
        raise SourceError(f"{reason}; export it as UTF-8 with one header line") from error
    table = rows.iloc[1:].reset_index(drop=True)
    table.columns = pd.Index(rows.iloc[0])
    return table


def _load_parquet(path: Path) -> pd.DataFrame:
    try:
        with pq.ParquetFile(path) as file:
            if file.metadata.num_rows > MOST_ROWS:
                raise SourceError(f"it holds {file.metadata.num_rows:,} rows, more than {MOST_ROWS:,}; split it")
            frame: pd.DataFrame = file.read().to_pandas()
            return frame
    except pa.ArrowException as error:
        raise SourceError(f"its Parquet data is damaged ({_one_line(error)}); write it again") from error


def _normal(table: pd.DataFrame) -> pd.DataFrame:
    """The same rows with columns ``time`` (Unix seconds), ``value`` (NaN for unknown), and the rest as text."""
    table = table.rename(columns=lambda name: str(name).strip())
    if table.columns.duplicated().any():
        raise SourceError(
            f"two columns have the same name {table.columns[table.columns.duplicated()][0]!r}; rename one"
        )
    missing = [name for name in NEEDED if name not in table.columns]
    if missing:
        raise SourceError(
            f"there is no column {missing[0]!r} among {', '.join(table.columns)}; name it in the header line"
        )
    columns = {name: _text(table[name]) for name in table.columns if name not in ("time", "value", "count")}
    if "count" in table.columns:
        columns["count"] = _counts(table["count"])
    return pd.DataFrame({**columns, "time": _times(table["time"]), "value": _values(table["value"])})


def _times(column: pd.Series[Any]) -> pd.Series[Any]:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        times = column
    elif pd.api.types.is_datetime64_any_dtype(column):
        raise SourceError("its times have no time zone; write them in UTC with a time zone")
    else:
        times = _parsed(_text(column))
    _refuse(times.isna(), column, "is no time; write ISO-8601 with an offset, e.g. 2026-11-02T10:00:00Z")
    seconds = times.dt.as_unit("ns").astype("int64")
    _refuse(seconds % 1_000_000_000 != 0, column, "has a fraction of a second; round the times to the bucket's start")
    whole: pd.Series[Any] = seconds // 1_000_000_000
    return whole


def _parsed(text: pd.Series[Any]) -> pd.Series[Any]:
    dates = text.str.contains(r"^\d{4}-\d\d", regex=True)
    _refuse(~dates, text, "is no ISO-8601 time; write it as 2026-11-02T10:00:00Z")
    naive = ~text.str.contains(ZONED, regex=True) | (text.str.len() <= len("2026-11-02"))
    _refuse(naive, text, "has no time zone; write the offset: 2026-11-02T10:00:00Z or …+01:00")
    return pd.to_datetime(text, format="ISO8601", utc=True, errors="coerce")


def _values(column: pd.Series[Any]) -> pd.Series[Any]:
    values = _numbers(column)
    _refuse(np.isinf(values), column, "is infinite; leave the cell empty if the value is unknown")
    return values


def _counts(column: pd.Series[Any]) -> pd.Series[Any]:
    counts = _numbers(column)
    whole = counts.notna() & (counts >= 0) & (counts <= MOST_COUNT) & (counts % 1 == 0)
    _refuse(~whole, column, "is no count; write a whole number for every row, or leave the column out")
    return counts.astype("int64")


def _numbers(column: pd.Series[Any]) -> pd.Series[Any]:
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return column.astype("float64")
    text = _text(column)
    unknown = text.str.lower().isin(UNKNOWN)
    numbers = pd.to_numeric(text.where(~unknown), errors="coerce").astype("float64")
    _refuse(numbers.isna() & ~unknown, column, "is no number; leave the cell empty if the value is unknown")
    return numbers


def _text(column: pd.Series[Any]) -> pd.Series[Any]:
    """Cells as stripped text; nothing becomes the empty text."""
    return column.astype(object).where(column.notna(), "").map(str).str.strip()


def _refuse(wrong: pd.Series[Any], column: pd.Series[Any], why: str) -> None:
    """Raise for the first row that is wrong; rows count from 1, the header left out."""
    if wrong.any():
        row = int(np.flatnonzero(wrong.to_numpy())[0])
        raise SourceError(f'row {row + 1}: {column.name} "{str(column.iloc[row])[:60]}" {why}')


def _series(table: pd.DataFrame, stem: str) -> list[Series]:
    labels = sorted(name for name in table.columns if name not in KNOWN)
    keys = [name for name in ("metric", *labels) if name in table.columns]
    fallback = shortest_step(table["time"].to_numpy())
    groups: Iterable[tuple[Any, pd.DataFrame]] = table.groupby(keys, sort=True) if keys else [((), table)]
    found = []
    for key, rows in groups:
        texts = {column: str(text) for column, text in zip(keys, key, strict=True) if text}
        name = texts.pop("metric", stem)
        found.append(_one_series(rows, name, texts, fallback))
    return found


def _one_series(rows: pd.DataFrame, name: str, labels: dict[str, str], fallback: int | None) -> Series:
    rows = rows.drop_duplicates().sort_values("time", kind="stable")
    title = named(name, labels)
    metric = Metric(name=name, unit=_single(rows, "unit", title) or "unknown", worse=_direction(rows, title))
    times = rows["time"].to_numpy()
    twice = np.flatnonzero(np.diff(times) == 0)
    if twice.size:
        raise SourceError(f"{title} has two values at {moment(times[twice[0]])}; keep one, or add a label column")
    step = shortest_step(times) or fallback
    if step is None:
        raise SourceError(f"{title} has one row only, so no step can be found; export a longer span")
    counts = rows["count"].to_numpy() if "count" in rows.columns else None
    return on_grid(metric, labels, times=times, values=rows["value"].to_numpy(), counts=counts, step=step)


def _single(rows: pd.DataFrame, column: str, title: str) -> str:
    """The one text a series has in a column; empty without the column."""
    if column not in rows.columns:
        return ""
    texts = sorted(set(rows[column]))
    if len(texts) > 1:
        raise SourceError(
            f"{title} has the {column}s {', '.join(map(repr, texts[:3]))}; give it one, or split the metric"
        )
    return str(texts[0])


def _direction(rows: pd.DataFrame, title: str) -> Any:
    direction = _single(rows, "worse", title) or "more"
    if direction not in ("more", "less"):
        raise SourceError(f"{title} has worse={direction!r}; write more or less, the direction that is worse")
    return direction


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
