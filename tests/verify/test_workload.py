"""Recorded calls are kept in their mix, shared values once."""

from __future__ import annotations

import gzip
from collections import Counter

import pytest

from effnb.errors import NotFound, SourceError, SourceUnavailable
from effnb.verify import (
    FunctionWorkload,
    ServiceWorkload,
    encoded_call,
    find_workload,
    load_function_workload,
    load_service_workload,
    write_function_workload,
    write_service_workload,
)


def workload(service: str = "web", calls: int = 4) -> FunctionWorkload:
    big = list(range(2000))
    samples = (
        encoded_call((1, big), {"k": ("a",)}).model_copy(update={"n": 3}),
        encoded_call((2, big), {}),
    )
    return FunctionWorkload(
        function="shop.a:Cart.add",
        service=service,
        calls=calls,
        distinct=2,
        repeat_rate=0.5,
        samples=samples,
    )


def test_what_was_written_is_loaded_with_large_values_once(tmp_path):
    path = write_function_workload(tmp_path / "web", workload())
    assert path.name == "shop.a-Cart.add.jsonl.gz"
    loaded = load_function_workload(path)
    (key,) = loaded.shared
    assert loaded.shared[key] == list(range(2000))
    assert [sample.args for sample in loaded.samples] == [[n, {"$": "use", "key": key}] for n in (1, 2)]
    assert loaded.samples[0].kwargs == {"k": {"$": "tuple", "items": ["a"]}}
    assert gzip.decompress(path.read_bytes()).count(b"1999") == 1


def test_a_replay_keeps_the_mix():
    drawn = Counter(workload().sequence(4000))
    assert drawn.keys() == {0, 1}
    assert 0.70 < drawn[0] / 4000 < 0.80
    assert workload().sampled_repeat_rate == 0.5


def test_the_service_that_calls_a_function_most_is_taken(tmp_path):
    for service, calls in (("web", 4), ("jobs", 9)):
        write_function_workload(tmp_path / service, workload(service, calls))
    assert find_workload(tmp_path, "shop.a:Cart.add").service == "jobs"
    assert find_workload(tmp_path, "shop.a:Cart.add", "web").service == "web"
    with pytest.raises(NotFound, match="no recorded calls of shop"):
        find_workload(tmp_path, "shop.a:other")


def test_the_command_of_a_service_is_kept(tmp_path):
    write_service_workload(tmp_path, ServiceWorkload(service="web", command=("python", "-m", "shop")))
    assert load_service_workload(tmp_path).command == ("python", "-m", "shop")
    with pytest.raises(SourceUnavailable, match=r"no workload\.json"):
        load_service_workload(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "where"),
    [("{", ":1 no JSON"), ("[]", ":1 an object"), ('{"function": "a"}\n', ":1 service"), ("", ":1 function")],
)
def test_a_damaged_file_names_its_line(tmp_path, text, where):
    path = tmp_path / "f.jsonl"
    path.write_text(text)
    with pytest.raises(SourceError, match=where):
        load_function_workload(path)
