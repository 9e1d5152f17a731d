"""From an opportunity to a fix: the rule's edit of one file as a unified diff against a base."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from effnb.domain import Fix, Opportunity
from effnb.opportunities._diff import fix_id, unified
from effnb.opportunities._load import bundled_rules, rule_named
from effnb.opportunities._module import Module
from effnb.opportunities._rule import Refused, Rule, Site

RULES_VERSION = "1"


@dataclass(frozen=True)
class Target:
    """Where to apply a pattern when no opportunity was filed: a function as profiles name it, and perhaps a line."""

    function: str
    """``module:qualname`` or the qualified name alone."""
    pattern: str
    """Rule to apply."""
    line: int | None = None
    """First line of the site; the first site in the function when it is not given."""
    service: str | None = None
    """Service the fix is to relieve."""


def fix_for(
    source_text: str,
    file: str,
    wanted: Opportunity | Target,
    *,
    base: str = "",
    subject: str = "",
    rules: Iterable[Rule] | None = None,
    earlier: Sequence[str] = (),
    used_elsewhere: Callable[[str], bool] | None = None,
) -> Fix:
    """The fix of one opportunity in one file, as a diff against its text.

    Args:
        source_text: The file's text at the base, exactly: byte-order mark and line ends are kept.
        file: Its path inside the repository.
        wanted: An opportunity, or function and pattern.
        base: Commit the text is from; empty outside git.
        subject: Opportunity or regression it is for; the opportunity's own id when empty.
        rules: Rules to choose from; those that come with effnb when not given.
        earlier: Texts from before the cause, of every file it touched: what a lost cache is restored from.
        used_elsewhere: Whether another file mentions a name; a public name counts as used when nobody looked.

    Raises:
        Refused: The site is gone, or the rule does not understand its form; the message says why.
        NotFound: No rule has the pattern's name.
    """
    rule = rule_named(wanted.pattern, bundled_rules() if rules is None else rules)
    try:
        module = Module(source_text, file, used_elsewhere=used_elsewhere, earlier=tuple(earlier))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Refused(f"{file} does not parse: {error}; nothing was changed") from error
    site = find_site(module, rule, wanted)
    diff = unified(source_text, rule.fix(module, site), file)
    function = wanted.function.rpartition(":")[2]
    made_for = subject or (wanted.id if isinstance(wanted, Opportunity) else "")
    return Fix(
        id=fix_id(base, diff, made_for),
        kind="code",
        title=rule.advice.format(function=function),
        pattern=rule.name,
        subject=made_for,
        service=wanted.service,
        function=wanted.function,
        base=base,
        diff=diff,
        made_by=f"rule {rule.name} {RULES_VERSION}",
        rationale=rule.rationale,
        narrows=rule.narrows,
        risk=rule.risk,
    )


def find_site(module: Module, rule: Rule, wanted: Opportunity | Target) -> Site:
    """The site of a rule in the wanted function, nearest to the wanted line.

    Raises:
        Refused: The pattern does not occur there (any more).
    """
    qualname = wanted.function.rpartition(":")[2]
    sites = sorted(rule.find(module), key=lambda site: site.line)
    inside = [site for site in sites if site.function == qualname]
    users = inside or [site for site in sites if site.function == "<module>" and _names(module, site, qualname)]
    if not users:
        raise Refused(f"{module.file} has no {rule.name} in {qualname}; it was mended or moved, scan again")
    if wanted.line is None:
        return users[0]
    return min(users, key=lambda site: abs(site.line - (wanted.line or 0)))


def _names(module: Module, site: Site, qualname: str) -> bool:
    """Whether a function reads the module-level name a site binds."""
    targets = getattr(site.node, "targets", None) or [getattr(site.node, "target", None)]
    names = [one.id for one in targets if hasattr(one, "id")]
    return any(module.qualname(use) == qualname for name in names for use in module.uses(name))
