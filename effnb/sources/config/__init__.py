"""Changes of configuration and flags."""

from effnb.sources.config._files import FileSettingsHistory

__all__ = ["FileSettingsHistory"]
