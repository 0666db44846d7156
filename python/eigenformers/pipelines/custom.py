"""Pipelines of one's own beside a model: what config.json says of them, and their code.

The code is saved for those who read it, and never run: `pipeline(...)` builds a task that the program has registered.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from ..errors import UnsupportedError
from ..utils import logging

logger = logging.get_logger(__name__)


def save_custom(pipeline: Any, folder: str | os.PathLike) -> None:
    """Notes the tasks that a pipeline's class is registered for in the model's configuration, and copies its module."""
    cls = type(pipeline)
    registered = {t: e for t, e in getattr(cls, "_registered_impl", {}).items() if e["impl"] is cls}
    if not registered:
        return
    source = getattr(sys.modules.get(cls.__module__), "__file__", None)
    if cls.__module__ == "__main__" or source is None:
        logger.warning(
            f"We can't save the code defining {pipeline} in {folder} as it's been defined in __main__. You should put this "
            "code in a separate module so we can include it in the saved folder and make it easier to share via the Hub."
        )
    else:
        target = os.path.join(folder, cls.__module__.rpartition(".")[2] + ".py")
        if not (os.path.exists(target) and os.path.samefile(source, target)):  # it may lie there already
            import shutil

            shutil.copy(source, target)
    module = cls.__module__.rpartition(".")[2]
    pipeline.model.config.custom_pipelines = {
        task: {
            **entry,
            "impl": f"{module}.{cls.__name__}",
            "pt": [model if isinstance(model, str) else model.__name__ for model in entry["pt"]],
        }
        for task, entry in registered.items()
    }


def check_custom(task: str, config: Any, known: list[str]) -> None:
    """UnsupportedError for a task that only code of the repository could do."""
    custom = config.get("custom_pipelines") if isinstance(config, dict) else None
    if isinstance(custom, dict) and task in custom and task not in known:
        entry = custom[task] if isinstance(custom[task], dict) else {}
        raise UnsupportedError(
            f"pipeline({task!r}): the model's config.json leaves it to {entry.get('impl', 'code')!r} of the repository, and "
            "nothing of a repository is ever run; read the code, put the class into your program and call "
            f"PIPELINE_REGISTRY.register_pipeline({task!r}, pipeline_class=...)"
        )
