"""Files that only their owner can read, for what must survive a restart and must not be seen."""

from __future__ import annotations

import os
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Replace the file as a whole: a reader sees the old text or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)


def read_private(path: Path) -> str:
    """The text without the line end. Raises OSError where there is none."""
    return path.read_text().strip()
