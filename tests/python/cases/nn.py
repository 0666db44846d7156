"""Layers, losses and functions, values and gradients, from the same seed."""

from __future__ import annotations

import inspect

import numpy as np

LIBRARY = "torch"


def _x(lib, *shape, seed=0, dtype=None):
    draw = np.random.RandomState(seed).standard_normal(shape).astype(np.float32)
    return lib.tensor(draw.tolist(), dtype=dtype or lib.float32)


def _run(lib, module, *inputs):
    """Parameters, output and gradients of a module."""
    out = {name: p.detach().numpy() for name, p in module.named_parameters()}
    y = module(*inputs)
    out["y"] = y.detach().numpy()
    if y.requires_grad:
        (y * y.detach().cos()).sum().backward()
    for name, p in module.named_parameters():
        if p.grad is not None:
            out[f"{name}.grad"] = p.grad.numpy()
    for index, x in enumerate(inputs):
        if getattr(x, "grad", None) is not None:
            out[f"x{index}.grad"] = x.grad.numpy()
    return out


def _leaf(lib, *shape, seed=0):
    return _x(lib, *shape, seed=seed).requires_grad_(True)


def case_layers(lib):
    """manual_seed gives torch's first values."""
    nn = lib.nn
    made = {
        "linear": lambda: (nn.Linear(6, 4), _leaf(lib, 3, 6)),
        "linear_plain": lambda: (nn.Linear(6, 4, bias=False), _leaf(lib, 3, 6)),
        "linear_double": lambda: (nn.Linear(6, 4, dtype=lib.float64), _x(lib, 3, 6, dtype=lib.float64)),
        "embedding": lambda: (nn.Embedding(9, 5, padding_idx=2), lib.tensor([[1, 2, 8], [0, 0, 4]])),
        "layer_norm": lambda: (nn.LayerNorm(6), _leaf(lib, 3, 6)),
        "rms_norm": lambda: (nn.RMSNorm(6, eps=1e-5), _leaf(lib, 3, 6)),
        "group_norm": lambda: (nn.GroupNorm(2, 6), _leaf(lib, 3, 6, 5)),
        "conv1d": lambda: (nn.Conv1d(4, 6, 3, stride=2, padding=1), _leaf(lib, 2, 4, 9)),
        "conv1d_groups": lambda: (nn.Conv1d(4, 8, 2, dilation=2, groups=2, bias=False), _leaf(lib, 2, 4, 9)),
        "conv1d_same": lambda: (nn.Conv1d(3, 2, 4, padding="same"), _leaf(lib, 2, 3, 7)),
        "conv2d": lambda: (nn.Conv2d(3, 5, (3, 2), stride=(2, 1), padding=(1, 0)), _leaf(lib, 2, 3, 7, 6)),
        "conv2d_depthwise": lambda: (nn.Conv2d(4, 4, 3, padding=2, dilation=2, groups=4), _leaf(lib, 1, 4, 6, 6)),
        "conv2d_single": lambda: (nn.Conv2d(3, 2, 3), _leaf(lib, 3, 5, 5)),
        "bilinear": lambda: (nn.Bilinear(3, 4, 2), _leaf(lib, 5, 3), _leaf(lib, 5, 4, seed=1)),
        "prelu": lambda: (nn.PReLU(3), _leaf(lib, 2, 3, 4)),
        "sequential": lambda: (
            nn.Sequential(nn.Linear(6, 8), nn.GELU(), nn.Dropout(0.4), nn.Linear(8, 2)), _leaf(lib, 3, 6),
        ),
    }  # fmt: skip
    out = {}
    for name, make in made.items():
        lib.manual_seed(11)
        module, *inputs = make()
        out[name] = _run(lib, module, *inputs)
        out[name]["state"] = list(module.state_dict())
    return out


ACTIVATIONS = {
    "ReLU": (), "GELU": (), "SiLU": (), "Sigmoid": (), "Tanh": (), "LeakyReLU": (0.2,), "ELU": (0.7,), "CELU": (1.3,),
    "SELU": (), "GLU": (), "ReLU6": (), "Hardtanh": (-0.5, 0.7), "Hardswish": (), "Hardsigmoid": (), "LogSigmoid": (),
    "Mish": (), "Softplus": (2.0,), "Softsign": (), "Tanhshrink": (), "Hardshrink": (0.3,),
    "Softshrink": (0.2,), "Threshold": (0.1, 3.0), "Softmax": (-1,),
    "LogSoftmax": (1,), "Softmin": (-1,), "Identity": (), "Flatten": (),
}  # fmt: skip


def case_activations(lib):
    """Values and gradients."""
    return {
        name: _run(lib, getattr(lib.nn, name)(*args), _leaf(lib, 3, 8)) for name, args in ACTIVATIONS.items()
    } | {
        "MaxPool1d": _run(lib, lib.nn.MaxPool1d(3, stride=2, padding=1), _leaf(lib, 2, 3, 9)),
        "MaxPool2d": _run(lib, lib.nn.MaxPool2d(2), _leaf(lib, 2, 3, 6, 7)),
        "AvgPool1d": _run(lib, lib.nn.AvgPool1d(3, 1, 1), _leaf(lib, 2, 3, 9)),
        "AvgPool2d": _run(lib, lib.nn.AvgPool2d((2, 3)), _leaf(lib, 2, 3, 6, 7)),
        "AdaptiveAvgPool1d": _run(lib, lib.nn.AdaptiveAvgPool1d(4), _leaf(lib, 2, 3, 9)),
        "AdaptiveAvgPool2d": _run(lib, lib.nn.AdaptiveAvgPool2d((2, 1)), _leaf(lib, 2, 3, 5, 4)),
        "Unflatten": _run(lib, lib.nn.Unflatten(1, (2, 4)), _leaf(lib, 3, 8)),
    }


def case_norms_of_several_dimensions(lib):
    f, x, gain = lib.nn.functional, _leaf(lib, 2, 3, 4), _x(lib, 3, 4, seed=1)
    out = {"layer": f.layer_norm(x, (3, 4), gain, gain * 2, 1e-3), "rms": f.rms_norm(x, (3, 4), gain)}
    out["layer_plain"], out["rms_all"] = f.layer_norm(x, [2, 3, 4]), f.rms_norm(x, (2, 3, 4), eps=1e-2)
    grads = {}
    for name, y in out.items():
        x.grad = None
        (y * y * y).sum().backward()
        grads[name] = x.grad.numpy().copy()
    return {"values": {name: y.detach().numpy().copy() for name, y in out.items()}, "grads": grads}


def case_losses(lib):
    """Losses as modules, with their options and reductions."""
    nn = lib.nn
    x, y = _leaf(lib, 4, 5), _x(lib, 4, 5, seed=1)
    ids = lib.tensor([1, 0, 4, -100])
    signs = lib.tensor([1.0, -1.0, 1.0, -1.0])
    weight = _x(lib, 5, seed=2).abs()
    cases = {
        "ce": (nn.CrossEntropyLoss, {}, ids), "ce_smooth": (nn.CrossEntropyLoss, {"label_smoothing": 0.2}, ids),
        "ce_weight": (nn.CrossEntropyLoss, {"weight": weight}, ids),
        "ce_probabilities": (nn.CrossEntropyLoss, {}, y.softmax(-1)),
        "ce_ignore": (nn.CrossEntropyLoss, {"ignore_index": 4}, ids.clamp(min=0)),
        "mse": (nn.MSELoss, {}, y), "l1": (nn.L1Loss, {}, y), "smooth": (nn.SmoothL1Loss, {"beta": 0.5}, y),
        "huber": (nn.HuberLoss, {"delta": 0.6}, y), "bce": (nn.BCEWithLogitsLoss, {}, y.sigmoid()),
        "bce_weight": (nn.BCEWithLogitsLoss, {"pos_weight": weight}, y.sigmoid()),
        "kl": (nn.KLDivLoss, {}, y.softmax(-1)), "kl_log": (nn.KLDivLoss, {"log_target": True}, y.log_softmax(-1)),
        "soft": (nn.SoftMarginLoss, {}, y.sign()), "hinge": (nn.HingeEmbeddingLoss, {}, y.sign()),
        "poisson": (nn.PoissonNLLLoss, {}, y.abs()), "multi": (nn.MultiMarginLoss, {"p": 2}, ids.clamp(min=0)),
        "multi_weight": (nn.MultiMarginLoss, {"margin": 0.5, "weight": weight}, ids.clamp(min=0)),
        "labels": (nn.MultiLabelSoftMarginLoss, {}, (y > 0).float()),
        "labels_weight": (nn.MultiLabelSoftMarginLoss, {"weight": weight}, (y > 0).float()),
    }  # fmt: skip
    out = {}
    for name, (cls, options, target) in cases.items():
        for reduction in ("mean", "sum", "none"):
            x.grad = None
            value = cls(**options, reduction=reduction)(x, target)
            value.sum().backward()
            out[f"{name}/{reduction}"] = [value.detach().numpy(), x.grad.numpy()]
    x.grad = None
    batch = nn.KLDivLoss(reduction="batchmean")(x.log_softmax(-1), y.softmax(-1))
    nll = nn.NLLLoss(weight=weight)(x.log_softmax(-1), ids)
    pairs = [
        nn.TripletMarginLoss()(x, y, _x(lib, 4, 5, seed=3)), nn.TripletMarginLoss(swap=True)(x, y, _x(lib, 4, 5, seed=3)),
        nn.CosineEmbeddingLoss(0.1)(x, y, signs), nn.MarginRankingLoss(0.2)(x[:, 0], y[:, 0], signs),
        nn.GaussianNLLLoss()(x, y, _x(lib, 4, 5, seed=4).abs()), nn.BCELoss()(x.sigmoid(), y.sigmoid()), batch, nll,
    ]  # fmt: skip
    total = pairs[0]
    for pair in pairs[1:]:
        total = total + pair
    total.backward()
    out["others"] = [[float(p.detach()) for p in pairs], x.grad.numpy()]
    return out


def case_functions(lib):
    """Functions that no module above calls."""
    f = lib.nn.functional
    q, k, v = (_leaf(lib, 2, 4, 6, 8, seed=s) for s in range(3))
    out = {"sdpa": f.scaled_dot_product_attention(q, k, v, is_causal=True).detach().numpy()}
    mask = _x(lib, 6, 6, seed=5)
    y = f.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    (y * y).sum().backward()
    out["sdpa_mask"] = [y.detach().numpy(), q.grad.numpy(), k.grad.numpy(), v.grad.numpy()]
    gqa = f.scaled_dot_product_attention(q, k[:, :2], v[:, :2], enable_gqa=True, scale=0.3)
    out["sdpa_gqa"] = gqa.detach().numpy()
    lib.manual_seed(3)
    out["dropout"] = f.dropout(lib.ones(40), 0.3).numpy()
    out["dropout_off"] = f.dropout(lib.ones(4), 0.3, training=False).numpy()
    x = _x(lib, 3, 6)
    out["normalize"] = f.normalize(x, dim=-1).numpy()
    out["one_hot"] = f.one_hot(lib.tensor([0, 3, 1])).numpy()
    out["pad"] = f.pad(x, (1, 2), value=0.5).numpy()
    out["cosine"] = f.cosine_similarity(x, x.flip(0), dim=-1).numpy()
    out["distance"] = f.pairwise_distance(x, x.flip(0)).numpy()
    out["bilinear_names"] = [hasattr(f, n) for n in ("linear", "embedding", "layer_norm", "rms_norm", "group_norm")]
    return out


class _Cells:
    """A class of one's own over each library."""

    @staticmethod
    def model(lib):
        nn = lib.nn

        class Straight(lib.autograd.Function):
            @staticmethod
            def forward(ctx, x, scale):
                ctx.save_for_backward(x)
                ctx.scale = scale
                return x.sign() * scale

            @staticmethod
            def backward(ctx, grad):
                (x,) = ctx.saved_tensors
                return grad * (x.abs() <= 1).to(grad.dtype) * ctx.scale, None

        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(2)])
                self.heads = nn.ModuleDict({"a": nn.Linear(4, 2), "b": nn.Linear(4, 3)})
                self.scales = nn.ParameterList([lib.ones(4), lib.full((4,), 0.5)])
                self.named = nn.ParameterDict({"shift": nn.Parameter(lib.zeros(4))})
                self.register_buffer("count", lib.tensor(3.0))

            def forward(self, x):
                for layer, scale in zip(self.layers, self.scales):
                    x = Straight.apply(layer(x), 0.7) * scale + self.named["shift"]
                return self.heads["a"](x).sum() * self.count + self.heads["b"](x).pow(2).sum()

        return Model()


def case_a_model_of_ones_own(lib):
    """Containers, buffers, a custom Function: names, values, gradients, hooks."""
    lib.manual_seed(1)
    model = _Cells.model(lib)
    seen = []
    model.heads["a"].register_forward_hook(lambda module, args, output: seen.append(float(output.detach().sum())))
    model.layers[0].weight.register_hook(lambda grad: grad * 2)
    loss = model(_x(lib, 5, 4))
    loss.backward()
    return {
        "names": list(model.state_dict()), "loss": float(loss.detach()), "seen": seen,
        "grads": {name: p.grad.numpy() for name, p in model.named_parameters()},
        "dict": [list(model.heads.keys()), "a" in model.heads, len(model.heads), len(model.layers[:1])],
        "repr": repr(model.heads),
    }  # fmt: skip


def case_init(lib):
    """Functions of nn.init."""
    init = lib.nn.init
    out = {}
    calls = {
        "uniform_": (-1.0, 2.0), "normal_": (0.5, 2.0), "constant_": (3.0,), "ones_": (), "zeros_": (), "eye_": (),
        "xavier_uniform_": (), "xavier_normal_": (2.0,), "kaiming_uniform_": (), "kaiming_normal_": (), "trunc_normal_": (),
    }  # fmt: skip
    for name, args in calls.items():
        lib.manual_seed(4)
        out[name] = getattr(init, name)(lib.empty(6, 5), *args).numpy()
    lib.manual_seed(4)
    out["kaiming_fan_out"] = init.kaiming_uniform_(lib.empty(6, 5), a=5**0.5, mode="fan_out", nonlinearity="leaky_relu").numpy()
    lib.manual_seed(4)
    out["conv"] = init.kaiming_normal_(lib.empty(6, 3, 2, 2), nonlinearity="relu").numpy()
    lib.manual_seed(4)
    q = init.orthogonal_(lib.empty(5, 5), 2.0)
    out["orthogonal"] = (q @ q.T).numpy()
    out["gains"] = [init.calculate_gain(n) for n in ("linear", "relu", "tanh", "sigmoid", "selu")]
    return out


def case_arguments(lib):
    """Names and defaults of arguments."""
    out = {}
    for name in ("Linear", "Embedding", "LayerNorm", "Dropout", "Conv1d", "Conv2d", "GroupNorm", "CrossEntropyLoss"):
        parameters = inspect.signature(getattr(lib.nn, name).__init__).parameters
        known = ["num_embeddings", "max_norm", "norm_type", "scale_grad_by_freq", "sparse", "_weight", "_freeze"]
        out[name] = {k: repr(p.default) for k, p in parameters.items() if k not in known and p.default is not p.empty}
    return out
