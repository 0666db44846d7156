"""BERT and its kin with `is_decoder`: logits, loss, gradients, padding, caches and what they generate."""

from __future__ import annotations

import numpy as np
from cases.families import IDS, array, config_of, loaded, no_grad, some, tensor

FAMILIES = ("bert", "roberta", "xlm-roberta", "camembert", "electra")
MASK = np.ones_like(IDS)
MASK[0, :4] = 0


def _model(lib, name, **changes):
    sizes = {"embedding_size": 16, **changes} if name == "electra" else changes
    return loaded(lib, lib.AutoModelForCausalLM, config_of(lib, name, {"max_position_embeddings": 40, **sizes}))


def _decoder(lib, name):
    model = _model(lib, name, is_decoder=True)
    ids = tensor(lib, IDS)
    output = model(ids, labels=ids)
    output.loss.backward()
    out = {
        "class": type(model).__name__,
        "output": [type(output).__name__, list(output.keys())],
        "logits": some(output.logits),
        "loss": float(output.loss.detach()),
        "gradient": float(sum(float(p.grad.float().pow(2).sum()) for p in model.parameters() if p.grad is not None)),
    }
    with no_grad(lib):
        model.eval()
        left = model(ids, attention_mask=tensor(lib, MASK))
        out["left"] = [list(left.keys()), array(left.logits)[:, 4::3, ::9]]
        first = model(tensor(lib, IDS[:, :7]), use_cache=True)
        second = model(tensor(lib, IDS[:, 7:9]), past_key_values=first.past_key_values, output_attentions=True)
        out["cached"] = [array(second.logits)[:, :, ::9], array(second.attentions[1])[0, 0]]
        base = model.base_model(ids, use_cache=True)
        out["base"] = [type(base).__name__, list(base.keys()), array(base.last_hidden_state)[:, ::4, ::9]]
        out["kept"] = array(model(ids, logits_to_keep=2).logits)[:, :, ::9]
        settings = {"attention_mask": tensor(lib, MASK), "max_new_tokens": 8, "do_sample": False, "pad_token_id": 0}
        for way, more in {"greedy": {}, "beams": {"num_beams": 3}, "no cache": {"use_cache": False}}.items():
            out[way] = array(model.generate(ids, **settings, **more))
    return out


def case_decoders(lib):
    return {name: _decoder(lib, name) for name in FAMILIES}


def case_not_decoders(lib):
    """Without `is_decoder` all tokens see one another."""
    out = {}
    for name in FAMILIES:
        model = _model(lib, name)
        output = model(tensor(lib, IDS), labels=tensor(lib, IDS), use_cache=True)
        out[name] = [list(output.keys()), some(output.logits), float(output.loss.detach())]
    return out
