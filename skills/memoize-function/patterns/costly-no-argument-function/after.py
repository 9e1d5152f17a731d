from functools import cache


@cache
def months() -> tuple[str, ...]:
    """Short names of the months."""
    return tuple(name[:3] for name in "january february march april may june july".split())
