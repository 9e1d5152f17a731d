import struct

_HEADER_STRUCT = struct.Struct("<HI")


def header(kind: int, size: int) -> bytes:
    """Six bytes in front of a message."""
    layout = _HEADER_STRUCT
    return layout.pack(kind, size)
