import requests


def statuses(urls: list[str], users: list[tuple[str, str]]) -> list[int]:
    found = []
    for url, user in zip(urls, users):
        found.append(requests.get(url, auth=user, timeout=5).status_code)
    return found
