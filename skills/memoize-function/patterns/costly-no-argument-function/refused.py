import os


def home() -> str:
    return "/".join(part for part in os.environ["HOME"].split("/"))
