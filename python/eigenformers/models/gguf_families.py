"""What the metadata of a family's GGUF files says, and what llama.cpp implies where they say nothing."""

from __future__ import annotations

from typing import Any, NamedTuple


class GgufFamily(NamedTuple):
    """Of one model_type; the defaults are Llama's."""

    epsilon: str = "rms_norm_eps"  # what the configuration calls the norms' epsilon
    activation: str | None = "silu"  # None: the configuration has no choice
    activation_name: str = "hidden_act"
    partial_rotary: bool = False  # rope.dimension_count may be less than the width of a head
    rotary: bool = True
    head_dim: bool = True  # the configuration has a width of heads of its own
    window: str | None = None  # "attention.sliding_window", where the format has a place for it
    parallel: bool = False  # use_parallel_residual
    experts: bool = False
    encoder: bool = False  # no causal language model: what is exported is the model without a head
    rms_norm: bool = False  # though the epsilon is called otherwise than Llama's
    absent: tuple[str, ...] = ()  # names that the configuration does not have
    keys: tuple[tuple[str, str], ...] = ()  # (key, name in the configuration) of further floats

    @property
    def layer_norm(self) -> bool:
        """LayerNorm rather than RMSNorm."""
        return self.epsilon != "rms_norm_eps" and not self.rms_norm

    @property
    def epsilon_key(self) -> str:
        """The key of the norms' epsilon."""
        return "attention.layer_norm_epsilon" if self.layer_norm else "attention.layer_norm_rms_epsilon"


GRANITE_SCALES = {
    "attention.scale": "attention_multiplier",
    "embedding_scale": "embedding_multiplier",
    "residual_scale": "residual_multiplier",
    "logit_scale": "logits_scaling",
}
_HEADS = ("num_key_value_heads",)
_HEADS_AND_WIDTH = ("num_key_value_heads", "intermediate_size")
_WINDOW = "attention.sliding_window"
POSITIONS_BEHIND_PADDING = ("roberta", "xlm-roberta", "camembert")  # that of the first token is pad_token_id + 1
_GEMMA = GgufFamily(activation="gelu_pytorch_tanh")
_FAMILIES = {
    "gemma": _GEMMA,
    "gemma2": _GEMMA._replace(window=_WINDOW),
    "gemma3_text": _GEMMA._replace(window=_WINDOW),
    "mistral": GgufFamily(window=_WINDOW),
    "mixtral": GgufFamily(window=_WINDOW, experts=True),
    "qwen2": GgufFamily(head_dim=False),
    "qwen2_moe": GgufFamily(head_dim=False, experts=True),
    "qwen3_moe": GgufFamily(experts=True),
    "granite": GgufFamily(keys=tuple(GRANITE_SCALES.items())),
    "phi3": GgufFamily(head_dim=False, partial_rotary=True, window=_WINDOW),
    "starcoder2": GgufFamily("norm_epsilon", "gelu_pytorch_tanh", head_dim=False),
    "stablelm": GgufFamily("layer_norm_eps", partial_rotary=True, head_dim=False, parallel=True),
    "cohere": GgufFamily("layer_norm_eps", head_dim=False, keys=(("logit_scale", "logit_scale"),)),
    "cohere2": GgufFamily("layer_norm_eps", window=_WINDOW, keys=(("logit_scale", "logit_scale"),)),
    "glm4": GgufFamily(partial_rotary=True),
    "nemotron": GgufFamily("norm_eps", "relu2", partial_rotary=True),
    "phi": GgufFamily("layer_norm_eps", "gelu_pytorch_tanh", partial_rotary=True, head_dim=False),
    "gpt2": GgufFamily("layer_norm_epsilon", "gelu_pytorch_tanh", "activation_function", rotary=False, head_dim=False,
                       absent=_HEADS_AND_WIDTH),
    # llama.cpp computes their exact GELU by the formula with tanh, too
    "gpt_neox": GgufFamily("layer_norm_eps", "gelu", partial_rotary=True, head_dim=False, parallel=True,
                           absent=_HEADS),
    "falcon": GgufFamily("layer_norm_epsilon", "gelu", "activation", head_dim=False, absent=_HEADS_AND_WIDTH),
    "bloom": GgufFamily("layer_norm_epsilon", None, rotary=False, head_dim=False, absent=_HEADS_AND_WIDTH),
    # whose exact GELU llama.cpp computes by the formula with tanh, too
    "bert": GgufFamily("layer_norm_eps", "gelu", rotary=False, head_dim=False, encoder=True, absent=_HEADS),
    "nomic_bert": GgufFamily("layer_norm_eps", encoder=True, absent=_HEADS),
    **{name: GgufFamily("layer_norm_eps", "gelu", rotary=False, encoder=True) for name in POSITIONS_BEHIND_PADDING},
    "distilbert": GgufFamily("layer_norm_eps", "gelu", "activation", rotary=False, encoder=True),
    "gpt_oss": GgufFamily(window=_WINDOW, experts=True),
    "lfm2": GgufFamily("norm_eps", None, head_dim=False, rms_norm=True),
    "mamba": GgufFamily("layer_norm_epsilon", rotary=False, rms_norm=True),
    "mamba2": GgufFamily("layer_norm_epsilon", rotary=False, rms_norm=True),
    "deepseek_v3": GgufFamily(experts=True),
    "qwen3_next": GgufFamily(partial_rotary=True, experts=True),
    **{name: GgufFamily("layer_norm_epsilon", rotary=False, rms_norm=True) for name in ("t5", "mt5", "umt5")},
}  # fmt: skip
_SAME_ACTIVATION = {"swish": "silu", "gelu_fast": "gelu_pytorch_tanh", "gelu_new": "gelu_pytorch_tanh"}


STATE_SPACES = ("mamba", "mamba2")  # no attention at all


def queries_per_key(config: Any) -> int:
    """How many heads of queries share one of keys in the first layer; 0 where that has no attention."""
    kinds = getattr(config, "layer_types", None)
    if config.model_type in STATE_SPACES or (config.model_type == "lfm2" and kinds and kinds[0] == "conv"):
        return 0
    if config.model_type == "deepseek_v3":
        return int(config.num_attention_heads)  # all share the latents
    if config.model_type == "qwen3_next":
        return int(config.num_attention_heads) // int(config.num_key_value_heads)
    heads, kv_heads = grouped_heads(config)
    return heads // kv_heads


def gguf_family(model_type: str) -> GgufFamily:
    """The facts of a model_type.

    >>> gguf_family("llama").epsilon_key
    'attention.layer_norm_rms_epsilon'
    """
    return _FAMILIES.get(model_type, GgufFamily())


def activation_of(config: Any) -> str | None:
    """The configuration's activation, of several names for one function the plainest."""
    family = gguf_family(config.model_type)
    name = getattr(config, "hidden_activation", None) or getattr(config, family.activation_name, None)
    return _SAME_ACTIVATION.get(name, name)


def grouped_heads(config: Any) -> tuple[int, int]:
    """(heads of queries, heads of keys and values): how the rows of matrices belong together.

    For Mamba-2 those of its state and their groups, for Qwen3-Next those of values and keys of the delta networks; for
    DeepSeek-V3 the second is how many numbers of a head's keys come of latents.
    """
    if config.model_type == "deepseek_v3":
        return int(config.num_attention_heads), int(config.qk_nope_head_dim)
    if config.model_type == "qwen3_next":
        return int(config.linear_num_value_heads), int(config.linear_num_key_heads)
    if config.model_type in STATE_SPACES:
        return int(getattr(config, "num_heads", 0)), int(getattr(config, "n_groups", 0))
    heads = int(config.num_attention_heads)
    if config.model_type == "falcon":
        wide = config.num_kv_heads or heads
        return heads, int(wide if config.new_decoder_architecture else 1 if config.multi_query else heads)
    return heads, int(getattr(config, "num_key_value_heads", None) or heads)


def configuration_of(model_type: str, names: set[str], kv_heads: int, config: dict[str, Any]) -> dict[str, Any]:
    """What the names of a file's tensors, or llama.cpp's code, say of the configuration."""
    biased = {part: f"blk.0.{part}.bias" in names for part in ("attn_q", "attn_qkv", "attn_output", "ffn_up")}
    if model_type == "starcoder2":
        return {"use_bias": biased["attn_q"]}
    if model_type == "stablelm":
        return {"use_qkv_bias": biased["attn_q"]}
    if model_type == "cohere":
        return {"attention_bias": biased["attn_q"], "use_qk_norm": "blk.0.attn_q_norm.weight" in names}
    if model_type in ("cohere2", "glm4"):
        return {"attention_bias": biased["attn_q"]}
    if model_type == "ernie4_5":
        return {"use_bias": biased["attn_q"]}
    if model_type == "nemotron":
        return {"attention_bias": biased["attn_q"], "mlp_bias": biased["ffn_up"]}
    if model_type == "gpt_neox":
        return {"attention_bias": biased["attn_qkv"]}
    if model_type == "gpt2":
        return {"n_inner": config["intermediate_size"]}
    if model_type == "exaone4":
        return {"sliding_window": None, "layer_types": None}
    if model_type == "falcon":
        heads = config["num_attention_heads"]
        norms = 2 if "blk.0.attn_norm_2.weight" in names else 1
        grouped = norms == 2 or kv_heads not in (1, heads)
        return {
            "num_kv_heads": kv_heads, "multi_query": kv_heads == 1, "new_decoder_architecture": grouped,
            "num_ln_in_parallel_attn": norms if grouped else None, "bias": biased["attn_qkv"],
            "ffn_hidden_size": config["intermediate_size"],
        }  # fmt: skip
    return {}
