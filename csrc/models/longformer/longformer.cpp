// Longformer: RoBERTa whose tokens see a window, but for chosen ones that see all and that all see
// (Beltagy et al., "Longformer: The Long-Document Transformer", 2020). Memory and time grow with the length alone.
#include "models/longformer/longformer.h"

#include <algorithm>
#include <numeric>

#include "models/roberta/roberta.h"
#include "ops/ops.h"

namespace ef {
namespace {

// Of one pass. Rows with fewer global tokens than the others have places that hold none.
struct GlobalTokens {
  Tensor rows;    // int64 [batch · most]: where they stand among batch · length tokens
  Tensor valid;   // bool [batch, most]: the place holds one
  Tensor merged;  // int64 [batch · length]: rows of the tokens' values, with those of global ones behind them
  int64_t most = 0;
  Tensor locals;  // bool [batch, length]: keys of the window, neither padded nor global; undefined: all
  Tensor others;  // bool [batch, length]: not global; undefined where none is
};

// The pass has a span for each of them, which reaches from end to end of its row.
GlobalTokens find_global(const Pass& pass, int64_t batch, int64_t length) {
  GlobalTokens g;
  g.locals = pass.key_mask;
  if (pass.spans.empty()) return g;
  std::vector<std::vector<int64_t>> found(static_cast<size_t>(batch));
  for (const Span& span : pass.spans) found[size_t(span.row)].push_back(span.row * length + span.q_begin);
  for (const auto& row : found) g.most = std::max(g.most, int64_t(row.size()));
  std::vector<int64_t> rows, merged(static_cast<size_t>(batch * length));
  std::iota(merged.begin(), merged.end(), 0);
  g.valid = Tensor::zeros({batch, g.most}, DType::Bool);
  g.others = Tensor::full({batch, length}, Scalar(true), DType::Bool);
  bool *valid = g.valid.mutable_data<bool>(), *others = g.others.mutable_data<bool>();
  for (int64_t b = 0; b < batch; b++)
    for (int64_t i = 0; i < g.most; i++) {
      const auto& row = found[size_t(b)];
      const bool held = i < int64_t(row.size());
      valid[b * g.most + i] = held;
      rows.push_back(held ? row[size_t(i)] : b * length);
      if (!held) continue;
      merged[size_t(row[size_t(i)])] = batch * length + b * g.most + i;
      others[row[size_t(i)]] = false;
    }
  g.rows = Tensor::from_data(rows);
  g.merged = Tensor::from_data(merged);
  g.locals = pass.key_mask.defined() ? logical_and(pass.key_mask, g.others) : g.others;
  return g;
}

// Keys that queries [begin, end) see, of `most` global ones and those of a stretch from `first` to `last` behind them.
Tensor band(int64_t begin, int64_t end, int64_t first, int64_t last, int64_t most, int64_t reach) {
  Tensor seen = Tensor::zeros({end - begin, most + last - first}, DType::Bool);
  bool* to = seen.mutable_data<bool>();
  for (int64_t q = begin; q < end; q++, to += most + last - first) {
    std::fill(to, to + most, true);
    const int64_t from = std::max(first, q - reach), until = std::min(last, q + reach + 1);
    std::fill(to + most + from - first, to + most + until - first, true);
  }
  return seen.view({1, 1, end - begin, most + last - first});
}

class LongformerLayer : public EncoderLayer {
 public:
  LongformerLayer(const EncoderConfig& c, int64_t reach) : EncoderLayer(c), reach_(reach) {
    query_global_ = &slots.linear("attention.self.query_global", c.hidden, c.hidden);
    key_global_ = &slots.linear("attention.self.key_global", c.hidden, c.hidden);
    value_global_ = &slots.linear("attention.self.value_global", c.hidden, c.hidden);
  }

 protected:
  Tensor attend(const Tensor& x, Pass& pass) override {
    const GlobalTokens g = find_global(pass, x.size(0), x.size(1));
    const std::vector<Tensor> parts = apply_all(x, {query, key, value});
    const Tensor q = split(parts[0]), k = split(parts[1]), v = split(parts[2]);
    Tensor mixed = g.most ? mix_blocks(q, k, v, g, pass) : mix_window(q, k, v, g, pass);
    if (g.most) {
      const int64_t batch = x.size(0), length = x.size(1);
      const Tensor chosen = index_select(x.flatten(0, 1), 0, g.rows).view({batch, g.most, -1});
      const Tensor own = mix_global(x, chosen, pass);
      const Tensor rows = cat({mixed.flatten(0, 1), own.flatten(0, 1)}, 0);
      mixed = index_select(rows, 0, g.merged).view({batch, length, -1});
    }
    if (!pass.key_mask.defined()) return mixed;
    return where(pass.key_mask.unsqueeze(2), mixed, Tensor::zeros({1}, mixed.dtype()));  // a padded token sees nothing
  }

 private:
  Tensor mix_window(const Tensor& q, const Tensor& k, const Tensor& v, const GlobalTokens& g, Pass& pass) const {
    AttentionOptions o;
    o.window = reach_ + 1;
    o.window_both_sides = true;
    o.key_mask = g.locals;
    o.dropout = training() ? attention_dropout : 0;
    if (pass.want_weights) pass.weights = narrowed(attention_weights(q, k, o), 0, g);
    return attention(q, k, v, o).transpose(1, 2).flatten(2, 3);
  }

  // A block of queries sees the global keys and a stretch of its neighbours.
  Tensor mix_blocks(const Tensor& q, const Tensor& k, const Tensor& v, const GlobalTokens& g, Pass& pass) const {
    const int64_t batch = q.size(0), length = q.size(2), size = std::max<int64_t>(reach_, 64);
    const auto chosen = [&](const Tensor& y) {  // [batch, heads, most, head_dim]
      const Tensor rows = index_select(y.transpose(1, 2).flatten(2, 3).flatten(0, 1), 0, g.rows);
      return split(rows.view({batch, g.most, -1}));
    };
    const Tensor keys = chosen(k), values = chosen(v);
    std::vector<Tensor> blocks, weights;
    for (int64_t begin = 0; begin < length; begin += size) {
      const int64_t end = std::min(length, begin + size);
      const int64_t first = pass.want_weights ? 0 : std::max<int64_t>(0, begin - reach_);
      const int64_t last = pass.want_weights ? length : std::min(length, end + reach_);
      AttentionOptions o;
      o.key_mask = cat({g.valid, g.locals.narrow(1, first, last - first)}, 1);
      o.bias = band(begin, end, first, last, g.most, reach_);
      o.dropout = training() ? attention_dropout : 0;
      const Tensor rows = q.narrow(2, begin, end - begin);
      const Tensor seen = cat({keys, k.narrow(2, first, last - first)}, 2);
      if (pass.want_weights) weights.push_back(attention_weights(rows, seen, o));
      blocks.push_back(attention(rows, seen, cat({values, v.narrow(2, first, last - first)}, 2), o));
    }
    if (pass.want_weights) pass.weights = narrowed(cat(weights, 2), g.most, g);
    return cat(blocks, 2).transpose(1, 2).flatten(2, 3);
  }

  Tensor mix_global(const Tensor& x, const Tensor& chosen, Pass& pass) const {
    const std::vector<Tensor> parts = apply_all(x, {key_global_, value_global_});
    const Tensor q = split((**query_global_)(chosen)), k = split(parts[0]), v = split(parts[1]);
    AttentionOptions o;
    o.key_mask = pass.key_mask;
    o.dropout = training() ? attention_dropout : 0;
    if (pass.want_weights) pass.cross_weights = attention_weights(q, k, o).transpose(2, 3);
    return attention(q, k, v, o).transpose(1, 2).flatten(2, 3);
  }

  // Weights [batch, heads, length, most + length] as [… , most + 2 · reach + 1]: of the keys around each query alone.
  Tensor narrowed(const Tensor& weights, int64_t most, const GlobalTokens& g) const {
    const int64_t length = weights.size(2), width = most + 2 * reach_ + 1, beyond = weights.size(3);
    std::vector<int64_t> at;
    for (int64_t q = 0; q < length; q++)
      for (int64_t i = 0; i < width; i++) {
        const int64_t key = q - reach_ + i - most;
        at.push_back(i < most ? i : key >= 0 && key < length ? most + key : beyond);
      }
    const Tensor index = Tensor::from_data(at, {1, 1, length, width})
                             .expand({weights.size(0), weights.size(1), length, width})
                             .contiguous();
    Tensor out = gather(pad(weights, {0, 1}), 3, index);
    if (!g.locals.defined())
      return out;  // else nothing of padded tokens, and of global ones, whose weights stand elsewhere
    return where(g.locals.view({g.locals.size(0), 1, length, 1}), out, Tensor::zeros({1}, out.dtype()));
  }

  const int64_t reach_;
  Child<Module>*query_global_ = nullptr, *key_global_ = nullptr, *value_global_ = nullptr;
};

struct LongformerBody : EncoderBody {
  using EncoderBody::EncoderBody;
  void prepare(const ModelInput& in, const Tensor& x, Pass& pass) override {
    check<UnsupportedError>(in.lengths.empty(), config.name, ": packed sequences");
    check<UnsupportedError>(!pass.bias.defined(), config.name, ": a 4-D attention_mask");
    if (!in.attention_mask.defined()) return;
    const Tensor chosen = gt(in.attention_mask, Scalar(1)).contiguous();  // 2: global
    const bool* at = chosen.data<bool>();
    const int64_t length = x.size(1);
    for (int64_t i = 0; i < chosen.numel(); i++)
      if (at[i]) pass.spans.push_back({i / length, i % length, i % length + 1, 0, length});
  }
};

std::vector<int64_t> read_reach(const ConfigReader& c, int64_t layers) {
  std::vector<int64_t> windows;
  for (const double n : c.numbers("attention_window")) windows.push_back(int64_t(n));
  if (!c.has("attention_window")) windows.assign(size_t(layers), 512);
  check<ConfigError>(int64_t(windows.size()) == layers,
                     "`len(config.attention_window)` should equal `config.num_hidden_layers`. Expected ", layers,
                     ", given ", windows.size());
  for (int64_t& n : windows) {
    check<ConfigError>(n > 0 && n % 2 == 0 && n < int64_t(1) << 31,
                       "`attention_window` has to be an even value above 0. Given ", n);
    n /= 2;
  }
  return windows;
}

EncoderConfig read(const ConfigReader& c) {
  EncoderConfig e = read_roberta(c);
  check<UnsupportedError>(!e.causal, "config.json: Longformer as a decoder (is_decoder) is not supported");
  e.name = "Longformer";
  e.names.base = "longformer";
  EncoderHeads& h = e.scorers;
  h.sequence.dropout_in = h.sequence.dropout = h.token.dropout = h.choice.dropout = e.dropout;
  const std::vector<int64_t> reach = read_reach(c, e.layers);
  e.make_layer = [reach](const EncoderConfig& config, int64_t index) {
    return std::make_shared<LongformerLayer>(config, reach.at(size_t(index)));
  };
  e.make_base = [](Module& owner, const EncoderConfig& config, bool pooled) {
    return std::make_unique<LongformerBody>(owner, config, pooled);
  };
  return e;
}

}  // namespace

Family longformer_family() { return encoder_family("longformer", read); }

}  // namespace ef
