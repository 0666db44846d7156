// The loop that all element-wise optimizers share: many parameters, each with its gradient and its state, in one
// parallel region. Numbers are worked on in float, or in double where one of the arrays is; bf16 and f16 are widened
// and rounded again. What becomes of an element depends on nothing else, so the bits are the same for any thread count.
#pragma once
#include <algorithm>
#include <array>
#include <vector>

#include "core/error.h"
#include "core/thread_pool.h"
#include "tensor/tensor.h"

namespace ef::optim {

constexpr size_t kMaxArrays = 6;
constexpr int64_t kPiece = 2048;

// Of one parameter: itself, its gradient (read only), its state.
using Arrays = std::vector<Tensor>;

// The arrays of one parameter as contiguous memory; what had to be copied is written back at the end.
class Item {
 public:
  Item(const Arrays& arrays, const char* where);
  void write_back();
  int64_t size() const { return kept_[0].numel(); }
  bool wide() const { return wide_; }

  // f(n, pointers) on elements [begin, begin + n), n at most kPiece
  template <class T, class F>
  void piece(int64_t begin, int64_t n, F&& f) const {
    std::array<T*, kMaxArrays> at{};
    alignas(64) T buffer[kMaxArrays][kPiece];
    for (size_t k = 0; k < kept_.size(); k++) {
      at[k] = dtype_[k] == dtype_of<T> ? static_cast<T*>(data_[k]) + begin : buffer[k];
      if (at[k] == buffer[k]) widen(k, begin, n, buffer[k]);
    }
    f(n, at.data());
    for (size_t k = 0; k < kept_.size(); k++)
      if (at[k] == buffer[k] && k != kGradient) narrow(k, begin, n, buffer[k]);
  }

 private:
  static constexpr size_t kGradient = 1;
  void widen(size_t k, int64_t begin, int64_t n, float* to) const;
  void widen(size_t k, int64_t begin, int64_t n, double* to) const;
  void narrow(size_t k, int64_t begin, int64_t n, const float* from) const;
  void narrow(size_t k, int64_t begin, int64_t n, const double* from) const;
  char* address(size_t k, int64_t i) const { return static_cast<char*>(data_[k]) + i * int64_t(item_size(dtype_[k])); }
  std::vector<Tensor> kept_;
  std::vector<std::pair<Tensor, Tensor>> back_;
  std::array<void*, kMaxArrays> data_{};
  std::array<DType, kMaxArrays> dtype_{};
  bool wide_ = false;
};

// f(item, begin, n, pointers) with float* or double*, in pieces of every parameter: elements [begin, begin + n).
template <class F>
void for_elements(const char* where, const std::vector<Arrays>& all, F&& f) {
  std::vector<Item> items;
  std::vector<std::pair<size_t, int64_t>> pieces;
  for (const Arrays& arrays : all) {
    items.emplace_back(arrays, where);
    for (int64_t begin = 0; begin < items.back().size(); begin += kPiece) pieces.emplace_back(items.size() - 1, begin);
  }
  parallel_for(int64_t(pieces.size()), 2, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; i++) {
      const auto [index, begin] = pieces[size_t(i)];
      const Item& item = items[index];
      const int64_t n = std::min(kPiece, item.size() - begin);
      const auto call = [&, index = index, begin = begin](int64_t m, auto* const* a) { f(index, begin, m, a); };
      if (item.wide())
        item.piece<double>(begin, n, call);
      else
        item.piece<float>(begin, n, call);
    }
  });
  for (Item& item : items) item.write_back();
}

}  // namespace ef::optim
