"""Unigram over SentencePiece pieces: T5, XLM-R, ALBERT, mBART and their kin."""

from __future__ import annotations

from ...tokenizers import Regex, decoders, models, normalizers, pre_tokenizers
from ..languages import MBART50_LANGUAGES, MBART_LANGUAGES
from .extras import class_extra
from .parts import Backend, Parts, assemble, bert_template, template
from .piece_bpe import BLANK, scheme

_NAMES = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
_FAIRSEQ = ("bos_token", "pad_token", "eos_token", "unk_token")
_XLM_TEMPLATE = template("{bos} $A {eos}", "{bos} $A {eos} {eos} $B {eos}")
_T5_TEMPLATE = template("$A {eos}", "$A {eos} $B {eos}")


def _blanks():
    return normalizers.Replace(Regex(" {2,}"), " ")


def _charsmap(parts: Parts) -> list:
    return [] if parts.charsmap is None else [normalizers.Precompiled(parts.charsmap)]


def _single(parts: Parts):
    return next(iter(_charsmap(parts)), None)


def _sequence(steps: list):
    return normalizers.Sequence(steps)


def _unigram(parts: Parts, vocab, unk_id: int, normalizer, post=None, words: bool = False, first=None, before=()):
    """`words`: split at white space before the blanks are marked."""
    first = scheme(parts) if first is None else first
    steps = [*before, *([pre_tokenizers.WhitespaceSplit()] if words else [])]
    metaspace = pre_tokenizers.Metaspace(replacement=BLANK, prepend_scheme=first)
    tokenizer = assemble(
        models.Unigram(vocab, unk_id=unk_id, byte_fallback=False),
        normalizer,
        pre_tokenizers.Sequence([*steps, metaspace]) if steps else metaspace,
        decoders.Metaspace(replacement=BLANK, prepend_scheme=first),
    )
    return Backend(tokenizer, post)


def _unknown(parts: Parts, default: int) -> int:
    """The id of what is unknown: as the model of a file has it."""
    return default if parts.unk_id is None else parts.unk_id


def _find(vocab, piece: str, default: int) -> int:
    return next((index for index, (text, score) in enumerate(vocab) if text == piece and score == 0.0), default)


def _latin(parts: Parts, keep_accents: bool, lower_case: bool) -> list:
    """Quotes of two characters, accents and capitals undone, then the model's own map."""
    steps = [normalizers.Replace("``", '"'), normalizers.Replace("''", '"')]
    if not keep_accents:
        steps += [normalizers.NFKD(), normalizers.StripAccents()]
    return [*steps, *([normalizers.Lowercase()] if lower_case else []), *_charsmap(parts)]


def _with_extra(parts: Parts, tokens: list) -> None:
    """Further special tokens of the class, behind those that were named."""
    named = list(parts.extra or [])
    have = {str(token) for token in named}
    parts.extra = named + [token for token in tokens if str(token) not in have]


def albert(parts: Parts, cased: bool = False) -> Backend:
    """[CLS] A [SEP] B [SEP]."""
    steps = _latin(parts, parts.option("keep_accents", cased), parts.option("do_lower_case", not cased))
    return _unigram(parts, parts.scored_vocab(*_NAMES), _unknown(parts, 1), _sequence(steps), bert_template(), words=True)


def fnet(parts: Parts) -> Backend:
    """As ALBERT, in cases and accents of the text."""
    return albert(parts, cased=True)


def rembert(parts: Parts) -> Backend:
    """As ALBERT, in cases and accents of the text."""
    steps = _latin(parts, parts.option("keep_accents", True), parts.option("do_lower_case", False))
    return _unigram(parts, parts.scored_vocab(*_NAMES), 2, _sequence([*steps[:2], _blanks(), *steps[2:]]), bert_template())


def xlnet(parts: Parts) -> Backend:
    """A <sep> B <sep> <cls>: the tokens come last."""
    if parts.extra is None:
        parts.extra = class_extra("xlnet", parts.options)
    steps = _latin(parts, False, parts.option("do_lower_case", False))
    vocab = parts.scored_vocab("unk_token")
    post = template("$A:0 {sep}:0 {cls}:2", "$A:0 {sep}:0 $B:1 {sep}:1 {cls}:2")
    unk_id = parts.option("unk_id", _unknown(parts, 0))
    return _unigram(parts, vocab, unk_id, _sequence(steps), post, words=True, first="always")


def _stripped():
    return [
        normalizers.Replace(Regex(r"\s{2,}|[\n\r\t]"), " "), normalizers.NFC(), normalizers.Strip(left=False, right=True)
    ]  # fmt: skip


def barthez(parts: Parts) -> Backend:
    """Nothing around the text."""
    return _unigram(parts, parts.scored_vocab(*_NAMES), 3, _sequence(_stripped()))


def deberta_v2(parts: Parts) -> Backend:
    """[CLS] A [SEP] B [SEP]; punctuation split off if asked."""
    names = ("pad_token", "unk_token", "bos_token", "eos_token", "sep_token", "cls_token", "mask_token")
    vocab = parts.scored_vocab(*names)
    unk_id = _find(vocab, parts.tokens["unk_token"], parts.option("unk_id", _unknown(parts, 1)))
    steps = [*([normalizers.Lowercase()] if parts.option("do_lower_case", False) else []), *_stripped()]
    punctuation = [pre_tokenizers.Punctuation(behavior="isolated")] if parts.option("split_by_punct", False) else []
    first = "always" if parts.option("add_prefix_space", True) else "first"
    backend = _unigram(parts, vocab, unk_id, _sequence(steps), bert_template(cls=0, sep=0), first=first, before=punctuation)
    if not punctuation:
        backend.tokenizer.pre_tokenizer = pre_tokenizers.Sequence([backend.tokenizer.pre_tokenizer])
    return backend


def big_bird(parts: Parts) -> Backend:
    """[CLS] A [SEP] B [SEP]."""
    vocab = parts.scored_vocab("pad_token", "eos_token", "bos_token", "unk_token")
    steps = [normalizers.Strip(left=False, right=False), normalizers.Replace(Regex(" {2,}"), BLANK)]
    unk_id = _find(vocab, parts.tokens["unk_token"], 100)
    return _unigram(parts, vocab, unk_id, _sequence(steps), bert_template())


def camembert(parts: Parts) -> Backend:
    """<s> A </s> </s> B </s>; five pieces of its own come first."""
    if parts.extra is None:
        parts.extra = class_extra("camembert", parts.options)
    pad, unk, mask = (parts.tokens[name] for name in ("pad_token", "unk_token", "mask_token"))
    vocab = parts.vocab
    if vocab is None:
        vocab = [("<s>NOTUSED", 0.0), (pad, 0.0), ("</s>NOTUSED", 0.0), (unk, 0.0), ("<unk>NOTUSED", -100.0), (mask, 0.0)]
    unk_id = next((index for index, (piece, _) in enumerate(vocab) if piece == unk), 0)
    return _unigram(parts, parts.scored_vocab() if parts.vocab is not None else vocab, unk_id, _single(parts), _XLM_TEMPLATE,
                    words=True)  # fmt: skip


def xlm_roberta(parts: Parts) -> Backend:
    """<s> A </s> </s> B </s>."""
    vocab = parts.scored_vocab(*_FAIRSEQ, "mask_token")
    return _unigram(parts, vocab, 3, _single(parts), _XLM_TEMPLATE, words=True)


def mluke(parts: Parts) -> Backend:
    """<s> A </s> </s> B </s>, with the ids of the file; what is unknown has the first one."""
    post = template("{cls} $A {sep}", "{cls} $A {sep} {sep} $B:1 {sep}:1")
    vocab = [("<unk>", 0.0)] if parts.vocab is None else parts.scored_vocab()
    return _unigram(parts, vocab, 0, _sequence(_latin(parts, True, False)[:2]), post, first="always")


def layoutxlm(parts: Parts) -> Backend:
    """<s> A </s> </s> B </s>, without a map of characters."""
    normalizer = _sequence([normalizers.Strip(left=False, right=True), normalizers.Replace(Regex(" {2,}"), BLANK)])
    return _unigram(parts, parts.scored_vocab(*_FAIRSEQ, "mask_token"), 3, normalizer, _XLM_TEMPLATE)


def udop(parts: Parts) -> Backend:
    """A </s> B </s>, without a map of characters."""
    vocab = parts.scored_vocab("pad_token", "eos_token", "unk_token", more=(("▁", -2.0),))
    unk_id = next((index for index, (piece, _) in enumerate(vocab) if piece == parts.tokens["unk_token"]), 2)
    return _unigram(parts, vocab, unk_id, None, _T5_TEMPLATE, words=True, first="always")


def xglm(parts: Parts) -> Backend:
    """</s> A </s> </s> B."""
    _with_extra(parts, class_extra("xglm", parts.options))
    normalizer = _sequence([*_charsmap(parts), _blanks()])
    post = template("{eos} $A", "{eos} $A {eos} {eos} $B")
    return _unigram(parts, parts.scored_vocab(*_FAIRSEQ), 3, normalizer, post)


def mbart(parts: Parts) -> Backend:
    """The class puts end and language behind the text."""
    named = list(parts.extra or [])
    parts.extra = [*MBART_LANGUAGES, *(token for token in named if str(token) not in MBART_LANGUAGES)]
    more = (("▁", -2.0), *((code, 0.0) for code in MBART_LANGUAGES), (parts.tokens["mask_token"], 0.0))
    return _unigram(parts, parts.scored_vocab(*_FAIRSEQ, more=more), 3, None, words=True, first="always")


def mbart50(parts: Parts) -> Backend:
    """The class puts the language in front and the end behind."""
    _with_extra(parts, MBART50_LANGUAGES)
    start = [(parts.tokens[name], 0.0) for name in ("cls_token", "pad_token", "eos_token", "unk_token")]
    codes = [*((code, 0.0) for code in MBART50_LANGUAGES), (parts.tokens["mask_token"], 0.0)]
    vocab = [*start, ("▁", -2.0), *codes] if parts.vocab is None else parts.scored_vocab()
    if not {piece for piece, _ in vocab} & set(MBART50_LANGUAGES):
        vocab = [*start, *vocab[3:], *codes]
    return _unigram(parts, vocab, 3, _sequence([*_charsmap(parts), _blanks()]), first="always")


def pegasus(parts: Parts) -> Backend:
    """A B </s>; the pieces for masks and 101 unused ones come first."""
    named = [str(token) for token in parts.extra or []]
    sent = parts.options.get("mask_token_sent", "<mask_1>")
    parts.extra = [t for t in class_extra("pegasus", parts.options) if t != sent or sent not in named]
    vocab = parts.scored_vocab("unk_token", "pad_token", "eos_token", "mask_token")
    unk = parts.tokens["unk_token"]
    unk_id = next((index for index, (piece, score) in enumerate(vocab) if index and piece == unk and score == 0.0), None)
    if unk_id is None:
        unk_id = 0 if parts.unk_id is None else parts.unk_id + parts.count("offset", 103)
    steps = _charsmap(parts) or [normalizers.Replace(Regex(r"\n"), " ")]
    return _unigram(parts, vocab, unk_id, _sequence([*steps, _blanks()]), template("$A {eos}", "$A $B {eos}"),
                    first="always")  # fmt: skip


def _sentinels(parts: Parts, owner: str) -> list[tuple[str, float]]:
    """The vocabulary of T5, and its <extra_id_...> tokens as special tokens."""
    sentinels = class_extra("t5", parts.options)
    count = len(sentinels)
    if parts.extra is None:
        parts.extra = sentinels
    else:
        named = [token for token in parts.extra if "<extra_id_" in str(token)]
        if not named:
            parts.extra = [*parts.extra, *sentinels]
        elif count > 0 and count != len(named):
            raise ValueError(
                f"Both extra_ids ({count}) and additional_special_tokens ({parts.extra}) are provided to "
                f"{owner}. In this case the additional_special_tokens must include the extra_ids tokens"
            )
    more = (("▁", -2.0), *((token, 0.0) for token in reversed(sentinels)))
    return parts.scored_vocab("pad_token", "eos_token", "unk_token", more=more)


def t5(parts: Parts) -> Backend:
    """A </s> B </s>, and the <extra_id_...> tokens."""
    return _unigram(parts, _sentinels(parts, "T5Tokenizer"), 2, _single(parts), _T5_TEMPLATE, words=True, first="always")


def mt5(parts: Parts) -> Backend:
    """As T5; what is unknown has the id that the model of a file gives it."""
    vocab = _sentinels(parts, "MT5Tokenizer")
    return _unigram(parts, vocab, _unknown(parts, 2), _single(parts), _T5_TEMPLATE, words=True, first="always")


def lasr(parts: Parts) -> Backend:
    """As T5; what is unknown has the id of the blank."""
    return _unigram(parts, _sentinels(parts, "LasrTokenizer"), 3, _single(parts), _T5_TEMPLATE, words=True, first="always")


def videoprism(parts: Parts) -> Backend:
    """As T5, with nothing around the text."""
    return _unigram(parts, _sentinels(parts, "VideoPrismTokenizer"), 2, _single(parts), words=True, first="always")
