#include "models/common/decoder_step.h"

#include <algorithm>
#include <cstring>
#include <typeinfo>

#include "autograd/memory.h"
#include "core/thread_pool.h"
#include "kernels/attention.h"
#include "kernels/quant.h"
#include "nn/fused.h"
#include "ops/ops.h"

namespace ef {
namespace {

constexpr int64_t kMostRows = 128;
constexpr int64_t kMostApart = 4;  // threads that may read all weights each

size_t padded(size_t bytes) { return (bytes + 63) / 64 * 64; }

// The module of a slot if it is just a T that nobody watches; subclasses may compute otherwise.
template <class T>
std::shared_ptr<T> only(const ModulePtr& module) {
  if (!module || typeid(*module) != typeid(T) || !module->plain()) return nullptr;
  return std::static_pointer_cast<T>(module);
}
ModulePtr held(const std::optional<Child<Module>>& slot) { return slot ? slot->get() : nullptr; }

bool readable(const Tensor& t) {
  const DType d = t.dtype();
  return t.is_contiguous() && (d == DType::Float32 || d == DType::BFloat16 || d == DType::Float16);
}

// False for a norm that is not known here; an empty slot is a norm that does nothing.
bool read_norm(const std::optional<Child<Module>>& slot, int64_t size, StepNorm& out) {
  if (!slot) return true;
  const ModulePtr module = slot->get();
  if (auto rms = only<RMSNorm>(module)) {
    out = {StepNorm::Rms, rms->weight.tensor(), {}, rms->eps, rms->unit_offset, size};
    return out.gain.defined() && out.gain.numel() == size && readable(out.gain);
  }
  const auto layer = only<LayerNorm>(module);
  if (!layer || layer->unit_offset || layer->size != size) return false;
  out = {StepNorm::Layer,
         layer->weight ? layer->weight->tensor() : Tensor(),
         layer->bias ? layer->bias->tensor() : Tensor(),
         layer->eps,
         false,
         size};
  return (!layer->weight || (out.gain.defined() && readable(out.gain))) &&
         (!layer->bias || (out.bias.defined() && readable(out.bias)));
}

std::optional<RowProduct> read_product(std::initializer_list<const std::optional<Child<Module>>*> slots) {
  std::vector<LinearTerm> terms;
  for (const auto* slot : slots) {
    const auto linear = only<Linear>(held(*slot));
    if (!linear || !linear->weight.defined()) return {};
    terms.push_back({linear->weight.get(), linear->bias_tensor(), {}});
  }
  return RowProduct::of(terms);
}

rowwise::Gain gain(const Tensor& t) { return t.defined() ? rowwise::Gain{t.data_ptr(), t.dtype()} : rowwise::Gain{}; }

}  // namespace

void StepNorm::operator()(int64_t rows, const float* x, float* y) const {
  if (kind == Rms)
    rowwise::rms_norm<float>(rows, n, x, n, ef::gain(gain), eps, unit_offset, y, n, nullptr);
  else if (kind == Layer)
    rowwise::layer_norm<float>(rows, n, x, n, ef::gain(gain), ef::gain(bias), eps, y, n, nullptr, nullptr);
  else if (x != y)
    std::copy_n(x, rows * n, y);
}

std::optional<StepLayer> StepLayer::of(const ModulePtr& module) {
  const auto layer = only<DecoderLayer>(module);
  if (!layer || layer->parallel || layer->residual_from_norm || layer->residual_scale != 1 ||
      (layer->training() && layer->residual_dropout > 0))
    return {};
  StepLayer out;
  out.attention_ = only<Attention>(layer->attention.get());
  const auto mlp = only<GatedMlp>(layer->mlp.get());
  if (!out.attention_ || !mlp || (mlp->training() && mlp->dropout > 0)) return {};
  const Attention& a = *out.attention_;
  const AttentionConfig& c = a.config;
  if (c.layout == QkvLayout::Grouped || (c.qk_norm != QkNorm::None && c.qk_norm != QkNorm::Head)) return {};
  out.qkv_ = a.qkv_proj ? read_product({&a.qkv_proj}) : read_product({&a.q_proj, &a.k_proj, &a.v_proj});
  out.o_ = read_product({&a.o_proj});
  out.gate_up_ =
      mlp->gate_up_proj ? read_product({&mlp->gate_up_proj}) : read_product({&mlp->gate_proj, &mlp->up_proj});
  out.down_ = read_product({&mlp->down_proj});
  const auto act = only<ActivationLayer>(held(mlp->act_fn));
  const auto kernel = act ? activation_kernel(act->name) : std::nullopt;
  if (!out.qkv_ || !out.o_ || !out.gate_up_ || !out.down_ || !kernel) return {};
  out.act_ = *kernel;
  const int64_t hidden = c.hidden_size, mixed = c.heads * c.head_dim;
  if (out.qkv_->inputs() != hidden || out.qkv_->outputs() != mixed + 2 * c.kv_heads * c.head_dim ||
      out.o_->inputs() != mixed || out.o_->outputs() != hidden || out.gate_up_->inputs() != hidden ||
      out.gate_up_->outputs() != 2 * out.down_->inputs() || out.down_->outputs() != hidden)
    return {};
  const bool norms = read_norm(layer->before_attention, hidden, out.before_attention_) &&
                     read_norm(layer->after_attention, hidden, out.after_attention_) &&
                     read_norm(layer->before_mlp, hidden, out.before_mlp_) &&
                     read_norm(layer->after_mlp, hidden, out.after_mlp_) &&
                     read_norm(a.q_norm, c.head_dim, out.q_norm_) && read_norm(a.k_norm, c.head_dim, out.k_norm_);
  out.before_attention_.n = out.before_mlp_.n = hidden;
  if (!norms) return {};
  return out;
}

size_t StepLayer::room(int64_t rows) const {
  const auto floats = [&](int64_t n) { return padded(size_t(rows * n) * sizeof(float)); };
  const size_t product = std::max({qkv_->room(rows), o_->room(rows), gate_up_->room(rows), down_->room(rows)});
  return floats(o_->outputs()) + floats(std::max(qkv_->outputs(), gate_up_->outputs())) +
         floats(std::max(o_->inputs(), down_->inputs())) + product;
}

double StepLayer::bytes_of_weight() const {
  double bytes = 0, count = 0;
  for (const RowProduct* product : products()) {
    bytes += double(product->nbytes());
    count += double(product->inputs() * product->outputs());
  }
  return bytes / count;
}

bool StepLayer::row_by_row(int64_t rows) const {
  return std::ranges::all_of(products(), [&](const RowProduct* product) { return product->row_by_row(rows); });
}

bool StepLayer::packed() const {
  return std::ranges::all_of(products(), [](const RowProduct* product) { return product->packed(); });
}

void StepLayer::run(float* x, Rows rows, Pass& pass, char* room, const KeptRows* kept) const {
  const int64_t m = rows.count(), hidden = o_->outputs(), inner = down_->inputs();
  const auto take = [&](int64_t n) {
    auto* at = reinterpret_cast<float*>(room);
    room += padded(size_t(m * n) * sizeof(float));
    return at;
  };
  float *narrow = take(hidden), *wide = take(std::max(qkv_->outputs(), gate_up_->outputs())),
        *mixed = take(std::max(o_->inputs(), inner));
  before_attention_(m, x, narrow);
  (*qkv_)(m, narrow, wide, room);
  attend(rows, pass, kept, wide, mixed);
  (*o_)(m, mixed, narrow, room);
  if (after_attention_.kind != StepNorm::None) after_attention_(m, narrow, narrow);
  rowwise::add<float>(m * hidden, x, narrow, x);
  before_mlp_(m, x, narrow);
  (*gate_up_)(m, narrow, wide, room);
  rowwise::glu<float>(act_, m, inner, wide, 2 * inner, wide + inner, 2 * inner, mixed, inner);
  (*down_)(m, mixed, narrow, room);
  if (after_mlp_.kind != StepNorm::None) after_mlp_(m, narrow, narrow);
  rowwise::add<float>(m * hidden, x, narrow, x);
}

void StepLayer::turn(Rows rows, const Rope::Rows& table, float* x, int64_t heads) const {
  const AttentionConfig& c = attention_->config;
  rowwise::RopeArgs<float> args;
  args.heads = heads;
  args.head_dim = c.head_dim;
  args.rotary_dim = 2 * table.cos.size(2);
  args.x_token = args.y_token = qkv_->outputs();
  args.x_head = args.y_head = c.head_dim;
  args.interleaved = c.rope_interleaved;
  const bool each = table.cos.size(0) > 1, flat = rows.length == 1 && (each || rows.batch == 1);
  args.tokens = flat ? rows.batch : rows.length;
  for (int64_t b = 0; b < (flat ? 1 : rows.batch); b++) {
    args.x = args.y = x + b * rows.length * qkv_->outputs();
    args.cos = table.cos.data<float>() + (each ? (rows.first + b) * table.cos.stride(0) : 0);
    args.sin = table.sin.data<float>() + (each ? (rows.first + b) * table.sin.stride(0) : 0);
    rowwise::rope(args);
  }
}

void StepLayer::attend(Rows rows, Pass& pass, const KeptRows* kept, float* qkv, float* mixed) const {
  const AttentionConfig& c = attention_->config;
  const int64_t dim = c.head_dim, ld = qkv_->outputs(), m = rows.count();
  float *k = qkv + c.heads * dim, *v = k + c.kv_heads * dim;
  for (int64_t r = 0; r < m && q_norm_.kind != StepNorm::None; r++) {
    q_norm_(c.heads, qkv + r * ld, qkv + r * ld);
    k_norm_(c.kv_heads, k + r * ld, k + r * ld);
  }
  if (c.rope >= 0) {
    turn(rows, pass.ropes[size_t(c.rope)], qkv, c.heads);
    turn(rows, pass.ropes[size_t(c.rope)], k, c.kv_heads);
  }
  if (kept) return attend_in_place(rows, pass, *kept, qkv, mixed);
  if (in_place(pass))
    if (const auto own = extend(rows, pass)) return attend_in_place(rows, pass, *own, qkv, mixed);
  const auto heads = [&](const float* from, int64_t count) {  // memory of its own: a cache may keep it
    Tensor t = Tensor::empty({rows.batch, rows.length, count, dim});
    float* to = t.mutable_data<float>();
    for (int64_t r = 0; r < m; r++) std::copy_n(from + r * ld, count * dim, to + r * count * dim);
    return t.transpose(1, 2);
  };
  const Tensor q_heads = heads(qkv, c.heads), k_heads = heads(k, c.kv_heads), v_heads = heads(v, c.kv_heads);
  const Tensor y = attention_->attend(q_heads, k_heads, v_heads, pass).transpose(1, 2).contiguous();
  std::memcpy(mixed, y.data<float>(), size_t(y.numel()) * sizeof(float));
}

NewRows StepLayer::new_rows(Rows rows, const float* qkv) const {
  const AttentionConfig& c = attention_->config;
  const float *k = qkv + c.heads * c.head_dim, *v = k + c.kv_heads * c.head_dim;
  return {k, v, rows.batch, rows.length, c.kv_heads, c.head_dim, qkv_->outputs()};
}

// The case that most steps are: nothing but positions and padding hides keys.
bool StepLayer::in_place(const Pass& pass) const {
  return pass.cache && !pass.want_weights && pass.spans.empty() && !pass.bias.defined() && !pass.alibi.defined() &&
         !attention_->sinks && !(attention_->training() && attention_->config.dropout > 0);
}

std::optional<KeptRows> StepLayer::extend(Rows rows, const Pass& pass) const {
  const AttentionConfig& c = attention_->config;
  return pass.cache->extend(attention_->layer,
                            {nullptr, nullptr, rows.batch, rows.length, c.kv_heads, c.head_dim, qkv_->outputs()});
}

void StepLayer::attend_in_place(Rows rows, const Pass& pass, const KeptRows& kept, const float* qkv,
                                float* mixed) const {
  const AttentionConfig& c = attention_->config;
  const int64_t dim = c.head_dim, ld = qkv_->outputs(), width = c.heads * dim;
  kept.put(new_rows(rows, qkv), rows.first);
  Tensor mask = pass.key_mask;
  if (mask.defined()) mask = (kept.first ? mask.narrow(1, kept.first, kept.kept) : mask).contiguous();
  AttentionArgs a;
  a.batch = rows.batch;
  a.q_heads = c.heads;
  a.kv_heads = c.kv_heads;
  a.q_len = rows.length;
  a.kv_len = kept.packed_keys.count + kept.kept;
  a.head_dim = a.value_dim = dim;
  a.q = qkv;
  const auto from_first = [&](const Tensor& t) {
    return static_cast<const char*>(t.data_ptr()) + rows.first * t.stride(0) * int64_t(item_size(t.dtype()));
  };
  a.k = from_first(kept.keys);
  a.v = from_first(kept.values);
  a.kv_dtype = kept.keys.dtype();
  a.out = mixed;
  a.q_strides = {rows.length * ld, dim, ld};
  a.out_strides = {rows.length * width, dim, width};
  a.k_strides = {kept.keys.stride(0), kept.keys.stride(1), dim};
  a.v_strides = {kept.values.stride(0), kept.values.stride(1), dim};
  a.scale = float(attention_->scale());
  a.softcap = float(c.softcap);
  a.causal = c.causal;
  a.q_offset = pass.past - kept.first;
  a.window = c.window;
  a.window_both_sides = !c.causal;
  if (mask.defined()) a.key_mask = static_cast<const uint8_t*>(mask.data_ptr()) + rows.first * mask.size(1);
  PackedKv packed[2];
  if (kept.packed_keys.count) {
    packed[0] = kept.packed_keys.kernel_form(), packed[1] = kept.packed_values.kernel_form();
    for (PackedKv& p : packed) {
      p.codes += rows.first * p.code_strides.batch;
      p.ranges += rows.first * p.range_strides.batch;
    }
    a.packed_k = &packed[0], a.packed_v = &packed[1];
  }
  attention_forward(a);
}

DecoderSteps::DecoderSteps(const std::vector<ModulePtr>& layers) {
  for (const ModulePtr& layer : layers) {
    layers_.push_back(StepLayer::of(layer));
    if (layers_.back()) busy_rows_ = std::max(busy_rows_, quant_busy_rows(layers_.back()->bytes_of_weight()));
  }
  room_.assign(kMostRows + 1, 0);
  for (const auto& layer : layers_)
    for (int64_t m = 1; m <= kMostRows && layer; m++) room_[size_t(m)] = std::max(room_[size_t(m)], layer->room(m));
}

bool DecoderSteps::can_run_apart(StepLayer::Rows rows, const Pass& pass) const {
  const int64_t threads = ThreadPool::instance().size();
  if (layers_.empty() || threads < 2 || threads > kMostApart || SingleRowOrder::on()) return false;
  const int64_t fewest = rows.batch / threads, most = (rows.batch + threads - 1) / threads;
  const bool even = 8 * rows.batch >= 7 * threads * most;  // nobody helps who has the most
  return even && fewest * rows.length >= busy_rows_ && std::all_of(layers_.begin(), layers_.end(), [&](auto& layer) {
           return layer && layer->row_by_row(rows.count()) && layer->packed() && layer->in_place(pass);
         });
}

bool DecoderSteps::run_apart(float* x, StepLayer::Rows rows, Pass& pass) const {
  const int64_t threads = ThreadPool::instance().size();
  const int64_t hidden = rows.length * layers_[0]->hidden();
  const auto each = int64_t(padded(room((rows.batch + threads - 1) / threads * rows.length)));
  Tensor all = Tensor::empty({threads * each}, DType::UInt8);
  auto* const at = static_cast<char*>(all.mutable_data_ptr());
  std::vector<KeptRows> kept;
  for (const auto& layer : layers_) {
    auto one = layer->extend(rows, pass);
    if (!one) {
      if (!kept.empty()) pass.cache->crop(pass.past);
      return false;
    }
    kept.push_back(std::move(*one));
  }
  const QuantRows::Kind kind = QuantRows::current();  // the caller's, which is its thread's
  parallel_for(threads, 1, [&](int64_t begin, int64_t end) {
    const NoGradGuard no_grad;
    const QuantRows same(kind);
    for (int64_t i = begin; i < end; i++) {
      const int64_t first = rows.batch * i / threads, last = rows.batch * (i + 1) / threads;
      for (size_t l = 0; l < layers_.size(); l++)
        layers_[l]->run(x + first * hidden, {last - first, rows.length, first}, pass, at + i * each, &kept[l]);
    }
  });
  return true;
}

bool DecoderSteps::suit(const Tensor& x, const Pass& pass) {
  const int64_t batch = x.size(0), length = x.size(1);
  const auto usable = [&](const Rope::Rows& r) {
    return r.cos.dim() == 3 && (r.cos.size(0) == 1 || r.cos.size(0) == batch) && r.cos.size(1) == length &&
           r.cos.dtype() == DType::Float32 && r.cos.is_contiguous() && r.sin.is_contiguous();
  };
  return !grad_enabled() && !training_mode().bf16_products && x.dtype() == DType::Float32 &&
         batch * length <= kMostRows && std::all_of(pass.ropes.begin(), pass.ropes.end(), usable);
}

}  // namespace ef
