"""Where the ways that the engine takes for speed must give what the plain way gives, and limits that leave no room."""

from __future__ import annotations

import json
import random

LIBRARY = "tokenizers"
BLANKS = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}


def bpe(lib, vocab, merges=(), normalizer=None, pre_tokenizer=None, **options):
    if isinstance(vocab, list):
        vocab = {token: index for index, token in enumerate(vocab)}
    model = {"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None,
             "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
             "vocab": vocab, "merges": list(merges), **options}  # fmt: skip
    return lib.Tokenizer.from_str(json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": normalizer,
        "pre_tokenizer": pre_tokenizer, "post_processor": None, "decoder": None, "model": model}))  # fmt: skip


def both_ways(tokenizer, texts):
    """With offsets, and the ids alone; twice, since words are remembered."""
    whole = [[e.ids, [list(o) for o in e.offsets]] for e in tokenizer.encode_batch(texts)]
    ids = [[e.ids for e in tokenizer.encode_batch_fast(texts)] for _ in range(2)]
    return [json.dumps(part) for part in (whole, *ids)]


def case_whole_words_with_ignore_merges(lib):
    vocab, merges = ["<unk>", "▁", "a", "b", "c", "x", "ab", "ca", "cab", "▁ab"], [["c", "a"], ["ca", "b"]]
    texts = ["ab x", "xab", "ab", "cab", " ab", " ab ab", "cab ab", "ab x", "ab"]
    one_word = both_ways(bpe(lib, vocab, merges, BLANKS, ignore_merges=True), texts)
    space = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    return [one_word, both_ways(bpe(lib, vocab, merges, pre_tokenizer=space, ignore_merges=True), texts)]


def case_ids_alone_know_the_start_of_the_text(lib):
    space = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": True}
    marks = {"type": "Punctuation", "behavior": "Isolated"}
    bert = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None,
            "lowercase": True}  # fmt: skip
    normalizers = [
        {"type": "Strip", "strip_left": True, "strip_right": True},
        {"type": "Replace", "pattern": {"Regex": "^x"}, "content": ""},
        {"type": "StripAccents"},
        bert,
    ]
    texts = ["  a b", "xa b", "\u0301a b", "\x00a b", "a b", "b,a b", "", " "]
    lists = [[space], [space, marks], [marks, space], [space, space]]
    return [
        both_ways(bpe(lib, ["<unk>", "▁", "a", "b", "▁a"], [["▁", "a"]], normalizer,
                      {"type": "Sequence", "pretokenizers": parts}), texts)
        for normalizer in normalizers
        for parts in lists
    ]  # fmt: skip


def case_two_tokens_with_one_id(lib):
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": True}
    alphabet = sorted(lib.pre_tokenizers.ByteLevel.alphabet())
    vocab = {character: index for index, character in enumerate(alphabet)}
    bytes_share = {**vocab, "a": vocab["b"], "bb": 300, "bd": 301}
    pieces_share = {**vocab, "ab": 300, "cd": 300, "de": 301, "abe": 302}
    generator = random.Random(1)
    warm = ["".join(generator.choice("xqabcde") for _ in range(40)) for _ in range(3000)]
    texts = ["abd", "bd", "ab", "cd", "abe", "cde", "cdde", "abde", *warm[:9]]
    out = []
    for vocab, merges in (
        (bytes_share, [["b", "b"], ["b", "d"]]),
        (pieces_share, [["d", "e"], ["a", "b"], ["c", "d"], ["ab", "e"]]),
    ):
        for ignore_merges in (False, True):
            tokenizer = bpe(lib, vocab, merges, None, level, unk_token=None, ignore_merges=ignore_merges)
            tokenizer.encode_batch(warm)
            out.append(json.dumps([tokenizer.encode(text).ids for text in texts]))
    characters = {"<unk>": 0, "▁": 1, "a": 2, "b": 3, "c": 2, "bc": 4, "x": 5}
    marked = bpe(lib, characters, [["b", "c"]], BLANKS)
    return [*out, both_ways(marked, ["a", "c", "ba", "bc", "xba ab", " b a"])]


def case_offsets_of_characters_in_bytes_with_affixes(lib):
    vocab = ["<unk>", "▁", "<0x61>", "<0x62>", "<0x23>", "b"]
    return [
        both_ways(bpe(lib, vocab, (), BLANKS, byte_fallback=True, **{affix: "#"}), [" a", " b a", "ab ", "é a"])
        for affix in ("end_of_word_suffix", "continuing_subword_prefix")
    ]


def case_scores_given_in_python(lib):
    scores = [-1.6863231658935547, -9.999999999999999e22, 0.1 + 0.2, -1e-320, -3, 5e-324]
    pieces = [("<unk>", 0.0), *((chr(97 + i), score) for i, score in enumerate(scores))]
    kept = json.loads(lib.Tokenizer(lib.models.Unigram(pieces, 0)).to_str())["model"]["vocab"]
    return [repr(score) for _, score in kept]  # as texts: every bit counts


def case_truncation_without_room(lib):
    out = {}
    for strategy in ("longest_first", "only_first", "only_second"):
        for pair in (None, "a a"):
            for length in range(6):
                tokenizer = bpe(lib, ["<unk>", "a", "S"], pre_tokenizer={"type": "WhitespaceSplit"})
                tokenizer.post_processor = lib.processors.TemplateProcessing("S $A S", "S $A S $B S S", [("S", 2)])
                tokenizer.enable_truncation(length, strategy=strategy)
                try:
                    encoding = tokenizer.encode("a a a a", pair)
                    ids = [encoding.ids, [part.ids for part in encoding.overflowing]]
                    out[f"{strategy} {pair} {length}"] = json.dumps(ids)
                except Exception as error:
                    out[f"{strategy} {pair} {length}"] = str(error)
    return out


def case_stride_without_room(lib):
    tokenizer = bpe(lib, ["<unk>", "a"], pre_tokenizer={"type": "WhitespaceSplit"})
    tokenizer.enable_truncation(1, stride=1)
    try:
        tokenizer.encode("a a")
    except BaseException as error:  # a panic of the library's is no Exception
        return str(error)
    return None


def added_ids(lib, model, calls):
    """Ids after every call, and of the tokenizer that its file makes."""
    tokenizer = lib.Tokenizer(model)
    out = []
    for special, tokens in calls:
        tokens = [lib.AddedToken(token, lstrip=lstrip, normalized=False) for token, lstrip in tokens]
        out.append([(tokenizer.add_special_tokens if special else tokenizer.add_tokens)(tokens)])
        for again in (tokenizer, lib.Tokenizer.from_str(tokenizer.to_str())):
            out[-1].append(sorted(again.get_vocab().items()))
    return json.dumps(out)


def case_ids_of_added_tokens(lib):
    draw, out = random.Random(5), []
    for turn in range(60):
        words = ["<unk>", "a", "b", "c", "d"][: draw.randint(1, 5)]
        holes = turn % 3 and turn % 4 < 2
        vocab = dict(zip(words, draw.sample(range(9), len(words)) if holes else range(len(words))))
        if turn % 4 == 2:
            model = lib.models.Unigram([(word, -1.0) for word in words], unk_id=0)
        elif turn % 4 == 1:
            model = lib.models.WordPiece(vocab, unk_token="<unk>")
        elif turn % 4 == 3:
            model = lib.models.BPE(vocab, [], unk_token="<unk>")
        else:
            model = lib.models.WordLevel(vocab if turn else {}, unk_token="<unk>")
        names = [*words[1:], *"PQRST", ""]
        calls = [
            (draw.random() < 0.4, [(draw.choice(names), draw.random() < 0.2) for _ in range(draw.randint(1, 5))])
            for _ in range(draw.randint(1, 4))
        ]
        out.append(added_ids(lib, model, calls))
    return out


def case_added_tokens_that_lost_their_id(lib):
    """Where a later token got the id of an earlier one, the earlier is in the vocabulary, but found in no text."""
    tokenizer = lib.Tokenizer(lib.models.WordLevel({"<unk>": 0, "a": 3, "b": 7, "c": 2}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = lib.pre_tokenizers.Whitespace()
    out = []
    for tokens in (["P", "Q"], ["R", "S", "T"], ["b"], ["P"]):
        out.append([tokenizer.add_tokens(tokens), tokenizer.encode("a b c P Q R S T").ids])
        out[-1] += [sorted(tokenizer.get_vocab().items()), tokenizer.decode(list(range(12)))]
    return json.dumps(out)


def case_types_of_what_overflows(lib):
    out = []
    vocab = {token: index for index, token in enumerate(["<unk>", "<s>", "</s>", *"abcdefghij"])}
    for name in ("RobertaProcessing", "BertProcessing"):
        for special in (False, True):
            for strategy in ("longest_first", "only_first", "only_second"):
                tokenizer = lib.Tokenizer(lib.models.WordLevel(vocab, unk_token="<unk>"))
                tokenizer.pre_tokenizer = lib.pre_tokenizers.Whitespace()
                tokenizer.post_processor = getattr(lib.processors, name)(("</s>", 2), ("<s>", 1))
                tokenizer.enable_truncation(7 + 4 * special, stride=1, strategy=strategy)
                first = tokenizer.encode("a b c d e", "e f g h i", add_special_tokens=special)
                rows = [first, *first.overflowing]
                out.append([[e.ids, e.type_ids, e.sequence_ids, e.special_tokens_mask] for e in rows])
    return json.dumps(out)


def case_decoders_of_odd_tokens(lib):
    decoders, out = lib.decoders, []
    for token in ("<0x+1>", "<0x++>", "<0x-1>", "<0x-0>", "<0x 1>", "<0x1+>", "<0x+>", "<0xaF>", "<0xé>", "<0X41>", "<0x+f>"):
        out += [decoders.ByteFallback().decode([token]), decoders.ByteFallback().decode(["a", token, token, "b"])]
    texts = [["ab", "b"], ["é", "", "<pad>", "a b"], ["<pad>"], [""], []]
    for pad, delimiter in (("<pad>", ""), ("", "|"), ("", ""), ("<pad>", "|")):
        for clean in (True, False):
            ctc = decoders.CTC(pad_token=pad, word_delimiter_token=delimiter, cleanup=clean)
            out += [ctc.decode(tokens) for tokens in texts]
    return out + [decoders.BPEDecoder(suffix="").decode(tokens) for tokens in texts]


def case_added_tokens_that_normalize_to_nothing(lib):
    """They are found between any two characters; where the library cannot, inside of one, is not among the texts."""
    drop, space = lib.normalizers.Replace("\n", ""), lib.pre_tokenizers.WhitespaceSplit()
    vocab = {token: index for index, token in enumerate(["?", *"ab <x>_", "ab", "aa"])}
    texts = ["", "\n", "ab\n\nab", "a<x>b", "ab<x><x>ab", "  aab  a ", "a_b"]
    flags = [{}, {"single_word": True}, {"lstrip": True}, {"rstrip": True}, {"lstrip": True, "rstrip": True}]
    flags += [{"single_word": True, "rstrip": True}]
    others = [None, lib.AddedToken("<x>"), lib.AddedToken("<x>", normalized=False), lib.AddedToken("<x>", rstrip=True)]
    out = []
    for flag, special in [(flag, special) for flag in flags for special in (False, True)]:
        for other in others if not flag else others[:2]:
            for normalizer, pre_tokenizer in ((drop, None), (lib.normalizers.Strip(), space)):
                tokenizer = lib.Tokenizer(lib.models.BPE(vocab, [("a", "b"), ("a", "a")], unk_token="?"))
                tokenizer.normalizer = normalizer
                if pre_tokenizer:
                    tokenizer.pre_tokenizer = pre_tokenizer
                nothing = lib.AddedToken("\n", normalized=True, **flag)
                (tokenizer.add_special_tokens if special else tokenizer.add_tokens)([nothing])
                # Another token that is found in none of a text's places sends the library into an endless loop.
                some = texts if other is None or not other.normalized else [text for text in texts if "<x>" in text]
                if other:
                    tokenizer.add_tokens([other])
                out += both_ways(tokenizer, some)[:2]
                encoding = tokenizer.encode("a<x> b")
                out.append(json.dumps([encoding.tokens, encoding.word_ids, tokenizer.decode(list(range(12)))]))
                if special:
                    tokenizer.encode_special_tokens = True
                    out += both_ways(tokenizer, some)[1:2]
    return out


def case_processors_over_padding(lib):
    vocab = {token: index for index, token in enumerate(["?", "<s>", "</s>", "<p>", *"abcdefghij"])}
    out = []
    for name in ("RobertaProcessing", "BertProcessing"):
        for again in (False, True):
            for side in ("left", "right"):
                tokenizer = lib.Tokenizer(lib.models.WordLevel(vocab, unk_token="?"))
                tokenizer.pre_tokenizer = lib.pre_tokenizers.Whitespace()
                processor = getattr(lib.processors, name)(("</s>", 2), ("<s>", 1))
                tokenizer.post_processor = lib.processors.Sequence([processor, processor]) if again else processor
                tokenizer.enable_padding(direction=side, length=7, pad_id=3, pad_token="<p>")
                tokenizer.enable_truncation(12, stride=1, direction=side)
                texts = ("a b c", "d e f g h i j a b c d e f g")
                first, second = (tokenizer.encode(text, add_special_tokens=False) for text in texts)
                made = [tokenizer.encode("a b", "c d"), tokenizer.post_process(first), processor.process(first, second)]
                made.append(tokenizer.post_process(first, second))
                made.append(tokenizer.post_process(processor.process(second), second, add_special_tokens=True))
                for e in made:
                    rows = [e, *e.overflowing[:2]]
                    out.append(str([[r.ids, r.type_ids, r.attention_mask, r.special_tokens_mask, r.sequence_ids,
                                     r.word_ids, r.offsets, len(r.overflowing)] for r in rows]))  # fmt: skip
    return out


def case_merges_that_are_listed_twice(lib):
    draw, out = random.Random(3), []
    vocab = ["<unk>", *"abcd", "ab", "bc", "cd", "abc", "bcd", "abcd", "aa"]
    pairs = [["a", "b"], ["b", "c"], ["c", "d"], ["ab", "c"], ["a", "bc"], ["bc", "d"], ["ab", "cd"], ["a", "a"]]
    for _ in range(8):
        tokenizer = bpe(lib, vocab, draw.choices(pairs, k=12))
        out.append(json.dumps(json.loads(tokenizer.to_str())["model"]["merges"]))
        out += both_ways(tokenizer, ["".join(draw.choices("abcd", k=9)) for _ in range(8)])
    return out
