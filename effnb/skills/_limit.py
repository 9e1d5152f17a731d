"""A time limit for foreign Python: a playbook that never ends must cost its limit and nothing more."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import TypeVar

from effnb.errors import BudgetExceeded
from effnb.tools import in_thread

T = TypeVar("T")


class TimeUpError(BaseException):
    """Raised in the thread whose time is up; no ``except Exception`` swallows it."""


def within(seconds: float, work: Callable[[], T], what: str) -> T:
    """The result of ``work``, made in a thread of its own.

    Raises:
        BudgetExceeded: It was not done in time. It is interrupted at its next line of Python; a call into C that does
            not return cannot be.
    """
    threads: list[int] = []

    def run() -> T:
        threads.append(threading.get_ident())
        return work()

    future = in_thread(run)
    try:
        return future.result(timeout=seconds)
    except TimeoutError as error:
        if future.done():
            raise
        for thread in threads:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(TimeUpError))
        raise BudgetExceeded(
            f"{what} took more than {seconds:g} s; it has to decide quickly, tools do the work"
        ) from error
