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
    "feature-extraction": {
        "impl": ".feature_extraction:FeatureExtractionPipeline",
        "pt": ("AutoModel",),
        "default": {"model": ("distilbert/distilbert-base-cased", "6ea8117")},
        "type": "text",
    },
    "fill-mask": {
        "impl": ".fill_mask:FillMaskPipeline",
        "pt": ("AutoModelForMaskedLM",),
        "default": {"model": ("distilbert/distilroberta-base", "fb53ab8")},
        "type": "text",
    },
    "question-answering": {
        "impl": ".question_answering:QuestionAnsweringPipeline",
        "pt": ("AutoModelForQuestionAnswering",),
        "default": {"model": ("distilbert/distilbert-base-cased-distilled-squad", "564e9b5")},
        "type": "text",
    },
    "summarization": {
        "impl": ".text2text_generation:SummarizationPipeline",
        "pt": ("AutoModelForSeq2SeqLM",),
        "default": {"model": ("sshleifer/distilbart-cnn-12-6", "a4f8f3e")},
        "type": "text",
    },
    "table-question-answering": {
        "impl": ".table_question_answering:TableQuestionAnsweringPipeline",
        "pt": ("AutoModelForTableQuestionAnswering",),
        "default": {"model": ("google/tapas-base-finetuned-wtq", "e3dde19")},
        "type": "text",
    },
    "text-classification": {
        "impl": ".text_classification:TextClassificationPipeline",
        "pt": ("AutoModelForSequenceClassification",),
        "default": {"model": ("distilbert/distilbert-base-uncased-finetuned-sst-2-english", "714eb0f")},
        "type": "text",
    },
    "text2text-generation": {
        "impl": ".text2text_generation:Text2TextGenerationPipeline",
        "pt": ("AutoModelForSeq2SeqLM",),
        "default": {"model": ("google-t5/t5-base", "a9723ea")},
        "type": "text",
    },
    "token-classification": {
        "impl": ".token_classification:TokenClassificationPipeline",
        "pt": ("AutoModelForTokenClassification",),
        "default": {"model": ("dbmdz/bert-large-cased-finetuned-conll03-english", "4c53496")},
        "type": "text",
    },
    "translation": {  # translation_xx_to_yy too
        "impl": ".text2text_generation:TranslationPipeline",
        "pt": ("AutoModelForSeq2SeqLM",),
        "default": {
            languages: {"model": ("google-t5/t5-base", "a9723ea")}
            for languages in (("en", "fr"), ("en", "de"), ("en", "ro"))
        },
        "type": "text",
    },
    "zero-shot-classification": {
        "impl": ".zero_shot_classification:ZeroShotClassificationPipeline",
        "pt": ("AutoModelForSequenceClassification",),
        "default": {"model": ("facebook/bart-large-mnli", "d7645e1")},
        "type": "text",
    },
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
    "FeatureExtractionPipeline": ".feature_extraction",
    "FillMaskPipeline": ".fill_mask",
    **dict.fromkeys(("QuestionAnsweringArgumentHandler", "QuestionAnsweringPipeline"), ".question_answering"),
    **dict.fromkeys(
        ("TableQuestionAnsweringArgumentHandler", "TableQuestionAnsweringPipeline"), ".table_question_answering"
    ),
    **dict.fromkeys(("ClassificationFunction", "TextClassificationPipeline"), ".text_classification"),
    **dict.fromkeys(
        ("SummarizationPipeline", "Text2TextGenerationPipeline", "TranslationPipeline"), ".text2text_generation"
    ),
    **dict.fromkeys(("ReturnType", "TextGenerationPipeline"), ".text_generation"),
    **dict.fromkeys(
        ("AggregationStrategy", "NerPipeline", "TokenClassificationArgumentHandler", "TokenClassificationPipeline"),
        ".token_classification",
    ),
    **dict.fromkeys(
        ("ZeroShotClassificationArgumentHandler", "ZeroShotClassificationPipeline"), ".zero_shot_classification"
    ),
}
__all__ = sorted(
    [*MODULES, "PIPELINE_REGISTRY", "SUPPORTED_TASKS", "TASK_ALIASES", "check_task", "get_supported_tasks"]
)

__getattr__, __dir__ = lazy_exports(__name__, MODULES)
