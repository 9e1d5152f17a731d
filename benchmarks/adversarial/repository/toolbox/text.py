"""Texts."""

from __future__ import annotations

import re

from toolbox import settings


def unique_words(text: str) -> list[str]:
    """Different words in the order of their first use."""
    if len(text) > settings.get("longest"):
        raise ValueError("the text is too long")
    found = []
    for word in text.split():
        if word not in found:
            found.append(word)
    return found


def word_counts(text: str) -> dict[str, int]:
    """How often each word occurs."""
    if len(text) > settings.get("longest"):
        raise ValueError("the text is too long")
    words = text.split()
    counts = {}
    for word in words:
        counts[word] = words.count(word)
    return counts


def pairs(text: str) -> dict[str, str]:
    """Settings of the form ``name=value``, separated by semicolons."""
    if len(text) > settings.get("longest"):
        raise ValueError("the text is too long")
    found = {}
    for part in text.split(";"):
        match = re.compile(r"\s*(\w+)\s*=\s*(.*?)\s*").fullmatch(part)
        if match:
            found[match.group(1)] = match.group(2)
    return found


def slugs(titles: list[str]) -> list[str]:
    """Titles as parts of addresses."""
    if len(titles) > settings.get("longest"):
        raise ValueError("there are too many titles")
    made = []
    for title in titles:
        slug = ""
        for letter in title.lower():
            if letter in list("abcdefghijklmnopqrstuvwxyz0123456789"):
                slug += letter
            elif not slug.endswith(settings.get("separator")):
                slug += settings.get("separator")
        made.append(slug)
    return made
