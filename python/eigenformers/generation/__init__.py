"""Text generation: `GenerationConfig`, streamers, logits processors, stopping criteria, outputs and `generate`."""

from __future__ import annotations

from .._lazy import lazy_exports

_CONFIGURATION = ("GenerationConfig", "GenerationMode")
_AUXILIARY = ("BaseWatermarkingConfig", "CompileConfig", "SynthIDTextWatermarkingConfig", "WatermarkingConfig")
_STREAMERS = ("AsyncTextIteratorStreamer", "BaseStreamer", "TextIteratorStreamer", "TextStreamer")
_PROCESSORS = (
    "ClassifierFreeGuidanceLogitsProcessor",
    "EncoderNoRepeatNGramLogitsProcessor",
    "EncoderRepetitionPenaltyLogitsProcessor",
    "EpsilonLogitsWarper",
    "EtaLogitsWarper",
    "ExponentialDecayLengthPenalty",
    "ForcedBOSTokenLogitsProcessor",
    "ForcedEOSTokenLogitsProcessor",
    "HammingDiversityLogitsProcessor",
    "InfNanRemoveLogitsProcessor",
    "LogitNormalization",
    "LogitsProcessor",
    "LogitsProcessorList",
    "MinLengthLogitsProcessor",
    "MinNewTokensLengthLogitsProcessor",
    "MinPLogitsWarper",
    "NoBadWordsLogitsProcessor",
    "NoRepeatNGramLogitsProcessor",
    "PrefixConstrainedLogitsProcessor",
    "RepetitionPenaltyLogitsProcessor",
    "SequenceBiasLogitsProcessor",
    "SuppressTokensAtBeginLogitsProcessor",
    "SuppressTokensLogitsProcessor",
    "SynthIDTextWatermarkLogitsProcessor",
    "TemperatureLogitsWarper",
    "TopHLogitsWarper",
    "TopKLogitsWarper",
    "TopPLogitsWarper",
    "TypicalLogitsWarper",
    "UnbatchedClassifierFreeGuidanceLogitsProcessor",
)
_DETECTION = (
    "BayesianDetectorConfig", "BayesianDetectorModel", "BayesianWatermarkDetectorModelOutput",
    "SynthIDTextWatermarkDetector",
)  # fmt: skip
_CONSTRAINTS = (
    "Constraint", "ConstraintListState", "DisjunctiveConstraint", "DisjunctiveTrie", "PhrasalConstraint",
)  # fmt: skip
_CONTINUOUS = ("ContinuousBatchingConfig", "ContinuousBatchingManager")
_STOPPING = (
    "ConfidenceCriteria",
    "EosTokenCriteria",
    "MaxLengthCriteria",
    "MaxTimeCriteria",
    "StopStringCriteria",
    "StoppingCriteria",
    "StoppingCriteriaList",
    "validate_stopping_criteria",
)
_OUTPUTS = tuple(
    f"{search}{kind}Output"
    for search in (
        "Generate", "GenerateBeam", "GreedySearch", "Sample", "BeamSearch", "BeamSample", "ContrastiveSearch",
    )
    for kind in ("DecoderOnly", "EncoderDecoder", "")
)  # fmt: skip

MODULES: dict[str, str] = {
    **dict.fromkeys(_CONFIGURATION, ".configuration"),
    **dict.fromkeys(_AUXILIARY, ".auxiliary_configs"),
    "PrefixCache": ".prefix_cache",
    **dict.fromkeys(("WatermarkDetector", "WatermarkDetectorOutput", "WatermarkLogitsProcessor"), ".watermarking"),
    **dict.fromkeys(_DETECTION, ".synthid_detector"),
    **dict.fromkeys(_STREAMERS, ".streamers"),
    **dict.fromkeys(_PROCESSORS, ".logits_process"),
    **dict.fromkeys(_CONSTRAINTS, ".beam_constraints"),
    **dict.fromkeys(_STOPPING, ".stopping_criteria"),
    **dict.fromkeys(_OUTPUTS, ".outputs"),
    **dict.fromkeys(_CONTINUOUS, ".continuous_batching"),
    "GenerateNonBeamOutput": ".outputs",
    "GenerationMixin": ".mixin",
}
__all__ = sorted(MODULES)  # noqa: PLE0605

__getattr__, __dir__ = lazy_exports(__name__, MODULES)
