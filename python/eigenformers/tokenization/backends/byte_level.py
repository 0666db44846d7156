"""BPE over bytes (GPT-2 and all who follow it), and the two older kinds of BPE over words."""

from __future__ import annotations

from ...tokenizers import Regex, decoders, models, normalizers, pre_tokenizers, processors
from .parts import Backend, Parts, assemble, template

_CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
QWEN2_SPLIT = (
    _CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_QWEN3_5_SPLIT = (
    _CONTRACTIONS
    + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_CLIP_SPLIT = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
_NOUGAT_SPLIT = "[\\(\\)\\[\\]\\{\\}]|([!\\\"#\\$%\\&'\\*\\+,\\-\\./:;<=>\\?\\\\\\^_`\\|\\~])\\1*"
_NAMES = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")


def bpe(parts: Parts, vocab, **settings):
    """The model; a vocabulary without merges is spelled byte by byte."""
    settings = {"continuing_subword_prefix": "", "end_of_word_suffix": "", "fuse_unk": False, **settings}
    return models.BPE(vocab, parts.merges or [], **settings)


def _byte_level(parts: Parts, vocab, post=None, normalizer=None, prefix: bool = False, **settings) -> Backend:
    blank = bool(parts.option("add_prefix_space", prefix))
    words = pre_tokenizers.ByteLevel(add_prefix_space=blank, **settings)
    return Backend(assemble(bpe(parts, vocab), normalizer, words, decoders.ByteLevel()), post)


def gpt2(parts: Parts) -> Backend:
    """GPT-2: nothing around the text."""
    return _byte_level(parts, parts.vocab or {})


def neox(parts: Parts) -> Backend:
    """As GPT-2, on composed characters."""
    vocab = parts.starting_vocab("unk_token", "pad_token")
    return _byte_level(parts, vocab, None, normalizers.NFC(), trim_offsets=parts.option("trim_offsets", True))


def codegen(parts: Parts) -> Backend:
    """As GPT-2, with untrimmed offsets."""
    untrimmed = processors.ByteLevel(add_prefix_space=True, use_regex=True, trim_offsets=False)
    return _byte_level(parts, parts.vocab or {}, lambda _: untrimmed)


def whisper(parts: Parts) -> Backend:
    """As GPT-2; the class puts language and task in front."""
    return _byte_level(parts, parts.vocab or {})


def blenderbot(parts: Parts) -> Backend:
    """As GPT-2, with a blank in front."""
    vocab = parts.starting_vocab("bos_token", "pad_token", "eos_token", "unk_token", "mask_token")
    return _byte_level(parts, vocab, prefix=True)


def roberta(parts: Parts) -> Backend:
    """<s> A </s> </s> B </s>."""

    def post(tokenizer):
        sep, cls = parts.tokens["sep_token"], parts.tokens["cls_token"]
        return processors.RobertaProcessing(
            (sep, tokenizer.convert_tokens_to_ids(sep)),
            (cls, tokenizer.convert_tokens_to_ids(cls)),
            parts.option("trim_offsets", True),
            bool(parts.option("add_prefix_space", False)),
        )

    return _byte_level(parts, parts.starting_vocab(*_NAMES), post)


def luke(parts: Parts) -> Backend:
    """As RoBERTa; the special tokens come behind the vocabulary."""

    def post(tokenizer):
        ids = tokenizer.convert_tokens_to_ids([tokenizer.sep_token, tokenizer.cls_token])
        return processors.RobertaProcessing((tokenizer.sep_token, ids[0]), (tokenizer.cls_token, ids[1]))

    return _byte_level(parts, parts.vocab or {}, post)


def layoutlmv3(parts: Parts) -> Backend:
    """As RoBERTa; nothing but the vocabulary that was given."""
    parts.vocab = parts.vocab or {}
    return roberta(parts)


def markuplm(parts: Parts) -> Backend:
    """<s> A </s> B </s>."""
    vocab = parts.starting_vocab("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    return _byte_level(parts, vocab, template("{cls} $A {sep}", "{cls} $A {sep} $B {sep}"))


def deberta(parts: Parts) -> Backend:
    """[CLS] A [SEP] [SEP] B [SEP]."""
    vocab = parts.starting_vocab("unk_token", "cls_token", "sep_token", "pad_token", "mask_token")
    return _byte_level(parts, vocab, template("{cls} $A {sep}", "{cls} $A {sep} {sep} $B {sep}"))


def _split(parts: Parts, pattern: str) -> Backend:
    vocab = parts.vocab if parts.vocab is not None else {"<|endoftext|>": 0}
    words = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), behavior="isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=bool(parts.option("add_prefix_space", False)), use_regex=False),
    ])  # fmt: skip
    return Backend(assemble(bpe(parts, vocab), normalizers.NFC(), words, decoders.ByteLevel()))


def qwen2(parts: Parts) -> Backend:
    """Qwen's pattern, digit by digit."""
    return _split(parts, QWEN2_SPLIT)


def qwen3_5(parts: Parts) -> Backend:
    """As Qwen 2, marks with their letters."""
    return _split(parts, _QWEN3_5_SPLIT)


def clip(parts: Parts) -> Backend:
    """Lower-case words that end in `</w>`."""
    vocab = parts.starting_vocab("bos_token", "eos_token", "pad_token")
    normalizer = normalizers.Sequence([
        normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()
    ])  # fmt: skip
    words = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(_CLIP_SPLIT), behavior="removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
    ])  # fmt: skip
    model = bpe(parts, vocab, end_of_word_suffix="</w>", unk_token=parts.tokens["unk_token"])

    def post(tokenizer):
        eos, bos = parts.tokens["eos_token"], parts.tokens["bos_token"]
        ids = tokenizer.convert_tokens_to_ids([eos, bos])
        return processors.RobertaProcessing((eos, ids[0]), (bos, ids[1]), False, False)

    return Backend(assemble(model, normalizer, words, decoders.ByteLevel()), post)


def cohere(parts: Parts) -> Backend:
    """As GPT-2, digit by digit."""
    vocab = parts.starting_vocab(*_NAMES, "bos_token")
    blank = bool(parts.option("add_prefix_space", False))
    words = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=blank, trim_offsets=True),
    ])  # fmt: skip
    return Backend(assemble(bpe(parts, vocab), normalizers.NFC(), words, decoders.ByteLevel()))


def nougat(parts: Parts) -> Backend:
    """Formulas and tables: digits and punctuation stand alone."""
    vocab = parts.vocab
    if vocab is None:
        vocab = {**parts.starting_vocab("bos_token", "pad_token", "eos_token", "unk_token"), "[START_REF]": 4}
    words = pre_tokenizers.Sequence([
        pre_tokenizers.Split("SPL1T-TH1S-Pl3A5E", behavior="removed", invert=False),
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.Split(_NOUGAT_SPLIT, behavior="isolated", invert=False),
        pre_tokenizers.Split("\n", behavior="isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=True, use_regex=True),
    ])  # fmt: skip
    tokenizer = assemble(bpe(parts, vocab), normalizers.NFKC(), words, decoders.ByteLevel())
    return Backend(tokenizer, template("{bos}:0 $A:0 {eos}:0", "$A:0 $B:1"))


def _word_bpe(parts: Parts, normalizer, post=None, **settings) -> Backend:
    unk = parts.tokens["unk_token"]
    model = bpe(parts, parts.starting_vocab("unk_token"), end_of_word_suffix="</w>", unk_token=unk, **settings)
    return Backend(
        assemble(model, normalizer, pre_tokenizers.BertPreTokenizer(), decoders.BPEDecoder(suffix="</w>")), post
    )


def openai(parts: Parts) -> Backend:
    """GPT: lower-case words that end in `</w>`."""
    return _word_bpe(parts, normalizers.BertNormalizer(lowercase=True))


def herbert(parts: Parts) -> Backend:
    """As GPT with its case kept; <s> A </s> B </s>."""
    normalizer = normalizers.BertNormalizer(
        lowercase=False, strip_accents=False, clean_text=True, handle_chinese_chars=True
    )

    def post(tokenizer):
        return processors.BertProcessing((tokenizer.sep_token, 2), (tokenizer.cls_token, 0))

    return _word_bpe(parts, normalizer, post, continuing_subword_prefix=None)


