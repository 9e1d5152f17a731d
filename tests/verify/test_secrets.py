"""Credentials are recognised; what only looks a little like one is not."""

from __future__ import annotations

import json

import pytest

from effnb.verify._secrets import has_secret, secrets_of

LETTERS = "abcdefghijABCDEFGHIJ0123456789"
SECRETS = [
    "AKIA" + "ABCDEFGHIJ012345",
    "ghp_" + LETTERS + "abcdef",
    "github_pat_" + LETTERS,
    "glpat-" + LETTERS,
    "xoxb-" + "1234567890-abc",
    "sk_live_" + LETTERS,
    "sk-" + LETTERS,
    "AIza" + LETTERS + "-abcd",
    "npm_" + LETTERS + "abcdef",
    "eyJhbGciOiJI.eyJzdWIiOiIx.c2ln",
    "-----BEGIN RSA PRIVATE KEY-----",
    "Authorization: Bearer " + LETTERS,
    "postgres://shop:hunter22@db/orders",
    "password=hunter22",
    json.dumps({"client_secret": "a1b2c3d4"}).replace("client_", ""),
    json.dumps({"api_key": "a1b2c3d4"}),
    json.dumps({"params": {"token": "C00001.2026"}}),
]
PLAIN = [
    "SF-00012", "/p/SF-00012/soft-wool-scarf", "https://shop.example/p/1?ref=2", "the secret ingredient is tea",
    "C00001", "3d2f1a9c-1d3b-4c89-9f00-1a2b3c4d5e6f", json.dumps({"tokens": ["soft", "wool"]}), "basic cotton",
    "2026-10-01T12:00:00+00:00", "ada.berdal1@mail.example", "passwords: 3", "a" * 64, "bearer of bad news",
]  # fmt: skip


@pytest.mark.parametrize("text", SECRETS)
def test_a_credential_is_recognised(text):
    assert has_secret(f"before {text} after")


@pytest.mark.parametrize("text", PLAIN)
def test_plain_text_is_not(text):
    assert not has_secret(text)


def test_values_of_the_environment_are_matched_exactly():
    known = secrets_of({"SHOP_TOKEN": "correct-horse", "PATH": "/usr/bin:/bin", "API_KEY": "short"})
    assert known == ["correct-horse"]
    assert has_secret("x correct-horse y", known)
    assert not has_secret("correct horse", known)
