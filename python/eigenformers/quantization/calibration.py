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
                layer = model.get_submodule(name)
                layer.weight = _core.pack_weight(
                    "gptq", layer.weight.detach(), moments=moments.get(name, moments[names[0]]).mean(), damp=config.damp_percent, order=order,
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
    """AWQ on every layer of the blocks: columns of large inputs are scaled up before rounding.

    Lin et al. 2023, arXiv:2306.00978; without its search for a clipping range.
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
            _scale(model.get_submodule(f"{block}.{before}"), layers, *samples[names[0]].result(), settings)
        for name in (name for names in groups for name in names):
            layer = model.get_submodule(name)
            layer.weight = _core.pack_weight("awq", layer.weight.detach(), **settings)


def _scale(before: Any, layers: list[Any], x: Any, sizes: Any, settings: dict[str, Any]) -> None:
    """Moves the best power of the inputs' sizes from the inputs into the weights."""
    if isinstance(before, nn.Linear) and before.out_features != layers[0].in_features:
        return  # grouped heads: one value feeds several columns
    weights = [layer.weight.detach().float() for layer in layers]
    wanted = [x @ w.t() for w in weights]
    best, chosen = None, None
    for step in range(20):
        scale = sizes.pow(step / 20).clamp(min=1e-4)
        scale = scale / (scale.max() * scale.min()).sqrt()
        error = 0.0
        for w, target in zip(weights, wanted):
            rounded = _core.pack_weight("awq", w * scale, **{**settings, "compute": _core.float32}).dequantize()
            error += float(((x / scale) @ rounded.t() - target).pow(2).mean())
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
