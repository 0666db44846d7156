"""Folders `checkpoint-<step>`: they appear whole or not at all, and go the same way."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

PREFIX_CHECKPOINT_DIR = "checkpoint"
STATE_FILE = "trainer_state.json"
_NAME = re.compile(rf"^{PREFIX_CHECKPOINT_DIR}-(\d+)$")
_UNFINISHED = re.compile(rf"^\.{PREFIX_CHECKPOINT_DIR}-\d+\.(\d+)\.unfinished$")


def get_last_checkpoint(folder: str | os.PathLike) -> str | None:
    """The `checkpoint-<step>` with the highest step in `folder`; None when there is none."""
    steps = [int(match[1]) for match in map(_NAME.match, os.listdir(folder)) if match]
    steps = [step for step in steps if os.path.isdir(os.path.join(folder, f"{PREFIX_CHECKPOINT_DIR}-{step}"))]
    return os.path.join(folder, f"{PREFIX_CHECKPOINT_DIR}-{max(steps)}") if steps else None


def last_complete_checkpoint(folder: str | os.PathLike) -> str | None:
    """As `get_last_checkpoint`, passing over folders that another program left half-written."""
    if not os.path.isdir(folder):
        return None
    for path in reversed(sort_checkpoints(folder)):
        if os.path.isfile(os.path.join(path, STATE_FILE)):
            return path
    return None


def sort_checkpoints(folder: str | os.PathLike) -> list[str]:
    """All checkpoints in `folder`, the oldest step first."""
    found = [(int(m[1]), m.string) for m in map(_NAME.match, os.listdir(folder)) if m]
    return [os.path.join(folder, name) for _, name in sorted(found) if os.path.isdir(os.path.join(folder, name))]


def _sync(path: str) -> None:
    if os.name != "posix" and os.path.isdir(path):
        return  # elsewhere folders can't be flushed
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_tree(folder: str) -> None:
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            _sync(os.path.join(parent, name))
        _sync(parent)


def _exchange(one: str, other: str) -> bool:
    """Swap two folders in one step, where the system can."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    at_cwd, exchange = -100, 2
    return renameat2(at_cwd, os.fsencode(one), at_cwd, os.fsencode(other), exchange) == 0


def _scratch(folder: str, step: int | str) -> str:
    return os.path.join(folder, f".{PREFIX_CHECKPOINT_DIR}-{step}.{os.getpid()}.unfinished")


@contextlib.contextmanager
def writing_checkpoint(folder: str, step: int) -> Iterator[str]:
    """A folder to write into; at the end it becomes `checkpoint-<step>`, flushed to disk, in one step.

    A process that dies half-way leaves a hidden folder, which the next save removes. After an error nothing is left.
    """
    final, scratch = os.path.join(folder, f"{PREFIX_CHECKPOINT_DIR}-{step}"), _scratch(folder, step)
    os.makedirs(folder, exist_ok=True)
    remove_leftovers(folder)
    shutil.rmtree(scratch, ignore_errors=True)
    os.mkdir(scratch)
    try:
        yield scratch
        _sync_tree(scratch)
        if os.path.isdir(final):
            if not _exchange(scratch, final):
                old = _scratch(folder, f"{step}0")
                os.rename(final, old)
                os.rename(scratch, final)
                os.rename(old, scratch)
        else:
            os.rename(scratch, final)
        _sync(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def remove_leftovers(folder: str) -> None:
    """Remove what processes that are gone left unfinished."""
    for match in filter(None, map(_UNFINISHED.match, os.listdir(folder))):
        if int(match[1]) == os.getpid() or not _alive(int(match[1])):
            shutil.rmtree(os.path.join(folder, match.string), ignore_errors=True)


def _alive(process: int) -> bool:
    if os.name != "posix":
        return True  # elsewhere asking would end it
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def delete_checkpoint(path: str) -> None:
    """Remove a checkpoint: first its name in one step, then its files."""
    folder, name = os.path.split(os.path.normpath(path))
    gone = _scratch(folder, f"{name.rsplit('-', 1)[-1]}")
    try:
        os.rename(path, gone)
    except OSError:
        gone = path
    shutil.rmtree(gone, ignore_errors=True)


def rotate_checkpoints(folder: str, limit: int | None, best: str | None) -> None:
    """Remove the oldest checkpoints beyond `limit`, but never the newest nor the best."""
    if limit is None or limit <= 0:
        return
    checkpoints = sort_checkpoints(folder)
    keep = {checkpoints[-1]} if checkpoints else set()
    if best is not None:
        keep.add(str(Path(best)))
    left = len(checkpoints)
    for path in checkpoints:
        if left <= max(limit, len(keep)):
            break
        if str(Path(path)) not in {str(Path(k)) for k in keep}:
            delete_checkpoint(path)
            left -= 1
