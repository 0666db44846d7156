#include "quantizers/group/group_weight.h"

#include <algorithm>

#include "kernels/group.h"

namespace ef {

size_t GroupNumbers::nbytes() const {
  size_t total = 0;
  for (const Tensor* t : {&values, &absmax})  // the map is every layer's
    if (t->defined()) total += t->nbytes();
  return total;
}

void GroupNumbers::read(int64_t first, int64_t count, float* out) const {
  if (map.defined()) {
    const uint8_t* code = values.data<uint8_t>() + first;
    const float *value = map.data<float>(), *factor = absmax.data<float>();
    for (int64_t i = 0; i < count;) {  // up to the end of a block
      const int64_t at = (first + i) / block, until = std::min(count, (at + 1) * block - first);
      for (; i < until; i++) out[i] = value[code[i]] * factor[at] + offset;
    }
    return;
  }
  visit_dtype(values.dtype(), "group numbers", [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* from = static_cast<const T*>(values.data_ptr()) + first;
    for (int64_t i = 0; i < count; i++) out[i] = float(from[i]);
  });
}

void unpack_codes(int bits, const uint8_t* stream, int64_t first, int64_t count, uint8_t* out) {
  const uint32_t mask = (1u << bits) - 1;
  for (int64_t i = 0, at = first * bits; i < count; i++, at += bits) {
    const int64_t byte = at / 8;
    const int shift = int(at % 8);
    uint32_t v = uint32_t(stream[byte]) >> shift;
    if (shift + bits > 8) v |= uint32_t(stream[byte + 1]) << (8 - shift);
    out[i] = uint8_t(v & mask);
  }
}

void pack_codes(int bits, const uint8_t* codes, int64_t count, uint8_t* out) {
  if (bits == 4) {
    for (int64_t i = 0; i < count; i += 2)
      out[i / 2] = uint8_t(codes[i] << 4 | (i + 1 < count ? codes[i + 1] & 15 : 0));
    return;
  }
  std::fill_n(out, (count * bits + 7) / 8, uint8_t(0));
  for (int64_t i = 0, at = 0; i < count; i++, at += bits) {
    const int shift = int(at % 8);
    out[at / 8] = uint8_t(out[at / 8] | codes[i] << shift);
    if (shift + bits > 8) out[at / 8 + 1] = uint8_t(codes[i] >> (8 - shift));
  }
}

namespace {

void check_numbers(const GroupNumbers& numbers, const char* what, int64_t needed) {
  if (!numbers.defined()) return;
  check<ShapeError>(numbers.values.numel() == needed && numbers.values.is_contiguous(), "packed weight: found ",
                    numbers.values.numel(), " ", what, ", needed ", needed);
  if (!numbers.map.defined()) return;
  const int64_t blocks = numbers.block > 0 ? (needed + numbers.block - 1) / numbers.block : -1;
  check<ShapeError>(numbers.map.numel() == 256 && numbers.absmax.numel() == blocks, "packed weight: found ",
                    numbers.absmax.numel(), " nested ", what, " and a map of ", numbers.map.numel(), ", needed ",
                    blocks, " and 256");
}

}  // namespace

GroupWeight::GroupWeight(GroupMatrix m) : TiledWeight(m.n, m.k, m.dtype, m.compute), matrix_(std::move(m)) {
  check<ConfigError>(matrix_.bits >= 1 && matrix_.bits <= 8, "packed weight: found ", matrix_.bits,
                     " bits, needed 1 to 8");
  check<ConfigError>(matrix_.group > 0, "packed weight: found groups of ", matrix_.group, ", needed a positive number");
  const int64_t bytes = matrix_.flat ? (n_ * k_ * matrix_.bits + 7) / 8 : n_ * matrix_.row_bytes();
  check<ShapeError>(
      matrix_.codes.defined() && int64_t(matrix_.codes.nbytes()) == bytes && matrix_.codes.is_contiguous(),
      "packed weight: found ", matrix_.codes.defined() ? matrix_.codes.nbytes() : 0, " bytes of codes, needed ", bytes,
      " for [", n_, ", ", k_, "] of ", matrix_.bits, " bits");
  const int64_t numbers = matrix_.flat ? (n_ * k_ + matrix_.group - 1) / matrix_.group : n_ * matrix_.groups();
  check<ShapeError>(matrix_.scale.defined(), "packed weight: found no scales");
  check_numbers(matrix_.scale, "scales", numbers);
  check_numbers(matrix_.zero, "zero points", numbers);
  check_numbers(matrix_.add, "offsets", numbers);
  if (!matrix_.order.defined()) return;
  check<ShapeError>(matrix_.order.numel() == k_, "packed weight: found an order of ", matrix_.order.numel(),
                    " columns, needed ", k_);
  const int64_t* order = matrix_.order.data<int64_t>();
  for (int64_t i = 0; i < k_; i++)
    check<IndexError>(order[i] >= 0 && order[i] < k_, "packed weight: found column ", order[i], " of ", k_);
}

size_t GroupWeight::nbytes() const {
  const size_t order = matrix_.order.defined() ? matrix_.order.nbytes() : 0;
  return matrix_.codes.nbytes() + matrix_.scale.nbytes() + matrix_.zero.nbytes() + matrix_.add.nbytes() + order;
}

void GroupWeight::expand(int64_t begin, int64_t end, bool to_bf16, void* out) const {
  const GroupMatrix& w = matrix_;
  const GroupKernels& kernels = group_kernels();
  const auto* codes = static_cast<const uint8_t*>(w.codes.data_ptr());
  const size_t item = to_bf16 ? 2 : 4;
  std::vector<float> scale(size_t(k_ / w.group + 2)), zero(scale.size()), add(scale.size());
  std::vector<uint8_t> bytes(w.bits == 4 || w.bits == 8 ? 0 : size_t(k_));
  for (int64_t row = begin; row < end; row++) {
    const int64_t base = w.flat ? row * k_ : 0;  // elements before this row, as codes and groups count them
    const int64_t first = first_group(row), count = (base + k_ - 1) / w.group - base / w.group + 1;
    w.scale.read(first, count, scale.data());
    if (w.zero.defined()) w.zero.read(first, count, zero.data());
    if (w.add.defined()) w.add.read(first, count, add.data());
    const uint8_t* from = w.flat ? codes : codes + row * w.row_bytes();
    auto* to = static_cast<char*>(out) + size_t((row - begin) * k_) * item;
    if (!bytes.empty()) unpack_codes(w.bits, from, base, k_, bytes.data());
    for (int64_t i = 0; i < k_;) {
      const int64_t g = (base + i) / w.group - base / w.group,
                    length = std::min(k_ - i, (g + 1) * w.group - (base % w.group) - i);
      const auto put = [&](int64_t n, const uint8_t* code, int bits, int64_t at) {
        kernels.values(n, code, bits, w.is_signed, w.table.data(), zero[size_t(g)], scale[size_t(g)], add[size_t(g)],
                       to + size_t(at) * item, to_bf16);
      };
      if (!bytes.empty()) {
        put(length, bytes.data() + i, 8, i);
      } else if (w.bits == 8) {
        put(length, from + base + i, 8, i);
      } else {
        int64_t at = i, left = length;
        if ((base + at) % 2) {  // the low nibble of a byte that is begun
          const uint8_t alone = uint8_t(from[(base + at) / 2] << 4);
          put(1, &alone, 4, at);
          at++, left--;
        }
        if (left) put(left, from + (base + at) / 2, 4, at);
      }
      i += length;
    }
  }
}

bool GroupWeight::has_dot() const {
  const int chunk = group_kernels().chunk;
  const bool rows_apart = !matrix_.flat || k_ % matrix_.group == 0;
  return rows_apart && k_ % chunk == 0 && (matrix_.group % chunk == 0 || matrix_.group >= k_);
}

// Rows as the loops want them; behind them, where groups have zeros or offsets, the sums over each group.
Tensor GroupWeight::prepare(const Tensor& x) const {
  const int64_t m = x.size(0), groups = matrix_.groups(), width = k_ + groups;
  Tensor out = Tensor::empty({m, width});
  float* to = out.mutable_data<float>();
  for (int64_t r = 0; r < m; r++, to += width) {
    const float* from = x.data<float>() + r * k_;
    if (matrix_.bits == 4)
      group_kernels().split(k_, from, to);
    else
      std::copy_n(from, k_, to);
    if (!matrix_.zero.defined() && !matrix_.add.defined()) continue;
    for (int64_t g = 0; g < groups; g++) {
      float sum = 0;
      for (int64_t i = g * matrix_.group; i < std::min(k_, (g + 1) * matrix_.group); i++) sum += from[i];
      to[k_ + g] = sum;
    }
  }
  return out;
}

void GroupWeight::dot(const Tensor& prepared, int64_t begin, int64_t end, float* y) const {
  constexpr int64_t kRows = 16;  // whose scales are read at once
  const GroupMatrix& w = matrix_;
  const GroupKernels& kernels = group_kernels();
  const int64_t m = prepared.size(0), width = prepared.size(1), groups = w.groups(), row_bytes = w.row_bytes();
  const float* x = prepared.data<float>();
  const auto* codes = static_cast<const uint8_t*>(w.codes.data_ptr());
  const bool zeros = w.zero.defined(), adds = w.add.defined();
  std::vector<float> scale(size_t(3 * kRows * groups)), sums(size_t(kernels.rows));
  float *zero = scale.data() + kRows * groups, *add = zero + kRows * groups;
  std::vector<uint8_t> bytes(w.bits == 4 || w.bits == 8 ? 0 : size_t(k_));
  GroupRow row{nullptr, bytes.empty() ? w.bits : 8, w.is_signed, w.table.data(), k_, w.group, nullptr};
  for (int64_t first = begin; first < end; first += kRows) {
    const int64_t count = std::min(kRows, end - first), numbers = count * groups;
    w.scale.read(first * groups, numbers, scale.data());
    if (zeros) w.zero.read(first * groups, numbers, zero);
    if (adds) w.add.read(first * groups, numbers, add);
    if (zeros)
      for (int64_t g = 0; g < numbers; g++) add[g] = (adds ? add[g] : 0.f) - zero[g] * scale[size_t(g)];
    if (m == 1 && bytes.empty()) {  // a token of text that is being written
      row.codes = codes + first * row_bytes, row.scale = scale.data();
      kernels.dot_down(count, row, row_bytes, groups, x, y + first);
      if (zeros || adds)
        for (int64_t n = 0; n < count; n++)
          for (int64_t g = 0; g < groups; g++) y[first + n] += add[n * groups + g] * x[k_ + g];
      continue;
    }
    for (int64_t n = 0; n < count; n++) {
      row.codes = codes + (first + n) * row_bytes;
      row.scale = scale.data() + n * groups;
      if (!bytes.empty()) {
        unpack_codes(w.bits, row.codes, 0, k_, bytes.data());
        row.codes = bytes.data();
      }
      for (int64_t r = 0; r < m; r += kernels.rows) {
        const int together = int(std::min<int64_t>(kernels.rows, m - r));
        kernels.dot(together, row, x + r * width, width, sums.data());
        for (int i = 0; i < together; i++) {
          float sum = sums[size_t(i)];
          if (zeros || adds) {
            const float *by = x + (r + i) * width + k_, *shift = add + n * groups;
            for (int64_t g = 0; g < groups; g++) sum += shift[g] * by[g];
          }
          y[(r + i) * n_ + first + n] = sum;
        }
      }
    }
  }
}

Tensor GroupWeight::to_stored(const Tensor& x) const {
  if (!matrix_.order.defined()) return x;
  const int64_t* order = matrix_.order.data<int64_t>();
  Tensor out = Tensor::empty(x.shape());
  const float* from = x.data<float>();
  float* to = out.mutable_data<float>();
  for (int64_t r = 0; r < x.size(0); r++, from += k_, to += k_)
    for (int64_t i = 0; i < k_; i++) to[i] = from[order[i]];
  return out;
}

Tensor GroupWeight::from_stored(const Tensor& dx) const {
  if (!matrix_.order.defined()) return dx;
  const int64_t* order = matrix_.order.data<int64_t>();
  Tensor out = Tensor::zeros(dx.shape());
  const float* from = dx.data<float>();
  float* to = out.mutable_data<float>();
  for (int64_t r = 0; r < dx.size(0); r++, from += k_, to += k_)
    for (int64_t i = 0; i < k_; i++) to[order[i]] = from[i];
  return out;
}

}  // namespace ef
