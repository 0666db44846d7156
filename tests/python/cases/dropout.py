"""Masks of dropout: the same seed draws the same ones, whatever the length, the dtype and the layout."""

from __future__ import annotations

LIBRARY = "torch"


def _kept(y):
    return "".join("1" if value else "0" for value in (y != 0).flatten().tolist())


def case_masks(lib):
    """Two draws from one seed: below 16 elements, at 16 and its multiples, and above with a rest."""
    out = {}
    for dtype in ("float32", "bfloat16", "float64"):
        for count in (1, 7, 15, 16, 17, 31, 64, 1000):
            for p in (0.1, 0.5):
                lib.manual_seed(123)
                x = lib.ones(count, dtype=getattr(lib, dtype))
                draws = [_kept(lib.nn.functional.dropout(x, p, True)) for _ in range(2)]
                out[f"{dtype} {count} {p}"] = draws
    return out


def case_layouts(lib):
    """Masks follow memory: of a transposed or permuted tensor, and of one that is not dense."""
    lib.manual_seed(5)
    x = lib.ones(2, 3, 4, 5)
    views = {
        "transposed": lib.ones(8, 24).t(), "heads": x.transpose(1, 2), "permuted": x.permute(3, 1, 0, 2),
        "every second": lib.ones(6, 10)[:, ::2], "rows": lib.ones(10, 6)[::2],
    }  # fmt: skip
    return {name: _kept(lib.nn.functional.dropout(v, 0.3, True)) for name, v in views.items()}


def case_modules(lib):
    """A module in a model, its gradient, and what comes after it from the same generator."""
    lib.manual_seed(11)
    x = lib.ones(5, 9, requires_grad=True)
    y = lib.nn.Dropout(0.4)(x)
    y.sum().backward()
    return {"values": y.detach().numpy(), "gradient": x.grad.numpy(), "next": lib.rand(3).numpy()}
