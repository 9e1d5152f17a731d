"""Where the files that belong to effnb lie: in the wheel under ``_bundled``, in a checkout at its top."""

from __future__ import annotations

from pathlib import Path

import effnb
from effnb.errors import ConfigError


def bundled(*parts: str) -> Path:
    """A file or folder that is shipped with effnb, e.g. ``bundled("data", "storefront")``."""
    package = Path(effnb.__file__).parent
    for root in (package / "_bundled", package.parent):
        if (root / Path(*parts)).exists():
            return root / Path(*parts)
    raise ConfigError(f"this installation of effnb lacks {'/'.join(parts)}; install it again")
