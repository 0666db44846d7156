"""The model families, one line each. Adding one is a folder `models/<model_type>/` and a line in `FAMILIES`.

The folder's `configuration.py` defines the configuration class, `modeling.py` the models; nothing is imported here.
"""

from __future__ import annotations

from typing import Any

from .._lazy import import_module, lazy_exports
from .._module_names import family_tokenizers


def _family(prefix: str, *heads: str, **others: str) -> dict[str, str]:
    """Auto class -> class name, e.g. `AutoModelForCausalLM` -> `LlamaForCausalLM`."""
    names = {"AutoConfig": f"{prefix}Config", "AutoModel": f"{prefix}Model"}
    names.update({f"AutoModelFor{head}": f"{prefix}For{head}" for head in heads})
    return {**names, **others}


_DECODER = ("CausalLM", "SequenceClassification", "TokenClassification")
_DECODER_QA = (*_DECODER, "QuestionAnswering")
_CLASSIFIERS = ("SequenceClassification", "TokenClassification", "QuestionAnswering")


def _seq2seq(prefix: str, *heads: str, lm: str = "", **others: str) -> dict[str, str]:
    """An encoder-decoder, whose language model is `…ForConditionalGeneration` unless named."""
    lm = lm or f"{prefix}ForConditionalGeneration"
    return _family(prefix, *heads, AutoModelForSeq2SeqLM=lm, **others)


def _t5(prefix: str) -> dict[str, str]:
    return _seq2seq(prefix, *_CLASSIFIERS, AutoModelForTextEncoding=f"{prefix}EncoderModel")


def _encoder(prefix: str, *heads: str) -> dict[str, str]:
    """An encoder that transformers also offers for reading text, and that is pretrained by its masked language model."""
    names = {"AutoModelForPreTraining": f"{prefix}ForMaskedLM", "AutoModelForTextEncoding": f"{prefix}Model"}
    return {**names, **_family(prefix, *heads)}


_ENCODER = ("MaskedLM", "SequenceClassification", "TokenClassification", "QuestionAnswering", "MultipleChoice")

FAMILIES: dict[str, dict[str, str]] = {
    "albert": _encoder("Albert", *_ENCODER, "PreTraining"),
    "bart": _seq2seq(
        "Bart", "CausalLM", "SequenceClassification", "QuestionAnswering",
        AutoModelForMaskedLM="BartForConditionalGeneration", AutoModelForPreTraining="BartForConditionalGeneration",
    ),
    "bert": {
        **_encoder("Bert", *_ENCODER, "NextSentencePrediction", "PreTraining"), "AutoModelForCausalLM": "BertLMHeadModel",
    },
    "bloom": _family("Bloom", *_DECODER_QA, AutoModelForPreTraining="BloomForCausalLM"),
    "camembert": _family("Camembert", *_ENCODER, "CausalLM", AutoModelForPreTraining="CamembertForMaskedLM"),
    "cohere": _family("Cohere", "CausalLM"),
    "cohere2": _family("Cohere2", "CausalLM"),
    "deepseek_v3": _family("DeepseekV3", *_DECODER),
    "deberta": _encoder("Deberta", *_ENCODER[:4]),
    "deberta-v2": _encoder("DebertaV2", *_ENCODER),
    "distilbert": _encoder("DistilBert", *_ENCODER),
    "electra": _encoder("Electra", *_ENCODER, "CausalLM", "PreTraining"),
    "ernie4_5": _family("Ernie4_5", "CausalLM"),
    "exaone4": _family("Exaone4", *_DECODER_QA, AutoModelForPreTraining="Exaone4ForCausalLM"),
    "falcon": _family("Falcon", *_DECODER_QA),
    "gemma": _family("Gemma", *_DECODER),
    "gemma2": _family("Gemma2", *_DECODER),
    "gemma3_text": _family(
        "Gemma3Text", "SequenceClassification", AutoModelForCausalLM="Gemma3ForCausalLM"
    ),
    "glm4": _family("Glm4", *_DECODER),
    "gpt2": _family(
        "GPT2", *_DECODER_QA, AutoModelForCausalLM="GPT2LMHeadModel", AutoModelForPreTraining="GPT2LMHeadModel"
    ),
    "gpt_neo": _family("GPTNeo", *_DECODER_QA),
    "gpt_neox": _family("GPTNeoX", *_DECODER_QA),
    "gpt_oss": _family("GptOss", *_DECODER),
    "gptj": _family("GPTJ", "CausalLM", "SequenceClassification", "QuestionAnswering"),
    "granite": _family("Granite", "CausalLM"),
    "lfm2": _family("Lfm2", "CausalLM"),
    "llama": _family("Llama", *_DECODER_QA),
    "longformer": _encoder("Longformer", *_ENCODER),
    "m2m_100": _seq2seq("M2M100"),
    "mamba": _family("Mamba", "CausalLM", AutoModelForPreTraining="MambaForCausalLM"),
    "mamba2": _family("Mamba2", "CausalLM", AutoModelForPreTraining="Mamba2ForCausalLM"),
    "marian": _seq2seq("Marian", "CausalLM", lm="MarianMTModel"),
    "mbart": _seq2seq(
        "MBart", "CausalLM", "SequenceClassification", "QuestionAnswering",
        AutoModelForMaskedLM="MBartForConditionalGeneration",
    ),
    "mistral": _family("Mistral", *_DECODER_QA),
    "mixtral": _family("Mixtral", *_DECODER_QA),
    "modernbert": _family("ModernBert", *_ENCODER),
    "mpnet": _family("MPNet", *_ENCODER, AutoModelForPreTraining="MPNetForMaskedLM"),
    "mt5": _t5("MT5"),
    "nemotron": _family("Nemotron", *_DECODER_QA),
    "nomic_bert": _family("NomicBert", *_ENCODER[:3]),
    "olmo2": _family("Olmo2", *_DECODER[:2]),
    "opt": _family("OPT", "CausalLM", "SequenceClassification", "QuestionAnswering"),
    "pegasus": _seq2seq("Pegasus", "CausalLM"),
    "phi": _family("Phi", *_DECODER),
    "phi3": _family("Phi3", *_DECODER),
    "qwen2": _family("Qwen2", *_DECODER_QA),
    "qwen2_moe": _family("Qwen2Moe", *_DECODER_QA),
    "qwen3": _family("Qwen3", *_DECODER_QA),
    "qwen3_moe": _family("Qwen3Moe", *_DECODER_QA),
    "qwen3_next": _family("Qwen3Next", *_DECODER_QA),
    "roberta": _encoder("Roberta", *_ENCODER, "CausalLM"),
    "smollm3": _family("SmolLM3", *_DECODER_QA),
    "stablelm": _family("StableLm", *_DECODER),
    "starcoder2": _family("Starcoder2", *_DECODER),
    "t5": {**_t5("T5"), "AutoModelForPreTraining": "T5ForConditionalGeneration"},
    "tapas": _family(
        "Tapas", "MaskedLM", "SequenceClassification", AutoModelForPreTraining="TapasForMaskedLM",
        AutoModelForTableQuestionAnswering="TapasForQuestionAnswering",
    ),
    "umt5": _t5("UMT5"),
    "xlm-roberta": _encoder("XLMRoberta", *_ENCODER, "CausalLM"),
}


# All Auto classes of the real library.
_HEADS = (
    "CausalLM", "SequenceClassification",
    "PreTraining", "MaskedLM", "Seq2SeqLM", "TokenClassification", "QuestionAnswering", "MultipleChoice",
    "NextSentencePrediction", "TextEncoding", "TableQuestionAnswering", "DocumentQuestionAnswering",
    "VisualQuestionAnswering", "ImageClassification", "ZeroShotImageClassification", "ObjectDetection",
    "ZeroShotObjectDetection", "ImageSegmentation", "SemanticSegmentation", "InstanceSegmentation",
    "UniversalSegmentation", "DepthEstimation", "MaskGeneration", "MaskedImageModeling", "ImageTextToText",
    "MultimodalLM", "SpeechSeq2Seq", "CTC", "RNNT", "TDT", "AudioClassification", "AudioFrameClassification",
    "AudioXVector", "AudioTokenization", "TextToSpectrogram", "TextToWaveform", "VideoClassification",
    "KeypointDetection", "KeypointMatching", "TimeSeriesPrediction", "Decision", "ImageToImage", "ImageMatting",
    "NormalEstimation", "PointmapEstimation", "PoseEstimation", "TextRecognition", "TableRecognition",
)  # fmt: skip
AUTO_CLASSES = ("AutoModel", *(f"AutoModelFor{head}" for head in _HEADS), "AutoBackbone")


def module_of(model_type: str, auto_class: str) -> str:
    """The module, relative to `eigenformers`, that defines a family's class for `auto_class`."""
    file = "configuration" if auto_class == "AutoConfig" else "modeling"
    return f".models.{model_type.replace('-', '_')}.{file}"


def public_names() -> dict[str, str]:
    """class name -> module, of all families."""
    return {
        name: module_of(model_type, auto_class)
        for model_type, names in FAMILIES.items()
        for auto_class, name in [*names.items(), ("AutoModel", _base_class(names))]
    }


def _base_class(names: dict[str, str]) -> str:
    """What a family's models derive from: `BertPreTrainedModel`."""
    return names["AutoConfig"].replace("TextConfig", "Config")[: -len("Config")] + "PreTrainedModel"


def family_exports(package: str, model_type: str) -> tuple[list[str], Any, Any]:
    """`__all__`, `__getattr__` and `__dir__` of a family's folder: its classes, imported when first used."""
    modules = {
        name: ".configuration" if auto_class == "AutoConfig" else ".modeling"
        for auto_class, name in FAMILIES[model_type].items()
    }
    modules[_base_class(FAMILIES[model_type])] = ".modeling"
    modules.update(dict.fromkeys(family_tokenizers(package.rpartition(".")[2]), "...tokenization"))
    return (sorted(modules), *lazy_exports(package, modules))


def load_class(model_type: str, auto_class: str) -> Any:
    """Import a family's class.

    Raises:
        KeyError: there is no such family, or it has no such class.
    """
    name = FAMILIES[model_type][auto_class]
    return getattr(import_module(module_of(model_type, auto_class), "eigenformers"), name)
