"""Small helpers for files."""

from __future__ import annotations

import contextlib
import os


def atomic_write(path: str | os.PathLike, content: str | bytes) -> None:
    """Write a file that readers see complete or not at all, also when the process dies half-way.

    The content goes to a temporary file in the same folder, which then replaces `path` in one step.
    """
    path = os.fspath(path)
    data = content.encode("utf-8") if isinstance(content, str) else content
    temporary = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.{os.urandom(16).hex()}")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def is_inside(folder: str | os.PathLike, name: str) -> bool:
    """Whether `folder/name` stays inside `folder` (no `..`, no absolute path, no NUL)."""
    if "\0" in name or os.path.isabs(name):
        return False
    root = os.path.abspath(folder)
    try:
        return os.path.commonpath([root, os.path.abspath(os.path.join(root, name))]) == root
    except ValueError:
        return False
