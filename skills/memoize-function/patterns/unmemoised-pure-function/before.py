"""Slugs."""

import re
import unicodedata

NOT_SLUG = re.compile(r"[^a-z0-9]+")


# Called for every tile.
def slugify(title: str) -> str:
    """Readable part of an address."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return NOT_SLUG.sub("-", plain.lower()).strip("-")
