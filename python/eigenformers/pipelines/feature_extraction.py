"""`pipeline("feature-extraction")`: the hidden states of a text."""

from __future__ import annotations

from typing import Any

from .base import Pipeline


class FeatureExtractionPipeline(Pipeline):
    """The first output of a model without a head: a nested list `[1][length][hidden_size]` for each text.

    >>> from eigenformers import pipeline
    >>> extract = pipeline("feature-extraction", model="./my-encoder")  # doctest: +SKIP
    >>> extract("Hello", return_tensors=True).shape  # doctest: +SKIP
    torch.Size([1, 3, 384])
    """

    _load_processor = False
    _load_image_processor = False
    _load_video_processor = False
    _load_feature_extractor = False
    _load_tokenizer = True

    def _sanitize_parameters(  # type: ignore[override]
        self,
        truncation: Any = None,
        tokenize_kwargs: dict[str, Any] | None = None,
        return_tensors: bool | None = None,
        **kwargs: Any,
    ) -> tuple[dict, dict, dict]:
        if kwargs:
            raise TypeError(f"feature-extraction: found unknown arguments {sorted(kwargs)}; pass tokenize_kwargs=")
        preprocess = dict(tokenize_kwargs or {})
        if truncation is not None:
            if "truncation" in preprocess:
                raise ValueError(
                    "truncation parameter defined twice (given as keyword argument as well as in tokenize_kwargs)"
                )
            preprocess["truncation"] = truncation
        return preprocess, {}, {} if return_tensors is None else {"return_tensors": return_tensors}

    def preprocess(self, inputs: Any, **tokenize_kwargs: Any) -> Any:  # type: ignore[override]
        if not isinstance(inputs, (str, list, tuple, dict)):
            raise TypeError(f"feature-extraction: found an input of type {type(inputs).__name__}, needed a string")
        return self.tokenizer(inputs, return_tensors="pt", **tokenize_kwargs)

    def _forward(self, model_inputs: Any) -> Any:  # type: ignore[override]
        return self.run_model(model_inputs)

    def postprocess(self, model_outputs: Any, return_tensors: bool = False) -> Any:  # type: ignore[override]
        return model_outputs[0] if return_tensors else model_outputs[0].tolist()
