"""Uploading what a run saves."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

from ..utils import logging
from .checkpoint_folders import PREFIX_CHECKPOINT_DIR
from .enums import HubStrategy

logger = logging.get_logger(__name__)


class HubMixin:
    """Part of Trainer."""

    def init_hf_repo(self, token: str | None = None, private: bool | None = None) -> None:
        """Make the repository, if it is not there."""
        from ..hub import hub_api

        args = self.args
        name = args.hub_model_id or Path(args.output_dir).absolute().name
        token = args.hub_token if token is None else token
        private = args.hub_private_repo if private is None else private
        self.hub_model_id = hub_api(token).create_repo(name, private=private, exist_ok=True).repo_id

    def create_model_card(
        self, language: str | None = None, license: str | None = None, tags: Any = None,
        model_name: str | None = None, finetuned_from: str | None = None, tasks: Any = None,
        dataset_tags: Any = None, dataset: Any = None, dataset_args: Any = None,
    ) -> None:  # fmt: skip
        """Write README.md: what was trained from what, with which arguments, and the results."""

        def listed(value: Any) -> list[str]:
            return [] if value is None else [value] if isinstance(value, str) else list(value)

        base = finetuned_from or getattr(getattr(self.model, "config", None), "_name_or_path", None)
        name = model_name or Path(self.args.output_dir).absolute().name
        header = ["library_name: transformers"]
        header += [f"{key}: {value}" for key, value in (("license", license), ("base_model", base)) if value]
        for key, value in (
            ("language", language), ("tags", ["generated_from_trainer", *listed(tags)]),
            ("datasets", dataset_tags or dataset), ("pipeline_tag", tasks),
        ):  # fmt: skip
            if listed(value):
                header.append(f"{key}:\n" + "\n".join(f"- {item}" for item in listed(value)))
        arguments = (
            "learning_rate", "per_device_train_batch_size", "per_device_eval_batch_size", "seed", "optim",
            "lr_scheduler_type", "gradient_accumulation_steps", "num_train_epochs", "max_steps",
        )  # fmt: skip
        values = self.args.to_dict()
        lines = ["---", *header, "---", f"\n# {name}\n"]
        lines.append(f"This model was fine-tuned{f' from {base}' if base else ''} with `eigenformers`.\n")
        lines.append("## Training\n\n" + "\n".join(f"- {key}: {values[key]}" for key in arguments))
        results = next((row for row in reversed(self.state.log_history) if "eval_loss" in row), None)
        if results:
            shown = {k: v for k, v in results.items() if k.startswith("eval_") and "per_second" not in k}
            lines.append("\n## Results\n\n" + "\n".join(f"- {key}: {value}" for key, value in shown.items()))
        path = os.path.join(self.args.output_dir, "README.md")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def push_to_hub(
        self, commit_message: str | None = "End of training", blocking: bool = True, token: str | None = None,
        revision: str | None = None, **kwargs: Any,
    ) -> Any:  # fmt: skip
        """Save the model and upload `output_dir` without checkpoints and hidden files."""
        self.callback_handler.on_push_begin(self.args, self.state, self.control)
        if self.hub_model_id is None:
            self.init_hf_repo(token=token)
        self.save_model(_internal_call=True)
        if self.state.log_history:
            kwargs.setdefault("model_name", self.args.hub_model_id or Path(self.args.output_dir).absolute().name)
            self.create_model_card(**kwargs)
        self._finish_current_push()
        return self._upload(
            self.args.output_dir, commit_message, token=token, revision=revision or self.args.hub_revision,
            ignore=["_*", f"{PREFIX_CHECKPOINT_DIR}-*", ".*"], blocking=blocking,
        )  # fmt: skip

    def _upload(
        self, folder: str, message: str | None, token: str | None = None, revision: str | None = None,
        ignore: Any = None, path_in_repo: str | None = None, blocking: bool = True,
    ) -> Any:  # fmt: skip
        from ..hub import hub_api

        api = hub_api(self.args.hub_token if token is None else token)

        def upload() -> Any:
            return api.upload_folder(
                repo_id=self.hub_model_id, folder_path=folder, path_in_repo=path_in_repo, commit_message=message,
                ignore_patterns=ignore, revision=revision,
            )  # fmt: skip

        if blocking:
            return upload()
        thread = threading.Thread(target=upload, daemon=False)
        thread.start()
        self._pushing = thread
        return thread

    def _push_from_checkpoint(self, checkpoint: str) -> None:
        """Upload what a checkpoint holds, as `hub_strategy` says."""
        args, strategy = self.args, self.args.hub_strategy
        if strategy == HubStrategy.END:
            return
        busy = getattr(self, "_pushing", None)
        if busy is not None and busy.is_alive():
            if not args.hub_always_push:
                return
            busy.join()
        self.callback_handler.on_push_begin(args, self.state, self.control)
        unit = "step" if args.save_strategy == "steps" else "epoch"
        where = self.state.global_step if unit == "step" else int(self.state.epoch)
        resumable = ["optimizer.*", "scheduler.*", "rng_state.*", "trainer_state.json"]
        self._upload(
            checkpoint, f"Training in progress, {unit} {where}", revision=args.hub_revision, ignore=resumable,
            blocking=False,
        )  # fmt: skip
        if strategy in (HubStrategy.CHECKPOINT, HubStrategy.ALL_CHECKPOINTS):
            self._finish_current_push()
            name = "last-checkpoint" if strategy == HubStrategy.CHECKPOINT else os.path.basename(checkpoint)
            self._upload(
                checkpoint, f"Training in progress, {unit} {where}, checkpoint", revision=args.hub_revision,
                path_in_repo=name, blocking=False,
            )  # fmt: skip

    def _finish_current_push(self) -> None:
        busy = getattr(self, "_pushing", None)
        if busy is not None and busy.is_alive():
            logger.info("Waiting for the current checkpoint push to be finished, this might take a couple of minutes.")
            busy.join()
