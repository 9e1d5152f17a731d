"""Starts the kernel of a report, and ends it with the process that asked for it.

A runner that is killed cannot shut its kernel down; the kernel therefore watches its parent. It is started by path,
not as a module of effnb, so that nothing is imported before the notebook asks.
"""

import os
import signal
import threading
import time

from ipykernel.kernelapp import launch_new_instance

SECONDS = 0.5


def end_with(parent: int) -> None:
    """Kill this process group as soon as ``parent`` is no longer the parent."""
    while os.getppid() == parent:
        time.sleep(SECONDS)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    if hasattr(os, "killpg"):
        runner = int(os.environ.get("JPY_PARENT_PID") or os.getppid())
        threading.Thread(target=end_with, args=(runner,), daemon=True).start()
    launch_new_instance()
