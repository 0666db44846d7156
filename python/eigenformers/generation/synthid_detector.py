"""Detection of SynthID text watermarks: a small trained model weighs the g-values of a text.

Dathathri et al., "Scalable watermarking for identifying large language model outputs" (2024),
https://www.nature.com/articles/s41586-024-08025-4: the Bayesian score, for tournaments that don't distort.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .. import _core, nn
from ..configuration import PreTrainedConfig
from ..modeling.base import PreTrainedModel
from ..outputs import ModelOutput


class BayesianDetectorConfig(PreTrainedConfig):
    """Settings of a BayesianDetectorModel.

    Args:
        watermarking_depth: rounds of the tournament: as many as the watermark has keys.
        base_rate: how likely a text is marked, before it is looked at.
    """

    def __init__(self, watermarking_depth: int | None = None, base_rate: float = 0.5, **kwargs: Any):
        self.watermarking_depth = watermarking_depth
        self.base_rate = base_rate
        self.model_name = None
        self.watermarking_config = None
        super().__init__(**kwargs)

    def set_detector_information(self, model_name: str, watermarking_config: Any) -> None:
        """Note which model and which watermark the detector was trained for; saved with it."""
        self.model_name = model_name
        self.watermarking_config = watermarking_config


@dataclass
class BayesianWatermarkDetectorModelOutput(ModelOutput):
    """`loss` (with labels), and float `[batch]` `posterior_probabilities` that the texts are marked."""

    loss: Any = None
    posterior_probabilities: Any = None


class BayesianDetectorWatermarkedLikelihood(nn.Module):
    """P(g-values | marked): how often a round of the tournament had two different tokens to choose from is predicted
    from the rounds before it."""

    def __init__(self, watermarking_depth: int):
        super().__init__()
        self.watermarking_depth = watermarking_depth
        self.beta = nn.Parameter(-2.5 + 0.001 * _core.randn(1, 1, watermarking_depth))
        self.delta = nn.Parameter(0.001 * _core.randn(1, 1, watermarking_depth, watermarking_depth))

    def forward(self, g_values: Any) -> Any:
        """float `[batch, length, depth]` for 0 or 1 of the same shape."""
        g_values = g_values.to(self.delta.dtype)
        before = self.delta[0, 0].tril(-1)
        two = (g_values @ before.transpose(0, 1) + self.beta).sigmoid()
        return 0.5 * ((g_values + 0.5) * two + (1 - two))


class BayesianDetectorModel(PreTrainedModel):
    """How likely texts are marked, from their g-values.

    >>> from eigenformers import BayesianDetectorConfig, BayesianDetectorModel, ones
    >>> model = BayesianDetectorModel(BayesianDetectorConfig(watermarking_depth=4))
    >>> tuple(model(ones(2, 7, 4), ones(2, 7))[0].shape)
    (2,)
    """

    config_class = BayesianDetectorConfig
    base_model_prefix = "model"
    main_input_name = "g_values"

    def __init__(self, config: BayesianDetectorConfig):
        super().__init__(config)
        self.watermarking_depth = config.watermarking_depth
        self.base_rate = config.base_rate
        self.likelihood_model_watermarked = BayesianDetectorWatermarkedLikelihood(config.watermarking_depth)
        self.prior = nn.Parameter(_core.tensor([float(config.base_rate)]))
        self.post_init()

    def _init_weights(self, module: Any) -> None:
        """The layers begin as they were made."""

    def forward(
        self, g_values: Any, mask: Any, labels: Any = None, loss_batch_weight: float = 1, return_dict: bool = False
    ) -> Any:
        """Probabilities that texts are marked.

        Args:
            g_values: 0 or 1 `[batch, length, depth]`.
            mask: `[batch, length]`, 0 where g-values say nothing.
            labels: float `[batch]`, 1 for marked texts.
            loss_batch_weight: of the penalty on large weights in the loss.
            return_dict: a BayesianWatermarkDetectorModelOutput instead of a tuple `(probabilities[, loss])`.
        """
        marked = self.likelihood_model_watermarked(g_values)
        prior = self.prior.clamp(1e-5, 1 - 1e-5)
        odds = (marked.clamp(min=1e-30).log() - _core.full_like(marked, 0.5).log()) * mask.unsqueeze(-1)
        posterior = (prior.log() - (1 - prior).log() + odds.sum((1, 2))).sigmoid()
        loss = None
        if labels is not None:
            weights = (self.likelihood_model_watermarked.delta**2).sum()
            loss = nn.functional.binary_cross_entropy(posterior.clamp(1e-5, 1 - 1e-5), labels)
            loss = loss + weights * loss_batch_weight
        if not return_dict:
            return (posterior,) if loss is None else (posterior, loss)
        return BayesianWatermarkDetectorModelOutput(loss=loss, posterior_probabilities=posterior)


class SynthIDTextWatermarkDetector:
    """Whether texts carry a SynthID watermark.

    Args:
        detector_module: a trained BayesianDetectorModel.
        logits_processor: the SynthIDTextWatermarkLogitsProcessor that marks.
        tokenizer: of the model; its `eos_token_id` ends a text.
    """

    def __init__(self, detector_module: Any, logits_processor: Any, tokenizer: Any):
        self.detector_module = detector_module
        self.logits_processor = logits_processor
        self.tokenizer = tokenizer

    def __call__(self, tokenized_outputs: Any) -> Any:
        """What the module returns for int64 `[batch, length]`."""
        processor = self.logits_processor
        ends = processor.compute_eos_token_mask(tokenized_outputs, self.tokenizer.eos_token_id)
        fresh = processor.compute_context_repetition_mask(tokenized_outputs)
        mask = fresh.long() * ends[:, processor.ngram_len - 1 :]
        return self.detector_module(processor.compute_g_values(tokenized_outputs), mask)
