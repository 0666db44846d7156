"""Adapters: first values, training, merging, names in files, targets, messages."""

from __future__ import annotations

import importlib
import io
import json
import os
import tempfile
import warnings
from contextlib import redirect_stdout

import numpy as np

LIBRARY = "peft"
IDS = np.array([[3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8], [9, 7, 9, 3, 2, 3, 8, 4, 6, 2, 6, 4]])
ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def _world(lib):
    """(peft, torch, transformers), or what stands for them."""
    if lib.__name__ == "peft":
        return lib, importlib.import_module("torch"), importlib.import_module("transformers")
    return lib.peft, lib, lib


def _config(lib, family="llama", **changes):
    _, _, tf = _world(lib)
    values = {
        "vocab_size": 32, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "head_dim": 4, "max_position_embeddings": 32, "pad_token_id": 0, "bos_token_id": 1,
        "eos_token_id": 2, "tie_word_embeddings": False, **changes,
    }  # fmt: skip
    if family == "gpt2":
        values = {"vocab_size": 32, "n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 32, **changes}
        values.update(attn_pdrop=0.0, resid_pdrop=0.0, embd_pdrop=0.0, bos_token_id=1, eos_token_id=2)
    return tf.AutoConfig.for_model(family, **values)


def _fill(torch, model, prefix="", scale=0.3, seed=0):
    """Values drawn by name."""
    for index, (_, p) in enumerate(sorted((n, p) for n, p in model.named_parameters() if prefix in n)):
        draw = np.random.RandomState(seed * 1000 + index).standard_normal(tuple(p.shape)) * scale
        with torch.no_grad():
            p.copy_(torch.tensor(draw.tolist(), dtype=p.dtype).reshape(tuple(p.shape)))


def _model(lib, family="llama", head="CausalLM", double=False, **changes):
    _, torch, tf = _world(lib)
    auto = getattr(tf, {"CausalLM": "AutoModelForCausalLM", "SeqCls": "AutoModelForSequenceClassification"}[head])
    model = auto.from_config(_config(lib, family, **changes))
    _fill(torch, model)
    return model.double() if double else model


def _adapted(lib, config, family="llama", head="CausalLM", double=False, fill=True, **changes):
    """A model with an adapter whose values are drawn by name."""
    peft, torch, _ = _world(lib)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = peft.get_peft_model(_model(lib, family, head, double, **changes), peft.LoraConfig(**config))
    if fill:
        _fill(torch, model, "lora_A", 0.2, 1)
        _fill(torch, model, "lora_B", 0.2, 2)
        _fill(torch, model, "lora_embedding", 0.2, 3)
    return model


def _ids(lib, rows=None):
    return _world(lib)[1].tensor((IDS if rows is None else rows).tolist())


def _array(value):
    return value.detach().float().numpy().copy()


def _logits(lib, model, **kwargs):
    with _world(lib)[1].no_grad():
        return _array(model.eval()(input_ids=_ids(lib), **kwargs).logits)[:, ::4]


def _train(lib, model, steps=30, lr=0.005, labels=None):
    """Losses and norms of the gradient, by AdamW."""
    _, torch, _ = _world(lib)
    params = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(params, lr=lr, weight_decay=0.01)
    losses, norms = [], []
    model.train()
    for step in range(steps):
        ids = _ids(lib, np.roll(IDS, step, axis=1))
        loss = model(input_ids=ids, labels=ids if labels is None else labels).loss
        loss.backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_(params, 1.0)))
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss))
    return {"losses": losses, "norms": norms}


KINDS = {
    "plain": {"r": 4, "lora_alpha": 8, "target_modules": ALL},
    "rslora": {"r": 4, "lora_alpha": 8, "target_modules": "all-linear", "use_rslora": True},
    "dora": {"r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "v_proj", "down_proj"], "use_dora": True},
}


def case_training_f64(lib):
    """30 steps of AdamW in float64, where rounding can't grow."""
    return {
        f"{family}/{kind}": _train(lib, _adapted(lib, {**config, "task_type": "CAUSAL_LM"}, family, double=True))
        for family in ("llama", "qwen3")
        for kind, config in KINDS.items()
    }


def case_training_f32(lib):
    """10 steps in float32."""
    return {
        f"{family}/{kind}": _train(lib, _adapted(lib, {**config, "task_type": "CAUSAL_LM"}, family), 10, 0.01)
        for family in ("llama", "qwen3")
        for kind, config in KINDS.items()
    }


def case_training_dropout(lib):
    """The same seed gives the same masks."""
    _, torch, _ = _world(lib)
    out = {}
    for name, more in (("plain", {}), ("dora", {"use_dora": True})):
        config = {"r": 4, "target_modules": ["q_proj", "up_proj"], "lora_dropout": 0.3, **more}
        model = _adapted(lib, config, double=True)
        torch.manual_seed(5)
        out[name] = _train(lib, model, 10)
    return out


def case_training_classifier(lib):
    """A sequence classifier: its head is trained whole."""
    _, torch, _ = _world(lib)
    config = {"r": 2, "task_type": "SEQ_CLS", "target_modules": ["q_proj", "v_proj"]}
    model = _adapted(lib, config, head="SeqCls", double=True, num_labels=3)
    out = _train(lib, model, 15, 0.02, labels=torch.tensor([2, 0]))
    out["trained"] = sorted(name for name, p in model.named_parameters() if p.requires_grad)
    out["saved"] = sorted(lib_state(lib, model))
    return out


def case_training_embedding(lib):
    """Adapters of the embeddings, of the head, and of GPT-2's transposed layers."""
    embedding = _adapted(lib, {"r": 2, "target_modules": ["embed_tokens", "lm_head"]}, double=True)
    gpt2 = _adapted(lib, {"r": 2, "target_modules": ["c_attn", "c_fc", "wte"], "fan_in_fan_out": True}, "gpt2", double=True)
    dora = _adapted(lib, {"r": 2, "target_modules": ["c_attn"], "fan_in_fan_out": True, "use_dora": True}, "gpt2",
                    double=True)  # fmt: skip
    words = _adapted(lib, {"r": 2, "target_modules": ["embed_tokens", "q_proj"], "use_dora": True}, double=True)
    out = {
        "llama": _train(lib, embedding, 15), "gpt2": _train(lib, gpt2, 15), "gpt2_dora": _train(lib, dora, 15),
        "embedding_dora": _train(lib, words, 15), "embedding_dora_logits": _logits(lib, words),
    }  # fmt: skip
    words.merge_adapter()
    out["embedding_dora_merged"] = _logits(lib, words)
    words.unmerge_adapter()
    out["embedding_dora_unmerged"] = _logits(lib, words)
    merged = {"merged": _logits(lib, gpt2.merge_and_unload()), "dora_merged": _logits(lib, dora.merge_and_unload())}
    return {**out, **merged}


def case_merging_several(lib):
    """DoRA adapters merged one after the other, with a plain one between: each norm is of the weight without the rest."""
    peft, torch, _ = _world(lib)
    out = {}
    for name, targets, family in (("llama", ["embed_tokens", "q_proj", "down_proj"], "llama"), ("gpt2", ["c_attn"], "gpt2")):
        config = {"r": 2, "target_modules": targets, "fan_in_fan_out": family == "gpt2"}
        model = _adapted(lib, {**config, "use_dora": True}, family, double=True)
        for index, (adapter, dora) in enumerate((("plain", False), ("second", True))):
            model.add_adapter(adapter, peft.LoraConfig(**config, use_dora=dora))
            _fill(torch, model, f"_A.{adapter}", 0.2, 10 + index)
            _fill(torch, model, f"_B.{adapter}", 0.2, 20 + index)
        model.double()
        adapters = ["default", "plain", "second"]
        model.base_model.set_adapter(adapters)
        model.merge_adapter(safe_merge=True)
        out[name] = _logits(lib, model)
        model.unmerge_adapter()
        model.base_model.disable_adapter_layers()
        out[name + "_base"] = _logits(lib, model)
        model.base_model.enable_adapter_layers()
        out[name + "_unloaded"] = _logits(lib, model.merge_and_unload(adapter_names=adapters[::-1]))
    return out


def lib_state(lib, model, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _world(lib)[0].get_peft_model_state_dict(model, **kwargs)


def case_bias(lib):
    """The bias modes: what is trained, what is saved."""
    out = {}
    for bias in ("none", "all", "lora_only"):
        model = _adapted(lib, {"r": 2, "target_modules": ["q_proj"], "bias": bias}, "qwen2")
        out[bias] = {
            "trained": sorted(n for n, p in model.named_parameters() if p.requires_grad),
            "saved": sorted(lib_state(lib, model)),
        }
    return out


def case_first_values(lib):
    """The same seed gives the same first values; PiSSA and OLoRA take theirs out of the base weight."""
    peft, torch, _ = _world(lib)
    out = {}
    for how in (True, False, "gaussian", "pissa", "pissa_niter_4", "olora"):
        model = _model(lib)
        before = _logits(lib, model)
        torch.manual_seed(7)
        model = peft.get_peft_model(model, peft.LoraConfig(r=3, lora_alpha=6, target_modules=ALL, init_lora_weights=how))
        layer = model.base_model.model.model.layers[1].mlp.down_proj
        a, b = layer.lora_A["default"].weight, layer.lora_B["default"].weight
        out[str(how)] = {"product": _array(b @ a), "base": _array(layer.base_layer.weight)}
        if how in (True, False, "gaussian"):
            out[str(how)].update(a=_array(a), b=_array(b))
        if how is not False:
            assert np.allclose(_logits(lib, model), before, atol=2e-4)
    model = _model(lib)
    torch.manual_seed(7)
    model = peft.get_peft_model(model, peft.LoraConfig(r=3, target_modules=["embed_tokens", "q_proj"]))
    out["embedding"] = {n: _array(p) for n, p in model.named_parameters() if "lora" in n and "layers.1" not in n}
    return out


def case_merging(lib):
    """merge_adapter and unmerge_adapter, merge_and_unload, several adapters, unload."""
    out = {}
    for kind, config in KINDS.items():
        model = _adapted(lib, config)
        base = model.base_model.model.model.layers[0].self_attn.q_proj.base_layer
        before = _array(base.weight)
        model.merge_adapter()
        merged = _array(base.weight)
        model.unmerge_adapter()
        assert np.allclose(_array(base.weight), before, atol=1e-5)
        out[kind] = {"logits": _logits(lib, model), "merged": merged}
        whole = model.merge_and_unload(safe_merge=True)
        out[kind]["unloaded"] = _logits(lib, whole)
        out[kind]["names"] = sorted(whole.state_dict())[:6]
    model = _adapted(lib, {"r": 2, "target_modules": ["q_proj"], "lora_bias": True, "lora_alpha": 6}, "qwen2")
    out["bias"] = {"logits": _logits(lib, model), "keys": sorted(lib_state(lib, model))}
    model.merge_adapter()
    out["bias"]["merged"] = _array(model.base_model.model.model.layers[0].self_attn.q_proj.base_layer.bias)
    model.unmerge_adapter()
    out["bias"]["unmerged"] = _array(model.base_model.model.model.layers[0].self_attn.q_proj.base_layer.bias)
    model = _adapted(lib, KINDS["plain"])
    out["without"] = _logits(lib, model.unload())
    return out


def case_several(lib):
    """Adapters that are added, switched, combined, deleted."""
    peft, torch, _ = _world(lib)
    out = {}
    model = _adapted(lib, {"r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "v_proj"]})
    model.add_adapter("b", peft.LoraConfig(r=4, lora_alpha=2, target_modules=["q_proj", "up_proj"]))
    _fill(torch, model, ".b.", 0.3, 4)
    out["first"] = _logits(lib, model)
    out["trained_first"] = sorted(n for n, p in model.named_parameters() if p.requires_grad)
    model.set_adapter("b")
    out["second"], out["active"] = _logits(lib, model), model.active_adapter
    out["trained_second"] = sorted(n for n, p in model.named_parameters() if p.requires_grad)
    with model.disable_adapter():
        out["off"] = _logits(lib, model)
    model.base_model.set_adapter(["default", "b"])
    out["both"] = _logits(lib, model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for kind in ("cat", "linear", "svd"):
            model.add_weighted_adapter(["default", "b"], [0.7, -0.4], f"w_{kind}", kind)
            model.set_adapter(f"w_{kind}")
            out[kind] = _logits(lib, model)
            out[f"{kind}_config"] = [model.peft_config[f"w_{kind}"].r, model.peft_config[f"w_{kind}"].lora_alpha]
        for kind in ("magnitude_prune", "ties", "dare_linear", "dare_ties"):
            for end in ("", "_svd"):
                for method in ("total", "frequency") if "ties" in kind else ("total",):
                    name = f"{kind}{end}_{method}"
                    torch.manual_seed(2)
                    options = {"density": 0.6, "majority_sign_method": method}
                    model.add_weighted_adapter(["default", "b"], [0.7, -0.4], name, kind + end, **options)
                    model.set_adapter(name)
                    out[name] = _logits(lib, model)
        model.set_adapter("w_svd")
        model.delete_adapter("default")
        out["left"] = [len(model.peft_config), model.active_adapters]
        model.delete_adapter("w_svd")
    out["still"] = len(model.peft_config)
    return out


TARGETS = {
    "list": {"target_modules": ["q_proj", "down_proj"]},
    "default": {},
    "regex": {"target_modules": r".*\.layers\.1\..*(q|k)_proj"},
    "all": {"target_modules": "all-linear"},
    "path": {"target_modules": ["model.layers.0.self_attn.q_proj", "0.mlp.up_proj"]},
    "exclude": {"target_modules": ["q_proj", "v_proj"], "exclude_modules": ["layers.0.self_attn.q_proj"]},
    "exclude_regex": {"target_modules": "all-linear", "exclude_modules": r".*mlp.*"},
    "layers": {"target_modules": ["q_proj"], "layers_to_transform": [1]},
    "layer": {"target_modules": ["q_proj", "v_proj"], "layers_to_transform": 0},
    "pattern": {"target_modules": ["q_proj"], "layers_to_transform": [1], "layers_pattern": "layers"},
    "saved": {"target_modules": ["q_proj", "lm_head"], "modules_to_save": ["lm_head"]},
    "ranks": {
        "target_modules": ["q_proj", "v_proj"], "rank_pattern": {"q_proj": 2, r".*1\.self_attn\.v_proj": 3},
        "alpha_pattern": {"v_proj": 32},
    },
}  # fmt: skip


def case_targets(lib):
    """Which layers a configuration means, with which rank and factor."""
    out = {}
    for name, config in TARGETS.items():
        model = _adapted(lib, config, fill=False)
        out[name] = {
            key: [module.r["default"], module.scaling["default"]]
            for key, module in model.named_modules()
            if hasattr(module, "lora_A")
        }
        text = io.StringIO()
        with redirect_stdout(text):
            model.print_trainable_parameters()
        out[name]["trained"] = text.getvalue()
    for family in ("qwen2", "qwen3", "gpt2", "mistral"):
        model = _adapted(lib, {}, family, fill=False)
        out[family] = sorted(key for key, module in model.named_modules() if hasattr(module, "lora_A"))
    return out


def _said(function):
    """The class and text of what a call raises, and the warnings before it."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            function()
            error = None
        except Exception as e:  # noqa: BLE001
            error = [[c.__name__ for c in type(e).__mro__ if c in (ValueError, TypeError, KeyError, AssertionError)], str(e)]
    texts = [str(w.message) for w in seen if w.category in (UserWarning, RuntimeWarning)]
    return {"error": error, "warnings": texts}


def case_messages(lib):
    """Texts that users search for."""
    peft, torch, _ = _world(lib)
    config = peft.LoraConfig

    def wrap(**kwargs):
        return peft.get_peft_model(_model(lib), config(**kwargs))

    model = wrap(target_modules=["q_proj"])
    other = wrap(target_modules=["q_proj"])
    merged = wrap(target_modules=["q_proj"])
    merged.merge_adapter()
    broken = wrap(target_modules=["q_proj"])
    with torch.no_grad():
        layer = broken.base_model.model.model.layers[0].self_attn.q_proj
        layer.lora_B["default"].weight.fill_(float("nan"))
    folder = tempfile.mkdtemp()
    calls = {
        "no_match": lambda: wrap(target_modules=["nope"]),
        "no_match_layers": lambda: wrap(target_modules=["q_proj"], layers_to_transform=[9]),
        "all_excluded": lambda: wrap(target_modules=["q_proj"], exclude_modules=r".*"),
        "some_excluded": lambda: wrap(target_modules=["q_proj"], exclude_modules=["q_proj"]),
        "not_excluded": lambda: wrap(target_modules=["q_proj"], exclude_modules=["nope"]),
        "rank": lambda: wrap(target_modules=["q_proj"], r=0),
        "pattern": lambda: wrap(target_modules=["q_proj"], rank_pattern={"nope": 2}),
        "str_layers": lambda: config(target_modules="q", layers_to_transform=[1]),
        "str_pattern": lambda: config(target_modules="q", layers_pattern="h"),
        "pattern_only": lambda: config(target_modules=["q"], layers_pattern="h"),
        "bias_dora": lambda: config(lora_bias=True, use_dora=True),
        "bias_init": lambda: config(lora_bias=True, init_lora_weights="pissa"),
        "no_bias": lambda: wrap(target_modules=["q_proj"], lora_bias=True),
        "no_bias_merge": lambda: wrap(target_modules=["q_proj"], lora_bias=True).merge_adapter(),
        "task": lambda: config(task_type="NOPE"),
        "not_found": lambda: model.set_adapter("nope"),
        "delete": lambda: model.delete_adapter("nope"),
        "exists": lambda: model.add_adapter("default", config(target_modules=["q_proj"])),
        "twice": lambda: peft.get_peft_model(other.base_model.model, config(target_modules=["v_proj"])),
        "merged_set": lambda: merged.set_adapter("default"),
        "unmerged": lambda: merged.unmerge_adapter(),
        "nan": lambda: broken.merge_adapter(safe_merge=True),
        "no_config": lambda: peft.PeftConfig.from_pretrained("/nowhere/at/all"),
        "selected": lambda: model.save_pretrained(folder, selected_adapters=["nope"]),
        "bias": lambda: _two_with_bias(lib),
        "weighted": lambda: model.add_weighted_adapter(["nope"], [1.0], "w"),
    }
    out = {name: _said(call) for name, call in calls.items()}
    out["no_config"]["error"][1] = out["no_config"]["error"][1].split(" at ")[0]
    return out


def _two_with_bias(lib):
    peft, _, _ = _world(lib)
    model = _adapted(lib, {"target_modules": ["q_proj"], "bias": "all"}, "qwen2")
    model.add_adapter("b", peft.LoraConfig(target_modules=["q_proj"], bias="all"))


def case_files(lib):
    """adapter_config.json as text, names and shapes of the tensors, folders of adapters."""
    peft, torch, _ = _world(lib)
    out = {}
    configs = {
        "plain": {"target_modules": ["v_proj", "q_proj"], "task_type": "CAUSAL_LM", "lora_dropout": 0.1},
        "dora": {"target_modules": "all-linear", "use_dora": True, "task_type": "CAUSAL_LM"},
        "saved": {"target_modules": ["q_proj"], "modules_to_save": ["lm_head"], "task_type": "CAUSAL_LM"},
        "embedding": {"target_modules": ["embed_tokens", "q_proj"], "task_type": "CAUSAL_LM"},
    }
    for name, config in configs.items():
        model = _adapted(lib, config)
        model.add_adapter("other", peft.LoraConfig(r=2, target_modules=["k_proj"], task_type="CAUSAL_LM"))
        folder = tempfile.mkdtemp()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.save_pretrained(folder)
        files = sorted(
            os.path.relpath(os.path.join(root, f), folder) for root, _, names in os.walk(folder) for f in names
        )
        with open(os.path.join(folder, "adapter_config.json")) as file:
            text = file.read()
        found = json.loads(text)
        out[name] = {
            "files": files, "config": found if name in ("dora",) else text if name != "saved" else None,
            "tensors": {k: list(v.shape) for k, v in sorted(lib_state(lib, model).items())},
            "other": {k: list(v.shape) for k, v in sorted(lib_state(lib, model, adapter_name="other").items())},
        }  # fmt: skip
        if name == "dora":
            out[name]["config"]["target_modules"] = sorted(found["target_modules"])
        if name in ("plain", "embedding"):
            out[name]["config"] = json.loads(text)
            out[name]["config"]["target_modules"] = sorted(out[name]["config"]["target_modules"])
            out[name]["order"] = list(found)
    return out


def case_on_the_model(lib):
    """Adapters on the model itself: transformers' add_adapter, load_adapter and the rest."""
    peft, torch, tf = _world(lib)
    model = _model(lib)
    model.add_adapter(peft.LoraConfig(r=2, target_modules=["q_proj"]), "a")
    model.add_adapter(peft.LoraConfig(r=2, target_modules=["v_proj"]), "b")
    _fill(torch, model, "lora_", 0.3, 6)
    out = {"b": _logits(lib, model), "active": model.active_adapters()}
    model.set_adapter("a")
    out["a"] = _logits(lib, model)
    model.disable_adapters()
    out["off"] = _logits(lib, model)
    model.enable_adapters()
    out["state"] = sorted(model.get_adapter_state_dict())
    folder = tempfile.mkdtemp()
    model.save_pretrained(folder)
    out["files"] = sorted(name for name in os.listdir(folder) if name.startswith("adapter"))
    fresh = _model(lib)
    fresh.load_adapter(folder)
    out["loaded"] = _logits(lib, fresh)
    return out


def case_mixed_batches(lib):
    """An adapter for each row."""
    peft, torch, _ = _world(lib)
    model = _adapted(lib, {"r": 4, "lora_alpha": 16, "target_modules": ["q_proj", "v_proj"], "task_type": "CAUSAL_LM"})
    model.add_adapter("b", peft.LoraConfig(r=2, lora_alpha=16, target_modules=["up_proj"], task_type="CAUSAL_LM"))
    _fill(torch, model, ".b.", 0.5, 4)
    names = ["b", "__base__", "default", "b"]
    ids = _ids(lib, np.concatenate([IDS, IDS[::-1]]))
    model.eval()
    with torch.no_grad():
        out = {"logits": _array(model(input_ids=ids, adapter_names=names).logits)[:, ::4]}
        made = model.generate(input_ids=ids, adapter_names=names, max_new_tokens=6, do_sample=False, eos_token_id=31)
    out["generated"] = made.tolist()
    out["still"] = _logits(lib, model)
    out["errors"] = [
        _said(lambda: model(input_ids=ids, adapter_names=["b"])),
        _said(lambda: model(input_ids=ids, adapter_names=["ghost"] * 4)),
        _said(lambda: model.train()(input_ids=ids, adapter_names=names)),
    ]
    return out
