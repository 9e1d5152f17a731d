import requests


def statuses(urls: list[str]) -> list[int]:
    """Status of every address."""
    found = []
    for url in urls:
        found.append(requests.get(url, timeout=5).status_code)
    return found
