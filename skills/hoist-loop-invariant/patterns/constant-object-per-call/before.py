import struct


def header(kind: int, size: int) -> bytes:
    """Six bytes in front of a message."""
    layout = struct.Struct("<HI")
    return layout.pack(kind, size)
