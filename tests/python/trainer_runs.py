"""A small run of Trainer that tests stop, kill and resume; as a script, one process of it.

    python trainer_runs.py FOLDER STEPS [KILL_AT]

trains in FOLDER, resuming from the last checkpoint there, and writes FOLDER/final.json at the end. With KILL_AT, the
process kills itself at that call of fsync, rename or open-for-writing inside of a save.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys

import numpy as np


def model(seed: int = 0):
    import eigenformers as ef

    config = ef.AutoConfig.for_model(
        "llama", vocab_size=40, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, max_position_embeddings=32, attention_dropout=0.1,
    )  # fmt: skip
    ef.set_seed(seed)
    return ef.AutoModelForCausalLM.from_config(config)


def rows(count: int = 22):
    rng = np.random.RandomState(0)
    made = [rng.randint(1, 40, 8).tolist() for _ in range(count)]
    return [{"input_ids": ids, "labels": ids} for ids in made]


def trainer(folder: str, seed: int = 0, data=None, options=None, **changes):
    """A Trainer with dropout, shuffling, noise on embeddings, accumulation and saves at every step."""
    import eigenformers as ef

    values = {
        "output_dir": folder, "per_device_train_batch_size": 2, "gradient_accumulation_steps": 2, "max_steps": 14,
        "learning_rate": 5e-3, "logging_steps": 3, "save_steps": 1, "neftune_noise_alpha": 2.0, "disable_tqdm": True,
        "lr_scheduler_type": "cosine", "warmup_steps": 3, "seed": 5, **changes,
    }  # fmt: skip
    made = ef.Trainer(
        model(seed), ef.TrainingArguments(**values), train_dataset=rows() if data is None else data, **(options or {})
    )
    made.remove_callback(ef.PrinterCallback)
    return made


def fingerprint(made) -> dict:
    """Every bit of weights and optimizer, and what was logged."""
    digest = hashlib.sha256()
    for name, value in sorted(made.model.state_dict().items()):
        digest.update(name.encode() + value.contiguous().numpy().tobytes())
    for index, values in sorted(made.optimizer.state_dict()["state"].items()):
        for name, value in sorted(values.items()):
            bits = value.contiguous().numpy().tobytes() if hasattr(value, "numpy") else repr(value).encode()
            digest.update(f"{index} {name}".encode() + bits)
    keep = ("loss", "grad_norm", "learning_rate", "epoch", "step", "eval_loss")
    log = [{k: row[k] for k in keep if k in row} for row in made.state.log_history if "train_runtime" not in row]
    return {"bits": digest.hexdigest(), "log": log}


def _kill_at(call: int) -> None:
    """SIGKILL at a call of the functions that a save is made of."""
    import builtins
    import ctypes

    left = [call]

    def counted(function, only=lambda *a: True):
        def wrapper(*args, **kwargs):
            if only(*args):
                left[0] -= 1
                if left[0] <= 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)

        return wrapper

    for name in ("fsync", "rename", "replace", "mkdir"):
        setattr(os, name, counted(getattr(os, name)))
    builtins.open = counted(builtins.open, lambda *a: len(a) > 1 and "w" in str(a[1]))
    ctypes.CDLL  # noqa: B018 (the exchange of two folders is one call, which can't be cut)


def main() -> None:
    folder, steps = sys.argv[1], int(sys.argv[2])
    from eigenformers.trainer.checkpoint_folders import last_complete_checkpoint

    made = trainer(folder, seed=os.getpid() % 97, max_steps=steps, save_total_limit=1)
    if len(sys.argv) > 3:
        _kill_at(int(sys.argv[3]))
    last = last_complete_checkpoint(folder)
    made.train(resume_from_checkpoint=last) if last else _first(folder, made)
    with open(os.path.join(folder, "final.json"), "w", encoding="utf-8") as file:
        json.dump(fingerprint(made), file)


def _first(folder: str, made) -> None:
    made.model.load_state_dict(model(0).state_dict())  # a first run begins with the weights that all begin with
    made._set_seed()
    made.train()


if __name__ == "__main__":
    main()
