import requests


def statuses(urls: list[str]) -> list[int]:
    """Status of every address."""
    found = []
    with requests.Session() as session:
        for url in urls:
            found.append(session.get(url, timeout=5).status_code)
    return found
