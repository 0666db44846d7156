"""What a call of `generate` leaves for the next one: keys and values of the positions that both prompts begin with."""

from __future__ import annotations

from typing import Any

from .. import _core
from ..errors import UnsupportedError


class PrefixCache:
    """Lets calls of `generate` that begin with the same tokens share the work on them, as the turns of a chat do.

    The longest common prefix of the last call's tokens (prompt and answer) and the new prompt is read from the cache of
    that call; only the rest goes through the model. Scores are those without it, up to the rounding of sums in another
    order; in batch-invariant mode (`set_batch_invariant`) they have the same bits. One sequence is kept, of at most
    `max_positions` tokens; a change of the model (its layers, weights, dtype, or which adapters are active) begins anew,
    as does a call that failed, and a prompt that leaves what was computed for a model with recurrent states.
    Calls that it cannot serve run as without it: several sequences or padding, `inputs_embeds`, `past_key_values`,
    `position_ids`, `output_hidden_states`, `output_attentions`, `use_cache=False`, a `cache_implementation`, a model in
    training or with hooks.

    >>> from eigenformers import LlamaConfig, LlamaForCausalLM, PrefixCache, tensor
    >>> model = LlamaForCausalLM(LlamaConfig(vocab_size=32, hidden_size=16, intermediate_size=16,
    ...     num_hidden_layers=1, num_attention_heads=2, max_position_embeddings=64, eos_token_id=None)).eval()
    >>> cache = PrefixCache()
    >>> first = model.generate(tensor([[3, 4, 5, 6]]), max_new_tokens=4, do_sample=False, prefix_cache=cache)
    >>> len(cache)
    7
    >>> _ = model.generate(first, max_new_tokens=4, do_sample=False, prefix_cache=cache)
    >>> cache.reused
    7
    """

    def __init__(self, max_positions: int = 8192):
        if max_positions < 1:
            raise ValueError(f"PrefixCache: found max_positions={max_positions}, needed at least 1")
        self.max_positions = max_positions
        self.reused = 0  # positions that the last call did not compute
        self._weights: list[tuple[Any, Any]] = []
        self._ids: list[int] = []
        self._past: Any = None

    def __len__(self) -> int:
        """Positions held."""
        return len(self._ids)

    def __bool__(self) -> bool:
        return True

    def clear(self) -> None:
        """Forgets everything."""
        self._weights, self._ids, self._past = [], [], None

    def take(self, model: Any, ids: list[int]) -> Any:
        """A cache for `ids` that holds their longest known beginning; it is the caller's until `keep`."""
        weights, known, past = self._weights, self._ids, self._past
        self.clear()
        if past is not None and _same(weights, _weights(model)):
            most = min(len(known), len(ids) - 1)  # the last token goes through the model in any case
            common = next((i for i in range(most) if known[i] != ids[i]), most)
            if common and _same_rotation(model, len(known), len(ids), common) and _shorten(past, len(known) - common):
                self.reused = common
                return past
        past = _core.DynamicCache(config=model.config)
        past.activate_past_recording()  # windows keep what a shorter prefix would need
        return past

    def keep(self, model: Any, ids: list[int], past: Any) -> None:
        """Holds on to what `generate` computed for `ids`."""
        held = past.get_seq_length()
        if held <= self.max_positions:
            self._weights, self._ids, self._past = _weights(model), ids[:held], past


def _shorten(past: Any, by: int) -> bool:
    """Forgets the last positions, unless a recurrent state holds them."""
    try:
        past.crop(-by)
    except UnsupportedError:
        return False
    return True


def _same_rotation(model: Any, *lengths: int) -> bool:
    """Whether positions are turned alike in sequences of these lengths: rotary factors may go by the length."""
    rope = getattr(model.config.get_text_config(), "rope_parameters", None) or {}
    by_length = {"longrope": "original_max_position_embeddings", "dynamic": "max_position_embeddings"}
    for one in [rope, *(value for value in rope.values() if isinstance(value, dict))]:
        name = by_length.get(one.get("rope_type", ""))
        if name is None:
            continue
        limit = one.get(name) or getattr(model.config, name)
        anew = model.config.model_type == "phi3"  # whose keys are computed anew beyond it
        if max(lengths) > limit and not (anew and min(lengths) > limit):
            return False
    return True


_SWITCHES = ("disable_adapters", "active_adapters", "merged_adapters", "scaling")


def _weights(model: Any) -> list[tuple[Any, Any]]:
    """Each module, parameter and buffer with its state. Holding on to them keeps their addresses from being used again."""
    state = lambda t: (t.data_ptr(), t._version) if isinstance(t, _core.Tensor) else id(t)  # noqa: E731
    tensors = [*(p for _, p in model.named_parameters()), *(b for _, b in model.named_buffers())]
    held: list[tuple[Any, Any]] = [(None, _core.is_batch_invariant()), *((t, state(t)) for t in tensors)]
    for module in model.modules():
        adapted = hasattr(type(module), "merged_adapters")  # an adapted layer: its switches are plain values
        held.append((module, (id(module), [repr(getattr(module, name, None)) for name in _SWITCHES if adapted])))
    return held


def _same(a: list[tuple[Any, Any]], b: list[tuple[Any, Any]]) -> bool:
    return [state for _, state in a] == [state for _, state in b]
