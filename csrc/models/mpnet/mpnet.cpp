// MPNet: BERT whose layers share a bias for the distance between two tokens.
#include "models/mpnet/mpnet.h"

#include <cmath>

#include "models/common/encoder.h"
#include "ops/ops.h"

namespace ef {
namespace {

// Buckets of distances in both directions: exact ones near, logarithmic ones up to 128 (Raffel et al., "T5", 2020).
int64_t bucket_of(int64_t distance, int64_t buckets) {
  const int64_t half = buckets / 2, exact = half / 2, n = std::abs(distance);
  const int64_t side = distance > 0 ? half : 0;
  if (n < exact) return side + n;
  const auto far =
      int64_t(std::log(float(n) / float(exact)) / float(std::log(128.0 / double(exact))) * float(half - exact));
  return side + std::min(exact + far, half - 1);
}

struct MPNetBody : EncoderBody {
  MPNetBody(Module& owner, const EncoderConfig& c, bool pooled, int64_t buckets)
      : EncoderBody(owner, c, pooled), table(slots.embedding("encoder.relative_attention_bias", buckets, c.heads)) {}
  void prepare(const ModelInput& in, const Tensor& x, Pass& pass) override {
    int64_t length = x.size(1);
    if (!in.lengths.empty()) length = *std::max_element(in.lengths.begin(), in.lengths.end());
    std::vector<int64_t> buckets;
    for (int64_t q = 0; q < length; q++)
      for (int64_t k = 0; k < length; k++) buckets.push_back(bucket_of(k - q, 32));
    const Tensor rows = (*table)(Tensor::from_data(buckets)).to(DType::Float32);
    const Tensor bias = rows.view({length, length, config.heads}).permute({2, 0, 1}).unsqueeze(0).contiguous();
    pass.bias = masked_bias(bias, pass.bias);
  }
  Child<Module>& table;
};

EncoderConfig read(const ConfigReader& c) {
  EncoderConfig e = read_encoder(c.with("pad_token_id", 1), "MPNet", "mpnet");
  const int64_t buckets = c.size("relative_attention_num_buckets", 32);
  check<ConfigError>(buckets >= 32, "config.json: 'relative_attention_num_buckets' is ", buckets,
                     ", needed 32 (or more, of which 32 are used)");
  e.types = 0;
  e.padding = 1;
  e.positions_from_ids = true;
  EncoderNames& n = e.names;
  n.query = "attention.attn.q";
  n.key = "attention.attn.k";
  n.value = "attention.attn.v";
  n.out = "attention.attn.o";
  n.attention_norm = "attention.LayerNorm";
  e.make_base = [buckets](Module& owner, const EncoderConfig& config, bool pooled) {
    return std::make_unique<MPNetBody>(owner, config, pooled, buckets);
  };
  EncoderHeads& h = e.scorers;
  h.masked_lm = {"lm_head.dense", "gelu", "lm_head.layer_norm", "lm_head.decoder", "lm_head.bias"};
  h.sequence_pooled = false;
  h.sequence = {"classifier.dense", "tanh", "", "classifier.out_proj"};
  h.sequence.dropout_in = h.sequence.dropout = h.choice.dropout = h.token.dropout = e.dropout;
  return e;
}

}  // namespace

Family mpnet_family() { return encoder_family("mpnet", read); }

}  // namespace ef
