"""Pages of documentation: runbooks, design notes, rules."""

from effnb.sources.docs._files import FolderDocs
from effnb.sources.docs._sections import Section, sections, title_of

__all__ = ["FolderDocs", "Section", "sections", "title_of"]
