"""`generate` of encoder-decoders: running the encoder, and what the decoder starts with."""

from __future__ import annotations

from typing import Any

from .. import _core
from ..errors import UnsupportedError
from ..outputs import BaseModelOutput
from .configuration import GenerationConfig


def _tensor(value: Any) -> Any:
    return value if value is None or isinstance(value, _core.Tensor) else _core.as_tensor(value)


class Source:
    """What the encoder read and returned, for one call of `generate`."""

    def __init__(self, ids: Any, mask: Any, encoded: Any):
        self.ids, self.mask, self.encoded = ids, mask, encoded

    @property
    def batch(self) -> int:
        """How many sequences were encoded."""
        return self.encoded.last_hidden_state.shape[0]

    def arguments(self, count: int) -> dict[str, Any]:
        """For the loop, each sequence `count` times."""
        values = {"ids": self.ids, "mask": self.mask, "states": self.encoded.last_hidden_state}
        return {
            name: value if count == 1 else value.repeat_interleave(count, dim=0)
            for name, value in values.items()
            if value is not None
        }

    def outputs(self, result: dict[str, Any], config: GenerationConfig) -> dict[str, Any]:
        """The fields that only encoder-decoders return."""
        states, attentions = config.output_hidden_states, config.output_attentions
        return {
            "encoder_attentions": getattr(self.encoded, "attentions", None) if attentions else None,
            "encoder_hidden_states": getattr(self.encoded, "hidden_states", None) if states else None,
            "decoder_attentions": result["attentions"] if attentions else None,
            "cross_attentions": result["cross_attentions"] if attentions else None,
            "decoder_hidden_states": result["hidden_states"] if states else None,
        }


def encode(model: Any, ids: Any, mask: Any, embeds: Any, encoded: Any, config: GenerationConfig) -> Source:
    """Run the encoder, unless its output is given."""
    if encoded is None:
        with _core.no_grad():
            encoded = model.get_encoder()(
                **({"input_ids": ids} if embeds is None else {"inputs_embeds": embeds}), attention_mask=mask,
                output_attentions=bool(config.output_attentions),
                output_hidden_states=bool(config.output_hidden_states), return_dict=True,
            )  # fmt: skip
    elif not hasattr(encoded, "last_hidden_state"):
        encoded = BaseModelOutput(*(encoded if isinstance(encoded, (tuple, list)) else (encoded,)))
    return Source(ids if ids is not None and ids.shape[1] else None, mask, encoded)


def decoder_start(config: GenerationConfig, batch: int) -> Any:
    """int64 `[batch, 1]`: the token that the decoder starts with.

    Raises:
        ValueError: the configuration names none, or a list of another length.
    """
    start = config.decoder_start_token_id
    start = config.bos_token_id if start is None else start
    if start is None:
        raise ValueError("`decoder_start_token_id` or `bos_token_id` has to be defined for encoder-decoder generation.")
    start = _core.as_tensor(start).long().reshape(-1)
    if start.shape[0] not in (1, batch):
        raise ValueError(f"`decoder_start_token_id` expected to have length {batch} but got {start.shape[0]}")
    return start.reshape(-1, 1) if start.shape[0] == batch else _core.full((batch, 1), int(start[0]), dtype=_core.int64)


def decoder_prompt(config: GenerationConfig, batch: int, kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """The decoder's first ids int64 `[batch, length]`, start token in front, and their mask (or None)."""
    ids, mask = _tensor(kwargs.pop("decoder_input_ids", None)), _tensor(kwargs.pop("decoder_attention_mask", None))
    if kwargs.pop("decoder_inputs_embeds", None) is not None:
        raise UnsupportedError("generate: `decoder_inputs_embeds` is not supported; pass decoder_input_ids")
    start = decoder_start(config, batch)
    if ids is None:
        return start, mask
    ids = ids.long() if ids.dim() == 2 else ids.long().unsqueeze(0)
    if ids.shape[0] == 1 and batch > 1:
        ids = ids.repeat_interleave(batch, dim=0)
    if bool((ids[:, 0] != start[:, 0]).all()):
        ids = _core.cat([start, ids], 1)
        if mask is not None:
            mask = _core.cat([_core.ones_like(mask[:, :1]), mask], 1)
    return ids, mask
