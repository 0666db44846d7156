// Attention forward (prefill and decode) and backward, 9 query heads on 3 kv heads of 64 unless said otherwise. GF/s
// counts what a causal mask leaves.
#include <benchmark/benchmark.h>

#include <cmath>

#include "bench_data.h"
#include "kernels/attention.h"
#include "kernels/kernels.h"

namespace ef::bench {
namespace {

struct Case {
  int64_t q_heads, kv_heads, q_len, kv_len, dim;
  std::vector<float> q, out, lse;
  std::vector<char> k, v;
  AttentionArgs args;

  Case(const benchmark::State& s, DType kv)
      : q_heads(s.range(0)),
        kv_heads(s.range(1)),
        q_len(s.range(2)),
        kv_len(s.range(3)),
        dim(s.range(4)),
        q(floats(q_heads * q_len * dim)),
        out(q.size()),
        lse(size_t(q_heads * q_len)),
        k(operand(kv_heads * kv_len * dim, kv)),
        v(operand(kv_heads * kv_len * dim, kv)) {
    args.q_heads = q_heads, args.kv_heads = kv_heads, args.q_len = q_len, args.kv_len = kv_len;
    args.head_dim = args.value_dim = dim, args.kv_dtype = kv;
    args.q = q.data(), args.k = k.data(), args.v = v.data(), args.out = out.data(), args.lse = lse.data();
    args.q_strides = args.out_strides = {q_heads * q_len * dim, dim, q_heads * dim};  // [position, head, dim]
    args.k_strides = args.v_strides = {kv_heads * kv_len * dim, kv_len * dim, dim};   // [head, position, dim]
    args.scale = 1 / std::sqrt(float(dim)), args.causal = true, args.q_offset = kv_len - q_len;
  }
  double products() const { return double(q_heads * q_len * dim) * (double(kv_len) - double(q_len - 1) / 2); }
};

void finish(benchmark::State& state, double flops) {
  state.counters["GF/s"] = benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
  state.SetLabel(isa_name());
}
void forward(benchmark::State& state, DType kv) {
  const Case c(state, kv);
  for (auto _ : state) attention_forward(c.args);
  finish(state, 4 * c.products());
}
void backward(benchmark::State& state) {
  const Case c(state, DType::Float32);
  attention_forward(c.args);
  const std::vector<float> dout = floats(int64_t(c.out.size()));
  std::vector<float> dq(c.q.size()), dk(size_t(c.kv_heads * c.kv_len * c.dim)), dv(dk.size());
  for (auto _ : state) attention_backward(c.args, dout.data(), dq.data(), dk.data(), dv.data());
  finish(state, 10 * c.products());
}
void shapes(benchmark::internal::Benchmark* b) {
  b->UseRealTime()->MinTime(0.2)->ArgNames({"qh", "kvh", "q", "kv", "dim"});
  for (int64_t t : {128, 512, 1024, 4096}) b->Args({9, 3, t, t, 64});
  b->Args({32, 8, 512, 512, 128});
}
void decode_shapes(benchmark::internal::Benchmark* b) {
  b->UseRealTime()->MinTime(0.1)->ArgNames({"qh", "kvh", "q", "kv", "dim"});
  for (int64_t t : {128, 512, 4096}) b->Args({9, 3, 1, t, 64});
  b->Args({8, 8, 1, 2048, 128})->Args({32, 8, 1, 2048, 128});
}
BENCHMARK_CAPTURE(forward, prefill_f32, DType::Float32)->Apply(shapes);
BENCHMARK_CAPTURE(forward, prefill_bf16, DType::BFloat16)->Apply(shapes);
BENCHMARK_CAPTURE(forward, decode_f32, DType::Float32)->Apply(decode_shapes);
BENCHMARK_CAPTURE(forward, decode_bf16, DType::BFloat16)->Apply(decode_shapes);
BENCHMARK(backward)->Apply(shapes);

}  // namespace
}  // namespace ef::bench
