"""Blacks out secrets before anything is written down: by their form, and the configured ones by their very text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

BLACKED_OUT = "[secret]"
SHORTEST_SECRET = 6
PATTERNS = (
    r"gh[pousr]_[A-Za-z0-9]{20,}",
    r"github_pat_[A-Za-z0-9_]{20,}",
    r"glpat-[A-Za-z0-9_-]{16,}",
    r"xox[abeoprs]-[A-Za-z0-9-]{10,}",
    r"sk-[A-Za-z0-9_-]{16,}",
    r"(?:AKIA|ASIA)[A-Z0-9]{16}",
    r"AIza[A-Za-z0-9_-]{30,}",
    r"npm_[A-Za-z0-9]{30,}",
    r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)",
    r"(?i:(?<=bearer )[A-Za-z0-9._~+/-]{8,}=*)",
)
ASSIGNED = re.compile(r"(?i)(password|passwd|secret|api_?key|token)([\"']?\s*[=:]\s*[\"']?)[^\s\"',;&]{6,}")
KNOWN_FORMS = re.compile("|".join(f"(?:{pattern})" for pattern in PATTERNS))


class Redactor:
    """Blacks out known forms of secrets, and the given ones wherever they occur."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        exact = sorted({one for one in secrets if len(one) >= SHORTEST_SECRET}, key=len, reverse=True)
        self._exact = re.compile("|".join(map(re.escape, exact))) if exact else None

    def text(self, text: str) -> str:
        """The text without secrets."""
        if self._exact is not None:
            text = self._exact.sub(BLACKED_OUT, text)
        return ASSIGNED.sub(rf"\1\2{BLACKED_OUT}", KNOWN_FORMS.sub(BLACKED_OUT, text))

    def value(self, value: Any) -> Any:
        """Plain JSON without secrets, in keys and values; what stands under a secret's name goes whole."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(one) for one in value]
        if isinstance(value, dict):
            return {self.text(key): self._under(key, one) for key, one in value.items()}
        return value

    def _under(self, key: str, value: Any) -> Any:
        named = re.search(r"(?i)(password|passwd|secret|api_?key|(?<!max_)token)$", key) is not None
        return BLACKED_OUT if named and isinstance(value, str) and value else self.value(value)
