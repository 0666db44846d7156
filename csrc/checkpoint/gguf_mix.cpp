#include "checkpoint/gguf_mix.h"

#include <regex>

#include "core/registry.h"

namespace ef {
namespace {

using enum GgmlType;

enum class Role { Output, TokenEmbedding, Qkv, V, K, Q, AttentionOutput, Up, Gate, Down, Other };

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

Role role_of(const std::string& name) {
  if (name == "output.weight") return Role::Output;
  if (name == "token_embd.weight" || name == "per_layer_token_embd.weight") return Role::TokenEmbedding;
  if (contains(name, "attn_qkv.weight")) return Role::Qkv;
  if (contains(name, "attn_kv_b.weight") || contains(name, "attn_v.weight")) return Role::V;
  if (contains(name, "attn_k.weight")) return Role::K;
  if (contains(name, "attn_q.weight")) return Role::Q;
  if (contains(name, "attn_output.weight")) return Role::AttentionOutput;
  if (contains(name, "ffn_up")) return Role::Up;
  if (contains(name, "ffn_gate")) return Role::Gate;
  if (contains(name, "ffn_down")) return Role::Down;
  return Role::Other;
}

bool may_quantize(const MixTensor& t) {
  if (t.shape.size() < 2 || !t.name.ends_with("weight")) return false;
  for (const char* kept : {"_norm.weight", "ffn_gate_inp.weight", "position_embd.weight", "token_types.weight", "altup",
                           "laurel", "per_layer_model_proj", "ssm_conv1d", "shortconv.conv.weight", "attn_rel_b.weight",
                           ".position_embd", ".rel_pos", ".patch_embd"})
    if (contains(t.name, kept)) return false;
  return true;
}

// A row that does not end on a block takes a type of shorter blocks, and F16 where not even those fit.
GgmlType that_fits(GgmlType type, int64_t row) {
  const auto fits = [row](GgmlType t) { return row % ggml_type_info(t).block_length == 0; };
  if (fits(type)) return type;
  switch (type) {
    case Q2_K:
    case Q3_K:
    case TQ1_0:
    case TQ2_0:
      type = Q4_0;
      break;
    case Q4_K:
      type = Q5_0;
      break;
    case Q5_K:
      type = Q5_1;
      break;
    case Q6_K:
      type = Q8_0;
      break;
    default:
      if (ggml_type_info(type).block_length == 256) type = IQ4_NL;
  }
  return fits(type) ? type : F16;
}

class Chooser {
 public:
  Chooser(const std::string& mix, GgmlType base, const MixModel& model, const std::vector<MixTensor>& tensors)
      : mix_(mix), base_(base), model_(model), falcon_(model.architecture == "falcon") {
    for (const MixTensor& t : tensors) {
      const Role role = role_of(t.name);
      v_count_ += role == Role::V || role == Role::Qkv;
      tied_ = tied_ && role != Role::Output;
    }
  }

  GgmlType operator()(const MixTensor& t, const MixOptions& options) {
    const Role role = role_of(t.name);
    if (role == Role::Output || (tied_ && role == Role::TokenEmbedding)) {
      if (options.output) return *options.output;
      if (falcon_ || mix_ == "MXFP4_MOE" || t.shape.back() % ggml_type_info(base_).block_length) return Q8_0;
      if (is({"IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S", "IQ2_S", "IQ2_M", "IQ1_M"})) return Q5_K;
      return base_ == Q8_0 ? Q8_0 : Q6_K;
    }
    if (mix_ == "MXFP4_MOE") return t.shape.size() > 2 ? MXFP4 : Q8_0;
    if (role == Role::TokenEmbedding) {
      if (options.token_embedding) return *options.token_embedding;
      if (is({"IQ2_XXS", "IQ2_XS", "IQ1_S", "IQ1_M"})) return Q2_K;
      if (is({"IQ2_S", "IQ2_M", "IQ3_XXS"})) return IQ3_S;
      return is({"TQ1_0", "TQ2_0"}) ? Q4_K : base_;
    }
    if (is({"IQ2_XXS", "IQ2_XS", "IQ1_S", "IQ2_S", "IQ2_M", "IQ1_M"})) return very_low(role);
    switch (role) {
      case Role::V:
      case Role::Qkv:
        return values(v_++);
      case Role::K:
      case Role::Q:
        if (role == Role::K && model_.experts == 8) return Q8_0;
        return is("IQ3_XS") ? IQ3_XXS : is("IQ3_XXS") ? IQ2_S : base_;
      case Role::Down:
        return down(layer(t.name, down_++));
      case Role::AttentionOutput:
        return attention_output();
      case Role::Gate:
        return inner(layer(t.name, gate_++));
      case Role::Up:
        return inner(layer(t.name, up_++));
      default:
        return base_;
    }
  }

 private:
  bool is(const char* name) const { return mix_ == name; }
  bool is(std::initializer_list<const char*> names) const {
    for (const char* name : names)
      if (mix_ == name) return true;
    return false;
  }
  bool grouped() const { return model_.heads_per_kv >= 4; }
  // The first and last eighth, and every third layer between.
  static bool more_bits(int64_t i, int64_t n) { return i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2; }
  // Experts come in no particular order: their layer is read off the name.
  int64_t layer(const std::string& name, int64_t counted) const {
    return model_.experts > 1 && name.starts_with("blk.") ? std::strtoll(name.c_str() + 4, nullptr, 10) : counted;
  }

  GgmlType very_low(Role role) {
    const bool upper = is({"IQ2_S", "IQ2_M"});
    switch (role) {
      case Role::V:
      case Role::Qkv:
        v_++;
        return grouped() || model_.experts >= 4 ? Q4_K : upper ? IQ3_S : Q2_K;
      case Role::K:
        return model_.experts == 8 ? Q4_K : base_;
      case Role::Down:
        return down_++ < model_.layers / 8 ? (upper ? IQ3_S : Q2_K) : base_;
      case Role::AttentionOutput:
        if (model_.experts == 8) return Q5_K;
        return is({"IQ1_S", "IQ1_M"}) ? IQ2_XXS : upper ? IQ3_S : base_;
      default:
        return base_;
    }
  }

  GgmlType values(int64_t i) const {
    GgmlType type = base_;
    if (is("Q2_K"))
      type = grouped() ? Q4_K : Q3_K;
    else if (is("IQ3_XXS"))
      type = grouped() ? Q4_K : model_.importance ? IQ3_XXS : IQ3_S;
    else if (is({"Q2_K_S", "IQ3_XS", "IQ3_S"}))
      type = grouped() ? Q4_K : base_;
    else if (is("IQ3_M"))
      type = Q4_K;
    else if (is("Q3_K_M"))
      type = i < 2 ? Q5_K : Q4_K;
    else if (is("Q3_K_L"))
      type = Q5_K;
    else if (is({"IQ4_NL", "IQ4_XS"}))
      type = grouped() ? Q5_K : base_;
    else if (is({"Q4_K_M", "Q5_K_M"}))
      type = more_bits(i, v_count_) ? Q6_K : base_;
    else if (is("Q4_K_S"))
      type = i < 4 ? Q5_K : base_;
    if (model_.whole_70b && (type == Q3_K || type == Q4_K)) type = Q5_K;
    return model_.experts == 8 ? Q8_0 : type;
  }

  GgmlType down(int64_t i) const {
    const int64_t n = model_.layers;
    const bool early = i < n / 8;
    if (is("Q2_K")) return Q3_K;
    if (is("Q2_K_S")) return early ? Q4_K : base_;
    if (is("IQ3_XXS")) return model_.importance ? base_ : early ? Q4_K : Q3_K;
    if (is("Q3_K_M")) return i < n / 16 ? Q5_K : !falcon_ || more_bits(i, n) ? Q4_K : Q3_K;
    if (is("IQ3_M")) return early || (model_.experts == 8 && more_bits(i, n)) ? Q4_K : base_;
    if (is("Q3_K_L")) return falcon_ ? Q4_K : Q5_K;
    if (is("Q4_K_M") && falcon_) return i < n / 16 ? Q6_K : more_bits(i, n) ? Q5_K : Q4_K;
    if (is({"Q4_K_M", "Q5_K_M"})) return more_bits(i, n) ? Q6_K : base_;
    if (is({"IQ4_NL", "IQ4_XS"})) return early && !model_.importance ? Q5_K : base_;
    if (is("Q4_K_S")) return early && !falcon_ ? Q5_K : base_;
    if (is("Q4_0")) return early && model_.importance ? Q4_1 : base_;
    if (is("Q5_0")) return early && model_.importance ? Q5_1 : base_;
    return base_;
  }

  GgmlType attention_output() const {
    if (falcon_) return is("Q3_K_L") ? Q4_K : base_;
    if (model_.experts == 8)
      return is({"Q2_K", "IQ3_XS", "IQ3_XXS", "Q3_K_S", "Q3_K_M", "IQ4_NL", "Q4_K_S", "Q4_K_M", "IQ3_S", "IQ3_M",
                 "IQ4_XS"})
                 ? Q5_K
                 : base_;
    if (is("Q2_K")) return Q3_K;
    if (is("IQ3_XXS")) return IQ3_S;
    if (is({"Q3_K_M", "IQ3_M"})) return Q4_K;
    return is("Q3_K_L") ? Q5_K : base_;
  }

  GgmlType inner(int64_t i) const {
    return is("IQ3_XS") && i >= model_.layers / 8 && i < 7 * model_.layers / 8 ? IQ3_XXS : base_;
  }

  std::string mix_;
  GgmlType base_;
  MixModel model_;
  bool falcon_, tied_ = true;
  int64_t v_count_ = 0, v_ = 0, down_ = 0, gate_ = 0, up_ = 0;
};

}  // namespace

const std::vector<GgufMix>& gguf_mixes() {
  static const std::vector<GgufMix> mixes = {
      {"F32", 0, F32},          {"F16", 1, F16},          {"BF16", 32, BF16},     {"Q8_0", 7, Q8_0},
      {"Q4_0", 2, Q4_0},        {"Q4_1", 3, Q4_1},        {"Q5_0", 8, Q5_0},      {"Q5_1", 9, Q5_1},
      {"Q2_K", 10, Q2_K},       {"Q2_K_S", 21, Q2_K},     {"Q3_K_S", 11, Q3_K},   {"Q3_K_M", 12, Q3_K},
      {"Q3_K_L", 13, Q3_K},     {"Q4_K_S", 14, Q4_K},     {"Q4_K_M", 15, Q4_K},   {"Q5_K_S", 16, Q5_K},
      {"Q5_K_M", 17, Q5_K},     {"Q6_K", 18, Q6_K},       {"IQ4_NL", 25, IQ4_NL}, {"IQ4_XS", 30, IQ4_XS},
      {"IQ3_XS", 22, IQ3_S},    {"IQ3_XXS", 23, IQ3_XXS}, {"IQ3_S", 26, IQ3_S},   {"IQ3_M", 27, IQ3_S},
      {"IQ2_XXS", 19, IQ2_XXS}, {"IQ2_XS", 20, IQ2_XS},   {"IQ2_S", 28, IQ2_XS},  {"IQ2_M", 29, IQ2_S},
      {"IQ1_S", 24, IQ1_S},     {"IQ1_M", 31, IQ1_M},     {"TQ1_0", 36, TQ1_0},   {"TQ2_0", 37, TQ2_0},
      {"MXFP4_MOE", 38, MXFP4}, {"Q1_0", 40, Q1_0},
  };
  return mixes;
}

const GgufMix& gguf_mix(std::string name) {
  static const Registry<const GgufMix*> known = [] {
    Registry<const GgufMix*> r("GGUF quantization");
    for (const GgufMix& mix : gguf_mixes()) r.add(mix.name, &mix);
    return r;
  }();
  for (char& c : name) c = char(std::toupper(static_cast<unsigned char>(c)));
  return *known.at<ConfigError>(name);
}

std::vector<GgmlType> mix_types(const GgufMix& mix, const std::vector<MixTensor>& tensors, const MixModel& model,
                                const MixOptions& options) {
  const bool blocks = ggml_type_info(mix.base).block_length > 1;
  std::vector<std::pair<std::regex, GgmlType>> overrides;
  for (const auto& [pattern, type] : options.overrides) try {
      overrides.emplace_back(std::regex(pattern), type);
    } catch (const std::regex_error& e) {
      fail<ConfigError>("quantize: tensor pattern '", pattern, "' is not a regular expression: ", e.what());
    }
  Chooser choose(mix.name, mix.base, model, tensors);
  std::vector<GgmlType> types;
  for (const MixTensor& t : tensors) {
    GgmlType type = t.stored;
    if (may_quantize(t)) {
      const Role role = role_of(t.name);
      type = mix.base;
      if (role == Role::TokenEmbedding && options.token_embedding) {
        type = *options.token_embedding;
      } else if (role == Role::Output && options.output) {
        type = *options.output;
      } else if (blocks) {
        bool named = false;
        for (const auto& [pattern, chosen] : overrides)
          if (std::regex_search(t.name, pattern)) {
            type = chosen, named = true;
            break;
          }
        if (!named && !options.pure) type = choose(t, options);
        type = that_fits(type, t.shape.back());
      }
    }
    types.push_back(type);
  }
  return types;
}

bool mix_needs_importance(const GgufMix& mix, const std::string& name, GgmlType type) {
  if (role_of(name) == Role::TokenEmbedding || role_of(name) == Role::Output) return false;
  switch (type) {
    case IQ3_XXS:
    case IQ2_XXS:
    case IQ2_XS:
    case IQ2_S:
    case IQ1_M:
    case IQ1_S:
      return true;
    default:
      return type == Q2_K && std::string_view(mix.name) == "Q2_K_S";
  }
}

}  // namespace ef
