"""Arguments of forward and methods of models that scripts pass now and then."""

from __future__ import annotations

import numpy as np
from cases.models import IDS, causal_lm, config, no_grad, tensor


def case_loss_arguments(lib):
    """Labels that are shifted already, another ignored label, a divisor."""
    model, ids = causal_lm(lib, "llama"), tensor(lib, IDS[:, :9])
    shifted = tensor(lib, np.concatenate([IDS[:, 1:9], np.full((2, 1), -100)], 1))
    with no_grad(lib):
        return {
            "shift_labels": float(model(ids, labels=ids, shift_labels=shifted).loss),
            "shifted by two": float(model(ids, labels=ids, shift_labels=tensor(lib, IDS[:, 2:11])).loss),
            "ignore_index": float(model(ids, labels=ids, ignore_index=5).loss),
            "both": float(model(ids, labels=ids, shift_labels=shifted, num_items_in_batch=3).loss),
            "without labels": model(ids, shift_labels=shifted).loss is None,
        }


def case_resize(lib):
    model = causal_lm(lib, "llama")
    model.resize_token_embeddings(70)
    grown = model.get_input_embeddings()
    found = [model.vocab_size, model.config.vocab_size, grown.padding_idx, grown.num_embeddings]
    model.resize_token_embeddings(10)
    tied = causal_lm(lib, "llama", tie_word_embeddings=True)
    tied.resize_token_embeddings(80)
    return [
        *found, model.vocab_size, model.get_input_embeddings().padding_idx, list(tied.lm_head.weight.shape),
        tied.lm_head.weight is tied.model.embed_tokens.weight, tied.all_tied_weights_keys,
    ]  # fmt: skip


def case_messages(lib):
    model = causal_lm(lib, "llama")
    out = [repr(model.load_state_dict(model.state_dict()))]
    for call in (
        lambda: lib.LlamaForCausalLM(config(lib, "llama"), foo=1),
        lambda: lib.AutoModelForCausalLM.from_config(config(lib, "llama"), attn_implementation="nonsense"),
        lambda: model.set_attn_implementation("nonsense"),
    ):
        try:
            call()
            out.append("passed")
        except Exception as error:  # noqa: BLE001
            out.append(f"{type(error).__name__}: {str(error)[:70]}")
    return out
