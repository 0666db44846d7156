"""Checkpoints of a run: what is in them, writing, loading, resuming bit for bit."""

from __future__ import annotations

import glob
import json
import os
import random
from typing import Any

import numpy as np

from .. import _core
from ..data.sampler import SeededRandomSampler
from ..errors import CheckpointError
from ..utils import logging
from ..utils.files import atomic_write
from .checkpoint_folders import (
    PREFIX_CHECKPOINT_DIR,
    STATE_FILE,
    delete_checkpoint,
    rotate_checkpoints,
    sort_checkpoints,
    writing_checkpoint,
)
from .enums import SaveStrategy
from .plain_state import load_state, reading, save_state
from .state import ExportableState, TrainerControl, TrainerState, states_of

logger = logging.get_logger(__name__)

ARGS_FILE = "training_args.json"


class Resumed:
    """Where a checkpoint stopped, and the generators at that point."""

    def __init__(self, epoch: int, steps_done: int, progress: dict[str, Any] | None, skipped: bool):
        self.epoch, self.steps_done = epoch, steps_done
        self._progress, self._skipped = progress, skipped

    def restore_sums(self, trainer: Any) -> None:
        """The loss since the last log, so that the next log says what it would have said."""
        if self._progress is not None:
            trainer._tr_loss = self._progress["loss_since_log"]
            trainer._last_logged = self._progress["last_logged"]
            trainer._total_loss = -trainer._tr_loss  # belongs to the run before
            trainer.current_flos = 0

    def before_batches(self, trainer: Any, dataloader: Any) -> None:
        """The generators as they were when the pass over the data began: samplers draw the same order again."""
        if self._progress is None:
            return
        sampler = getattr(dataloader, "sampler", None)
        if isinstance(sampler, SeededRandomSampler) and trainer.args.data_seed is None:
            sampler.initial_seed = self._progress["order_seed"]
        if self.steps_done:
            trainer._load_rng_state(self._progress["epoch_rng"])
        elif not self._skipped:
            trainer._load_rng_state(self._progress["rng"])

    def after_skipping(self, trainer: Any) -> None:
        """The generators as they were when the checkpoint was saved."""
        if self._progress is not None and self.steps_done:
            trainer._load_rng_state(self._progress["rng"])


class CheckpointMixin:
    """Part of Trainer."""

    # --- state of the run -----------------------------------------------------------------------------------------
    def _exportable(self) -> list[Any]:
        callbacks = [*self.callback_handler.callbacks, self.control]
        return [callback for callback in callbacks if isinstance(callback, ExportableState)]

    def _init_state(self, plan: Any, trial: Any) -> None:
        self.state = TrainerState(stateful_callbacks=self._exportable())
        self.state.is_hyper_param_search = trial is not None
        self.state.train_batch_size = self._train_batch_size
        self.state.compute_steps(self.args, plan.max_steps)
        self.state.init_training_references(self, plan.max_steps, plan.epochs, trial)
        self._in_epoch_end = False

    def _stored_state(self, checkpoint: str) -> TrainerState | None:
        path = os.path.join(checkpoint, STATE_FILE)
        return TrainerState.load_from_json(path) if os.path.isfile(path) else None

    def _resume_state(self, checkpoint: str, plan: Any, trial: Any) -> Resumed:
        """Take over the state of a checkpoint; where to go on."""
        stored = self._stored_state(checkpoint)
        progress = self._stored_progress(checkpoint)
        if stored is None:
            return Resumed(0, 0, progress, skipped=True)
        self.state = stored
        best = stored.best_model_checkpoint
        if best is not None and not os.path.isdir(best):
            logger.warning(
                f"The best checkpoint {best} recorded in the resumed state does not exist anymore. Ignoring it for "
                "this run."
            )
            stored.best_model_checkpoint = None
        self._compare_with(stored)
        self._load_callback_state()
        self.state.init_training_references(self, plan.max_steps, plan.epochs, trial)
        epoch, done = divmod(stored.global_step, plan.steps_per_epoch)
        if progress is not None and done == 0 and stored.global_step and not progress["epoch_ended"]:
            epoch, done = epoch - 1, plan.steps_per_epoch  # stopped before the end of an epoch was dealt with
        if self.args.ignore_data_skip:
            return Resumed(epoch, 0, progress, skipped=True)
        logger.info(
            f"  Fast-forwarding the dataloader past {epoch} epochs and {done * self.args.gradient_accumulation_steps} "
            "batches to resume from the exact training state."
        )
        return Resumed(epoch, done, progress, skipped=False)

    def _compare_with(self, state: TrainerState) -> None:
        names = ("logging_steps", "eval_steps", "save_steps")
        pairs = [(name, getattr(self.args, name), getattr(state, name)) for name in names]
        pairs.append(("per_device_train_batch_size", self.args.per_device_train_batch_size, state.train_batch_size))
        lines = [
            f"\n\t{name}: {ours} (from args) != {theirs} (from trainer_state.json)"
            for name, ours, theirs in pairs if ours is not None and theirs is not None and ours != theirs
        ]  # fmt: skip
        if lines:
            logger.warning_once(
                "Warning: The following arguments do not match the ones in the `trainer_state.json` within the "
                "checkpoint directory: " + "".join(lines)
            )

    def _load_callback_state(self) -> None:
        if not self.args.restore_callback_states_from_checkpoint:
            return
        missing = []
        for name, data in self.state.stateful_callbacks.items():
            present = [c for c in [*self.callback_handler.callbacks, self.control] if type(c).__name__ == name]
            if not present:
                missing.append(name)
            for callback, stored in zip(present, data if isinstance(data, list) else [data]):
                restored = type(callback).from_state({"args": {}, "attributes": {}, **stored})
                if isinstance(callback, TrainerControl):
                    self.control = restored
                else:
                    at = self.callback_handler.callbacks.index(callback)
                    self.callback_handler.callbacks[at] = restored
        if missing:
            logger.warning(
                f"Checkpoint included callbacks not included in current configuration. Ignoring. ({', '.join(missing)})"
            )

    # --- random numbers -------------------------------------------------------------------------------------------
    def _rng_state(self) -> dict[str, Any]:
        state: dict[str, Any] = {
            "python": random.getstate(), "numpy": np.random.get_state(), "cpu": _core.get_rng_state(),
        }  # fmt: skip
        collator = getattr(self.data_collator, "generator", None)
        if isinstance(collator, _core.Generator):
            state["collator"] = collator.get_state()
        return state

    def _load_rng_state(self, state: dict[str, Any] | None) -> None:
        if state is None:
            return
        version, words, gauss = state["python"]
        random.setstate((version, tuple(words), gauss))
        np.random.set_state(tuple(state["numpy"]))
        _core.set_rng_state(state["cpu"])
        if "collator" in state:
            if getattr(self.data_collator, "generator", None) is None:
                self.data_collator.generator = _core.Generator()
            self.data_collator.generator.set_state(state["collator"])

    def _stored_progress(self, checkpoint: str) -> dict[str, Any] | None:
        stem = os.path.join(checkpoint, "rng_state")
        if os.path.isfile(stem + ".json"):
            progress = load_state(stem)
            with reading(stem + ".json"):  # before anything is changed
                here = self._rng_state()
                for name in ("epoch_rng", "rng"):
                    self._load_rng_state(progress[name])
                self._load_rng_state(here)
                float(progress["loss_since_log"]), int(progress["last_logged"]), bool(progress["epoch_ended"])
            return progress
        logger.info(
            f"{checkpoint}: no state of the random number generators that can be read (rng_state.json); the resumed "
            "run draws other random numbers than the one that was stopped would have"
        )
        return None

    # --- saving ---------------------------------------------------------------------------------------------------
    def _get_output_dir(self, trial: Any) -> str:
        if self.hp_search_backend is None or trial is None:
            return self.args.output_dir
        name = self.hp_name(trial) if self.hp_name is not None else f"run-{getattr(trial, 'number', 0)}"
        return os.path.join(self.args.output_dir, name)

    def _save_checkpoint(self, model: Any, trial: Any = None) -> None:
        """Write `checkpoint-<step>`, whole or not at all, and remove those that are too many."""
        if self.hp_search_backend is None and trial is None:
            self.store_flos()
        folder, step = self._get_output_dir(trial), self.state.global_step
        try:
            with writing_checkpoint(folder, step) as scratch:
                self.save_model(scratch, _internal_call=True)
                self._note_best_checkpoint(folder, step)
                if not self.args.save_only_model:
                    self._save_optimizer_and_scheduler(scratch)
                    self._save_rng_state(scratch)
                self.state.stateful_callbacks = states_of(self._exportable())
                self.state.save_to_json(os.path.join(scratch, STATE_FILE))
        except OSError as error:
            what = f"{PREFIX_CHECKPOINT_DIR}-{step} in {folder} can't be saved; the checkpoints before it are whole"
            if error.errno is None:  # from the writer of tensors, whose text says it all
                raise CheckpointError(f"{error}: {what}") from error
            raise OSError(error.errno, f"{error.strerror}: {what}", error.filename) from error
        if self.args.push_to_hub:
            self._push_from_checkpoint(os.path.join(folder, f"{PREFIX_CHECKPOINT_DIR}-{step}"))
        rotate_checkpoints(folder, self.args.save_total_limit, self.state.best_model_checkpoint)

    def _note_best_checkpoint(self, folder: str, step: int) -> None:
        best = self.state.best_global_step
        if self.args.save_strategy == SaveStrategy.NO or not best:
            return
        path = os.path.join(folder, f"{PREFIX_CHECKPOINT_DIR}-{best}")
        if best == step or os.path.exists(path):
            self.state.best_model_checkpoint = path

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        save_state(self.optimizer.state_dict(), os.path.join(output_dir, "optimizer"))
        save_state(self.lr_scheduler.state_dict(), os.path.join(output_dir, "scheduler"))

    def _save_rng_state(self, output_dir: str) -> None:
        loader = self.callback_handler.train_dataloader
        progress = {
            "rng": self._rng_state(), "epoch_rng": self._epoch_rng, "epoch_ended": self._in_epoch_end,
            "loss_since_log": self._tr_loss, "last_logged": self._last_logged,
            "order_seed": getattr(getattr(loader, "sampler", None), "initial_seed", None),
        }  # fmt: skip
        save_state(progress, os.path.join(output_dir, "rng_state"))

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Write the model, the tokenizer and the arguments, for `from_pretrained`."""
        self._save(self.args.output_dir if output_dir is None else output_dir)
        if self.args.push_to_hub and not _internal_call:
            self.push_to_hub(commit_message="Model save", revision=self.args.hub_revision)

    def _save(self, output_dir: str, state_dict: dict[str, Any] | None = None) -> None:
        os.makedirs(output_dir, exist_ok=True)
        logger.info(f"Saving model checkpoint to {output_dir}")
        if hasattr(self.model, "save_pretrained"):
            extra = {} if state_dict is None else {"state_dict": state_dict}
            self.model.save_pretrained(output_dir, **extra)
        else:
            from ..safetensors.torch import save_file

            logger.info("Trainer.model is not a `PreTrainedModel`, only saving its state dict.")
            state = self.model.state_dict() if state_dict is None else state_dict
            plain = {name: value.detach().clone().contiguous() for name, value in state.items()}
            save_file(plain, os.path.join(output_dir, "model.safetensors"), metadata={"format": "pt"})
        processing = self.processing_class or getattr(self.data_collator, "tokenizer", None)
        if processing is not None:
            processing.save_pretrained(output_dir)
        atomic_write(os.path.join(output_dir, ARGS_FILE), self.args.to_json_string() + "\n")

    def save_state(self) -> None:
        """Write `trainer_state.json` into `output_dir`."""
        self.state.save_to_json(os.path.join(self.args.output_dir, STATE_FILE))

    # --- loading --------------------------------------------------------------------------------------------------
    def _load_from_checkpoint(self, checkpoint: str, model: Any = None) -> None:
        """The weights of a checkpoint into the model."""
        model = self.model if model is None else model
        if not os.path.isdir(checkpoint):
            raise ValueError(f"Can't find a valid checkpoint at {checkpoint}")
        if hasattr(model, "peft_config") and hasattr(model, "load_adapter"):
            self._load_adapters(model, checkpoint)
            return
        weights = self._weights_in(checkpoint)
        if not weights:
            raise ValueError(f"Can't find a valid checkpoint at {checkpoint}")
        logger.info(f"Loading model from {checkpoint}.")
        missing, unexpected = model.load_state_dict(weights, strict=False)
        tied = set(getattr(model, "_tied_weights_keys", None) or ())
        missing = [name for name in missing if name not in tied]
        if missing:
            logger.warning(f"There were missing keys in the checkpoint model loaded: {missing}.")
        if unexpected:
            logger.warning(f"There were unexpected keys in the checkpoint model loaded: {list(unexpected)}.")
        if hasattr(model, "tie_weights"):
            model.tie_weights()

    @staticmethod
    def _weights_in(checkpoint: str) -> dict[str, Any]:
        from ..safetensors.torch import load_file
        from ..serialization import load

        found: dict[str, Any] = {}
        files = sorted(glob.glob(os.path.join(glob.escape(checkpoint), "model*.safetensors")))
        for path in files:
            found.update(load_file(path))
        if not files:
            for path in sorted(glob.glob(os.path.join(glob.escape(checkpoint), "pytorch_model*.bin"))):
                found.update(load(path))
        return found

    @staticmethod
    def _load_adapters(model: Any, checkpoint: str) -> None:
        names = list(getattr(model, "active_adapters", None) or ["default"])
        names = names() if callable(names) else names
        for name in names:
            inner = os.path.join(checkpoint, name)
            model.load_adapter(inner if os.path.isdir(inner) else checkpoint, name, is_trainable=True)

    def _load_optimizer_and_scheduler(self, checkpoint: str) -> None:
        for name, target in (("optimizer", self.optimizer), ("scheduler", self.lr_scheduler)):
            stem = os.path.join(checkpoint, name)
            if os.path.isfile(stem + ".json"):
                state = load_state(stem)
            elif os.path.isfile(stem + ".pt"):
                state = self._from_torch(stem + ".pt")
            else:
                logger.warning(f"{checkpoint}: no state of the {name}; it begins anew")
                continue
            if state is not None:
                with reading(stem):
                    target.load_state_dict(state)

    @staticmethod
    def _from_torch(path: str) -> Any:
        """What torch saved, as far as it is data."""
        from ..serialization import load

        try:
            return load(path)
        except CheckpointError as error:
            logger.warning(f"{path}: not read, because it holds more than data ({error})")
            return None

    def _load_best_model(self) -> None:
        best = self.state.best_model_checkpoint
        logger.info(f"Loading best model from {best} (score: {self.state.best_metric}).")
        if not os.path.isdir(best):
            logger.warning(
                f"Could not locate the best model at {best}, if you are running a distributed training on multiple "
                "nodes, you should activate `--save_on_each_node`."
            )
            return
        self._load_from_checkpoint(best)

    def _drop_last_but_best(self, trial: Any) -> None:
        """With `save_total_limit=1`, only the best stays at the end."""
        best = self.state.best_model_checkpoint
        if best is None or self.args.save_total_limit != 1 or not os.path.isdir(best):
            return
        for path in sort_checkpoints(self._get_output_dir(trial)):
            if not os.path.samefile(path, best):
                logger.info(f"Deleting older checkpoint [{path}] due to args.save_total_limit")
                delete_checkpoint(path)

    # --- results --------------------------------------------------------------------------------------------------
    def save_metrics(self, split: str, metrics: dict[str, Any], combined: bool = True) -> None:
        """Write `<split>_results.json` and, if `combined`, add to `all_results.json`."""
        self._write_results(f"{split}_results.json", metrics)
        if combined:
            path = os.path.join(self.args.output_dir, "all_results.json")
            before = {}
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    before = json.load(file)
            self._write_results("all_results.json", {**before, **metrics})

    def _write_results(self, name: str, metrics: dict[str, Any]) -> None:
        os.makedirs(self.args.output_dir, exist_ok=True)
        text = json.dumps(metrics, indent=4, sort_keys=True)
        atomic_write(os.path.join(self.args.output_dir, name), text)
