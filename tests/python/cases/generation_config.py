"""GenerationConfig: defaults, files, updates, modes, and every error and warning text."""

from __future__ import annotations

import json
import logging as python_logging
import os
import tempfile

_FULL = {
    "max_new_tokens": 12,
    "min_length": 2,
    "do_sample": True,
    "temperature": 0.6,
    "top_k": 7,
    "top_p": 0.9,
    "min_p": 0.05,
    "bad_words_ids": [[1, 2], [3]],
    "eos_token_id": [2, 5],
    "pad_token_id": 0,
    "stop_strings": ["a", "b"],
    "suppress_tokens": [4],
    "exponential_decay_length_penalty": [3, 1.1],
    "return_dict_in_generate": True,
    "output_scores": True,
    "my_own_key": {"nested": [1, 2]},
}


def _without_version(text):
    values = json.loads(text)
    values.pop("transformers_version", None)
    return values


def case_defaults(lib):
    config = lib.GenerationConfig()
    values = config.to_dict()
    values.pop("transformers_version")
    return {
        "values": values,
        "diff": sorted(config.to_diff_dict()),
        "in_generate": config._get_default_generation_params(),
        "repr": repr(config),
        "equal": config == lib.GenerationConfig(),
        "other": config == lib.GenerationConfig(top_k=3),
        "foreign": config == 3,
    }


def case_json(lib):
    config = lib.GenerationConfig(**_FULL)
    biased = lib.GenerationConfig(sequence_bias={(1, 2): -1.0, (3,): 2.0})
    return {
        "diff": _without_version(config.to_json_string()),
        "all": _without_version(config.to_json_string(use_diff=False)),
        "bare": config.to_json_string(ignore_metadata=True),
        "popped": config.to_json_string(ignore_metadata=True, keys_to_pop=["top_k", "absent"]),
        "repr": repr(config),
        "bias": biased.to_json_string(ignore_metadata=True),
    }


def case_files(lib):
    with tempfile.TemporaryDirectory() as folder:
        config = lib.GenerationConfig(**_FULL)
        config.save_pretrained(folder)
        config.save_pretrained(folder, "other.json")
        read = lib.GenerationConfig.from_pretrained(folder)
        other = lib.GenerationConfig.from_pretrained(folder, "other.json", top_k=99)
        part, unused = lib.GenerationConfig.from_pretrained(
            folder, top_k=3, foo=False, do_sample=True, return_unused_kwargs=True
        )
        with open(os.path.join(folder, "generation_config.json"), encoding="utf-8") as file:
            written = file.read()
        return {
            "files": sorted(os.listdir(folder)),
            "written": _without_version(written),
            "ends_with_newline": written.endswith("}\n"),
            "equal": read == config,
            "other": other.top_k,
            "part": [part.top_k, part.top_p, getattr(part, "foo", "absent")],
            "unused": unused,
        }


def case_from_model_config(lib):
    model = {
        "model_type": "llama",
        "hidden_size": 8,
        "eos_token_id": 2,
        "bos_token_id": 1,
        "pad_token_id": None,
        "output_attentions": True,
        "num_beams": 1,
        "text_config": {"eos_token_id": 9, "max_length": 33, "temperature": None},
    }
    bos = {"bos_token_id": 4, "force_bos_token_to_be_generated": True}
    results = {}
    for name, values in (("model", model), ("bos", bos)):
        config = lib.GenerationConfig.from_model_config(dict(values))
        results[name] = config.to_json_string(ignore_metadata=True)
        results[name + "_flag"] = config._from_model_config
    return results


def case_update(lib):
    config = lib.GenerationConfig(top_k=5)
    rest = config.update(top_k=6, unknown=1, max_new_tokens=4)
    defaults = config.update(defaults_only=True, top_k=7, do_sample=True)
    custom = config.update(allow_custom_entries=True, unknown=2)
    return {
        "rest": rest,
        "defaults": defaults,
        "custom": custom,
        "values": [config.top_k, config.max_new_tokens, config.do_sample, config.unknown],
    }


def case_modes(lib):
    settings = [
        {},
        {"do_sample": True},
        {"num_beams": 3},
        {"num_beams": 3, "do_sample": True},
        {"num_beams": 4, "num_beam_groups": 2},
        {"penalty_alpha": 0.6, "top_k": 4},
        {"penalty_alpha": 0.6, "top_k": 1},
        {"prompt_lookup_num_tokens": 3},
        {"dola_layers": "high"},
        {"force_words_ids": [[1]]},
        {"num_beams": 3, "prompt_lookup_num_tokens": 3},
    ]
    modes = [lib.GenerationConfig(**kwargs).get_generation_mode() for kwargs in settings]
    assisted = lib.GenerationConfig(do_sample=True).get_generation_mode(assistant_model=object())
    return [mode.value for mode in [*modes, assisted]] + [modes[0] == "greedy_search"]


_INVALID = [
    {"early_stopping": "sometimes"},
    {"max_new_tokens": 0},
    {"assistant_ensemble_weight": 1.0},
    {"cache_implementation": "magic"},
    {"compile_config": {"mode": "x"}},
    {"watermarking_config": {"seeding_scheme": "none"}},
    {"watermarking_config": {"context_width": 0}},
    {"num_return_sequences": 2},
    {"num_return_sequences": 4, "num_beams": 3},
    {"suppress_tokens": [1, 2], "forced_eos_token_id": 2},
    {"suppress_tokens": [1, 2, 3], "forced_bos_token_id": [2, 3]},
    {"streamer": 1},
    {"logits_processor": []},
    {"temperature": 0.5, "early_stopping": True},
    {"do_sample": False, "top_k": 3, "top_p": 0.5, "min_p": 0.1, "typical_p": 0.3, "epsilon_cutoff": 0.1},
    {"eta_cutoff": 0.1, "top_h": 0.4, "length_penalty": 2.0},
    {"use_cache": False, "cache_implementation": "static", "cache_config": {}},
    {"output_scores": True, "output_logits": True},
    {"pad_token_id": -1},
]


def case_errors(lib):
    """The text of the error; for what is only logged, the text that strict validation raises."""
    texts = []
    for kwargs in _INVALID:
        try:
            lib.GenerationConfig(**kwargs).validate(strict=True)
            texts.append(None)
        except ValueError as error:
            texts.append(str(error))
    return texts


def case_warnings(lib):
    """What is logged: who sets the mode explicitly hears nothing about flags inherited from a model's file."""
    records = []

    class Collect(python_logging.Handler):
        def emit(self, record):
            records.append(f"{record.levelname}: {record.getMessage()}")

    handler = Collect()
    logger = python_logging.getLogger(lib.__name__.split(".")[0])
    logger.addHandler(handler)
    try:
        found = []
        for step in (
            lambda: lib.GenerationConfig(temperature=0.31),
            lambda: lib.GenerationConfig(do_sample=False, temperature=0.32),
            lambda: lib.GenerationConfig(do_sample=True, temperature=0.33).update(do_sample=False),
            lambda: lib.GenerationConfig(do_sample=True, temperature=0.34).update(do_sample=False, top_p=0.35),
            lambda: lib.GenerationConfig(output_logits=True),
            lambda: lib.GenerationConfig(max_cache_len=8),
        ):
            records.clear()
            for once in ("warning_once", "info_once"):  # what earlier tests logged must be logged again
                getattr(python_logging.Logger, once).cache_clear()
            step()
            found.append(list(records))
    finally:
        logger.removeHandler(handler)
    return found


def case_save_refuses_invalid(lib):
    with tempfile.TemporaryDirectory() as folder:
        try:
            lib.GenerationConfig(temperature=0.5).save_pretrained(folder)
        except ValueError as error:
            return [str(error), os.listdir(folder)]
    return None
