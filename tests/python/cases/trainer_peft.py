"""Trainer on adapters: what is logged, step by step."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path

import numpy as np

_spec = importlib.util.spec_from_file_location("cases_trainer", Path(__file__).parent / "trainer.py")
_cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_cases)


def adapted(lib, family="llama", **changes):
    """A LoRA model whose B begins with numbers other than zero, the same in both libraries."""
    peft = importlib.import_module("peft" if lib.__name__ == "transformers" else "eigenformers.peft")
    options = {"r": 4, "lora_alpha": 8, "target_modules": "all-linear", "task_type": "CAUSAL_LM", **changes}
    made = peft.get_peft_model(_cases.model(lib, family), peft.LoraConfig(**options))
    trained = sorted((name, p) for name, p in made.named_parameters() if "lora_" in name and "magnitude" not in name)
    for index, (_, parameter) in enumerate(trained):
        draw = np.random.RandomState(1000 + index).standard_normal(tuple(parameter.shape)).astype(np.float32) * 0.1
        parameter.data.copy_(_cases.torch_of(lib).from_numpy(draw))
    return made


def case_lora(lib):
    """32 steps, and the variants of LoRA."""
    return {
        "lora": _cases.run(lib, adapted(lib), max_steps=32),
        "qwen3": _cases.run(lib, adapted(lib, "qwen3", target_modules=["q_proj", "v_proj"]), max_steps=12),
        "rslora": _cases.run(lib, adapted(lib, use_rslora=True)),
        "dropout": _cases.run(lib, adapted(lib, lora_dropout=0.2)),
        "accumulated": _cases.run(lib, adapted(lib), gradient_accumulation_steps=2, max_steps=6),
        "sgd": _cases.run(lib, adapted(lib), optim="sgd", learning_rate=0.1),
    }
