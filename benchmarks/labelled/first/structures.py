"""Data structures that cost more than they need to, and some that are right as they are."""

from __future__ import annotations

VOWELS = ["a", "e", "i", "o", "u", "y"]
ORDERED = ["low", "middle", "high", "urgent"]


# expect: list-membership, unmemoised-pure-function
# try: vowels("programmatically")
# try: vowels("")
def vowels(word: str) -> int:
    return sum(1 for letter in word if letter in VOWELS)


# expect: none
def rank(level: str) -> int:
    return ORDERED.index(level) if level in ORDERED else -1


# expect: list-membership
# try: distinct(["a", "b", "a"])
# try: distinct([])
def distinct(words: list[str]) -> int:
    seen = []
    count = 0
    for word in words:
        if word not in seen:
            seen.append(word)
            count += 1
    return count


# expect: none
def unique(words: list[str]) -> list[str]:
    seen: list[str] = []
    for word in words:
        if word not in seen:
            seen.append(word)
    return seen


# expect: list-pop-front
# try: breadth_first({"a": ["b", "c"], "b": ["d"]}, "a")
def breadth_first(graph: dict[str, list[str]], start: str) -> list[str]:
    queue = [start]
    order = []
    while queue:
        node = queue.pop(0)
        order.append(node)
        queue.extend(graph.get(node, []))
    return order


# expect: refused list-pop-front
def drain(queue: list[int]) -> int:
    total = 0
    while queue:
        total += queue.pop(0)
    return total


# expect: refused list-pop-front
def window_sums(values: list[int], width: int) -> list[int]:
    window: list[int] = []
    sums = []
    for value in values:
        window.append(value)
        if len(window) > width:
            window.pop(0)
        sums.append(sum(window[-width:]))
    return sums


# expect: keys-list-membership
# try: known({"a": 1}, "a")
# try: known({}, "b")
def known(table: dict[str, int], name: str) -> bool:
    return name in list(table.keys())


# expect: none
def column(row, name):
    return name in row.keys()


# expect: sorted-for-one
# try: cheapest([3, 1, 2])
# try: cheapest([])
def cheapest(prices: list[int]) -> int:
    if not prices:
        return 0
    return sorted(prices)[0]


# expect: none
def median(prices: list[int]) -> int:
    return sorted(prices)[len(prices) // 2]


# expect: list-sum
# try: flatten([[1], [2, 3], []])
def flatten(rows: list[list[int]]) -> list[int]:
    return sum(rows, [])


# expect: none
def total(rows: list[int]) -> int:
    return sum(rows, 0)


# expect: string-building
# try: bullets(["a", "b"])
# try: bullets([])
def bullets(lines: list[str]) -> str:
    text = ""
    for line in lines:
        text += f"* {line}\n"
    return text


# expect: none
def tally(numbers: list[int]) -> int:
    total = 0
    for number in numbers:
        total += number
    return total
