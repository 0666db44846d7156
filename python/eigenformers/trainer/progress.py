"""Callbacks that show how far training is: a bar, plain lines, a table in notebooks."""

from __future__ import annotations

import html
import sys
from typing import Any

from ..data.dataset import has_length
from ..utils import logging
from .callbacks import TrainerCallback
from .enums import IntervalStrategy


def _short(value: Any) -> Any:
    return f"{value:.4g}" if isinstance(value, float) else value


class PrinterCallback(TrainerCallback):
    """Prints the logs."""

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """One line."""
        (logs or {}).pop("total_flos", None)
        if state.is_local_process_zero:
            print(logs if logs is None else {name: _short(value) for name, value in logs.items()})


class ProgressCallback(TrainerCallback):
    """A bar over the steps (tqdm), a second one while evaluating, and the logs as lines above them.

    Strings longer than `max_str_len` are left out of those lines.
    """

    def __init__(self, max_str_len: int = 100):
        self.training_bar = self.prediction_bar = None
        self.max_str_len, self.current_step = max_str_len, 0

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Shows the bar."""
        if state.is_world_process_zero:
            self.training_bar = logging.tqdm(total=state.max_steps, dynamic_ncols=True)
        self.current_step = 0

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Moves the bar."""
        if self.training_bar is not None:
            self.training_bar.update(state.global_step - self.current_step)
            self.current_step = state.global_step

    def on_prediction_step(
        self, args: Any, state: Any, control: Any, eval_dataloader: Any = None, **kwargs: Any
    ) -> None:
        """Moves the bar of the evaluation."""
        if state.is_world_process_zero and has_length(eval_dataloader):
            if self.prediction_bar is None:
                self.prediction_bar = logging.tqdm(
                    total=len(eval_dataloader), leave=self.training_bar is None, dynamic_ncols=True
                )
            self.prediction_bar.update(1)

    def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Ends the bar of the evaluation."""
        if self.prediction_bar is not None:
            self.prediction_bar.close()
        self.prediction_bar = None

    on_predict = on_evaluate

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """A line above the bar."""
        if self.training_bar is None:
            return
        shown = {name: _short(value) for name, value in logs.items() if name != "total_flos"}
        for name, value in logs.items():
            if isinstance(value, str) and len(value) > self.max_str_len:
                shown[name] = (
                    f"[String too long to display, length: {len(value)} > {self.max_str_len}. "
                    "Consider increasing `max_str_len` if needed.]"
                )
        self.training_bar.write(str(shown))

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Ends the bar."""
        if self.training_bar is not None:
            self.training_bar.close()
            self.training_bar = None


class NotebookProgressCallback(TrainerCallback):
    """In a notebook: a progress bar and a table of losses and metrics, one row a log or evaluation."""

    def __init__(self) -> None:
        self._display = None
        self._rows: list[dict[str, Any]] = []
        self._columns: list[str] = []
        self._loss = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Shows an empty table."""
        from IPython.display import HTML, display

        self._rows, self._loss = [], None
        first = "Epoch" if args.eval_strategy == IntervalStrategy.EPOCH else "Step"
        self._columns = [first, "Training Loss"]
        if args.eval_strategy != IntervalStrategy.NO:
            self._columns.append("Validation Loss")
        self._display = display(HTML(self.render(state)), display_id=True)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Moves the bar."""
        self._update(state)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """A row, unless evaluations make the rows."""
        if "loss" in logs:
            self._loss = logs["loss"]
            if args.eval_strategy == IntervalStrategy.NO:
                self._rows.append({"Step": state.global_step, "Training Loss": logs["loss"]})
            self._update(state)

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **kwargs: Any) -> None:
        """A row with all metrics."""
        if self._display is None:
            return
        row: dict[str, Any] = {"Training Loss": "No log" if self._loss is None else self._loss}
        row[self._columns[0]] = int(state.epoch or 0) if self._columns[0] == "Epoch" else state.global_step
        skipped = ("_runtime", "_samples_per_second", "_steps_per_second", "_model_preparation_time")
        for name, value in (metrics or {}).items():
            if name == "epoch" or name.endswith(skipped) or name == "total_flos":
                continue
            words = name.removeprefix("eval_") if hasattr(name, "removeprefix") else name.replace("eval_", "", 1)
            column = "Validation Loss" if words == "loss" else words.replace("_", " ").title()
            row[column] = value
            if column not in self._columns:
                self._columns.append(column)
        self._rows.append(row)
        self._update(state)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """The last state of the table stays."""
        self._update(state)
        self._display = None

    def _update(self, state: Any) -> None:
        if self._display is not None:
            from IPython.display import HTML

            self._display.update(HTML(self.render(state)))

    def render(self, state: Any) -> str:
        """The bar and the table as HTML."""

        def cell(value: Any) -> str:
            return html.escape(f"{value:.6f}" if isinstance(value, float) else str(value))

        head = "".join(f"<th>{html.escape(name)}</th>" for name in self._columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{cell(row.get(name, ''))}</td>" for name in self._columns) + "</tr>"
            for row in self._rows
        )
        step, total = state.global_step, state.max_steps
        epoch = f"Epoch {state.epoch or 0:.2f}/{state.num_train_epochs}"
        bar = f"<progress value='{step}' max='{total}' style='width:300px;height:20px'></progress>"
        return f"<div>{bar} [{step}/{total}, {epoch}]</div><table border='1'><tr>{head}</tr>{body}</table>"


def default_progress() -> type:
    """The table in a notebook, the bar elsewhere."""
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    return NotebookProgressCallback if shell and "IPKernelApp" in getattr(shell, "config", {}) else ProgressCallback
