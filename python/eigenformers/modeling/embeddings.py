"""Input and output embeddings: access, tying, resizing."""

from __future__ import annotations

import math
from typing import Any

from .. import _core, nn
from ..errors import ConfigError
from ..utils import logging

logger = logging.get_logger(__name__)


def _at(owner: Any, path: str) -> Any:
    """The module at a dotted path, or None."""
    for name in path.split("."):
        owner = getattr(owner, name, None)
    return owner


def _put(owner: Any, path: str, value: Any) -> None:
    parent, _, name = path.rpartition(".")
    setattr(_at(owner, parent) if parent else owner, name, value)


class EmbeddingsMixin:
    """Part of PreTrainedModel. A family whose modules have other names sets the two paths."""

    _input_embeddings_path: str | None = None
    _output_embeddings_path = "lm_head"
    _untied: frozenset[str] = frozenset()  # weights that the configuration ties, and the checkpoint held apart

    def get_input_embeddings(self) -> Any:
        """The module that turns ids into vectors."""
        base = self.base_model
        if base is not self and hasattr(base, "get_input_embeddings"):
            return base.get_input_embeddings()
        path = self._input_embeddings_path
        for known in (path,) if path else ("embed_tokens", "word_embeddings"):
            if _at(self, known) is not None:
                return _at(self, known)
        raise NotImplementedError(f"{type(self).__name__} has no input embeddings known by name")

    def set_input_embeddings(self, value: Any) -> None:
        """Replace the input embeddings."""
        base = self.base_model
        if base is not self:
            base.set_input_embeddings(value)
        else:
            _put(self, self._input_embeddings_path or "embed_tokens", value)

    def get_output_embeddings(self) -> Any:
        """The language-model head, or None."""
        return _at(self, self._output_embeddings_path)

    def set_output_embeddings(self, value: Any) -> None:
        """Replace the language-model head."""
        _put(self, self._output_embeddings_path, value)

    def _ties(self) -> list[tuple[str, str]]:
        """(target, source) of the weights that are one, as the configuration says."""
        keys = self._tied_weights_keys
        text = self.config.get_text_config()
        if not keys or not (
            getattr(self.config, "tie_word_embeddings", False) or getattr(text, "tie_word_embeddings", False)
        ):
            return []
        if isinstance(keys, dict):
            return [(target, source) for target, source in keys.items() if target not in self._untied]
        source = next((n for n, m in self.named_modules() if m is self.get_input_embeddings()), None)
        return [(key, f"{source}.weight") for key in keys] if source else []

    @property
    def all_tied_weights_keys(self) -> dict[str, str]:
        """The names of tied weights, each with that of the weight it is one with."""
        return dict(self._ties())

    def tie_weights(self, **kwargs: Any) -> None:
        """Make the weights that `_tied_weights_keys` names one, if the configuration says so."""
        for target, source in self._ties():
            _core.tie(self, target, source)

    def resize_token_embeddings(
        self, new_num_tokens: int | None = None, pad_to_multiple_of: int | None = None, mean_resizing: bool = True
    ) -> Any:
        """Change the size of the vocabulary, in embeddings, head and configuration.

        Args:
            new_num_tokens: new number of rows; None keeps it (and then only `pad_to_multiple_of` counts).
            pad_to_multiple_of: round up to a multiple of this.
            mean_resizing: new rows are drawn around the mean of the old ones; otherwise by `_init_weights`.

        Returns:
            The input embeddings.
        """
        old = self.get_input_embeddings()
        size = old.num_embeddings if new_num_tokens is None else new_num_tokens
        if pad_to_multiple_of is not None:
            if not isinstance(pad_to_multiple_of, int):
                raise ValueError(
                    f"Asking to pad the embedding matrix to a multiple of `{pad_to_multiple_of}`, which is not and "
                    "integer. Please make sure to pass an integer"
                )
            size = math.ceil(size / pad_to_multiple_of) * pad_to_multiple_of
        if size <= 0:
            raise ValueError(f"resize_token_embeddings: found {size} tokens, needed at least one")
        if size == old.num_embeddings:
            return old
        for layer in (old, self.get_output_embeddings()):
            if hasattr(layer, "adapter_layer_names"):
                raise ConfigError(
                    "resize_token_embeddings: the embeddings or the head have an adapter; resize the model before it "
                    "gets adapters, or after merge_and_unload()"
                )
        tied = bool(self._ties())
        with _core.no_grad():
            fresh = nn._native.Embedding(size, old.embedding_dim, getattr(old, "embed_scale", 1.0))
            fresh.weight = self._resized(old.weight, size, mean_resizing)
            padding = getattr(old, "padding_idx", None)
            fresh.padding_idx = padding if padding is not None and padding < size else None
            self.set_input_embeddings(fresh)
            head = self.get_output_embeddings()
            if head is not None:
                wider = nn._native.Linear(
                    head.in_features, size, head.bias is not None if hasattr(head, "bias") else False
                )
                wider.weight = fresh.weight if tied else self._resized(head.weight, size, mean_resizing)
                if getattr(head, "bias", None) is not None:
                    wider.bias = self._resized(head.bias, size, mean_resizing)
                self.set_output_embeddings(wider)
        self.config.get_text_config().vocab_size = self.vocab_size = size
        self.tie_weights()
        return self.get_input_embeddings()

    def _resized(self, table: Any, size: int, mean_resizing: bool) -> Any:
        if isinstance(table, _core.PackedWeight):
            table = table.dequantize().to(_core.bfloat16)
        old = table.detach()
        kept = min(size, old.shape[0])
        fresh = _core.zeros((size, *old.shape[1:]), dtype=old.dtype)
        fresh[:kept] = old[:kept]
        added = size - kept
        if added and mean_resizing:
            full = old.float()
            mean = full.mean(0)
            # Gaussian with the mean and 1e-9 of the covariance of the old rows, without forming the covariance.
            draw = _core.randn((added, full.shape[0])) * math.sqrt(1e-9 / max(full.shape[0] - 1, 1))
            spread = _core.matmul(draw, full - mean) if full.dim() > 1 else 0
            fresh[kept:] = (mean + spread).to(old.dtype)
        elif added:
            std = getattr(self.config, "initializer_range", 0.02)
            fresh[kept:] = (_core.randn((added, *old.shape[1:])) * std).to(old.dtype)
        fresh.requires_grad_(table.requires_grad)
        return fresh
