def bullets(lines: list[str]) -> str:
    """One bullet a line."""
    text_parts: list[str] = []
    for line in lines:
        text_parts.append(f"* {line}\n")
    text = "".join(text_parts)
    return text
