"""Runs of Trainer on tiny models: what is logged, step by step."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import re
import tempfile

import numpy as np

MODEL = {
    "vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "bos_token_id": 1,
    "eos_token_id": 2, "pad_token_id": 0,
}  # fmt: skip


TIED = {
    "cls.predictions.decoder.weight": "bert.embeddings.word_embeddings.weight",
    "cls.predictions.decoder.bias": "cls.predictions.bias",
}


def torch_of(lib):
    return importlib.import_module("torch") if lib.__name__ == "transformers" else lib


def model(lib, family="llama", kind="AutoModelForCausalLM", **changes):
    """The same weights in both libraries: drawn by name."""
    config = lib.AutoConfig.for_model(family, **{**MODEL, **changes})
    made = getattr(lib, kind).from_config(config, attn_implementation="eager")
    state = {}
    drawn = [(name, value) for name, value in sorted(made.state_dict().items()) if name not in TIED]
    for index, (name, value) in enumerate(drawn):
        draw = np.random.RandomState(index).standard_normal(tuple(value.shape)).astype(np.float32) * 0.1
        state[name] = torch_of(lib).from_numpy(draw + 1 if name.endswith("norm.weight") else draw)
    state.update({name: state[owner] for name, owner in TIED.items() if name in made.state_dict()})
    made.load_state_dict(state)
    return made


def texts(count=40, length=12, seed=0, ragged=False):
    """Sequences that can be learned: each token follows from the one before."""
    rng, rows = np.random.RandomState(seed), []
    for _ in range(count):
        n = rng.randint(4, length + 1) if ragged else length
        ids = [int(rng.randint(3, 60))]
        while len(ids) < n:
            ids.append((ids[-1] * 7 + int(rng.randint(0, 3))) % 60 + 3)
        rows.append({"input_ids": ids, "labels": [-100, *ids[1:]] if ragged else list(ids)})
    return rows


def pad(lib):
    """A collator that pads to the longest."""
    torch = torch_of(lib)

    def collate(rows):
        width = max(len(row["input_ids"]) for row in rows)
        fill = {"input_ids": 0, "labels": -100}
        batch = {k: [row[k] + [v] * (width - len(row[k])) for row in rows] for k, v in fill.items()}
        mask = [[1] * len(row["input_ids"]) + [0] * (width - len(row["input_ids"])) for row in rows]
        return {k: torch.tensor(v) for k, v in {**batch, "attention_mask": mask}.items()}

    return collate


def plain_log(state):
    """What was logged, without times."""
    timed = re.compile(r"runtime|per_second|preparation")
    return [{k: v for k, v in row.items() if not timed.search(k)} for row in state.log_history]


def arguments(lib, folder, **changes):
    values = {
        "output_dir": folder, "per_device_train_batch_size": 4, "per_device_eval_batch_size": 4, "max_steps": 10,
        "learning_rate": 2e-3, "logging_steps": 1, "save_strategy": "no", "use_cpu": True, "disable_tqdm": True,
        "report_to": "none", "seed": 7, **changes,
    }  # fmt: skip
    return lib.TrainingArguments(**values)


@contextlib.contextmanager
def quiet():
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def run(lib, made=None, rows=None, options=None, **changes):
    """The log of one run."""
    options = dict(options or {})
    kind = options.pop("trainer", lib.Trainer)
    with tempfile.TemporaryDirectory() as folder, quiet():
        trainer = kind(
            model=model(lib) if made is None else made, args=arguments(lib, folder, **changes),
            train_dataset=texts() if rows is None else rows, **options,
        )  # fmt: skip
        out = trainer.train()
        return {"log": plain_log(trainer.state), "steps": out.global_step, "loss": out.training_loss}


def case_adamw(lib):
    """36 steps over three epochs and a bit."""
    return {f: run(lib, model(lib, f), max_steps=36, weight_decay=0.1) for f in ("llama", "qwen3")}


def case_sgd(lib):
    return {
        "sgd": run(lib, optim="sgd", learning_rate=0.05, max_steps=32),
        "momentum": run(lib, optim="sgd", optim_args="momentum=0.9,nesterov=true", learning_rate=0.02, max_steps=12),
    }


def case_optimizers(lib):
    """The other optimizers that transformers has without further packages."""
    return {
        "adafactor": run(lib, optim="adafactor", learning_rate=1e-2),
        "adagrad": run(lib, optim="adagrad", optim_args="lr_decay=0.1", learning_rate=1e-2),
        "rmsprop": run(lib, optim="rmsprop", optim_args="momentum=0.5,alpha=0.9", learning_rate=1e-3),
        "adamw_torch": run(lib, optim="adamw_torch", adam_beta1=0.8, adam_epsilon=1e-6, weight_decay=0.1),
    }


def case_checkpointing(lib):
    """Inner values computed again in backward."""
    kwargs = {"activation_checkpointing_kwargs": {"use_reentrant": False}}
    made = model(lib, attention_dropout=0.1)
    return run(lib, made, activation_checkpointing=True, max_steps=4, **kwargs)


def case_tied(lib):
    return run(lib, model(lib, tie_word_embeddings=True))


def case_epochs(lib):
    """Epochs, the last batch shorter, logging by share and by epoch."""
    rows = texts(18)
    return {
        "epochs": run(lib, rows=rows, num_train_epochs=2.5, max_steps=-1),
        "by_epoch": run(lib, rows=rows, num_train_epochs=2, max_steps=-1, logging_strategy="epoch"),
        "share": run(lib, rows=rows, num_train_epochs=2, max_steps=-1, logging_steps=0.3, logging_first_step=True),
        "drop_last": run(lib, rows=rows, num_train_epochs=2, max_steps=-1, dataloader_drop_last=True),
    }


def case_accumulation(lib):
    """The denominator counts labels over all accumulated batches."""
    rows, collate = texts(22, ragged=True), pad(lib)
    shared = {"rows": rows, "options": {"data_collator": collate}, "num_train_epochs": 2, "max_steps": -1}
    return {
        "one": run(lib, **shared),
        "three": run(lib, gradient_accumulation_steps=3, per_device_train_batch_size=2, **shared),
        "more_than_there_are": run(lib, gradient_accumulation_steps=20, **shared),
    }


def case_clipping(lib):
    return {
        "tight": run(lib, max_grad_norm=0.05, max_steps=6),
        "off": run(lib, max_grad_norm=0.0, max_steps=6),
    }


def case_schedules(lib):
    kinds = {
        "cosine": {"warmup_steps": 3}, "constant_with_warmup": {"warmup_steps": 0.3}, "polynomial": {},
        "warmup_stable_decay": {"lr_scheduler_kwargs": {"num_decay_steps": 3}, "warmup_steps": 2},
        "inverse_sqrt": {"warmup_steps": 2},
    }  # fmt: skip
    return {kind: run(lib, lr_scheduler_type=kind, max_steps=8, **extra) for kind, extra in kinds.items()}


def case_label_smoothing(lib):
    rows, options = texts(16, ragged=True), {"data_collator": pad(lib)}
    return {
        "plain": run(lib, rows=rows, options=options, label_smoothing_factor=0.1, max_steps=6),
        "accumulated": run(
            lib, rows=rows, options=options, label_smoothing_factor=0.2, max_steps=4, gradient_accumulation_steps=2
        ),
    }


def case_sampling(lib):
    rows, options = texts(40, ragged=True), {"data_collator": pad(lib)}
    kinds = {
        "sequential": {"train_sampling_strategy": "sequential"},
        "by_length": {"train_sampling_strategy": "group_by_length"},
        "data_seed": {"data_seed": 3},
        "workers": {"dataloader_num_workers": 2, "dataloader_prefetch_factor": 2},
    }
    return {name: run(lib, rows=rows, options=dict(options), max_steps=12, **extra) for name, extra in kinds.items()}


def case_neftune(lib):
    return run(lib, neftune_noise_alpha=5.0, max_steps=8)


def case_dropout(lib):
    return run(lib, model(lib, attention_dropout=0.2), max_steps=6)


def case_tokens_seen(lib):
    rows, options = texts(16, ragged=True), {"data_collator": pad(lib)}
    return {
        str(how): run(lib, rows=rows, options=options, include_num_input_tokens_seen=how, max_steps=3)
        for how in (True, "non_padding")
    }


def case_streams(lib):
    """Data without a length, shorter and longer than the run."""
    data = importlib.import_module(f"{'torch' if lib.__name__ == 'transformers' else lib.__name__}.utils.data")

    class Stream(data.IterableDataset):
        def __iter__(self):
            return iter(texts(14))

    return {
        "once": run(lib, rows=Stream(), max_steps=3),
        "again": run(lib, rows=Stream(), max_steps=9),
        "accumulated": run(lib, rows=Stream(), max_steps=4, gradient_accumulation_steps=3),
    }


def metrics_of(prediction):
    logits = prediction.predictions[0] if isinstance(prediction.predictions, tuple) else prediction.predictions
    labels = prediction.label_ids
    right = (logits[:, :-1].argmax(-1) == labels[:, 1:])[labels[:, 1:] != -100]
    return {"accuracy": right.mean(), "count": len(right)}


def case_evaluation(lib):
    rows, held = texts(24), texts(10, seed=5)
    options = {"eval_dataset": held, "compute_metrics": metrics_of}
    out = {
        "steps": run(lib, rows=rows, options=options, eval_strategy="steps", eval_steps=4, logging_steps=2),
        "epoch": run(
            lib, rows=rows, options=options, eval_strategy="epoch", num_train_epochs=2, max_steps=-1, eval_on_start=True
        ),
        "delay": run(lib, rows=rows, options=options, eval_strategy="steps", eval_steps=2, eval_delay=5, max_steps=8),
        "loss_only": run(lib, rows=rows, options={"eval_dataset": held}, eval_strategy="steps", eval_steps=5),
        "several": run(
            lib, rows=rows, options={"eval_dataset": {"a": held[:3], "b": held[3:]}}, eval_strategy="steps", eval_steps=5
        ),
        "plateau": run(
            lib, rows=rows, options={"eval_dataset": held}, eval_strategy="steps", eval_steps=1,
            lr_scheduler_type="reduce_lr_on_plateau", lr_scheduler_kwargs={"patience": 0, "factor": 0.5, "threshold": 0.2},
            learning_rate=0.02, max_steps=8,
        ),
    }  # fmt: skip
    return out


def case_predict(lib):
    """Predictions of sequences of several lengths, padded together; batches kept apart; metrics by batch."""
    held, collate, out = texts(10, seed=5, ragged=True), pad(lib), {}

    def by_batch(prediction, compute_result):
        seen.append(np.asarray(prediction.label_ids).shape[0])
        return {"items": sum(seen)} if compute_result else None

    def best(logits, labels):
        return logits.argmax(-1)

    def with_inputs(prediction):
        return {"inputs": int(prediction.inputs.sum()), "losses": float(prediction.losses.sum())}

    kinds = {
        "plain": ({}, {}),
        "best": ({"preprocess_logits_for_metrics": best}, {}),
        "apart": ({"preprocess_logits_for_metrics": best}, {"eval_do_concat_batches": False}),
        "loss_only": ({}, {"prediction_loss_only": True}),
        "inputs": ({"compute_metrics": with_inputs}, {"include_for_metrics": ["inputs", "loss"]}),
        "by_batch": ({"compute_metrics": by_batch}, {"batch_eval_metrics": True}),
    }
    for name, (options, changes) in kinds.items():
        seen = []
        with tempfile.TemporaryDirectory() as folder, quiet():
            trainer = lib.Trainer(
                model=model(lib), args=arguments(lib, folder, **changes), data_collator=collate, **options
            )
            found = trainer.predict(held)
        timed = re.compile(r"runtime|per_second|preparation")
        logits = found.predictions
        if isinstance(logits, np.ndarray) and logits.ndim == 3:
            logits = logits[:, ::5, ::9]
        labels = found.label_ids
        metrics = {k: v for k, v in found.metrics.items() if not timed.search(k)}
        out[name] = [logits, labels, metrics]
    return out


def case_hooks(lib):
    """Losses of one's own: a function, an overridden method, an overridden step."""
    functional = torch_of(lib).nn.functional

    def loss_of(outputs, labels, num_items_in_batch=None):
        logits = outputs["logits"][:, :-1].reshape(-1, 64)
        total = functional.cross_entropy(logits, labels[:, 1:].reshape(-1), reduction="sum")
        return total / num_items_in_batch

    class Half(lib.Trainer):
        loss_is_scaled_for_ga = False

        def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
            outputs = model(**inputs)
            loss = outputs["loss"] * 0.5
            return (loss, outputs) if return_outputs else loss

    return {
        "function": run(lib, options={"compute_loss_func": loss_of}, max_steps=5, gradient_accumulation_steps=2),
        "method": run(lib, options={"trainer": Half}, max_steps=5, gradient_accumulation_steps=2),
    }


def case_classification(lib):
    """Sequence classes from the last token, with accumulation; regression."""
    rng = np.random.RandomState(3)
    rows = [{"input_ids": rng.randint(3, 60, 8).tolist()} for _ in range(20)]
    rows = [{**row, "label": int(row["input_ids"][0] > 30) + int(row["input_ids"][1] > 30)} for row in rows]
    floats = [{**row, "label": row["label"] / 2} for row in rows]

    def accuracy(prediction):
        return {"accuracy": (prediction.predictions.argmax(-1) == prediction.label_ids).mean()}

    def classifier(labels, family="qwen3"):
        return model(lib, family, "AutoModelForSequenceClassification", num_labels=labels)

    options = {"eval_dataset": rows[:9], "compute_metrics": accuracy}
    return {
        "plain": run(lib, classifier(3), rows, options, eval_strategy="steps", eval_steps=5),
        "accumulated": run(lib, classifier(3), rows, max_steps=6, gradient_accumulation_steps=2),
        "smoothed": run(lib, classifier(3), rows, max_steps=6, label_smoothing_factor=0.1),
        "regression": run(lib, classifier(1), floats, max_steps=6),
    }


def case_heads(lib):
    """Classes of tokens, answers in texts, an encoder's classes and masked tokens."""
    rng = np.random.RandomState(4)
    ids = [rng.randint(5, 60, 9).tolist() for _ in range(16)]
    tags = [{"input_ids": row, "labels": [-100, *(int(i > 30) for i in row[1:])]} for row in ids]
    spans = [{"input_ids": row, "start_positions": i % 7, "end_positions": i % 7 + 2} for i, row in enumerate(ids)]
    texts_ = [{"input_ids": row, "label": int(row[0] > 30)} for row in ids]
    masked = [{"input_ids": [4, *row[1:]], "labels": [row[0]] + [-100] * 8} for row in ids]
    bert = {"num_hidden_layers": 2, "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1}

    def answers(prediction):
        starts, ends = prediction.predictions
        spread = [float(np.abs(x - x.mean(-1, keepdims=True)).sum()) for x in (starts, ends)]  # a shift changes no loss
        return {"start": spread[0], "end": spread[1], "labels": len(prediction.label_ids)}

    shared = {"max_steps": 6, "eval_strategy": "steps", "eval_steps": 3}
    return {
        "tokens": run(lib, model(lib, "llama", "AutoModelForTokenClassification", num_labels=2), tags,
                      {"eval_dataset": tags[:6]}, gradient_accumulation_steps=2, **shared),
        "answers": run(lib, model(lib, "qwen3", "AutoModelForQuestionAnswering"), spans,
                       {"eval_dataset": spans[:6], "compute_metrics": answers}, gradient_accumulation_steps=2, **shared),
        "bert": run(lib, model(lib, "bert", "AutoModelForSequenceClassification", **bert), texts_,
                    {"eval_dataset": texts_[:6]}, **shared),
        "masked": run(lib, model(lib, "bert", "AutoModelForMaskedLM", **bert), masked, {"eval_dataset": masked[:6]},
                      weight_decay=0.1, **shared),
    }  # fmt: skip


def case_seq2seq(lib):
    """An encoder-decoder, with dropout, smoothed labels, and predictions that are generated."""
    rng = np.random.RandomState(6)
    ids = [rng.randint(3, 60, rng.randint(4, 9)).tolist() for _ in range(16)]
    rows = [{"input_ids": row, "labels": [*row[::-1][:5], 1]} for row in ids]
    torch = torch_of(lib)

    def collate(batch):
        fill, made = {"input_ids": 0, "labels": -100}, {}
        for key, value in fill.items():
            width = max(len(row[key]) for row in batch)
            made[key] = torch.tensor([row[key] + [value] * (width - len(row[key])) for row in batch])
        return {**made, "attention_mask": (made["input_ids"] != 0).long()}

    def shifted(batch):
        """With the decoder's inputs, which the model makes of labels that it is not given when they are smoothed."""
        found = collate(batch)
        labels = found["labels"].clamp(min=0)
        return {**found, "decoder_input_ids": torch.cat([labels[:, :1] * 0, labels[:, :-1]], 1)}

    def made(dropout):
        config = lib.AutoConfig.for_model(
            "t5", vocab_size=64, d_model=32, d_kv=8, d_ff=48, num_layers=2, num_heads=4, dropout_rate=dropout,
            decoder_start_token_id=0, pad_token_id=0, eos_token_id=1,
        )  # fmt: skip
        found = lib.AutoModelForSeq2SeqLM.from_config(config)
        state = {}
        names = [name for name in sorted(found.state_dict()) if "embed_tokens" not in name and name != "lm_head.weight"]
        for index, name in enumerate(names):
            draw = np.random.RandomState(index).standard_normal(tuple(found.state_dict()[name].shape)) * 0.2
            state[name] = torch.from_numpy((draw + 1 if "layer_norm" in name else draw).astype(np.float32))
        tied = {name: state["shared.weight"] for name in found.state_dict() if name not in state}
        found.load_state_dict({**state, **tied})
        return found

    def exact(prediction):
        return {"sum": int(prediction.predictions.sum()), "shape": list(prediction.predictions.shape)}

    out = {
        "dropout": run(lib, made(0.1), rows, {"data_collator": collate}, max_steps=6),
        "smoothed": run(lib, made(0.0), rows, {"data_collator": shifted}, label_smoothing_factor=0.1, max_steps=4),
    }
    with tempfile.TemporaryDirectory() as folder, quiet():
        args = lib.Seq2SeqTrainingArguments(
            folder, predict_with_generate=True, generation_max_length=8, use_cpu=True, disable_tqdm=True,
            per_device_eval_batch_size=5, report_to="none",
        )  # fmt: skip
        trainer = lib.Seq2SeqTrainer(
            made(0.0), args, data_collator=collate, eval_dataset=rows[:12], compute_metrics=exact
        )
        found = trainer.predict(rows[:12])
        out["generated"] = [found.predictions.tolist(), found.label_ids.tolist(), trainer.evaluate()["eval_sum"]]
    return out


class _Recorder:
    """Makes a callback that notes every event with the switches."""

    def __new__(cls, lib, seen):
        def note(name):
            def method(self, args, state, control, **kwargs):
                flags = "".join(
                    c if getattr(control, f"should_{n}") else "."
                    for c, n in zip("SELTX", ("save", "evaluate", "log", "training_stop", "epoch_stop"))
                )
                extra = sorted(k for k in kwargs if kwargs[k] is not None)
                seen.append(f"{name} {state.global_step} {state.epoch:.3f} {flags} {','.join(extra)}")

            return method

        names = [n for n in dir(lib.TrainerCallback) if n.startswith("on_")]
        return type("Recorder", (lib.TrainerCallback,), {name: note(name) for name in names})()


def case_events(lib):
    """Every event in order, with the state of the switches and what callbacks are given."""
    out, rows, held = {}, texts(12), texts(5, seed=5)
    kinds = {
        "steps": {"eval_strategy": "steps", "eval_steps": 2, "save_strategy": "steps", "save_steps": 2, "max_steps": 5,
                  "logging_steps": 2},
        "epochs": {"eval_strategy": "epoch", "save_strategy": "epoch", "num_train_epochs": 2, "max_steps": -1,
                   "gradient_accumulation_steps": 2, "logging_strategy": "epoch"},
    }  # fmt: skip
    for name, changes in kinds.items():
        seen = []
        run(lib, rows=rows, options={"eval_dataset": held, "callbacks": [_Recorder(lib, seen)]}, **changes)
        out[name] = seen
    return out


def case_best(lib):
    """Which checkpoints stay, which one is best, which weights are there at the end."""
    rows, held, out = texts(24), texts(10, seed=5), {}
    kinds = {
        "best": {"load_best_model_at_end": True, "save_total_limit": 1},
        "limit": {"save_total_limit": 2},
        "best_strategy": {"save_strategy": "best", "metric_for_best_model": "loss"},
        "stopped": {"load_best_model_at_end": True, "patience": 2},
    }
    for name, changes in kinds.items():
        patience = changes.pop("patience", None)
        shared = {"eval_strategy": "steps", "eval_steps": 2, "save_strategy": "steps", "save_steps": 2, "max_steps": 14,
                  "learning_rate": 0.01, **changes}  # fmt: skip
        callbacks = [lib.EarlyStoppingCallback(early_stopping_patience=patience)] if patience else []
        with tempfile.TemporaryDirectory() as folder, quiet():
            trainer = lib.Trainer(
                model=model(lib), args=arguments(lib, folder, **shared), train_dataset=rows, eval_dataset=held,
                callbacks=callbacks,
            )  # fmt: skip
            trainer.train()
            state = trainer.state
            best = state.best_model_checkpoint
            out[name] = {
                "log": plain_log(state), "folders": sorted(n for n in os.listdir(folder) if n.startswith("checkpoint")),
                "best": [state.best_metric, state.best_global_step, best and os.path.basename(best)],
                "final": trainer.evaluate()["eval_loss"],
            }  # fmt: skip
    return out


def case_errors(lib):
    rows = texts(4)
    calls = {
        "no_model": lambda f: lib.Trainer(args=arguments(lib, f)),
        "two_models": lambda f: lib.Trainer(model(lib), arguments(lib, f), model_init=lambda: None),
        "no_train_set": lambda f: lib.Trainer(model(lib), arguments(lib, f)).train(),
        "no_eval_set": lambda f: lib.Trainer(model(lib), arguments(lib, f, eval_strategy="steps")),
        "evaluate": lambda f: lib.Trainer(model(lib), arguments(lib, f)).evaluate(),
        "no_length": lambda f: lib.Trainer(
            model(lib), arguments(lib, f, max_steps=-1), train_dataset=(row for row in rows)
        ),
        "no_checkpoint": lambda f: lib.Trainer(model(lib), arguments(lib, f), train_dataset=rows).train(True),
        "optimizers": lambda f: lib.Trainer(
            model_init=lambda: model(lib), args=arguments(lib, f), optimizers=(object(), None)
        ),
        "no_loss": lambda f: lib.Trainer(
            model(lib), arguments(lib, f), train_dataset=[{"input_ids": row["input_ids"]} for row in rows]
        ).train(),
        "metric": lambda f: lib.Trainer(
            model(lib), arguments(lib, f, eval_strategy="steps", eval_steps=1, metric_for_best_model="f1"),
            train_dataset=rows, eval_dataset=rows,
        ).train(),
        "init_arguments": lambda f: lib.Trainer(model_init=lambda a, b: model(lib), args=arguments(lib, f)),
        "init_none": lambda f: lib.Trainer(model_init=lambda: None, args=arguments(lib, f)),
    }  # fmt: skip
    out = {}
    for name, call in calls.items():
        with tempfile.TemporaryDirectory() as folder, quiet():
            try:
                call(folder)
            except Exception as error:  # noqa: BLE001
                out[name] = [type(error).__name__, str(error).replace(folder, "FOLDER").replace("object.", "")]
    return out
