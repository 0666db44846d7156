"""The table of tokenizer classes: one row a family. Data only, so that their names cost no import."""

from __future__ import annotations

from typing import NamedTuple


class Family(NamedTuple):
    """A row of the table."""

    tokens: dict[str, str]
    vocab_format: str | None = None  # its pipeline, see backends/
    token_type_ids: str | None = None  # where token_type_ids stand among the inputs: "second", "last"; other inputs: "boxes"
    padding_side: str = "right"
    file: str | None = None  # its vocabulary, where the pipeline doesn't say
    mask: dict[str, bool] = {}  # flags of the mask token
    base: str | None = None  # a class that it is a subclass of


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
_ESMC = _tokens(unk="<unk>", cls="<cls>", pad="<pad>", mask="<mask>", eos="<eos>", chain_break="|")

_MBART = {**_ROBERTA}
_BERT_LIKE = ("BertTokenizer", "ConvBertTokenizer", "DPRContextEncoderTokenizer", "DPRQuestionEncoderTokenizer",
              "ElectraTokenizer", "LayoutLMTokenizer", "LxmertTokenizer", "MobileBertTokenizer",
              "RetriBertTokenizer", "SqueezeBertTokenizer")  # fmt: skip
_ROBERTA_LIKE = ("BartTokenizer", "LEDTokenizer", "LongformerTokenizer", "MvpTokenizer", "RobertaTokenizer")
_BLANKS = {"lstrip": True}
_FAIRSEQ_FILE, _SPIECE, _SPM = "sentencepiece.bpe.model", "spiece.model", "spm.model"
CODE_LLAMA_MARKS = _tokens(prefix="▁<PRE>", middle="▁<MID>", suffix="▁<SUF>", eot="▁<EOT>", fill="<FILL_ME>")

FAMILIES: dict[str, Family] = {
    **{name: Family(_BERT, "bert", "second") for name in _BERT_LIKE},
    **{name: Family(_ROBERTA, "roberta") for name in _ROBERTA_LIKE},
    "AlbertTokenizer": Family(_ALBERT, "albert", file=_SPIECE),
    "BarthezTokenizer": Family(_ROBERTA, "barthez", file=_FAIRSEQ_FILE, mask=_BLANKS),
    "BigBirdTokenizer": Family(_BIGBIRD, "big_bird", file=_SPIECE, mask=_BLANKS),
    "BlenderbotTokenizer": Family(_ROBERTA, "blenderbot", mask=_BLANKS),
    "BloomTokenizer": Family(_tokens(unk="<unk>", bos="<s>", eos="</s>", pad="<pad>"), padding_side="left"),
    "CamembertTokenizer": Family(_ROBERTA, "camembert", file=_FAIRSEQ_FILE, mask=_BLANKS),
    "CLIPTokenizer": Family(_CLIP, "clip"),
    "CodeGenTokenizer": Family(_GPT2, "codegen"),
    "CodeLlamaTokenizer": Family({**_LLAMA, **CODE_LLAMA_MARKS}, "code_llama", padding_side="left", file="tokenizer.model"),
    "CohereTokenizer": Family(_COHERE, "cohere", padding_side="left"),
    "DebertaTokenizer": Family(_DEBERTA, "deberta", "last"),
    "DebertaV2Tokenizer": Family(_DEBERTA, "deberta_v2", "last", file=_SPM),
    "DistilBertTokenizer": Family(_BERT, "bert"),
    "DPRReaderTokenizer": Family(_BERT, "bert"),
    "EsmcTokenizer": Family(_ESMC, "esmc"),
    "FNetTokenizer": Family(_ALBERT, "fnet", "types only", file=_SPIECE),
    "FunnelTokenizer": Family(_FUNNEL, "funnel"),
    "GemmaTokenizer": Family(_GEMMA, "gemma", padding_side="left", file="tokenizer.model"),
    "GPT2Tokenizer": Family(_GPT2, "gpt2"),
    "GPTNeoXTokenizer": Family({**_GPT2, "pad_token": "<|padding|>"}, "neox"),
    "HerbertTokenizer": Family(_tokens(cls="<s>", unk="<unk>", pad="<pad>", mask="<mask>", sep="</s>"), "herbert"),
    "LasrTokenizer": Family(_T5, "lasr", file=_SPIECE),
    "LayoutLMv2Tokenizer": Family(_BERT, "layoutlmv2", "last"),
    "LayoutLMv3Tokenizer": Family(_ROBERTA, "layoutlmv3", "boxes"),
    "LayoutXLMTokenizer": Family(_ROBERTA, "layoutxlm", file=_FAIRSEQ_FILE, mask=_BLANKS),
    "LlamaTokenizer": Family(_LLAMA, "llama", padding_side="left", file="tokenizer.model"),
    "LukeTokenizer": Family(_ROBERTA, "luke"),
    "MarkupLMTokenizer": Family(_ROBERTA, "markuplm", "second", mask=_BLANKS),
    "MBartTokenizer": Family(_MBART, "mbart", file=_FAIRSEQ_FILE, mask=_BLANKS),
    "MBart50Tokenizer": Family({name: token for name, token in _MBART.items() if name != "bos_token"}, "mbart50",
                               file=_FAIRSEQ_FILE, mask=_BLANKS),
    "MLukeTokenizer": Family(_ROBERTA, "mluke", file=_FAIRSEQ_FILE, mask=_BLANKS),
    "MPNetTokenizer": Family(_MPNET, "mpnet", mask=_BLANKS),
    "MT5Tokenizer": Family(_T5, "mt5", file=_SPIECE, base="T5Tokenizer"),
    "NllbTokenizer": Family(_MBART, "nllb", file=_FAIRSEQ_FILE,
                            mask={"lstrip": True, "normalized": True, "special": True}),
    "NougatTokenizer": Family(_tokens(unk="<unk>", bos="<s>", eos="</s>", pad="<pad>"), "nougat"),
    "OpenAIGPTTokenizer": Family(_tokens(unk="<unk>"), "openai"),
    "PegasusTokenizer": Family(_tokens(pad="<pad>", eos="</s>", unk="<unk>", mask="<mask_2>"), "pegasus", file=_SPIECE),
    "Phi3Tokenizer": Family(_LLAMA, "llama", padding_side="left", file="tokenizer.model"),
    "Qwen2Tokenizer": Family(_QWEN, "qwen2"),
    "Qwen3_5Tokenizer": Family(_QWEN, "qwen3_5"),
    "ReformerTokenizer": Family(_tokens(eos="</s>", unk="<unk>"), "reformer", file=_SPIECE),
    "RemBertTokenizer": Family(_ALBERT, "rembert", file="sentencepiece.model"),
    "RoFormerTokenizer": Family(_BERT, "roformer"),
    "SeamlessM4TTokenizer": Family({name: token for name, token in _MBART.items() if name != "mask_token"}, "seamless",
                                   file=_FAIRSEQ_FILE),
    "Siglip2Tokenizer": Family(_GEMMA, "siglip2", padding_side="left", file="tokenizer.model"),
    "SplinterTokenizer": Family({**_BERT, "question_token": "[QUESTION]"}, "splinter"),
    "T5Tokenizer": Family(_T5, "t5", file=_SPIECE),
    "Tipsv2Tokenizer": Family(_tokens(unk="<unk>", pad="<pad>"), "tipsv2", file="tokenizer.model"),
    "UdopTokenizer": Family(_tokens(eos="</s>", sep="</s>", unk="<unk>", pad="<pad>"), "udop", file=_SPIECE),
    "VideoPrismTokenizer": Family(_T5, "videoprism", file=_SPIECE),
    "WhisperTokenizer": Family(_GPT2, "whisper"),
    "XGLMTokenizer": Family({name: token for name, token in _ROBERTA.items() if name != "mask_token"}, "xglm",
                            file=_FAIRSEQ_FILE),
    "XLMRobertaTokenizer": Family(_ROBERTA, "xlm_roberta", file=_FAIRSEQ_FILE),
    "XLNetTokenizer": Family(_XLNET, "xlnet", padding_side="left", file=_SPIECE, mask=_BLANKS),
}  # fmt: skip

# Classes that are no pipeline of components, and their modules.
SLOW_CLASSES = {
    "BartphoTokenizer": "sentencepiece_families",
    "BertGenerationTokenizer": "sentencepiece_slow",
    "BertJapaneseTokenizer": "japanese",
    "BertweetTokenizer": "tweets",
    "BioGptTokenizer": "moses_slow",
    "BlenderbotSmallTokenizer": "rank_bpe",
    "ByT5Tokenizer": "eos_slow",
    "CTRLTokenizer": "rank_bpe",
    "CanineTokenizer": "characters",
    "ClvpTokenizer": "clvp",
    "CpmAntTokenizer": "chinese",
    "CpmTokenizer": "sentencepiece_families",
    "DiaTokenizer": "characters",
    "EsmTokenizer": "characters",
    "FSMTTokenizer": "moses_slow",
    "FastSpeech2ConformerTokenizer": "speech_slow",
    "FlaubertTokenizer": "moses_slow",
    "GPTNeoXJapaneseTokenizer": "neox_japanese",
    "GPTSw3Tokenizer": "sentencepiece_families",
    "M2M100Tokenizer": "marian",
    "MarianTokenizer": "marian",
    "MgpstrTokenizer": "characters",
    "MyT5Tokenizer": "myt5",
    "PLBartTokenizer": "plbart",
    "ParakeetTokenizer": "parakeet",
    "PerceiverTokenizer": "characters",
    "PhobertTokenizer": "rank_bpe",
    "ProphetNetTokenizer": "basic_words",
    "RagTokenizer": "rag",
    "RoCBertTokenizer": "roc_bert",
    "SiglipTokenizer": "eos_slow",
    "Speech2TextTokenizer": "sentencepiece_families",
    "SpeechT5Tokenizer": "sentencepiece_families",
    "TapasTokenizer": "tapas",
    "VitsTokenizer": "speech_slow",
    "Wav2Vec2CTCTokenizer": "wav2vec2",
    "Wav2Vec2PhonemeCTCTokenizer": "speech_slow",
    "XLMTokenizer": "moses_slow",
}

# Classes with one implementation, whose names with "Fast" were others' once.
ONE_CLASS = ("BlenderbotSmallTokenizer", "CpmTokenizer", "ParakeetTokenizer")

# Model types whose tokenizer class a configuration may leave unsaid. Those not listed use PreTrainedTokenizerFast.
TOKENIZER_MAPPING_NAMES: dict[str, str] = {}
for _class_name, _types in {
    "AlbertTokenizer": "albert yoso",
    "BarthezTokenizer": "barthez",
    "BertTokenizer": (
        "align bark bert blip bros chinese_clip convbert distilbert electra ernie flava git grounding-dino layoutlm "
        "megatron-bert mm-grounding-dino nezha nomic_bert qdqbert realm retribert squeezebert tvp vilt visual_bert"
    ),
    "BigBirdTokenizer": "big_bird",
    "BlenderbotTokenizer": "blenderbot",
    "CamembertTokenizer": "camembert",
    "CLIPTokenizer": "aimv2 clip clipseg groupvit omdet-turbo oneformer owlv2 owlvit sam3 sam3_video xclip",
    "CodeLlamaTokenizer": "code_llama",
    "CohereTokenizer": "aya_vision cohere cohere2",
    "DebertaTokenizer": "deberta",
    "DebertaV2Tokenizer": "deberta-v2",
    "DPRQuestionEncoderTokenizer": "dpr",
    "FunnelTokenizer": "funnel",
    "Siglip2Tokenizer": "siglip2",
    "UdopTokenizer": "udop",
    "VideoPrismTokenizer": "videoprism",
    "GemmaTokenizer": (
        "diffusion_gemma gemma gemma2 gemma3 gemma3_text gemma3n gemma3n_text recurrent_gemma shieldgemma2 t5gemma zaya"
    ),
    "GPT2Tokenizer": (
        "blip-2 codegen dbrx emu3 gpt2 gpt_neo gptj hyperclovax_vision_v2 instructblip instructblipvideo jais2 opt phi "
        "starcoder2"
    ),
    "GPTNeoXTokenizer": "falcon_mamba gpt_neox mamba mamba2 mpt olmo olmoe rwkv xlstm",
    "HerbertTokenizer": "herbert",
    "LayoutLMv2Tokenizer": "layoutlmv2",
    "LayoutLMv3Tokenizer": "layoutlmv3",
    "LayoutXLMTokenizer": "layoutxlm",
    "LEDTokenizer": "led",
    "LukeTokenizer": "luke",
    "LxmertTokenizer": "lxmert",
    "MLukeTokenizer": "mluke",
    "MobileBertTokenizer": "mobilebert",
    "BartTokenizer": "florence2",
    "LlamaTokenizer": "idefics idefics2",
    "FNetTokenizer": "fnet",
    "BertGenerationTokenizer": "bert-generation",
    "M2M100Tokenizer": "m2m_100",
    "ByT5Tokenizer": "byt5",
    "SiglipTokenizer": "siglip",
    "MarianTokenizer": "marian",
    "MarkupLMTokenizer": "markuplm",
    "MBartTokenizer": "mbart",
    "MBart50Tokenizer": "mbart50",
    "NllbTokenizer": "nllb nllb-moe",
    "SeamlessM4TTokenizer": "seamless_m4t seamless_m4t_v2",
    "MPNetTokenizer": "mpnet",
    "MvpTokenizer": "mvp",
    "NougatTokenizer": "nougat pp_formulanet",
    "OpenAIGPTTokenizer": "openai-gpt",
    "ParakeetTokenizer": (
        "granite_speech5_ctc nemotron3_5_asr nemotron_asr_streaming parakeet_ctc parakeet_rnnt parakeet_tdt"
    ),
    "PegasusTokenizer": "pegasus",
    "Qwen2Tokenizer": (
        "audioflamingo3 colqwen2 cosmos3_omni dots3_note fun_asr_nano hunyuan_vl internvl lighton_ocr "
        "moss_transcribe_diarize ovis2 qianfan_ocr qwen2 qwen2_5_omni qwen2_5_vl qwen2_audio qwen2_moe qwen2_vl qwen3 "
        "qwen3_asr qwen3_moe qwen3_next qwen3_omni_moe qwen3_vl qwen3_vl_moe vibevoice"
    ),
    "Qwen3_5Tokenizer": "qwen3_5 qwen3_5_moe qwen3_5_moe_text qwen3_5_text qwen4_exp",
    "ReformerTokenizer": "reformer",
    "RemBertTokenizer": "rembert",
    "RobertaTokenizer": (
        "bart bridgetower clap data2vec-text ibert lilt longformer mega mra roberta roberta-prelayernorm"
    ),
    "RoFormerTokenizer": "roformer",
    "SplinterTokenizer": "splinter",
    "T5Tokenizer": "mt5 musicgen musicgen_melody switch_transformers t5",
    "TapasTokenizer": "tapas",
    "Wav2Vec2CTCTokenizer": "data2vec-audio hubert unispeech unispeech-sat wav2vec2 wav2vec2-bert wav2vec2-conformer",
    "WhisperTokenizer": "whisper",
    "XGLMTokenizer": "xglm",
    "XLMRobertaTokenizer": "gte jina_embeddings_v3 metaclip_2 trocr xlm-roberta xmod",
    "BartphoTokenizer": "bartpho",
    "BertJapaneseTokenizer": "bert-japanese",
    "BertweetTokenizer": "bertweet",
    "BioGptTokenizer": "biogpt",
    "BlenderbotSmallTokenizer": "blenderbot-small",
    "CanineTokenizer": "canine",
    "ClvpTokenizer": "clvp",
    "CpmTokenizer": "cpm",
    "CpmAntTokenizer": "cpmant",
    "CTRLTokenizer": "ctrl",
    "DiaTokenizer": "dia",
    "EsmTokenizer": "esm",
    "EsmcTokenizer": "esmc",
    "FlaubertTokenizer": "flaubert",
    "FSMTTokenizer": "fsmt",
    "GPTSw3Tokenizer": "gpt-sw3",
    "GPTNeoXJapaneseTokenizer": "gpt_neox_japanese",
    "MgpstrTokenizer": "mgp-str",
    "MyT5Tokenizer": "myt5",
    "PerceiverTokenizer": "perceiver",
    "PhobertTokenizer": "phobert",
    "PLBartTokenizer": "plbart",
    "ProphetNetTokenizer": "prophetnet",
    "RagTokenizer": "rag",
    "RoCBertTokenizer": "roc_bert",
    "Speech2TextTokenizer": "speech_to_text",
    "SpeechT5Tokenizer": "speecht5",
    "VitsTokenizer": "vits",
    "Wav2Vec2PhonemeCTCTokenizer": "wav2vec2_phoneme",
    "XLMTokenizer": "xlm",
    "XLNetTokenizer": "xlnet",
}.items():
    TOKENIZER_MAPPING_NAMES.update(dict.fromkeys(_types.split(), _class_name))
