// Attention forward (prefill and decode) and backward, 9 query heads on 3 kv heads of 64 unless said otherwise; counted
// is what a causal mask leaves. Decoding walks over 256 MB of caches, so that they come from memory.
#include "kernels/attention.h"

#include <cmath>

#include "bench_data.h"
#include "machine_limits.h"

namespace ef::bench {
namespace {

// How keys and values are kept: plain, or all but the last position as codes of so many bits.
struct Cache {
  DType dtype = DType::Float32;
  int bits = 0;
};
constexpr int64_t kGroup = 64;

struct Case {
  int64_t q_heads, kv_heads, q_len, kv_len, dim;
  std::vector<float> q, out, lse, ranges;
  std::vector<char> kv;
  std::vector<uint8_t> codes;
  int64_t rows, codes_row = 0, ranges_row = 0;  // of one copy of the keys; bytes and numbers of one
  size_t bytes = 0;                             // of one copy of the keys and values
  int64_t copies = 1;
  PackedKv packed[2];
  AttentionArgs args;

  Case(const benchmark::State& s, Cache cache)
      : q_heads(s.range(0)),
        kv_heads(s.range(1)),
        q_len(s.range(2)),
        kv_len(s.range(3)),
        dim(s.range(4)),
        q(floats(q_heads * q_len * dim)),
        out(q.size()),
        lse(size_t(q_heads * q_len)) {
    args.q_heads = q_heads, args.kv_heads = kv_heads, args.q_len = q_len, args.kv_len = kv_len;
    args.head_dim = args.value_dim = dim, args.kv_dtype = cache.dtype;
    args.q = q.data(), args.out = out.data(), args.lse = lse.data();
    args.q_strides = args.out_strides = {q_heads * q_len * dim, dim, q_heads * dim};  // [position, head, dim]
    const int64_t plain = cache.bits ? 1 : kv_len;
    args.k_strides = args.v_strides = {0, plain * dim, dim};  // [head, position, dim]
    args.scale = 1 / std::sqrt(float(dim)), args.causal = true, args.q_offset = kv_len - q_len;
    rows = kv_heads * kv_len;
    bytes = 2 * size_t(rows * dim) * item_size(cache.dtype);
    if (cache.bits) {
      codes_row = dim * cache.bits / 8, ranges_row = dim / kGroup * 2;
      bytes = 2 * size_t(rows * (codes_row + 4 * ranges_row));
    }
    if (q_len == 1) copies = std::max<int64_t>(1, (256 << 20) / int64_t(bytes));
    kv = operand(kv_heads * plain * dim, cache.dtype);
    repeat(kv, cache.bits ? 1 : copies);
    args.k = args.v = kv.data();
    if (cache.bits) pack(cache.bits);
  }
  // The keys of one copy, and of another one for values.
  void use(int64_t copy) {
    const int64_t values = (copy + copies / 2) % copies;
    if (codes_row) {
      for (int i : {0, 1}) {
        packed[i].codes = codes.data() + (i ? values : copy) * rows * codes_row;
        packed[i].ranges = ranges.data() + (i ? values : copy) * rows * ranges_row;
      }
    } else {
      const int64_t one = int64_t(kv.size()) / copies;
      args.k = kv.data() + copy * one, args.v = kv.data() + values * one;
    }
  }
  double products() const { return double(q_heads * q_len * dim) * (double(kv_len) - double(q_len - 1) / 2); }

 private:
  template <class T>
  static void repeat(std::vector<T>& all, int64_t times) {
    const std::vector<T> one = all;
    for (int64_t i = 1; i < times; i++) all.insert(all.end(), one.begin(), one.end());
  }
  void pack(int bits) {
    const auto x = floats(rows * dim);
    codes.resize(size_t(rows * codes_row)), ranges.resize(size_t(rows * ranges_row));
    for (int64_t r = 0; r < rows; r++)
      pack_kv(&x[size_t(r * dim)], dim, bits, kGroup, &codes[size_t(r * codes_row)],
              &ranges[size_t(r / kv_len * kv_len * ranges_row + r % kv_len)], kv_len);
    repeat(codes, copies), repeat(ranges, copies);
    packed[0] = {
        codes.data(), ranges.data(), {0, kv_len * codes_row, codes_row}, {0, kv_len * ranges_row, kv_len}, bits,
        kGroup,       kv_len - 1};
    packed[1] = packed[0];
    args.packed_k = &packed[0], args.packed_v = &packed[1];
  }
};

double peak(DType kv) { return kv == DType::BFloat16 ? limits().bf16 : limits().f32; }

void attention(benchmark::State& state, Cache cache) {
  Case c(state, cache);
  int64_t i = 0;
  measure(state, 4 * c.products(), peak(cache.dtype), c.copies > 1 ? double(c.bytes) : 0, [&] {
    c.use(i++ % c.copies);
    attention_forward(c.args);
  });
}
void attention_backward_f32(benchmark::State& state) {
  const Case c(state, {});
  attention_forward(c.args);
  const std::vector<float> dout = floats(int64_t(c.out.size()));
  std::vector<float> dq(c.q.size()), dk(size_t(c.rows * c.dim)), dv(dk.size());
  measure(state, 10 * c.products(), limits().f32, 0,
          [&] { attention_backward(c.args, dout.data(), dq.data(), dk.data(), dv.data()); });
}
void shapes(benchmark::internal::Benchmark* b) {
  b->UseRealTime()->ArgNames({"qh", "kvh", "q", "kv", "dim"});
  for (int64_t t : {128, 512, 1024, 4096}) b->Args({9, 3, t, t, 64});
  b->Args({32, 8, 512, 512, 128});
}
void decode_shapes(benchmark::internal::Benchmark* b) {
  b->UseRealTime()->ArgNames({"qh", "kvh", "q", "kv", "dim"});
  for (int64_t t : {128, 512, 4096}) b->Args({9, 3, 1, t, 64});
  b->Args({8, 8, 1, 2048, 128})->Args({32, 8, 1, 2048, 128});
}
BENCHMARK_CAPTURE(attention, prefill_f32, Cache{DType::Float32})->Apply(shapes);
BENCHMARK_CAPTURE(attention, prefill_bf16, Cache{DType::BFloat16})->Apply(shapes);
BENCHMARK_CAPTURE(attention, prefill_f16, Cache{DType::Float16})->Apply(shapes);
BENCHMARK_CAPTURE(attention, decode_f32, Cache{DType::Float32})->Apply(decode_shapes);
BENCHMARK_CAPTURE(attention, decode_bf16, Cache{DType::BFloat16})->Apply(decode_shapes);
BENCHMARK_CAPTURE(attention, decode_f16, Cache{DType::Float16})->Apply(decode_shapes);
BENCHMARK_CAPTURE(attention, decode_int8, (Cache{DType::Float32, 8}))->Apply(decode_shapes);
BENCHMARK_CAPTURE(attention, decode_int4, (Cache{DType::Float32, 4}))->Apply(decode_shapes);
BENCHMARK(attention_backward_f32)->Apply(shapes);

}  // namespace
}  // namespace ef::bench
