#include "ops/attention.h"

#include <algorithm>
#include <numeric>
#include <type_traits>

#include "autograd/memory.h"
#include "core/thread_pool.h"
#include "kernels/attention.h"
#include "ops/elementwise.h"
#include "ops/helpers.h"
#include "ops/matmul.h"
#include "ops/norm.h"
#include "ops/packed_attention.h"
#include "ops/random.h"
#include "ops/shape_ops.h"

namespace ef {
namespace {

struct Sizes {
  int64_t batch, q_heads, kv_heads, q_len, kv_len, head_dim, value_dim;
};

Sizes measure(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& o) {
  check<ShapeError>(q.dim() == 4 && k.dim() == 4 && v.dim() == 4, "attention: found q ", q.shape(), ", k ", k.shape(),
                    ", v ", v.shape(), ", needed four dimensions [batch, heads, length, head_dim]");
  const int64_t keys = o.packed_k.count + k.size(2);
  const Sizes s{q.size(0), q.size(1), k.size(1), q.size(2), keys, q.size(3), v.size(3)};
  check<ShapeError>(
      k.size(0) == s.batch && v.size(0) == s.batch && v.size(1) == s.kv_heads && v.size(2) == k.size(2) &&
          o.packed_v.count == o.packed_k.count && k.size(3) == s.head_dim && s.kv_heads > 0 &&
          s.q_heads % s.kv_heads == 0,
      "attention: q ", q.shape(), ", k ", k.shape(), " and v ", v.shape(),
      " do not fit together; batch, key length and head_dim must agree and the heads of k divide those of q");
  if (o.key_mask.defined())
    check<ShapeError>(o.key_mask.shape() == Shape{s.batch, s.kv_len}, "attention: key_mask has shape ",
                      o.key_mask.shape(), ", needed ", Shape{s.batch, s.kv_len});
  if (o.sinks.defined())
    check<ShapeError>(o.sinks.shape() == Shape{s.q_heads}, "attention: sinks have shape ", o.sinks.shape(), ", needed ",
                      Shape{s.q_heads});
  if (o.bias.defined())
    check<ShapeError>(broadcast_shapes(o.bias.shape(), {s.batch, s.q_heads, s.q_len, s.kv_len}) ==
                          Shape{s.batch, s.q_heads, s.q_len, s.kv_len},
                      "attention: bias has shape ", o.bias.shape(), ", needed one that broadcasts to ",
                      Shape{s.batch, s.q_heads, s.q_len, s.kv_len});
  return s;
}

// Rows of the last dimension contiguous, no element twice in memory, and (dense) no gaps, so that a gradient can be
// laid out with the same strides.
Tensor readable(const Tensor& x) { return x.size(3) <= 1 || x.stride(3) == 1 ? x : x.contiguous(); }
bool dense(const Tensor& x) {
  int64_t expected = 1;
  bool used[4] = {};
  for (int found = 0; found < 4; found++) {
    int next = -1;
    for (int d = 3; d >= 0 && next < 0; d--)
      if (!used[d] && (x.size(d) == 1 || x.stride(d) == expected)) next = d;
    if (next < 0) return false;
    used[next] = true;
    expected *= x.size(next);
  }
  return true;
}
Tensor dense_form(const Tensor& x) { return dense(x) && (x.size(3) <= 1 || x.stride(3) == 1) ? x : x.contiguous(); }
Tensor same_layout(const Tensor& x, DType dtype) {  // memory like x's, which is dense
  Tensor y = Tensor::empty({x.numel()}, dtype);
  return y.as_strided(x.shape(), x.strides(), 0);
}
// [B, H, T, D] whose memory is [B, T, H, D]: joining the heads afterwards is then free.
Tensor heads_inside(const Shape& s, DType dtype) {
  return Tensor::empty({s[0], s[2], s[1], s[3]}, dtype).transpose(1, 2);
}

HeadStrides strides_of(const Tensor& x) { return {x.stride(0), x.stride(1), x.stride(2)}; }

// As numbers to add, in the computing dtype, with a contiguous key dimension.
Tensor additive(const Tensor& bias, DType compute, const Sizes& s) {
  if (!bias.defined()) return bias;
  Tensor b = bias.detach();
  if (b.dtype() == DType::Bool)
    b = where(b, Tensor::scalar(0.0, compute), Tensor::scalar(-std::numeric_limits<double>::infinity(), compute));
  b = b.to(compute);
  while (b.dim() < 4) b = b.unsqueeze(0);
  if (b.size(3) != s.kv_len) b = b.expand({b.size(0), b.size(1), b.size(2), s.kv_len});
  return s.kv_len <= 1 || b.stride(3) == 1 ? b : b.contiguous();
}
HeadStrides bias_strides(const Tensor& b) {
  return {b.size(0) == 1 ? 0 : b.stride(0), b.size(1) == 1 ? 0 : b.stride(1), b.size(2) == 1 ? 0 : b.stride(2)};
}

double scale_of(const AttentionOptions& o, int64_t head_dim) {
  return o.scale.value_or(1 / std::sqrt(double(head_dim)));
}
int64_t offset_of(const AttentionOptions& o, const Sizes& s) { return o.q_offset.value_or(s.kv_len - s.q_len); }

// Everything the kernel reads, kept alive together.
template <class T>
struct Call {
  Sizes s;
  Tensor q, k, v, mask, bias, sinks, out, lse;
  PackedKv packed_k, packed_v;
  BasicAttentionArgs<T> args;

  Call(const Sizes& sizes, const Tensor& q_, const Tensor& k_, const Tensor& v_, const AttentionOptions& o)
      : s(sizes), q(q_), k(k_), v(v_) {
    const DType compute = dtype_of<T>;
    mask = o.key_mask.defined() ? o.key_mask.detach().to(DType::Bool).contiguous() : Tensor();
    bias = additive(o.bias, compute, s);
    sinks = o.sinks.defined() ? kernel_input(o.sinks, compute) : Tensor();
    args.batch = s.batch;
    args.q_heads = s.q_heads;
    args.kv_heads = s.kv_heads;
    args.q_len = s.q_len;
    args.kv_len = s.kv_len;
    args.head_dim = s.head_dim;
    args.value_dim = s.value_dim;
    if (q.dtype() == compute)
      args.q = q.data<T>();
    else  // backward gets its own
      args.rounded_q = q.data<bfloat16>();
    args.k = k.data_ptr();
    args.v = v.data_ptr();
    args.kv_dtype = k.dtype();
    args.q_strides = strides_of(q);
    args.k_strides = strides_of(k);
    args.v_strides = strides_of(v);
    args.scale = float(scale_of(o, s.head_dim));
    args.softcap = float(o.softcap);
    args.causal = o.causal;
    args.q_offset = offset_of(o, s);
    args.window = o.window;
    args.window_both_sides = o.window_both_sides;
    if (mask.defined()) args.key_mask = static_cast<const uint8_t*>(mask.data_ptr());
    if (bias.defined()) {
      args.bias = bias.data<T>();
      args.bias_strides = bias_strides(bias);
    }
    if (sinks.defined()) args.sinks = sinks.data<T>();
    if (o.packed_k.count) {
      packed_k = o.packed_k.kernel_form();
      packed_v = o.packed_v.kernel_form();
      args.packed_k = &packed_k;
      args.packed_v = &packed_v;
    }
  }
  void place(const Tensor& result, const Tensor& denominators) {
    out = result;
    lse = denominators;
    // Backward only reads the two, and must not move the version of what it saved.
    if (out.dtype() == dtype_of<T>)
      args.out = const_cast<T*>(out.data<T>());
    else
      args.rounded_out = out.mutable_data<bfloat16>();
    args.out_strides = strides_of(out);
    args.lse = lse.defined() ? const_cast<T*>(lse.data<T>()) : nullptr;
  }
};

template <class T>
Tensor flash(const Sizes& s, const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& o) {
  const DType compute = dtype_of<T>;
  const bool tracked = needs_grad(q, k, v, o.bias, o.sinks);
  // Keys and values of 16 bits are read as they are, unless gradients will want them in f32.
  check<UnsupportedError>(!o.packed_k.count || (compute == DType::Float32 && !tracked),
                          "attention: a quantized cache is read in float32 and has no gradients");
  const bool convert =
      o.packed_k.count || compute == DType::Float64 || tracked || k.dtype() != v.dtype() || !is_floating(k.dtype());
  // Where matrices are multiplied in bf16, the products of attention are too, here and in backward.
  const TrainingMode mode = training_mode();
  const bool half =
      tracked && compute == DType::Float32 && (mode.rounded || mode.bf16_products || q.dtype() == DType::BFloat16);
  const DType kv = half ? DType::BFloat16 : compute;
  const auto form = [&](const Tensor& x, bool change, DType dtype) {
    const Tensor y = change ? x.detach().to(dtype) : x.detach();
    return tracked ? dense_form(y) : readable(y);
  };
  // So are queries, and results are rounded as they are written.
  const bool rounded = !tracked && compute == DType::Float32 && q.dtype() == DType::BFloat16;
  Call<T> call(s, form(q, !rounded, compute), form(k, convert, kv), form(v, convert, kv), o);
  call.place(heads_inside({s.batch, s.q_heads, s.q_len, s.value_dim}, rounded ? q.dtype() : compute),
             tracked ? Tensor::empty({s.batch, s.q_heads, s.q_len}, compute) : Tensor());
  attention_forward(call.args);
  Tensor y = call.out.to(q.dtype());
  if (!rounded && y.dtype() != compute) y = call.out.transpose(1, 2).to(q.dtype()).transpose(1, 2);
  if (!tracked) return y;
  AttentionOptions kept = o;
  kept.key_mask = call.mask;
  kept.bias = Tensor();
  kept.sinks = Tensor();
  const auto keep = [&](const Tensor& x) {
    return half ? save(dense_form(x.to(DType::BFloat16))) : save_activation(x);
  };
  record("ScaledDotProductAttentionBackward", y, {q, k, v, o.bias, o.sinks},
         [s, kept, half, q = keep(call.q), k = keep(call.k), v = keep(call.v), out = keep(call.out),
          lse = save(call.lse), bias = save(call.bias), sinks = save(call.sinks), dbias = needs_grad(o.bias),
          dsinks = needs_grad(o.sinks)](const Tensor& dy) {
           AttentionOptions o = kept;
           if (bias.defined()) o.bias = bias;
           if (sinks.defined()) o.sinks = sinks;
           const DType compute = dtype_of<T>;
           const auto wide = [](const Tensor& x) { return dense_form(x.to(dtype_of<T>)); };
           const auto operand = [&](const Tensor& x) { return half ? Tensor(x) : wide(x); };
           Call<T> call(s, operand(q), operand(k), operand(v), o);
           call.place(wide(out), lse.get());
           Tensor dout = same_layout(call.out, compute), dq = same_layout(call.q, compute),
                  dk = same_layout(call.k, compute), dv = same_layout(call.v, compute);
           dout.copy_(dy);
           Tensor db = dbias ? Tensor::empty({s.batch, s.q_heads, s.q_len, s.kv_len}, compute) : Tensor();
           Tensor ds = dsinks ? Tensor::zeros({s.q_heads}, compute) : Tensor();
           T *to_sinks = dsinks ? ds.mutable_data<T>() : nullptr, *to_bias = dbias ? db.mutable_data<T>() : nullptr;
           if constexpr (std::is_same_v<T, float>) {
             if (half) {
               Tensor g = same_layout(call.out, DType::BFloat16);
               g.copy_(dout);
               const RoundedOperands rounded{call.q.template data<bfloat16>(), g.data<bfloat16>()};
               attention_backward(call.args, dout.data<T>(), dq.mutable_data<T>(), dk.mutable_data<T>(),
                                  dv.mutable_data<T>(), to_sinks, to_bias, &rounded);
               return Grads{dq, dk, dv, db, ds};
             }
           }
           attention_backward(call.args, dout.data<T>(), dq.mutable_data<T>(), dk.mutable_data<T>(),
                              dv.mutable_data<T>(), to_sinks, to_bias);
           return Grads{dq, dk, dv, db, ds};
         });
  return y;
}

// true where a query may look: [B or 1, 1, Tq, Tk]; undefined when everywhere
Tensor visible(const Sizes& s, const AttentionOptions& o) {
  Tensor mask;
  if (o.causal || o.window) {
    const int64_t first = offset_of(o, s);
    mask = Tensor::empty({1, 1, s.q_len, s.kv_len}, DType::Bool);
    auto* out = static_cast<uint8_t*>(mask.mutable_data_ptr());
    for (int64_t i = 0; i < s.q_len; i++)
      for (int64_t j = 0; j < s.kv_len; j++) {
        const int64_t back = first + i - j;
        *out++ = !(o.causal && back < 0) && !(o.window && back >= o.window) &&
                 !(o.window && o.window_both_sides && -back >= o.window);
      }
  }
  const auto meet = [&mask](const Tensor& more) { mask = mask.defined() ? logical_and(mask, more) : more; };
  if (o.key_mask.defined()) meet(ne(o.key_mask, 0).view({s.batch, 1, 1, s.kv_len}));
  if (o.bias.defined() && o.bias.dtype() == DType::Bool) meet(o.bias);
  return mask;
}

Tensor probabilities(const Sizes& s, const Tensor& q, const Tensor& k, const AttentionOptions& o) {
  const int64_t group = s.q_heads / s.kv_heads;
  const Tensor grouped = q.reshape({s.batch, s.kv_heads, group * s.q_len, s.head_dim});
  Tensor scores = matmul(grouped, k.to(q.dtype()).transpose(2, 3)).reshape({s.batch, s.q_heads, s.q_len, s.kv_len});
  scores = mul(scores, scale_of(o, s.head_dim));
  if (o.softcap > 0) scores = softcap(scores, o.softcap);
  if (o.bias.defined() && o.bias.dtype() != DType::Bool) scores = add(scores, o.bias);
  const Tensor mask = visible(s, o), hidden = mask.defined() ? logical_not(mask) : Tensor();
  if (mask.defined()) scores = masked_fill(scores, hidden, -std::numeric_limits<double>::infinity());
  const DType dtype = q.dtype(), compute = real_compute(dtype);
  if (o.sinks.defined()) {
    const Tensor column =
        o.sinks.to(scores.dtype()).view({1, s.q_heads, 1, 1}).expand({s.batch, s.q_heads, s.q_len, 1});
    scores = softmax(cat({scores, column}, 3), 3, compute).narrow(3, 0, s.kv_len).to(dtype);
  } else {
    scores = softmax(scores, 3, compute).to(dtype);
  }
  return mask.defined() ? masked_fill(scores, hidden, 0.0) : scores;  // a row that sees nothing: zeros, not NaN
}

}  // namespace

PackedKv PackedRows::kernel_form() const {
  return {static_cast<const uint8_t*>(codes.data_ptr()),
          ranges.data<float>(),
          strides_of(codes),
          strides_of(ranges),
          bits,
          group,
          count};
}

Tensor PackedRows::unpacked() const {
  Tensor out = Tensor::empty({codes.size(0), codes.size(1), count, dim}, DType::Float32);
  const PackedKv p = kernel_form();
  for (int64_t i = 0; i < codes.size(0) * codes.size(1); i++)
    unpack_kv(p, i / codes.size(1), i % codes.size(1), 0, count, dim, out.mutable_data<float>() + i * count * dim);
  return out;
}

Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& options) {
  const Sizes s = measure(q, k, v, options);
  if (options.dropout > 0) {
    check<UnsupportedError>(!options.packed_k.count, "attention: dropout with a quantized cache");
    const Tensor p = dropout(probabilities(s, q, k, options), options.dropout);
    const Tensor grouped = p.reshape({s.batch, s.kv_heads, s.q_heads / s.kv_heads * s.q_len, s.kv_len});
    return matmul(grouped, v.to(q.dtype())).reshape({s.batch, s.q_heads, s.q_len, s.value_dim});
  }
  check<DtypeError>(is_floating(q.dtype()), "attention: q has dtype ", dtype_name(q.dtype()),
                    ", needed a floating one");
  if (q.dtype() == DType::Float64) return flash<double>(s, q, k, v, options);
  return flash<float>(s, q, k, v, options);
}

Tensor attention_weights(const Tensor& q, const Tensor& k, const AttentionOptions& options) {
  return probabilities(measure(q, k, k, options), q, k, options);
}

Tensor packed_attention(const Tensor& q, const Tensor& k, const Tensor& v, const std::vector<int64_t>& lengths,
                        const AttentionOptions& options) {
  AttentionOptions o = options;
  const Tensor bias = o.bias;
  o.bias = Tensor();
  const Sizes s = measure(q, k, v, o);
  const int64_t longest = lengths.empty() ? 0 : *std::max_element(lengths.begin(), lengths.end());
  check<ShapeError>(s.batch == 1 && s.q_len == s.kv_len &&
                        (lengths.empty() || *std::ranges::min_element(lengths) > 0) &&
                        std::accumulate(lengths.begin(), lengths.end(), int64_t(0)) == s.q_len,
                    "packed_attention: q ", q.shape(), " and k ", k.shape(), " are no single row of ", lengths.size(),
                    " sequences, which must be of one token or more");
  check<UnsupportedError>(
      !needs_grad(q, k, v, bias) && !o.key_mask.defined() && !o.sinks.defined() && !o.packed_k.count && o.dropout == 0,
      "packed_attention: gradients, dropout, masks, sinks and caches are not supported");
  Call<float> call(s, readable(q.to(DType::Float32)), readable(k), readable(v.to(k.dtype())), o);
  call.place(heads_inside({1, s.q_heads, s.q_len, s.value_dim}, DType::Float32), Tensor());
  if (bias.defined()) {
    check<ShapeError>(bias.dim() == 4 && bias.size(0) == 1 && (bias.size(1) == 1 || bias.size(1) == s.q_heads) &&
                          bias.size(2) >= longest && bias.size(3) >= longest && bias.stride(3) == 1 &&
                          bias.dtype() == DType::Float32,
                      "packed_attention: bias has shape ", bias.shape(), ", needed float32 [1, 1 or ", s.q_heads, ", ",
                      longest, ", ", longest, "]");
    call.args.bias = bias.data<float>();
    call.args.bias_strides = bias_strides(bias);
  }
  std::vector<int64_t> starts(lengths.size(), 0);
  std::exclusive_scan(lengths.begin(), lengths.end(), starts.begin(), int64_t(0));
  const size_t width = item_size(k.dtype());
  parallel_for(int64_t(lengths.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t at = starts[size_t(i)];
      AttentionArgs one = call.args;
      one.q_len = one.kv_len = lengths[size_t(i)];
      one.q_offset = 0;
      one.q += at * one.q_strides.position;
      one.k = static_cast<const char*>(one.k) + size_t(at * one.k_strides.position) * width;
      one.v = static_cast<const char*>(one.v) + size_t(at * one.v_strides.position) * width;
      one.out += at * one.out_strides.position;
      attention_forward(one);
    }
  });
  return call.out;
}

}  // namespace ef
