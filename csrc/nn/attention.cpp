#include "nn/attention.h"

#include <algorithm>
#include <cmath>

#include "autograd/memory.h"
#include "nn/adapted_linear.h"
#include "nn/fused.h"
#include "ops/helpers.h"
#include "ops/ops.h"

namespace ef {

RotaryEmbedding::RotaryEmbedding(const RopeParameters& parameters, int64_t head_dim)
    : rope(parameters, head_dim),
      inv_freq(*this, "inv_freq", {rope.rotary_dim() / 2}, true, false),
      original_inv_freq(*this, "original_inv_freq", {rope.rotary_dim() / 2}, true, false) {
  const std::vector<float> frequencies = rope.inv_freq(0);
  for (Parameter* slot : {&inv_freq, &original_inv_freq}) slot->set(Tensor::from_data(frequencies));
}

namespace {

std::shared_ptr<Module> make_linear(int64_t in, int64_t out, bool bias, bool conv1d) {
  if (conv1d) return std::make_shared<Conv1D>(in, out);
  return std::make_shared<Linear>(in, out, bias);
}

}  // namespace

Attention::Attention(const AttentionConfig& c, int layer) : config(c), layer(layer) {
  auto linear = [&](std::optional<Child<Module>>& slot, const std::string& name, int64_t in, int64_t out, bool bias) {
    slot.emplace(*this, name, make_linear(in, out, bias, c.conv1d));
  };
  const int64_t q_rows = c.heads * c.head_dim, kv_rows = c.kv_heads * c.head_dim;
  if (c.layout == QkvLayout::Separate) {
    linear(q_proj, c.q, c.hidden_size, q_rows, c.qkv_bias);
    linear(k_proj, c.k, c.hidden_size, kv_rows, c.qkv_bias);
    linear(v_proj, c.v, c.hidden_size, kv_rows, c.qkv_bias);
  } else {
    linear(qkv_proj, c.qkv, c.hidden_size, q_rows + 2 * kv_rows, c.qkv_bias);
  }
  linear(o_proj, c.o, q_rows, c.hidden_size, c.output_bias);
  if (c.sinks) sinks = std::make_unique<Parameter>(*this, "sinks", Shape{c.heads});
  if (c.qk_norm != QkNorm::None) {
    auto norm = [&](int64_t heads) -> std::shared_ptr<Module> {
      if (c.qk_norm == QkNorm::Full) return make_norm(c.norm, heads * c.head_dim);
      if (c.qk_norm == QkNorm::Head) return make_norm(c.norm, c.head_dim);
      return std::make_shared<HeadNorm>(heads, c.head_dim, c.norm.eps, c.qk_norm == QkNorm::HeadList);
    };
    q_norm.emplace(*this, c.q_norm, norm(c.heads));
    k_norm.emplace(*this, c.k_norm, norm(c.kv_heads));
  }
}

Attention::Projected Attention::project(const Tensor& x) const {
  const int64_t batch = x.size(0), length = x.size(1), dim = config.head_dim;
  Projected out;
  if (config.layout == QkvLayout::Grouped) {  // each key head with its queries
    const int64_t queries = config.heads / config.kv_heads;
    const Tensor groups = (**qkv_proj)(x).view({batch, length, config.kv_heads, queries + 2, dim});
    out.q = groups.narrow(3, 0, queries).reshape({batch, length, config.heads, dim});
    out.k = groups.select(3, queries);
    out.v = groups.select(3, queries + 1);
    return out;
  }
  std::vector<Tensor> qkv;
  if (config.layout == QkvLayout::Stacked) {
    const Tensor rows = (**qkv_proj)(x);
    const int64_t q_rows = config.heads * dim, kv_rows = config.kv_heads * dim;
    qkv = {rows.narrow(2, 0, q_rows), rows.narrow(2, q_rows, kv_rows), rows.narrow(2, q_rows + kv_rows, kv_rows)};
  } else {
    qkv = apply_all(x, {&*q_proj, &*k_proj, &*v_proj});
  }
  if (config.qk_norm == QkNorm::Full) {
    qkv[0] = (**q_norm)(qkv[0]);
    qkv[1] = (**k_norm)(qkv[1]);
  }
  auto heads = [&](const Tensor& y) { return y.unflatten(2, {-1, dim}); };
  return {heads(qkv[0]), heads(qkv[1]), heads(qkv[2])};
}

std::vector<Span> packed_spans(const Tensor& positions, int64_t batch) {
  const Tensor p = positions.to(DType::Int64).contiguous();
  const int64_t rows = p.size(0), length = p.size(1);
  std::vector<Span> spans;
  for (int64_t row = 0; row < batch; row++) {
    const int64_t* at = p.data<int64_t>() + row % rows * length;
    for (int64_t begin = 0, i = 1; i <= length; i++)
      if (i == length || at[i] - at[i - 1] != 1) {
        spans.push_back({row, begin, i, begin, i});
        begin = i;
      }
  }
  if (int64_t(spans.size()) == batch) spans.clear();
  return spans;
}

std::vector<Span> unpadded_spans(const Tensor& keep, int64_t past) {
  const int64_t keys = keep.size(1);
  const Tensor k = keep.contiguous();
  std::vector<Span> spans;
  for (int64_t row = 0; row < keep.size(0); row++) {
    const bool* at = k.data<bool>() + row * keys;
    const int64_t first = std::find(at, at + keys, true) - at;
    spans.push_back({row, std::max(first, past), keys, first, keys});
  }
  return spans;
}

namespace {

// Attention inside each span; queries outside of all give zeros. Span by span, so that a sequence gets the same bits
// wherever it stands. `first`: position of the first key.
Tensor attention_in_spans(const Tensor& q, const KvView& kv, const AttentionOptions& o, const Pass& pass) {
  const int64_t keys = kv.keys.size(2);
  std::vector<Tensor> rows(size_t(q.size(0)));
  std::vector<std::vector<Tensor>> pieces(rows.size());
  std::vector<int64_t> done(rows.size(), pass.past);
  const auto gap = [&](size_t row, int64_t until) {
    if (until > done[row])
      pieces[row].push_back(Tensor::zeros({1, q.size(1), until - done[row], kv.values.size(3)}, q.dtype()));
    done[row] = until;
  };
  for (const Span& s : pass.spans) {
    if (s.q_begin >= s.q_end) continue;
    const size_t row = size_t(s.row);
    gap(row, s.q_begin);
    const int64_t begin = std::max<int64_t>(s.k_begin - kv.first, 0),
                  count = std::min(s.k_end - kv.first, keys) - begin;
    const auto part = [&](const Tensor& t, int64_t from, int64_t n) {
      return t.narrow(0, s.row, 1).narrow(2, from, n);
    };
    AttentionOptions inside = o;
    inside.q_offset = s.q_begin - kv.first - begin;
    if (o.key_mask.defined()) inside.key_mask = o.key_mask.narrow(0, s.row, 1).narrow(1, begin, count);
    pieces[row].push_back(attention(part(q, s.q_begin - pass.past, s.q_end - s.q_begin), part(kv.keys, begin, count),
                                    part(kv.values, begin, count), inside));
    done[row] = s.q_end;
  }
  for (size_t row = 0; row < rows.size(); row++) {
    gap(row, pass.past + q.size(2));
    rows[row] = cat(pieces[row], 2);
  }
  return cat(rows, 0);
}

// The spans as a mask [batch, 1, queries, keys], true where a query may look.
Tensor span_mask(const Tensor& q, const KvView& kv, const Pass& pass) {
  Tensor mask = Tensor::zeros({q.size(0), 1, q.size(2), kv.keys.size(2)}, DType::Bool);
  for (const Span& s : pass.spans) {
    const int64_t begin = std::max<int64_t>(s.k_begin - kv.first, 0);
    if (s.q_begin < s.q_end)
      mask.narrow(0, s.row, 1)
          .narrow(2, s.q_begin - pass.past, s.q_end - s.q_begin)
          .narrow(3, begin, s.k_end - kv.first - begin)
          .fill_(1);
  }
  return mask;
}

}  // namespace

Tensor Attention::forward(const Tensor& x, Pass& pass) {
  const int64_t batch = x.size(0), length = x.size(1), dim = config.head_dim;
  Projected p = project(x);
  if (config.qk_norm != QkNorm::None && config.qk_norm != QkNorm::Full) {
    p.q = (**q_norm)(p.q);
    p.k = (**k_norm)(p.k);
  }
  Tensor q = p.q.transpose(1, 2), k = p.k.transpose(1, 2);
  if (config.rope >= 0) {
    const Rope::Rows& turn = pass.ropes.at(size_t(config.rope));
    q = rope(q, turn.cos, turn.sin, config.rope_interleaved);
    k = rope(k, turn.cos, turn.sin, config.rope_interleaved);
  }
  if (pass.last) q = q.narrow(2, length - pass.last, pass.last);
  const Tensor mixed = attend(q, k, p.v.transpose(1, 2), pass);
  return (**o_proj)(mixed.transpose(1, 2).reshape({batch, q.size(2), config.heads * dim}));
}

Tensor Attention::attend(const Tensor& q, const Tensor& k, const Tensor& v, Pass& pass) const {
  KvView kv{k, v};
  if (pass.cache) kv = pass.cache->append(layer, k, v);
  if (kv.packed_keys.count && (pass.want_weights || !pass.spans.empty())) kv = pass.cache->view(layer);

  AttentionOptions options;
  options.scale = scale();
  options.causal = config.causal && !pass.bias.defined();  // a 4-D mask says all there is to say
  options.window = pass.bias.defined() ? 0 : config.window;
  options.window_both_sides = !config.causal;
  options.softcap = config.softcap;
  if (sinks) options.sinks = sinks->tensor();
  options.packed_k = kv.packed_keys;
  options.packed_v = kv.packed_values;
  const int64_t keys = kv.keys.size(2);
  options.q_offset = pass.past - kv.first + k.size(2) - q.size(2);
  options.key_mask = kv.first && pass.key_mask.defined() ? pass.key_mask.narrow(1, kv.first, keys) : pass.key_mask;
  options.bias = kv.first && pass.bias.defined() && pass.bias.size(3) == kv.first + keys
                     ? pass.bias.narrow(3, kv.first, keys)
                     : pass.bias;
  if (pass.alibi.defined()) {
    const Tensor alibi = kv.first ? pass.alibi.narrow(3, kv.first, keys) : pass.alibi;
    if (!options.bias.defined())
      options.bias = alibi;
    else if (options.bias.dtype() == DType::Bool)
      options.bias = where(options.bias, alibi, Tensor::full({1}, Scalar(-INFINITY)));
    else
      options.bias = add(options.bias, alibi);
  }
  options.dropout = training() ? config.dropout : 0;
  if (pass.want_weights) {
    AttentionOptions shown = options;
    if (!pass.spans.empty()) shown.bias = span_mask(q, kv, pass);
    pass.weights = attention_weights(q, kv.keys, shown);
  }
  return pass.spans.empty() ? attention(q, kv.keys, kv.values, options) : attention_in_spans(q, kv, options, pass);
}

double Attention::scale() const { return config.scale > 0 ? config.scale : 1 / std::sqrt(double(config.head_dim)); }

GatedMlp::GatedMlp(int64_t hidden, int64_t intermediate, const std::string& activation, bool bias, bool fused,
                   const MlpNames& names) {
  if (fused) {
    gate_up_proj.emplace(*this, names.gate_up, std::make_shared<Linear>(hidden, 2 * intermediate, bias));
  } else {
    gate_proj.emplace(*this, names.gate, std::make_shared<Linear>(hidden, intermediate, bias));
    up_proj.emplace(*this, names.up, std::make_shared<Linear>(hidden, intermediate, bias));
  }
  down_proj.emplace(*this, names.down, std::make_shared<Linear>(intermediate, hidden, bias));
  act_fn.emplace(*this, names.act, std::make_shared<ActivationLayer>(activation));
}

namespace {

// gate = act(gate)·up, if nobody else has the gate: of a prompt's pieces these are the largest tensors.
bool gate_in_place(rowwise::Unary act, Tensor& gate, const Tensor& up) {
  if (needs_grad(gate, up) || !fast_f32(gate, up) || !unshared(gate)) return false;
  const int64_t n = gate.size(-1), rows = n ? gate.numel() / n : 0;
  float* y = gate.mutable_data<float>();
  rowwise::glu<float>(act, rows, n, y, n, up.data<float>(), n, y, n);
  return true;
}

}  // namespace

Tensor GatedMlp::forward(const Tensor& x) {
  std::vector<Tensor> both;
  if (gate_up_proj) {
    const Tensor y = (**gate_up_proj)(x);
    const int64_t half = y.size(-1) / 2;
    both = {y.narrow(-1, 0, half), y.narrow(-1, half, half)};
  } else {
    both = apply_all(x, {&*gate_proj, &*up_proj});
  }
  const auto act = std::dynamic_pointer_cast<ActivationLayer>(act_fn->ptr());
  const auto kernel = act && act->plain() ? activation_kernel(act->name) : std::nullopt;
  // Beside a matrix in bf16, which takes its input in bf16, backward gets by with bf16 too.
  TrainingMode mode = training_mode();
  if (const auto down = linear_term(*down_proj->operator->()))
    mode.rounded = mode.rounded || down->weight->dtype() == DType::BFloat16;
  const Tensor y = [&] {
    const TrainingModeGuard guard(mode);
    if (kernel && gate_in_place(*kernel, both[0], both[1])) return both[0];
    return kernel == rowwise::Unary::Silu ? silu_mul(both[0], both[1]) : mul((**act_fn)(both[0]), both[1]);
  }();
  return (**down_proj)(training() && dropout > 0 ? ef::dropout(y, dropout) : y);
}

PlainMlp::PlainMlp(int64_t hidden, int64_t intermediate, const std::string& activation, bool bias,
                   const MlpNames& names, bool conv1d)
    : up_proj(*this, names.up, make_linear(hidden, intermediate, bias, conv1d)),
      act_fn(*this, names.act, std::make_shared<ActivationLayer>(activation)),
      down_proj(*this, names.down, make_linear(intermediate, hidden, bias, conv1d)) {}

Tensor PlainMlp::forward(const Tensor& x) {
  const Tensor y = (*act_fn)((*up_proj)(x));
  return (*down_proj)(training() && dropout > 0 ? ef::dropout(y, dropout) : y);
}

}  // namespace ef
