"""Checkpoints beside transformers: a run that it began goes on here, and it reads what is saved here."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import eigenformers as ef
import pytest

pytestmark = pytest.mark.parity
transformers = pytest.importorskip("transformers")

_spec = importlib.util.spec_from_file_location("cases_trainer", Path(__file__).parent / "cases" / "trainer.py")
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)


def run(lib, folder, resume=None):
    args = cases.arguments(
        lib, str(folder), save_strategy="steps", save_steps=4, max_steps=9, gradient_accumulation_steps=2,
        weight_decay=0.1,
    )  # fmt: skip
    trainer = lib.Trainer(cases.model(lib), args, train_dataset=cases.texts())
    with cases.quiet():
        trainer.train(resume_from_checkpoint=None if resume is None else str(resume))
    return trainer


def test_a_run_of_transformers_goes_on_here(tmp_path):
    """Weights, optimizer.pt, scheduler.pt and the state; 1e-5: five steps of rounding in float32."""
    wanted = run(transformers, tmp_path / "theirs").state.log_history
    found = run(ef, tmp_path / "ours", tmp_path / "theirs" / "checkpoint-4").state.log_history
    keep = ("loss", "grad_norm", "learning_rate", "epoch", "step")
    for ours, theirs in zip(found, wanted):
        assert {k: ours[k] for k in keep if k in ours} == pytest.approx(
            {k: theirs[k] for k in keep if k in theirs}, 1e-5
        )
    assert len(found) == len(wanted)


def test_transformers_reads_our_checkpoint(tmp_path):
    run(ef, tmp_path)
    model = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "checkpoint-8")
    assert model.config.model_type == "llama"
    state = transformers.TrainerState.load_from_json(str(tmp_path / "checkpoint-8" / "trainer_state.json"))
    assert state.global_step == 8 and state.epoch == pytest.approx(1.6)
    again = run(transformers, tmp_path / "theirs", tmp_path / "checkpoint-8")
    assert again.state.global_step == 9
