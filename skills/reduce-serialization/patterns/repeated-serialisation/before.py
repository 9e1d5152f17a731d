import hashlib
import json


def signed(payload: dict[str, int]) -> tuple[str, str]:
    """A payload with its fingerprint."""
    print_of = hashlib.sha256(json.dumps(payload).encode()).hexdigest()
    return json.dumps(payload), print_of
