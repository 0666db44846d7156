"""Tokenizers of models that write one token a frame of what they hear (CTC): Parakeet, LASR."""

from __future__ import annotations

import itertools
from typing import Any

from .fast import PreTrainedTokenizerFast
from .models import Sentinels


class FrameDecoding:
    """`decode` takes the ids of frames: repeated ones count once (unless `group_tokens=False`), and padding, which
    stands for the blank, is left out."""

    def _decode_batch(self, sequences, *args: Any, group_tokens: bool = True, **kwargs: Any) -> list[str]:
        blank = self.pad_token_id
        heard = []
        for ids in sequences:
            ids = ids["input_ids"] if isinstance(ids, dict) else ids
            kept = (index for index, _ in itertools.groupby(ids)) if group_tokens else ids
            heard.append([index for index in kept if index != blank])
        return super()._decode_batch(heard, *args, **kwargs)


class LasrDecoding(FrameDecoding, Sentinels):
    """LASR's, with the sentinels of T5."""


class ParakeetTokenizer(FrameDecoding, PreTrainedTokenizerFast):
    """Tokenizer of Parakeet: a tokenizer.json. `decode` takes the ids of frames: repeated ones count once (unless
    `group_tokens=False`), and padding, which stands for the blank, is left out. Arguments as in `PreTrainedTokenizerFast`.
    """


ParakeetTokenizerFast = ParakeetTokenizer
