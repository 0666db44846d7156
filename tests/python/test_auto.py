"""Auto classes beyond what the golden cases compare: what reaches the model class, code in checkpoints, GGUF."""

from __future__ import annotations

import json
import pickle

import eigenformers as ef
import pytest
from eigenformers.errors import UnsupportedError, UnsupportedModelError
from eigenformers.models import auto
from eigenformers.models.registry import AUTO_CLASSES, FAMILIES, public_names


class SeenConfig(ef.PreTrainedConfig):
    model_type = "auto-seen"
    size: int = 3


class SeenModel:
    """Records what the Auto class passes on."""

    config_class = SeenConfig

    @classmethod
    def from_pretrained(cls, path, *args, config=None, **kwargs):
        return {"path": path, "args": args, "config": config, **kwargs}

    @classmethod
    def _from_config(cls, config, **kwargs):
        return {"config": config, **kwargs}


@pytest.fixture
def seen(tmp_path, monkeypatch):
    """A folder with a checkpoint of a family that is registered for this test alone."""
    monkeypatch.setattr(auto.CONFIG_MAPPING, "_extra", {})
    monkeypatch.setattr(ef.AutoModel._model_mapping, "_extra", {})
    ef.AutoConfig.register("auto-seen", SeenConfig)
    ef.AutoModel.register(SeenConfig, SeenModel)
    SeenConfig(size=5, dtype="bfloat16").save_pretrained(tmp_path)
    return tmp_path


def test_what_reaches_the_model(seen):
    found = ef.AutoModel.from_pretrained(
        seen, 1, size=7, dtype="auto", output_attentions=True, revision="dev", token="t", variant="fp16",
        attn_implementation="eager", local_files_only=True, quantization_config={"bits": 4},
    )  # fmt: skip
    config = found.pop("config")
    assert (config.size, config.output_attentions, config._attn_implementation) == (7, True, "eager")
    assert str(config.dtype).endswith("bfloat16")  # the checkpoint's: "auto" is not the configuration's business
    assert config.name_or_path == str(seen)
    assert found == {
        "path": seen, "args": (1,), "dtype": "auto", "variant": "fp16", "revision": "dev", "token": "t",
        "local_files_only": True, "quantization_config": {"bits": 4},
    }  # fmt: skip


@pytest.mark.parametrize("name", ["dtype", "torch_dtype"])
def test_a_concrete_dtype_reaches_both(seen, name):
    found = ef.AutoModel.from_pretrained(seen, **{name: "float16"})
    assert str(found["config"].dtype).endswith("float16") and found[name] == "float16"


def test_a_given_config_is_taken(seen, tmp_path):
    config = SeenConfig(size=9)
    assert ef.AutoModel.from_pretrained("anywhere", config=config, size=1) == {
        "path": "anywhere", "args": (), "config": config, "size": 1,
    }  # fmt: skip
    other = tmp_path / "other"
    SeenConfig(size=11).save_pretrained(other)
    assert ef.AutoModel.from_pretrained(seen, config=other)["config"].size == 11


def test_from_config(seen):
    config = SeenConfig()
    assert ef.AutoModel.from_config(config, dtype="float16") == {"config": config, "dtype": "float16"}
    with pytest.raises(UnsupportedModelError, match="model type `auto-seen`"):
        ef.AutoModelForCausalLM.from_config(config)


def test_several_classes_for_one_config(seen):
    class Other(SeenModel):
        pass

    ef.AutoModel.register(SeenConfig, (SeenModel, Other), exist_ok=True)
    assert ef.AutoModel._model_class(SeenConfig()) is SeenModel
    assert ef.AutoModel._model_class(SeenConfig(architectures=["X", "Other"])) is Other


def test_registering_twice(seen):
    with pytest.raises(ValueError, match="'auto-seen' is already used"):
        ef.AutoConfig.register("auto-seen", SeenConfig)
    with pytest.raises(ValueError, match="already used by an eigenformers model"):
        ef.AutoModel.register(SeenConfig, SeenModel)
    ef.AutoConfig.register("auto-seen", SeenConfig, exist_ok=True)
    with pytest.raises(ValueError, match="already used"):
        ef.AutoConfig.register("llama", ef.LlamaConfig)


# Code in checkpoints


@pytest.mark.parametrize("model_type", ["auto-seen", "novel"])
@pytest.mark.parametrize("trust", [None, False, True])
def test_code_of_a_checkpoint_is_never_run(seen, model_type, trust):
    """Refused by name where it is asked for or needed; a built-in family is used where it is neither."""
    marker = seen / "ran"
    (seen / "configuration_x.py").write_text(f"open({str(marker)!r}, 'w')")
    values = json.loads((seen / "config.json").read_text())
    values.update(model_type=model_type, auto_map={"AutoConfig": "configuration_x.X", "AutoModel": "modeling_x.X"})
    (seen / "config.json").write_text(json.dumps(values))
    for load in (ef.AutoConfig.from_pretrained, ef.AutoModel.from_pretrained):
        if model_type == "novel" or trust:
            with pytest.raises(
                (UnsupportedError, ValueError), match="contains custom code which must be executed"
            ) as caught:
                load(seen, trust_remote_code=trust)
            assert isinstance(caught.value, NotImplementedError) and isinstance(caught.value, ValueError)
            advice = "leave trust_remote_code out" if model_type == "auto-seen" else "Built-in model types: "
            assert "configuration_x.X" in str(caught.value) and advice in str(caught.value)
        else:
            load(seen, trust_remote_code=trust)
    assert not marker.exists()


def test_trust_remote_code_without_code(seen):
    assert ef.AutoConfig.from_pretrained(seen, trust_remote_code=True, code_revision="x").size == 5
    assert ef.AutoModel.from_pretrained(seen, trust_remote_code=True)["config"].size == 5


def test_auto_map_of_another_kind(seen):
    for auto_map in (3, [], "x", {"AutoTokenizer": ["a", None]}, None):
        values = json.loads((seen / "config.json").read_text())
        (seen / "config.json").write_text(json.dumps({**values, "auto_map": auto_map}))
        assert ef.AutoConfig.from_pretrained(seen, trust_remote_code=True).size == 5


# Unknown families


@pytest.mark.parametrize("model_type", ["no-such-type", 3, [], {}, True])
def test_unknown_model_type(tmp_path, model_type):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": model_type}))
    with pytest.raises(
        UnsupportedModelError, match="The checkpoint you are trying to load has model type .* Supported"
    ) as e:
        ef.AutoModelForCausalLM.from_pretrained(tmp_path)
    assert all(name in str(e.value) for name in FAMILIES)


def test_adapter_folder(tmp_path):
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(UnsupportedError, match="adapter_config.json"):
        ef.AutoModel.from_pretrained(tmp_path)
    with pytest.raises(UnsupportedError, match="adapter_kwargs"):
        ef.AutoModel.from_pretrained(tmp_path, adapter_kwargs={"a": 1})


def test_mistral_with_layer_types_is_another_family(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "mistral", "layer_types": ["full_attention"]}')
    with pytest.raises(UnsupportedModelError, match="model type `ministral`"):
        ef.AutoConfig.from_pretrained(tmp_path)


@pytest.mark.parametrize("name", AUTO_CLASSES)
def test_every_auto_class(name, monkeypatch):
    """Each is there, cannot be made by hand, and names itself when it has no family."""
    cls = getattr(ef, name)
    assert cls.__name__ == name and cls.__module__ == "eigenformers.models.auto" and cls.__doc__
    assert pickle.loads(pickle.dumps(cls)) is cls
    with pytest.raises(OSError, match=f"{name} is designed to be instantiated"):
        cls()
    with pytest.raises(
        UnsupportedModelError, match=f"Unrecognized configuration class.*{name}|{name}: no model family"
    ):
        cls.from_config(SeenConfig())
    monkeypatch.setattr(cls._model_mapping, "_extra", {})  # what other tests registered
    assert len(cls._model_mapping.names()) == sum(name in names for names in FAMILIES.values())


# Tables


def test_registry_names_classes_that_exist():
    for name in public_names():
        assert getattr(ef, name).__name__ == name
    for model_type in FAMILIES:
        assert auto.CONFIG_MAPPING[model_type].model_type == model_type


def test_model_mapping():
    mapping = ef.MODEL_FOR_CAUSAL_LM_MAPPING
    assert ef.LlamaConfig in mapping and SeenConfig not in mapping
    assert len(mapping) == sum("AutoModelForCausalLM" in names for names in FAMILIES.values())
    assert mapping[ef.LlamaConfig] is ef.LlamaForCausalLM is mapping.get(ef.LlamaConfig)
    assert dict(mapping.items())[ef.Qwen3Config] is ef.Qwen3ForCausalLM
    assert mapping.get(SeenConfig, "nothing") == "nothing"
    with pytest.raises(KeyError):
        mapping[SeenConfig]
    assert ef.LlamaForCausalLM in mapping.values() and ef.MistralConfig in mapping.keys()


def test_config_mapping():
    mapping = ef.CONFIG_MAPPING
    assert list(mapping) == list(mapping.keys()) and "llama" in mapping and "novel" not in mapping
    assert mapping.get("novel") is None and dict(mapping.items())["qwen2"] is ef.Qwen2Config
    assert ef.MistralConfig in mapping.values() and len(mapping) >= len(FAMILIES) and bool(mapping)
