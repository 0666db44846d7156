"""`CrossEncoder`: a score for a pair of texts that the model reads together."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Callable

import numpy as np

from .. import _core
from ..errors import UnsupportedError
from ..utils import logging
from .packing import batches, run, tokenized

logger = logging.get_logger(__name__)


class CrossEncoder:
    """A sequence classifier over pairs.

    Args:
        model_name_or_path: a folder or repository id.
        num_labels: scores a pair; None leaves the configuration's.
        max_length: tokens of a pair; None takes the tokenizer's limit.
        activation_fn: from scores to what `predict` returns; None is a sigmoid for one label, else nothing.

    Raises:
        UnsupportedError: an argument that is not supported, by name.
    """

    def __init__(
        self,
        model_name_or_path: str | os.PathLike,
        num_labels: int | None = None,
        max_length: int | None = None,
        activation_fn: Callable[[Any], Any] | None = None,
        device: Any = None,
        cache_folder: str | None = None,
        trust_remote_code: bool = False,
        revision: str | None = None,
        local_files_only: bool = False,
        token: bool | str | None = None,
        model_kwargs: dict[str, Any] | None = None,
        tokenizer_kwargs: dict[str, Any] | None = None,
        config_kwargs: dict[str, Any] | None = None,
    ):
        if trust_remote_code:
            raise UnsupportedError("CrossEncoder(trust_remote_code=True): code of a checkpoint is never run")
        if device is not None and str(device) != "cpu":
            raise UnsupportedError(f"CrossEncoder(device={device!r}): eigenformers computes on the CPU only")
        from ..models.auto import AutoModelForSequenceClassification
        from ..tokenization.auto import AutoTokenizer

        hub = {"cache_dir": cache_folder, "revision": revision or "main", "token": token,
               "local_files_only": local_files_only}  # fmt: skip
        labels = {} if num_labels is None else {"num_labels": num_labels}
        self.model = AutoModelForSequenceClassification.from_pretrained(
            model_name_or_path, **hub, **labels, **(config_kwargs or {}), **(model_kwargs or {})
        )
        self.tokenizer = AutoTokenizer.from_pretrained(model_name_or_path, **hub, **(tokenizer_kwargs or {}))
        self.config = self.model.config
        sizes = (max_length, self.tokenizer.model_max_length, getattr(self.config, "max_position_embeddings", None))
        known = [int(size) for size in sizes if size and size < 1e9]
        self.max_length = min(known) if known else None
        self.activation_fn = activation_fn or (_core.sigmoid if self.num_labels == 1 else None)

    @property
    def num_labels(self) -> int:
        """Scores a pair."""
        return self.config.num_labels

    @property
    def device(self) -> Any:
        """Always the CPU."""
        return self.model.device

    def save(self, path: str | os.PathLike, *, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Write a folder that sentence-transformers and transformers read."""
        if not safe_serialization:
            raise UnsupportedError("CrossEncoder.save(safe_serialization=False): weights are written as safetensors")
        self.model.save_pretrained(path, **kwargs)
        self.tokenizer.save_pretrained(path)

    save_pretrained = save

    def predict(
        self,
        sentences: Sequence[Any],
        batch_size: int = 32,
        show_progress_bar: bool | None = None,
        activation_fn: Callable[[Any], Any] | None = None,
        apply_softmax: bool = False,
        convert_to_numpy: bool = True,
        convert_to_tensor: bool = False,
    ) -> Any:
        """Score pairs.

        Args:
            sentences: a pair of texts, or a list of pairs.
            apply_softmax: turn several scores into probabilities.
            convert_to_numpy, convert_to_tensor: an array or a tensor; with neither a list of tensors.

        Returns:
            float32 `[n]` with one label, else `[n, labels]`; without the first dimension for one pair.
        """
        if batch_size < 1:
            raise ValueError(f"predict: batch_size is {batch_size}, needed 1 or more")
        single = len(sentences) == 2 and all(isinstance(text, str) for text in sentences)
        pairs = [tuple(sentences)] if single else [tuple(pair) for pair in sentences]
        for pair in pairs:
            if len(pair) != 2:
                raise ValueError(f"predict: found {len(pair)} texts, needed pairs of two")
        scores = np.zeros((len(pairs), self.num_labels), np.float32)
        if pairs:
            tokens = tokenized(self.tokenizer, pairs, self.max_length)
            show = logger.getEffectiveLevel() <= logging.INFO if show_progress_bar is None else show_progress_bar
            for which in batches(self.model, tokens, batch_size, show):
                found, _ = run(self.model, tokens, which, self.tokenizer.pad_token_id or 0)
                scores[which] = found["logits"].float().numpy()
        out = _core.from_numpy(scores)
        activation = activation_fn or self.activation_fn
        if activation is not None:
            out = activation(out)
        if apply_softmax and self.num_labels > 1:
            out = _core.softmax(out, 1)
        if self.num_labels == 1:
            out = out.reshape(-1)
        if single:
            out = out[0]
        if convert_to_tensor:
            return out
        return out.numpy() if convert_to_numpy or single else list(out)

    def rank(
        self,
        query: str,
        documents: list[str],
        top_k: int | None = None,
        return_documents: bool = False,
        **kwargs: Any,
    ) -> list[dict[str, Any]]:
        """Documents by their score with a query, best first: `corpus_id`, `score` and, if asked for, `text`.

        Raises:
            ValueError: the model has several labels.
        """
        if self.num_labels != 1:
            raise ValueError(
                "CrossEncoder.rank() only works for models with num_labels=1. Consider using CrossEncoder.predict() "
                "with input pairs instead."
            )
        scores = self.predict([(query, text) for text in documents], **kwargs)
        order = np.argsort(-np.asarray(scores), kind="stable")[:top_k]
        out = [{"corpus_id": int(i), "score": float(scores[i])} for i in order]
        for item in out if return_documents else ():
            item["text"] = documents[item["corpus_id"]]
        return out
