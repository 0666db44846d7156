"""Losses, and modules that only call a function."""

from __future__ import annotations

from typing import Any

from .._core import nn as _native
from ..errors import UnsupportedError
from . import functional


class CrossEntropyLoss(_native.Module):
    """Cross entropy of logits and class ids (or probabilities)."""

    def __init__(
        self, weight: Any = None, size_average: Any = None, ignore_index: int = -100, reduce: Any = None,
        reduction: str = "mean", label_smoothing: float = 0.0,
    ):  # fmt: skip
        super().__init__()
        _check_old(size_average, reduce)
        self.register_buffer("weight", weight)
        self.ignore_index, self.reduction, self.label_smoothing = ignore_index, reduction, label_smoothing

    def forward(self, input: Any, target: Any) -> Any:
        return functional.cross_entropy(
            input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )  # fmt: skip


class NLLLoss(_native.Module):
    """Negative log-likelihood of log-probabilities and class ids."""

    def __init__(
        self, weight: Any = None, size_average: Any = None, ignore_index: int = -100, reduce: Any = None,
        reduction: str = "mean",
    ):  # fmt: skip
        super().__init__()
        _check_old(size_average, reduce)
        self.register_buffer("weight", weight)
        self.ignore_index, self.reduction = ignore_index, reduction

    def forward(self, input: Any, target: Any) -> Any:
        return functional.nll_loss(
            input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction
        )


class BCELoss(_native.Module):
    """Binary cross entropy of probabilities."""

    def __init__(self, weight: Any = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean"):
        super().__init__()
        _check_old(size_average, reduce)
        self.register_buffer("weight", weight)
        self.reduction = reduction

    def forward(self, input: Any, target: Any) -> Any:
        return functional.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_native.Module):
    """Binary cross entropy of logits."""

    def __init__(
        self, weight: Any = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
        pos_weight: Any = None,
    ):  # fmt: skip
        super().__init__()
        _check_old(size_average, reduce)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)
        self.reduction = reduction

    def forward(self, input: Any, target: Any) -> Any:
        return functional.binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


def _check_old(size_average: Any, reduce: Any) -> None:
    if size_average is not None or reduce is not None:
        raise UnsupportedError("size_average and reduce are not supported; use reduction='mean', 'sum' or 'none'")


def _made(name: str, function: str, doc: str, **options: Any) -> type:
    """A module without parameters: `__init__` takes `options` (with these defaults), `forward` calls the function."""

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        _native.Module.__init__(self)
        if len(args) > len(options):
            raise TypeError(f"{name}() takes at most {len(options)} arguments, found {len(args)}")
        given = dict(zip(options, args))
        for key, value in kwargs.items():
            if key not in options or key in given:
                raise TypeError(f"{name}.__init__() got an unexpected keyword argument {key!r}")
            given[key] = value
        self._options = tuple(options)
        for key, default in options.items():
            setattr(self, key, given.get(key, default))

    def forward(self: Any, *inputs: Any) -> Any:
        return getattr(functional, function)(*inputs, **{key: getattr(self, key) for key in self._options})

    def extra_repr(self: Any) -> str:
        return ", ".join(f"{key}={getattr(self, key)}" for key in self._options)

    body = {"__init__": __init__, "forward": forward, "extra_repr": extra_repr, "__doc__": doc, "__module__": __name__}
    return type(name, (_native.Module,), body)


Softmax = _made("Softmax", "softmax", "Softmax over `dim`.", dim=-1)
LogSoftmax = _made("LogSoftmax", "log_softmax", "Log of the softmax over `dim`.", dim=-1)
Softmin = _made("Softmin", "softmin", "Softmax of `-x` over `dim`.", dim=-1)
LeakyReLU = _made("LeakyReLU", "leaky_relu", "`x` where positive, else `negative_slope·x`.", negative_slope=0.01,
                  inplace=False)  # fmt: skip
ELU = _made("ELU", "elu", "`x` where positive, else `alpha·(exp(x) - 1)`.", alpha=1.0, inplace=False)
CELU = _made("CELU", "celu", "`max(0, x) + min(0, α·(exp(x/α) - 1))`", alpha=1.0, inplace=False)
SELU = _made("SELU", "selu", "Self-normalising ELU.", inplace=False)
GLU = _made("GLU", "glu", "The first half times the sigmoid of the second.", dim=-1)
ReLU6 = _made("ReLU6", "relu6", "`min(max(x, 0), 6)`", inplace=False)
Hardtanh = _made("Hardtanh", "hardtanh", "The input, clipped.", min_val=-1.0, max_val=1.0, inplace=False)
Hardswish = _made("Hardswish", "hardswish", "`x·relu6(x + 3)/6`", inplace=False)
Hardsigmoid = _made("Hardsigmoid", "hardsigmoid", "`relu6(x + 3)/6`", inplace=False)
LogSigmoid = _made("LogSigmoid", "logsigmoid", "Log of the sigmoid.")
Mish = _made("Mish", "mish", "`x·tanh(softplus(x))`", inplace=False)
Softplus = _made("Softplus", "softplus", "`log(1 + exp(beta·x))/beta`", beta=1.0, threshold=20.0)
Softsign = _made("Softsign", "softsign", "`x/(1 + |x|)`")
Tanhshrink = _made("Tanhshrink", "tanhshrink", "`x - tanh(x)`")
Hardshrink = _made("Hardshrink", "hardshrink", "`x` where its magnitude is above `lambd`, else 0.", lambd=0.5)
Softshrink = _made("Softshrink", "softshrink", "`x` moved towards 0 by `lambd`, at most to 0.", lambd=0.5)
Threshold = _made("Threshold", "threshold", "`x` above the threshold, else `value`.", threshold=0.0, value=0.0,
                  inplace=False)  # fmt: skip
AvgPool1d = _made("AvgPool1d", "avg_pool1d", "Means of windows.", kernel_size=1, stride=None, padding=0,
                  ceil_mode=False, count_include_pad=True)  # fmt: skip
AvgPool2d = _made("AvgPool2d", "avg_pool2d", "Means of windows.", kernel_size=1, stride=None, padding=0,
                  ceil_mode=False, count_include_pad=True, divisor_override=None)  # fmt: skip
MaxPool1d = _made("MaxPool1d", "max_pool1d", "Largest values of windows.", kernel_size=1, stride=None, padding=0,
                  dilation=1, return_indices=False, ceil_mode=False)  # fmt: skip
MaxPool2d = _made("MaxPool2d", "max_pool2d", "Largest values of windows.", kernel_size=1, stride=None, padding=0,
                  dilation=1, return_indices=False, ceil_mode=False)  # fmt: skip
AdaptiveAvgPool1d = _made("AdaptiveAvgPool1d", "adaptive_avg_pool1d", "Means of even parts.", output_size=1)
AdaptiveAvgPool2d = _made("AdaptiveAvgPool2d", "adaptive_avg_pool2d", "Means of even parts.", output_size=1)
CosineSimilarity = _made("CosineSimilarity", "cosine_similarity", "Cosine of the angle over `dim`.", dim=1, eps=1e-8)
PairwiseDistance = _made("PairwiseDistance", "pairwise_distance", "The p-norm of a difference.", p=2.0, eps=1e-6,
                         keepdim=False)  # fmt: skip
MSELoss = _made("MSELoss", "mse_loss", "Squared difference.", reduction="mean")
L1Loss = _made("L1Loss", "l1_loss", "Absolute difference.", reduction="mean")
SmoothL1Loss = _made("SmoothL1Loss", "smooth_l1_loss", "Squared below `beta`, linear above.", reduction="mean",
                     beta=1.0)  # fmt: skip
HuberLoss = _made("HuberLoss", "huber_loss", "Squared below `delta`, linear above.", reduction="mean", delta=1.0)
KLDivLoss = _made("KLDivLoss", "kl_div", "Kullback-Leibler divergence from log-probabilities.", reduction="mean",
                  log_target=False)  # fmt: skip
SoftMarginLoss = _made("SoftMarginLoss", "soft_margin_loss", "`log(1 + exp(-y·x))`", reduction="mean")
HingeEmbeddingLoss = _made("HingeEmbeddingLoss", "hinge_embedding_loss", "Hinge of a distance.", margin=1.0,
                           reduction="mean")  # fmt: skip
MarginRankingLoss = _made("MarginRankingLoss", "margin_ranking_loss", "Hinge of a difference.", margin=0.0,
                          reduction="mean")  # fmt: skip
CosineEmbeddingLoss = _made("CosineEmbeddingLoss", "cosine_embedding_loss", "Loss of a cosine.", margin=0.0,
                            reduction="mean")  # fmt: skip
TripletMarginLoss = _made("TripletMarginLoss", "triplet_margin_loss", "Hinge of two distances.", margin=1.0, p=2.0,
                          eps=1e-6, swap=False, reduction="mean")  # fmt: skip
MultiMarginLoss = _made("MultiMarginLoss", "multi_margin_loss", "Hinge of all classes but the right one.", p=1,
                        margin=1.0, weight=None, reduction="mean")  # fmt: skip
MultiLabelSoftMarginLoss = _made("MultiLabelSoftMarginLoss", "multilabel_soft_margin_loss",
                                 "Binary cross-entropy of each class.", weight=None, reduction="mean")  # fmt: skip
PoissonNLLLoss = _made("PoissonNLLLoss", "poisson_nll_loss", "Negative log-likelihood of counts.", log_input=True,
                       full=False, eps=1e-8, reduction="mean")  # fmt: skip
GaussianNLLLoss = _made("GaussianNLLLoss", "gaussian_nll_loss", "Negative log-likelihood of normal distributions.",
                        full=False, eps=1e-6, reduction="mean")  # fmt: skip
