"""Settings that may change while the service runs."""

from __future__ import annotations

_values = {"longest": 4000, "digits": 6, "separator": "-"}


def get(name: str):
    """The value of a setting."""
    return _values[name]


def set_value(name: str, value) -> None:
    """Change a setting."""
    _values[name] = value
