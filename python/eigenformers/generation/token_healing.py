"""Token healing: a prompt may end inside of a word, where its last token is not the one that a model has learnt."""

from __future__ import annotations

from typing import Any

from .. import _core
from .._numpy import np
from .arrays import as_array, to_tensor
from .configuration import GenerationConfig

_BIAS, _OWN_BIAS = 10.0, 1.0  # towards tokens that begin with the last one; and to that one itself


def heal(model: Any, input_ids: Any, tokenizer: Any) -> Any:
    """The last token of each row, or one that begins with it, as the model thinks best.

    Spaces at both ends of a prompt mean nothing here; BOS becomes padding, so as not to count.

    Args:
        input_ids: int64 `[batch, length]`; read and written again by `tokenizer`, so that the length may change.

    Raises:
        ValueError: no tokenizer.
    """
    if tokenizer is None:
        raise ValueError(
            " When generating with token healing, you must pass the model's tokenizer to the `tokenizer` argument of "
            "`generate`."
        )
    bos, pad = tokenizer.bos_token_id, tokenizer.pad_token_id
    texts = [text.strip() for text in tokenizer.batch_decode(input_ids, skip_special_tokens=True)]
    ids = np.array(as_array(tokenizer(texts, return_tensors="np", padding=len(texts) > 1)["input_ids"]), np.int64)
    ids = ids.reshape(len(texts), -1)
    if bos is not None and pad is not None:
        ids[ids == bos] = pad
    if ids.shape[1] < 2:
        return to_tensor(ids)
    vocabulary = tokenizer.get_vocab()
    for row in ids:
        last = int(row[-1])
        shown = row != pad if pad is not None else np.ones(len(row), bool)
        beginning = tokenizer.convert_ids_to_tokens(last)
        bias = {(index,): _BIAS for token, index in vocabulary.items() if token.startswith(beginning)}
        if not shown.any() or len(bias) < 2:
            continue
        bias[(last,)] = _BIAS + _OWN_BIAS  # not "https" for every "http"
        before = row[:-1].copy()
        if shown.sum() == 1 and bos is not None:
            before[-1] = bos
        settings = GenerationConfig(max_new_tokens=1, pad_token_id=pad, sequence_bias=bias, do_sample=False, num_beams=1)
        row[:] = as_array(model.generate(to_tensor(before[None]), generation_config=settings))[0]
    return to_tensor(ids)


def healed(model: Any, input_ids: Any, mask: Any, tokenizer: Any) -> tuple[Any, Any]:
    """`input_ids` healed, and a mask that fits them."""
    ids = heal(model, input_ids, tokenizer)
    if mask is None or tuple(mask.shape) == tuple(ids.shape):
        return ids, mask
    pad = tokenizer.pad_token_id
    return ids, _core.ones_like(ids) if pad is None else (ids != pad).long()
