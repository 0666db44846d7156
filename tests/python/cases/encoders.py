"""Seeded tiny models of every encoder family, with every head: outputs, losses, gradients, padding, segments."""

from __future__ import annotations

import numpy as np
from cases.families import IDS, SIZES, array, loaded, no_grad, tensor

ENCODERS = {
    "bert": ("bert", {}),
    "roberta": ("roberta", {"pad_token_id": 1}),
    "xlm-roberta": ("xlm-roberta", {}),
    "camembert": ("camembert", {}),
    "distilbert": ("distilbert", {"dim": 32, "hidden_dim": 48, "n_layers": 2, "n_heads": 4}),
    "electra": ("electra", {"embedding_size": 16}),
    "electra/same_width": ("electra", {"embedding_size": 32}),
    "albert": ("albert", {"embedding_size": 16, "num_hidden_layers": 4, "num_hidden_groups": 2}),
    "mpnet": ("mpnet", {}),
    "deberta": ("deberta", {"relative_attention": True, "pos_att_type": "p2c|c2p", "position_biased_input": False}),
    "deberta/absolute": ("deberta", {"type_vocab_size": 2}),
    "deberta-v2": (
        "deberta-v2",
        {"relative_attention": True, "pos_att_type": "p2c|c2p", "position_biased_input": False, "position_buckets": 8, "norm_rel_ebd": "layer_norm", "share_att_key": True},
    ),
    "deberta-v2/conv": (
        "deberta-v2", {"relative_attention": True, "pos_att_type": ["c2p"], "max_relative_positions": 6, "conv_kernel_size": 3},
    ),
    "modernbert": ("modernbert", {"pad_token_id": 0, "local_attention": 4, "num_hidden_layers": 3, "cls_token_id": 1,
                                  "sep_token_id": 2, "bos_token_id": 1, "eos_token_id": 2}),
    "modernbert/mean": ("modernbert", {"pad_token_id": 0, "local_attention": 6, "classifier_pooling": "mean", "norm_bias": True,
                                       "attention_bias": True, "mlp_bias": True, "classifier_bias": True}),
    "nomic_bert": ("nomic_bert", {}),
}


def encoder_config(lib, name, **more):
    model_type, changes = ENCODERS[name]
    sizes = {name: SIZES[name] for name in SIZES if name not in ("bos_token_id", "eos_token_id", "pad_token_id")}
    known = set(lib.AutoConfig.for_model(model_type).to_dict())
    values = {name: value for name, value in sizes.items() if name in known}
    return lib.AutoConfig.for_model(model_type, **{**values, **changes, **more})


def squares(model):
    """The sum of all squared gradients."""
    return sum(float(p.grad.float().pow(2).sum()) for p in model.parameters() if p.grad is not None)


def encoder(lib, name):
    """A base model and its heads: outputs, losses, gradients, segments, padding on either side."""
    config = encoder_config(lib, name)
    mask = np.ones_like(IDS)
    mask[0, 8:] = 0
    segments = (np.arange(12)[None] >= 6).astype(np.int64).repeat(2, 0)
    inputs = {"input_ids": tensor(lib, np.where(mask, IDS, config.pad_token_id or 0)), "attention_mask": tensor(lib, mask)}
    if getattr(config, "type_vocab_size", 0):
        inputs["token_type_ids"] = tensor(lib, segments)
    base = loaded(lib, lib.AutoModel, config)
    with no_grad(lib):
        o = base(**inputs, output_hidden_states=True, output_attentions=True)
        left = base(tensor(lib, IDS), attention_mask=tensor(lib, mask[:, ::-1].copy())).last_hidden_state
    pooled = getattr(o, "pooler_output", None)
    out = {"base": [
        [key for key in o if key != "cross_attentions"], array(o.last_hidden_state)[0, :8:3, ::7],
        array(o.last_hidden_state)[1, ::4, ::7], None if pooled is None else array(pooled)[:, ::7],
        array(o.hidden_states[0])[0, :8:4, ::7], array(o.hidden_states[1])[0, :8:4, ::7], len(o.hidden_states),
        array(o.attentions[1])[0, :, ::4, :6][:, :2], array(left)[0, 4::3, ::7],
    ]}  # fmt: skip
    out["packed"] = [array(base(tensor(lib, np.where(mask, IDS, config.pad_token_id or 0)[:1, :8])).last_hidden_state)[0, ::3, ::7],
                     array(base(tensor(lib, IDS[1:])).last_hidden_state)[0, ::4, ::7]]  # fmt: skip
    labels = {
        "MaskedLM": {"labels": np.where(IDS % 3 == 0, IDS, -100)},
        "SequenceClassification": {"labels": np.array([0, 2])},
        "TokenClassification": {"labels": IDS % 3},
        "QuestionAnswering": {"start_positions": np.array([1, 2]), "end_positions": np.array([3, 40])},
        "MultipleChoice": {"labels": np.array([1])},
        "NextSentencePrediction": {"labels": np.array([0, 1])},
        "PreTraining": {"labels": np.where(IDS % 3 == 0, IDS, -100), "next_sentence_label": np.array([0, 1])},
    }
    if config.model_type == "albert":
        labels["PreTraining"]["sentence_order_label"] = labels["PreTraining"].pop("next_sentence_label")
    if config.model_type == "electra":
        labels["PreTraining"] = {"labels": IDS % 2}
    for head, wanted in labels.items():
        auto_class = getattr(lib, f"AutoModelFor{head}")
        if type(config) not in auto_class._model_mapping:
            continue
        if head == "PreTraining" and not auto_class._model_mapping[type(config)].__name__.endswith(head):
            continue  # a causal model in transformers' table
        given = {key: value.unsqueeze(0) for key, value in inputs.items()} if head == "MultipleChoice" else inputs
        count = 3 if head in ("SequenceClassification", "TokenClassification") else 2
        # A padded token may have padding alone in its window: eager attention, as sdpa does not, then looks at all tokens
        kind = "sdpa" if config.model_type == "modernbert" else "eager"
        model = loaded(lib, auto_class, encoder_config(lib, name, num_labels=count), kind)
        o = model(**given, **{key: tensor(lib, value) for key, value in wanted.items()})
        o.loss.backward()
        logits = next(value for key, value in o.items() if key.endswith("logits"))
        per_token = head in ("MaskedLM", "TokenClassification", "QuestionAnswering", "PreTraining")
        shown = array(logits)[:, :8] if per_token else array(logits)
        out[head] = {
            "class": type(model).__name__, "keys": list(o.keys()), "loss": float(o.loss.detach()),
            "logits": shown.reshape(-1)[::11], "pair": array(o.to_tuple()[2]) if head == "PreTraining" and len(o) > 2 else None,
            "gradient": squares(model),
        }  # fmt: skip
    return out


def case_encoders(lib):
    """Every encoder with every head that it has."""
    return {name: encoder(lib, name) for name in ENCODERS}

def case_configurations(lib):
    """What a configuration writes by default."""
    out = {}
    for model_type in sorted({kind for kind, _ in ENCODERS.values()}):
        written = lib.AutoConfig.for_model(model_type).to_dict()
        out[model_type] = {key: value for key, value in written.items() if key != "transformers_version"}
    return out
