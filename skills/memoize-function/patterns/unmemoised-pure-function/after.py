"""Slugs."""

import re
import unicodedata
from functools import lru_cache

NOT_SLUG = re.compile(r"[^a-z0-9]+")


# Called for every tile.
@lru_cache(maxsize=1024)
def slugify(title: str) -> str:
    """Readable part of an address."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return NOT_SLUG.sub("-", plain.lower()).strip("-")
