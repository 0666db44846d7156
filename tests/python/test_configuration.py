"""Configurations beyond what the golden cases compare: wrong values, hostile files, GGUF metadata."""

from __future__ import annotations

import copy
import json
import math
import os
import pickle
import random
import stat
import threading

import pytest
from eigenformers import LlamaConfig, MistralConfig, PreTrainedConfig, Qwen2Config, Qwen3Config
from eigenformers.errors import CheckpointError, ConfigError, Error, UnsupportedError, UnsupportedModelError
from eigenformers.models.gguf import _llama3_factors, config_from_gguf
from eigenformers.utils.dtypes import dtype_name
from eigenformers.utils.field_types import compile_check

FAMILIES = [LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config]


# Wrong values


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hidden_size", "4096"),
        ("hidden_size", 4096.0),
        ("hidden_size", True),
        ("hidden_size", None),
        ("hidden_size", 0),
        ("hidden_size", -8),
        ("hidden_size", 2**40),
        ("vocab_size", [1]),
        ("vocab_size", -1),
        ("num_hidden_layers", 10**12),
        ("num_hidden_layers", -1),
        ("num_attention_heads", 0),
        ("num_key_value_heads", 0),
        ("num_key_value_heads", 5),
        ("head_dim", 0),
        ("max_position_embeddings", 0),
        ("rms_norm_eps", "small"),
        ("hidden_act", 3),
        ("tie_word_embeddings", "yes"),
        ("eos_token_id", ["2"]),
        ("rope_parameters", 3),
        ("rope_parameters", {"rope_type": "linear", "factor": 2.0, "partial_rotary_factor": "half"}),
        ("rope_scaling", "linear"),
        ("rope_scaling", [1]),
        ("rope_scaling", {"rope_type": "yarn", "factor": 2.0, "beta_fast": "x"}),
        ("rope_scaling", {"rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": 0}),
        ("rope_scaling", {"rope_type": "longrope", "short_factor": 1, "long_factor": [1]}),
        ("rope_scaling", {"rope_type": "longrope", "short_factor": ["1"], "long_factor": [1]}),
        ("rope_scaling", {"rope_type": "linear"}),
        ("sliding_window", 0),
        ("num_labels", -1),
        ("num_labels", 10**9),
        ("num_labels", 2.0),
        ("id2label", ["a"]),
        ("id2label", {"one": "a"}),
        ("dtype", "floaty"),
        ("torch_dtype", 3),
        ("architectures", "LlamaForCausalLM"),
    ],
)
def test_wrong_value(family, name, value):
    """A ConfigError, which is a ValueError, that says which name was wrong, and nothing is sized by the value."""
    arguments = {name: value, **({"use_sliding_window": True} if name == "sliding_window" else {})}
    if name == "head_dim" and family is Qwen2Config:
        pytest.skip("Qwen2 has no head_dim")
    with pytest.raises(ConfigError):
        family(**arguments)


def test_wrong_value_on_assignment():
    config = LlamaConfig()
    with pytest.raises(ConfigError, match="LlamaConfig: Field 'hidden_size' expected int, got str .value: 'abc'."):
        config.hidden_size = "abc"
    assert config.hidden_size == 4096


def test_missing_rope_keys_is_a_key_error_with_a_readable_text():
    with pytest.raises(KeyError) as caught:
        LlamaConfig(rope_scaling={"rope_type": "llama3", "factor": 2.0})
    assert isinstance(caught.value, ConfigError)
    assert str(caught.value) == (
        "Missing required keys in `rope_parameters` for 'rope_type'='llama3': ['high_freq_factor', 'low_freq_factor']"
    )


def test_per_layer_config_is_refused_by_name():
    with pytest.raises(UnsupportedError, match="per_layer_config"):
        LlamaConfig(per_layer_config={0: {"intermediate_size": 3}})
    assert LlamaConfig(per_layer_config=None) == LlamaConfig()


def test_register_for_auto_class_is_refused_by_name():
    with pytest.raises(UnsupportedError, match="register_for_auto_class"):
        LlamaConfig.register_for_auto_class()


def test_field_checks():
    def accepts(annotation, value):
        check = compile_check(annotation)[1]
        return check is None or check(value)

    assert accepts("int | None", None) and accepts("int | None", 3) and not accepts("int | None", 3.0)
    assert accepts("float", 3) and accepts("float", 3.5) and not accepts("float", "3") and not accepts("float", True)
    assert accepts("list[int] | int", [1, 2]) and not accepts("list[int] | int", ["1"])
    assert accepts("Optional[List[str]]", ["a"]) and not accepts("Optional[List[str]]", [1])
    assert accepts("Union[int, str]", "a") and not accepts("Union[int, str]", 1.5)
    assert accepts("Literal['a', 'b']", "a") and not accepts("Literal['a', 'b']", "c")
    assert accepts("SomeClass", object()) and accepts("int | SomeClass", object())
    from typing import Any, Dict, List, Optional, Union  # noqa: UP035

    assert accepts(Optional[int], None) and not accepts(Optional[int], "x")
    assert accepts(Union[int, List[float]], [1.0]) and not accepts(Union[int, List[float]], ["x"])  # noqa: UP006
    assert accepts(Dict[str, int], {}) and accepts(Any, 3) and not accepts(bool, 1)  # noqa: UP006


# Equality and copies


def test_equality():
    assert LlamaConfig() == LlamaConfig() and LlamaConfig() != LlamaConfig(vocab_size=3)
    assert LlamaConfig(name_or_path="a") == LlamaConfig(name_or_path="b")
    assert LlamaConfig(my_key=1) != LlamaConfig() and Qwen2Config() != LlamaConfig()
    assert LlamaConfig() != 3
    with pytest.raises(TypeError):
        hash(LlamaConfig())


@pytest.mark.parametrize("family", FAMILIES)
def test_round_trip_keeps_everything(family, tmp_path):
    config = family(num_labels=4, dtype="float16", rope_theta=12.5, my_key=[1, {"a": math.inf}], eos_token_id=[1, 2])
    config.save_pretrained(tmp_path)
    loaded = family.from_pretrained(tmp_path)
    assert loaded == config and loaded.dtype == config.dtype
    assert pickle.loads(pickle.dumps(config)) == copy.deepcopy(config) == config


def test_arguments_stay_as_they_were():
    rope = {"rope_type": "linear", "factor": 2.0}
    labels = {"0": "a"}
    values = {"rope_scaling": rope, "id2label": labels, "torch_dtype": "float16"}
    first, second = LlamaConfig.from_dict(values), LlamaConfig.from_dict(values, rope_theta=3.0)
    assert rope == {"rope_type": "linear", "factor": 2.0} and labels == {"0": "a"} and len(values) == 3
    assert first.rope_parameters is not second.rope_parameters


def test_dtypes():
    for value in ("bfloat16", "torch.bfloat16", LlamaConfig(dtype="bfloat16").dtype):
        assert dtype_name(value) == "bfloat16"
    assert dtype_name("half") == "float16" and dtype_name("float8_e4m3fn") == "float8_e4m3fn"
    config = LlamaConfig(dtype="float8_e4m3fn")
    assert json.loads(config.to_json_string())["dtype"] == "float8_e4m3fn"
    assert LlamaConfig(dtype=LlamaConfig(dtype="float16").dtype) == LlamaConfig(dtype="float16")


# Files


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"3", b'"text"', b"null", b"\xff\xfe\x00", b"[" * 200_000, b'{"a": ' * 100_000, b"{}{}"],
    ids=lambda content: repr(content)[:20],
)
def test_file_that_is_no_json_object(content, tmp_path):
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(OSError, match="It looks like the config file at '.*config.json' is not a valid JSON file"):
        LlamaConfig.from_pretrained(tmp_path)


def test_folder_without_config(tmp_path):
    with pytest.raises(OSError, match="is not a local folder"):
        LlamaConfig.from_pretrained(str(tmp_path / "nothing"))
    assert LlamaConfig.from_pretrained(tmp_path) == LlamaConfig()  # as in transformers: all defaults


def test_saving_to_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AssertionError, match="should be a directory, not a file"):
        LlamaConfig().save_pretrained(tmp_path / "file")


def test_what_cannot_be_json_is_named(tmp_path):
    config = LlamaConfig(my_key=object())
    with pytest.raises(ConfigError, match="LlamaConfig: cannot be written as JSON"):
        config.save_pretrained(tmp_path)
    assert os.listdir(tmp_path) == []


def test_writing_is_atomic(tmp_path, monkeypatch):
    """A reader never sees half a file, and a failed write leaves the old one and no rubbish."""
    LlamaConfig(vocab_size=1).save_pretrained(tmp_path)
    stop, seen = threading.Event(), []

    def read():
        while not stop.is_set():
            seen.append(LlamaConfig.from_pretrained(tmp_path).vocab_size)

    reader = threading.Thread(target=read)
    reader.start()
    for size in range(1, 40):
        LlamaConfig(vocab_size=size).save_pretrained(tmp_path)
    stop.set()
    reader.join()
    assert seen == sorted(seen) and os.listdir(tmp_path) == ["config.json"]
    assert stat.S_IMODE((tmp_path / "config.json").stat().st_mode) == 0o666 & ~_umask()

    def fail(*args):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        LlamaConfig(vocab_size=99).save_pretrained(tmp_path)
    assert os.listdir(tmp_path) == ["config.json"]
    assert LlamaConfig.from_pretrained(tmp_path).vocab_size == 39


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _mutate(value, rng):
    """One random change somewhere in a JSON value."""
    odd = [None, True, -1, 0, 2**70, 1e308, "", "x", [], {}, [[]], {"": 1}, "\0", float("inf"), {"__float__": "NaN"}]
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(list(value))
        return {**value, key: _mutate(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.5:
        index = rng.randrange(len(value))
        return [*value[:index], _mutate(value[index], rng), *value[index + 1 :]]
    return rng.choice(odd)


@pytest.mark.parametrize("family", FAMILIES)
def test_mutated_configs(family):
    """A changed config either works, and is written again, or raises one of our errors."""
    rng = random.Random(0)
    rope = {"rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": 64, "beta_fast": 3}
    base = json.loads(family(num_labels=3, rope_scaling=rope, dtype="bfloat16").to_json_string())
    base.update(output_attentions=False, layer_types=["full_attention"] * 32, torch_dtype="float16", problem_type=None)
    outcomes = set()
    for _ in range(int(os.environ.get("EF_FUZZ_ITERATIONS", 300))):
        values = base
        for _ in range(rng.randint(1, 3)):
            values = _mutate(values, rng)
        if not isinstance(values, dict):
            continue
        try:
            json.loads(family.from_dict(values).to_json_string())
            outcomes.add("works")
        except Error:
            outcomes.add("error")
    assert outcomes == {"works", "error"}


# GGUF metadata


def _metadata(architecture="llama", **changes):
    values = {
        "embedding_length": 64,
        "feed_forward_length": 128,
        "block_count": 2,
        "attention.head_count": 4,
        "attention.head_count_kv": 2,
        "context_length": 4096,
        "attention.layer_norm_rms_epsilon": 1e-5,
        "rope.freq_base": 10000.0,
        "rope.dimension_count": 16,
    }
    metadata = {"general.architecture": architecture, "tokenizer.ggml.tokens": ["a"] * 10}
    metadata.update({f"{architecture}.{key}": value for key, value in values.items()})
    for key, value in changes.items():
        name = key.replace("__", ".")
        metadata[name if name.startswith(("general.", "tokenizer.")) else f"{architecture}.{name}"] = value
    return {key: value for key, value in metadata.items() if value is not None}


def _load(metadata, names=("output.weight",), factors=None):
    values = config_from_gguf(metadata, names, factors)
    family = {cls.model_type: cls for cls in FAMILIES}[values["model_type"]]
    return family.from_dict(values)


@pytest.mark.parametrize("architecture", ["llama", "qwen2", "qwen3"])
def test_gguf_sizes(architecture):
    config = _load(_metadata(architecture))
    assert config.model_type == architecture and config.architectures == [type(config).__name__[:-6] + "ForCausalLM"]
    assert (config.hidden_size, config.intermediate_size, config.num_hidden_layers) == (64, 128, 2)
    assert (config.num_attention_heads, config.num_key_value_heads, config.vocab_size) == (4, 2, 10)
    assert config.max_position_embeddings == 4096 and config.rms_norm_eps == 1e-5
    assert config.rope_parameters == {"rope_type": "default", "rope_theta": 10000.0}
    assert getattr(config, "head_dim", 16) == 16 and not config.tie_word_embeddings
    assert config.eos_token_id is None and config.bos_token_id is None


def test_gguf_head_sizes():
    assert (
        _load(_metadata(attention__key_length=32, attention__value_length=32, rope__dimension_count=32)).head_dim == 32
    )
    assert _load(_metadata("qwen3", attention__key_length=8, rope__dimension_count=None)).head_dim == 8
    assert _load(_metadata(attention__head_count_kv=None)).num_key_value_heads == 4
    assert _load(_metadata(attention__head_count=[4, 4])).num_attention_heads == 4
    for changes in (
        {"attention__value_length": 8},
        {"rope__dimension_count": 8, "attention__key_length": 16},
        {"attention__head_count_kv": [2, 4]},
    ):
        with pytest.raises(UnsupportedError):
            _load(_metadata(**changes))
    with pytest.raises(CheckpointError, match="llama.expert_used_count is missing"):
        _load(_metadata(expert_count=8))
    assert config_from_gguf(_metadata(expert_count=8, expert_used_count=2))["model_type"] == "mixtral"
    with pytest.raises(UnsupportedError):
        _load(_metadata("qwen2", attention__key_length=32, rope__dimension_count=32))


def test_gguf_tokens_and_tying():
    config = _load(
        _metadata(
            tokenizer__ggml__eos_token_id=3, tokenizer__ggml__bos_token_id=1, tokenizer__ggml__padding_token_id=0
        ),
        names=["token_embd.weight"],
    )
    assert (config.eos_token_id, config.bos_token_id, config.pad_token_id) == (3, 1, 0) and config.tie_word_embeddings
    assert _load(_metadata(vocab_size=77)).vocab_size == 77
    assert _load(_metadata(tokenizer__ggml__tokens=12)).vocab_size == 12


def test_gguf_biases():
    assert not _load(_metadata()).attention_bias
    names = [f"blk.0.attn_{part}.bias" for part in ("q", "k", "v", "output")]
    assert _load(_metadata(), names).attention_bias and not _load(_metadata(), names).mlp_bias
    assert _load(_metadata(), [f"blk.0.ffn_{part}.bias" for part in ("gate", "up", "down")]).mlp_bias
    with pytest.raises(UnsupportedError, match="biases on attn_q, attn_k only"):
        _load(_metadata(), names[:2])


def test_gguf_sliding_window():
    config = _load(_metadata(attention__sliding_window=128))
    assert isinstance(config, MistralConfig) and config.sliding_window == 128
    assert _load(_metadata(general__name="Mistral")).sliding_window is None
    qwen = _load(_metadata("qwen3", attention__sliding_window=128))
    assert qwen.sliding_window == 128 and qwen.layer_types == ["sliding_attention"] * 2


def test_gguf_rope_scaling():
    def rope(**changes):
        return _load(_metadata(**changes)).rope_parameters

    assert rope(rope__freq_base=None)["rope_theta"] == 10000.0
    assert rope(rope__scaling__type="none") == {"rope_type": "default", "rope_theta": 10000.0}
    linear = {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0}
    assert rope(rope__scaling__type="linear", rope__scaling__factor=4.0) == linear
    assert rope(rope__scale_linear=4.0) == linear
    yarn = rope(
        rope__scaling__type="yarn",
        rope__scaling__factor=4.0,
        rope__scaling__original_context_length=1024,
        rope__scaling__yarn_beta_fast=16.0,
    )
    assert yarn == {
        "rope_type": "yarn",
        "rope_theta": 10000.0,
        "factor": 4.0,
        "original_max_position_embeddings": 1024,
        "beta_fast": 16.0,
    }
    scaled = rope(rope__scaling__type="yarn", rope__scaling__factor=4.0, rope__scaling__attn_factor=2.0)
    assert scaled["attention_factor"] == pytest.approx(2.0 * (0.1 * math.log(4.0) + 1.0))
    for kind in ("longrope", "nothing"):
        with pytest.raises(UnsupportedError, match=kind):
            rope(rope__scaling__type=kind, rope__scaling__factor=4.0)


def test_gguf_frequency_factors():
    """Llama 3's are recognised; any others become `longrope` with exactly these divisors and no other effect."""
    llama3 = {
        "rope_type": "llama3",
        "rope_theta": 500000.0,
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    }
    metadata = _metadata(rope__freq_base=500000.0, context_length=131072)
    factors = _llama3_factors(llama3, 500000.0, 16)
    assert factors[0] == 1.0 and factors[-1] == 8.0  # short waves as they are, long ones stretched
    assert _load(metadata, factors=factors).rope_parameters == llama3
    odd = [1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5]
    rope = _load(metadata, factors=odd).rope_parameters
    assert rope["rope_type"] == "longrope" and rope["short_factor"] == rope["long_factor"] == odd
    assert rope["attention_factor"] == 1.0
    assert _load(metadata, factors=[1.0] * 8).rope_parameters["rope_type"] == "default"
    with pytest.raises(CheckpointError, match="rope_freqs.weight: has 3 values, needed 8"):
        _load(metadata, factors=[1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    "key", sorted(key for key in _metadata() if key not in ("general.architecture", "llama.rope.freq_base"))
)
@pytest.mark.parametrize("value", [None, "text", [1, "x"], -1, 0, True, 2**60, 1.5, float("nan")])
def test_gguf_damaged_metadata(key, value):
    metadata = _metadata()
    if value is None:
        del metadata[key]
    else:
        metadata[key] = value
    try:
        _load(metadata)
    except Error:
        pass


def test_gguf_unknown_architecture():
    for architecture in ("starcoder", None, 3):
        with pytest.raises(UnsupportedModelError, match="GGUF model with architecture .* is not supported yet"):
            config_from_gguf({"general.architecture": architecture})


def test_base_class_keeps_the_model_type_of_an_unknown_family(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "novel", "depth": 3}')
    config = PreTrainedConfig.from_pretrained(tmp_path)
    assert config.model_type == "novel" and config.depth == 3
    assert json.loads(config.to_json_string())["model_type"] == "novel"
