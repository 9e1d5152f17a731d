"""Changes of configuration and flags."""

from effnb.sources.config._files import FileSettingsHistory
from effnb.sources.config._git import GitSettingsHistory
from effnb.sources.config._values import config_values

__all__ = ["FileSettingsHistory", "GitSettingsHistory", "config_values"]
