import struct


def layout() -> struct.Struct:
    return struct.Struct("<HI")
