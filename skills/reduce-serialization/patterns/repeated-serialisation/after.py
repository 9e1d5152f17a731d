import hashlib
import json


def signed(payload: dict[str, int]) -> tuple[str, str]:
    """A payload with its fingerprint."""
    payload_text = json.dumps(payload)
    print_of = hashlib.sha256(payload_text.encode()).hexdigest()
    return payload_text, print_of
