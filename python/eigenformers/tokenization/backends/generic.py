"""Pipelines for files that come without a class: what a SentencePiece model or a list of byte ranks says by itself."""

from __future__ import annotations

from ...tokenizers import Regex, decoders, models, normalizers, pre_tokenizers, processors
from .byte_level import bpe
from .parts import Backend, Parts, assemble, template
from .piece_bpe import BLANK, spell_back

LLAMA3_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def sentencepiece(parts: Parts) -> Backend:
    """A SentencePiece model: its map, its pieces, nothing around the text."""
    if isinstance(parts.vocab, dict):
        model = models.BPE(
            parts.vocab, parts.merges or [], unk_token=parts.unk_piece, fuse_unk=True, byte_fallback=parts.byte_fallback
        )
    else:
        model = models.Unigram(parts.vocab, unk_id=parts.unk_id, byte_fallback=parts.byte_fallback)
    steps = [normalizers.Precompiled(parts.charsmap)] if parts.charsmap else []
    normalizer = normalizers.Sequence([*steps, normalizers.Replace(" ", BLANK)])
    plain = decoders.Sequence([decoders.Replace(BLANK, " ")])
    return Backend(assemble(model, normalizer, None, spell_back() if parts.byte_fallback else plain))


def esmc(parts: Parts) -> Backend:
    """The letters of amino acids and the signs between them, which are the whole vocabulary."""
    tokens = ["<cls>", "<pad>", "<eos>", "<unk>", *"LAGVSERTIDPKQNFYMHWCXBUZO.-|", "<mask>"]
    vocab = {token: index for index, token in enumerate(tokens)}
    tokenizer = assemble(models.BPE(vocab, [], unk_token=parts.tokens["unk_token"]))
    post = template("{cls} $A {eos}", "$A:0 $B:1")
    return Backend(tokenizer, post, defaults={"bos_token": parts.tokens["cls_token"]})


def tiktoken(parts: Parts) -> Backend:
    """Byte ranks: a word that is a token is taken as it is."""
    words = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(parts.pattern or LLAMA3_SPLIT), behavior="isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=bool(parts.option("add_prefix_space", False)), use_regex=False),
    ])  # fmt: skip
    model = bpe(parts, parts.vocab, ignore_merges=True)
    model.continuing_subword_prefix = model.end_of_word_suffix = None
    tokenizer = assemble(model, None, words, decoders.ByteLevel())
    framed = any(parts.options.get(name) is not None for name in ("add_bos_token", "add_eos_token"))
    return Backend(tokenizer, None if framed else lambda _: processors.ByteLevel(trim_offsets=False))
