"""What T5, mT5 and UMT5 add to the shared encoder-decoders: names, ties, first values of the weights."""

from __future__ import annotations

from typing import Any

from .. import nn
from ..outputs import BaseModelOutput, BaseModelOutputWithPastAndCrossAttentions
from .native import native
from .seq2seq_modeling import (
    Seq2SeqEncoderModel,
    Seq2SeqForConditionalGeneration,
    Seq2SeqForQuestionAnswering,
    Seq2SeqForSequenceClassification,
    Seq2SeqForTokenClassification,
    Seq2SeqModel,
    Seq2SeqPreTrainedModel,
)

_TIES = {"encoder.embed_tokens.weight": "shared.weight", "decoder.embed_tokens.weight": "shared.weight"}


class T5LikePreTrainedModel(Seq2SeqPreTrainedModel):
    """Base of the T5 families."""

    base_model_prefix = "transformer"
    _no_split_modules = ["T5Block"]
    _keys_to_ignore_on_load_unexpected = [
        r"decoder\.block\.0\.layer\.1\.EncDecAttention\.relative_attention_bias\.weight"
    ]

    def _materialise(self) -> None:
        """Marks the layers with the width of their first values: scores are not scaled, so `q` is smaller."""
        c, wide = self.config, self.config.d_model
        inputs = {"q": wide * c.d_kv, "o": c.num_heads * c.d_kv, "wo": c.d_ff, "shared": 1, "lm_head": 1}
        for path, module in self.named_modules():
            if isinstance(module, (nn._native.Linear, nn._native.Embedding)):
                module._initial_std = c.initializer_factor * inputs.get(path.rpartition(".")[2], wide) ** -0.5
        super()._materialise()

    def _init_weights(self, module: Any) -> None:
        super()._init_weights(module)
        if hasattr(module, "_initial_std"):
            module.weight.normal_(0.0, module._initial_std)


class T5LikeStack(T5LikePreTrainedModel):
    """The encoder or the decoder."""

    _head = "encoder"
    _input_embeddings_path = "embed_tokens"

    @native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        encoder_hidden_states: Any = None,
        encoder_attention_mask: Any = None,
        inputs_embeds: Any = None,
        past_key_values: Any = None,
        use_cache: bool | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run the layers.

        Args:
            input_ids: int64 `[batch, length]`; or `inputs_embeds`: float `[batch, length, d_model]`.
            attention_mask: `[batch, past + length]`, 1 where to look; or a 4-D mask, boolean or added to the scores.
            encoder_hidden_states, encoder_attention_mask, past_key_values, use_cache: of the decoder.

        Returns:
            BaseModelOutput of the encoder, BaseModelOutputWithPastAndCrossAttentions of the decoder.
        """
        if self._head == "encoder" and use_cache is True:
            raise ValueError(f"`use_cache` can only be set to `True` if {type(self).__name__} is used as a decoder")
        arguments = locals()
        return self._run(
            BaseModelOutput if self._head == "encoder" else BaseModelOutputWithPastAndCrossAttentions, arguments
        )


class T5LikeModel(T5LikePreTrainedModel, Seq2SeqModel):
    """Token ids to the decoder's hidden states."""

    _tied_weights_keys = _TIES


class T5LikeEncoderModel(T5LikePreTrainedModel, Seq2SeqEncoderModel):
    """The encoder alone."""

    _tied_weights_keys = {"encoder.embed_tokens.weight": "shared.weight"}
    _keys_to_ignore_on_load_unexpected = [r"decoder", r"lm_head"]


class T5LikeForConditionalGeneration(T5LikePreTrainedModel, Seq2SeqForConditionalGeneration):
    """Token ids to logits of the decoder's next tokens."""

    _labels_end_cache = False
    _tied_weights_keys = {**_TIES, "lm_head.weight": "shared.weight"}


class T5LikeForSequenceClassification(T5LikePreTrainedModel, Seq2SeqForSequenceClassification):
    """A head on the decoder's state at the last end-of-sequence token."""

    _tied_weights_keys = {f"transformer.{target}": f"transformer.{source}" for target, source in _TIES.items()}


class T5LikeForTokenClassification(T5LikePreTrainedModel, Seq2SeqForTokenClassification):
    """A linear head on every state of the encoder."""

    _tied_weights_keys = {"transformer.encoder.embed_tokens.weight": "transformer.shared.weight"}
    _keys_to_ignore_on_load_unexpected = [r"decoder", r"lm_head"]


class T5LikeForQuestionAnswering(T5LikePreTrainedModel, Seq2SeqForQuestionAnswering):
    """Two scores for every token: that an answer begins there, that it ends there."""

    _tied_weights_keys = _TIES
