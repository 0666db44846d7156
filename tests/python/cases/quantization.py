"""Quantization: the configuration classes, and models that bitsandbytes quantizes while they are loaded."""

from __future__ import annotations

import importlib
import os
import tempfile

import numpy as np
from cases.families import IDS, array, draw, no_grad, tensor

SIZES = {
    "vocab_size": 64, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 64, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0,
}  # fmt: skip
BNB = {
    "nf4": {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4"},
    "nf4/nested": {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": True},
    "nf4/storage": {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_quant_storage": "float16"},
    "fp4": {"load_in_4bit": True},
    "fp4/head": {"load_in_4bit": True, "llm_int8_skip_modules": ["mlp", "layers.0.self_attn.q_proj"]},
    "int8": {"load_in_8bit": True},
    "int8/outliers": {"load_in_8bit": True, "llm_int8_threshold": 1.5},
    "int8/plain": {"load_in_8bit": True, "llm_int8_threshold": 0.0, "llm_int8_skip_modules": ["lm_head", "down_proj"]},
}


def _files(lib):
    name = "safetensors.numpy" if lib.__name__ == "transformers" else "eigenformers.safetensors.numpy"
    return importlib.import_module(name)


def dense(lib, folder):
    """A dense checkpoint whose values follow from the names."""
    config = lib.AutoConfig.for_model("llama", **SIZES)
    lib.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    path = os.path.join(folder, "model.safetensors")
    state = {name: draw(name, value.shape) for name, value in _files(lib).load_file(path).items()}
    _files(lib).save_file(state, path, metadata={"format": "pt"})


def load(lib, folder, **kwargs):
    return lib.AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype="float32", **kwargs)


def _bytes(value):
    return np.frombuffer(np.ascontiguousarray(value).tobytes(), np.uint8)[::7]


def _outputs(lib, model):
    """Some logits, or what two layers give where inputs are rounded: there a last bit may decide about a step.

    In training mode for 4 bits: else bitsandbytes rounds the scales to bfloat16 on some CPUs.
    """
    model.train(bool(getattr(model, "is_loaded_in_4bit", False)))
    with no_grad(lib):
        if getattr(model, "is_loaded_in_8bit", False):
            layer = model.model.layers[1]
            layers, sizes = (layer.self_attn.q_proj, layer.mlp.down_proj), (64, 128)
            inputs = [tensor(lib, 12 * draw("inputs", (2, 5, size))) for size in sizes]
            # plus 64: bitsandbytes multiplies by 6.200124e-5 for 1 / 127², which shows in sums near 0
            return [64 + array(one(x))[:, :, ::9] for one, x in zip(layers, inputs)]
        return array(model(tensor(lib, IDS)).logits)[:, ::4, ::9]


def case_bitsandbytes(lib):
    """Codes, what is saved, logits, sizes and gradients of models quantized while they are loaded."""
    out = {}
    with tempfile.TemporaryDirectory() as folder:
        dense(lib, folder)
        for name, settings in BNB.items():
            model = load(lib, folder, quantization_config=lib.BitsAndBytesConfig(**settings))
            found = {
                "flags": [model.is_quantized, getattr(model, "is_loaded_in_4bit", False),
                          getattr(model, "is_loaded_in_8bit", False), model.quantization_method.value],
            }  # fmt: skip
            with tempfile.TemporaryDirectory() as again:
                model.save_pretrained(again)
                state = _files(lib).load_file(os.path.join(again, "model.safetensors"))
                found["names"] = sorted(f"{n} {v.dtype} {list(v.shape)}" for n, v in state.items())
                codes = ("model.layers.1.mlp.up_proj.weight", "model.layers.0.self_attn.k_proj.weight")
                found["codes"] = [_bytes(state[n]) for n in codes]
                found["states"] = {n: _bytes(v)[:64] for n, v in state.items() if "layers.1.mlp.gate" in n and
                                   "quant_state" not in n}  # fmt: skip
                found["config"] = lib.AutoConfig.from_pretrained(again).quantization_config
                found["again"] = _outputs(lib, load(lib, again))
            found["logits"] = _outputs(lib, model)
            out[name] = found
    return out


def case_gradient(lib):
    """dx through nf4 layers."""
    with tempfile.TemporaryDirectory() as folder:
        dense(lib, folder)
        model = load(lib, folder, quantization_config=lib.BitsAndBytesConfig(**BNB["nf4/nested"]))
        x = tensor(lib, draw("inputs", (2, 12, 64)))
        x.requires_grad_(True)
        model.train()
        (model(inputs_embeds=x).logits ** 2).mean().backward()
        return array(x.grad)[:, ::3, ::5]


def case_dequantize(lib):
    """Dense weights in place of the packed ones."""
    with tempfile.TemporaryDirectory() as folder:
        dense(lib, folder)
        model = load(lib, folder, quantization_config=lib.BitsAndBytesConfig(**BNB["nf4"]))
        model = model.dequantize()
        weight = model.model.layers[1].mlp.up_proj.weight
        return {"weight": array(weight)[::5, ::7], "logits": _outputs(lib, model), "is_quantized": model.is_quantized}


CONFIGS = {
    "BitsAndBytesConfig": [{}, {"load_in_4bit": True, "bnb_4bit_compute_dtype": "bfloat16"}, BNB["nf4/storage"]],
    "GPTQConfig": [{"bits": 4}, {"bits": 3, "group_size": -1, "sym": False, "desc_act": True, "format": "GPTQ_v2"}],
    "AwqConfig": [{}, {"group_size": 64, "zero_point": False, "version": "GEMM", "modules_to_not_convert": ["a"]}],
    "QuantoConfig": [{}, {"weights": "int4", "activations": "int8"}],
    "EetqConfig": [{}, {"modules_to_not_convert": ["lm_head"]}],
    "FbgemmFp8Config": [{}, {"activation_scale_ub": 2.0}],
    "FineGrainedFP8Config": [{}, {"activation_scheme": "Static", "weight_block_size": (64, 32)}],
    "Mxfp4Config": [{}, {"dequantize": True}],
    "BitNetQuantConfig": [{}, {"linear_class": "autobitlinear", "quantization_mode": "online", "use_rms_norm": True}],
    "AutoRoundConfig": [{}, {"bits": 2, "group_size": 32, "sym": False, "extra": 1}],
}
BAD = [
    ("BitsAndBytesConfig", {"load_in_4bit": True, "load_in_8bit": True}),
    ("BitsAndBytesConfig", {"load_in_4bit": 1}),
    ("BitsAndBytesConfig", {"llm_int8_threshold": 6}),
    ("BitsAndBytesConfig", {"llm_int8_skip_modules": "lm_head"}),
    ("BitsAndBytesConfig", {"bnb_4bit_quant_storage": "int64"}),
    ("BitsAndBytesConfig", {"bnb_4bit_compute_dtype": 3}),
    ("GPTQConfig", {"bits": 5}),
    ("GPTQConfig", {"bits": 4, "group_size": -2}),
    ("GPTQConfig", {"bits": 4, "damp_percent": 1.5}),
    ("GPTQConfig", {"bits": 4, "dataset": "ptb"}),
    ("AwqConfig", {"backend": "none"}),
    ("AwqConfig", {"format": "none"}),
    ("QuantoConfig", {"weights": "int3"}),
    ("EetqConfig", {"weights": "int4"}),
    ("FineGrainedFP8Config", {"activation_scheme": "none"}),
    ("FineGrainedFP8Config", {"weight_block_size": (1, 2, 3)}),
    ("BitNetQuantConfig", {"linear_class": "x"}),
    ("AutoRoundConfig", {"bits": 9}),
]


def case_configs(lib):
    """Every configuration's JSON, from its arguments and from its own dict."""
    out = {}
    for name, variants in CONFIGS.items():
        cls = getattr(lib, name)
        for i, arguments in enumerate(variants):
            config = cls(**arguments)
            again = cls.from_dict(dict(config.to_dict()))
            loading = config.get_loading_attributes() if hasattr(config, "get_loading_attributes") else {}
            out[f"{name}/{i}"] = [config.to_json_string(), again.to_json_string(), str(loading)]
    return out


def case_bad_configs(lib):
    """Their errors."""
    out = []
    for name, arguments in BAD:
        try:
            getattr(lib, name)(**arguments)
            out.append("no error")
        except (TypeError, ValueError) as error:
            kind = "TypeError" if isinstance(error, TypeError) else "ValueError"
            out.append(f"{kind}: {error}")
    return out
