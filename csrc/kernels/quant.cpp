#include "kernels/quant.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>

#include "core/parallel_pieces.h"
#include "kernels/gemm.h"
#include "kernels/gemm_strip.h"
#include "kernels/quant_kernels.h"
#include "kernels/quant_pack.h"
#include "kernels/quant_panels.h"
#include "kernels/scratch.h"

namespace ef {
namespace {

// Rows of W from `row` on as a panel; of each row the blocks of the k weights from byte `offset` on.
void pack_panel(GgmlType type, const FileRows& file, int64_t row, int64_t end, size_t row_bytes, size_t offset,
                int64_t k, const PanelOf<uint8_t>& panel) {
  const uint8_t* rows[kPanelRows];
  const int count = int(std::min<int64_t>(kPanelRows, end - row));
  for (int i = 0; i < count; i++) rows[i] = file.row(row + i, row_bytes) + offset;
  pack_panel(type, k, rows, count, panel);
}

// Panels [begin, begin + count) of a weight: where they lie, or packed in this thread's scratch until the next ones.
class Panels {
 public:
  Panels(const QuantTarget& t, const Packed& packed, int64_t k, int64_t begin, int64_t count)
      : packed_(packed), data_(t.packed), begin_(begin), all_(panels(t.n)) {
    if (data_) return;
    uint8_t* out = scratch<uint8_t>(ScratchSlot::QuantPanel, size_t(count) * packed.panel_bytes);
    for (int64_t i = 0; i < count; i++)
      pack_panel(t.type, t.file, (begin + i) * kPanelRows, t.n, ggml_row_bytes(t.type, k), 0, k,
                 packed.panel(out, count, i));
    data_ = out, begin_ = 0, all_ = count;
  }
  Panel operator[](int64_t i) const { return packed_.panel(data_, all_, begin_ + i); }

 private:
  const Packed& packed_;
  const uint8_t* data_;
  int64_t begin_, all_;
};

static_assert(kQuantSectionRows == kSectionPanels * kPanelRows);

constexpr int64_t kManyRows = 4;  // from which on the multiplications take longer than reading the weights
static_assert(kManyRows <= 12);   // a block of rows

struct TileScope {  // of one thread, on one format
  const QuantKernels& kernels;
  TileScope(const QuantKernels& k, PackedIndex format) : kernels(k) {
    if (kernels.begin) kernels.begin(format);
  }
  ~TileScope() {
    if (kernels.end) kernels.end();
  }
  TileScope(const TileScope&) = delete;
};

constexpr int64_t kSmall = 16384;  // bytes that one thread is quicker with

// Few rows: memory decides, so every worker takes an equal share of the bytes, in order.
void matmul_few(const MatmulJob& job, int64_t k, std::span<const QuantTarget> targets) {
  int64_t total = 0;
  for (const QuantTarget& t : targets) total += panels(t.n) * int64_t(Packed(t.type, k).panel_bytes);
  auto body = [&](int id, int n) {
    int64_t begin = total * id / n, end = total * (id + 1) / n;  // a panel belongs to where it starts
    for (const QuantTarget& t : targets) {
      const Packed packed(t.type, k);
      const int64_t size = int64_t(packed.panel_bytes), count = panels(t.n);
      const auto first = [&](int64_t offset) { return std::clamp<int64_t>((offset + size - 1) / size, 0, count); };
      const TileScope scope(job.kernels, packed.format);
      for (int64_t p = first(begin); p < first(end); p++) job.panel(t, packed, p, Panels(t, packed, k, p, 1)[0], 0);
      begin -= size * count, end -= size * count;
    }
  };
  if (total < kSmall)
    body(0, 1);
  else
    ThreadPool::instance().run(body);
}

// More rows: chunks of panels that stay in the cache meet each block of rows, which is then read from there too. A
// piece is the same part of every target: what is combined behind, like gates, was then written by one core. Of many
// rows each thread has some, all columns of them: the operations before and behind share rows out in the same way, and
// what another core wrote comes slowly.
void matmul_many(const MatmulJob& job, int64_t k, std::span<const QuantTarget> targets) {
  constexpr size_t kChunkBytes = 128 << 10;
  constexpr int64_t kBandBlocks = 4;  // of rows, at most: a band reads all weights once more
  const bool ready = std::all_of(targets.begin(), targets.end(), [](const QuantTarget& t) { return t.packed; });
  const Cut bands(job.blocks.count, ready ? kBandBlocks : job.blocks.count);
  int64_t total = 0, bytes = 0;
  for (const QuantTarget& t : targets) {
    total = std::max(total, panels(t.n));
    bytes += panels(t.n) * int64_t(Packed(t.type, k).panel_bytes);
  }
  if (total == 0) return;
  const auto part = [&](int64_t band, int64_t begin, int64_t end) {
    for (const QuantTarget& t : targets) {
      const int64_t last = panels(t.n) * end / total;
      int64_t first = panels(t.n) * begin / total;
      if (first >= last) continue;
      const Packed packed(t.type, k);
      const TileScope scope(job.kernels, packed.format);
      const int64_t chunk = std::max<int64_t>(1, int64_t(kChunkBytes / packed.panel_bytes));
      for (; first < last; first += chunk) {
        const int64_t size = std::min(chunk, last - first);
        const Panels w(t, packed, k, first, size);
        for (int64_t block = bands.begin(band); block < bands.begin(band + 1); block++)
          for (int64_t p = 0; p < size; p++) job.panel(t, packed, first + p, w[p], block);
      }
    }
  };
  const auto piece = [&](int64_t begin, int64_t end) {
    for (int64_t band = begin / total; band * total < end; band++)
      part(band, std::max<int64_t>(begin - band * total, 0), std::min(end - band * total, total));
  };
  if (bytes < kSmall)
    piece(0, bands.pieces * total);
  else
    parallel_pieces(bands.pieces * total, piece);
}

constexpr int64_t kRoundedRows = 48;  // from 24 on as fast as whole numbers
thread_local QuantRows::Kind rows_kind = QuantRows::Any;

// A weight as the right side of a product in strips; its k is whole groups.
class QuantSource final : public StripSource {
 public:
  QuantSource(const QuantTarget& t, int64_t k) : packed_(t.type, k), target_(t), k_(k) {}
  void pack(int64_t column, int64_t columns, int64_t k0, int64_t kn, void* to) const override {
    const int64_t count = panels(columns);
    Panel all[2];
    const auto pairs = [&](int64_t begin) {
      quant_kernels().pack_pairs(packed_.format, packed_.codebook, all, int(count), begin / kGroup, kn / kGroup, to);
    };
    if (target_.packed) {
      for (int64_t p = 0; p < count; p++) all[p] = panel(column + p * kPanelRows);
      return pairs(k0);
    }
    const Part part(*this, k0, kn);
    const PackedFormat& f = kPackedFormats[packed_.format];
    const int64_t groups = part.size / kGroup;
    uint8_t* near = scratch<uint8_t>(ScratchSlot::QuantPanel, size_t(count) * f.panel_bytes(groups));
    for (int64_t p = 0; p < count; p++) {
      const PanelOf<uint8_t> one = panel_at(f, groups, near, count, p);
      pack_panel(target_.type, target_.file, column + p * kPanelRows, target_.n, ggml_row_bytes(target_.type, k_),
                 part.offset, part.size, one);
      all[p] = {one.groups, one.apart};
    }
    pairs(k0 - part.begin);
  }
  Lines lines(int64_t column, int64_t columns, int64_t k0, int64_t kn) const override {
    if (!target_.packed) {
      const Part part(*this, k0, kn);
      return {reinterpret_cast<const char*>(row(column)) + part.offset,
              int64_t(ggml_row_bytes(target_.type, part.size)), int64_t(ggml_row_bytes(target_.type, k_)), columns};
    }
    const PackedFormat& f = kPackedFormats[packed_.format];  // without the scales of a super-group begun before
    return {reinterpret_cast<const char*>(panel(column).groups) + f.first_bytes(k0 / kGroup),
            int64_t(f.first_bytes(kn / kGroup)), int64_t(f.first_bytes(packed_.groups)), panels(columns)};
  }

 private:
  struct Part {  // whole blocks of the file around [k0, k0 + kn)
    int64_t begin, size;
    size_t offset;  // bytes from the row's first block
    Part(const QuantSource& of, int64_t k0, int64_t kn) {
      const int64_t block = ggml_type_info(of.target_.type).block_length;
      begin = k0 / block * block;
      size = std::min(of.k_, (k0 + kn + block - 1) / block * block) - begin;
      offset = begin ? ggml_row_bytes(of.target_.type, begin) : 0;
    }
  };
  const uint8_t* row(int64_t i) const { return target_.file.row(i, ggml_row_bytes(target_.type, k_)); }
  Panel panel(int64_t column) const { return packed_.panel(target_.packed, panels(target_.n), column / kPanelRows); }
  Packed packed_;
  const QuantTarget& target_;
  int64_t k_;
};

}  // namespace

bool quant_computes(GgmlType type) { return packed_type(type) != nullptr; }

size_t quant_packed_bytes(GgmlType type, int64_t n, int64_t k) {
  return size_t(panels(n)) * Packed(type, k).panel_bytes;
}

void quant_pack(GgmlType type, int64_t n, int64_t k, const FileRows& rows, uint8_t* packed) {
  const Packed to(type, k);
  const size_t row_bytes = ggml_row_bytes(type, k);
  parallel_for(panels(n), std::max<int64_t>(1, 16384 / (kPanelRows * k + 1)), [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; p++)
      pack_panel(type, rows, p * kPanelRows, n, row_bytes, 0, k, to.panel(packed, panels(n), p));
  });
}

void quant_unpack_rows(GgmlType type, int64_t n, int64_t k, const uint8_t* packed, int64_t begin, int64_t end,
                       float* out) {
  if (begin >= end) return;
  const QuantKernels& kernels = quant_kernels();
  const Packed p(type, k);
  const int64_t first = begin / kPanelRows;
  parallel_for(panels(end) - first, 4, [&](int64_t from, int64_t to) {
    for (int64_t panel = first + from; panel < first + to; panel++) {
      const int64_t row = panel * kPanelRows, low = std::max(begin, row), high = std::min(end, row + kPanelRows);
      const PanelPart part{int(low - row), int(high - low), 0, p.groups};
      kernels.dequantize(p.format, p.codebook, p.panel(packed, panels(n), panel), part, out + (low - begin) * k, k);
    }
  });
}

size_t quant_activation_bytes(int64_t m, int64_t k) {  // with what a tile may read behind the last block
  return (size_t(m) * size_t(k / kGroup) + kMaxRowBlock) * sizeof(ActivationGroup);
}

int64_t quant_busy_rows(double bytes_of_weight) {
  constexpr double kRowsOfByte = 6.4;  // some 25 GB/s a thread, as Zen 4 multiplies
  const QuantKernels& kernels = quant_kernels();
  return kernels.begin ? kernels.row_block : int64_t(std::ceil(kRowsOfByte * bytes_of_weight));  // tiles: whole ones
}

void quant_activations(int64_t m, int64_t k, const float* x, int64_t ldx, uint8_t* out) {
  if (m <= 0) return;
  const QuantKernels& kernels = quant_kernels();
  const RowBlocks blocks(m, kernels.row_block);
  const int64_t groups = k / kGroup;
  auto* to = reinterpret_cast<ActivationGroup*>(out);
  const int64_t grain = 1 + 8192 / (kGroup * std::min<int64_t>(m, kernels.row_block));
  parallel_for(blocks.count * groups, grain, [&](int64_t begin, int64_t end) {
    while (begin < end) {  // a range of groups inside one block of rows
      const int64_t block = begin / groups, g = begin % groups, count = std::min(groups - g, end - begin);
      const int64_t row = blocks.begin(block);
      const int rows = blocks.rows(block);
      kernels.quantize(rows, count, x + row * ldx + g * kGroup, ldx, to + row * groups + g * rows);
      begin += count;
    }
  });
}

void quant_matmul(int64_t m, int64_t k, const uint8_t* activations, std::span<const QuantTarget> targets) {
  if (m <= 0) return;
  const MatmulJob job{.groups = k / kGroup,
                      .x = reinterpret_cast<const ActivationGroup*>(activations),
                      .blocks = RowBlocks(m, quant_kernels().row_block)};
  if (m < kManyRows)
    matmul_few(job, k, targets);
  else
    matmul_many(job, k, targets);
}

QuantRows::QuantRows(Kind kind) : before_(rows_kind) { rows_kind = kind; }
QuantRows::~QuantRows() { rows_kind = before_; }
QuantRows::Kind QuantRows::current() { return rows_kind; }

bool quant_rounds(int64_t m) {
  if (!strips() || batch_invariant() || SingleRowOrder::on()) return false;
  return rows_kind == QuantRows::Any ? m >= kRoundedRows : rows_kind == QuantRows::Prompt;
}

void quant_matmul_rounded(int64_t m, int64_t k, const void* x, DType xd, int64_t ldx,
                          std::span<const QuantTarget> targets) {
  std::vector<QuantSource> sources;
  std::vector<StripTarget> strips;
  sources.reserve(targets.size());
  for (const QuantTarget& t : targets) {
    sources.emplace_back(t, k);
    strips.push_back({&sources.back(), t.n, t.y, DType::Float32, t.ldy});
  }
  strip_product(m, k, {x, xd, ldx, false}, strips, false);
}

void quant_matmul_grad(GgmlType type, int64_t m, int64_t n, int64_t k, const uint8_t* packed, const float* dy,
                       int64_t lddy, float* dx, int64_t lddx) {
  if (m <= 0) return;
  constexpr int64_t kRows = 128, kColumnGroups = 2;  // a piece of W in f32: 32 KiB
  const QuantKernels& kernels = quant_kernels();
  const Packed p(type, k);
  ThreadPool& pool = ThreadPool::instance();
  const int64_t groups = k / kGroup, pieces = (groups + kColumnGroups - 1) / kColumnGroups;
  // Every piece is dequantized once a part: more parts only where workers would idle and a part stays worth it.
  const int64_t parts = std::clamp<int64_t>(std::min(4 * pool.size() / pieces, m / 96), 1, 64);
  std::atomic<int64_t> ticket{0};
  pool.run([&](int, int) {
    alignas(64) float w[kRows * kColumnGroups * kGroup];
    for (int64_t task; (task = ticket.fetch_add(1, std::memory_order_relaxed)) < pieces * parts;) {
      const int64_t first = task / parts * kColumnGroups, count = std::min(kColumnGroups, groups - first);
      const int64_t low = m * (task % parts) / parts, high = m * (task % parts + 1) / parts, width = count * kGroup;
      float* to = dx + low * lddx + first * kGroup;
      for (int64_t i = 0; i < high - low; i++) std::fill_n(to + i * lddx, width, 0.f);
      for (int64_t row = 0; row < n; row += kRows) {
        const int64_t rows = std::min(kRows, n - row);
        for (int64_t r = 0; r < rows; r += kPanelRows)
          kernels.dequantize(p.format, p.codebook, p.panel(packed, panels(n), (row + r) / kPanelRows),
                             {0, kPanelRows, first, count}, w + r * width, width);
        kernels.accumulate(high - low, rows, count, dy + low * lddy + row, lddy, w, to, lddx);
      }
    }
  });
}

}  // namespace ef
