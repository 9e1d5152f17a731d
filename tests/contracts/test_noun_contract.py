"""What every noun promises: described fields, frozen values, plain JSON there and back."""

from __future__ import annotations

import inspect

import pytest
from pydantic import ValidationError

from effnb import domain
from effnb.domain import Listing, Noun

NOUNS = {
    name: noun
    for name, noun in vars(domain).items()
    if inspect.isclass(noun) and issubclass(noun, Noun) and noun not in (Noun, Listing)
}


@pytest.mark.parametrize("name", NOUNS)
def test_each_field_is_described(name):
    schema = NOUNS[name].model_json_schema()
    for field, about in schema["properties"].items():
        assert about.get("description"), f"{name}.{field}"
    for inner, definition in schema.get("$defs", {}).items():
        for field, about in definition.get("properties", {}).items():
            assert about.get("description"), f"{inner}.{field}"


@pytest.mark.parametrize("name", NOUNS)
def test_each_has_a_description_of_its_own(name):
    assert len(NOUNS[name].__doc__) > 15
    assert NOUNS[name].__doc__ != Noun.__doc__


@pytest.mark.parametrize("name", NOUNS)
def test_unknown_fields_are_refused(name):
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        NOUNS[name].model_validate({"surely_unknown": 1})


def test_all_is_sorted_and_complete():
    assert domain.__all__ == sorted(domain.__all__)
    assert set(NOUNS) | {"Noun", "Listing"} <= set(domain.__all__)
