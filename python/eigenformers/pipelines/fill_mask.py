"""`pipeline("fill-mask")`: the most likely tokens in place of a mask."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..generation.arrays import as_array, softmax
from ..utils import logging
from .base import Pipeline, PipelineException

logger = logging.get_logger(__name__)


class FillMaskPipeline(Pipeline):
    """Fills the mask tokens of texts with a masked language model.

    A text with one mask gives a list of `{"score", "token", "token_str", "sequence"}`, best first; a text with several
    a list of such lists, each mask filled on its own while the others stay.

    >>> from eigenformers import pipeline
    >>> fill = pipeline("fill-mask", model="./my-masked-lm")  # doctest: +SKIP
    >>> fill("The capital of France is [MASK].", top_k=1)  # doctest: +SKIP
    [{'score': 0.99, 'token': 3000, 'token_str': 'paris', 'sequence': 'the capital of france is paris.'}]
    """

    _load_processor = False
    _load_image_processor = False
    _load_video_processor = False
    _load_feature_extractor = False
    _load_tokenizer = True

    def _sanitize_parameters(  # type: ignore[override]
        self, top_k: int | None = None, targets: Any = None, tokenizer_kwargs: dict[str, Any] | None = None
    ) -> tuple[dict, dict, dict]:
        postprocess: dict[str, Any] = {}
        if targets is not None:
            postprocess["target_ids"] = self.get_target_ids(targets)
        if top_k is not None:
            if top_k < 1:
                raise ValueError(f"top_k: found {top_k}, needed 1 or more")
            postprocess["top_k"] = top_k
        if self.tokenizer.mask_token_id is None:
            raise self._error("The tokenizer does not define a `mask_token`.")
        return {} if tokenizer_kwargs is None else {"tokenizer_kwargs": tokenizer_kwargs}, {}, postprocess

    def __call__(self, inputs: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        """Fills each text.

        Args:
            inputs: a string, a list of strings, a generator, a dataset.
            top_k: how many fillings to return (5).
            targets: a string or strings: only these are considered; unknown ones by their first token.
            tokenizer_kwargs: passed to the tokenizer, as `{"truncation": True}`.
        """
        results = super().__call__(inputs, **kwargs)
        return results[0] if isinstance(inputs, list) and len(inputs) == 1 else results

    def get_target_ids(self, targets: Any) -> np.ndarray:
        """The ids of `targets`, int64, each once. ValueError if none of them is left."""
        if not isinstance(targets, (str, list, tuple, set)) or not all(isinstance(t, str) for t in targets):
            raise TypeError(f"targets: found {targets!r}, needed a string or a list of strings")
        vocabulary = self.tokenizer.get_vocab()
        found = set()
        for target in [targets] if isinstance(targets, str) else targets:
            token = vocabulary.get(target)
            if token is None:
                ids = self.tokenizer(target, add_special_tokens=False, max_length=1, truncation=True)["input_ids"]
                missing = f"The specified target token `{target}` does not exist in the model vocabulary. "
                if not ids:
                    logger.warning(missing + "We cannot replace it with anything meaningful, ignoring it")
                    continue
                token = ids[0]
                logger.warning(missing + f"Replacing with `{self.tokenizer.convert_ids_to_tokens(token)}`.")
            found.add(token)
        if not found:
            raise ValueError("At least one target must be provided when passed.")
        return np.array(sorted(found))

    def get_masked_index(self, input_ids: Any) -> np.ndarray:
        """Where the masks are: int64 `[masks]`."""
        return np.nonzero(as_array(input_ids) == self.tokenizer.mask_token_id)[0]

    def preprocess(  # type: ignore[override]
        self, inputs: Any, return_tensors: Any = None, tokenizer_kwargs: dict[str, Any] | None = None, **ignored: Any
    ) -> Any:
        if not isinstance(inputs, (str, list)):
            raise TypeError(f"fill-mask: found an input of type {type(inputs).__name__}, needed a string")
        model_inputs = self.tokenizer(inputs, return_tensors=return_tensors or "pt", **(tokenizer_kwargs or {}))
        for row in model_inputs["input_ids"]:
            if len(self.get_masked_index(row)) == 0:
                raise self._error(f"No mask_token ({self.tokenizer.mask_token}) found on the input")
        return model_inputs

    def _forward(self, model_inputs: Any) -> Any:  # type: ignore[override]
        return {"logits": self.run_model(model_inputs)["logits"], "input_ids": model_inputs["input_ids"]}

    def postprocess(  # type: ignore[override]
        self, model_outputs: Any, top_k: int = 5, target_ids: np.ndarray | None = None
    ) -> list:
        input_ids = as_array(model_outputs["input_ids"])[0]
        masks = self.get_masked_index(input_ids)
        logits = as_array(model_outputs["logits"])[0, masks]
        results = []
        for mask, row in zip(masks, softmax(logits.astype(np.float32))):
            candidates = np.arange(len(row)) if target_ids is None else target_ids
            best = candidates[np.argsort(-row[candidates], kind="stable")[:top_k]]
            results.append([self._filled(input_ids, mask, token, row[token], len(masks) == 1) for token in best])
        return results[0] if len(masks) == 1 else results

    def _filled(self, input_ids: np.ndarray, mask: int, token: Any, score: Any, only: bool) -> dict[str, Any]:
        ids = input_ids.copy()
        ids[mask] = token
        ids = ids[ids != self.tokenizer.pad_token_id] if self.tokenizer.pad_token_id is not None else ids
        return {
            "score": float(score),
            "token": int(token),
            "token_str": self.tokenizer.decode([int(token)]),
            # other masks have to stay readable
            "sequence": self.tokenizer.decode(ids.tolist(), skip_special_tokens=only),
        }

    def _error(self, reason: str) -> PipelineException:
        return PipelineException("fill-mask", getattr(self.model, "base_model_prefix", ""), reason)
