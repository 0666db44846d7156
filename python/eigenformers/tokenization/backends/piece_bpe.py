"""BPE over SentencePiece pieces: Llama, Gemma, NLLB."""

from __future__ import annotations

from ...tokenizers import Regex, decoders, models, normalizers, pre_tokenizers
from .extras import class_extra
from .parts import Backend, Parts, assemble

BLANK = "▁"


def scheme(parts: Parts) -> str:
    """Whether words get a blank in front: at every start of one, or never."""
    return "always" if parts.option("add_prefix_space", True) else "never"


def spell_back(*more):
    """The decoder for byte fallback."""
    return decoders.Sequence([decoders.Replace(BLANK, " "), decoders.ByteFallback(), decoders.Fuse(), *more])


def _model(parts: Parts, vocab, **settings):
    return models.BPE(vocab, parts.merges or [], fuse_unk=True, **settings)


def llama(parts: Parts) -> Backend:
    """Llama 2: a blank in front, bytes for what is unknown."""
    vocab = parts.starting_vocab("unk_token", "bos_token", "eos_token")
    blank = parts.option("add_prefix_space", True)
    first = ("always" if parts.option("legacy", False) else "first") if blank else "never"
    strip = [decoders.Strip(content=" ", left=1)] if blank else []
    words = pre_tokenizers.Metaspace(replacement=BLANK, prepend_scheme=first, split=False)
    return Backend(assemble(_model(parts, vocab, byte_fallback=True), None, words, spell_back(*strip)))


def code_llama(parts: Parts) -> Backend:
    """As Llama 2, with the marks for infilling."""
    vocab = parts.starting_vocab("unk_token", "bos_token", "eos_token")
    first = "first" if parts.option("add_prefix_space", True) else "never"
    words = pre_tokenizers.Metaspace(replacement=BLANK, prepend_scheme=first, split=False)
    model = _model(parts, vocab, byte_fallback=True, unk_token=parts.tokens["unk_token"])
    extra = [*(parts.extra or []), *class_extra("code_llama", parts.options)]
    tokenizer = assemble(model, None, words, spell_back(decoders.Strip(content=" ", left=1)))
    return Backend(tokenizer, None, extra, {"add_bos_token": True})


def gemma(parts: Parts) -> Backend:
    """Gemma: nothing in front, bytes for what is unknown."""
    vocab = parts.starting_vocab("pad_token", "eos_token", "bos_token", "unk_token", "mask_token")
    model = _model(parts, vocab, byte_fallback=True, unk_token=parts.tokens["unk_token"])
    words = pre_tokenizers.Split(" ", behavior="merged_with_previous", invert=False)
    return Backend(assemble(model, normalizers.Replace(" ", BLANK), words, spell_back()))


def siglip2(parts: Parts) -> Backend:
    """As Gemma, in lower case."""
    backend = gemma(parts)
    lower = normalizers.Sequence([normalizers.Lowercase(), backend.tokenizer.normalizer])
    backend.tokenizer.normalizer = lower
    return backend


def tipsv2(parts: Parts) -> Backend:
    """Tipsv2: words in lower case, each with a blank in front, bytes for what is unknown."""
    vocab = parts.starting_vocab("pad_token", "unk_token")
    steps = [normalizers.Lowercase()] if parts.option("do_lower_case", True) else []
    if parts.charsmap is not None:
        steps.append(normalizers.Precompiled(parts.charsmap))
    blanks = {"replacement": BLANK, "prepend_scheme": "always"}
    words = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(**blanks)])
    text = decoders.Sequence([decoders.Metaspace(**blanks), decoders.ByteFallback(), decoders.Fuse()])
    return Backend(assemble(_model(parts, vocab, byte_fallback=True), normalizers.Sequence(steps), words, text))


def _metaspace(model, normalizer, first: str) -> Backend:
    words = pre_tokenizers.Metaspace(replacement=BLANK, prepend_scheme=first, split=True)
    return Backend(assemble(model, normalizer, words, decoders.Metaspace(replacement=BLANK, prepend_scheme=first)))


def _mapped(parts: Parts):
    if parts.charsmap is None:
        return None
    return normalizers.Sequence([
        normalizers.Precompiled(parts.charsmap), normalizers.Replace(Regex(" {2,}"), " ")
    ])  # fmt: skip


def nllb(parts: Parts) -> Backend:
    """NLLB: <s>, <pad>, </s>, <unk> come first; the class puts the language in front."""
    vocab = parts.starting_vocab("bos_token", "pad_token", "eos_token", "unk_token")
    named = {*parts.tokens.values(), *map(str, parts.options.get("extra_special_tokens") or [])}
    of_file = [token for token in parts.extra or [] if str(token) not in named]
    parts.extra = [*(parts.options.get("extra_special_tokens") or []), *of_file]
    return _metaspace(_model(parts, vocab, unk_token=parts.tokens["unk_token"]), _mapped(parts), "always")


def reformer(parts: Parts) -> Backend:
    """Reformer: nothing around the text."""
    return _metaspace(_model(parts, parts.vocab or {}, unk_token=parts.tokens["unk_token"]), _mapped(parts), "always")


def seamless(parts: Parts) -> Backend:
    """SeamlessM4T: compatibility characters composed, blanks joined; the class puts the language around the text."""
    vocab = parts.vocab or parts.starting_vocab("pad_token", "unk_token", "bos_token", "eos_token")
    normalizer = normalizers.Sequence([
        normalizers.Replace(Regex(r"[\n\r\t]"), " "),
        normalizers.NFKC(),
        normalizers.Strip(left=False, right=True),
        normalizers.Replace(Regex(f" +{BLANK}"), BLANK),
        normalizers.Replace(Regex(f"^{BLANK}+$"), ""),
        normalizers.Replace(Regex(" {2,}"), BLANK),
    ])  # fmt: skip
    return _metaspace(_model(parts, vocab, unk_token=parts.tokens["unk_token"]), normalizer, "first")
