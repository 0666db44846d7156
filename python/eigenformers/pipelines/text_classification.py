"""`pipeline("text-classification")`: labels whole texts, or pairs of texts."""

from __future__ import annotations

import enum
from typing import Any

import numpy as np

from ..generation.arrays import as_array, softmax
from ..utils import logging
from .base import Pipeline

logger = logging.get_logger(__name__)


class ClassificationFunction(enum.Enum):
    """What turns logits into scores."""

    SIGMOID = "sigmoid"
    SOFTMAX = "softmax"
    NONE = "none"


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), without overflow."""
    small = np.exp(-np.abs(logits))
    return np.where(logits >= 0, 1.0, small) / (1.0 + small)


def read_function(name: Any) -> ClassificationFunction | None:
    """The function called `name`; None, which is also "default", leaves the choice to the model."""
    if name is None or isinstance(name, ClassificationFunction) or name == "default":
        return None if name == "default" else name
    try:
        return ClassificationFunction(str(name).lower())
    except ValueError:
        choices = [function.value for function in ClassificationFunction]
        raise ValueError(f"function_to_apply: found {name!r}, needed one of {choices} or 'default'") from None


def scores_of(logits: Any, function: ClassificationFunction | None, config: Any) -> np.ndarray:
    """Logits `[labels]` → float32 scores `[labels]`, by default with the function that fits the model's problem."""
    kind = getattr(config, "problem_type", None)
    if function is None:
        if kind == "regression":
            function = ClassificationFunction.NONE
        elif kind == "multi_label_classification" or config.num_labels == 1:
            function = ClassificationFunction.SIGMOID
        else:
            function = ClassificationFunction.SOFTMAX
    values = as_array(logits).astype(np.float32)
    if function is ClassificationFunction.NONE:
        return values
    return sigmoid(values) if function is ClassificationFunction.SIGMOID else softmax(values)


class TextClassificationPipeline(Pipeline):
    """Labels texts with a sequence classification model.

    A string gives `[{"label", "score"}]`, a list of strings one such dict each; with `top_k` (None: all labels) a list
    of dicts a text, best first. A pair of texts is `{"text": ..., "text_pair": ...}`.

    >>> from eigenformers import pipeline
    >>> classify = pipeline("text-classification", model="./my-classifier")  # doctest: +SKIP
    >>> classify("What a lovely film.", top_k=None)  # doctest: +SKIP
    [{'label': 'POSITIVE', 'score': 0.998}, {'label': 'NEGATIVE', 'score': 0.002}]
    """

    _load_processor = False
    _load_image_processor = False
    _load_video_processor = False
    _load_feature_extractor = False
    _load_tokenizer = True

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.check_model_type(self.models_of("AutoModelForSequenceClassification"))

    def _sanitize_parameters(  # type: ignore[override]
        self,
        function_to_apply: Any = None,
        top_k: Any = "",  # None means all labels, so the absence of a value needs another mark
        return_all_scores: bool | None = None,
        **tokenizer_kwargs: Any,
    ) -> tuple[dict, dict, dict]:
        postprocess: dict[str, Any] = {}
        if top_k is None or isinstance(top_k, int):
            if top_k is not None and top_k < 1:
                raise ValueError(f"top_k: found {top_k}, needed 1 or more, or None for all labels")
            postprocess.update(top_k=top_k, _legacy=False)
        elif top_k != "":
            raise TypeError(f"top_k: found {top_k!r}, needed a number or None")
        elif return_all_scores is not None:
            logger.warning_once(
                "`return_all_scores` is deprecated: use `top_k=None` for all labels, `top_k=1` for one."
            )
            postprocess["top_k"] = None if return_all_scores else 1
        function = read_function(function_to_apply)
        if function is not None:
            postprocess["function_to_apply"] = function
        return tokenizer_kwargs, {}, postprocess

    def __call__(self, inputs: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        """Labels each input.

        Args:
            inputs: a string, `{"text", "text_pair"}`, a list of either, a generator, a dataset.
            top_k: how many labels to return, best first; None for all.
            function_to_apply: "sigmoid", "softmax", "none" or "default": softmax, for one label or several at once
                sigmoid, for regression none.
            kwargs: everything else goes to the tokenizer, as `truncation`, `max_length`.
        """
        result = super().__call__(inputs, **kwargs)
        return [result] if isinstance(inputs, str) and "top_k" not in kwargs else result

    def preprocess(self, inputs: Any, **tokenizer_kwargs: Any) -> Any:  # type: ignore[override]
        if isinstance(inputs, dict):
            return self.tokenizer(**inputs, return_tensors="pt", **tokenizer_kwargs)
        if isinstance(inputs, list):
            if len(inputs) == 1 and isinstance(inputs[0], list) and len(inputs[0]) == 2:
                text, pair = inputs[0]
                return self.tokenizer(text=text, text_pair=pair, return_tensors="pt", **tokenizer_kwargs)
            raise ValueError(
                "The pipeline received invalid inputs, if you are trying to send text pairs, you can try to send a "
                'dictionary `{"text": "My text", "text_pair": "My pair"}` in order to send a text pair.'
            )
        if not isinstance(inputs, str):
            raise TypeError(f"{self.task}: found an input of type {type(inputs).__name__}, needed a string or a dict")
        return self.tokenizer(inputs, return_tensors="pt", **tokenizer_kwargs)

    def _forward(self, model_inputs: Any) -> Any:  # type: ignore[override]
        return self.run_model(model_inputs)

    def postprocess(  # type: ignore[override]
        self,
        model_outputs: Any,
        function_to_apply: ClassificationFunction | None = None,
        top_k: int | None = 1,
        _legacy: bool = True,
    ) -> Any:
        config = self.model.config
        scores = scores_of(model_outputs["logits"][0], read_function(function_to_apply), config)
        records = [{"label": config.id2label[i], "score": float(score)} for i, score in enumerate(scores)]
        if _legacy:
            return records[int(scores.argmax())] if top_k == 1 else records
        return sorted(records, key=lambda record: record["score"], reverse=True)[:top_k]
