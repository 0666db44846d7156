"""A resumed run ends with the bits of one that never stopped."""

from __future__ import annotations

import json
import os
import shutil

import eigenformers as ef
import pytest
from eigenformers.utils.data import IterableDataset
from trainer_runs import fingerprint, rows, trainer


def resumed(folder, step, seed=9, **changes):
    """The end of a run that goes on after `step`, in a Trainer that starts from other weights and other draws."""
    made = trainer(str(folder), seed=seed, **{**changes, "save_strategy": "no"})
    ef.set_seed(seed + 100)
    made.train(resume_from_checkpoint=os.path.join(folder, f"checkpoint-{step}"))
    return fingerprint(made)


class SaveAt(ef.TrainerCallback):
    """Saves at some steps only: waiting for the disk is what these tests would spend their time with."""

    def __init__(self, *steps):
        self.steps = steps

    def on_step_end(self, args, state, control, **kwargs):
        control.should_save = state.global_step in self.steps
        return control


@pytest.fixture(autouse=True, scope="module")
def no_waiting_for_the_disk():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    made = trainer(str(folder))
    made.train()
    return folder, fingerprint(made)


@pytest.mark.parametrize("step", [1, 4, 5, 6, 7, 11, 13, 14])
def test_at_any_step(whole, step, tmp_path):
    """22 rows, batches of 2, 2 a step: epochs of 6 steps, the last of them with one batch; 14 is the end."""
    folder, wanted = whole
    shutil.copytree(folder / f"checkpoint-{step}", tmp_path / f"checkpoint-{step}")
    assert resumed(tmp_path, step) == wanted


def test_with_another_number_of_threads(whole, tmp_path):
    folder, wanted = whole
    shutil.copytree(folder / "checkpoint-8", tmp_path / "checkpoint-8")
    before = ef.get_num_threads()
    try:
        ef.set_num_threads(1 if before > 1 else 2)
        assert resumed(tmp_path, 8) == wanted
    finally:
        ef.set_num_threads(before)


def test_the_last_one_of_a_folder(whole, tmp_path):
    folder, wanted = whole
    for step in (3, 10):
        shutil.copytree(folder / f"checkpoint-{step}", tmp_path / f"checkpoint-{step}")
    os.remove(tmp_path / "checkpoint-10" / "trainer_state.json")  # another program's, half-written
    made = trainer(str(tmp_path), seed=4)
    made.train(resume_from_checkpoint=True)
    assert fingerprint(made) == wanted and (tmp_path / "checkpoint-14").is_dir()


class Stream(IterableDataset):
    def __iter__(self):
        return iter(rows())


CASES = {
    "by_length": {"train_sampling_strategy": "group_by_length"},
    "workers": {"dataloader_num_workers": 3},
    "global_order": {"accelerator_config": {"use_seedable_sampler": False}},
    "sgd": {"optim": "sgd", "optim_args": "momentum=0.9"},
    "adafactor": {"optim": "adafactor"},
    "ademamix": {"optim": "ademamix"},
    "eight_bit": {"optim": "adamw_8bit"},
    "eight_bit_mixed": {"optim": "ademamix_8bit", "optim_args": "t_alpha=5"},
    "schedule_free": {"optim": "schedule_free_adamw", "lr_scheduler_type": "constant"},
    "schedule_free_radam": {"optim": "schedule_free_radam", "lr_scheduler_type": "constant"},
    "stable": {"optim": "stable_adamw", "optim_args": "kahan_sum=True"},
    "low_rank": {
        "optim": "galore_adamw", "optim_target_modules": "all-linear", "optim_args": "rank=4,update_proj_gap=3",
    },
    "low_rank_factored": {
        "optim": "galore_adafactor", "optim_target_modules": "all-linear", "optim_args": "rank=4,update_proj_gap=3",
    },
    "low_rank_bytes": {
        "optim": "galore_adamw_8bit_layerwise", "optim_target_modules": "all-linear", "optim_args": "rank=4",
        "gradient_accumulation_steps": 1,
    },
    "random_directions": {
        "optim": "apollo_adamw", "optim_target_modules": "all-linear", "optim_args": "rank=4,update_proj_gap=2",
    },
    "apollo_layerwise": {
        "optim": "apollo_adamw_layerwise", "optim_target_modules": "all-linear", "optim_args": "rank=4",
        "gradient_accumulation_steps": 1,
    },
    "grokadamw": {"optim": "grokadamw"},
    "adalomo": {"optim": "adalomo"},
    "recomputed": {"activation_checkpointing": True},
    "bf16": {"bf16": True},
    "epochs": {"save_strategy": "epoch", "num_train_epochs": 3, "max_steps": -1, "eval_strategy": "epoch"},
    "evaluations": {"eval_strategy": "epoch"},
    "plateau": {
        "lr_scheduler_type": "reduce_lr_on_plateau", "lr_scheduler_kwargs": {"patience": 0}, "eval_strategy": "steps",
        "eval_steps": 2,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_other_runs(name, tmp_path):
    options = {"options": {"eval_dataset": rows(5)}}
    made = trainer(str(tmp_path), **options, **CASES[name])
    if name != "epochs":
        made.add_callback(SaveAt(5, 6))
    made.train()
    wanted = fingerprint(made)
    for step in (6, 12) if name == "epochs" else (5, 6):
        assert resumed(tmp_path, step, **options, **CASES[name]) == wanted


def test_streams(tmp_path):
    made = trainer(str(tmp_path), data=Stream())
    made.add_callback(SaveAt(4))
    made.train()
    assert resumed(tmp_path, 4, data=Stream()) == fingerprint(made)


class Masks:
    """A tokenizer for the masking collator."""

    mask_token, pad_token, pad_token_id, padding_side = "[MASK]", "[PAD]", 0, "right"

    def __len__(self):
        return 40

    def convert_tokens_to_ids(self, token):
        return 1

    def get_special_tokens_mask(self, ids, already_has_special_tokens=False):
        return [0] * len(ids)

    def save_pretrained(self, folder):
        pass


@pytest.mark.parametrize("seed", [None, 3])
@pytest.mark.parametrize("workers", [0, 2])
def test_random_collators(seed, workers, tmp_path):
    data = [row["input_ids"] for row in rows()]

    def options():
        collator = ef.DataCollatorForLanguageModeling(Masks(), mlm_probability=0.3, seed=seed)
        return {"data": data, "options": {"data_collator": collator}, "dataloader_num_workers": workers}

    made = trainer(str(tmp_path), **options())
    made.add_callback(SaveAt(5))
    made.train()
    assert resumed(tmp_path, 5, **options()) == fingerprint(made)


def test_callbacks_keep_their_state(tmp_path):
    """Patience that was used up before the stop counts after it."""

    def options():
        return {
            "options": {"eval_dataset": rows(5), "callbacks": [ef.EarlyStoppingCallback(3)]}, "max_steps": 30,
            "eval_strategy": "steps", "eval_steps": 1, "load_best_model_at_end": True, "learning_rate": 0.3,
            "restore_callback_states_from_checkpoint": True,
        }  # fmt: skip

    made = trainer(str(tmp_path), **options())
    made.train()
    last = made.state.global_step
    assert last < 30
    again = trainer(str(tmp_path), seed=8, **options())
    again.train(resume_from_checkpoint=str(tmp_path / f"checkpoint-{last - 1}"))
    assert again.state.global_step == last and fingerprint(again)["log"] == fingerprint(made)["log"]


def test_ignore_data_skip(whole, tmp_path):
    folder, wanted = whole
    shutil.copytree(folder / "checkpoint-4", tmp_path / "checkpoint-4")
    made = trainer(str(tmp_path), ignore_data_skip=True)
    made.train(resume_from_checkpoint=str(tmp_path / "checkpoint-4"))
    assert made.state.global_step == 14 and fingerprint(made)["bits"] != wanted["bits"]


def test_files_of_a_checkpoint(whole):
    folder, _ = whole
    found = set(os.listdir(folder / "checkpoint-3"))
    assert found == {
        "config.json", "generation_config.json", "model.safetensors", "optimizer.json", "optimizer.safetensors",
        "scheduler.json", "rng_state.json", "rng_state.safetensors", "trainer_state.json", "training_args.json",
    }  # fmt: skip
    assert not [name for name in os.listdir(folder) if name.startswith(".")]


@pytest.mark.parametrize("name", ["trainer_state.json", "optimizer.json", "optimizer.safetensors", "model.safetensors"])
def test_damaged_files(whole, tmp_path, name):
    folder, _ = whole
    shutil.copytree(folder / "checkpoint-3", tmp_path / "checkpoint-3")
    path = tmp_path / "checkpoint-3" / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ef.CheckpointError, match=name.split(".")[0]):
        trainer(str(tmp_path)).train(resume_from_checkpoint=str(tmp_path / "checkpoint-3"))


def _edited(file, change):
    def edit(folder):
        path = folder / file
        value = json.loads(path.read_text())
        path.write_text(json.dumps(change(value) or value))

    return edit


def _without(*keys):
    def change(value):
        for key in keys[:-1]:
            value = value[key]
        value.pop(keys[-1])

    return change


def _with(value, *keys):
    def change(whole):
        inner = whole
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value

    return change


HOSTILE = {
    "rng_words": _edited("rng_state.json", _with({"__tuple__": [3, {"__tuple__": [1, 2]}, None]}, "rng", "python")),
    "rng_number": _edited("rng_state.json", _with(3, "rng", "cpu")),
    "rng_missing": _edited("rng_state.json", _without("epoch_rng")),
    "rng_name": _edited("rng_state.json", _with({"__tensor__": "t99"}, "rng", "cpu")),
    "rng_list": _edited("rng_state.json", lambda value: [1]),
    "optimizer_list": _edited("optimizer.json", lambda value: [1]),
    "optimizer_groups": _edited("optimizer.json", lambda value: value["param_groups"].pop() and None),
    "optimizer_state": _edited("optimizer.json", _without("state")),
    "scheduler_list": _edited("scheduler.json", lambda value: [2]),
    "trainer_state_text": _edited("trainer_state.json", _with("x", "global_step")),
    "trainer_state_negative": _edited("trainer_state.json", _with(-5, "global_step")),
    "trainer_state_list": _edited("trainer_state.json", lambda value: [1]),
    "trainer_state_log": _edited("trainer_state.json", _with(3, "log_history")),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files(whole, tmp_path, name):
    folder, _ = whole
    shutil.copytree(folder / "checkpoint-3", tmp_path / "checkpoint-3")
    HOSTILE[name](tmp_path / "checkpoint-3")
    file = name.rsplit("_", 1)[0].replace("rng", "rng_state")
    with pytest.raises(ef.CheckpointError, match=file):
        trainer(str(tmp_path), save_strategy="no").train(resume_from_checkpoint=str(tmp_path / "checkpoint-3"))


def test_no_such_checkpoint(tmp_path):
    with pytest.raises(ValueError, match="Can't find a valid checkpoint at"):
        trainer(str(tmp_path)).train(resume_from_checkpoint=str(tmp_path / "checkpoint-3"))


def test_torch_optimizer_state_is_read(whole, tmp_path, monkeypatch):
    """`optimizer.pt` and `scheduler.pt` of transformers, where ours are not there."""
    folder, wanted = whole
    shutil.copytree(folder / "checkpoint-6", tmp_path / "checkpoint-6")
    from eigenformers.trainer.plain_state import load_state

    stored = {n: load_state(str(tmp_path / "checkpoint-6" / n)) for n in ("optimizer", "scheduler")}
    for name in stored:
        os.remove(tmp_path / "checkpoint-6" / f"{name}.json")
        (tmp_path / "checkpoint-6" / f"{name}.pt").write_bytes(b"")
    monkeypatch.setattr(
        "eigenformers.serialization.load", lambda path: stored[os.path.basename(path).removesuffix(".pt")]
    )
    assert resumed(tmp_path, 6) == wanted
