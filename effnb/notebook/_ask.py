"""``%%ask``: a question in a cell of its own, which leaves a record and runs headless.

The cell is rewritten to an awaited call before it is run, because a magic that returns a coroutine is not awaited and
one that blocks would stop the loop the kernel lives on.
"""

from __future__ import annotations

from typing import Any

from IPython import get_ipython
from IPython.display import display

from effnb.domain import Answer
from effnb.errors import ConfigError
from effnb.session import Session
from effnb.widgets import answer_outputs

MAGIC = "%%ask"
CALL = "__import__('effnb.notebook', fromlist=['ask_cell']).ask_cell"


def rewrite(lines: list[str]) -> list[str]:
    """A cell that begins with ``%%ask [session]`` as the awaited call that asks its text; any other as it is."""
    if not lines or lines[0].split()[:1] != [MAGIC]:
        return lines
    session = lines[0].strip()[len(MAGIC) :].strip() or "s"
    text = "".join(lines[1:]).strip()
    if not session.isidentifier():
        return [f"raise ValueError({f'%%ask takes the name of a session, not {session!r}'!r})\n"]
    return [f"await {CALL}({session}, {text!r})\n"]


def enable_ask(shell: Any = None) -> None:
    """Make ``%%ask`` work in this notebook; safe to call again."""
    shell = shell or get_ipython()
    if shell is None:
        raise ConfigError("%%ask needs a notebook or IPython; elsewhere call s.ask(question)")
    rules = shell.input_transformers_cleanup
    rules[:] = [one for one in rules if getattr(one, "__name__", "") != rewrite.__name__]
    rules.append(rewrite)


async def ask_cell(session: Session, question: str) -> None:
    """Ask, and show the answer as the cell's output; ``s.conversation.answers`` keeps it."""
    show_answer(await session.ask_async(question))


def show_answer(answer: Answer) -> None:
    """Display one answer with its citations and, where one fits, its chart."""
    for output in answer_outputs(answer):
        display(output, raw=True)
