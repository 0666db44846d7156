"""The tokenizer classes of the model families: one row each, with and without "Fast" in the name.

A class adds to `PreTrainedTokenizerFast` what a tokenizer.json leaves open: the inputs that the model takes, the
padding side, the special tokens that are meant when no file names them, and how a bare vocabulary is to be used.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ._engine import UnsupportedError
from .fast import PreTrainedTokenizerFast


class Family(NamedTuple):
    """A row of the table."""

    tokens: dict[str, str]
    vocab_format: str | None = None
    token_type_ids: str | None = None  # where token_type_ids stand among the inputs: "second", "last"
    padding_side: str = "right"


def _tokens(**names: str) -> dict[str, str]:
    return {f"{name}_token": token for name, token in names.items()}


_BERT = _tokens(unk="[UNK]", sep="[SEP]", pad="[PAD]", cls="[CLS]", mask="[MASK]")
_ROBERTA = _tokens(bos="<s>", eos="</s>", sep="</s>", cls="<s>", unk="<unk>", pad="<pad>", mask="<mask>")
_ALBERT = _tokens(bos="[CLS]", eos="[SEP]", unk="<unk>", sep="[SEP]", pad="<pad>", cls="[CLS]", mask="[MASK]")
_DEBERTA = _tokens(bos="[CLS]", eos="[SEP]", sep="[SEP]", cls="[CLS]", unk="[UNK]", pad="[PAD]", mask="[MASK]")
_GPT2 = _tokens(unk="<|endoftext|>", bos="<|endoftext|>", eos="<|endoftext|>")
_QWEN = _tokens(unk="<|endoftext|>", eos="<|endoftext|>", pad="<|endoftext|>")
_LLAMA = _tokens(unk="<unk>", bos="<s>", eos="</s>")
_GEMMA = _tokens(unk="<unk>", bos="<bos>", eos="<eos>", pad="<pad>", mask="<mask>")
_T5 = _tokens(eos="</s>", unk="<unk>", pad="<pad>")
_CLIP = _tokens(unk="<|endoftext|>", bos="<|startoftext|>", eos="<|endoftext|>", pad="<|endoftext|>")
_COHERE = _tokens(unk="<UNK>", bos="<BOS_TOKEN>", eos="<|END_OF_TURN_TOKEN|>", pad="<PAD>", cls="<CLS>", sep="<SEP>",
                  mask="<MASK_TOKEN>")  # fmt: skip
_FUNNEL = _tokens(unk="<unk>", sep="<sep>", pad="<pad>", cls="<cls>", mask="<mask>", bos="<s>", eos="</s>")
_XLNET = _tokens(bos="<s>", eos="</s>", unk="<unk>", sep="<sep>", pad="<pad>", cls="<cls>", mask="<mask>")
_MPNET = _tokens(bos="<s>", eos="</s>", sep="</s>", cls="<s>", unk="[UNK]", pad="<pad>", mask="<mask>")
_BIGBIRD = _tokens(unk="<unk>", bos="<s>", eos="</s>", pad="<pad>", sep="[SEP]", mask="[MASK]", cls="[CLS]")

FAMILIES: dict[str, Family] = {
    "AlbertTokenizer": Family(_ALBERT),
    "BartTokenizer": Family(_ROBERTA, "roberta"),
    "BarthezTokenizer": Family(_ROBERTA),
    "BertTokenizer": Family(_BERT, "bert", "second"),
    "BigBirdTokenizer": Family(_BIGBIRD),
    "BlenderbotTokenizer": Family(_ROBERTA),
    "BloomTokenizer": Family(_tokens(unk="<unk>", bos="<s>", eos="</s>", pad="<pad>"), padding_side="left"),
    "CamembertTokenizer": Family(_ROBERTA),
    "CLIPTokenizer": Family(_CLIP, "clip"),
    "CodeGenTokenizer": Family(_GPT2, "gpt2"),
    "CodeLlamaTokenizer": Family(_LLAMA, padding_side="left"),
    "CohereTokenizer": Family(_COHERE, padding_side="left"),
    "ConvBertTokenizer": Family(_BERT, "bert", "second"),
    "DebertaTokenizer": Family(_DEBERTA, token_type_ids="last"),
    "DebertaV2Tokenizer": Family(_DEBERTA, token_type_ids="last"),
    "DistilBertTokenizer": Family(_BERT, "bert"),
    "DPRContextEncoderTokenizer": Family(_BERT, "bert", "second"),
    "DPRQuestionEncoderTokenizer": Family(_BERT, "bert", "second"),
    "ElectraTokenizer": Family(_BERT, "bert", "second"),
    "FunnelTokenizer": Family(_FUNNEL),
    "GemmaTokenizer": Family(_GEMMA, padding_side="left"),
    "GPT2Tokenizer": Family(_GPT2, "gpt2"),
    "GPTNeoXTokenizer": Family({**_GPT2, "pad_token": "<|padding|>"}, "neox"),
    "HerbertTokenizer": Family(_tokens(cls="<s>", unk="<unk>", pad="<pad>", mask="<mask>", sep="</s>")),
    "LEDTokenizer": Family(_ROBERTA, "roberta"),
    "LlamaTokenizer": Family(_LLAMA, padding_side="left"),
    "LongformerTokenizer": Family(_ROBERTA, "roberta"),
    "LxmertTokenizer": Family(_BERT, "bert", "second"),
    "MobileBertTokenizer": Family(_BERT, "bert", "second"),
    "MPNetTokenizer": Family(_MPNET),
    "MvpTokenizer": Family(_ROBERTA, "roberta"),
    "NougatTokenizer": Family(_tokens(unk="<unk>", bos="<s>", eos="</s>", pad="<pad>")),
    "OpenAIGPTTokenizer": Family(_tokens(unk="<unk>")),
    "PegasusTokenizer": Family(_tokens(pad="<pad>", eos="</s>", unk="<unk>", mask="<mask_2>")),
    "Qwen2Tokenizer": Family(_QWEN, "qwen2"),
    "Qwen3_5Tokenizer": Family(_QWEN),
    "ReformerTokenizer": Family(_tokens(eos="</s>", unk="<unk>")),
    "RemBertTokenizer": Family(_ALBERT),
    "RetriBertTokenizer": Family(_BERT, "bert"),
    "RobertaTokenizer": Family(_ROBERTA, "roberta"),
    "RoFormerTokenizer": Family(_BERT),
    "SplinterTokenizer": Family(_BERT),
    "SqueezeBertTokenizer": Family(_BERT, "bert", "second"),
    "T5Tokenizer": Family(_T5),
    "XGLMTokenizer": Family({name: token for name, token in _ROBERTA.items() if name != "mask_token"}),
    "XLMRobertaTokenizer": Family(_ROBERTA),
    "XLNetTokenizer": Family(_XLNET, padding_side="left"),
}

# Classes of transformers that do more than a tokenizer.json says (language codes, phonemes, entities, boxes, byte
# models): they come with their models. Asking for one by name says so.
NOT_YET = {
    "BartphoTokenizer", "BertGenerationTokenizer", "BertJapaneseTokenizer", "BertweetTokenizer", "BioGptTokenizer",
    "BlenderbotSmallTokenizer", "ByT5Tokenizer", "CanineTokenizer", "ClvpTokenizer", "CpmAntTokenizer", "CpmTokenizer",
    "CTRLTokenizer", "DiaTokenizer", "DPRReaderTokenizer", "EsmTokenizer", "FastSpeech2ConformerTokenizer",
    "FlaubertTokenizer", "FNetTokenizer", "FSMTTokenizer", "GPTNeoXJapaneseTokenizer", "GPTSw3Tokenizer",
    "LayoutLMv2Tokenizer", "LayoutLMv3Tokenizer", "LayoutXLMTokenizer", "LukeTokenizer", "M2M100Tokenizer",
    "MarianTokenizer", "MarkupLMTokenizer", "MBart50Tokenizer", "MBartTokenizer", "MgpstrTokenizer", "MLukeTokenizer",
    "MyT5Tokenizer", "NllbTokenizer", "ParakeetTokenizer", "PerceiverTokenizer", "PhobertTokenizer", "PLBartTokenizer",
    "ProphetNetTokenizer", "RagTokenizer", "RoCBertTokenizer", "SeamlessM4TTokenizer", "SiglipTokenizer",
    "Siglip2Tokenizer", "Speech2TextTokenizer", "SpeechT5Tokenizer", "TapasTokenizer", "UdopTokenizer", "VitsTokenizer",
    "Wav2Vec2CTCTokenizer", "Wav2Vec2PhonemeCTCTokenizer", "WhisperTokenizer", "XLMTokenizer",
}  # fmt: skip

_INPUTS = {
    None: ["input_ids", "attention_mask"],
    "second": ["input_ids", "token_type_ids", "attention_mask"],
    "last": ["input_ids", "attention_mask", "token_type_ids"],
}


class _EndOfWordDecoding:
    """CLIP's tokens end in `</w>`, which its decoder leaves in the text."""

    def _decode_batch(self, sequences, *args: Any, **kwargs: Any) -> list[str]:
        return [text.replace("</w>", " ").strip() for text in super()._decode_batch(sequences, *args, **kwargs)]


def _make_class(name: str, family: Family) -> type[PreTrainedTokenizerFast]:
    files = {"tokenizer_file": "tokenizer.json"}
    if family.vocab_format == "bert":
        files["vocab_file"] = "vocab.txt"
    elif family.vocab_format is not None:
        files.update(vocab_file="vocab.json", merges_file="merges.txt")
    bases: tuple[type, ...] = (PreTrainedTokenizerFast,)
    if family.vocab_format == "clip":
        bases = (_EndOfWordDecoding, PreTrainedTokenizerFast)
    return type(
        name,
        bases,
        {
            "__doc__": f"Tokenizer of its model family; see `PreTrainedTokenizerFast`. Defaults: {family.tokens}.",
            "__module__": __name__,
            "vocab_files_names": files,
            "vocab_format": family.vocab_format,
            "default_special_tokens": family.tokens,
            "model_input_names": _INPUTS[family.token_type_ids],
            "padding_side": family.padding_side,
        },
    )


CLASSES: dict[str, type[PreTrainedTokenizerFast]] = {name: _make_class(name, row) for name, row in FAMILIES.items()}
for _name, _class in list(CLASSES.items()):
    CLASSES[f"{_name}Fast"] = _class
globals().update(CLASSES)


def __getattr__(name: str) -> Any:
    if name.removesuffix("Fast") in NOT_YET:
        raise UnsupportedError(f"{name}: this tokenizer class is not implemented yet")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = sorted(CLASSES)
