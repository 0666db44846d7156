"""`pipeline(task, model)`: from raw input to a readable result in one call.

A task is one file in this folder and one entry in `SUPPORTED_TASKS`.
"""

from __future__ import annotations

from typing import Any

from .._lazy import lazy_exports
from .registry import PipelineRegistry

TASK_ALIASES = {
    "sentiment-analysis": "text-classification",
    "ner": "token-classification",
    "text-to-speech": "text-to-audio",
    "vqa": "visual-question-answering",
}

# impl: where the class is; pt: names of the auto classes that load its model, tried in order; default: the model
# taken when none is given, `(name, revision)` on the Hub, or "embedded" for the one in `default_model.py`.
SUPPORTED_TASKS: dict[str, dict[str, Any]] = {
    "text-generation": {
        "impl": ".text_generation:TextGenerationPipeline",
        "pt": ("AutoModelForCausalLM",),
        "default": {"model": "embedded"},
        "type": "text",
    },
}

PIPELINE_REGISTRY = PipelineRegistry(SUPPORTED_TASKS, TASK_ALIASES)


def get_supported_tasks() -> list[str]:
    """The names that `pipeline` takes.

    >>> "text-generation" in get_supported_tasks()
    True
    """
    return PIPELINE_REGISTRY.get_supported_tasks()


def check_task(task: str) -> tuple[str, dict[str, Any], Any]:
    """`(task, its entry, None)` with aliases resolved; KeyError for an unknown name."""
    return PIPELINE_REGISTRY.check_task(task)


_BASE = (
    "ArgumentHandler",
    "ChunkPipeline",
    "CsvPipelineDataFormat",
    "JsonPipelineDataFormat",
    "PipedPipelineDataFormat",
    "Pipeline",
    "PipelineDataFormat",
    "PipelineException",
    "PipelineRegistry",
)
MODULES: dict[str, str] = {
    **dict.fromkeys(_BASE, ".base"),
    **dict.fromkeys(("get_task", "pipeline"), ".factory"),
    **dict.fromkeys(("KeyDataset", "KeyPairDataset"), ".pt_utils"),
    **dict.fromkeys(("ReturnType", "TextGenerationPipeline"), ".text_generation"),
}
__all__ = sorted(
    [*MODULES, "PIPELINE_REGISTRY", "SUPPORTED_TASKS", "TASK_ALIASES", "check_task", "get_supported_tasks"]
)

__getattr__, __dir__ = lazy_exports(__name__, MODULES)
