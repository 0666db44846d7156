"""`parse_response` and streamed responses: templates like those of real models."""

from __future__ import annotations

from cases.tokenization_families import byte_level_vocab

CALLS = {"type": "function", "function": {"name": "{content.name}", "arguments": "{content.arguments}"}}
QWEN = {
    "defaults": {"role": "assistant"},
    "start_anchor": "<|im_start|>assistant\n",
    "fields": {
        "reasoning_content": {"open": "<think>", "close": "</think>"},
        "tool_calls": {"open": "<tool_call>", "close": "</tool_call>", "content": "json", "repeats": True,
                       "transform": CALLS},
        "content": {"close": ["<|im_end|>", "<|im_end|>\n", "<|end|>"]},
    },
}  # fmt: skip
XML = {
    "start_anchor_pattern": r"<\|(?:assistant|model)\|>",
    "fields": {
        "calls": {
            "open_pattern": r"<call:(?P<name>\w+)>", "close_pattern": r"</call(?:s)?>", "repeats": True,
            "content": "xml-inline",
            "content_args": {"tag_pattern": r"<(?P<key>\w+)>(?P<value>.*?)</\w+>", "merge_duplicates": True},
            "transform": {"function": {"name": "{name}", "arguments": "{content}"}, "type": "function"},
        },
        "notes": {"open": "[note]", "close": "[/note]", "repeats": True, "join": " / "},
        "usage": {"open": "[usage]", "close_pattern": r"\n|$", "content": "kv-lines",
                  "content_args": {"line_sep": ";", "kv_sep": "=", "value_parser": {"name": "int"}}},
        "score": {"open": "[score]", "close": "[", "content": "float"},
        "good": {"open": "[good]", "close": ".", "content": "bool"},
        "text": {"content_args": {"strip": False}},
    },
}  # fmt: skip
LAX = {
    "start_anchor": "<m>",
    "fields": {
        "tool_calls": {
            "open": "<calls>", "close": "</calls>", "content": "json", "optional": False, "transform_each": True,
            "content_args": {"unquoted_keys": True, "string_delims": [["<|", "|>"], ["«", "»"]]},
            "transform": {"function": {"name": "{name}", "arguments": "{args}"}, "kept": ["a", 1, "{id}"]},
        },
        "content": {"open": "<say>", "content": "json", "content_args": {"allow_non_json": True}},
    },
}  # fmt: skip
TOOLS = [{"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {
    "n": {"type": "integer"}, "x": {"type": "number"}, "ok": {"type": "boolean"}, "s": {"type": "string"},
    "l": {"type": "array"}, "u": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
    "o": {"type": ["object", "string"]}, "z": {"type": "integer", "nullable": True}}}}}]  # fmt: skip

QWEN_TEXTS = [
    ("", "Hello."),
    ("<|im_start|>user\n<think>no</think><|im_end|>\n<|im_start|>assistant\n<think>\n", "Let me see.</think>\n\n42<|im_end|>"),
    ("<|im_start|>assistant\n", 'Well.<tool_call>\n{"name": "add", "arguments": {"n": "7", "s": "7"}}\n</tool_call>\n'
     '<tool_call>{"name": "other", "arguments": {"n": "7"}}</tool_call><|im_end|>'),
    ("<|im_start|>assistant\n", "a <thin and </think> b<|im_end|> c"),
    ("no anchor", "<think>never closed"),
    ("", ""),
    ("", "<think></think>x"),
]  # fmt: skip
XML_TEXTS = [
    ("<|user|>hi<|model|>", " ok <call:add><n>1</n><n>2.0</n><x>3</x><x>1.5</x><ok>True</ok><s>1</s></call>then"),
    ("", "<call:add><n>3.0</n><x>nan</x><ok>maybe</ok><l>[1]</l><u>null</u><o>{\"a\": 1}</o><z>None</z></calls>"),
    ("", "[note] a [/note]b[note]c[/note][usage]in=3; out = 4 ;x\n[score] 2.5 [good]TRUE. end"),
    ("", "[usage]in=3"),
]  # fmt: skip
LAX_TEXTS = [
    ("<m>", '<calls>[{name:<|f"x|>,args:{a:«b»,c:[1,2]},id:null}]</calls><say> not json '),
    ("<m>", "<calls>[]</calls> dropped <say>[1, {}]"),
    ("<m>", "<say>no calls"),
    ("<m>", "<calls>{}</calls>"),
    ("<m>", "<calls>[1]</calls>"),
    ("<m>", "<calls>[{a: 1}]</calls>"),
    ("<m>", "<calls>nonsense</calls>"),
]


def _tokenizer(lib, **kwargs):
    vocab, merges = byte_level_vocab(False)
    vocab = {token: index for index, token in enumerate(vocab)}
    return lib.GPT2Tokenizer(vocab, merges, **kwargs)


def _try(f, *args, **kwargs):
    try:
        return f(*args, **kwargs)
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        return f"{type(error).__name__}: {error}"


def case_parse(lib):
    tokenizer = _tokenizer(lib, response_template=QWEN)
    out = [_try(tokenizer.parse_response, text, prefix=before, tools=tools)
           for before, text in QWEN_TEXTS for tools in (None, TOOLS)]  # fmt: skip
    out += [_try(tokenizer.parse_response, text, XML, prefix=before, tools=tools)
            for before, text in XML_TEXTS for tools in (None, TOOLS)]  # fmt: skip
    return out + [_try(tokenizer.parse_response, text, LAX, prefix=before) for before, text in LAX_TEXTS]


def case_batches_and_ids(lib):
    tokenizer = _tokenizer(lib, response_template=QWEN)
    ids = [tokenizer(text)["input_ids"] for text in ("one<|im_end|>", "<think>two</think>three")]
    return [
        tokenizer.parse_response(ids, prefix=""),
        tokenizer.parse_response(ids[1], prefix=tokenizer("<|im_start|>assistant\n")["input_ids"]),
        tokenizer.parse_response(["a", "b</think>c"], prefix=["", "<think>"]),
        tokenizer.parse_response(["a", "b"], prefix=[]),
        _try(tokenizer.parse_response, ["a", "b"], prefix=["", "", ""]),
        _try(tokenizer.parse_response, "a"),
        _try(_tokenizer(lib).parse_response, "a", prefix=""),
        _try(_tokenizer(lib).get_response_parser, prefix=""),
        _try(tokenizer.get_response_parser, prefix=ids),
    ]


def case_stream(lib):
    """One character at a time, three, and all at once."""
    tokenizer = _tokenizer(lib, response_template=QWEN)
    out = []
    for before, text in QWEN_TEXTS:
        for size in (1, 3, 1000):
            parser = tokenizer.get_response_parser(prefix=before, tools=TOOLS)
            events = list(parser.initial_events)
            for start in range(0, len(text), size):
                events += parser.feed(text[start : start + size])
            message, last = parser.finalize()
            out.append([events, last, message])
    try:
        parser.feed("more")
    except RuntimeError as error:
        out.append(str(error))
    return out


def case_bad_templates(lib):
    tokenizer = _tokenizer(lib)
    field = {"fields": {"a": {}}, "start_anchor": "x"}
    bad = [
        "text", {"version": 2}, {**field, "more": 1}, {**field, "defaults": []}, {"start_anchor": "x"},
        {**field, "fields": {"a": 1}}, {**field, "fields": {"a": {"opens": "x"}}}, {"fields": {"a": {}}},
        {**field, "fields": {"a": {"content": "yaml"}}}, {**field, "fields": {"a": {}, "b": {}}},
        {**field, "fields": {"a": {"open": "x", "open_pattern": "x"}}}, {**field, "fields": {"a": {"open": []}}},
        {**field, "fields": {"a": {"open": 1}}}, {**field, "fields": {"a": {"open": [1]}}},
        {**field, "fields": {"a": {"open": ""}}}, {**field, "fields": {"a": {"join": 1}}},
        {**field, "fields": {"a": {"join": "x"}}}, {**field, "fields": {"a": {"transform_each": True}}},
        {**field, "fields": {"a": {"transform_each": 1}}}, {**field, "fields": {"a": {"transform": ["x {content}"]}}},
        {**field, "fields": {"a": {"open_pattern": "(?P<n>x)"}}},
        {**field, "fields": {"a": {"content": "xml-inline"}}},
        {**field, "fields": {"a": {"transform": "{nothing}"}}}, {**field, "fields": {"a": {"transform": "{content.b}"}}},
        {**field, "fields": {"a": {"open": "x", "content": "int", "repeats": True, "join": ","}}},
    ]  # fmt: skip
    return [_try(tokenizer.parse_response, "x1", template, prefix="") for template in bad]
