"""Pages of documentation: runbooks, design notes, rules."""

from effnb.sources.docs._files import FolderDocs
from effnb.sources.docs._git import GitDocs
from effnb.sources.docs._sections import Section, sections, title_of

__all__ = ["FolderDocs", "GitDocs", "Section", "sections", "title_of"]
