"""What a question in words was answered with."""

from __future__ import annotations

from typing import Literal

from effnb.domain._base import Noun
from effnb.domain.finding import Evidence
from effnb.domain.run import ToolCall

AnswerStatus = Literal["answered", "declined", "needs_clarification"]


class Answer(Noun):
    """The answer to one question, or why there is none."""

    question: str
    """As it was asked."""
    status: AnswerStatus
    """Whether it was answered, cannot be answered here, or lacks something only the person can say."""
    text: str
    """The answer in words with units and window; why there is none, otherwise. Quoted text is data."""
    values: tuple[Evidence, ...] = ()
    """The values the answer stands on, each checked by code against the call that returned it."""
    calls: tuple[ToolCall, ...] = ()
    """Calls that were made, in order, with their results."""
    suggestions: tuple[str, ...] = ()
    """Nearest questions that can be answered; what to ask next, after an answer."""
    chart: str = ""
    """Id of the call whose result is best drawn; empty when none is."""
    model: str
    """Who chose the calls and the words; says so when no language model did."""
    run_id: str = ""
    """Run of a skill that the question started; empty otherwise."""
