"""Runs of Trainer with the optimizers that transformers takes from packages (galore-torch, apollo-torch, lomo-optim,
grokadamw): what is logged."""

from __future__ import annotations

from cases.trainer import run, torch_of


def _low_rank(lib, name, options="", **changes):
    options = "rank=4,update_proj_gap=100" + options
    return run(lib, optim=name, optim_target_modules=["self_attn", "mlp"], optim_args=options, **changes)


def case_low_rank(lib):
    """The Adam constants of the arguments do not reach GaLore, and reach only the projected group of APOLLO.

    Layer by layer with a constant rate: in transformers' Trainer no other schedule reaches these optimizers.
    """
    constant = {"lr_scheduler_type": "constant"}
    return {
        "galore": _low_rank(lib, "galore_adamw", adam_beta1=0.5, weight_decay=0.1),
        "galore_layerwise": _low_rank(lib, "galore_adamw_layerwise", **constant),
        "apollo": _low_rank(lib, "apollo_adamw", ",scale=2", adam_beta1=0.8, weight_decay=0.1),
        "apollo_mini": _low_rank(lib, "apollo_adamw", ",scale_type=tensor,scale=16,proj_type=reverse_std"),
        "apollo_layerwise": _low_rank(lib, "apollo_adamw_layerwise", **constant),
    }


def case_grokadamw(lib):
    return {
        "plain": run(lib, optim="grokadamw", weight_decay=0.1),
        "others": run(lib, optim="grokadamw", optim_args="alpha_init=0.9,lamb=1,gamma=0.05,gradient_clipping=0.5"),
    }


def case_lomo(lib):
    if lib.__name__ == "transformers":
        torch_of(lib).Tensor.cuda = lambda self, *_, **__: self  # lomo-optim keeps its state on a GPU
    return {
        "lomo": run(lib, optim="lomo", learning_rate=0.05, warmup_steps=3),
        "accumulated": run(lib, optim="lomo", learning_rate=0.05, gradient_accumulation_steps=2, max_steps=5),
        "adalomo": run(lib, optim="adalomo", learning_rate=5e-3),
    }
