"""Several sources of one kind as one, where a workspace has more than one: a chat and a forge, two deploy systems."""

from __future__ import annotations

import math
from collections.abc import Sequence

from effnb.domain import DocPage, Experiment, Message, Rollout, Window
from effnb.sources._protocols import DiscussionSource, DocSource, ExperimentSource, RolloutSource, Source


class MergedRollouts:
    """Rollouts of several deploy systems."""

    def __init__(self, sources: Sequence[RolloutSource]) -> None:
        self._sources = sources
        self.place = _places(sources)

    def fetch_rollouts(self, service: str | None = None, window: Window | None = None) -> list[Rollout]:
        """Rollouts of all of them, oldest first."""
        every = [one for source in self._sources for one in source.fetch_rollouts(service, window)]
        return sorted(every, key=lambda rollout: rollout.started_at)


class MergedDiscussions:
    """Messages of several places."""

    def __init__(self, sources: Sequence[DiscussionSource]) -> None:
        self._sources = sources
        self.place = _places(sources)

    def fetch_messages(self, window: Window | None = None) -> list[Message]:
        """Messages of all of them, oldest first."""
        every = [one for source in self._sources for one in source.fetch_messages(window)]
        return sorted(every, key=lambda message: message.at)


class MergedExperiments:
    """Experiments of several systems."""

    def __init__(self, sources: Sequence[ExperimentSource]) -> None:
        self._sources = sources
        self.place = _places(sources)

    def fetch_experiments(self, service: str | None = None, window: Window | None = None) -> list[Experiment]:
        """Experiments of all of them, in the order they began; those that did not come last."""
        every = [one for source in self._sources for one in source.fetch_experiments(service, window)]
        return sorted(every, key=lambda one: one.steps[0].at.timestamp() if one.steps else math.inf)


class MergedDocs:
    """Pages of several places; of two with one path the first source's counts."""

    def __init__(self, sources: Sequence[DocSource]) -> None:
        self._sources = sources
        self.place = _places(sources)

    def fetch_pages(self) -> list[DocPage]:
        """Pages of all of them, by path."""
        pages = {page.path: page for source in reversed(self._sources) for page in source.fetch_pages()}
        return [pages[path] for path in sorted(pages)]


def _places(sources: Sequence[Source]) -> str:
    return ", ".join(source.place for source in sources)
