"""Secrets are blacked out by their form; what merely looks busy is not."""

from __future__ import annotations

import random
import string

import pytest

from effnb.store import Redactor

MIXED = string.ascii_letters + string.digits
FORMS = {
    "github": lambda r: "ghp_" + "".join(r.choices(MIXED, k=36)),
    "fine-grained": lambda r: "github_pat_" + "".join(r.choices(MIXED, k=50)),
    "gitlab": lambda r: "glpat-" + "".join(r.choices(MIXED, k=20)),
    "slack": lambda r: "xoxb-" + "".join(r.choices(string.digits, k=12)) + "-abcdefghij",
    "model": lambda r: "sk-" + "".join(r.choices(MIXED, k=40)),
    "cloud": lambda r: "AKIA" + "".join(r.choices(string.ascii_uppercase + string.digits, k=16)),
    "maps": lambda r: "AIza" + "".join(r.choices(MIXED, k=35)),
    "registry": lambda r: "npm_" + "".join(r.choices(MIXED, k=36)),
    "jwt": lambda r: "eyJ" + ".".join("".join(r.choices(MIXED, k=20)) for _ in range(3)),
    "bearer": lambda r: "Bearer " + "".join(r.choices(MIXED, k=24)),
    "url": lambda r: "https://bob:" + "".join(r.choices(MIXED, k=12)) + "@host/x",
    "assigned": lambda r: "password=" + "".join(r.choices(MIXED, k=10)),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_of_a_known_form_never_stays(form):
    random_ = random.Random(form)
    for _ in range(100):
        secret = FORMS[form](random_)
        told = Redactor().text(f"before {secret} after")
        assert secret not in told
        assert "[secret]" in told
        assert told.startswith("before ")


@pytest.mark.parametrize(
    "text",
    [
        "storefront.web.endpoints:product_page",
        "2026-11-01T00:00:00Z",
        "f3a1c0de9b7e4a5f6c7d8e9f0a1b2c3d4e5f6071",
        "reg-3f2a1b",
        "config:cache.ttl_seconds",
        "http://127.0.0.1:9090/api/v1/query_range",
        "tokenize the page, then sort the tokens",
        "max_tokens 4096",
    ],
)
def test_ordinary_text_stays(text):
    assert Redactor().text(text) == text


def test_a_configured_token_goes_wherever_it_stands_in_nested_values():
    redactor = Redactor(["s3cr3t-value"])
    told = redactor.value({"a": ["x s3cr3t-value y", 3], "s3cr3t-value": None, "b": {"api_key": "zz", "n": 1.5}})
    assert told == {"a": ["x [secret] y", 3], "[secret]": None, "b": {"api_key": "[secret]", "n": 1.5}}


def test_a_value_too_short_to_be_a_secret_does_not_black_out_words():
    assert Redactor(["a", ""]).text("a banana") == "a banana"
