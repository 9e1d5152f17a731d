"""The forge that ``effnb.toml`` names."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from effnb.deliver import Forge, GitHubForge, LocalForge
from effnb.errors import ConfigError

if TYPE_CHECKING:
    from effnb.workspace import Workspace


def forge_of(workspace: Workspace) -> Forge:
    """Where pull requests are opened; ``ConfigError`` when its token is not in the environment."""
    settings = workspace.settings.forge
    if settings.kind == "local":
        return LocalForge(workspace.root / settings.folder)
    token = os.environ.get(settings.token_env, "")
    if not token:
        raise ConfigError(f"[forge] needs the access token in the variable {settings.token_env}, which is not set")
    return GitHubForge(settings.repository, token, api=settings.api, remote=settings.remote, logins=settings.logins)
