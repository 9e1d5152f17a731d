"""What a credential looks like, so that no recorded call carries one.

Standard library only, for this runs inside the recorded service.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping

NAME = r"passw(?:or)?d|passphrase|secret|token|api_?key|access_?key|private_?key|credential|authorization|cookie"
SECRET_NAME = re.compile(NAME, re.IGNORECASE)
SHORTEST = 8
"""Shorter values of environment variables are words, not secrets."""
PATTERNS = (
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",  # AWS key ids
    r"\bgh[pousr]_[A-Za-z0-9]{30,}",  # GitHub
    r"\bgithub_pat_[A-Za-z0-9_]{30,}",
    r"\bglpat-[A-Za-z0-9_-]{20,}",  # GitLab
    r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",  # Slack
    r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}",  # Stripe
    r"\bsk-[A-Za-z0-9_-]{20,}",  # model providers
    r"\bAIza[A-Za-z0-9_-]{35}",  # Google
    r"\b(?:npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,})",
    r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.",  # JSON web tokens
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    r"(?i:\b(?:bearer|basic) [A-Za-z0-9._~+/=-]{16,})",
    r"[a-z][a-z0-9+.-]*://[^/\s:@\"]+:[^/\s:@\"]+@",  # credentials in an address
    rf"(?i:\b(?:{NAME})\b[\"']?\s*[=:]\s*[\"']?[^\s\"',;&]{{6,}})",  # name = value, name: value, JSON members
)
SECRET = re.compile("|".join(PATTERNS))


def has_secret(text: str, known: Iterable[str] = ()) -> bool:
    """Whether a text holds something that looks like a credential, or one of the ``known`` ones."""
    return any(value in text for value in known) or SECRET.search(text) is not None


def secrets_of(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Values of the environment's variables that are named like secrets."""
    return [value for name, value in environment.items() if SECRET_NAME.search(name) and len(value) >= SHORTEST]
