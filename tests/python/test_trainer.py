"""Trainer and its arguments: bad input, models and data of one's own, what transformers' records don't say."""

from __future__ import annotations

import json
import math
import os
import signal
import stat

import eigenformers as ef
import numpy as np
import pytest
from trainer_runs import model, rows


def arguments(folder, **changes):
    values = {
        "output_dir": str(folder), "per_device_train_batch_size": 4, "max_steps": 4, "logging_steps": 1,
        "save_strategy": "no", "disable_tqdm": True, "learning_rate": 1e-2, **changes,
    }  # fmt: skip
    return ef.TrainingArguments(**values)


def trainer(folder, made=None, data=None, options=None, **changes):
    built = ef.Trainer(
        model() if made is None else made, arguments(folder, **changes), train_dataset=rows() if data is None else data,
        **(options or {}),
    )  # fmt: skip
    built.remove_callback(ef.PrinterCallback)
    return built


class Line(ef.nn.Module):
    """A module that is no PreTrainedModel."""

    def __init__(self):
        super().__init__()
        self.layer = ef.nn.Linear(2, 1)

    def forward(self, x, labels=None):
        y = self.layer(x).squeeze(-1)
        return {"loss": ((y - labels) ** 2).mean(), "logits": y} if labels is not None else {"logits": y}


LINE = [{"x": [i / 10, 1 - i / 10], "labels": i / 5 - 0.3} for i in range(16)]


# --- models and data -------------------------------------------------------------------------------------------------
def test_any_module(tmp_path):
    made = trainer(tmp_path, Line(), LINE, max_steps=200, logging_steps=50, save_strategy="steps", save_steps=200,
                   learning_rate=0.05, options={"eval_dataset": LINE})  # fmt: skip
    made.train()
    assert made.evaluate()["eval_loss"] < 1e-2
    found = made.predict(LINE)
    assert found.predictions.shape == (16,) and np.allclose(found.label_ids, [row["labels"] for row in LINE])
    assert (tmp_path / "checkpoint-200" / "model.safetensors").exists()
    again = trainer(tmp_path, Line(), LINE, max_steps=201)
    again.train(resume_from_checkpoint=True)
    assert again.state.global_step == 201


def test_a_forward_that_returns_a_tuple(tmp_path):
    class Pair(Line):
        def forward(self, x, labels):
            found = super().forward(x, labels)
            return found["loss"], found["logits"]

    made = trainer(tmp_path, Pair(), LINE, options={"eval_dataset": LINE})
    made.train()
    assert made.predict(LINE).predictions.shape == (16,)


class Table:
    """What Trainer asks of a `datasets.Dataset`."""

    def __init__(self, columns):
        self._columns = columns
        self.column_names = list(columns)

    def __len__(self):
        return len(next(iter(self._columns.values())))

    def __getitem__(self, index):
        if isinstance(index, str):
            return self._columns[index]
        return {name: values[index] for name, values in self._columns.items()}

    def remove_columns(self, names):
        return Table({k: v for k, v in self._columns.items() if k not in names})


def test_tables_lose_unused_columns(tmp_path):
    ids = [row["input_ids"] for row in rows()]
    table = Table({"input_ids": ids, "labels": ids, "text": ["x"] * len(ids), "length": [len(i) for i in ids]})
    made = trainer(tmp_path, data=table)
    assert made.get_train_dataloader().dataset.column_names == ["input_ids", "labels"]
    made.train()
    grouped = trainer(tmp_path, data=table, train_sampling_strategy="group_by_length")
    assert grouped._get_train_sampler().lengths == [8] * len(ids)


def test_columns_that_do_not_fit(tmp_path):
    message = "No columns in the dataset match the model's forward method signature"
    with pytest.raises(ValueError, match=message):
        trainer(tmp_path, data=[{"text": "a"}, {"text": "b"}]).train()
    with pytest.raises(ValueError, match=message):
        trainer(tmp_path, data=Table({"text": ["a"]})).train()
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        trainer(tmp_path, data=[{**row, "extra": 1} for row in rows()], remove_unused_columns=False).train()


def test_keys_that_some_items_lack(tmp_path):
    data = [dict(row) for row in rows(8)]
    del data[3]["labels"]
    with pytest.raises(ValueError, match="has no 'labels', the first item has|has no"):
        trainer(tmp_path, data=data, per_device_train_batch_size=8).train()


# --- bad input -------------------------------------------------------------------------------------------------------
def test_an_empty_dataset(tmp_path):
    with pytest.raises(ValueError, match="train_dataset is empty"):
        trainer(tmp_path, data=[]).train()


def test_labels_out_of_range(tmp_path):
    data = [{"input_ids": [1, 2, 3], "labels": [1, 2, 99]}] * 4
    with pytest.raises(IndexError, match="99"):
        trainer(tmp_path, data=data).train()
    with pytest.raises(IndexError, match="400"):
        trainer(tmp_path, data=[{"input_ids": [1, 400, 3], "labels": [1, 2, 3]}] * 4).train()


@pytest.mark.parametrize("label", [2, -1])
def test_classes_out_of_range(tmp_path, label):
    config = ef.LlamaConfig(
        vocab_size=32, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2, num_labels=2,
        pad_token_id=0,
    )  # fmt: skip
    made = ef.AutoModelForSequenceClassification.from_config(config)
    with pytest.raises(IndexError, match=f"Target {label} is out of bounds"):
        trainer(tmp_path, made, [{"input_ids": [1, 2, 3], "labels": label}] * 4).train()


def test_rows_of_no_tokens_and_labels_of_another_length(tmp_path):
    with pytest.raises(TypeError, match="input_ids: found float32, needed int64"):
        trainer(tmp_path, data=[{"input_ids": [], "labels": []}] * 4).train()
    with pytest.raises(ValueError, match="labels: found shape"):
        trainer(tmp_path, data=[{"input_ids": [1, 2, 3], "labels": [1, 2]}] * 4).train()


def test_an_optimizer_that_is_not_here(tmp_path):
    text = "optim='adamw_anyprecision' is not supported; there are adafactor, .*galore_adamw_8bit_layerwise, .*stable_adamw"
    with pytest.raises(NotImplementedError, match=text):
        trainer(tmp_path, optim="adamw_anyprecision").train()
    with pytest.raises(ValueError, match="GALORE_ADAMW_LAYERWISE does not support gradient accumulation!"):
        trainer(
            tmp_path, optim="galore_adamw_layerwise", optim_target_modules="all-linear", gradient_accumulation_steps=2
        ).train()


def test_ragged_rows_without_a_collator(tmp_path):
    with pytest.raises(ValueError, match="have different lengths"):
        trainer(tmp_path, data=[{"input_ids": [1] * n, "labels": [1] * n} for n in (2, 3, 4, 5)]).train()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_can_not_be_written(tmp_path):
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(PermissionError, match="output_dir can't be"):
        trainer(tmp_path / "out")


def test_a_folder_that_can_not_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="output_dir can't be made"):
        trainer(tmp_path / "file" / "out")


def test_nan_losses_are_left_out_of_the_log(tmp_path):
    """As in transformers: training goes on, the log says the mean of the others."""

    class Breaks(Line):
        def forward(self, x, labels=None):
            found = super().forward(x, labels)
            if self.calls == 2:
                found["loss"] = found["loss"] * math.nan
            self.calls += 1
            return found

    for filtered in (True, False):
        made = Breaks()
        made.calls = 0
        run = trainer(tmp_path, made, LINE, max_steps=4, logging_steps=4, logging_nan_inf_filter=filtered)
        run.train()
        assert math.isfinite(run.state.log_history[0]["loss"]) == filtered


def test_a_frozen_model(tmp_path):
    made = model()
    made.requires_grad_(False)
    with pytest.raises(ValueError, match="no parameter requires a gradient"):
        trainer(tmp_path, made).train()


def test_a_model_without_a_head(tmp_path):
    with pytest.raises(ValueError, match=r"The model you have picked \(LlamaModel\) cannot be used as is for training"):
        trainer(tmp_path, ef.AutoModel.from_config(model().config))


def test_a_packed_model_without_an_adapter(tmp_path, smollm2):
    packed = ef.AutoModelForCausalLM.from_pretrained(os.path.dirname(smollm2), gguf_file=os.path.basename(smollm2))
    with pytest.raises(ValueError, match="cannot perform fine-tuning on purely quantized models"):
        trainer(tmp_path, packed)


class _Service:
    """A module that notes what is called on it."""

    def __init__(self, name, calls):
        from importlib.machinery import ModuleSpec

        self.__spec__, self._calls, self.run = ModuleSpec(name, None), calls, None

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*args, **kwargs):
            self._calls.append((name, args, kwargs))
            if name == "init":
                self.run = type("Run", (), {"summary": {}})()

        call.update = lambda *a, **k: self._calls.append(("update", a, k))
        return call

    def active_run(self):
        return None


def test_wandb_and_mlflow(tmp_path, monkeypatch):
    import sys

    for name in ("wandb", "mlflow"):
        calls = []
        service = _Service(name, calls)
        monkeypatch.setitem(sys.modules, name, service)
        run = trainer(tmp_path, report_to=[name], run_name="try")
        run.train()
        names = [call[0] for call in calls]
        if name == "wandb":
            assert names[0] == "init" and calls[0][2] == {"project": "huggingface", "name": "try"}
            logged = [call[1][0] for call in calls if call[0] == "log"]
            assert [row["train/global_step"] for row in logged] == [1, 2, 3, 4, 4] and "train/loss" in logged[0]
            assert service.run.summary["train_loss"] == pytest.approx(run.state.log_history[-1]["train_loss"])
        else:
            assert names[0] == "start_run" and "log_params" in names
            steps = [call[2]["step"] for call in calls if call[0] == "log_metrics"]
            assert steps == [1, 2, 3, 4, 4]


# --- what runs do ----------------------------------------------------------------------------------------------------
def test_model_init_begins_anew(tmp_path):
    run = ef.Trainer(model_init=lambda: model(3), args=arguments(tmp_path), train_dataset=rows())
    run.remove_callback(ef.PrinterCallback)
    first = run.train().training_loss
    assert run.train().training_loss == first


def test_training_twice_goes_on(tmp_path):
    run = trainer(tmp_path)
    first = run.train().training_loss
    assert run.train().training_loss < first


def test_auto_find_batch_size(tmp_path):
    sizes = []

    class Hungry(Line):
        def forward(self, x, labels=None):
            sizes.append(x.shape[0])
            if x.shape[0] > 6:
                raise MemoryError("out of memory")
            return super().forward(x, labels)

    run = trainer(tmp_path, Hungry(), LINE, per_device_train_batch_size=8, auto_find_batch_size=True, max_steps=3)
    assert run.train().global_step == 3
    assert sizes[:2] == [8, 7] and set(sizes[2:]) <= {6, 4} and run.state.train_batch_size == 6
    with pytest.raises(MemoryError):
        trainer(tmp_path, Hungry(), LINE, per_device_train_batch_size=8).train()

    class Starving(Line):
        def forward(self, x, labels=None):
            raise MemoryError("out of memory")

    with pytest.raises(RuntimeError, match="No executable batch size found, reached zero"):
        trainer(tmp_path, Starving(), LINE, auto_find_batch_size=True).train()


def test_best_model_comes_back(tmp_path):
    """With a learning rate that does harm, the best is the first."""
    run = trainer(
        tmp_path, options={"eval_dataset": rows(5)}, eval_strategy="steps", eval_steps=1, save_strategy="steps",
        save_steps=1, load_best_model_at_end=True, learning_rate=0.5, save_total_limit=1, max_steps=5,
    )  # fmt: skip
    run.train()
    best = run.state.best_global_step
    assert run.evaluate()["eval_loss"] == pytest.approx(run.state.best_metric, rel=1e-6)
    assert [name for name in os.listdir(tmp_path) if name.startswith("checkpoint")] == [f"checkpoint-{best}"]


def test_saved_models_load(tmp_path):
    run = trainer(tmp_path)
    run.train()
    run.save_model()
    run.save_state()
    run.save_metrics("train", {"train_loss": 1.5})
    again = ef.AutoModelForCausalLM.from_pretrained(tmp_path)
    ids = ef.tensor([[1, 2, 3]])
    assert ef.equal(again(ids).logits, run.model.eval()(ids).logits)
    assert json.loads((tmp_path / "training_args.json").read_text())["learning_rate"] == 1e-2
    assert json.loads((tmp_path / "all_results.json").read_text()) == {"train_loss": 1.5}
    assert json.loads((tmp_path / "trainer_state.json").read_text())["global_step"] == 4


def test_decay_leaves_norms_and_biases_alone(tmp_path):
    made = ef.AutoModelForCausalLM.from_config(
        ef.AutoConfig.for_model(
            "gpt2", vocab_size=40, n_embd=16, n_layer=1, n_head=2, n_positions=32, bos_token_id=1, eos_token_id=2
        )
    )
    run = trainer(tmp_path, made, weight_decay=0.1)
    names = run.get_decay_parameter_names(made)
    assert "transformer.h.0.attn.c_attn.weight" in names and "transformer.wte.weight" in names
    assert not [name for name in names if "bias" in name or "ln_" in name]
    groups = run.create_optimizer().param_groups
    assert [group["weight_decay"] for group in groups] == [0.1, 0.0]
    assert run.get_num_trainable_parameters() == sum(p.numel() for g in groups for p in g["params"])


def test_optimizers_of_ones_own(tmp_path):
    made = model()
    optimizer = ef.optim.SGD(made.parameters(), lr=0.1)
    schedule = ef.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.5**step)
    run = trainer(tmp_path, made, options={"optimizers": (optimizer, schedule)})
    run.train()
    assert [row["learning_rate"] for row in run.state.log_history[:3]] == [0.1, 0.05, 0.025]
    other = trainer(tmp_path, options={"optimizer_cls_and_kwargs": (ef.optim.SGD, {"lr": 0.3, "momentum": 0.5})})
    assert other.create_optimizer().param_groups[0]["momentum"] == 0.5
    with pytest.raises(RuntimeError, match="Passing both `optimizers` and `optimizer_cls_and_kwargs`"):
        trainer(tmp_path, made, options={
            "optimizers": (optimizer, None), "optimizer_cls_and_kwargs": (ef.optim.SGD, {"lr": 1.0})})  # fmt: skip


def test_groups_with_rates_of_their_own(tmp_path):
    class Grouped(ef.Trainer):
        def create_optimizer(self, model=None):
            head = [p for n, p in self.model.named_parameters() if n.startswith("lm_head")]
            rest = [p for n, p in self.model.named_parameters() if not n.startswith("lm_head")]
            self.optimizer = ef.optim.AdamW([{"params": rest, "lr": 1e-3}, {"params": head, "lr": 1e-2}])
            return self.optimizer

    run = Grouped(model(), arguments(tmp_path), train_dataset=rows())
    run.remove_callback(ef.PrinterCallback)
    run.train()
    assert len(run.get_learning_rates()) == 2


def test_sigterm_saves_and_stops(tmp_path):
    class Terminates(ef.TrainerCallback):
        def on_step_begin(self, args, state, control, **kwargs):
            if state.global_step == 2:
                os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    run = trainer(tmp_path, enable_jit_checkpoint=True, options={"callbacks": [Terminates()]}, max_steps=9)
    run.train()
    assert run.state.global_step == 3 and (tmp_path / "checkpoint-3").is_dir()
    assert signal.getsignal(signal.SIGTERM) is before


def test_bf16_evaluation_and_training(tmp_path):
    run = trainer(tmp_path, bf16=True, options={"eval_dataset": rows(5)})
    assert run.args.mixed_precision == "bf16"
    assert math.isfinite(run.train().training_loss)
    assert run.model.dtype == ef.float32  # master weights
    cast = trainer(tmp_path, bf16_full_eval=True, options={"eval_dataset": rows(5)})
    assert math.isfinite(cast.evaluate()["eval_loss"]) and cast.model.dtype == ef.bfloat16


def test_a_step_of_ones_own(tmp_path):
    """As people write it for transformers, with `self.accelerator`."""

    class Mine(ef.Trainer):
        def training_step(self, model, inputs, num_items_in_batch=None):
            model.train()
            inputs = self._prepare_inputs(inputs)
            with self.compute_loss_context_manager():
                loss = self.compute_loss(model, inputs, num_items_in_batch=num_items_in_batch)
            self.accelerator.backward(loss)
            return self.accelerator.gather(loss.detach())

    losses = []
    for kind in (ef.Trainer, Mine):
        run = kind(model(), arguments(tmp_path), train_dataset=rows())
        run.remove_callback(ef.PrinterCallback)
        losses.append(run.train().training_loss)
    assert losses[0] == losses[1]


def test_a_loop_by_hand_equals_trainer(tmp_path):
    """DataLoader, loss.backward(), clip, step, schedule: the same losses."""
    from eigenformers.data.sampler import SeededRandomSampler
    from eigenformers.utils.data import DataLoader

    run = trainer(tmp_path, max_steps=6, learning_rate=5e-3, seed=1)
    run.train()
    losses = [row["loss"] for row in run.state.log_history if "loss" in row]

    made, data = model(), rows()
    ef.set_seed(1)
    optimizer = ef.optim.AdamW(made.parameters(), lr=5e-3, weight_decay=0.0)
    schedule = ef.get_scheduler("linear", optimizer, num_warmup_steps=0, num_training_steps=6)
    loader = DataLoader(data, batch_size=4, sampler=SeededRandomSampler(data, 1), collate_fn=ef.default_data_collator)
    made.train()
    by_hand = []
    for epoch in range(2):
        loader.set_epoch(epoch)
        for batch in loader:
            if len(by_hand) == 6:
                break
            loss = made(**batch).loss
            loss.backward()
            ef.nn.utils.clip_grad_norm_(made.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            by_hand.append(loss.item())
    assert by_hand == losses


# --- arguments -------------------------------------------------------------------------------------------------------
def test_former_names(tmp_path):
    args = ef.TrainingArguments(
        str(tmp_path), evaluation_strategy="steps", no_cuda=True, warmup_ratio=0.1, group_by_length=True,
        overwrite_output_dir=True, logging_dir="logs", per_gpu_train_batch_size=3, save_safetensors=True,
        include_inputs_for_metrics=True,
    )  # fmt: skip
    assert args.eval_strategy == "steps" and args.use_cpu and args.get_warmup_steps(50) == 5
    assert args.train_sampling_strategy == "group_by_length" and args.per_device_train_batch_size == 3
    assert args.include_for_metrics == ["inputs"]
    with pytest.raises(ValueError, match=r"warmup_ratio must lie in range \[0,1\]"):
        ef.TrainingArguments(str(tmp_path), warmup_ratio=2.0)
    with pytest.raises(TypeError, match="no_such_argument"):
        ef.TrainingArguments(str(tmp_path), no_such_argument=1)
    run = ef.Trainer(model(), arguments(tmp_path), tokenizer=None)
    assert run.processing_class is None


@pytest.mark.parametrize(
    "change, error, message",
    [
        ({"fp16": True}, ValueError, "fp16 mixed precision requires a GPU .* use bf16=True"),
        ({"tf32": True}, ValueError, "--tf32 requires Ampere"),
        ({"fsdp": "full_shard"}, NotImplementedError, "`fsdp` spreads a run over devices"),
        ({"deepspeed": {"a": 1}}, NotImplementedError, "`deepspeed` spreads a run over devices"),
        ({"parallelism_config": object()}, NotImplementedError, "`parallelism_config`"),
        ({"debug": "underflow_overflow"}, NotImplementedError, "debug="),
        ({"train_sampling_strategy": "batch_rebalance"}, NotImplementedError, "batch_rebalance"),
        ({"gradient_accumulation_steps": 0}, ValueError, "gradient_accumulation_steps must be at least 1, got 0"),
        ({"per_device_train_batch_size": 0}, ValueError, "per_device_train_batch_size must be at least 1"),
        ({"include_num_input_tokens_seen": "some"}, ValueError, "include_num_input_tokens_seen must be one of"),
        ({"skip_memory_metrics": False}, NotImplementedError, "skip_memory_metrics"),
    ],
)  # fmt: skip
def test_refused_arguments(tmp_path, change, error, message):
    with pytest.raises(error, match=message):
        ef.TrainingArguments(str(tmp_path), **change)


def test_every_field_of_transformers_is_there():
    path = os.path.join(os.path.dirname(__file__), "golden", "training_arguments.json")
    with open(path, encoding="utf-8") as file:
        fields = set(json.load(file)["cases"]["fields"]["plain"])
    ours = set(ef.TrainingArguments.__dataclass_fields__)
    assert fields <= ours and len(fields) > 110


def test_unknown_optimizers_and_reports(tmp_path):
    with pytest.raises(NotImplementedError, match="optim='adamw_torch_xla' is not supported; there are .*adamw_torch"):
        trainer(tmp_path, optim="adamw_torch_xla").train()
    with pytest.raises(NotImplementedError, match="report_to='comet_ml' is not supported; write a TrainerCallback"):
        trainer(tmp_path, report_to="comet_ml")
    with pytest.raises(ValueError, match="paper is not supported, only"):
        trainer(tmp_path, report_to=["paper"])
    with pytest.raises(ValueError, match="key=value"):
        trainer(tmp_path, optim="sgd", optim_args="momentum").train()


def test_subclasses_of_arguments_take_former_names(tmp_path):
    import dataclasses

    @dataclasses.dataclass
    class Mine(ef.TrainingArguments):
        extra: int = 3

    args = Mine(str(tmp_path), evaluation_strategy="epoch", extra=4)
    assert args.eval_strategy == "epoch" and args.extra == 4


# --- callbacks -------------------------------------------------------------------------------------------------------
def test_callbacks_come_and_go(tmp_path):
    run = trainer(tmp_path)

    class Mine(ef.TrainerCallback):
        pass

    mine = Mine()
    run.add_callback(mine)
    run.add_callback(Mine)
    assert (
        run.pop_callback(Mine) is mine and isinstance(run.pop_callback(Mine), Mine) and run.pop_callback(Mine) is None
    )
    with pytest.raises(ValueError):
        run.remove_callback(mine)


def test_progress_bar(tmp_path, capsys):
    run = trainer(tmp_path, disable_tqdm=False, options={"eval_dataset": rows(5)}, eval_strategy="epoch", max_steps=3)
    run.train()
    shown = capsys.readouterr()
    assert "3/3" in shown.err and "'loss'" in shown.out + shown.err


def test_printed_metrics(tmp_path, capsys):
    run = trainer(tmp_path)
    run.log_metrics("train", {"train_runtime": 3.5, "train_loss": 0.123456, "total_flos": 2**31})
    assert capsys.readouterr().out.splitlines() == [
        "***** train metrics *****", "  total_flos    =        2GF", "  train_loss    =     0.1235",
        "  train_runtime = 0:00:03.50",
    ]  # fmt: skip


def test_notebook_table():
    from eigenformers.trainer.progress import NotebookProgressCallback

    table = NotebookProgressCallback()
    args = ef.TrainingArguments("out", eval_strategy="epoch")
    state = ef.TrainerState(global_step=5, max_steps=10, num_train_epochs=2, epoch=1.0)
    table._columns, table._display = ["Epoch", "Training Loss", "Validation Loss"], None
    table.on_log(args, state, None, logs={"loss": 0.5})
    table._display = type("Shown", (), {"update": lambda self, html: None})()
    table._update = lambda state: None
    table.on_evaluate(args, state, None, metrics={"eval_loss": 0.25, "eval_f1_score": 0.5, "eval_runtime": 3.0})
    page = table.render(state)
    assert "<th>F1 Score</th>" in page and "0.250000" in page and "[5/10, Epoch 1.00/2]" in page


# --- generation ------------------------------------------------------------------------------------------------------
def test_seq2seq_trainer_generates(tmp_path):
    args = ef.Seq2SeqTrainingArguments(
        str(tmp_path), predict_with_generate=True, generation_max_length=12, disable_tqdm=True,
        per_device_eval_batch_size=4,
    )  # fmt: skip
    seen = []

    def metrics(prediction):
        seen.append(prediction.predictions.shape)
        return {"length": prediction.predictions.shape[1]}

    made = model()
    made.config.pad_token_id = made.generation_config.pad_token_id = 0
    run = ef.Seq2SeqTrainer(made, args, eval_dataset=rows(6), compute_metrics=metrics)
    run.remove_callback(ef.PrinterCallback)
    assert run.evaluate(num_beams=1)["eval_length"] == 20 and seen == [(6, 20)]  # padded to the configuration's length
    found = run.predict(rows(3), max_new_tokens=2)
    assert found.predictions.shape == (3, 20) and found.label_ids.shape == (3, 20)
    assert (found.predictions[:, 10:] == 0).all() and (found.predictions[:, :8] == found.label_ids[:, :8]).all()


# --- search ----------------------------------------------------------------------------------------------------------
def test_search_needs_what_it_needs(tmp_path):
    run = ef.Trainer(model_init=lambda: model(), args=arguments(tmp_path), train_dataset=rows())
    with pytest.raises(NotImplementedError, match="backend='ray' is not supported"):
        run.hyperparameter_search(backend="ray")


def test_search(tmp_path):
    pytest.importorskip("optuna")
    run = ef.Trainer(
        model_init=lambda trial: model(), args=arguments(tmp_path, eval_strategy="epoch", save_strategy="epoch"),
        train_dataset=rows(), eval_dataset=rows(5),
    )  # fmt: skip
    run.remove_callback(ef.PrinterCallback)
    best = run.hyperparameter_search(
        hp_space=lambda trial: {"learning_rate": trial.suggest_float("learning_rate", 1e-3, 1e-1, log=True)},
        n_trials=3, direction="minimize", hp_name=lambda trial: f"try-{trial.number}",
    )  # fmt: skip
    assert set(best.hyperparameters) == {"learning_rate"} and math.isfinite(best.objective)
    assert any(name.startswith("try-") for name in os.listdir(tmp_path))


def test_tensorboard(tmp_path):
    pytest.importorskip("tensorboardX")
    run = trainer(tmp_path, report_to="tensorboard")
    run.train()
    assert [name for name in os.listdir(tmp_path / "runs") if "tfevents" in name]


def test_real_datasets(tmp_path):
    datasets = pytest.importorskip("datasets")
    arrow = pytest.importorskip("pyarrow")
    table = arrow.Table.from_pylist([{**row, "text": "x"} for row in rows()])
    table = datasets.Dataset(datasets.table.InMemoryTable(table), fingerprint="rows")
    losses = []
    for data in (rows(), table, table.to_iterable_dataset()):
        run = trainer(tmp_path, data=data, train_sampling_strategy="sequential")
        losses.append(run.train().training_loss)
    assert losses[0] == losses[1] == losses[2]


@pytest.mark.parametrize("name", ["trainer_utils", "trainer_callback", "training_args", "optimization", "utils.data"])
def test_modules_under_their_other_names(name):
    import importlib

    module = importlib.import_module(f"eigenformers.{name}")
    assert all(getattr(module, attribute) is not None for attribute in module.__all__)
