"""Ollama Modelfiles: the chat format of a model as Ollama's template, and the words that end an answer."""

from __future__ import annotations

from typing import Any, NamedTuple


class _Turns(NamedTuple):
    """How a family writes a conversation: what stands before and behind each part."""

    system: tuple[str, str]
    user: tuple[str, str]
    assistant: tuple[str, str]
    stop: tuple[str, ...]
    default_system: str = ""


_CHATML = _Turns(
    ("<|im_start|>system\n", "<|im_end|>\n"),
    ("<|im_start|>user\n", "<|im_end|>\n"),
    ("<|im_start|>assistant\n", "<|im_end|>\n"),
    ("<|im_start|>", "<|im_end|>"),
)
_LLAMA3 = _Turns(
    ("<|start_header_id|>system<|end_header_id|>\n\n", "<|eot_id|>"),
    ("<|start_header_id|>user<|end_header_id|>\n\n", "<|eot_id|>"),
    ("<|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>"),
    ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
)
_GEMMA = _Turns(
    ("<start_of_turn>user\n", "\n\n"),
    ("<start_of_turn>user\n", "<end_of_turn>\n"),
    ("<start_of_turn>model\n", "<end_of_turn>\n"),
    ("<start_of_turn>", "<end_of_turn>"),
)
_PHI3 = _Turns(
    ("<|system|>\n", "<|end|>\n"),
    ("<|user|>\n", "<|end|>\n"),
    ("<|assistant|>\n", "<|end|>\n"),
    ("<|user|>", "<|assistant|>", "<|system|>", "<|end|>"),
)
_PHI4 = _Turns(
    ("<|im_start|>system<|im_sep|>", "<|im_end|>"),
    ("<|im_start|>user<|im_sep|>", "<|im_end|>"),
    ("<|im_start|>assistant<|im_sep|>", "<|im_end|>"),
    ("<|im_start|>", "<|im_end|>", "<|im_sep|>"),
)
_MISTRAL = _Turns(("", "\n\n"), ("[INST] ", " [/INST]"), ("", "</s>"), ("[INST]", "[/INST]"))
_LLAMA2 = _Turns(
    ("<<SYS>>\n", "\n<</SYS>>\n\n"), ("[INST] ", " [/INST]"), (" ", " </s>"), ("[INST]", "[/INST]", "<<SYS>>", "<</SYS>>")
)
_ZEPHYR = _Turns(
    ("<|system|>\n", "</s>\n"),
    ("<|user|>\n", "</s>\n"),
    ("<|assistant|>\n", "</s>\n"),
    ("<|system|>", "<|user|>", "<|assistant|>", "</s>"),
)
_VICUNA = _Turns(("", " "), ("USER: ", " "), ("ASSISTANT: ", "</s>"), ("USER:", "ASSISTANT:", "</s>"))
_VICUNA_OLD = _Turns(("", "\n"), ("### Human: ", "\n"), ("### Assistant: ", "\n"), ("### Human:", "### Assistant:"))
_ALPACA = _Turns(
    ("", "\n\n"),
    ("### Instruction:\n", "\n\n"),
    ("### Response:\n", "\n\n"),
    ("### Instruction:", "### Input:", "### Response:", "</s>"),
    default_system="Answer the instructions below.",
)
_UNSLOTH = _Turns(
    ("", "\n"), (">>> User: ", "\n"), (">>> Assistant: ", "</s>\n"), (">>> User:", ">>> Assistant:", "</s>"),
    default_system="You are a helpful assistant to the user",
)  # fmt: skip
_STARLING = _Turns(
    ("GPT4 Correct System: ", "<|end_of_turn|>"),
    ("GPT4 Correct User: ", "<|end_of_turn|>"),
    ("GPT4 Correct Assistant: ", "<|end_of_turn|>"),
    ("<|end_of_turn|>", "GPT4 Correct User:", "GPT4 Correct Assistant:"),
)
_GRANITE = _Turns(
    ("<|start_of_role|>system<|end_of_role|>", "<|end_of_text|>\n"),
    ("<|start_of_role|>user<|end_of_role|>", "<|end_of_text|>\n"),
    ("<|start_of_role|>assistant<|end_of_role|>", "<|end_of_text|>\n"),
    ("<|start_of_role|>", "<|end_of_text|>"),
)
_COHERE = _Turns(
    ("<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>", "<|END_OF_TURN_TOKEN|>"),
    ("<|START_OF_TURN_TOKEN|><|USER_TOKEN|>", "<|END_OF_TURN_TOKEN|>"),
    ("<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>", "<|END_OF_TURN_TOKEN|>"),
    ("<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>"),
)
_GPT_OSS = _Turns(
    ("<|start|>system<|message|>", "<|end|>"),
    ("<|start|>user<|message|>", "<|end|>"),
    ("<|start|>assistant<|channel|>final<|message|>", "<|end|>"),  # an answer without the analysis before it
    ("<|start|>", "<|end|>", "<|return|>", "<|call|>"),
)
_DEEPSEEK = _Turns(
    ("", ""), ("<｜User｜>", ""), ("<｜Assistant｜>", "<｜end▁of▁sentence｜>"), ("<｜User｜>", "<｜end▁of▁sentence｜>")
)
_OLMO2 = _Turns(
    ("<|system|>\n", "\n"), ("<|user|>\n", "\n"), ("<|assistant|>\n", "<|endoftext|>\n"), ("<|user|>", "<|endoftext|>")
)

_THINKING = _CHATML._replace(assistant=("<|im_start|>assistant\n<think>\n", "<|im_end|>\n"))
_QWEN25 = _CHATML._replace(default_system="You are Qwen, created by Alibaba Cloud. You are a helpful assistant.")
_GEMMA_CHATML = _CHATML._replace(stop=(*_CHATML.stop, "<end_of_turn>"))
_FAMILIES: dict[str, _Turns] = {
    "unsloth": _UNSLOTH,
    "zephyr": _ZEPHYR,
    "chatml": _CHATML,
    "mistral": _MISTRAL, "mistral-v03": _MISTRAL, "mistral-small": _MISTRAL,
    "llama": _LLAMA2, "llama-2": _LLAMA2,
    "vicuna": _VICUNA, "vicuna_old": _VICUNA_OLD, "vicuna old": _VICUNA_OLD,
    "alpaca": _ALPACA,
    "gemma": _GEMMA, "gemma2": _GEMMA, "gemma-3": _GEMMA, "gemma3": _GEMMA,
    "gemma-3n": _GEMMA, "gemma3n": _GEMMA,
    "gemma_chatml": _GEMMA_CHATML, "gemma2_chatml": _GEMMA_CHATML,
    "llama-3": _LLAMA3, "llama3": _LLAMA3, "llama-3.1": _LLAMA3, "llama-31": _LLAMA3, "llama-3.2": _LLAMA3,
    "llama-3.3": _LLAMA3,
    "phi-3": _PHI3, "phi-35": _PHI3, "phi-3.5": _PHI3, "phi-4": _PHI4,
    "qwen-25": _QWEN25, "qwen-2.5": _QWEN25, "qwen25": _QWEN25, "qwen2.5": _QWEN25,
    "qwen-25-coder": _QWEN25, "qwen-2.5-coder": _QWEN25,
    "qwen-3": _CHATML, "qwen3": _CHATML, "qwen3-instruct": _CHATML, "qwen3-thinking": _THINKING,
    "smollm2": _CHATML._replace(default_system="You are a helpful AI assistant named SmolLM, trained by Hugging Face"),
    "starling": _STARLING,
    "yi-chat": _CHATML,
    "granite": _GRANITE,
    "cohere": _COHERE,
    "gpt-oss": _GPT_OSS, "gptoss": _GPT_OSS,
    "lfm-2": _CHATML, "lfm2": _CHATML, "lfm-2.5": _CHATML, "lfm2.5": _CHATML,
    "deepseek": _DEEPSEEK, "deepseek-r1": _DEEPSEEK,
    "olmo-2": _OLMO2, "olmo2": _OLMO2,
}  # fmt: skip


def _modelfile(turns: _Turns) -> str:
    """`{__FILE_LOCATION__}` and `{__EOS_TOKEN__}` are filled in by `create_ollama_modelfile`."""
    system, user, assistant = turns.system, turns.user, turns.assistant
    if user[0] and (system[0] == user[0] or not system[0] and turns in (_MISTRAL,) or turns is _LLAMA2):
        opening = user[0]  # the system's text stands inside the user's turn
        inside = system[0] if system[0] != user[0] else ""
        question = f"{opening}{{{{ if .System }}}}{inside}{{{{ .System }}}}{system[1]}{{{{ end }}}}"
        question += f"{{{{ .Prompt }}}}{user[1]}"
        body = f"{{{{ if .Prompt }}}}{question}{{{{ end }}}}"
    else:
        body = f"{{{{ if .System }}}}{system[0]}{{{{ .System }}}}{system[1]}{{{{ end }}}}"
        body += f"{{{{ if .Prompt }}}}{user[0]}{{{{ .Prompt }}}}{user[1]}{{{{ end }}}}"
    body += f"{assistant[0]}{{{{ .Response }}}}{assistant[1]}"
    lines = ["FROM {__FILE_LOCATION__}", f'TEMPLATE """{body}"""']
    lines += [f'PARAMETER stop "{word}"' for word in turns.stop]
    lines.append('PARAMETER stop "{__EOS_TOKEN__}"')
    if turns.default_system:
        lines.append(f'SYSTEM """{turns.default_system}"""')
    return "\n".join(lines) + "\n"


OLLAMA_TEMPLATES: dict[str, str] = {name: _modelfile(turns) for name, turns in _FAMILIES.items()}


def _names(template: str, *parts: str) -> tuple[str, ...]:
    """`template` with each part in it, of its maker and of Unsloth."""
    names = [template.format(part) for part in parts or ("",)]
    return tuple(names) + tuple("unsloth/" + name.rpartition("/")[2] for name in names)


_QWEN_SIZES = ("0.5B", "1.5B", "3B", "7B", "14B", "32B", "72B")
_MODELS: dict[str, tuple[str, ...]] = {
    "llama-3": _names("meta-llama/Meta-Llama-3-{}-Instruct", "8B", "70B")
    + ("unsloth/llama-3-8b-Instruct",),
    "llama-3.1": _names("meta-llama/Llama-3.1-{}-Instruct", "8B", "70B", "405B")
    + _names("meta-llama/Meta-Llama-3.1-{}-Instruct", "8B", "70B"),
    "llama-3.2": _names("meta-llama/Llama-3.2-{}", "1B-Instruct", "3B-Instruct"),
    "llama-3.3": _names("meta-llama/Llama-3.3-70B-Instruct"),
    "llama": _names("meta-llama/Llama-2-{}-chat-hf", "7b", "13b", "70b") + ("unsloth/llama-2-7b-chat",),
    "mistral": _names("mistralai/Mistral-7B-Instruct-v0.{}", "1", "2", "3")
    + ("unsloth/mistral-7b-instruct-v0.2", "unsloth/mistral-7b-instruct-v0.3"),
    "zephyr": ("HuggingFaceH4/zephyr-7b-beta", "unsloth/zephyr-sft", "TinyLlama/TinyLlama-1.1B-Chat-v1.0"),
    "gemma": _names("google/gemma-{}-it", "2b", "7b", "1.1-2b", "1.1-7b"),
    "gemma2": _names("google/gemma-2-{}-it", "2b", "9b", "27b"),
    "gemma-3": _names("google/gemma-3-{}-it", "270m", "1b", "4b", "12b", "27b"),
    "phi-3": _names("microsoft/Phi-3-{}-4k-instruct", "mini", "medium"),
    "phi-3.5": _names("microsoft/Phi-3.5-mini-instruct"),
    "phi-4": _names("microsoft/phi-4"),
    "qwen-2.5": _names("Qwen/Qwen2.5-{}-Instruct", *_QWEN_SIZES),
    "qwen-2.5-coder": _names("Qwen/Qwen2.5-Coder-{}-Instruct", *_QWEN_SIZES),
    "qwen-3": _names("Qwen/Qwen3-{}", "0.6B", "1.7B", "4B", "8B", "14B", "32B"),
    "smollm2": _names("HuggingFaceTB/SmolLM2-{}-Instruct", "135M", "360M", "1.7B"),
    "starling": ("berkeley-nest/Starling-LM-7B-alpha", *_names("Nexusflow/Starling-LM-7B-beta")),
    "yi-chat": ("01-ai/Yi-6B-Chat", "01-ai/Yi-34B-Chat"),
    "granite": _names("ibm-granite/granite-3.{}-2b-instruct", "0", "1", "2", "3"),
    "gemma-3n": _names("google/gemma-3n-{}-it", "E2B", "E4B"),
    "qwen3-instruct": _names("Qwen/Qwen3-{}-Instruct-2507", "4B", "30B-A3B", "235B-A22B"),
    "qwen3-thinking": _names("Qwen/Qwen3-{}-Thinking-2507", "4B", "30B-A3B", "235B-A22B"),
    "gpt-oss": _names("openai/gpt-oss-{}", "20b", "120b"),
    "lfm-2": _names("LiquidAI/LFM2-{}", "350M", "700M", "1.2B", "2.6B"),
    "lfm-2.5": _names("LiquidAI/LFM2.5-1.2B-Instruct"),
    "deepseek": _names("deepseek-ai/DeepSeek-{}", "V3", "V3-0324", "V3.1"),
    "deepseek-r1": _names("deepseek-ai/DeepSeek-{}", "R1", "R1-0528", *(
        f"R1-Distill-{base}" for base in ("Qwen-1.5B", "Qwen-7B", "Qwen-14B", "Qwen-32B", "Llama-8B", "Llama-70B"))),
    "olmo-2": _names("allenai/OLMo-2-{}-Instruct", "0425-1B", "1124-7B", "1124-13B", "0325-32B"),
    "cohere": ("CohereForAI/c4ai-command-r-v01", "CohereForAI/aya-23-8B"),
}
MODEL_TO_OLLAMA_TEMPLATE_MAPPER: dict[str, str] = {
    name: key for key, models in _MODELS.items() for model in models for name in (model, model.lower())
}
_MARKERS = (  # of chat templates, the telling ones first
    ("<|channel|>", "gpt-oss"), ("<｜User｜>", "deepseek"), ("<|start_header_id|>", "llama-3"),
    ("<|im_sep|>", "phi-4"), ("<|im_start|>", "chatml"), ("<start_of_turn>", "gemma"),
    ("<|start_of_role|>", "granite"), ("<|START_OF_TURN_TOKEN|>", "cohere"), ("GPT4 Correct User", "starling"),
    ("<<SYS>>", "llama"), ("[INST]", "mistral"), ("<|end|>", "phi-3"), ("<|assistant|>", "zephyr"),
    ("### Instruction:", "alpaca"), ("### Human:", "vicuna_old"), ("USER:", "vicuna"),
)  # fmt: skip


_PACKED = ("-unsloth-bnb-4bit", "-bnb-4bit", "-BF16", "-GGUF")  # what Unsloth calls other forms of the same model


def template_key(tokenizer: Any, base_model_name: str = "") -> str | None:
    """Which of `OLLAMA_TEMPLATES` fits: by the model's name, else by the marks in the tokenizer's chat template.

    >>> template_key(None, "Qwen/Qwen2.5-7B-Instruct")
    'qwen-2.5'
    """
    for name in (base_model_name, str(getattr(tokenizer, "name_or_path", "") or "")):
        for form in _PACKED:
            name = name.removesuffix(form)
        key = MODEL_TO_OLLAMA_TEMPLATE_MAPPER.get(name) or MODEL_TO_OLLAMA_TEMPLATE_MAPPER.get(name.lower())
        if key:
            return key
    template = getattr(tokenizer, "chat_template", None)
    if isinstance(template, dict):
        template = template.get("default")
    return next((key for mark, key in _MARKERS if mark in template), None) if template else None


def create_ollama_modelfile(
    tokenizer: Any, base_model_name: str = "", model_location: str = "", **parameters: Any
) -> str | None:
    """The text of a Modelfile, or None where no template fits.

    Args:
        tokenizer: its end token ends answers; its name and chat template help to find the template.
        base_model_name: the model's name on the Hub.
        model_location: path of the GGUF file, as `FROM` shall name it.
        parameters: Ollama's settings, such as `temperature=0.7`, `num_ctx=4096`.

    >>> print(create_ollama_modelfile(None, "Qwen/Qwen3-0.6B", "model.gguf", temperature=0.6).splitlines()[0])
    FROM model.gguf
    """
    key = template_key(tokenizer, base_model_name)
    if key is None:
        return None
    if tokenizer is not None and not model_location.startswith(("/", "./")):
        model_location = f"./{model_location}"  # a bare name would be looked up in Ollama's registry
    text = OLLAMA_TEMPLATES[key].replace("{__FILE_LOCATION__}", model_location)
    eos = getattr(tokenizer, "eos_token", None)
    lines = []
    for line in text.split("\n"):
        if "{__EOS_TOKEN__}" in line:
            line = line.replace("{__EOS_TOKEN__}", eos) if eos else None
        if line is not None and not (line.startswith("PARAMETER stop") and line in lines):
            lines.append(line)
    known = ("min_p", "mirostat", "num_ctx", "num_keep", "num_predict", "penalize_newline", "repeat_last_n", "repeat_penalty",
             "seed", "temperature", "top_k", "top_p")  # fmt: skip
    for name, value in parameters.items():
        if name not in known:
            raise ValueError(f"create_ollama_modelfile: parameter {name!r}, known are {', '.join(known)}")
        lines.insert(-1, f"PARAMETER {name} {str(value).lower() if isinstance(value, bool) else value}")
    return "\n".join(lines)
