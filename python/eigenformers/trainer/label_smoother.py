"""Label smoothing (Szegedy et al. 2016): a share of the target is spread over all classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..nn import functional


@dataclass
class LabelSmoother:
    """Cross entropy of `(1 - epsilon)` on the label and `epsilon` on all classes alike; `ignore_index` counts for none.

    Sums are divided by `num_items_in_batch`, or by the number of labels here.
    """

    epsilon: float = 0.1
    ignore_index: int = -100

    def __call__(
        self, model_output: Any, labels: Any, shift_labels: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        logits = model_output["logits"] if isinstance(model_output, dict) else model_output[0]
        if shift_labels:
            logits, labels = logits[..., :-1, :], labels[..., 1:]
        log_probs = -functional.log_softmax(logits, dim=-1)
        if labels.dim() == log_probs.dim() - 1:
            labels = labels.unsqueeze(-1)
        ignored = labels.eq(self.ignore_index)
        nll = log_probs.gather(-1, labels.clamp(min=0)).masked_fill(ignored, 0.0).sum()
        smooth = log_probs.sum(-1, keepdim=True).masked_fill(ignored, 0.0).sum()
        count = num_items_in_batch
        if count is None:
            count = ignored.numel() - int(ignored.sum())
        elif hasattr(count, "item"):
            count = count.item()
        return (1 - self.epsilon) * (nll / count) + self.epsilon * (smooth / (count * log_probs.shape[-1]))
