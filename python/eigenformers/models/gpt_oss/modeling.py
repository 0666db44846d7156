"""gpt-oss models."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import _core
from ...errors import CheckpointError
from ..decoder_modeling import DecoderForSequenceClassification, DecoderForTokenClassification
from ..moe_modeling import MoeForCausalLM, MoeModel, MoePreTrainedModel
from .configuration import GptOssConfig

_HALF_BYTE = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0]
_HALF_BYTE += [-value for value in _HALF_BYTE]


def expand_mxfp4(blocks: Any, scales: Any) -> Any:
    """The bfloat16 `[experts, columns, rows]` that MXFP4 holds.

    Args:
        blocks: uint8 `[experts, rows, columns / 32, 16]`, of each pair of numbers the first in the low half.
        scales: uint8 `[experts, rows, columns / 32]`, exponents plus 127.

    Raises:
        CheckpointError: shapes that don't belong together.

    >>> from eigenformers import tensor, uint8
    >>> expand_mxfp4(tensor([[[[0x21] * 16]]], dtype=uint8), tensor([[[128]]], dtype=uint8))[0, :4, 0].tolist()
    [1.0, 2.0, 1.0, 2.0]
    """
    if blocks.dim() != 4 or blocks.shape[3] != 16 or tuple(scales.shape) != tuple(blocks.shape[:3]):
        raise CheckpointError(
            f"mxfp4: found blocks of shape {tuple(blocks.shape)} and scales of shape {tuple(scales.shape)}, needed "
            "[experts, rows, groups, 16] and [experts, rows, groups]"
        )
    pairs = np.array([[_HALF_BYTE[byte & 15], _HALF_BYTE[byte >> 4]] for byte in range(256)], np.float32)
    experts = []
    for block, scale in zip(blocks, scales):  # one at a time: the float32 form of all would not fit
        values = pairs[block.numpy()].reshape(*block.shape[:2], 32)
        values = np.ldexp(values, scale.numpy().astype(np.int32)[..., None] - 127).reshape(block.shape[0], -1)
        experts.append(_core.from_numpy(values).to(_core.bfloat16).transpose(0, 1).contiguous())
    return _core.stack(experts)


class GptOssPreTrainedModel(MoePreTrainedModel):
    """Base of the gpt-oss models."""

    config_class = GptOssConfig
    _expanded_quantization = ("mxfp4",)

    @classmethod
    def _adapt_checkpoint(cls, reader: Any) -> Any:
        """Matrices of experts in MXFP4 (blocks of 32 four-bit floats with a power of two) as bfloat16 ones."""
        names = reader.keys()
        if not any(name.endswith("_blocks") for name in names):
            return reader
        tensors = []
        for name in names:
            if name.endswith("_blocks"):
                scales = reader.get_tensor(name.removesuffix("_blocks") + "_scales")
                tensors.append((name.removesuffix("_blocks"), expand_mxfp4(reader.get_tensor(name), scales)))
            elif not name.endswith("_scales"):
                tensors.append((name, reader.get_tensor(name)))
        return _core.tensors_in_memory(tensors)


class GptOssModel(GptOssPreTrainedModel, MoeModel):
    """The gpt-oss decoder: token ids to hidden states."""


class GptOssForCausalLM(GptOssPreTrainedModel, MoeForCausalLM):
    """gpt-oss with a language-model head: token ids to next-token logits."""

    base_model_class = GptOssModel


class GptOssForSequenceClassification(GptOssPreTrainedModel, DecoderForSequenceClassification):
    """gpt-oss with a linear head on the last token of each sequence."""

    base_model_class = GptOssModel


class GptOssForTokenClassification(GptOssPreTrainedModel, DecoderForTokenClassification):
    """gpt-oss with a linear head on every token."""

    base_model_class = GptOssModel
