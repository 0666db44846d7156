"""eigenformers: the Hugging Face workflow on an ordinary CPU, without PyTorch.

Class names, arguments, results and files are those of `transformers`. Everything is imported when it is first used.
"""

from __future__ import annotations

from typing import Any

from ._lazy import lazy_exports
from .generation import MODULES as _GENERATION
from .models.registry import public_names

# Public name -> module that defines it; a colon at the end exports the module itself.
_MODULES: dict[str, str] = {
    # submodules
    **{
        name: f".{name}:"
        for name in (
            "configuration", "data", "errors", "generation", "hub", "models", "nn", "outputs", "pipelines",
            "tokenization", "tokenizers", "utils",
        )
    },
    "logging": ".utils.logging:",
    # tensors (C++)
    **{
        name: "._core"
        for name in (
            "__version__", "Tensor", "arange", "bfloat16", "bool", "cat", "dtype", "enable_grad", "float16", "float32",
            "float64", "from_numpy", "full", "inference_mode", "int8", "int16", "int32", "int64", "is_grad_enabled",
            "manual_seed", "no_grad", "ones", "rand", "randn", "set_grad_enabled", "stack", "tensor", "uint8", "where",
            "zeros",
        )
    },
    # configuration and hub
    "PreTrainedConfig": ".configuration",
    "PretrainedConfig": ".configuration",
    "PushToHubMixin": ".hub",
    "Error": ".errors",
    "ShapeError": ".errors",
    "DtypeError": ".errors",
    "ConfigError": ".errors",
    "CheckpointError": ".errors",
    "TokenizerError": ".errors",
    "UnsupportedError": ".errors",
    "UnsupportedModelError": ".errors",
    # model outputs and Auto classes
    "ModelOutput": ".outputs",
    **{
        name: ".models.auto"
        for name in (
            "AutoConfig", "AutoModel", "AutoBackbone", "CONFIG_MAPPING", "MODEL_FOR_CAUSAL_LM_MAPPING",
            "MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING", "MODEL_MAPPING",
        )
    },
    **{
        f"AutoModelFor{head}": ".models.auto"
        for head in (
            "CausalLM", "SequenceClassification", "PreTraining", "MaskedLM", "Seq2SeqLM", "TokenClassification",
            "QuestionAnswering", "MultipleChoice", "NextSentencePrediction", "TextEncoding", "TableQuestionAnswering",
            "DocumentQuestionAnswering", "VisualQuestionAnswering", "ImageClassification",
            "ZeroShotImageClassification", "ObjectDetection", "ZeroShotObjectDetection", "ImageSegmentation",
            "SemanticSegmentation", "InstanceSegmentation", "UniversalSegmentation", "DepthEstimation",
            "MaskGeneration", "MaskedImageModeling", "ImageTextToText", "MultimodalLM", "SpeechSeq2Seq", "CTC",
            "RNNT", "TDT", "AudioClassification", "AudioFrameClassification", "AudioXVector", "AudioTokenization",
            "TextToSpectrogram", "TextToWaveform", "VideoClassification", "KeypointDetection", "KeypointMatching",
            "TimeSeriesPrediction", "Decision", "ImageToImage", "ImageMatting", "NormalEstimation",
            "PointmapEstimation", "PoseEstimation", "TextRecognition", "TableRecognition",
        )
    },
    # generation and pipelines
    **{name: f".generation{module}" for name, module in _GENERATION.items()},
    "pipeline": ".pipelines.factory",
    **{
        name: ".pipelines.base"
        for name in (
            "ChunkPipeline", "CsvPipelineDataFormat", "JsonPipelineDataFormat", "PipedPipelineDataFormat", "Pipeline",
            "PipelineDataFormat",
        )
    },
    "TextGenerationPipeline": ".pipelines.text_generation",
    # model families
    **public_names(),
}  # fmt: skip

__all__ = sorted(_MODULES)


def __getattr__(name: str) -> Any:
    return _load(name)


_load, __dir__ = lazy_exports(__name__, _MODULES)
