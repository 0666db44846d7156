"""Packed sequences, sliding windows that let go of old positions, and the interface of the caches."""

from __future__ import annotations

import numpy as np
from cases.models import FAMILIES, IDS, array, causal_lm, no_grad, tensor

PACKED = np.array([[0, 1, 2, 3, 4, 0, 1, 2, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2]])
WINDOWS = {
    "mistral": {"sliding_window": 4},
    "qwen2": {"use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1},
}


def case_packed(lib):
    """Positions that start again, without a mask and without a cache, keep sequences apart."""
    out = {}
    rows = np.concatenate([PACKED, np.arange(20)[None]])
    for family in FAMILIES:
        model = causal_lm(lib, family, **WINDOWS.get(family, {}))
        with no_grad(lib):
            ids, one = tensor(lib, IDS), tensor(lib, IDS[:1])
            out[family] = {
                "one": array(model(one, position_ids=tensor(lib, PACKED), use_cache=False).logits),
                "shared": array(model(ids, position_ids=tensor(lib, PACKED), use_cache=False).logits),
                "rows": array(model(ids, position_ids=tensor(lib, rows), use_cache=False).logits),
                "cached": array(model(one, position_ids=tensor(lib, PACKED), use_cache=True).logits),
            }
            attentions = model(
                one, position_ids=tensor(lib, PACKED), use_cache=False, output_attentions=True
            ).attentions
            out[family]["attentions"] = array(attentions[0])[0, 0]
    return out


def case_packed_gradients(lib):
    model = causal_lm(lib, "llama")
    loss = model(
        tensor(lib, IDS[:1]), position_ids=tensor(lib, PACKED), labels=tensor(lib, IDS[:1]), use_cache=False
    ).loss
    loss.backward()
    return {
        "loss": float(loss.detach()),
        "gradients": {n: float(p.grad.float().pow(2).sum()) for n, p in model.named_parameters()},
    }


def case_sliding(lib):
    """A window of 4 positions over 20, in pieces, and what the cache then holds."""
    out = {}
    for family, changes in WINDOWS.items():
        model = causal_lm(lib, family, **changes)
        ids = tensor(lib, IDS)
        for sizes in ([1] * 20, [7, 1, 1, 6, 5], [2, 18], [3, 3, 3, 3, 8]):
            cache, logits, at = lib.DynamicCache(config=model.config), [], 0
            with no_grad(lib):
                for size in sizes:
                    step = model(ids[:, at : at + size], past_key_values=cache)
                    logits.append(array(step.logits))
                    at += size
            out[f"{family}/{len(sizes)}"] = {
                "logits": np.concatenate(logits, 1)[:, ::3],
                "length": cache.get_seq_length(),
                "kept": [list(layer.keys.shape) for layer in cache.layers],
                "is_sliding": list(cache.is_sliding),
                "mask_sizes": [list(cache.get_mask_sizes(3, layer)) for layer in range(3)],
            }
    return out


def case_sliding_padding(lib):
    """Left padding under a window."""
    model = causal_lm(lib, "mistral", sliding_window=4)
    mask = np.ones_like(IDS)
    mask[0, :6] = 0
    positions = np.clip(mask.cumsum(1) - 1, 0, None)
    with no_grad(lib):
        whole = model(tensor(lib, IDS), attention_mask=tensor(lib, mask), position_ids=tensor(lib, positions)).logits
        cache, steps = lib.DynamicCache(config=model.config), []
        for begin, end in ((0, 9), (9, 10), (10, 16), (16, 20)):
            steps.append(
                array(
                    model(
                        tensor(lib, IDS[:, begin:end]), attention_mask=tensor(lib, mask[:, :end]),
                        position_ids=tensor(lib, positions[:, begin:end]), past_key_values=cache,
                    ).logits
                )
            )  # fmt: skip
    return {"whole": array(whole)[:, 6:], "steps": np.concatenate(steps, 1)[:, 6:]}


def case_interface(lib):
    """Properties and methods of DynamicCache."""
    model = causal_lm(lib, "llama")
    ids = tensor(lib, IDS[:, :7])
    with no_grad(lib):
        cache = model(ids).past_key_values
        out = {
            "repr": repr(cache),
            "plain": [
                len(cache), cache.get_seq_length(), cache.get_seq_length(1), cache.get_seq_length(99),
                cache.get_max_length(), cache.get_query_offset(), cache.is_compileable,
                cache.is_initialized, cache.is_sliding, cache.is_linear, cache.is_dummy, cache.is_croppable,
                list(cache.get_mask_sizes(2, 0)), list(cache.get_mask_sizes(2, 99)),
            ],
            "keys": array(cache.layers[1].keys),
            "iterated": [len(entry) for entry in cache],
        }  # fmt: skip
        cache.crop(-2)
        out["cropped"] = cache.get_seq_length()
        cache.batch_repeat_interleave(2)
        out["repeated"] = list(cache.layers[0].keys.shape)
        cache.batch_select_indices(tensor(lib, np.array([3, 0])))
        out["selected"] = [list(cache.layers[0].keys.shape), array(cache.layers[2].values)[0, 0, 1]]
        cache.reorder_cache(tensor(lib, np.array([1, 0])))
        out["reordered"] = array(cache.layers[2].values)[0, 0, 1]
        kept = [(layer.keys, layer.values) for layer in cache.layers]
        again = lib.DynamicCache(kept)
        out["rebuilt"] = [again.get_seq_length(), array(model(ids[:, 5:], past_key_values=again).logits)]
        cache.reset()
        out["reset"] = cache.get_seq_length()
        static = lib.StaticCache(config=model.config, max_cache_len=16)
        out["static"] = [
            array(model(ids, past_key_values=static).logits),
            array(model(ids[:, :2], past_key_values=static).logits),
            int(static.get_seq_length()),
            static.get_max_length(),
        ]
    return out
