"""What a rule is: how it finds a pattern, how it mends it, and what mending it is known to gain."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar

from effnb.domain import Risk
from effnb.errors import AnalysisError

if TYPE_CHECKING:
    from effnb.opportunities._edit import Edits
    from effnb.opportunities._module import Module

NodeT = TypeVar("NodeT", bound=ast.AST)


class Refused(AnalysisError):
    """The rule does not fully understand this form; the message says what it would have had to know."""


@dataclass(frozen=True)
class Ratio:
    """Old over new CPU time of the mended part, as measured: what a rule is known to gain."""

    low: float
    typical: float
    high: float
    basis: str
    """What was measured, in a few words."""

    def __post_init__(self) -> None:
        if not 0 < self.low <= self.typical <= self.high:
            raise ValueError(f"a ratio runs from low to high, got {self.low}, {self.typical}, {self.high}")


@dataclass(frozen=True)
class Site:
    """One place where a pattern occurs."""

    node: ast.AST = field(compare=False, repr=False)
    """Node of the module's tree the rule starts from."""
    function: str
    """Qualified name of the function it lies in; ``<module>`` outside functions."""
    line: int
    """First line."""
    last_line: int
    """Last line."""
    confidence: Risk = "high"
    """How sure the static signature is."""
    callees: tuple[str, ...] = ()
    """Frames below the function that hold its cost; empty when its own code does."""
    note: str = ""
    """What was seen here, in a few words."""

    def expect(self, *kinds: type[NodeT]) -> NodeT:
        """The node, which has to be of one of these types; ``Refused`` when it is not."""
        if not isinstance(self.node, kinds):
            raise Refused(f"the site is a {type(self.node).__name__}, which the rule does not expect")
        return self.node


Part = Literal["function", "callees", "self"]
"""Whose samples a fix relieves: the whole function, some of what it calls, or its own code."""


@dataclass(frozen=True)
class Rule:
    """One pattern: find it, plan its fix, and know what that gains.

    ``plan`` describes the edits without making them, so that a scan can tell cheaply which sites can be mended.
    """

    name: str
    """Pattern, e.g. ``list-membership``."""
    title: str
    """What is wrong, in one line."""
    advice: str
    """The fix, in the imperative; ``{function}`` is filled in."""
    risk: Risk
    """What the fix may break."""
    criteria: tuple[str, ...]
    """What a fix has to satisfy."""
    ratio: Ratio
    """What it is known to gain."""
    find: Callable[[Module], Iterable[Site]]
    """Sites in a module, in any order."""
    plan: Callable[[Module, Site], Edits]
    """The edits that mend a site; raises ``Refused``."""
    words: tuple[str, ...] = ()
    """A source that holds none of these texts has no site, and is not parsed for this rule."""
    part: Part = "function"
    """Whose samples the fix relieves."""
    rationale: str = ""
    """Why the fix is right, in a few sentences."""
    narrows: str = ""
    """Inputs for which behaviour changes on purpose; empty when none."""
    skill: str = ""
    """Skill folder it lies in; set when it is loaded."""

    def fix(self, module: Module, site: Site) -> str:
        """Source of the module with the site mended; everything else is kept to the byte.

        Raises:
            Refused: The rule does not fully understand the form; the message says why.
        """
        return self.plan(module, site).apply()
