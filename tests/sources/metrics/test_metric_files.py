"""Metric series from CSV and Parquet, and every answer to bad cells."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from effnb.domain import Series
from effnb.errors import SourceError, SourceUnavailable
from effnb.sources.metrics import is_series_file, read_series

START = datetime(2026, 11, 2, 10, tzinfo=UTC)


@pytest.fixture
def read(tmp_path):
    def read_text(text: str) -> list[Series]:
        path = tmp_path / "latency.csv"
        path.write_text(text)
        return read_series(path)

    return read_text


def test_plain_table_is_one_series_named_after_the_file(read):
    (series,) = read("time,value\n2026-11-02T10:00:00Z,1.5\n2026-11-02T10:01:00Z,2\n")
    assert (series.metric.name, series.metric.unit, series.metric.worse) == ("latency", "unknown", "more")
    assert (series.start, series.step_seconds, series.values, series.counts) == (START, 60, (1.5, 2.0), None)


def test_known_columns_describe_the_metric_and_others_are_labels(read):
    rows = [
        "time,service,metric,unit,worse,count,value,zone",
        "2026-11-02T10:00:00Z,shop,rate,requests/s,less,7,1,",
        "2026-11-02T10:05:00Z,shop,rate,requests/s,less,8,2,",
        "2026-11-02T10:00:00Z,cart,rate,requests/s,less,9,3,a",
        "2026-11-02T10:05:00Z,cart,rate,requests/s,less,10,4,a",
    ]
    cart, shop = read("\n".join(rows))
    assert (shop.metric.name, shop.metric.unit, shop.metric.worse) == ("rate", "requests/s", "less")
    assert (shop.labels, shop.values, shop.counts) == ({"service": "shop"}, (1, 2), (7, 8))
    assert (cart.labels, cart.values, cart.counts) == ({"service": "cart", "zone": "a"}, (3, 4), (9, 10))


def test_gaps_and_unknown_values_are_null_with_count_zero_or_their_own(read):
    rows = ["time,value,count", "2026-11-02T10:00Z,1,5", "2026-11-02T10:01Z,NaN,6", "2026-11-02T10:04Z,3,7"]
    (series,) = read("\n".join(rows))
    assert series.values == (1.0, None, None, None, 3.0)
    assert series.counts == (5, 6, 0, 0, 7)


@pytest.mark.parametrize("cell", ["", "null", "NaN", "n/a", " None "])
def test_empty_cells_are_null_and_not_zero(read, cell):
    assert read(f"time,value\n2026-11-02T10:00:00Z,1\n2026-11-02T10:01:00Z,{cell}\n")[0].values == (1.0, None)


def test_order_offsets_and_repeated_rows_do_not_matter(read):
    rows = ["time,value", "2026-11-02T12:02:00+02:00,3", "2026-11-02T10:00:00Z,1", "2026-11-02T10:01:00Z,2"]
    assert read("\n".join([*rows, rows[2]]))[0].values == (1.0, 2.0, 3.0)


def test_each_series_has_its_own_step_and_a_single_row_takes_the_files(read):
    rows = ["time,value,s", "2026-11-02T10:00Z,1,a", "2026-11-02T10:05Z,1,a", "2026-11-02T10:00Z,1,b"]
    rows += ["2026-11-02T10:01Z,1,b", "2026-11-02T10:00Z,1,c"]
    assert [series.step_seconds for series in read("\n".join(rows))] == [300, 60, 60]


TWO = "time,value\n2026-11-02T10:00:00Z,1\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty; export"),
        ("time,value\n", "no rows"),
        ("when,value\na,1\n", "no column 'time' among when, value"),
        ("time,values\na,1\n", "no column 'value' among time, values"),
        ("time,value,value\na,1,2\n", "two columns have the same name 'value'"),
        ("time,value\na,2026-11-02T10:00:00Z,1\n", "not a CSV table"),
        (TWO + "2026-11-02T10:01:00,2", 'row 2: time "2026-11-02T10:01:00" has no time zone; write the offset'),
        (TWO + "2026-11-02,2", "has no time zone"),
        (TWO + "1793613600,2", "is no ISO-8601 time"),
        (TWO + "yesterday,2", "is no ISO-8601 time"),
        (TWO + ",2", "is no ISO-8601 time"),
        (TWO + "2026-13-02T10:01:00Z,2", "is no time; write"),
        (TWO + "2026-11-02T10:01:00.5Z,2", "fraction of a second"),
        (TWO + "2026-11-02T10:01:00Z,fast", 'row 2: value "fast" is no number'),
        (TWO + "2026-11-02T10:01:00Z,inf", 'row 2: value "inf" is infinite'),
        (TWO + "2026-11-02T10:01:00Z,-1e999", "is infinite"),
        (TWO + "2026-11-02T10:00:00Z,2", r"latency has two values at 2026-11-02T10:00:00\+00:00"),
        (TWO, "one row only"),
        (TWO + "2026-11-02T10:01:00Z,1\n2026-11-02T10:02:30Z,1", "off its 60 s grid"),
        (TWO + "2026-11-02T10:00:01Z,1\n2036-11-02T10:00:00Z,1", "more than 5,000,000"),
        (TWO + "2026-11-02T10:01:00Z,1,2,3", "not a CSV table"),
        ("time,value,worse\n2026-11-02T10:00Z,1,up\n2026-11-02T10:01Z,1,up", "worse='up'; write more or less"),
        ("time,value,unit\n2026-11-02T10:00Z,1,s\n2026-11-02T10:01Z,1,ms", "has the units 'ms', 's'"),
        ("time,value,count\n2026-11-02T10:00Z,1,5\n2026-11-02T10:01Z,1,", 'count "" is no count'),
        ("time,value,count\n2026-11-02T10:00Z,1,5\n2026-11-02T10:01Z,1,1.5", "is no count"),
        ("time,value,count\n2026-11-02T10:00Z,1,5\n2026-11-02T10:01Z,1,-1", "is no count"),
    ],
)
def test_bad_input_is_one_line_that_names_the_file(read, text, words):
    with pytest.raises(SourceError, match=words) as caught:
        read(text)
    assert "latency.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"time,value\n\xff\xfe,1\n")
    with pytest.raises(SourceError, match="not a CSV table"):
        read_series(path)


def test_missing_file_and_folder_are_unavailable(tmp_path):
    with pytest.raises(SourceUnavailable, match="no such file"):
        read_series(tmp_path / "nowhere.csv")
    with pytest.raises(SourceUnavailable, match="cannot read"):
        read_series(tmp_path)


def test_parquet_and_csv_give_the_same_series(tmp_path):
    frame = pd.DataFrame(
        {
            "time": pd.date_range(START, periods=3, freq="60s"),
            "value": [1.0, None, 3.0],
            "count": [1, 2, 3],
            "host": ["a", "a", "a"],
        }
    )
    frame.to_parquet(tmp_path / "m.parquet")
    frame.to_csv(tmp_path / "m.csv", index=False)
    assert read_series(tmp_path / "m.parquet") == read_series(tmp_path / "m.csv")
    assert read_series(tmp_path / "m.parquet")[0].values == (1.0, None, 3.0)


def test_naive_parquet_times_are_refused(tmp_path):
    path = tmp_path / "m.parquet"
    pd.DataFrame({"time": pd.date_range("2026-11-02", periods=3, freq="60s"), "value": [1.0, 2, 3]}).to_parquet(path)
    with pytest.raises(SourceError, match="no time zone; write them in UTC"):
        read_series(path)


@pytest.mark.parametrize("keep", [4, 50, -20])
def test_damaged_parquet_is_named(tmp_path, keep):
    path = tmp_path / "m.parquet"
    pd.DataFrame({"time": pd.date_range(START, periods=3, freq="60s"), "value": [1.0, 2, 3]}).to_parquet(path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(SourceError, match=r"m\.parquet"):
        read_series(path)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"time,value\n", True),
        (b'\xef\xbb\xbfservice, "Value",Time\r\n', True),
        (b"service,value,time\r\n", True),
        (b"PAR1....", True),
        (b"main;work 3\n", False),
        (b"", False),
    ],
)
def test_series_file_is_told_by_its_header(tmp_path, content, expected):
    path: Path = tmp_path / "a"
    path.write_bytes(content)
    assert is_series_file(path) is expected
    assert not is_series_file(tmp_path / "nowhere")


@given(
    values=st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=20),
    step=st.integers(1, 86_400),
)
def test_written_values_are_read_back(values, step, tmp_path_factory):
    path = tmp_path_factory.mktemp("series") / "m.csv"
    times = pd.date_range(START, periods=len(values), freq=f"{step}s")
    cells = ["" if value is None else repr(value) for value in values]
    path.write_text("time,value\n" + "".join(f"{t.isoformat()},{c}\n" for t, c in zip(times, cells, strict=True)))
    (series,) = read_series(path)
    assert (series.values, series.step_seconds, series.start) == (tuple(values), step, START)
