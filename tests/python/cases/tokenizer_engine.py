"""Every component of the tokenizer engine on texts of all kinds. Long results are kept as digests."""

from __future__ import annotations

import hashlib
import json
import pickle

from cases._tokenizer_corpus import corpus

LIBRARY = "tokenizers"
TEXTS = corpus(seed=3, count=240)
SHORT = ["", " ", "Hello  world!", "Ab1 2cd", "  é中文 don't ", "日本 x\n\ny", "a\u0301ß 🎉ſ", "x<s> y </s>z"]


def digest(value) -> str:
    return hashlib.sha256(json.dumps(value, separators=(",", ":")).encode()).hexdigest()[:16]


def normalizers(lib) -> list:
    n, regex = lib.normalizers, lib.Regex
    return [
        n.NFC(),
        n.NFD(),
        n.NFKC(),
        n.NFKD(),
        n.Lowercase(),
        n.Strip(),
        n.Strip(left=False),
        n.StripAccents(),
        n.Prepend("▁"),
        n.Replace(" ", "▁"),
        n.Replace(regex(r"\s+"), "é"),
        n.Replace(regex("[[:punct:]]"), ""),
        n.Replace(regex(r"(?i:a)|\w+?b|\bc|\p{Lu}"), "<>"),
        n.Replace(regex("x*"), "-"),
        n.Replace(regex("^|$"), "#"),
        n.BertNormalizer(),
        n.BertNormalizer(lowercase=False, strip_accents=True),
        n.BertNormalizer(clean_text=False, handle_chinese_chars=False),
        n.Nmt(),
        n.ByteLevel(),
        n.Sequence([n.NFD(), n.StripAccents(), n.Lowercase()]),
    ]


def pre_tokenizers(lib) -> list:
    p, regex = lib.pre_tokenizers, lib.Regex
    behaviors = ("removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous")
    splits = [
        p.Split(pattern, behavior, invert=invert)
        for pattern in (" ", regex(r"\s+|\d"), regex(r"\p{N}{1,3}"), regex("[^a-z]{2}"))
        for behavior in behaviors
        for invert in (False, True)
    ]
    return [
        p.ByteLevel(),
        p.ByteLevel(add_prefix_space=False),
        p.ByteLevel(use_regex=False),
        p.Metaspace(),
        p.Metaspace(split=False),
        p.Metaspace(prepend_scheme="never"),
        p.Metaspace("_", prepend_scheme="first"),
        p.Digits(),
        p.Digits(individual_digits=True),
        *(p.Punctuation(behavior) for behavior in behaviors),
        p.Whitespace(),
        p.WhitespaceSplit(),
        p.BertPreTokenizer(),
        p.CharDelimiterSplit("e"),
        p.UnicodeScripts(),
        p.FixedLength(3),
        p.Sequence([p.WhitespaceSplit(), p.Punctuation(), p.Digits(individual_digits=True)]),
        *splits,
    ]


def processors(lib) -> list:
    p = lib.processors
    template = p.TemplateProcessing(
        single="[C] $A [S]:7",
        pair=["[C]", "$B:3", "[S]", "$A:2"],
        special_tokens=[("[C]", 1), (2, "[S]")],
    )
    return [
        template,
        p.TemplateProcessing(
            single="$0 [S]", pair="$A $B:1", special_tokens=[{"id": "[S]", "ids": [2, 3], "tokens": ["x", "y"]}]
        ),
        p.BertProcessing(("[S]", 2), ("[C]", 1)),
        p.RobertaProcessing(("[S]", 2), ("[C]", 1)),
        p.RobertaProcessing(("[S]", 2), ("[C]", 1), trim_offsets=False, add_prefix_space=False),
        p.ByteLevel(),
        p.ByteLevel(trim_offsets=False),
        p.Sequence([p.ByteLevel(), template]),
    ]


def decoders(lib) -> list:
    d, regex = lib.decoders, lib.Regex
    return [
        d.ByteLevel(),
        d.Metaspace(),
        d.Metaspace(prepend_scheme="never"),
        d.ByteFallback(),
        d.Fuse(),
        d.Strip(" ", 1, 1),
        d.Replace("▁", " "),
        d.Replace(regex("[aé]+"), "-"),
        d.WordPiece(),
        d.WordPiece(prefix="@@", cleanup=False),
        d.BPEDecoder(),
        d.CTC(),
        d.Sequence([d.Replace("▁", " "), d.ByteFallback(), d.Fuse(), d.Strip(" ", 1, 0)]),
    ]


BPE_VOCAB = [
    "<unk>",
    *"abcdehlorw ▁",
    "é",
    "中",
    "he",
    "ll",
    "hell",
    "hello",
    "wo",
    "▁wo",
    "rl",
    "▁worl",
    "ab",
    "▁▁",
    "▁▁▁▁",
]
BPE_MERGES = [
    ("h", "e"), ("l", "l"), ("he", "ll"), ("hell", "o"), ("w", "o"), ("▁", "wo"), ("r", "l"), ("▁wo", "rl"), ("a", "b"),
    ("▁", "▁"), ("▁▁", "▁▁"),
]  # fmt: skip


def bpe(lib, extra=(), merges=BPE_MERGES, **options):
    vocab = {token: index for index, token in enumerate([*BPE_VOCAB, *extra])}
    return lib.models.BPE(vocab, merges, **options)


def models(lib) -> dict:
    m = lib.models
    bytes_ = [f"<0x{b:02X}>" for b in range(256)]
    marked = ["@@b", "@@c", "@@b</w>", "a</w>", "c</w>", "abc</w>", "ab</w>"]
    pieces = ["[UNK]", "hello", "he", "##llo", "##l", "##o", "wor", "##ld", "中", "é", "h", "a", "##b", "##c"]
    scores = [
        ("<unk>", 0.0),
        ("▁", -2.0),
        ("h", -3.0),
        ("e", -3.1),
        ("l", -3.2),
        ("o", -3.3),
        ("hello", -5.0),
        ("▁hel", -4.0),
    ]
    scores += [("lo", -3.5), ("w", -4.0), ("ab", -2.5), ("a", -1.0), ("b", -1.0), ("é", -2.0), ("中中", -1.0)]
    return {
        "bpe": bpe(lib),
        "bpe unk": bpe(lib, unk_token="<unk>"),
        "bpe fused": bpe(lib, unk_token="<unk>", fuse_unk=True),
        "bpe bytes": bpe(lib, bytes_, unk_token="<unk>", fuse_unk=True, byte_fallback=True),
        "bpe some bytes": bpe(lib, bytes_[:200], unk_token="<unk>", byte_fallback=True),
        "bpe ignore": bpe(lib, ["wor"], ignore_merges=True),
        "bpe marks": bpe(
            lib,
            marked,
            [("a", "@@b"), ("ab", "@@b</w>")][:1],
            continuing_subword_prefix="@@",
            end_of_word_suffix="</w>",
        ),
        "wordpiece": m.WordPiece({t: i for i, t in enumerate(pieces)}, unk_token="[UNK]"),
        "wordpiece short": m.WordPiece(
            {t: i for i, t in enumerate(pieces)}, unk_token="[UNK]", max_input_chars_per_word=4
        ),
        "wordlevel": m.WordLevel({"hello": 0, "?": 1, "world": 2}, unk_token="?"),
        "unigram": m.Unigram(scores, 0),
        "unigram bytes": m.Unigram(scores + [(b, -10.0) for b in bytes_], 0, byte_fallback=True),
    }


def fields(e) -> dict:
    return {
        "ids": e.ids,
        "type_ids": e.type_ids,
        "tokens": e.tokens,
        "offsets": [list(o) for o in e.offsets],
        "attention_mask": e.attention_mask,
        "special_tokens_mask": e.special_tokens_mask,
        "words": e.word_ids,
        "sequences": e.sequence_ids,
        "overflowing": [fields(o) for o in e.overflowing],
    }


def brief(e) -> list:
    return [e.ids, digest(fields(e))]


def case_normalizers(lib):
    return {
        repr(n): [digest([n.normalize_str(t) for t in TEXTS]), [n.normalize_str(t) for t in SHORT]]
        for n in normalizers(lib)
    }


def case_normalizer_offsets(lib):
    out = {}
    for n in normalizers(lib):
        if "x*" in repr(n) or "^" in repr(n):
            continue  # the library panics on some of these
        for pre in (lib.pre_tokenizers.FixedLength(1), lib.pre_tokenizers.Metaspace(), lib.pre_tokenizers.ByteLevel()):
            t = lib.Tokenizer(lib.models.WordLevel({"?": 0}, unk_token="?"))
            t.normalizer, t.pre_tokenizer = n, pre
            out[f"{n} {pre}"] = digest([t.encode(text).offsets for text in TEXTS])
    return out


def case_pre_tokenizers(lib):
    return {repr(p): digest([p.pre_tokenize_str(t) for t in TEXTS]) for p in pre_tokenizers(lib)}


def case_pre_tokenizers_short(lib):
    return {repr(p): [p.pre_tokenize_str(t) for t in SHORT] for p in pre_tokenizers(lib)[:20]}


def case_processors(lib):
    tokenizer = lib.Tokenizer(lib.models.WordLevel({"?": 0, "[C]": 1, "[S]": 2, "a": 3}, unk_token="?"))
    tokenizer.pre_tokenizer = lib.pre_tokenizers.ByteLevel()
    out = {}
    for processor in processors(lib):
        tokenizer.post_processor = processor
        for special in (True, False):
            out[f"{processor!r} {special}"] = [
                brief(tokenizer.encode("a b  c", add_special_tokens=special)),
                brief(tokenizer.encode("a b", "c a", add_special_tokens=special)),
                processor.num_special_tokens_to_add(False),
                processor.num_special_tokens_to_add(True),
            ]
    return out


def case_decoders(lib):
    lists = [
        ["▁Hello", "▁world", "▁▁!"],
        ["<0xE5>", "<0x8F>", "<0xAB>", "a", "<0xE5>", "<0xzz>", "<0xff>"],
        ["he", "##llo", "wor", "@@ld", "!", "n't", " do not"],
        ["Ġhello", "Ã©", "Ġ世", "<s>"],
        ["he</w>", "llo</w>"],
        ["h", "h", "<pad>", "e", "e", "<pad>", "e", "|", "<pad>", "x"],
        ["  a  ", "aéa"],
        [],
    ]
    return {repr(d): [d.decode(tokens) for tokens in lists if tokens or "BPE" not in repr(d)] for d in decoders(lib)}


def case_models(lib):
    words = [
        "hello",
        "hell",
        "▁world",
        "aab",
        "abab",
        "a中é",
        "中中中",
        "xyzzy",
        "abc",
        "ab",
        "éa¢",
        "▁▁▁▁▁▁▁",
        "h" * 150,
    ]
    out = {}
    for name, model in models(lib).items():
        found = [[list(t.as_tuple()) for t in model.tokenize(word)] for word in words]
        out[name] = [[[i, v, list(o)] for i, v, o in tokens] for tokens in found]
    return out


def case_long_words(lib):
    """Longer than any cache, so that another way of merging is taken."""
    model = bpe(lib, unk_token="<unk>")
    texts = ["hello▁world" * 40, "ab" * 700, "▁" * 321, "".join(t for t in TEXTS[:40])]
    return [digest([t.as_tuple() for t in model.tokenize(text)]) for text in texts]


def case_written(lib):
    """tokenizer.json of everything, character by character."""
    out = {}
    for name, model in models(lib).items():
        t = lib.Tokenizer(model)
        out[name] = [digest(t.to_str()), digest(t.to_str(pretty=True))]
    t = lib.Tokenizer(models(lib)["bpe unk"])
    for kind in (normalizers, pre_tokenizers, processors, decoders):
        for part in kind(lib):
            t2 = lib.Tokenizer(lib.models.WordLevel({"a": 0}, unk_token="a"))
            name = kind.__name__[:-1] if kind is not processors else "post_processor"
            setattr(t2, name, part)
            out[f"{name} {part!r}"] = t2.to_str()
            assert repr(getattr(t2, name)) == repr(part)
    t.enable_truncation(7, stride=2, strategy="only_second", direction="left")
    t.enable_padding(direction="left", pad_id=3, pad_type_id=1, pad_token="p", length=9, pad_to_multiple_of=4)
    t.add_special_tokens(["<s>", lib.AddedToken("[X]", lstrip=True)])
    t.add_tokens([lib.AddedToken("foo", single_word=True, normalized=False), "hello"])
    out["all"] = t.to_str(pretty=True)
    out["read"] = lib.Tokenizer.from_str(t.to_str()).to_str()
    return out


def case_added_tokens(lib):
    t = lib.Tokenizer(lib.models.WordLevel({"?": 0, "a": 1, "hello": 2}, unk_token="?"))
    t.pre_tokenizer = lib.pre_tokenizers.Whitespace()
    out = {"added": []}
    add = lib.AddedToken
    out["added"].append(t.add_tokens(["hello", "new", "", add("Low", normalized=True), add("Raw", normalized=False)]))
    out["added"].append(t.add_special_tokens(["<s>", add("<l>", lstrip=True), add("<r>", rstrip=True), "new"]))
    out["added"].append(
        t.add_tokens([add("wo", single_word=True), add("world"), add("<lr>", lstrip=True, rstrip=True)])
    )
    texts = [
        "hello new<s> world",
        "a <l> b<r>  c <lr> <lr>d<l>",
        "wo two woa wo.wo wo",
        "LOW low Low RAW Raw raw",
        "éwo wo\u0301 wo",
        "<s><s> <s>",
        "worlds world",
        "",
    ]
    for normalizer in (None, lib.normalizers.Lowercase()):
        t.normalizer = normalizer
        for special in (False, True):
            t.encode_special_tokens = special
            out[f"{normalizer} {special}"] = [brief(t.encode(text)) for text in texts]
    out["ids"] = [t.token_to_id(x) for x in ("hello", "new", "Low", "<s>", "none")] + [
        t.get_vocab_size(),
        t.get_vocab_size(False),
    ]
    out["decoder"] = {str(k): repr(v) for k, v in sorted(t.get_added_tokens_decoder().items())}
    out["vocab"] = sorted(t.get_vocab().items())
    out["decoded"] = [t.decode(list(range(9))), t.decode(list(range(9)), skip_special_tokens=False), t.decode([999])]
    return out


def case_added_token_object(lib):
    a = lib.AddedToken
    tokens = [
        a("x"),
        a("x", special=True),
        a("x", lstrip=True, rstrip=True),
        a("y", single_word=True, normalized=False),
    ]
    return {
        "repr": [repr(t) for t in tokens],
        "str": [str(t) for t in tokens],
        "state": [t.__getstate__() for t in tokens],
        "equal": [[x == y for y in tokens] for x in tokens],
        "hash": [hash(x) == hash(tokens[0]) for x in tokens],
        "pickle": [pickle.loads(pickle.dumps(t)) == t for t in tokens],
    }


def small(lib):
    t = lib.Tokenizer(bpe(lib, unk_token="<unk>"))
    t.pre_tokenizer = lib.pre_tokenizers.WhitespaceSplit()
    t.add_special_tokens(["[C]", "[S]"])
    t.post_processor = lib.processors.BertProcessing(("[S]", t.token_to_id("[S]")), ("[C]", t.token_to_id("[C]")))
    return t


def case_truncation(lib):
    t = small(lib)
    long, short = "hello world abc hello abab", "ab ab"
    out = {}
    for strategy in ("longest_first", "only_first", "only_second"):
        for direction in ("left", "right"):
            for max_length, stride in ((6, 0), (9, 2), (12, 3), (40, 0)):
                t.enable_truncation(max_length, stride=stride, strategy=strategy, direction=direction)
                for name, args in {
                    "one": (long,),
                    "two": (long, short),
                    "swapped": (short, long),
                    "both": (long, long),
                }.items():
                    try:
                        found = fields(t.encode(*args))
                    except Exception as error:  # noqa: BLE001
                        found = str(error)
                    out[f"{strategy} {direction} {max_length} {stride} {name}"] = digest(found)
    return out


def case_padding(lib):
    t = small(lib)
    texts = ["hello", "hello world abc", ""]
    out = {}
    for direction in ("left", "right"):
        for length in (None, 12, 2):
            for multiple in (None, 8):
                t.enable_padding(
                    direction=direction,
                    pad_id=5,
                    pad_type_id=1,
                    pad_token="[P]",
                    length=length,
                    pad_to_multiple_of=multiple,
                )
                out[f"{direction} {length} {multiple}"] = [
                    [brief(e) for e in t.encode_batch(texts)], brief(t.encode(texts[0])), t.padding
                ]  # fmt: skip
    return out


def case_batches(lib):
    t = small(lib)
    pairs = [("hello", "world"), ("ab", "hello hello")]
    words = [["hello", "world ab"], ["ab"]]
    return {
        "texts": [brief(e) for e in t.encode_batch(["hello world", "ab"])],
        "pairs": [brief(e) for e in t.encode_batch(pairs)],
        "words": [brief(e) for e in t.encode_batch(words, is_pretokenized=True)],
        "word pairs": [brief(e) for e in t.encode_batch([(words[0], words[1])], is_pretokenized=True)],
        "fast": [brief(e) for e in t.encode_batch_fast(pairs)],
        "no special": [brief(e) for e in t.encode_batch(["hello"], add_special_tokens=False)],
        "decoded": t.decode_batch([[16, 1], [2, 3]]),
        "words of one": brief(t.encode(["hello", "ab c"], ["ab"], is_pretokenized=True)),
    }


def case_encoding_methods(lib):
    e = small(lib).encode("hello  worldab", "ab hello")
    n = len(e)
    out = {
        "token_to_sequence": [e.token_to_sequence(i) for i in range(n)],
        "token_to_word": [e.token_to_word(i) for i in range(n)],
        "token_to_chars": [e.token_to_chars(i) for i in range(n)],
        "word_to_tokens": [[e.word_to_tokens(w, s) for w in range(4)] for s in (0, 1)],
        "word_to_chars": [[e.word_to_chars(w, s) for w in range(4)] for s in (0, 1)],
        "char_to_token": [[e.char_to_token(c, s) for c in range(16)] for s in (0, 1)],
        "char_to_word": [[e.char_to_word(c, s) for c in range(16)] for s in (0, 1)],
        "n_sequences": e.n_sequences,
        "repr": repr(e),
        "pickle": fields(pickle.loads(pickle.dumps(e))) == fields(e),
        "merged": brief(lib.Encoding.merge([e, e], growing_offsets=True)),
        "merged plainly": brief(lib.Encoding.merge([e, e], growing_offsets=False)),
    }
    e.truncate(5, stride=1)
    out["truncated"] = brief(e)
    e.pad(8, direction="left", pad_id=7, pad_type_id=2, pad_token="P")
    out["padded"] = brief(e)
    e.set_sequence_id(1)
    out["numbered"] = [e.sequence_ids, e.n_sequences]
    return out


def case_decode_stream(lib):
    bytes_ = [f"<0x{b:02X}>" for b in range(256)]
    t = lib.Tokenizer(bpe(lib, bytes_, unk_token="<unk>", byte_fallback=True))
    t.add_special_tokens(["<s>"])
    d = lib.decoders
    t.decoder = d.Sequence([d.Replace("▁", " "), d.ByteFallback(), d.Fuse(), d.Strip(" ", 1, 0)])
    ids = t.encode("▁hello▁日本é🎉▁world<s>▁x", add_special_tokens=False).ids
    out = {}
    for skip in (False, True):
        stream = d.DecodeStream(skip_special_tokens=skip)
        out[str(skip)] = [stream.step(t, index) for index in ids]
    stream = d.DecodeStream(ids=ids[:4], skip_special_tokens=False)
    out["continued"] = [stream.step(t, index) for index in ids[4:]]
    stream = d.DecodeStream()
    out["several at once"] = [stream.step(t, ids[:5]), stream.step(t, ids[5:])]
    return out


def case_attributes(lib):
    """Options can be read and set, also on the component inside a tokenizer."""
    p = lib.pre_tokenizers.ByteLevel()
    p.add_prefix_space = False
    t = lib.Tokenizer(bpe(lib))
    t.pre_tokenizer = lib.pre_tokenizers.Metaspace()
    t.pre_tokenizer.prepend_scheme = "never"
    t.model.unk_token = "<unk>"
    split = lib.pre_tokenizers.Split(" ", "merged_with_next")
    behavior = split.behavior
    split.behavior = "removed"
    return {
        "byte level": [p.add_prefix_space, p.trim_offsets, p.use_regex, repr(p)],
        "metaspace": [t.pre_tokenizer.replacement, t.pre_tokenizer.prepend_scheme, repr(t.pre_tokenizer)],
        "model": [t.model.unk_token, t.model.dropout, t.model.fuse_unk, t.model.byte_fallback],
        "unknown": t.encode("xhello").ids,
        "split": [behavior.lower().replace("mergedwithnext", "merged_with_next"), repr(split)],
        "bert": lib.normalizers.BertNormalizer(strip_accents=True).strip_accents,
        "decoder": lib.decoders.Strip("x", 2, 3).start,
    }


def case_regex_classes(lib):
    """What the sets of the regular expressions hold, over all assigned planes: alone, in brackets and negated."""
    names = "Alpha Alnum Punct Upper Lower Graph Print Word Space Digit Han Hiragana Latin Common Emoji Alphabetic Lo No".split()
    patterns = [r"\w", r"[\w]", r"[^\w\s]", r"\W", r"[^\W]", r"\d", r"\s", r"(?i)\p{Lu}", r"(?i)\P{Lu}"]
    patterns += [r"\p{%s}" % name for name in names] + [f"[[:{name.lower()}:]]" for name in names[:10]]
    points = [
        chr(c)
        for c in [*range(1, 0x3400), *range(0xA000, 0xAC00), *range(0xF900, 0x12000, 3)]
        if not 0xD800 <= c < 0xE000
    ]
    text = "".join(points)
    out = {p: digest(lib.normalizers.Replace(lib.Regex(p), "").normalize_str(text)) for p in patterns}
    split = lib.pre_tokenizers.Split(lib.Regex(r"\w+|[^\w\s]+"), "isolated")
    return [out, split.pre_tokenize_str("a:²½ x² \u00b3-\u00bc,b")]


REGEX_TEXT = "aabbacdecbcabce abd]x1\nd-'S ss Sſ ß ẞ ﬁ FI ﬃ ffi fﬁ ﬆ st ʼN ŉ İ i̇ ı J̌ ΐ Kk \r\n²é"
REGEX_PATTERNS = r"""
(?i)ss (?i)ß (?i)[ß] (?i)[^ß] (?i)[s]s (?i)s(?:s) (?i)(?:s)s (?i)s(?:)s (?i)s(?i)s (?i)(s)s (?i)s{2} (?i)ss? (?i)sst
(?i)s(?:t(?:.)) (?i)(?:a(?:s))s (?i)(?:ss)+ (?i)\x73s (?i)ﬁ (?i)fi (?i)ffi (?i)[ﬀ-ﬆ] (?i)[a-zﬁ] (?i)[^a-z] (?i)ŉ (?i)İ
(?i)ǰ (?i)ΐ (?i)[[:lower:]] (?i)\p{Lu} (?i)[\p{Lu}] (?i)[^\p{Lu}] (?i)(?<=ss)\s (?i)(?<=[ß])\s (?i)(?<!ß)\s (?i)(k)\1
(?~ab) (?~[bc]) c(?~ce)c a{3,1} a{2,1}? \pL \PL \K a\Kb (a)\k<1> (a)(b)\k<-1> (?<n>a)|(?<n>b)\k<n> (?<n>a)(?<n>b)\k<n>
(?'n'a)\k'n' (a)\g<1> (?<n>a)(b) (a)?(?(1)b|c) (?<n>a)?(?(<n>)b|c) (?<=a(b|cd)) (?<=a(?:b|cd)e)c (?<=a+)b (?<=[ab]{1,3}c)
(?<!a+)d (?<!a|bc)d (?<=\bab) (?<=^|bc) (?=(?:a|b){0}) \xc3\xa9 \x{e9} \u00e9 [\xc3\xa9] [a-[b]] [a-c-e] [a&&b] []a] [^]a]
[[.a.]] (?x)a[\s]#b (?#x)a(?#y)+ a** a{,2} a{,} a{1 }? \R \N \O . (?m:.) ^ $ \Z \G. \h\H \B\w [\b] \8 [] [a-\d] [\d-a]
(?<1>a) (?<n>a)\1 ^* \b+ (?=a)* (?:^|a)* (?s:a) (?P<n>a) a{100001} \x80 ) ( (?
""".split()


def case_regex_syntax(lib):
    """Patterns of Oniguruma's syntax, what they match, or None where they are refused."""
    out = {}
    for pattern in REGEX_PATTERNS:
        try:
            out[pattern] = lib.normalizers.Replace(lib.Regex(pattern), "<>").normalize_str(REGEX_TEXT)
        except Exception:
            out[pattern] = None
    return out
