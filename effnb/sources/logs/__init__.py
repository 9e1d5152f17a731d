"""Log records, and the templates their messages are made from."""

from effnb.sources.logs._files import FolderLogs
from effnb.sources.logs._templates import template_of

__all__ = ["FolderLogs", "template_of"]
