def widest(rows: list[str], width: int) -> list[str]:
    found = []
    for row in rows:
        found.append(row[:width])
    return found
