"""Rounding without data, as HQQ, quanto and torchao do it on a CPU: the values that weights become."""

from __future__ import annotations

import importlib

import numpy as np
from cases.families import draw


def weight():
    return draw("a weight", (32, 256))


def case_hqq(lib):
    """Codes, scales and zeros of axis 1, in every number of bits."""
    out, w = {}, weight()
    for bits in (8, 4, 3, 2, 1):
        if lib.__name__ == "transformers":
            quantizer, torch = importlib.import_module("hqq.core.quantize").Quantizer, importlib.import_module("torch")
            codes, meta = quantizer.quantize(
                torch.tensor(w), nbits=bits, group_size=64, axis=1, round_zero=bits == 4, device="cpu",
                compute_dtype=torch.float32,
            )  # fmt: skip
            parts = {"W_q": codes, "scale": meta["scale"], "zero": meta["zero"]}
        else:
            parts = (
                importlib.import_module("eigenformers._core")
                .pack_weight("hqq", lib.tensor(w), bits=bits, group=64)
                .state()
            )
        out[bits] = {name: value.numpy() for name, value in parts.items()}
    return out


def case_quanto(lib):
    """Dense values of int8, int4 and int2."""
    out, w = {}, weight()
    for bits in (8, 4, 2):
        if lib.__name__ == "transformers":
            quanto, torch = importlib.import_module("optimum.quanto"), importlib.import_module("torch")
            kind = getattr(quanto, f"qint{bits}")
            given = torch.tensor(w)
            if bits == 8:
                packed = quanto.quantize_weight(given, kind, 0, quanto.AbsmaxOptimizer()(given, kind, 0))
            else:
                packed = quanto.quantize_weight(given, kind, 0, *quanto.MaxOptimizer()(given, kind, 0, 128), 128)
        else:
            core = importlib.import_module("eigenformers._core")
            packed = core.pack_weight("quanto", lib.tensor(w), bits=bits, group=128)
        out[bits] = packed.dequantize().numpy()
    return out


def case_torchao(lib):
    """Dense values of int8 weight-only; of 16-bit weights the scales are rounded too. (case → [rows, columns])"""
    out = {}
    for name, group in (("float32", -1), ("bfloat16", -1), ("float16", -1), ("bfloat16", 32)):
        if lib.__name__ == "transformers":
            torch, ao = importlib.import_module("torch"), importlib.import_module("torchao.quantization")
            layer = torch.nn.Linear(256, 32, bias=False)
            layer.weight.data = torch.tensor(weight()).to(getattr(torch, name))
            layer.weight.data[3] = 0
            ao.quantize_(layer, ao.Int8WeightOnlyConfig(granularity=ao.PerRow() if group < 0 else ao.PerGroup(group)))
            out[f"{name}/{group}"] = np.asarray(layer.weight.dequantize(torch.float32).detach())
        else:
            dense, core = lib.tensor(weight()).to(getattr(lib, name)), importlib.import_module("eigenformers._core")
            dense[3] = 0
            packed = core.pack_weight("torchao", dense, bits=8, group=group, dtype=getattr(lib, name))
            out[f"{name}/{group}"] = packed.dequantize().numpy()
    return out
