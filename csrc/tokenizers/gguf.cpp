#include "tokenizers/gguf.h"

#include <algorithm>

#include "tokenizers/base64.h"
#include "tokenizers/for_all.h"
#include "tokenizers/gguf_pre.h"
#include "tokenizers/models/all_merges.h"
#include "tokenizers/models/simple.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {
constexpr const char* kWhere = "gguf tokenizer";

int32_t type_of(const GgufVocab& v, size_t id) { return v.token_types.empty() ? kNormal : v.token_types[id]; }
std::string text_of(const GgufVocab& v, size_t id) {
  return v.tokens[id].empty() ? str("[EMPTY_", id, "]") : std::string(v.tokens[id]);
}

void check_shape(const GgufVocab& v) {
  check<TokenizerError>(!v.tokens.empty(), kWhere, ": 'tokenizer.ggml.tokens' is missing or empty");
  const auto same = [&](size_t n, const char* what) {
    check<TokenizerError>(n == 0 || n == v.tokens.size(), kWhere, ": ", n, " ", what, " for ", v.tokens.size(),
                          " tokens");
  };
  same(v.scores.size(), "scores");
  same(v.token_types.size(), "token types");
  for (size_t i = 0; i < v.tokens.size(); i++)
    check<TokenizerError>(utf8::find_invalid(v.tokens[i]) == std::string_view::npos, kWhere, ": token ", i,
                          " is not valid UTF-8");
}

Vocab vocab_of(const GgufVocab& v) {
  Vocab out;
  out.reserve(v.tokens.size());
  for (size_t i = 0; i < v.tokens.size(); i++) out.add(text_of(v, i), uint32_t(i));
  out.finish(kWhere);
  for (size_t i = 0; i < v.tokens.size() && out.size() < v.tokens.size(); i++)
    if (const auto other = out.find(text_of(v, i)); other != i)
      fail<TokenizerError>(kWhere, ": tokens ", i, " and ", other.value_or(0), " are both '", text_of(v, i), "'");
  return out;
}

// Control and unknown tokens are special, user-defined ones are found in the text like them but shown when decoding.
void add_tokens(Tokenizer& tokenizer, const GgufVocab& v) {
  std::string name = v.model_name;
  for (char& c : name) c = char(std::tolower(uint8_t(c)));
  const bool phi3 = name.find("phi-3") != std::string::npos || name.find("phi3") != std::string::npos;
  std::vector<AddedToken> added;
  for (size_t i = 0; i < v.tokens.size(); i++) {
    const int32_t type = type_of(v, i);
    if (type != kControl && type != kUnknown && type != kUserDefined) continue;
    AddedToken t;
    t.content = text_of(v, i);
    t.normalized = false;
    t.special = type != kUserDefined;
    t.rstrip = phi3 && t.content != "<unk>" && t.content != "<s>" && t.content != "<|endoftext|>";
    added.push_back(std::move(t));
  }
  tokenizer.add_tokens(added);
}

Json special_piece(const std::string& id, int type) { return {{"SpecialToken", Json{{"id", id}, {"type_id", type}}}}; }
Json sequence_piece(const char* id, int type) { return {{"Sequence", Json{{"id", id}, {"type_id", type}}}}; }

// before A after, and for a pair: before A after [before] B after.
void set_template(Tokenizer& tokenizer, const GgufVocab& v, std::optional<uint32_t> before,
                  std::optional<uint32_t> after, bool repeat_before) {
  if (!before && !after) return;
  Json single = Json::array(), pair = Json::array(), tokens = Json::object();
  const auto put = [&](Json& list, std::optional<uint32_t> id, int type) {
    if (!id) return;
    const std::string text = text_of(v, *id);
    list.push_back(special_piece(text, type));
    tokens[text] = {{"id", text}, {"ids", Json::array({*id})}, {"tokens", Json::array({text})}};
  };
  put(single, before, 0);
  single.push_back(sequence_piece("A", 0));
  put(single, after, 0);
  pair = single;
  if (repeat_before) put(pair, before, 1);
  pair.push_back(sequence_piece("B", 1));
  put(pair, after, 1);
  tokenizer.set_post_processor(post_processor_from_json(
      {{"type", "TemplateProcessing"}, {"single", single}, {"pair", pair}, {"special_tokens", tokens}}));
}
std::optional<uint32_t> when(bool wanted, std::optional<uint32_t> id) { return wanted ? id : std::nullopt; }

Merges merges_of(const GgufVocab& v) {
  Merges out;
  for (std::string_view line : v.merges) {
    const size_t space = line.find(' ', 1);
    check<TokenizerError>(space != std::string_view::npos && space + 1 < line.size(), kWhere, ": merge '", line,
                          "' is not two tokens");
    out.add(line.substr(0, space), line.substr(space + 1));
  }
  return out;
}

Json replace(const char* from, const char* to) {
  return {{"type", "Replace"}, {"pattern", Json{{"String", from}}}, {"content", to}};
}
// Blanks are "▁" in the tokens; `prefix`: one stands in front of the text.
void mark_blanks(Tokenizer& tokenizer, bool prefix) {
  Json normalizers = Json::array(), decoders = Json::array();
  if (prefix) normalizers.push_back({{"type", "Prepend"}, {"prepend", "▁"}});
  normalizers.push_back(replace(" ", "▁"));
  tokenizer.set_normalizer(normalizer_from_json({{"type", "Sequence"}, {"normalizers", normalizers}}));
  decoders.push_back(replace("▁", " "));
  decoders.push_back({{"type", "ByteFallback"}});
  decoders.push_back({{"type", "Fuse"}});
  if (prefix) decoders.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  tokenizer.set_decoder(decoder_from_json({{"type", "Sequence"}, {"decoders", decoders}}));
}

Tokenizer bpe(const GgufVocab& v, const GgufPreTokenizer& pre) {
  Merges merges;
  Vocab vocab;
  for_all(2, [&](size_t i) { i ? void(merges = merges_of(v)) : void(vocab = vocab_of(v)); });
  BpeOptions options;
  options.ignore_merges = pre.ignore_merges;
  options.byte_fallback = pre.raw;
  if (pre.raw && v.unknown_id) options.unk_token = text_of(v, *v.unknown_id);
  Tokenizer out(std::make_shared<Bpe>(std::move(vocab), merges, options));
  Json parts = Json::array();
  for (const std::string& pattern : pre.patterns)
    parts.push_back(
        {{"type", "Split"}, {"pattern", Json{{"Regex", pattern}}}, {"behavior", "Isolated"}, {"invert", false}});
  if (pre.raw) {
    mark_blanks(out, false);
  } else {
    const Json bytes{{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", false}};
    parts.push_back(bytes);
    out.set_decoder(decoder_from_json(bytes));
  }
  out.set_pre_tokenizer(pre_tokenizer_from_json({{"type", "Sequence"}, {"pretokenizers", parts}}));
  const bool bos = pre.always_bos || v.add_bos.value_or(pre.add_bos);
  set_template(out, v, when(bos, v.bos_id), when(v.add_eos.value_or(false), v.eos_id), true);
  add_tokens(out, v);
  return out;
}

Tokenizer sentencepiece_bpe(const GgufVocab& v) {
  for (float score : v.scores) check<TokenizerError>(score == score, kWhere, ": a score is not a number");
  Vocab vocab = vocab_of(v);
  const Merges merges = all_merges(vocab, MergeOrder::HighestScore,
                                   [&](uint32_t id) { return v.scores.empty() ? -float(id) : v.scores[id]; });
  BpeOptions options;
  options.unk_token = text_of(v, v.unknown_id.value_or(0));
  options.fuse_unk = options.byte_fallback = true;
  Tokenizer out(std::make_shared<Bpe>(std::move(vocab), merges, options));
  mark_blanks(out, v.add_space_prefix.value_or(true));
  const auto known = [&](std::optional<uint32_t> id, uint32_t fallback) {
    return id ? id : fallback < v.tokens.size() ? std::optional(fallback) : std::nullopt;
  };
  set_template(out, v, when(v.add_bos.value_or(true), known(v.bos_id, 1)),
               when(v.add_eos.value_or(false), known(v.eos_id, 2)), true);
  add_tokens(out, v);
  return out;
}

// SentencePiece's unigram model, as T5 has it.
Tokenizer unigram(const GgufVocab& v) {
  std::vector<std::pair<std::string, double>> pieces;
  for (size_t i = 0; i < v.tokens.size(); i++) {
    const float score = v.scores.empty() ? 0.f : v.scores[i];
    check<TokenizerError>(score - score == 0, kWhere, ": a score is not a number");
    pieces.emplace_back(text_of(v, i), double(score));
  }
  const uint32_t unknown = v.unknown_id.value_or(2);
  check<TokenizerError>(unknown < v.tokens.size(), kWhere, ": no unknown token");
  Tokenizer out(make_unigram(pieces, unknown, false));
  Json normalizers = Json::array();
  const auto replace_by = [&](Json pattern, const char* content) {
    normalizers.push_back({{"type", "Replace"}, {"pattern", std::move(pattern)}, {"content", content}});
  };
  if (!v.precompiled_charsmap.empty())
    normalizers.push_back({{"type", "Precompiled"}, {"precompiled_charsmap", encode_base64(v.precompiled_charsmap)}});
  const bool prefix = v.add_space_prefix.value_or(true), remove = v.remove_extra_whitespaces.value_or(false);
  Json metaspace{{"type", "Metaspace"}, {"replacement", "▁"}, {"prepend_scheme", "never"}, {"split", true}}, splits;
  if (prefix && remove) {  // words, each with its mark
    metaspace["prepend_scheme"] = "always";
    splits = {{"type", "Sequence"}, {"pretokenizers", Json::array({{{"type", "WhitespaceSplit"}}, metaspace})}};
  } else {
    if (remove) {
      replace_by({{"Regex", "\\A +| +\\z"}}, "");
      replace_by({{"Regex", " {2,}"}}, " ");
    }
    // Not Metaspace's own prefix, which a text that begins with a blank does not get.
    if (prefix) normalizers.push_back({{"type", "Prepend"}, {"prepend", " "}});
    splits = metaspace;
  }
  if (!normalizers.empty())
    out.set_normalizer(normalizer_from_json({{"type", "Sequence"}, {"normalizers", normalizers}}));
  out.set_pre_tokenizer(pre_tokenizer_from_json(splits));
  metaspace["prepend_scheme"] = prefix ? "always" : "never";
  out.set_decoder(decoder_from_json(metaspace));
  const auto known = [&](std::optional<uint32_t> id, uint32_t fallback) {
    return id ? id : fallback < v.tokens.size() ? std::optional(fallback) : std::nullopt;
  };
  set_template(out, v, when(v.add_bos.value_or(false), v.bos_id), when(v.add_eos.value_or(true), known(v.eos_id, 1)),
               true);
  add_tokens(out, v);
  return out;
}

// Pieces at the start of a word carry "▁" there, and those behind it nothing; WordPiece has it the other way round.
Tokenizer word_piece(GgufVocab v) {
  std::vector<std::string> texts;
  texts.reserve(v.tokens.size());
  for (size_t i = 0; i < v.tokens.size(); i++) {
    const std::string text = text_of(v, i);
    constexpr std::string_view kMark = "▁";
    if (type_of(v, i) != kNormal)
      texts.push_back(text);
    else
      texts.push_back(text.starts_with(kMark) ? text.substr(kMark.size()) : "##" + text);
  }
  for (size_t i = 0; i < texts.size(); i++) v.tokens[i] = texts[i];
  const auto known = [&](std::optional<uint32_t> id, uint32_t fallback) {
    return id ? id : fallback < v.tokens.size() ? std::optional(fallback) : std::nullopt;
  };
  const auto unk = known(v.unknown_id, 100);
  check<TokenizerError>(unk.has_value(), kWhere, ": no unknown token");
  Tokenizer out(make_word_piece(vocab_of(v), texts[*unk], "##", UINT32_MAX));
  out.set_normalizer(normalizer_from_json({{"type", "BertNormalizer"},
                                           {"clean_text", true},
                                           {"handle_chinese_chars", true},
                                           {"strip_accents", nullptr},
                                           {"lowercase", true}}));
  out.set_pre_tokenizer(pre_tokenizer_from_json({{"type", "BertPreTokenizer"}}));
  out.set_decoder(decoder_from_json({{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}}));
  const auto cls = known(v.cls_id ? v.cls_id : v.bos_id, 101), sep = known(v.separator_id, 102);
  set_template(out, v, when(v.add_bos.value_or(true), cls), when(v.add_sep.value_or(true), sep), false);
  add_tokens(out, v);
  return out;
}

}  // namespace

Tokenizer tokenizer_from_gguf(const GgufVocab& v) {
  const bool gemma4 = v.model == "gemma4";
  if (v.model != "gpt2" && v.model != "llama" && v.model != "bert" && v.model != "t5" && !gemma4)
    fail<UnsupportedError>(kWhere, ": tokenizer.ggml.model '", v.model,
                           "' is not supported, known are 'gpt2', 'gemma4', 'llama', 'bert' and 't5'");
  check_shape(v);
  if (v.model == "llama") return sentencepiece_bpe(v);
  if (v.model == "bert") return word_piece(v);
  if (v.model == "t5") return unigram(v);
  return bpe(v, gguf_pre_tokenizer(gemma4 ? v.model : v.pre));
}

}  // namespace ef::tokenizers
