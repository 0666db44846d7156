"""Configurations: what they hold, write and read, for every family, rope type and odd argument."""

from __future__ import annotations

import copy
import json
import logging as python_logging
import os
import pickle
import re
import tempfile
import warnings

FAMILIES = ("LlamaConfig", "MistralConfig", "Qwen2Config", "Qwen3Config")

_LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
_ROPES = {
    "none": {},
    "theta": {"rope_theta": 500000.0},
    "null": {"rope_scaling": None, "rope_theta": 1000000},
    "legacy_type": {"rope_scaling": {"type": "linear", "factor": 2.0}},
    "both_types": {"rope_scaling": {"type": "linear", "rope_type": "dynamic", "factor": 4.0}},
    "dynamic": {"rope_scaling": {"rope_type": "dynamic", "factor": 4.0}, "rope_theta": 5000.0},
    "yarn": {"rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}},
    "yarn_full": {
        "max_position_embeddings": 4096,
        "rope_parameters": {
            "rope_type": "yarn",
            "factor": 8.0,
            "rope_theta": 150000.0,
            "original_max_position_embeddings": 512,
            "beta_fast": 16.0,
            "beta_slow": 2.0,
            "attention_factor": 0.75,
            "mscale": 1.0,
            "mscale_all_dim": 0.5,
            "truncate": False,
        },
    },
    "yarn_without_original": {"rope_scaling": {"rope_type": "yarn", "factor": 2.0}},
    "llama3": {"rope_scaling": _LLAMA3, "rope_theta": 500000.0, "max_position_embeddings": 131072},
    "longrope": {
        "hidden_size": 64,
        "num_attention_heads": 8,
        "num_key_value_heads": 8,
        "head_dim": 8,
        "rope_scaling": {
            "rope_type": "longrope",
            "short_factor": [1.0, 1.1, 1.2, 1.3],
            "long_factor": [1.0, 2.0, 4.0, 8.0],
            "factor": 4.0,
        },
    },
    "new_style": {"rope_parameters": {"rope_type": "linear", "factor": 3.0, "rope_theta": 7.0}},
    "parameters_win": {"rope_parameters": {"rope_type": "default", "rope_theta": 7.0}, "rope_theta": 9.0},
    "scaling_wins": {"rope_parameters": {"rope_theta": 7.0}, "rope_scaling": {"rope_type": "linear", "factor": 3.0}},
    "partial": {"partial_rotary_factor": 0.5},
    "unknown_key": {"rope_scaling": {"rope_type": "linear", "factor": 2.0, "odd": 1}},
}
_ARGUMENTS = {
    "sizes": {"hidden_size": 96, "num_attention_heads": 6, "num_key_value_heads": 2, "num_hidden_layers": 3},
    "grouped": {"num_key_value_heads": 4, "num_attention_heads": 8},
    "head_dim": {"head_dim": 16},
    "labels": {"num_labels": 5},
    "label_names": {"id2label": {"0": "no", "1": "yes", "2": "maybe"}, "label2id": {"no": 0, "yes": 1, "maybe": 2}},
    "one_label": {"num_labels": 1, "problem_type": "regression"},
    "two_labels": {"num_labels": 2},
    "dtype": {"dtype": "bfloat16"},
    "torch_dtype": {"torch_dtype": "float16"},
    "both_dtypes": {"torch_dtype": "float16", "dtype": "float32"},
    "outputs": {"output_hidden_states": True, "output_attentions": True, "return_dict": False},
    "tokens": {"bos_token_id": 3, "eos_token_id": [4, 5], "pad_token_id": 6, "tie_word_embeddings": True},
    "extra": {"my_key": {"nested": [1, 2]}, "other": "text", "_private": 1},
    "architectures": {"architectures": ["Something"], "name_or_path": "org/name", "transformers_version": "4.40.0"},
    "generation": {"max_length": 50, "do_sample": True, "temperature": 0.3, "num_beam_groups": 2},
    "attention": {"attn_implementation": "eager", "attention_dropout": 0.1},
    "tuples": {"my_tuple": (1, (2, 3))},
    "quantization": {"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}},
    "chunk": {"chunk_size_feed_forward": 2, "is_encoder_decoder": True},
    "sliding": {"use_sliding_window": True, "sliding_window": 128, "max_window_layers": 2, "num_hidden_layers": 4},
    "window_unused": {"use_sliding_window": False, "sliding_window": 128},
    "layer_types": {"num_hidden_layers": 2, "layer_types": ["sliding_attention", "full_attention"]},
    "legacy_layer_types": {"num_hidden_layers": 2, "layer_types": ["attention", "mamba"]},
    "nested_rope": {
        "num_hidden_layers": 2,
        "layer_types": ["sliding_attention", "full_attention"],
        "rope_parameters": {
            "sliding_attention": {"rope_theta": 10.0},
            "full_attention": {"rope_type": "linear", "factor": 2.0},
        },
    },
}


def _describe(config):
    """What a configuration says in writing, beyond the defaults of its class."""
    written = json.loads(config.to_json_string())
    default = json.loads(type(config)().to_json_string())
    return {
        "written": {key: value for key, value in written.items() if value != default.get(key, "absent")},
        "absent": sorted(set(default) - set(written)),
        "num_labels": config.num_labels,
        "name_or_path": config.name_or_path,
        "output_attentions": config.output_attentions,
        "attn": config._attn_implementation,
        "dtype": None if config.dtype is None else str(config.dtype).split(".")[-1],
        "rope_scaling": config.rope_scaling,
    }


def _messages(lib, function):
    """What `function` returns and which messages it logs."""
    lib.logging.get_logger()
    records = []
    handler = python_logging.Handler()
    handler.emit = lambda record: records.append(record.getMessage())
    lib.logging.add_handler(handler)
    try:
        return function(), records
    finally:
        lib.logging.remove_handler(handler)


def _error(function):
    """The family of the error that `function` raises: what `except` clauses for the real library's text would see."""
    try:
        function()
    except Exception as error:  # noqa: BLE001
        return re.sub(r"^\w+Error: ", "", str(error).split("\n")[-1].strip())  # the real one may wrap the message
    return None


def case_defaults(lib):
    configs = {name: getattr(lib, name)() for name in FAMILIES}
    return {
        name: {
            "described": _describe(config),
            "written": json.loads(config.to_json_string()),
            "all": json.loads(config.to_json_string(use_diff=False)),
        }
        for name, config in configs.items()
    }


def case_rope(lib):
    return {
        f"{name} {label}": _describe(getattr(lib, name)(**copy.deepcopy(arguments)))
        for name in FAMILIES
        for label, arguments in _ROPES.items()
    }


def case_arguments(lib):
    return {
        f"{name} {label}": _describe(getattr(lib, name)(**copy.deepcopy(arguments)))
        for name in FAMILIES
        for label, arguments in _ARGUMENTS.items()
    }


def case_base_class(lib):
    config = lib.PreTrainedConfig(hidden_size=3, num_labels=4)
    old = lib.PreTrainedConfig(rope_theta=10.0, rope_scaling={"type": "linear", "factor": 2.0})
    return {
        "config": json.loads(config.to_json_string()),
        "all": json.loads(config.to_json_string(use_diff=False)),
        "default": json.loads(lib.PreTrainedConfig().to_json_string()),
        "keys": sorted(lib.PreTrainedConfig().to_dict()),
        "alias": lib.PretrainedConfig is lib.PreTrainedConfig,
        "rope": old.rope_parameters,
        "repr": repr(config),
    }


def case_class_attributes(lib):
    found = {}
    for name in FAMILIES:
        cls = getattr(lib, name)
        found[name] = {
            "model_type": cls.model_type,
            "ignored": cls.keys_to_ignore_at_inference,
            "tp": cls.base_model_tp_plan,
            "pp": {key: [list(part) for part in value] for key, value in cls.base_model_pp_plan.items()},
            "fsdp": sorted(map(str, cls.base_model_fsdp_plan)),
            "attribute_map": cls.attribute_map,
            "sub_configs": cls.sub_configs,
            "defaults": {k: v for k, v in cls.default_config_fields().items() if k != "rope_parameters"},
        }
    return found


def case_attributes(lib):
    config = lib.LlamaConfig()
    config.num_labels = 3
    config.torch_dtype = "float16"
    config.name_or_path = "somewhere"
    config.update({"hidden_size": 128, "my_key": 1})
    config.update_from_string("num_hidden_layers=2,attention_bias=true,rms_norm_eps=0.5,hidden_act=gelu")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config.rope_scaling = {"rope_type": "linear", "factor": 2.0, "rope_theta": 9.0}
    config.output_attentions = True
    return {
        "described": _describe(config),
        "keys": sorted(key for key in config if key not in ("_post_init_done", "ignore_keys_at_rope_validation")),
        "text": config.get_text_config() is config,
        "return_dict": config.use_return_dict,
        "custom": config.is_custom_code(),
    }


def case_from_dict(lib):
    values = {"hidden_size": 64, "model_type": "llama", "torch_dtype": "bfloat16", "id2label": {"0": "a"}}
    config, unused = lib.LlamaConfig.from_dict(
        dict(values), num_hidden_layers=3, foo=1, return_unused_kwargs=True, attn_implementation="eager"
    )
    other = lib.LlamaConfig.from_dict(dict(values), dtype="float32", num_labels=1, output_attentions=True)
    return {
        "config": _describe(config),
        "unused": unused,
        "other": _describe(other),
    }


def case_files(lib):
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in FAMILIES:
            cls = getattr(lib, name)
            config = cls(num_labels=3, dtype="bfloat16", rope_theta=3.0, eos_token_id=[1, 2], my_inf=float("inf"))
            path = os.path.join(folder, name)
            config.save_pretrained(path)
            with open(os.path.join(path, "config.json"), encoding="utf-8") as file:
                text = file.read()
            loaded = cls.from_pretrained(path)
            from_file = cls.from_json_file(os.path.join(path, "config.json"))
            auto = lib.AutoConfig.from_pretrained(os.path.join(path, "config.json"))
            changed, unused = lib.AutoConfig.from_pretrained(
                path, vocab_size=7, foo=False, output_attentions=True, return_unused_kwargs=True
            )
            found[name] = {
                "text": text,
                "listing": os.listdir(path),
                "same": loaded.to_json_string() == config.to_json_string() == from_file.to_json_string(),
                "auto": type(auto).__name__,
                "auto_same": auto.to_json_string() == config.to_json_string(),
                "changed": [changed.vocab_size, changed.output_attentions],
                "unused": sorted(set(unused) - {"_from_auto", "trust_remote_code", "_commit_hash"}),
                "path": loaded.name_or_path == path or auto.name_or_path.startswith(path),
            }
        os.makedirs(os.path.join(folder, "sub", "inner"))
        lib.LlamaConfig(vocab_size=11).save_pretrained(os.path.join(folder, "sub", "inner"))
        nested = lib.AutoConfig.from_pretrained(os.path.join(folder, "sub"), subfolder="inner")
        found["subfolder"] = nested.vocab_size
        old = {
            "vocab_size": 1,
            "model_type": "llama",
            "configuration_files": ["config.4.0.0.json", "config.9.0.0.json"],
        }
        for name, size in (("config.json", 1), ("config.4.0.0.json", 4), ("config.9.0.0.json", 9)):
            with open(os.path.join(folder, "sub", name), "w") as file:
                json.dump({**old, "vocab_size": size}, file)
        found["versioned"] = lib.AutoConfig.from_pretrained(os.path.join(folder, "sub")).vocab_size
    return found


def case_copies(lib):
    config = lib.Qwen3Config(dtype="bfloat16", num_labels=3, rope_theta=5.0)
    return {
        "pickle": pickle.loads(pickle.dumps(config)).to_json_string() == config.to_json_string(),
        "deepcopy": copy.deepcopy(config).to_json_string() == config.to_json_string(),
        "dtype": str(copy.deepcopy(config).dtype).split(".")[-1],
        "equal": copy.deepcopy(config) == config,
        "not_equal": config == lib.Qwen3Config(dtype="bfloat16", num_labels=3, rope_theta=6.0),
        "other_class": config == lib.Qwen2Config(),
        "independent": _independent(lib),
    }


def _independent(lib):
    config = lib.LlamaConfig()
    values = config.to_dict()
    values["rope_parameters"]["rope_theta"] = 1.0
    return [config.rope_parameters["rope_theta"], lib.LlamaConfig().rope_parameters["rope_theta"]]


def case_user_class(lib):
    """The newer style with annotations and the older one with `__init__`."""

    class NewConfig(lib.PreTrainedConfig):
        model_type = "new-style"
        attribute_map = {"hidden_size": "n_embd", "num_hidden_layers": "n_layer"}
        n_embd: int = 8
        n_layer: int = 2
        scale: float | None = None

        def __post_init__(self, **kwargs):
            self.double = self.n_embd * 2
            super().__post_init__(**kwargs)

    class OldConfig(lib.PreTrainedConfig):
        model_type = "old-style"

        def __init__(self, hidden_size=16, flag=True, pad_token_id=0, **kwargs):
            self.hidden_size = hidden_size
            self.flag = flag
            super().__init__(pad_token_id=pad_token_id, **kwargs)

    new = NewConfig(n_embd=4, num_labels=3, other=1)
    alias = NewConfig(hidden_size=12)
    alias.num_hidden_layers = 5
    old = OldConfig(hidden_size=3, extra="x")
    with tempfile.TemporaryDirectory() as folder:
        old.save_pretrained(folder)
        again = OldConfig.from_pretrained(folder)
    return {
        "new": json.loads(new.to_json_string()),
        "mapped": [new.hidden_size, new.num_hidden_layers, alias.n_embd, alias.n_layer, alias.double],
        "alias": json.loads(alias.to_json_string()),
        "old": json.loads(old.to_json_string()),
        "again": [again.hidden_size, again.flag, again.extra, again.pad_token_id],
    }


def case_nested(lib):
    class InnerConfig(lib.PreTrainedConfig):
        model_type = "inner"
        base_config_key = "text_config"
        hidden_size: int = 8
        vocab_size: int = 10

    class OuterConfig(lib.PreTrainedConfig):
        model_type = "outer"
        sub_configs_defaults = {"text_config": InnerConfig}
        text_config: dict | None = None
        image_token_id: int = 5

    config = OuterConfig(text_config={"hidden_size": 4}, dtype="float16", attn_implementation="eager")
    default = OuterConfig()
    with tempfile.TemporaryDirectory() as folder:
        config.save_pretrained(folder)
        inner = InnerConfig.from_pretrained(folder)
        again = OuterConfig.from_pretrained(folder, text_config={"vocab_size": 77})
    return {
        "json": json.loads(config.to_json_string()),
        "default": json.loads(default.to_json_string()),
        "text": [config.get_text_config().hidden_size, config.get_text_config(decoder=True).vocab_size],
        "attn": [config._attn_implementation, config.text_config._attn_implementation],
        "inner": inner.hidden_size,
        "again": [again.text_config.hidden_size, again.text_config.vocab_size],
        "type": type(default.text_config).__name__,
        "sub_configs": {key: value.__name__ for key, value in OuterConfig.sub_configs.items()},
    }


def case_one_side(lib):
    config = lib.PreTrainedConfig(
        is_encoder_decoder=True, encoder_layers=2, decoder_layers=3, decoder_attention_heads=4, encoder_ffn_dim=5
    )
    decoder, encoder = config.get_text_config(decoder=True), config.get_text_config(encoder=True)
    return {
        "decoder": [decoder.num_hidden_layers, decoder.num_attention_heads, hasattr(decoder, "decoder_layers")],
        "encoder": [encoder.num_hidden_layers, encoder.ffn_dim, hasattr(encoder, "encoder_layers")],
        "both": config.get_text_config() is config,
    }


def case_errors(lib):
    base = lib.PreTrainedConfig
    return {
        "positional": _error(lambda: base(1)),
        "problem_type": _error(lambda: base(num_labels=1, problem_type="single_label_classification")),
        "heads": _error(lambda: lib.LlamaConfig(hidden_size=10, num_attention_heads=3)),
        "odd_rope": _error(lambda: lib.Qwen3Config(head_dim=9)),
        "layer_kind": _error(lambda: lib.Qwen2Config(num_hidden_layers=1, layer_types=["nothing"])),
        "layer_count": _error(lambda: lib.Qwen2Config(num_hidden_layers=1, layer_types=["full_attention"] * 2)),
        "attentions": _error(lambda: lib.LlamaConfig(attn_implementation="sdpa", output_attentions=True)),
        "update_missing": _error(lambda: lib.LlamaConfig().update_from_string("nothing=1")),
        "update_bool": _error(lambda: lib.LlamaConfig().update_from_string("mlp_bias=perhaps")),
        "update_type": _error(lambda: lib.LlamaConfig().update_from_string("head_dim=1,architectures=x")),
        "for_model": _error(lambda: lib.AutoConfig.for_model("no-such-model"))[:45],
        "auto": _error(lambda: lib.AutoConfig()),
        "register": _error(lambda: lib.AutoConfig.register("other", lib.LlamaConfig)),
        "several_texts": _error(lambda: base(text_config=1, decoder=2).get_text_config()),
        "generation": _error(lambda: _with_generation(lib)),
    }


def _with_generation(lib):
    config = lib.LlamaConfig()
    config.temperature = 0.5
    with tempfile.TemporaryDirectory() as folder:
        config.save_pretrained(folder)


def case_missing_rope_keys(lib):
    found = {}
    for rope_type in ("linear", "dynamic", "yarn", "longrope", "llama3"):
        try:
            lib.LlamaConfig(rope_scaling={"rope_type": rope_type})
        except KeyError as error:
            found[rope_type] = str(error).strip("\"'").split(":")[0]
    return found


def case_messages(lib):
    def run(**arguments):
        config, records = _messages(lib, lambda: lib.LlamaConfig(**arguments))
        return records

    return {
        "labels": run(num_labels=3, id2label={0: "a"}),
        "factor": run(rope_scaling={"rope_type": "linear", "factor": 0.5}),
        "unused": run(rope_scaling={"rope_type": "linear", "factor": 2.0, "odd": 1})[0].replace("{'odd'}", "['odd']"),
        "unknown": run(rope_scaling={"rope_type": "nothing"}),
        "llama3": run(rope_scaling={**_LLAMA3, "low_freq_factor": 5.0}, max_position_embeddings=100),
        "yarn": run(rope_scaling={"rope_type": "yarn", "factor": 1.0, "beta_fast": 1.0, "beta_slow": 2.0}),
        "longrope": run(rope_scaling={"rope_type": "longrope", "short_factor": [1], "long_factor": [1], "factor": 1}),
        "token": run(pad_token_id=-7, vocab_size=31337),
        "fine": run(rope_theta=3.0, num_labels=4),
    }
