_STOPWORDS = [
    "a", "an", "and",  # articles and joints
    "of", "the", "to",
]


def content_words(found: list[str]) -> list[str]:
    """Words that carry meaning."""
    return [word for word in found if word not in _STOPWORDS]
