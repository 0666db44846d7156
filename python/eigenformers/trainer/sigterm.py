"""`enable_jit_checkpoint`: when the machine is taken away, save once more and stop."""

from __future__ import annotations

import signal
import threading
from typing import Any

from .callbacks import TrainerCallback


class SaveOnSigterm(TrainerCallback):
    """After SIGTERM, the step that is running is finished, saved, and training stops."""

    def __init__(self) -> None:
        self.received = False
        self._before: Any = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Begins to listen; only the main thread can."""
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, self._receive)

    def _receive(self, number: int, frame: Any) -> None:
        self.received = True

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> Any:
        """Saves and stops."""
        if self.received:
            control.should_save = control.should_training_stop = True
        return control

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Listens no more."""
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)
            self._before = None
