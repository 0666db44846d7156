"""Which tasks there are, and what makes them."""

from __future__ import annotations

from typing import Any

from .._lazy import import_module
from ..errors import UnsupportedError

# Tasks that people know from elsewhere: asked for before their file exists here, they get an error that says so.
KNOWN_TASKS = {
    "any-to-any", "audio-classification", "automatic-speech-recognition", "conversational", "decision",
    "depth-estimation", "document-question-answering", "feature-extraction", "fill-mask", "image-classification",
    "image-feature-extraction", "image-segmentation", "image-text-to-text", "image-to-image", "image-to-text",
    "keypoint-matching", "mask-generation", "ner", "object-detection", "question-answering", "sentiment-analysis",
    "summarization", "table-question-answering", "text-classification", "text-generation", "text-to-audio",
    "text-to-speech", "text2text-generation", "token-classification", "translation", "video-classification",
    "visual-question-answering", "vqa", "zero-shot-audio-classification", "zero-shot-classification",
    "zero-shot-image-classification", "zero-shot-object-detection",
}  # fmt: skip


class PipelineRegistry:
    """Task name → its entry: `impl` (class or "module:Class"), `pt` (auto classes or names), `default`, `type`."""

    def __init__(self, supported_tasks: dict[str, dict[str, Any]], task_aliases: dict[str, str]):
        self.supported_tasks = supported_tasks
        self.task_aliases = task_aliases

    def get_supported_tasks(self) -> list[str]:
        """All task names, aliases included, sorted."""
        aliases = [alias for alias, task in self.task_aliases.items() if task in self.supported_tasks]
        return sorted([*self.supported_tasks, *aliases])

    def check_task(self, task: str) -> tuple[str, dict[str, Any], Any]:
        """`(task, its entry, None)`, with aliases resolved; of "translation_xx_to_yy" the languages `(xx, yy)` last.

        KeyError for a name nobody knows; UnsupportedError for a task of the real library that has no file here.
        """
        name = self.task_aliases.get(task, task)
        if name in self.supported_tasks:
            return name, self.supported_tasks[name], None
        if name.startswith("translation_") and "translation" in self.supported_tasks:
            parts = name.split("_")
            if len(parts) != 4 or parts[2] != "to":
                raise KeyError(f"Invalid translation task {task}, use 'translation_XX_to_YY' format")
            return "translation", self.supported_tasks["translation"], (parts[1], parts[3])
        if name in KNOWN_TASKS or name.startswith("translation_"):
            raise UnsupportedError(
                f"pipeline({task!r}): this task is not part of this version; available tasks are "
                f"{self.get_supported_tasks()}"
            )
        raise KeyError(f"Unknown task {task}, available tasks are {self.get_supported_tasks()}")

    def register_pipeline(
        self,
        task: str,
        pipeline_class: type,
        pt_model: Any = None,
        default: dict[str, Any] | None = None,
        type: str | None = None,
    ) -> None:
        """Makes `pipeline(task)` build `pipeline_class`.

        Args:
            task: the name; an existing one is replaced, with a warning.
            pipeline_class: a subclass of `Pipeline`.
            pt_model: the auto class that loads the model, or a tuple of them, tried in order.
            default: `{"model": (name, revision)}`, taken when `pipeline` gets no model.
            type: "text", "image", "audio", "video" or "multimodal".
        """
        if task in self.supported_tasks:
            from ..utils import logging  # not above: this module is read whenever eigenformers is imported

            logger = logging.get_logger(__name__)
            logger.warning(f"{task} is already registered. Overwriting pipeline for task {task}...")
        models = () if pt_model is None else pt_model if isinstance(pt_model, tuple) else (pt_model,)
        entry: dict[str, Any] = {"impl": pipeline_class, "pt": models}
        if default is not None:
            entry["default"] = default if "model" in default else {"model": default}
        if type is not None:
            entry["type"] = type
        self.supported_tasks[task] = entry
        pipeline_class._registered_impl = {task: entry}  # type: ignore[attr-defined]

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """The table itself."""
        return self.supported_tasks


def resolve_class(reference: Any, package: str) -> Any:
    """A class from a class, from `"module:Class"` relative to `package`, or from a public name of eigenformers."""
    if not isinstance(reference, str):
        return reference
    if ":" in reference:
        module, name = reference.split(":")
        return getattr(import_module(module, package), name)
    return getattr(import_module("eigenformers"), reference)
