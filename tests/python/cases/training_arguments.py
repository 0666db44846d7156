"""Training arguments: defaults, what follows from what, errors; the command-line parser."""

from __future__ import annotations

import dataclasses
import json
from enum import Enum

CHANGES = {
    "plain": {},
    "steps": {"eval_strategy": "steps", "logging_steps": 50},
    "epoch": {"eval_strategy": "epoch", "save_strategy": "epoch", "load_best_model_at_end": True},
    "metric": {"metric_for_best_model": "f1"},
    "plateau": {"lr_scheduler_type": "reduce_lr_on_plateau", "eval_strategy": "epoch"},
    "checkpointing": {"activation_checkpointing": True, "activation_checkpointing_kwargs": '{"use_reentrant": false}'},
    "tokens": {"include_num_input_tokens_seen": True},
    "whole_steps": {"save_steps": 20.0, "logging_steps": 10.0},
}
ERRORS = {
    "strategy": {"eval_strategy": "sometimes"},
    "schedule": {"lr_scheduler_type": "triangular"},
    "optim": {"optim": "adamax"},
    "logging_steps": {"logging_steps": 0},
    "fraction": {"save_steps": 10.5},
    "best": {"load_best_model_at_end": True, "eval_strategy": "epoch", "save_strategy": "steps"},
    "multiple": {"load_best_model_at_end": True, "eval_strategy": "steps", "eval_steps": 3, "save_steps": 4},
    "shares": {"load_best_model_at_end": True, "eval_strategy": "steps", "eval_steps": 0.3, "save_steps": 0.4},
    "mixed": {"load_best_model_at_end": True, "eval_strategy": "steps", "eval_steps": 0.3, "save_steps": 4},
    "both": {"bf16": True, "fp16": True},
    "both_eval": {"bf16_full_eval": True, "fp16_full_eval": True},
    "plateau": {"lr_scheduler_type": "reduce_lr_on_plateau"},
    "greedy": {"lr_scheduler_type": "greedy"},
    "warmup": {"warmup_steps": -1},
    "prefetch": {"dataloader_prefetch_factor": 2},
    "empty_cache": {"torch_empty_cache_steps": 0},
    "hub": {"hub_strategy": "never"},
}


def _plain(value):
    if isinstance(value, Enum):
        return value.value
    return value if value is None or isinstance(value, (bool, int, float, str, list, dict)) else str(value)


def _shown(args):
    skipped = {"accelerator_config", "torch_compile_backend"}
    return {f.name: _plain(getattr(args, f.name)) for f in dataclasses.fields(args) if f.init and f.name not in skipped}


def case_fields(lib):
    made = {n: lib.TrainingArguments("out", use_cpu=True, **change) for n, change in CHANGES.items()}
    return {name: _shown(args) for name, args in made.items()}


def case_derived(lib):
    args = lib.TrainingArguments("out", use_cpu=True, warmup_steps=0.1, push_to_hub=False, hub_token="secret")
    return {
        "warmup": [args.get_warmup_steps(n) for n in (5, 100, 101)],
        "sizes": [args.train_batch_size, args.eval_batch_size, args.world_size, args.n_gpu],
        "token": args.to_dict()["hub_token"],
        "json": json.loads(args.to_json_string())["learning_rate"],
        "hidden": "secret" in repr(args) or "secret" in args.to_json_string(),
        "device": str(args.device),
    }


def case_setters(lib):
    args = lib.TrainingArguments("out", use_cpu=True)
    args = args.set_training(learning_rate=1e-4, batch_size=32).set_evaluate(strategy="steps", steps=100, delay=0)
    args = args.set_save(strategy="epoch", total_limit=3).set_optimizer(name="sgd", beta1=0.8)
    args = args.set_lr_scheduler(name="cosine", warmup_steps=0.05).set_dataloader(train_batch_size=16, num_workers=2)
    return _shown(args.set_testing(batch_size=4))


def case_errors(lib):
    out = {}
    for name, change in ERRORS.items():
        try:
            lib.TrainingArguments("out", use_cpu=True, **change)
        except Exception as error:  # noqa: BLE001
            text = str(error)
            for kind in ("IntervalStrategy", "SaveStrategy"):
                for member in ("NO", "STEPS", "EPOCH", "BEST"):
                    text = text.replace(f"{kind}.{member}", member.lower())
            out[name] = [type(error).__name__, text]
    return out


def case_parser(lib):
    parse = lib.HfArgumentParser(lib.TrainingArguments).parse_args_into_dataclasses
    lines = {
        "few": ["--output_dir", "x", "--learning-rate", "1e-3", "--bf16_full_eval", "--eval_strategy", "steps"],
        "lists": ["--label_names", "a", "b", "--include_for_metrics", "inputs", "loss"],
        "flags": ["--disable_tqdm", "true", "--no_dataloader_pin_memory", "--gradient_checkpointing"],
        "dicts": ["--lr_scheduler_kwargs", '{"num_cycles": 2}', "--optim", "sgd", "--warmup_steps", "0.1"],
    }
    return {name: _shown(parse(["--use_cpu", *line], look_for_args_file=False)[0]) for name, line in lines.items()}
