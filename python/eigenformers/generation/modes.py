"""What contrastive search and DoLa ask of a model and of the parameters."""

from __future__ import annotations

from typing import Any

from ..cache_utils import recurrent_layers
from .configuration import GenerationConfig, GenerationMode

_NAMES = {
    GenerationMode.CONTRASTIVE_SEARCH: "contrastive search",
    GenerationMode.DOLA_GENERATION: "dola decoding",
    GenerationMode.ASSISTED_GENERATION: "assisted generation",
}
_STATEFUL = ("mamba", "mamba2", "qwen3_next")
_MANY_LAYERS, _CONTRASTED = 40, 20  # of models with more layers than the first, the second are looked at


def check_stateless(model: Any, mode: GenerationMode) -> None:
    """ValueError where a mode has to take steps back, or look at them, and the model's state can't.

    The guesses of assisted decoding are refused where the real library refuses them: not with states of convolutions.
    """
    guesses = mode == GenerationMode.ASSISTED_GENERATION
    if model.config.model_type in _STATEFUL or (recurrent_layers(model.config) and not guesses):
        raise ValueError(f"{_NAMES[mode]} is not supported with stateful models, such as {type(model).__name__}")


def contrastive_options(model: Any, config: GenerationConfig) -> dict[str, Any]:
    """What the decode loop needs for contrastive search.

    Raises:
        ValueError: the model keeps a state, or no cache is allowed.
    """
    check_stateless(model, GenerationMode.CONTRASTIVE_SEARCH)
    if not config.use_cache:
        raise ValueError("Contrastive search requires `use_cache=True`")
    return {"penalty_alpha": config.penalty_alpha, "low_memory": bool(config.low_memory)}


def dola_layers(model: Any, config: GenerationConfig) -> list[int]:
    """The layers that DoLa may contrast with the last one.

    "low" and "high" are every second one of the lower and the upper half, of large models of 20; the embedding, which
    is layer 0, only where the head does not share its weights.

    Raises:
        ValueError: for a model or a value of `dola_layers` that DoLa can't work with.
    """
    check_stateless(model, GenerationMode.DOLA_GENERATION)
    if model.config.is_encoder_decoder:
        raise ValueError("DoLa decoding is only available for decoder-only models.")
    wanted = config.dola_layers
    text = model.config.get_text_config()
    last = text.num_hidden_layers
    first = min(max(last - 1, 0), 2) if model.config.tie_word_embeddings else 0
    many = last > _MANY_LAYERS
    if wanted == "low":
        found = [first] if first == last // 2 else list(range(first, _CONTRASTED if many else last // 2, 2))
    elif wanted == "high":
        found = list(range(last - _CONTRASTED if many else last // 2, last, 2))
    elif isinstance(wanted, list) and all(isinstance(layer, int) and layer >= 0 for layer in wanted):
        found = [layer for layer in wanted if layer < last]
    else:
        raise ValueError("dola_layers must be either 'low', 'high' or a list of integers.")
    if not found:
        raise ValueError(f"dola_layers={wanted!r} names no layer below the last one; the model has {last} layers")
    if model.get_output_embeddings() is None:
        raise ValueError("DoLa is not supported for models that don't have output embeddings.")
    return found
