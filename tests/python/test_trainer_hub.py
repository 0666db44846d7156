"""Trainer uploads what it saves, to a server on this machine."""

from __future__ import annotations

import os

import eigenformers as ef
import pytest
from hub_server import TOKEN, HubServer
from trainer_runs import model, rows


@pytest.fixture
def server(monkeypatch, tmp_path):
    with HubServer() as running:
        for name in list(os.environ):
            if name.startswith(("HF_", "HUGGING")):
                monkeypatch.delenv(name)
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True, raising=False)
        hosts = frozenset({"127.0.0.1", "huggingface.co"})
        monkeypatch.setattr("huggingface_hub.constants.HF_URL_HOSTS", hosts, raising=False)
        yield running


def files(server, name="owner/run"):
    repository = server.repositories[name]
    return repository.files[repository.refs["main"]], list(repository.messages.values())


def trainer(folder, **changes):
    values = {
        "output_dir": str(folder), "push_to_hub": True, "hub_model_id": "owner/run", "hub_token": TOKEN, "max_steps": 4,
        "save_steps": 2, "disable_tqdm": True, **changes,
    }  # fmt: skip
    run = ef.Trainer(model(), ef.TrainingArguments(**values), train_dataset=rows(), eval_dataset=rows(4))
    run.remove_callback(ef.PrinterCallback)
    return run


def test_every_save_and_the_end(server, tmp_path):
    run = trainer(tmp_path / "out")
    run.train()
    run.evaluate()
    run.push_to_hub(commit_message="Done", tags="tiny", license="mit")
    found, messages = files(server)
    assert {"model.safetensors", "config.json", "training_args.json", "README.md"} <= set(found)
    assert not [name for name in found if "checkpoint" in name or "optimizer" in name or "rng_state" in name]
    assert "Training in progress, step 2" in messages and messages[-1] == "Done"
    card = found["README.md"].decode()
    assert "- tiny" in card and "license: mit" in card and "eval_loss" in card
    assert TOKEN not in found["training_args.json"].decode()


def test_the_last_checkpoint_can_be_resumed_elsewhere(server, tmp_path):
    trainer(tmp_path / "out", hub_strategy="checkpoint").train()
    found, _ = files(server)
    names = {name for name in found if name.startswith("last-checkpoint/")}
    assert {"last-checkpoint/optimizer.safetensors", "last-checkpoint/trainer_state.json"} <= names


def test_at_the_end_only(server, tmp_path):
    run = trainer(tmp_path / "out", hub_strategy="end")
    run.train()
    assert "owner/run" in server.repositories and files(server)[0].keys() <= {".gitattributes", "README.md"}
    run.save_model()
    assert "model.safetensors" in files(server)[0]
