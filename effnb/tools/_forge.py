"""The forge that ``effnb.toml`` names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from effnb.deliver import Forge, GitHubForge, LocalForge
from effnb.domain import Fix
from effnb.errors import ConfigError, DeliveryError

if TYPE_CHECKING:
    from effnb.workspace import Workspace


def forge_of(workspace: Workspace, fix: Fix, folder: Path) -> Forge:
    """Where the pull request of a fix is opened; the local forge keeps each repository apart.

    Raises:
        ConfigError: The access token is not in the environment.
        DeliveryError: The fix is of a setting, and the forge holds only the code.
    """
    settings = workspace.settings.forge
    if settings.kind == "local":
        return LocalForge(workspace.root / settings.folder / folder.name)
    if fix.kind != "code":
        raise DeliveryError(
            f"{settings.repository} holds the code, and {fix.id} is of a setting; use `effnb fix apply`"
        )
    token = os.environ.get(settings.token_env, "")
    if not token:
        raise ConfigError(f"[forge] needs the access token in the variable {settings.token_env}, which is not set")
    return GitHubForge(settings.repository, token, api=settings.api, remote=settings.remote, logins=settings.logins)
