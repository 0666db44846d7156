"""Adapters in Trainer: the same losses as a loop by hand, checkpoints that hold only the adapter, resuming."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import eigenformers as ef
import numpy as np
import pytest
from eigenformers.peft import LoraConfig, PeftModel, get_peft_model

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


def load(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_loop_by_hand_has_trainers_losses(tmp_path):
    example = load("lora_loop")
    by_hand, logged = example.by_hand(), example.by_trainer(str(tmp_path))
    assert len(by_hand) == len(logged) > 20
    assert np.allclose(by_hand, logged, rtol=0, atol=6e-5)  # a log has four digits
    assert np.mean(by_hand[-5:]) < np.mean(by_hand[:5]) - 0.5


def tiny(**config):
    ef.set_seed(3)
    model = ef.LlamaForCausalLM(
        ef.LlamaConfig(
            vocab_size=32, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, initializer_range=0.3,
        )  # fmt: skip
    )
    config = {"r": 4, "target_modules": ["q_proj", "down_proj"], "lora_dropout": 0.2, "use_dora": True, **config}
    return get_peft_model(model, LoraConfig(**config, task_type="CAUSAL_LM"))


def trainer_of(model, folder, **changes):
    rows = np.random.RandomState(0).randint(0, 32, (24, 10)).tolist()
    options = {"max_steps": 8, "per_device_train_batch_size": 3, "learning_rate": 0.01, "save_steps": 4,
               "logging_steps": 1, "report_to": "none", "disable_tqdm": True, **changes}  # fmt: skip
    args = ef.TrainingArguments(str(folder), **options)
    data = [{"input_ids": row, "labels": row} for row in rows]
    return ef.Trainer(model, args, train_dataset=data, eval_dataset=data[:6], data_collator=ef.default_data_collator)


def losses(trainer):
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


@pytest.mark.parametrize("config", [{}, {"modules_to_save": ["lm_head"], "use_dora": False}])
def test_checkpoints_of_adapters_resume_bit_for_bit(tmp_path, config):
    whole = trainer_of(tiny(**config), tmp_path / "whole")
    whole.train()
    names = set(os.listdir(tmp_path / "whole" / "checkpoint-4"))
    assert {"adapter_model.safetensors", "adapter_config.json"} <= names and "model.safetensors" not in names
    again = trainer_of(tiny(**config), tmp_path / "again")
    again.train(resume_from_checkpoint=str(tmp_path / "whole" / "checkpoint-4"))
    assert losses(again)[-4:] == losses(whole)[-4:]
    for (name, a), (_, b) in zip(whole.model.named_parameters(), again.model.named_parameters()):
        assert np.array_equal(a.detach().numpy(), b.detach().numpy()), name


def test_the_best_adapter_is_loaded_at_the_end(tmp_path):
    trainer = trainer_of(
        tiny(lora_dropout=0.0), tmp_path, load_best_model_at_end=True, eval_strategy="steps", eval_steps=4, learning_rate=0.5,
    )  # fmt: skip
    trainer.train()
    best = trainer.state.best_metric
    assert abs(trainer.evaluate()["eval_loss"] - best) < 1e-4
    stored = PeftModel.from_pretrained(tiny().unload(), trainer.state.best_model_checkpoint)
    saved = dict(stored.named_parameters())
    for name, value in trainer.model.named_parameters():
        assert np.array_equal(value.detach().numpy(), saved[name].detach().numpy()), name


def test_a_classifier_with_a_trained_head(tmp_path):
    ef.set_seed(0)
    model = ef.LlamaForSequenceClassification(
        ef.LlamaConfig(
            vocab_size=16, hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2,
            num_key_value_heads=2, pad_token_id=0, num_labels=2, initializer_range=0.2,
        )  # fmt: skip
    )
    model = get_peft_model(model, LoraConfig(r=4, task_type="SEQ_CLS", target_modules="all-linear"))
    rows = np.random.RandomState(1).randint(1, 16, (64, 6))
    data = [{"input_ids": row.tolist(), "label": int(row[-1] > 8)} for row in rows]
    args = ef.TrainingArguments(
        str(tmp_path), num_train_epochs=6, learning_rate=0.02, report_to="none", disable_tqdm=True, save_strategy="no",
        per_device_train_batch_size=16,
    )  # fmt: skip
    trainer = ef.Trainer(
        model, args, train_dataset=data, eval_dataset=data, data_collator=ef.default_data_collator,
        compute_metrics=lambda p: {"accuracy": float((p.predictions.argmax(-1) == p.label_ids).mean())},
    )  # fmt: skip
    trainer.train()
    assert trainer.evaluate()["eval_accuracy"] > 0.95
