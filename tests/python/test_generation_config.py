"""GenerationConfig beyond what the golden cases compare: bad files, unsupported parameters, saving."""

from __future__ import annotations

import json
import os
import random

import eigenformers as ef
import pytest
from eigenformers.generation import configuration, support

pytest.importorskip("huggingface_hub")  # reads the environment when it is imported: before a test changes it
from hub_server import TOKEN, HubServer


def test_every_parameter_of_the_file_format_is_known():
    names = [name for group in configuration.PARAMETERS.values() for name in group]
    assert len(names) == len(set(names))
    assert set(configuration.DEFAULTS) <= set(names)


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "\xff\xfe", "[" * 5000, '"top_k"'])
def test_a_broken_file_is_an_os_error_that_names_it(tmp_path, text):
    (tmp_path / "generation_config.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(OSError, match="generation_config.json"):
        ef.GenerationConfig.from_pretrained(tmp_path)


def test_a_parameter_of_the_wrong_type_is_a_value_error_that_names_the_file(tmp_path):
    (tmp_path / "generation_config.json").write_text('{"max_new_tokens": "many"}')
    with pytest.raises(ValueError, match="generation_config.json"):
        ef.GenerationConfig.from_pretrained(tmp_path)


def test_mutated_files_give_a_config_or_a_typed_error(tmp_path):
    rng = random.Random(5)
    names = [name for group in configuration.PARAMETERS.values() for name in group]
    names += ["__class__", "__dict__", "to_dict", "validate", "_from_model_config", "transformers_version", "", "x"]
    values = [None, True, -1, 0, 1, 2**70, 1e308, -0.5, "", "a", [], [1], [[1]], [[]], {}, {"a": 1}, {"dtype": 3}]
    path = tmp_path / "generation_config.json"
    read = 0
    for _ in range(int(os.environ.get("EF_FUZZ_ITERATIONS", 300))):
        text = json.dumps({rng.choice(names): rng.choice(values) for _ in range(rng.randint(0, 6))})
        if rng.random() < 0.3:
            position = rng.randrange(len(text))
            text = text[:position] + rng.choice('{}[]",:0\\x') + text[position + rng.randint(0, 2) :]
        path.write_text(text)
        try:
            config = ef.GenerationConfig.from_pretrained(tmp_path)
            config.to_json_string(), repr(config), config.get_generation_mode()
            read += 1
        except (OSError, ValueError):
            pass
    assert read > 20


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(OSError):
        ef.GenerationConfig.from_pretrained(tmp_path)


def test_an_unchanged_invalid_file_can_be_saved_back(tmp_path):
    (tmp_path / "generation_config.json").write_text('{"temperature": 0.3}')
    config = ef.GenerationConfig.from_pretrained(tmp_path)
    config.save_pretrained(tmp_path / "copy")
    config.temperature = 0.4
    with pytest.raises(ValueError, match="temperature"):
        config.save_pretrained(tmp_path / "changed")


def test_unknown_keys_of_a_file_survive(tmp_path):
    (tmp_path / "generation_config.json").write_text('{"lang_to_id": {"<|en|>": 5}, "_commit_hash": "x"}')
    config = ef.GenerationConfig.from_pretrained(tmp_path)
    assert config.lang_to_id == {"<|en|>": 5}
    config.save_pretrained(tmp_path / "copy")
    written = json.loads((tmp_path / "copy" / "generation_config.json").read_text())
    assert written["lang_to_id"] == {"<|en|>": 5} and "_commit_hash" not in written


def test_a_path_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AssertionError, match="should be a directory, not a file"):
        ef.GenerationConfig().save_pretrained(tmp_path / "file")


def test_watermarking_and_compile_configs_are_carried(tmp_path):
    config = ef.GenerationConfig(watermarking_config={"bias": 3.0}, compile_config=ef.CompileConfig(dynamic=True))
    assert isinstance(config.watermarking_config, ef.WatermarkingConfig) and config.watermarking_config.bias == 3.0
    config.save_pretrained(tmp_path)
    back = ef.GenerationConfig.from_pretrained(tmp_path)
    assert back.watermarking_config == config.watermarking_config and back.compile_config is None
    with pytest.raises(ValueError, match="sampling_table_size"):
        ef.SynthIDTextWatermarkingConfig(ngram_len=2, keys=[1], sampling_table_size=2**25).validate()


@pytest.mark.parametrize("name", support.REFUSED)
def test_what_is_not_computed_is_refused_by_name(name):
    config = ef.GenerationConfig()
    setattr(config, name, 7)
    with pytest.raises(ef.UnsupportedError, match=name):
        support.check_supported(config)


def test_defaults_are_supported():
    support.check_supported(ef.GenerationConfig(**ef.GenerationConfig._get_default_generation_params()))
    support.check_supported(ef.GenerationConfig(cache_implementation="static", compile_config=ef.CompileConfig()))
    with pytest.raises(ef.UnsupportedError, match="paged"):
        support.check_supported(ef.GenerationConfig(cache_implementation="paged"))


def test_pushed_and_read_from_the_hub(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    with HubServer() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        config = ef.GenerationConfig(max_new_tokens=5, do_sample=True, top_p=0.9)
        config.push_to_hub("owner/generation", token=TOKEN)
        assert ef.GenerationConfig.from_pretrained("owner/generation", token=TOKEN) == config
        config.top_p = 0.8
        config.save_pretrained(tmp_path / "folder", push_to_hub=True, repo_id="owner/other", token=TOKEN)
        assert ef.GenerationConfig.from_pretrained("owner/other", token=TOKEN).top_p == 0.8


@pytest.mark.parametrize(
    "values, text",
    [
        ({"temperature": 0.0, "do_sample": True}, "set `do_sample=False`"),
        ({"top_k": -1, "do_sample": True}, "`top_k` has to be"),
        ({"top_p": -0.1, "do_sample": True}, "`top_p` has to be"),
        ({"min_p": 1.5, "do_sample": True}, "`min_p` has to be"),
        ({"top_h": 0.0, "do_sample": True}, "`top_h` must be"),
        ({"typical_p": 0.0, "do_sample": True}, "`typical_p` has to be"),
        ({"repetition_penalty": -1.0}, "`penalty` has to be"),
        ({"bad_words_ids": [1]}, "`bad_words_ids` has to be"),
        ({"sequence_bias": {(1,): "x"}}, "`sequence_bias` has to be"),
        ({"min_new_tokens": -1}, "`min_new_tokens` has to be"),
        ({"min_length": -1}, "`min_length` has to be"),
        ({"forced_eos_token_id": -1}, "`eos_token_id` has to be"),
    ],
)
def test_values_that_no_processor_takes(values, text):
    with pytest.raises(ValueError, match=text):
        support.check_supported(ef.GenerationConfig(**values))


def test_values_that_switch_a_processor_off():
    off = {"temperature": 1, "top_k": 0, "top_p": 1.0, "typical_p": 1.0, "repetition_penalty": 1, "min_length": 0}
    support.check_supported(ef.GenerationConfig(do_sample=True, **off))
