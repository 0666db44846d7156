#include "models/common/t5.h"

#include <algorithm>
#include <cmath>

#include "ops/ops.h"

namespace ef {

int64_t t5_bucket(int64_t query, int64_t key, bool both_ways, int64_t buckets, int64_t max_distance) {
  int64_t first = 0, distance = query - key;
  if (both_ways) {
    buckets /= 2;
    if (distance < 0) first = buckets;
    distance = std::abs(distance);
  }
  distance = std::max<int64_t>(distance, 0);
  const int64_t exact = buckets / 2;
  if (distance < exact) return first + distance;
  const float grown = std::log(float(distance) / float(exact)) / float(std::log(double(max_distance) / double(exact)));
  return first + std::min(exact + int64_t(grown * float(buckets - exact)), buckets - 1);
}

namespace {

struct LayerConfig {
  AttentionConfig attention;
  int64_t intermediate, buckets, max_distance;
  std::string act;
  double eps, dropout;
  bool gated, decoder, bias_everywhere;
};

class T5Attention : public Attention {
 public:
  T5Attention(const LayerConfig& c, int layer)
      : Attention(c.attention, layer), buckets_(c.buckets), max_distance_(c.max_distance) {
    if (layer == 0 || c.bias_everywhere)
      table_.emplace(*this, "relative_attention_bias", std::make_shared<Embedding>(buckets_, c.attention.heads));
  }
  std::string class_name() const override { return "T5Attention"; }
  using Module::forward;
  Tensor forward(const Tensor& x, Pass& pass) override {
    if (table_) pass.alibi = bias(pass.past, pass.past + x.size(1));  // the layers without a table use this one
    return Attention::forward(x, pass);
  }

 private:
  Tensor bias(int64_t first, int64_t end) const {
    std::vector<int64_t> bucket(size_t(2 * end));  // of key - query + end
    for (int64_t d = -end; d < end; d++)
      bucket[size_t(d + end)] = t5_bucket(-d, 0, !config.causal, buckets_, max_distance_);
    Tensor ids = Tensor::empty({end - first, end}, DType::Int64);
    int64_t* to = ids.mutable_data<int64_t>();
    for (int64_t q = first; q < end; q++)
      for (int64_t k = 0; k < end; k++) *to++ = bucket[size_t(k - q + end)];
    return (**table_)(ids).permute({2, 0, 1}).unsqueeze(0).contiguous();
  }
  const int64_t buckets_, max_distance_;
  std::optional<Child<Module>> table_;
};

// A part of a block: x + part(norm(x)).
class T5Sublayer : public Block {
 public:
  T5Sublayer(const LayerConfig& c, const std::string& name, ModulePtr part)
      : dropout_(c.dropout),
        attends_(dynamic_cast<Block*>(part.get()) != nullptr),
        part_(*this, name, std::move(part)),
        layer_norm_(*this, "layer_norm", make_norm({NormConfig::Rms, c.eps}, c.attention.hidden_size)) {}
  std::string class_name() const override { return "T5Layer"; }
  using Module::forward;
  Tensor forward(const Tensor& x, Pass& pass) override {
    const Tensor in = (*layer_norm_)(x);
    const ModulePtr part = part_.operator->();
    auto* block = dynamic_cast<Block*>(part.get());
    const Tensor y =
        attends_ && block ? block->call(in, [&](const Tensor& h) { return block->forward(h, pass); }) : (*part)(in);
    return add(x, training() && dropout_ > 0 ? dropout(y, dropout_) : y);
  }

 private:
  const double dropout_;
  const bool attends_;
  Child<Module> part_, layer_norm_;
};

class T5Block : public Block {
 public:
  T5Block(const LayerConfig& c, int index) : layer_(*this, "layer", std::make_shared<ModuleList>()) {
    auto append = [&](const char* name, ModulePtr part) {
      layer_->append(std::make_shared<T5Sublayer>(c, name, std::move(part)));
    };
    append("SelfAttention", std::make_shared<T5Attention>(c, index));
    if (c.decoder) append("EncDecAttention", std::make_shared<CrossAttention>(c.attention, index));
    const int64_t hidden = c.attention.hidden_size;
    MlpNames names;
    names.up = c.gated ? "wi_1" : "wi";
    names.gate = "wi_0";
    names.down = "wo";
    names.act = "act";
    if (c.gated) {
      auto mlp = std::make_shared<GatedMlp>(hidden, c.intermediate, c.act, false, false, names);
      mlp->dropout = c.dropout;
      append("DenseReluDense", mlp);
    } else {
      auto mlp = std::make_shared<PlainMlp>(hidden, c.intermediate, c.act, false, names);
      mlp->dropout = c.dropout;
      append("DenseReluDense", mlp);
    }
  }
  std::string class_name() const override { return "T5Block"; }
  using Module::forward;
  Tensor forward(const Tensor& x, Pass& pass) override {
    Tensor h = x;
    const auto parts = layer_->child_modules();
    for (size_t i = 0; i < parts.size(); i++) {
      if (i == 1 && parts.size() == 3 && !pass.encoder_states.defined()) continue;
      auto* part = dynamic_cast<Block*>(parts[i].get());
      if (!part) fail<DtypeError>("layer.", i, ": found a ", parts[i]->class_name(), ", needed ", Block::role());
      h = part->call(h, [&](const Tensor& in) { return part->forward(in, pass); });
    }
    return h;
  }

 private:
  Child<ModuleList> layer_;
};

StackConfig read_stack(const ConfigReader& c, bool decoder, bool bias_everywhere) {
  StackConfig s;
  s.decoder = decoder;
  s.vocab_size = c.size("vocab_size");
  s.hidden_size = c.size("d_model");
  s.layers = read_layers(c, decoder && c.has("num_decoder_layers") ? "num_decoder_layers" : "num_layers");
  s.layers_name = "block";
  s.final_norm = "final_layer_norm";
  s.norm = {NormConfig::Rms, c.number("layer_norm_epsilon", 1e-6)};
  s.dropout = c.number("dropout_rate", 0.1);
  s.final_dropout = true;
  s.use_cache = c.flag("use_cache", true);
  LayerConfig layer{};
  AttentionConfig& a = layer.attention;
  a.hidden_size = s.hidden_size;
  a.heads = a.kv_heads = c.size("num_heads");
  a.head_dim = c.size("d_kv");
  a.rope = -1;
  a.scale = 1;
  a.causal = decoder;
  a.dropout = s.dropout;
  a.q = "q";
  a.k = "k";
  a.v = "v";
  a.o = "o";
  layer.intermediate = c.size("d_ff");
  layer.buckets = c.size("relative_attention_num_buckets", 32);
  layer.max_distance = c.size("relative_attention_max_distance", 128);
  check<ConfigError>(layer.buckets >= 4 && layer.max_distance > layer.buckets / 2,
                     "config.json: relative_attention_num_buckets = ", layer.buckets,
                     " and relative_attention_max_distance = ", layer.max_distance,
                     ", needed at least 4 buckets and a distance beyond those that are exact");
  const std::string mlp = c.text("feed_forward_proj", "relu");
  const size_t dash = mlp.find('-');
  layer.gated = mlp.substr(0, dash) == "gated";
  check<ConfigError>(dash == std::string::npos || (layer.gated && mlp.find('-', dash + 1) == std::string::npos),
                     "`feed_forward_proj`: ", mlp,
                     " is not a valid activation function of the dense layer. Please make sure `feed_forward_proj` is "
                     "of the format `gated-{ACT_FN}` or `{ACT_FN}`, e.g. 'gated-gelu' or 'relu'");
  layer.act = mlp == "gated-gelu" ? "gelu_new" : dash == std::string::npos ? mlp : mlp.substr(dash + 1);
  layer.eps = s.norm.eps;
  layer.dropout = s.dropout;
  layer.decoder = decoder;
  layer.bias_everywhere = bias_everywhere;
  s.make_layer = [layer](int index) { return std::make_shared<T5Block>(layer, index); };
  return s;
}

}  // namespace

Seq2SeqConfig read_t5(const ConfigReader& c, bool bias_everywhere) {
  Seq2SeqConfig out;
  out.encoder = read_stack(c, false, bias_everywhere);
  out.decoder = read_stack(c, true, bias_everywhere);
  out.head_base = "transformer";
  out.eos = c.integer("eos_token_id", 1);
  out.classifier_dropout = c.number("classifier_dropout", 0);
  return out;
}

GgufTable t5_gguf() {
  GgufTable table{{"t5"},
                  {{"token_embd", "shared"},
                   {"enc.output_norm", "encoder.final_layer_norm"},
                   {"dec.output_norm", "decoder.final_layer_norm"},
                   {"output", "lm_head"}}};
  for (const bool decoder : {false, true}) {
    const std::string file = decoder ? "dec.blk.{}." : "enc.blk.{}.";
    const std::string tree = decoder ? "decoder.block.{}.layer." : "encoder.block.{}.layer.";
    const auto attention = [&](const std::string& name, const std::string& layer, const std::string& module) {
      table.names.emplace_back(file + name + "_norm", tree + layer + ".layer_norm");
      table.names.emplace_back(file + name + "_rel_b", tree + layer + module + "relative_attention_bias");
      for (const std::string part : {"q", "k", "v", "o"})
        table.names.emplace_back(file + name + "_" + part, tree + layer + module + part);
    };
    attention("attn", "0", ".SelfAttention.");
    if (decoder) attention("cross_attn", "1", ".EncDecAttention.");
    const std::string last = tree + (decoder ? "2" : "1");
    table.names.emplace_back(file + "ffn_norm", last + ".layer_norm");
    table.names.emplace_back(file + "ffn_up", last + ".DenseReluDense.wi");
    table.names.emplace_back(file + "ffn_gate", last + ".DenseReluDense.wi_0");
    table.names.emplace_back(file + "ffn_down", last + ".DenseReluDense.wo");
    table.variant.emplace_back(file + "ffn_up", last + ".DenseReluDense.wi_1");
  }
  table.variant_marker = "enc.blk.0.ffn_gate.weight";
  return table;
}

}  // namespace ef
