"""Runs one attack in the sandbox, from inside a private mount namespace; leaves out a flag when asked to."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from effnb.verify._bubblewrap import Bubblewrap
from effnb.verify._process import run_limited

ATTACK = Path(__file__).with_name("attack.py")


def main() -> None:
    attack, launcher_namespace, folder, without = sys.argv[1:]
    if str(Path("/proc/self/ns/mnt").readlink()) == launcher_namespace:
        sys.exit("refused: the launcher needs a private mount namespace")
    given = sys.stdin.read()
    sandbox = Bubblewrap()
    command = [sandbox.python, "-I", str(ATTACK), attack, launcher_namespace]
    shown = {"folder": Path(folder), "read_only": [ATTACK], "seconds": 20}
    if without:  # a hole on purpose, still in namespaces of its own: shows that the attack is a real one
        words = sandbox.words(command, **shown)
        done = run_limited(weakened(words, without), stdin=given.encode(), seconds=20)
    else:
        done = sandbox.run(command, stdin=given.encode(), writable=True, **shown)
    sys.stdout.write(
        json.dumps({"code": done.code, "stdout": done.stdout.decode(), "stderr": done.stderr.decode()[-500:]})
    )


def weakened(words: list[str], without: str) -> list[str]:
    if without.startswith("+"):
        inner = words.index("--remount-ro")
        return words[:inner] + without[1:].split() + words[inner:]
    return [word for word in words if not word.startswith(without)]


main()
