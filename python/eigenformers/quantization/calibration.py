"""Quantizing with data: what the layers of a model get as input, then GPTQ or AWQ, one block after the other."""

from __future__ import annotations

from typing import Any

from .. import _core, nn
from ..errors import ConfigError, UnsupportedError
from ..utils import logging
from .calibration_passes import Passes

logger = logging.get_logger(__name__)

_LENGTH = 2048  # tokens of a text, unless the configuration or the model says less
_ROWS = 512  # inputs of a layer that AWQ compares outputs on


def texts_to_ids(config: Any, model: Any) -> list[Any]:
    """The calibration texts as int64 tensors [1, length]."""
    tokenizer = config.tokenizer
    if tokenizer is None or isinstance(tokenizer, str):
        from ..tokenization import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(tokenizer or model.name_or_path)
    length = config.model_seqlen or min(
        _LENGTH, getattr(model.config.get_text_config(), "max_position_embeddings", _LENGTH)
    )
    ids = [tokenizer(text)["input_ids"][:length] if isinstance(text, str) else list(text) for text in config.dataset]
    ids = [one for one in ids if one]
    if not ids:
        raise ConfigError(f"{type(config).__name__}(dataset=…): found no text with a token in it")
    return [_core.tensor([one]) for one in ids]


def quantize_gptq(model: Any, config: Any, skip: list[str], settings: dict[str, Any]) -> None:
    """GPTQ on every layer of the blocks: later layers see the inputs that quantized earlier ones give.

    Frantar et al. 2022, arXiv:2210.17323.
    """
    passes = Passes(model, texts_to_ids(config, model), config, skip)
    order = "desc" if config.desc_act else "aware" if config.act_group_aware else ""
    for block, groups in passes.steps():
        for names in groups:
            moments = {name: _Moments() for name in (names[:1] if passes.share_inputs else names)}
            passes.run({name: m.add for name, m in moments.items()})
            for name in names:
                layer, seen = model.get_submodule(name), moments.get(name, moments[names[0]])
                layer.weight = _core.pack_weight(
                    "gptq", layer.weight.detach(), moments=seen.mean(), damp=config.damp_percent, order=order,
                    symmetric=config.sym, **settings,
                )  # fmt: skip
        logger.info(f"gptq: {block} done")


class _Moments:
    """The mean of x·xᵀ."""

    def __init__(self) -> None:
        self.sum: Any = None
        self.count = 0

    def add(self, x: Any) -> None:
        product = x.t() @ x
        self.sum = product if self.sum is None else self.sum + product
        self.count += x.shape[0]

    def mean(self) -> Any:
        return self.sum / self.count


class _Sample:
    """Some of the rows, evenly taken, and the mean size of each column."""

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self.sizes: Any = None
        self.count = 0

    def add(self, x: Any) -> None:
        step = max(1, x.shape[0] // 64)
        self.rows.append(x[::step].clone())
        total = x.abs().sum(0)
        self.sizes = total if self.sizes is None else self.sizes + total
        self.count += x.shape[0]

    def result(self) -> tuple[Any, Any]:
        return _core.cat(self.rows)[:_ROWS], self.sizes / self.count


# What comes before the layers with one input, and can take the inverse of their scales: by names in the block. Other
# families use the same names at other places (Gemma 2, OLMo 2) or norms of 1 + weight, hence the list of those that fit.
_AWQ_FAMILIES = ("llama", "mistral", "qwen2", "qwen3")
_BEFORE = {
    "self_attn.q_proj": "input_layernorm",
    "mlp.gate_proj": "post_attention_layernorm",
    "mlp.down_proj": "mlp.up_proj",
    "self_attn.o_proj": "self_attn.v_proj",
}


def quantize_awq(model: Any, config: Any, skip: list[str], settings: dict[str, Any]) -> None:
    """AWQ on every layer of the blocks: columns of large inputs are scaled up before rounding, ranges cut where it helps.

    Lin et al. 2023, arXiv:2306.00978.
    """
    if model.config.model_type not in _AWQ_FAMILIES:
        raise UnsupportedError(
            f"awq: {model.config.model_type} is none of {', '.join(_AWQ_FAMILIES)}, whose layers have known places for "
            "the scales; GPTQConfig needs none"
        )
    passes = Passes(model, texts_to_ids(config, model), config, skip)
    settings = {**settings, "symmetric": not config.zero_point}
    for block, groups in passes.steps():
        samples = {names[0]: _Sample() for names in groups}
        passes.run({name: s.add for name, s in samples.items()})
        for names in groups:
            before = _BEFORE.get(names[0][len(block) + 1 :])
            layers = [model.get_submodule(name) for name in names]
            if before is None:
                raise UnsupportedError(f"awq: no known place for the scales of {names[0]}; GPTQConfig needs none")
            x, sizes = samples[names[0]].result()
            scale = _scale(model.get_submodule(f"{block}.{before}"), layers, x, sizes, settings)
            samples[names[0]].rows = [x if scale is None else x / scale]
        for names in groups:
            x = samples[names[0]].rows[0]
            for name in names:
                layer = model.get_submodule(name)
                weight = layer.weight.detach().float()
                if not name.endswith(_UNCUT):  # scores multiply what both lose
                    weight = _cut(weight, x, settings)
                layer.weight = _core.pack_weight("awq", weight, **settings)
        logger.info(f"awq: {block} done")


_UNCUT = ("q_proj", "k_proj")


def _rounded(weight: Any, settings: dict[str, Any]) -> Any:
    return _core.pack_weight("awq", weight, **{**settings, "compute": _core.float32}).dequantize()


def _share_of_range(weights: list[Any], group: int) -> Any:
    """How much of its group's range a column's weights take up, in the mean."""
    total, rows = None, 0
    for w in weights:
        size = w.abs().reshape(-1, w.shape[1] if group == -1 else group)
        size = (size / (size.max(-1, keepdim=True).values + 1e-6)).reshape(w.shape).sum(0)
        total, rows = size if total is None else total + size, rows + w.shape[0]
    return total / rows


def _scale(before: Any, layers: list[Any], x: Any, sizes: Any, settings: dict[str, Any]) -> Any:
    """Moves the best powers of the inputs' and weights' sizes from the inputs into the weights; None: nothing moved."""
    if isinstance(before, nn.Linear) and before.out_features != layers[0].in_features:
        return None  # grouped heads: one value feeds several columns
    weights = [layer.weight.detach().float() for layer in layers]
    wanted = [x @ w.t() for w in weights]
    share = _share_of_range(weights, settings["group"])
    best, chosen = None, None
    for step in range(40):
        ratio, against = step // 2 / 20, step % 2  # against: columns of small weights are scaled up, too
        scale = sizes.pow(ratio) / (share.pow(1 - ratio) + 1e-4) if against else sizes.pow(ratio)
        scale = scale.clamp(min=1e-4)
        scale = scale / (scale.max() * scale.min()).sqrt()
        error = 0.0
        for w, target in zip(weights, wanted):
            error += float(((x / scale) @ _rounded(w * scale, settings).t() - target).pow(2).mean())
        if best is None or error < best:
            best, chosen = error, scale
    for layer, w in zip(layers, weights):
        layer.weight = (w * chosen).to(layer.weight.dtype)
    with _core.no_grad():
        for name in ("weight", "bias"):
            value = getattr(before, name, None)
            if value is not None:
                by = chosen.unsqueeze(1) if value.dim() == 2 else chosen
                setattr(before, name, (value.detach().float() / by).to(value.dtype))
    return chosen


def _cut(weight: Any, x: Any, settings: dict[str, Any]) -> Any:
    """The weights with each group's range cut, by up to a half, to where the layer's outputs lose least."""
    n, k = weight.shape
    group = k if settings["group"] == -1 else settings["group"]
    shape, groups = (n, k // group, group), k // group
    parts = weight.reshape(shape)
    inputs = x.reshape(-1, groups, group).transpose(0, 1)
    products = inputs.transpose(1, 2) @ inputs  # [groups, group, group]
    largest = parts.abs().max(-1, keepdim=True).values
    best, chosen = None, weight
    for step in range(10):
        limit = largest * (1 - step / 20)
        cut = parts.clamp(min=-limit, max=limit).reshape(n, k) if step else weight
        lost = (_rounded(cut, settings) - weight).reshape(shape).transpose(0, 1)  # [groups, n, group]
        error = ((lost @ products) * lost).sum(-1).t().unsqueeze(-1)  # [n, groups, 1]
        if best is None:
            best = error
            continue
        better = error < best
        best = _core.where(better, error, best)
        chosen = _core.where(better.expand(shape).reshape(n, k), cut, chosen)
    return chosen
