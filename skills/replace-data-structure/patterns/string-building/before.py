def bullets(lines: list[str]) -> str:
    """One bullet a line."""
    text = ""
    for line in lines:
        text += f"* {line}\n"
    return text
