"""What the configurations of encoder-decoders share."""

from __future__ import annotations

from typing import Any, ClassVar

from ..configuration import PreTrainedConfig


class BartLikeConfig(PreTrainedConfig):
    """Base of the configurations with layers, heads and widths of encoder and decoder apart."""

    keys_to_ignore_at_inference: ClassVar[list[str]] = ["past_key_values"]
    attribute_map: ClassVar[dict[str, str]] = {
        "num_attention_heads": "encoder_attention_heads",
        "hidden_size": "d_model",
        "num_hidden_layers": "encoder_layers",
    }


class T5LikeConfig(PreTrainedConfig):
    """Base of the configurations of T5, mT5 and UMT5."""

    keys_to_ignore_at_inference: ClassVar[list[str]] = ["past_key_values"]
    attribute_map: ClassVar[dict[str, str]] = {
        "hidden_size": "d_model",
        "num_attention_heads": "num_heads",
        "num_hidden_layers": "num_layers",
        "head_dim": "d_kv",
    }

    def __post_init__(self, **kwargs: Any) -> None:
        if self.num_decoder_layers is None:
            self.num_decoder_layers = self.num_layers
        parts = self.feed_forward_proj.split("-")
        self.dense_act_fn, self.is_gated_act = parts[-1], parts[0] == "gated"
        if self.feed_forward_proj == "gated-gelu":
            self.dense_act_fn = "gelu_new"
        self._tie_always(kwargs.pop("tie_word_embeddings", None))
        super().__post_init__(**kwargs)

    def _tie_always(self, given: bool | None) -> None:
        """Published configurations say that weights are not tied where they are: what a file holds twice stays apart."""
        self.tie_word_embeddings = True

    def validate_architecture(self) -> None:
        """`feed_forward_proj` is an activation, or `gated-` and one."""
        parts = self.feed_forward_proj.split("-")
        if (len(parts) > 1 and parts[0] != "gated") or len(parts) > 2:
            raise ValueError(
                f"`feed_forward_proj`: {self.feed_forward_proj} is not a valid activation function of the dense layer. "
                "Please make sure `feed_forward_proj` is of the format `gated-{ACT_FN}` or `{ACT_FN}`, e.g. "
                "'gated-gelu' or 'relu'"
            )
