"""AutoPeftModel…: the base model that an adapter names, with the adapter."""

from __future__ import annotations

import importlib
import os
from typing import Any

from .config import PeftConfig, find_file
from .model import PeftModel
from .tasks import (
    PeftModelForCausalLM,
    PeftModelForFeatureExtraction,
    PeftModelForQuestionAnswering,
    PeftModelForSeq2SeqLM,
    PeftModelForSequenceClassification,
    PeftModelForTokenClassification,
)

_ALLOWED = ("eigenformers", "transformers")  # libraries that an adapter may name


class AutoPeftModel:
    """Loads an adapter together with the model that it was trained on."""

    _target_class: Any = PeftModel
    _auto_class: str | None = None

    def __init__(self, *args: Any, **kwargs: Any):
        raise OSError(
            f"{type(self).__name__} is designed to be instantiated using the "
            f"`{type(self).__name__}.from_pretrained(pretrained_model_name_or_path)` method."
        )

    @classmethod
    def from_pretrained(
        cls,
        pretrained_model_name_or_path: str | os.PathLike,
        adapter_name: str = "default",
        is_trainable: bool = False,
        config: Any = None,
        revision: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """Load the base model and the adapter.

        Args:
            pretrained_model_name_or_path: folder or repository of the adapter.
            kwargs: for the base model's `from_pretrained`.

        Raises:
            ValueError: no adapter there, or nothing says which class the base model has.
        """
        import eigenformers

        if config is None:
            config = PeftConfig.from_pretrained(pretrained_model_name_or_path, revision=revision, **kwargs)
        kwargs.pop("import_allowlist", None)
        base = config.base_model_name_or_path
        if base is None:
            raise ValueError(f"{pretrained_model_name_or_path}: adapter_config.json doesn't name a base model")
        if cls._auto_class is not None:
            auto = getattr(eigenformers, cls._auto_class)
        else:
            auto = _class_of(config)
        model = auto.from_pretrained(base, revision=config.revision or "main", **kwargs)
        rows = _tokenizer_length(pretrained_model_name_or_path)
        if rows is not None:
            model.resize_token_embeddings(rows)
        return cls._target_class.from_pretrained(
            model, pretrained_model_name_or_path, adapter_name=adapter_name, is_trainable=is_trainable, config=config
        )


def _class_of(config: Any) -> Any:
    import eigenformers

    task = {
        "CAUSAL_LM": "AutoModelForCausalLM", "SEQ_CLS": "AutoModelForSequenceClassification",
        "TOKEN_CLS": "AutoModelForTokenClassification", "QUESTION_ANS": "AutoModelForQuestionAnswering",
        "FEATURE_EXTRACTION": "AutoModel", "SEQ_2_SEQ_LM": "AutoModelForSeq2SeqLM",
    }.get(str(config.task_type))  # fmt: skip
    if task is not None:
        return getattr(eigenformers, task)
    mapping = config.auto_mapping
    if mapping is None:
        raise ValueError(
            "Cannot infer the auto class from the config, please make sure that you are loading the correct model for "
            "your task type."
        )
    if mapping["parent_library"].split(".")[0] not in _ALLOWED:
        raise ValueError(
            f"adapter_config.json names the library {mapping['parent_library']!r}, needed one of {_ALLOWED}; build the "
            "model yourself and use PeftModel.from_pretrained"
        )
    try:
        return getattr(eigenformers, mapping["base_model_class"])
    except AttributeError:
        module = importlib.import_module("eigenformers.models")
        return getattr(module, mapping["base_model_class"])


def _tokenizer_length(source: Any) -> int | None:
    """The size of the vocabulary that lies beside the adapter, if there is a tokenizer."""
    if find_file(source, "tokenizer_config.json") is None:
        return None
    from .. import AutoTokenizer

    return len(AutoTokenizer.from_pretrained(source))


class AutoPeftModelForCausalLM(AutoPeftModel):
    """For language models."""

    _target_class, _auto_class = PeftModelForCausalLM, "AutoModelForCausalLM"


class AutoPeftModelForSeq2SeqLM(AutoPeftModel):
    """For sequence-to-sequence models."""

    _target_class, _auto_class = PeftModelForSeq2SeqLM, "AutoModelForSeq2SeqLM"


class AutoPeftModelForSequenceClassification(AutoPeftModel):
    """For sequence classifiers."""

    _target_class, _auto_class = PeftModelForSequenceClassification, "AutoModelForSequenceClassification"


class AutoPeftModelForTokenClassification(AutoPeftModel):
    """For token classifiers."""

    _target_class, _auto_class = PeftModelForTokenClassification, "AutoModelForTokenClassification"


class AutoPeftModelForQuestionAnswering(AutoPeftModel):
    """For question answering."""

    _target_class, _auto_class = PeftModelForQuestionAnswering, "AutoModelForQuestionAnswering"


class AutoPeftModelForFeatureExtraction(AutoPeftModel):
    """For models without a head."""

    _target_class, _auto_class = PeftModelForFeatureExtraction, "AutoModel"
