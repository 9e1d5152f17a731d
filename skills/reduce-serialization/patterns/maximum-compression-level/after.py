import zlib


def pack(text: str) -> bytes:
    """Compressed text."""
    return zlib.compress(text.encode(), 6)
