"""Scanning a folder: every rule over every source file, as opportunities without a cost yet."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from effnb.domain import Opportunity
from effnb.errors import NotFound
from effnb.opportunities._files import (
    Skipped,
    SourceFile,
    is_test,
    module_name,
    package_root,
    read_source,
    source_files,
)
from effnb.opportunities._foreign import find_foreign
from effnb.opportunities._load import bundled_rules
from effnb.opportunities._module import Module
from effnb.opportunities._rule import Refused, Rule, Site


@dataclass(frozen=True)
class Scan:
    """What a scan found and what it read."""

    opportunities: tuple[Opportunity, ...]
    """By file and line; cost and saving are not known yet."""
    sites: dict[str, Site]
    """Site of each Python opportunity, by id: what ranking needs to know about its cost."""
    files: int
    """Files read."""
    lines: int
    """Lines in them."""
    skipped: Skipped
    """What was left out, and why."""

    @property
    def searched(self) -> str:
        """What was read and left out, in words."""
        left_out = f"; left out: {self.skipped}" if self.skipped.counts else ""
        return f"{self.files:,} files, {self.lines:,} lines{left_out}"


def scan_folder(
    root: Path, rules: Sequence[Rule] | None = None, *, under: str = "", patterns: Iterable[str] = ()
) -> Scan:
    """Opportunities in a folder or file. Nothing in it can make a scan fail: what cannot be read is counted.

    Args:
        root: Folder or file; opportunities name files relative to it.
        rules: Rules for Python; those that come with effnb when not given.
        under: Only this file or folder inside.
        patterns: Only these patterns; all when empty.

    Raises:
        NotFound: There is no such folder or file.
    """
    root = Path(root)
    if root.is_file():
        root, under = root.parent, root.name
    if not (root / under).exists():
        raise NotFound(f"no folder or file {root / under} to scan; give one that exists")
    wanted = frozenset(patterns)
    chosen = [rule for rule in (bundled_rules() if rules is None else rules) if not wanted or rule.name in wanted]
    return _Scanner(root, chosen, wanted).scan(under)


class _Scanner:
    def __init__(self, root: Path, rules: Sequence[Rule], wanted: frozenset[str]) -> None:
        self.root = root
        self.top = package_root(root)
        self.rules = rules
        self.wanted = wanted
        self.skipped = Skipped()
        self.found: list[Opportunity] = []
        self.sites: dict[str, Site] = {}
        self.seen: Counter[tuple[str, str, str]] = Counter()

    def scan(self, under: str) -> Scan:
        files = lines = 0
        for file in source_files(self.root, under, self.skipped):
            text = read_source(file, self.skipped)
            if text is None:
                continue
            files += 1
            lines += text.count("\n") + 1
            if file.language == "python":
                self._python(file, text)
            else:
                self._foreign(file, text)
        return Scan(tuple(self.found), self.sites, files, lines, self.skipped)

    def _python(self, file: SourceFile, text: str) -> None:
        rules = [rule for rule in self.rules if any(word in text for word in rule.words) or not rule.words]
        if not rules:
            return
        try:
            module = Module(text, file.name, used_elsewhere=name_search(self.root, file.path))
            sites = [(site, rule) for rule in rules for site in rule.find(module)]
        except (SyntaxError, ValueError):
            self.skipped.note("with syntax this Python does not have", file.name)
            return
        except (RecursionError, MemoryError):  # the parser's own stack counts as memory
            self.skipped.note("nested too deep", file.name)
            return
        except Exception as error:  # noqa: BLE001  # a rule is a stranger's code: its bug must not cost the scan
            self.skipped.note(f"in which a rule failed with {type(error).__name__}", file.name)
            return
        for site, rule in sorted(sites, key=lambda pair: (pair[0].line, pair[1].name)):
            self._add(file, module, site, rule)

    def _add(self, file: SourceFile, module: Module, site: Site, rule: Rule) -> None:
        function = f"{module_name(file.path, self.top)}:{site.function}"
        refusal = ""
        try:
            rule.plan(module, site)
        except Refused as reason:
            refusal = str(reason)
        except Exception as error:  # noqa: BLE001  # as above
            refusal = f"the rule failed with {type(error).__name__}"
        found = Opportunity(
            id=self._id(rule.name, function, module.text(site.node)),
            pattern=rule.name,
            title=rule.title,
            skill=rule.skill,
            file=file.name,
            function=function,
            line=site.line,
            last_line=site.last_line,
            confidence=site.confidence,
            risk=rule.risk,
            fixable=not refusal,
            refusal=refusal,
            in_tests=is_test(file.name),
            note=site.note,
            criteria=rule.criteria,
        )
        self.found.append(found)
        self.sites[found.id] = site

    def _foreign(self, file: SourceFile, text: str) -> None:
        try:
            hits = find_foreign(text, file.language)
        except (ValueError, RuntimeError):
            self.skipped.note("that the parser of their language refuses", file.name)
            return
        for hit in hits:
            if self.wanted and hit.pattern not in self.wanted:
                continue
            function = f"{Path(file.name).with_suffix('').as_posix()}:{hit.function or '<module>'}"
            self.found.append(
                Opportunity(
                    id=self._id(hit.pattern, function, hit.text),
                    pattern=hit.pattern,
                    title=hit.title,
                    file=file.name,
                    function=function,
                    line=hit.line,
                    last_line=hit.last_line,
                    confidence="medium",
                    risk="medium",
                    fixable=False,
                    refusal=f"fixes are written for Python only, this is {file.language}",
                    language=file.language,
                    in_tests=is_test(file.name),
                )
            )

    def _id(self, pattern: str, function: str, text: str) -> str:
        """Stable under edits elsewhere: pattern, function and text of the site, numbered when they repeat."""
        words = " ".join(text.split())
        key = (pattern, function, words)
        self.seen[key] += 1
        digest = hashlib.sha256("\0".join((*key, str(self.seen[key]))).encode()).hexdigest()
        return f"opp-{digest[:8]}"


def name_search(root: Path, own: Path) -> Callable[[str], bool]:
    """Whether any other Python file below a folder mentions a name; reads them only when asked."""
    answers: dict[str, bool] = {}

    def used(name: str) -> bool:
        if name not in answers:
            word = name.encode()
            answers[name] = any(word in text for path, text in _texts(root) if path != own)
        return answers[name]

    return used


def _texts(root: Path) -> Iterable[tuple[Path, bytes]]:
    for file in source_files(root, "", Skipped()):
        if file.language == "python":
            try:
                yield file.path, file.path.read_bytes()
            except OSError:
                continue
