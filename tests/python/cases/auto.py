"""Auto classes: mappings, registration and their errors."""

from __future__ import annotations

import json
import os
import tempfile


def _error(function):
    try:
        function()
    except Exception as error:  # noqa: BLE001
        return f"{'OSError' if isinstance(error, OSError) else 'ValueError'}: {error}"
    return None


def _write(folder, values):
    with open(os.path.join(folder, "config.json"), "w") as file:
        file.write(values if isinstance(values, str) else json.dumps(values))


def case_mapping(lib):
    mapping = lib.CONFIG_MAPPING
    return {
        "class": mapping["llama"].__name__,
        "contains": ["llama" in mapping, "no-such" in mapping],
        "missing": _error(lambda: mapping["no-such"]) is not None,
        "model": lib.MODEL_FOR_CAUSAL_LM_MAPPING is lib.AutoModelForCausalLM._model_mapping,
        "has": [
            lib.LlamaConfig in lib.MODEL_MAPPING,
            lib.PreTrainedConfig in lib.MODEL_MAPPING,
            3 in lib.MODEL_MAPPING,
        ],
        "for_model": lib.AutoConfig.for_model("qwen3", vocab_size=3).vocab_size,
    }


def case_register(lib):
    class AutoCaseConfig(lib.PreTrainedConfig):
        model_type = "auto-case"
        size: int = 3

    class AutoCaseModel:
        config_class = AutoCaseConfig

        @classmethod
        def _from_config(cls, config, **kwargs):
            return ["from_config", config.size, sorted(kwargs)]

        @classmethod
        def from_pretrained(cls, path, *args, config=None, **kwargs):
            ignored = ("_from_auto", "adapter_kwargs", "trust_remote_code", "revision")
            return [
                os.path.basename(path),
                args,
                config.size,
                {k: str(v) for k, v in kwargs.items() if k not in ignored},
            ]

    class OtherConfig(lib.PreTrainedConfig):
        model_type = "other"

    lib.AutoConfig.register("auto-case", AutoCaseConfig)
    lib.AutoModel.register(AutoCaseConfig, AutoCaseModel)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model")
        AutoCaseConfig(size=5).save_pretrained(path)
        return {
            "config": type(lib.AutoConfig.from_pretrained(path)).__name__,
            "from_config": lib.AutoModel.from_config(AutoCaseConfig(), attn_implementation="eager"),
            "from_pretrained": lib.AutoModel.from_pretrained(path, 1, size=7, dtype="auto", unknown=2),
            "with_config": lib.AutoModel.from_pretrained(path, config=AutoCaseConfig(size=9), size=7),
            "twice": _error(lambda: lib.AutoModel.register(AutoCaseConfig, AutoCaseModel, exist_ok=True)),
            "wrong_config": _error(lambda: lib.AutoModel.register(OtherConfig, AutoCaseModel)).split("(model")[0],
            "taken": _error(lambda: lib.AutoConfig.register("llama", lib.LlamaConfig)).split(" by ")[0],
        }


def case_errors(lib):
    with tempfile.TemporaryDirectory() as folder:
        found = {}
        for label, values in {
            "unknown": {"model_type": "no-such-type"},
            "no_type": {"hidden_size": 3},
            "not_json": "{",
            "not_utf8": None,
        }.items():
            if values is None:
                with open(os.path.join(folder, "config.json"), "wb") as file:
                    file.write(b"\xff\xfe{}")
            else:
                _write(folder, values)
            error = _error(lambda: lib.AutoConfig.from_pretrained(folder)).replace(folder, "FOLDER")
            found[label] = error.split(" but ")[0].split(". ")[0]
        found["class"] = _error(lambda: lib.AutoModelForCausalLM())
        found["head"] = _error(lambda: lib.AutoModelForCausalLM.from_config(lib.PreTrainedConfig())).split("<")[0]
        return found


def case_remote_code(lib):
    with tempfile.TemporaryDirectory() as folder:
        code = {"AutoConfig": "configuration_x.XConfig", "AutoModel": "modeling_x.XModel"}
        _write(folder, {"model_type": "x", "auto_map": code})
        unknown = _error(lambda: lib.AutoConfig.from_pretrained(folder, trust_remote_code=False))
        _write(folder, {"model_type": "llama", "auto_map": code})
        return {
            "unknown": unknown.replace(folder, "FOLDER").split(" You can inspect")[0].split(" (Auto")[0].rstrip(". "),
            "built_in": type(lib.AutoConfig.from_pretrained(folder)).__name__,
            "built_in_refused": type(lib.AutoConfig.from_pretrained(folder, trust_remote_code=False)).__name__,
        }
