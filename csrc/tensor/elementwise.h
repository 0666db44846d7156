// Elementwise loops over tensors of any strides and of any of the ten computing dtypes.
//
// Rows are brought into a computing type C (float, double or int64_t) chunk by chunk, computed there and stored in the
// result's dtype; a row that already has C's dtype and unit stride is used in place. An operation is thus compiled
// three times and not once per combination of dtypes, and nothing is copied whole.
#pragma once
#include <algorithm>
#include <array>

#include "core/thread_pool.h"
#include "tensor/tensor.h"

namespace ef {

constexpr int64_t kGrain = 16384;  // elements a thread should have at least
constexpr int64_t kChunk = 512;    // elements computed at a time

// Which C computes a dtype, as a tag: visit_compute(dtype, [&](auto tag) { using C = typename decltype(tag)::type; … })
template <class F>
decltype(auto) visit_compute(DType dtype, const char* where, F&& f) {
  if (dtype == DType::Float64) return f(TypeTag<double>{});
  if (is_floating(dtype) && is_computable(dtype)) return f(TypeTag<float>{});
  if (is_computable(dtype)) return f(TypeTag<int64_t>{});
  fail<DtypeError>(where, ": no arithmetic on ", dtype_name(dtype), "; convert it with .to(dtype) first");
}

// Rows of n elements, `stride` bytes apart, to and from C. Values are converted as static_cast does; a float that no
// int64 holds gives the least one; any non-zero value is true.
template <class C>
void load_row(DType dtype, const char* src, int64_t stride, int64_t n, C* out);
template <class C>
void store_row(DType dtype, char* dst, int64_t stride, int64_t n, const C* values);

struct Operand {
  const Tensor* tensor;
  Strides bytes;  // one stride for each dimension of the common shape, 0 where broadcast
};
Strides broadcast_strides(const Tensor& x, const Shape& shape);  // in bytes

// Walks N operands of one shape row by row; dimensions that lie alike in all operands are merged first.
template <int N>
class StridedLoop {
 public:
  StridedLoop(const Shape& shape, const std::array<char*, N>& data, const std::array<Strides, N>& strides)
      : data_(data) {
    numel_ = numel(shape);
    for (int d = 0; d < shape.size(); d++) {
      if (shape[d] == 1) continue;
      bool merges = dims_ > 0;
      for (int k = 0; k < N && merges; k++) merges = step_[dims_ - 1][k] == strides[k][d] * shape[d];
      if (!merges) size_[dims_++] = 1;
      size_[dims_ - 1] *= shape[d];
      for (int k = 0; k < N; k++) step_[dims_ - 1][k] = strides[k][d];
    }
    if (dims_ == 0) {  // one element
      size_[0] = 1;
      dims_ = 1;
    }
  }

  // row(pointers, strides in bytes, n)
  template <class F>
  void run(int64_t grain, F&& row) const {
    parallel_for(numel_, grain, [&](int64_t begin, int64_t end) { run_range(begin, end, row); });
  }
  template <class F>
  void run_range(int64_t begin, int64_t end, F&& row) const {
    int64_t index[Dims::kMaxDims];
    std::array<char*, N> at = data_;
    int64_t rest = begin;
    for (int d = dims_ - 1; d >= 0; d--) {
      index[d] = rest % size_[d];
      rest /= size_[d];
      for (int k = 0; k < N; k++) at[k] += index[d] * step_[d][k];
    }
    const int last = dims_ - 1;
    while (begin < end) {
      const int64_t n = std::min(size_[last] - index[last], end - begin);
      row(at.data(), step_[last].data(), n);
      begin += n;
      for (int k = 0; k < N; k++) at[k] += n * step_[last][k];
      index[last] += n;
      for (int d = last; d > 0 && index[d] == size_[d]; d--) {  // carry
        for (int k = 0; k < N; k++) at[k] += step_[d - 1][k] - size_[d] * step_[d][k];
        index[d] = 0;
        index[d - 1]++;
      }
    }
  }
  int64_t total() const { return numel_; }

 private:
  std::array<char*, N> data_;
  int64_t numel_ = 0;
  int dims_ = 0;
  int64_t size_[Dims::kMaxDims] = {};
  std::array<int64_t, N> step_[Dims::kMaxDims] = {};
};

// y = f(inputs…) element by element, in C. y is written (not checked for history); inputs broadcast to its shape.
template <class C, class F, class... Inputs>
void map_into(Tensor& y, int64_t grain, F&& f, const Inputs&... inputs) {
  constexpr int N = int(sizeof...(Inputs));
  const std::array<DType, N + 1> dtypes{y.dtype(), inputs.dtype()...};
  const std::array<char*, N + 1> data{static_cast<char*>(y.mutable_data_ptr()),
                                      const_cast<char*>(static_cast<const char*>(inputs.data_ptr()))...};
  const StridedLoop<N + 1> loop(y.shape(), data,
                                {broadcast_strides(y, y.shape()), broadcast_strides(inputs, y.shape())...});
  constexpr auto wide = int64_t(sizeof(C));
  std::array<bool, N + 1> same;
  for (int k = 0; k <= N; k++) same[k] = dtypes[k] == dtype_of<C>;
  loop.run(grain, [&](char* const* at, const int64_t* step, int64_t total) {
    alignas(64) C buffer[N + 1][kChunk];
    for (int64_t done = 0; done < total; done += kChunk) {
      const int64_t n = std::min(kChunk, total - done);
      std::array<const C*, N + 1> in;
      for (int k = 1; k <= N; k++) {
        const char* src = at[k] + done * step[k];
        if (same[k] && step[k] == wide) {
          in[k] = reinterpret_cast<const C*>(src);
        } else {
          in[k] = buffer[k];
          if (step[k] || !done) load_row(dtypes[k], src, step[k], n, buffer[k]);
        }
      }
      char* dst = at[0] + done * step[0];
      const bool direct = same[0] && step[0] == wide;
      C* out = direct ? reinterpret_cast<C*>(dst) : buffer[0];
      [&]<size_t... K>(std::index_sequence<K...>) {
#pragma GCC ivdep  // y may be an input, but only at the same place
        for (int64_t i = 0; i < n; i++) out[i] = C(f(in[K + 1][i]...));
      }
      (std::make_index_sequence<N>{});
      if (!direct) store_row(dtypes[0], dst, step[0], n, out);
    }
  });
}

template <class C, class F, class... Inputs>
Tensor map(DType dtype, const Shape& shape, int64_t grain, F&& f, const Inputs&... inputs) {
  Tensor y = Tensor::empty(shape, dtype);
  map_into<C>(y, grain, std::forward<F>(f), inputs...);
  return y;
}

}  // namespace ef
