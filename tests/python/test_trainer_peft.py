"""Trainer on adapters: only they are trained and saved, and a resumed run has the same bits."""

from __future__ import annotations

import os

import eigenformers as ef
import pytest
from eigenformers.peft import LoraConfig, PeftModel, get_peft_model
from trainer_runs import model, rows


def adapted(seed=0):
    base = model()
    ef.set_seed(seed)
    return get_peft_model(base, LoraConfig(r=4, lora_dropout=0.1, target_modules="all-linear", task_type="CAUSAL_LM"))


def trainer(folder, made=None, **changes):
    values = {
        "output_dir": str(folder), "per_device_train_batch_size": 4, "max_steps": 7, "logging_steps": 2,
        "save_steps": 3, "disable_tqdm": True, "learning_rate": 3e-2, "neftune_noise_alpha": 2.0,
        "gradient_accumulation_steps": 2, **changes,
    }  # fmt: skip
    built = ef.Trainer(
        adapted() if made is None else made, ef.TrainingArguments(**values), train_dataset=rows(), eval_dataset=rows(5)
    )
    built.remove_callback(ef.PrinterCallback)
    return built


def weights(made):
    return {name: p.detach().numpy().copy() for name, p in made.named_parameters()}


def test_only_the_adapter_is_trained_and_saved(tmp_path):
    run = trainer(tmp_path)
    before = weights(run.model)
    assert run.label_names == ["labels"]
    run.train()
    after = weights(run.model)
    changed = {name for name in before if (before[name] != after[name]).any()}
    assert changed and all("lora_" in name for name in changed)
    files = set(os.listdir(tmp_path / "checkpoint-3"))
    assert {"adapter_model.safetensors", "adapter_config.json", "optimizer.json"} <= files
    assert "model.safetensors" not in files
    loaded = PeftModel.from_pretrained(model(), str(tmp_path / "checkpoint-7")).eval()
    ids = ef.tensor([[1, 2, 3]])
    assert ef.equal(loaded(ids).logits, run.model.eval()(ids).logits)


@pytest.mark.parametrize("step", [3, 6])
def test_resumed(tmp_path, step):
    run = trainer(tmp_path)
    run.train()
    again = trainer(tmp_path, adapted(seed=9), save_strategy="no")
    again.train(resume_from_checkpoint=str(tmp_path / f"checkpoint-{step}"))
    wanted, found = weights(run.model), weights(again.model)
    assert all((wanted[name] == found[name]).all() for name in wanted)
    keep = ("loss", "grad_norm", "step")
    logs = [[{k: r[k] for k in keep} for r in t.state.log_history if "loss" in r] for t in (run, again)]
    assert logs[0] == logs[1]


def test_the_best_adapter_comes_back(tmp_path):
    run = trainer(
        tmp_path, eval_strategy="steps", eval_steps=1, save_steps=1, load_best_model_at_end=True, learning_rate=1.0
    )
    run.train()
    assert run.evaluate()["eval_loss"] == pytest.approx(run.state.best_metric, rel=1e-6)
