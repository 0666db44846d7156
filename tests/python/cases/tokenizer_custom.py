"""Normalizers, pre-tokenizers and decoders that are Python objects; texts in the making."""

from __future__ import annotations

import numpy as np

LIBRARY = "tokenizers"


class Fold:
    def normalize(self, normalized):
        normalized.nfkd()
        normalized.filter(lambda c: not "\u0300" <= c <= "\u036f")
        normalized.lowercase()


class Numbers:
    def __init__(self, pattern):
        self.pattern = pattern

    def split(self, index, text):
        return text.split(self.pattern, "isolated" if index % 2 == 0 else "merged_with_next")

    def pre_tokenize(self, pretok):
        pretok.split(lambda _, text: text.split(" ", "removed"))
        pretok.split(self.split)
        pretok.normalize(lambda text: text.replace("x", "yz"))


class Shout:
    def decode_chain(self, tokens):
        return [token.upper() + "." for token in tokens]


def case_normalized_string(lib):
    n = lib.NormalizedString("Héllo  Wörld ﬁ 😀")
    out = [str(n), n.normalized, n.original, repr(n)]
    n.nfkd()
    n.filter(lambda c: not "\u0300" <= c <= "\u036f")
    n.lowercase()
    out += [str(n), n.original, str(n[1:3]), n[0:3].original, str(n[1:2]), str(n[2]), str(n.slice((1, 4)))]
    out += [n[99:100], n[13:15].original]
    for behavior in ("removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"):
        out.append([[str(part), part.original] for part in n.split(" ", behavior)])
    out.append([str(part) for part in n.split(lib.Regex(r"\s+|l+"), "isolated")])
    n.prepend("__")
    n.append("!!")
    n.replace("l", "L")
    n.replace(lib.Regex("o+"), "00")
    out += [str(n), repr(n)]
    n.map(lambda c: "*" if c == "_" else c)
    seen = []
    n.for_each(seen.append)
    n.uppercase()
    out += [seen, str(n)]
    n.append("  ")
    n.prepend(" ")
    n.lstrip()
    n.rstrip()
    n.strip()
    n.nfc()
    n.nfd()
    n.nfkc()
    out.append(str(n))
    n.clear()
    return [*out, repr(n)]


def case_pre_tokenized_string(lib):
    p = lib.PreTokenizedString("Hello wörld 12")
    out = [p.get_splits()]
    p.split(lambda i, text: text.split(" ", "removed"))
    out += [p.get_splits(), p.get_splits("normalized"), p.get_splits("original", "byte"), p.get_splits("normalized", "byte")]
    p.split(lambda i, text: [text[0:1], text[1:5]])
    p.normalize(lambda text: text.uppercase())
    out += [p.get_splits(), p.get_splits("normalized")]
    p.tokenize(lambda text: [lib.Token(7, text, (0, len(text.encode())))])
    out.append([[text, offsets, [token.id for token in tokens]] for text, offsets, tokens in p.get_splits()])
    for encoding in (p.to_encoding(), p.to_encoding(3, 9)):
        out.append([encoding.ids, encoding.tokens, encoding.offsets, encoding.type_ids, encoding.word_ids])
    return out


def case_components(lib):
    digits = lib.pre_tokenizers.PreTokenizer.custom(Numbers(lib.Regex(r"\d+")))
    fold = lib.normalizers.Normalizer.custom(Fold())
    shout = lib.decoders.Decoder.custom(Shout())
    tokenizer = lib.Tokenizer(lib.models.WordLevel({"?": 0, "hey": 1, "12": 2, "yz": 3}, unk_token="?"))
    tokenizer.normalizer, tokenizer.pre_tokenizer, tokenizer.decoder = fold, digits, shout
    batch = tokenizer.encode_batch(["HÉY 12 x", "a 3b4", ""] * 4)
    errors = []
    for action in (tokenizer.to_str, digits.__getstate__):
        try:
            action()
        except Exception as error:  # noqa: BLE001 (the real library raises plain Exception)
            errors.append("cannot be serialized" in str(error))
    both = lib.pre_tokenizers.Sequence([digits, lib.pre_tokenizers.Digits(True)])
    texts = lib.normalizers.Sequence([fold, lib.normalizers.Strip()])
    parts = lib.pre_tokenizers.Sequence([lib.pre_tokenizers.Digits(), lib.pre_tokenizers.Whitespace()])
    parts[0] = lib.pre_tokenizers.WhitespaceSplit()
    done = lib.NormalizedString("AB")
    lib.normalizers.Lowercase().normalize(done)
    cut = lib.PreTokenizedString("a12")
    lib.pre_tokenizers.Digits().pre_tokenize(cut)
    return {
        "words": digits.pre_tokenize_str("Hey 12x ho3 x"), "text": fold.normalize_str("Ｈé\tY"),
        "decoded": [shout.decode(["a", "b"]), tokenizer.decode([1, 2])],
        "batch": [[e.ids, e.tokens, e.offsets, e.word_ids] for e in batch], "errors": errors,
        "sequences": [both.pre_tokenize_str("a12 3"), texts.normalize_str(" Á 12 ")],
        "set": repr(parts), "in place": [str(done), cut.get_splits()],
        "trainer": repr(lib.models.BPE().get_trainer()),
        "again": tokenizer.pre_tokenizer.pre_tokenize_str("a 1"),
    }  # fmt: skip


class Origin:
    def normalize(self, normalized):
        normalized.replace("x", "")
        part = normalized.slice(slice(1, 3))
        normalized.append("|" + ("" if part is None else part.original))


class Origins:
    def pre_tokenize(self, pretok):
        pretok.normalize(lambda text: text.append(text.original))


def case_originals_with_and_without_offsets(lib):
    n, p = lib.normalizers, lib.pre_tokenizers
    origin, origins = n.Normalizer.custom(Origin()), p.PreTokenizer.custom(Origins())
    out = []
    for normalizer in (n.Strip(), origin, n.Sequence([n.Strip(), origin])):
        for pre_tokenizer in (p.WhitespaceSplit(), origins, p.Sequence([p.WhitespaceSplit(), origins])):
            tokenizer = lib.Tokenizer(lib.models.BPE({c: i for i, c in enumerate("?abx| ")}, [], unk_token="?"))
            tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, pre_tokenizer
            for text in (" ab a", "xab b", "ab", "xx", ""):
                encoding = tokenizer.encode(text)
                ids = tokenizer.encode_batch_fast([text])[0].ids
                out.append(f"{encoding.ids} {[tuple(o) for o in encoding.offsets]} {ids}")
    return out


def case_empty_texts(lib):
    out = []
    for name in ("append", "prepend"):
        text = lib.NormalizedString("xx")
        text.clear()
        out.append([str(text[0:0]), str(text[1:3]), text[(0, 0)].original, text[(0, 1)], text[0]])
        getattr(text, name)("ab")
        out.append([str(text), text.original, text[0:1].original])
    return out


class Given:
    def __init__(self, lib, tokens):
        self.lib, self.tokens, self.seen = lib, tokens, []

    def pre_tokenize(self, pretok):
        pretok.split(lambda _, text: text.split(" ", "removed"))
        pretok.tokenize(lambda text: [self.lib.Token(*token) for token in self.tokens(text)])
        splits = pretok.get_splits()
        self.seen.append([[text, offsets, [t.as_tuple() for t in tokens]] for text, offsets, tokens in splits])


def case_pieces_with_tokens_of_python(lib):
    """None of them, several, of other texts and with offsets that lie outside, beside added tokens."""
    givers = [
        lambda text: [],
        lambda text: [(1, "q", (0, 1))] if text == "a" else [],
        lambda text: [(1, "q", (0, 1)), (70000, "é" + text, (0, len(text.encode()))), (0, "", (0, 0))],
        lambda text: [(9, "z", (5, 99)), (2, "b", (1, 0))],
    ]
    models, out = lib.models, []
    for model in (models.WordLevel({"?": 0, "a": 1, "b": 2}, "?"), models.BPE({"a": 0, "b": 1, "c": 2}, [])):
        for tokens in givers:
            given = Given(lib, tokens)
            tokenizer = lib.Tokenizer(model)
            tokenizer.add_tokens(["<x>"])
            tokenizer.pre_tokenizer = lib.pre_tokenizers.PreTokenizer.custom(given)
            texts = ["a b", "a<x> b", "<x>", "", "日本 é"]
            encodings = [tokenizer.encode(text) for text in texts] + [tokenizer.encode("a b", "b<x>")]
            encodings += [tokenizer.encode(["a b", "b<x>"], is_pretokenized=True)]
            out.append(str(given.seen))
            out.append(str([[e.ids, e.tokens, e.offsets, e.word_ids, e.type_ids] for e in encodings]))
            out.append(str([e.ids for e in tokenizer.encode_batch_fast(texts)]))
    return out


def case_a_text_in_the_hands_of_python(lib):
    """Its pieces may not change or be seen while a function works on them."""
    uses = [
        lambda p: p.split(lambda _, text: text.split("a", "isolated")),
        lambda p: p.normalize(lambda text: text.append("x" * 40)),
        lambda p: p.tokenize(lambda text: []),
        lambda p: p.get_splits(),
        lambda p: p.to_encoding(),
    ]
    outers = [
        lambda p, use: p.split(lambda _, text: (use(p), [text])[1]),
        lambda p, use: p.normalize(lambda _: use(p)),
        lambda p, use: p.tokenize(lambda _: (use(p), [])[1]),
    ]
    out = []
    for use in uses:
        for outer in outers:
            text = lib.PreTokenizedString("a b c")
            text.split(lambda _, part: part.split(" ", "removed"))
            try:
                outer(text, use)
            except Exception as error:  # noqa: BLE001 (the real library raises plain Exception)
                out.append("lready" in str(error) and "borrowed" in str(error))
    return out


def case_ranges_of_a_text(lib):
    text, out = lib.NormalizedString("aBcdeFg"), []
    text.lowercase()
    ends = (None, *range(-9, 10))
    ranges = [*ends[1:], *(slice(a, b) for a in ends for b in ends)]
    ranges += [(a, b) for a in range(9) for b in range(9)] + [(-1, 2), (1, -2)]
    far = (2**63 - 1, 2**63, 2**64, -(2**63), -(2**63) - 1, -(2**64))
    ranges += [*far, *((0, end) for end in far), *((start, 2) for start in far), (2**63, 2**63), *map(np.int64, (2, -2))]
    ranges += [1.5, (1.5, 2), (1, 2.5), ("a", 2), (None, 2), (np.int64(1), 2), True, "a", None, [0, 2], (1, 2, 3)]
    for where in ranges:
        try:
            part = text[where]
            out.append(None if part is None else f"{part} {part.original}")
        except (TypeError, ValueError) as error:
            out.append(type(error).__name__)
    wide = lib.NormalizedString("日本é😀x")
    return "; ".join(map(str, out + [wide[a:b] for a in range(6) for b in range(7)]))
