def shorten(lines: list[str]) -> str:
    text = ""
    for line in lines:
        text += line
        if len(text) > 80:
            return text
    return text
