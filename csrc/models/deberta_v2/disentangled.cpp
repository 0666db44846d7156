#include "models/deberta_v2/disentangled.h"

#include <algorithm>
#include <cmath>

#include "ops/ops.h"

namespace ef {

DisentangledConfig read_disentangled(const ConfigReader& c) {
  DisentangledConfig d;
  d.relative = c.flag("relative_attention", false);
  const std::vector<std::string> kinds = c.texts("pos_att_type");
  for (const std::string& kind : kinds)
    check<UnsupportedError>(kind == "c2p" || kind == "p2c" || kind == "none", "config.json: pos_att_type '", kind,
                            "' is not supported, known are c2p and p2c");
  d.c2p = std::find(kinds.begin(), kinds.end(), "c2p") != kinds.end();
  d.p2c = std::find(kinds.begin(), kinds.end(), "p2c") != kinds.end();
  d.furthest = c.integer("max_relative_positions", -1);
  if (d.furthest < 1) d.furthest = c.size("max_position_embeddings", 512);
  d.buckets = std::max<int64_t>(c.integer("position_buckets", -1), 0);
  d.span = d.buckets ? d.buckets : d.furthest;
  check<ConfigError>(d.span <= 1 << 20 && (d.buckets == 0 || (d.buckets >= 2 && d.furthest > d.buckets / 2 + 1)),
                     "config.json: found position_buckets ", d.buckets, " and max_relative_positions ", d.furthest,
                     ", needed at least 2 buckets, and more than half as many positions");
  d.norm_table = c.text("norm_rel_ebd", "none").find("layer_norm") != std::string::npos;
  d.conv = c.integer("conv_kernel_size", 0);
  check<ConfigError>(d.conv >= 0 && d.conv < 1000 && (d.conv == 0 || d.conv % 2 == 1),
                     "config.json: 'conv_kernel_size' is ", d.conv, ", needed an odd number");
  check<UnsupportedError>(!d.conv || c.integer("conv_groups", 1) == 1, "config.json: conv_groups other than 1");
  d.conv_act = c.text("conv_act", "tanh");
  return d;
}

namespace {

int64_t bucket_of(int64_t distance, const DisentangledConfig& d) {
  const int64_t mid = d.buckets / 2, n = std::abs(distance);
  if (!d.buckets || n <= mid) return distance;
  const auto far = int64_t(std::ceil(std::log(float(n) / float(mid)) / std::log(float(d.furthest - 1) / float(mid)) *
                                     float(mid - 1))) +
                   mid;
  return distance < 0 ? -far : far;
}

}  // namespace

Tensor RelativePositions::rows() const {
  const Tensor all = (*table.get())(Tensor::arange(2 * config.span)).to(DType::Float32);
  const ModulePtr gain = norm.get();
  return gain ? (*gain)(all) : all;
}

Tensor RelativePositions::distances(int64_t length) const {
  Tensor known = known_.get();
  if (known.defined() && known.size(1) == length) return known;
  std::vector<int64_t> rows;
  for (int sign : {1, -1})
    for (int64_t i = 0; i < length; i++)
      for (int64_t j = 0; j < length; j++)
        rows.push_back(std::clamp(sign * bucket_of(i - j, config) + config.span, int64_t(0), 2 * config.span - 1));
  known = Tensor::from_data(rows, {2, length, length});
  known_.set(known);
  return known;
}

Tensor RelativePositions::bias(const Tensor& q, const Tensor& k, Child<Module>* pos_key, Child<Module>* pos_query,
                               double scale, double p) const {
  const int64_t heads = q.size(1), length = q.size(2);
  const Tensor all = p > 0 ? dropout(rows(), p) : rows(), at = distances(length);
  const auto scores = [&](const Tensor& x, Child<Module>& projection, int64_t direction) {
    const Tensor keys = (*projection)(all).unflatten(1, {heads, -1}).permute({1, 2, 0}).unsqueeze(0);
    const Tensor index = at.select(0, direction).view({1, 1, length, length});
    return mul(gather(matmul(x, keys), 3, index.expand({q.size(0), heads, length, length}).contiguous()),
               Scalar(scale));
  };
  Tensor out;
  if (pos_key) out = scores(q, *pos_key, 0);
  if (!pos_query) return out;
  const Tensor back = scores(k, *pos_query, 1).transpose(2, 3);
  return out.defined() ? add(out, back) : back;
}

Tensor DisentangledLayer::mix_disentangled(const Tensor& q, const Tensor& k, const Tensor& v, Pass& pass) const {
  AttentionOptions options;
  options.scale = 1 / std::sqrt(double(q.size(3) * (1 + d.c2p + d.p2c)));
  if (pos_key || pos_query)
    options.bias = relative->bias(q, k, pos_key, pos_query, *options.scale, training() ? dropout : 0);
  const Tensor mixed = mix(q, k, v, options, pass);
  if (!pass.key_mask.defined()) return mixed;
  const int64_t batch = q.size(0), length = q.size(2);
  if (pass.want_weights)
    pass.weights = where(pass.key_mask.view({batch, 1, length, 1}), pass.weights,
                         Tensor::full({1}, Scalar(1.0 / double(length)), pass.weights.dtype()));
  return where(pass.key_mask.unsqueeze(2), mixed, mean(v, {2}).flatten(1, 2).unsqueeze(1));
}

void use_relative_positions(EncoderConfig& e, const DisentangledConfig& d, RelativeLayer make) {
  e.make_base = [d, make = std::move(make)](Module& owner, const EncoderConfig& config, bool) {
    auto shared = std::make_shared<RelativePositions>(d);
    EncoderConfig own = config;
    own.make_layer = [shared, make](const EncoderConfig& c, int64_t) { return make(c, shared); };
    return std::make_unique<DisentangledBody>(owner, own, shared);
  };
}

DisentangledBody::DisentangledBody(Module& owner, const EncoderConfig& c, std::shared_ptr<RelativePositions> shared)
    : EncoderBody(owner, c, false), relative(std::move(shared)) {
  const DisentangledConfig& d = relative->config;
  if (d.relative) table = &slots.embedding("encoder.rel_embeddings", 2 * d.span, c.hidden);
  if (d.norm_table) table_norm = &slots.norm("encoder.LayerNorm", c.norm, c.hidden);
  if (!d.conv) return;
  conv_weight = &slots.parameter("encoder.conv.conv.weight", {c.hidden, c.hidden, d.conv});
  conv_bias = &slots.parameter("encoder.conv.conv.bias", {c.hidden});
  conv_norm = &slots.norm("encoder.conv.LayerNorm", c.norm, c.hidden);
}

Tensor DisentangledBody::embed(const ModelInput& in, const Tensor& words) {
  check<UnsupportedError>(in.lengths.empty(), config.name, ": packed sequences");
  const Tensor x = EncoderBody::embed(in, words);
  if (!in.attention_mask.defined() || in.attention_mask.dim() != 2) return x;
  return mul(x, in.attention_mask.to(DType::Float32).unsqueeze(2));
}

void DisentangledBody::prepare(const ModelInput&, const Tensor&, Pass&) {
  if (table) relative->table.set(table->get());
  if (table_norm) relative->norm.set(table_norm->get());
}

Tensor DisentangledBody::after_layer(int64_t index, const Tensor& first, const Tensor& x, const Pass& pass) {
  if (index > 0 || !conv_weight) return x;
  const int64_t width = relative->config.conv, length = x.size(1);
  const Tensor edge = Tensor::zeros({x.size(0), width / 2, x.size(2)}, DType::Float32);
  const Tensor padded = cat({edge, first, edge}, 1), weight = conv_weight->tensor().to(DType::Float32);
  Tensor y = conv_bias->tensor().to(DType::Float32);
  for (int64_t k = 0; k < width; k++)
    y = add(matmul(padded.narrow(1, k, length), weight.select(2, k).transpose(0, 1)), y);
  const Tensor real = pass.key_mask.defined() ? pass.key_mask.to(DType::Float32).unsqueeze(2) : Tensor();
  if (real.defined()) y = mul(y, real);
  y = (**conv_norm)(add(x, activation_fn(relative->config.conv_act)(maybe_dropped(y))));
  return real.defined() ? mul(y, real) : y;
}

}  // namespace ef
