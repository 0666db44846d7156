"""Optimizers with torch's names, arguments and state.

>>> import eigenformers as ef
>>> w = ef.tensor([1.0, -2.0], requires_grad=True)
>>> optimizer = ef.optim.SGD([w], lr=0.5)
>>> (w * w).sum().backward()
>>> optimizer.step()
>>> w.tolist()
[0.0, 0.0]
"""

from __future__ import annotations

from .._lazy import lazy_exports

_MODULES = {
    "Optimizer": ".optimizer",
    "Adam": ".adam",
    "AdamW": ".adam",
    "AdamW8bit": ".eight_bit",
    "AdamWScheduleFree": ".schedule_free",
    "AdaLomo": ".lomo",
    "Adafactor": ".adafactor",
    "Adagrad": ".adagrad",
    "AdEMAMix": ".ademamix",
    "AdEMAMix8bit": ".eight_bit",
    "APOLLOAdamW": ".apollo",
    "GaLoreAdafactor": ".galore",
    "GaLoreAdamW": ".galore",
    "GaLoreAdamW8bit": ".galore",
    "GrokAdamW": ".grokadamw",
    "Lion": ".lion",
    "Lion8bit": ".eight_bit",
    "Lomo": ".lomo",
    "RAdamScheduleFree": ".schedule_free",
    "RMSprop": ".rmsprop",
    "RMSprop8bit": ".eight_bit",
    "SGD": ".sgd",
    "SGDScheduleFree": ".schedule_free",
    "StableAdamW": ".stable_adamw",
    "step_in_backward": ".lomo",
    "lr_scheduler": ".lr_scheduler:",
    "schedules": ".schedules:",
}
__all__ = sorted(_MODULES)
__getattr__, __dir__ = lazy_exports(__name__, _MODULES)
