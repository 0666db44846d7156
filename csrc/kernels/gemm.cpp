#include "kernels/gemm.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <string_view>

#include "core/error.h"
#include "core/parallel_pieces.h"
#include "core/thread_pool.h"
#include "kernels/gemm_strip.h"
#include "kernels/kernels.h"
#include "kernels/scratch.h"

namespace ef {
namespace {

bool invariant_from_environment() {
  const char* text = std::getenv("EIGENFORMERS_BATCH_INVARIANT");
  const std::string_view value = text ? text : "";
  const bool on = value == "1" || value == "true" || value == "on";
  check<ConfigError>(on || value.empty() || value == "0" || value == "false" || value == "off",
                     "EIGENFORMERS_BATCH_INVARIANT: found '", value, "', needed 1 or 0");
  return on;
}
std::atomic<bool>& invariant() {
  static std::atomic<bool> on{invariant_from_environment()};
  return on;
}

constexpr int64_t kInPlaceRows = 32;                       // up to here an f32 b[k, n] is used where it lies
constexpr int64_t kDirectRows = 4;                         // up to here b[k, n] of any dtype is
constexpr int64_t kManyRows = 48;                          // from here on products take long
constexpr int64_t kBandUnit = 12, kBandBytes = 384 << 10;  // of a's rows that are multiplied at once
constexpr int64_t kLeastPiece = 1 << 18;                   // multiply-adds that a thread takes
constexpr int64_t kSplitLeast = 64;  // rows and k from which f32 is split into three bf16 where tiles take them
constexpr int64_t kSplitColumns = 32;
constexpr int64_t kGroup = 8;             // panels whose steps along k go together, at most
constexpr int64_t kSlab = 8192;           // of k, for which a is packed at once
constexpr int64_t kBlockBytes = 6 << 20;  // of packed a, which all threads share

using Target = SplitTarget;

void check_operand(const char* where, DType d) {
  check<DtypeError>(d == DType::Float32 || d == DType::BFloat16 || d == DType::Float16, where, ": found ",
                    dtype_name(d), ", needed float32, bfloat16 or float16");
}
void zero_fill(int64_t m, std::span<const Target> targets) {
  for (const Target& t : targets)
    for (int64_t i = 0; i < m; i++) std::fill_n(t.c + i * t.ldc, t.n, 0.f);
}

// All targets have b of one dtype.
void panel_product(int64_t m, int64_t k, const Matrix& a, std::span<const Target> targets, bool accumulate) {
  const bool bf16 = targets[0].b.dtype == DType::BFloat16;
  const PanelKernels& ker = bf16 ? kernels().panel_bf16 : kernels().panel_f32;
  const int64_t item = int64_t(ker.item_size);
  const UnitCut slabs(k, ker.chunk, kSlab);
  const Cut bands(m, std::max<int64_t>(ker.rows * 16, kBlockBytes / (slabs.largest() * ker.chunk * item)));
  const int threads = ThreadPool::instance().size();

  struct Panel {
    const Target* target;
    int64_t begin, end;
  };
  static thread_local std::vector<Panel> kept;  // keeps its memory between calls
  std::vector<Panel>& panels = kept;            // the workers must see the caller's
  panels.clear();
  for (const Target& t : targets) {
    const UnitCut cut(t.n, ker.lanes, ker.lanes * ker.vectors);
    for (int64_t i = 0; i < cut.pieces(); i++) panels.push_back({&t, cut.begin(i), cut.begin(i + 1)});
  }
  const int64_t count = int64_t(panels.size());
  for (int64_t part = 0; part < slabs.pieces() * bands.pieces; part++) {
    const int64_t slab = part / bands.pieces, band = part % bands.pieces;
    const int64_t slab_k = slabs.begin(slab), depth = slabs.begin(slab + 1) - slab_k;
    const UnitCut steps(depth, ker.chunk, std::max(ker.chunk, ker.depth));
    const int64_t row_bytes = steps.units.total * ker.chunk * item;
    const int64_t m0 = bands.begin(band), mn = bands.begin(band + 1) - m0;
    const UnitCut blocks(mn, ker.row_unit, ker.rows);
    char* packed_a = scratch<char>(ScratchSlot::GemmA, size_t(mn * row_bytes + kPackedSlack));
    // A step's rows lie together: blocks of rows far apart would fall into the same few cache lines.
    const auto rows_at = [&](int64_t s, int64_t r) {
      const int64_t step_bytes = (steps.begin(s + 1) - steps.begin(s) + ker.chunk - 1) / ker.chunk * ker.chunk * item;
      return packed_a + mn * steps.begin(s) * item + r * step_bytes;
    };
    parallel_for(blocks.pieces(), std::max<int64_t>(1, 32768 / (ker.rows * depth)), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        const int64_t r = blocks.begin(i), rows = blocks.begin(i + 1) - r;
        for (int64_t s = 0; s < steps.pieces(); s++) {
          const int64_t k0 = steps.begin(s), k1 = steps.begin(s + 1);
          ker.pack_a(rows, k1 - k0, a.at(m0 + r, slab_k + k0), a.dtype, a.ld, a.transposed, bf16, rows_at(s, r));
        }
      }
    });
    // A task is a group of panels and a range of rows. With several steps along k a group shares a step of a, which
    // then comes from a near cache. Rows are only split (and panels packed more than once) if there are too few panels
    // to keep all threads busy.
    const int64_t together = steps.pieces() == 1 ? 1 : std::clamp<int64_t>(count / (4 * threads), 1, kGroup);
    // As many for every thread.
    const int64_t rounds = ((count + together - 1) / together + threads - 1) / threads;
    const int64_t groups = std::min(count, rounds * threads), width = ker.lanes * ker.vectors;
    const int64_t splits =
        threads == 1 ? 1 : std::clamp<int64_t>((4 * threads + groups - 1) / groups, 1, std::max<int64_t>(1, mn / 64));
    std::atomic<int64_t> ticket{0};
    auto work = [&](int, int) {
      const PanelScope scope(ker);
      char* packed_b = scratch<char>(ScratchSlot::GemmB, size_t(width * steps.largest() * ker.chunk * item));
      // Rows of blocks [first, last); out is their first row.
      const auto multiply = [&](const Panel& p, int64_t s, int64_t first, int64_t last, float* out, int64_t ldout,
                                bool add) {
        const int64_t k0 = slab_k + steps.begin(s), kn = slab_k + steps.begin(s + 1) - k0,
                      here = (kn + ker.chunk - 1) / ker.chunk;
        const int64_t columns = p.end - p.begin;
        const Matrix& b = p.target->b;  // op(b) is [n, k]; the packing function calls b[k, n] transposed
        // Only the end of k is packed then. Rows a page apart fall into the same few cache lines: one pass at most.
        const bool in_place = ker.strided && b.transposed && b.dtype == DType::Float32 && columns % ker.lanes == 0 &&
                              mn <= (b.ld % 1024 ? kInPlaceRows : ker.rows);
        const int64_t direct = in_place ? kn / ker.chunk : 0, packed = here - direct, k1 = k0 + direct * ker.chunk;
        if (packed) ker.pack_b(columns, k0 + kn - k1, b.at(p.begin, k1), b.dtype, b.ld, b.transposed, packed_b);
        for (int64_t i = first; i < last; i++) {
          const int64_t r = blocks.begin(i), rows = blocks.begin(i + 1) - r;
          const char* pa = rows_at(s, r);
          float* to = out + (r - blocks.begin(first)) * ldout;
          if (direct) ker.tile(rows, columns, direct, pa, b.at(p.begin, k0), b.ld, to, ldout, add);
          if (packed)
            ker.tile(rows, columns, packed, pa + direct * rows * ker.chunk * item, packed_b, 0, to, ldout,
                     add || direct);
        }
      };
      for (int64_t id; (id = ticket.fetch_add(1, std::memory_order_relaxed)) < groups * splits;) {
        const int64_t group = id / splits, split = id % splits;
        const std::span<const Panel> mine = std::span<const Panel>(panels).subspan(
            size_t(count * group / groups), size_t(count * (group + 1) / groups - count * group / groups));
        const int64_t first = blocks.pieces() * split / splits, last = blocks.pieces() * (split + 1) / splits;
        const int64_t r0 = blocks.begin(first);
        const bool add = accumulate || slab > 0;
        for (int64_t s = 0; s < steps.pieces(); s++)
          for (const Panel& p : mine)
            multiply(p, s, first, last, p.target->c + (m0 + r0) * p.target->ldc + p.begin, p.target->ldc, add || s > 0);
      }
    };
    if (mn * depth < 4096 && count < 8)
      work(0, 1);  // not worth waking anybody
    else
      ThreadPool::instance().run(work);
  }
}

// The same for a b in bf16 on levels with strips.
class DenseSource final : public StripSource {
 public:
  explicit DenseSource(const Matrix& b) : b_(b) {}
  void pack(int64_t column, int64_t columns, int64_t k0, int64_t kn, void* to) const override {
    kernels().panel_bf16.pack_b(columns, kn, b_.at(column, k0), b_.dtype, b_.ld, b_.transposed, to);
  }
  Lines lines(int64_t column, int64_t columns, int64_t k0, int64_t kn) const override {
    const int64_t item = int64_t(item_size(b_.dtype));
    return {static_cast<const char*>(b_.at(column, k0)), (b_.transposed ? columns : kn) * item, b_.ld * item,
            b_.transposed ? kn : columns};
  }

 private:
  Matrix b_;
};
void strips_of_dense(int64_t m, int64_t k, const Matrix& a, std::span<const Target> targets, bool accumulate) {
  std::vector<DenseSource> sources;
  std::vector<StripTarget> strips;
  sources.reserve(targets.size());
  for (const Target& t : targets) {
    sources.emplace_back(t.b);
    strips.push_back({&sources.back(), t.n, t.c, DType::Float32, t.ldc});
  }
  strip_product(m, k, a, strips, accumulate);
}

// The columns of all targets, one target after the other, in units of so many.
struct Columns {
  std::span<const Target> targets;
  int64_t unit, units = 0;
  Columns(std::span<const Target> all, int64_t width) : targets(all), unit(width) {
    for (const Target& t : targets) units += in(t);
  }
  int64_t in(const Target& t) const { return (t.n + unit - 1) / unit; }
  template <class Run>
  void each(int64_t begin, int64_t end, const Run& run) const {  // run(target, first column, count)
    int64_t first = 0;                                           // unit at which the target starts
    for (const Target& t : targets) {
      const int64_t j = std::max<int64_t>(0, begin - first) * unit, stop = std::min((end - first) * unit, t.n);
      if (j < stop) run(t, j, stop - j);
      first += in(t);
    }
  }
};
// Cuts the columns of all targets evenly among the threads.
template <class Run>
void for_columns(int64_t m, int64_t k, const Columns& columns, const Run& run) {
  const auto share = [&](int64_t begin, int64_t end) { columns.each(begin, end, run); };
  if (m < kManyRows)
    parallel_for(columns.units, std::max<int64_t>(1, 16384 / (columns.unit * k)), share);
  else
    parallel_pieces(columns.units, share);
}

// Few rows of a, b row-major [n, k].
void dot_product(const DotKernels& ker, int64_t m, int64_t k, const Matrix& a, std::span<const Target> targets,
                 bool accumulate) {
  const DType bd = targets[0].b.dtype;
  const int64_t lda = (k + ker.chunk - 1) / ker.chunk * ker.chunk;
  char* packed = scratch<char>(ScratchSlot::GemmA, size_t(m * lda) * ker.item_size);
  for (int64_t i = 0; i < m; i++)
    ker.pack(k, a.at(i, 0), a.dtype, bd == DType::BFloat16, packed + i * lda * int64_t(ker.item_size));
  for_columns(m, k, Columns(targets, 16), [&](const Target& t, int64_t j, int64_t count) {
    ker.run(m, count, k, packed, lda, t.b.at(j, 0), t.b.ld, t.c + j, t.ldc, accumulate);
  });
}

// The same where a's rows stand still and b streams past.
void stream_product(const StreamKernels& ker, int64_t m, int64_t k, const Matrix& a, std::span<const Target> targets,
                    bool accumulate) {
  const int64_t chunks = (k + ker.chunk - 1) / ker.chunk;
  char* packed = scratch<char>(ScratchSlot::GemmA, size_t((m + 15) / 16 * chunks) * 1024);
  parallel_for(chunks, std::max<int64_t>(1, 512 / m), [&](int64_t begin, int64_t end) {
    ker.pack(m, k, a.data, a.dtype, a.ld, begin, end - begin, chunks, packed);
  });
  for_columns(m, k, Columns(targets, 32), [&](const Target& t, int64_t j, int64_t count) {
    ker.run(m, count, k, packed, t.b.at(j, 0), t.b.ld, t.c + j, t.ldc, accumulate);
  });
}
// The same for any number of rows: bands of as many as a near cache holds, one after the other. A thread packs those
// that it multiplies by itself, since lines that another core wrote come slowly.
void quad_product(const QuadKernels& ker, int64_t m, int64_t k, const Matrix& a, std::span<const Target> targets,
                  bool accumulate) {
  const int64_t row_bytes = (k + ker.chunk - 1) / ker.chunk * 64;
  const UnitCut bands(m, kBandUnit, std::max(kBandUnit, kBandBytes / row_bytes));
  const int64_t most = bands.largest() * kBandUnit;
  const int64_t least = kLeastPiece / (kQuadColumns * std::min(m, most) * k);
  const Columns columns(targets, kQuadColumns * std::max<int64_t>(1, least));
  auto piece = [&, packed = int64_t(-1)](int64_t begin, int64_t end) mutable {
    char* room = scratch<char>(ScratchSlot::GemmA, size_t((most + 15) / 16 * 16 * row_bytes));
    while (begin < end) {
      const int64_t band = begin / columns.units, first = band * columns.units;
      const int64_t stop = std::min(end, first + columns.units);
      const int64_t row = bands.begin(band), rows = bands.begin(band + 1) - row;
      if (band != packed) ker.pack(rows, k, a.at(row, 0), a.dtype, a.ld, room);
      packed = band;
      columns.each(begin - first, stop - first, [&](const Target& t, int64_t j, int64_t count) {
        ker.run(rows, count, k, room, t.b.at(j, 0), t.b.ld, t.c + row * t.ldc + j, t.ldc, accumulate);
      });
      begin = stop;
    }
  };
  const int64_t count = bands.pieces() * columns.units;
  if (count > 1)
    parallel_pieces(count, piece);
  else
    piece(0, count);
}

// Few rows of a, b row-major [k, n].
void direct_product(int64_t m, int64_t k, const Matrix& a, const Target& t, bool accumulate) {
  const DType bd = t.b.dtype;
  const DirectKernel run = bd == DType::BFloat16  ? kernels().direct_bf16
                           : bd == DType::Float16 ? kernels().direct_f16
                                                  : kernels().direct_f32;
  const DotKernels& packer = kernels().dot_f32;  // widens rows to f32
  const int64_t lda = (k + packer.chunk - 1) / packer.chunk * packer.chunk;
  float* packed = scratch<float>(ScratchSlot::GemmA, size_t(m * lda));
  for (int64_t i = 0; i < m; i++) packer.pack(k, a.at(i, 0), a.dtype, bd == DType::BFloat16, packed + i * lda);
  constexpr int64_t kUnit = 64;
  parallel_for((t.n + kUnit - 1) / kUnit, std::max<int64_t>(1, 16384 / (kUnit * k)), [&](int64_t begin, int64_t end) {
    const int64_t j = begin * kUnit, stop = std::min(end * kUnit, t.n);
    run(m, stop - j, k, packed, lda, t.b.at(j, 0), t.b.ld, t.c + j, t.ldc, accumulate);
  });
}

// A product whose targets' b are all of one dtype and form.
struct Product {
  int64_t m, k;
  const Matrix& a;
  std::span<const Target> targets;
  bool accumulate;
  bool invariant = batch_invariant();
  bool alone = SingleRowOrder::on();  // rows must not notice each other

  DType dtype() const { return targets[0].b.dtype; }
  bool in_rows() const { return !a.transposed && !targets[0].b.transposed; }  // both with k along their rows
  bool narrow() const {
    return std::any_of(targets.begin(), targets.end(), [](const Target& t) { return t.n < kSplitColumns; });
  }
  const DotKernels& dot() const { return of(kernels().dot_f32, kernels().dot_bf16, kernels().dot_f16); }
  const StreamKernels& stream() const { return of(kernels().stream_f32, kernels().stream_bf16, kNoStream); }
  const QuadKernels& quad() const { return of(kernels().quad_f32, kernels().quad_bf16, kNoQuad); }

 private:
  static constexpr StreamKernels kNoStream = {0, 1, nullptr, nullptr};
  static constexpr QuadKernels kNoQuad = {0, 1, nullptr, nullptr};
  template <class T>
  const T& of(const T& f32, const T& bf16, const T& f16) const {
    return dtype() == DType::BFloat16 ? bf16 : dtype() == DType::Float16 ? f16 : f32;
  }
};
// A way to compute one. One that fits may find on the way that it can't: then it returns false, and c is as before.
struct Way {
  bool (*fits)(const Product& p);
  bool (*run)(const Product& p);
};
// The first that can is taken.
constexpr Way kWays[] = {
    {[](const Product& p) { return p.in_rows() && !p.invariant && (p.alone || p.m <= p.dot().rows); },
     [](const Product& p) {
       dot_product(p.dot(), p.m, p.k, p.a, p.targets, p.accumulate);
       return true;
     }},
    {[](const Product& p) {
       const int rows = p.quad().rows;
       return p.in_rows() && (p.invariant ? rows == kAnyRows : p.m <= rows);
     },
     [](const Product& p) {
       quad_product(p.quad(), p.m, p.k, p.a, p.targets, p.accumulate);
       return true;
     }},
    {[](const Product& p) { return p.in_rows() && p.m <= p.stream().rows; },
     [](const Product& p) {
       stream_product(p.stream(), p.m, p.k, p.a, p.targets, p.accumulate);
       return true;
     }},
    {[](const Product& p) {
       return !p.a.transposed && p.targets[0].b.transposed && !p.invariant && (p.alone || p.m <= kDirectRows);
     },
     [](const Product& p) {
       for (const Target& t : p.targets) direct_product(p.m, p.k, p.a, t, p.accumulate);
       return true;
     }},
    {[](const Product& p) { return p.dtype() == DType::BFloat16 && strips(); },
     [](const Product& p) {
       strips_of_dense(p.m, p.k, p.a, p.targets, p.accumulate);
       return true;
     }},
    {[](const Product& p) {
       return p.dtype() != DType::BFloat16 && std::min(p.m, p.k) >= kSplitLeast && !p.narrow() && !p.invariant &&
              !p.alone;
     },
     [](const Product& p) { return split_product(p.m, p.k, p.a, p.targets, p.accumulate); }},
    {[](const Product&) { return true; },
     [](const Product& p) {
       panel_product(p.m, p.k, p.a, p.targets, p.accumulate);
       return true;
     }},
};

void product(const char* where, int64_t m, int64_t k, const Matrix& a, std::span<const Target> targets,
             bool accumulate) {
  check_operand(where, a.dtype);
  for (const Target& t : targets) check_operand(where, t.b.dtype);
  if (m <= 0 || targets.empty()) return;
  if (k <= 0) {
    if (!accumulate) zero_fill(m, targets);
    return;
  }
  // Runs of one dtype of b share the packed a.
  for (size_t i = 0; i < targets.size();) {
    size_t end = i + 1;
    while (end < targets.size() && targets[end].b.dtype == targets[i].b.dtype) end++;
    const Product part{m, k, a, targets.subspan(i, end - i), accumulate};
    for (const Way& way : kWays)
      if (way.fits(part) && way.run(part)) break;
    i = end;
  }
}

void product(const char* where, int64_t m, int64_t n, int64_t k, const Matrix& a, const Matrix& b, float* c,
             int64_t ldc, bool accumulate) {
  const Target target{b, n, c, ldc};
  if (n > 0) product(where, m, k, a, {&target, 1}, accumulate);
}

// Many small products run side by side, few large ones one after another with all threads each: the same bits.
template <class F>
void each_item(int64_t count, F&& item) {
  if (count >= ThreadPool::instance().size())
    parallel_for(count, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) item(i);
    });
  else
    for (int64_t i = 0; i < count; i++) item(i);
}
const void* offset(const void* p, DType d, int64_t n) {
  return static_cast<const char*>(p) + n * int64_t(item_size(d));
}

}  // namespace

bool batch_invariant() { return invariant().load(std::memory_order_relaxed); }
void set_batch_invariant(bool on) { invariant().store(on); }

int& SingleRowOrder::depth() {
  thread_local int depth = 0;
  return depth;
}

void gemm_nt(int64_t m, int64_t n, int64_t k, const void* a, DType ad, int64_t lda, const void* b, DType bd,
             int64_t ldb, float* c, int64_t ldc, bool accumulate) {
  product("gemm_nt", m, n, k, {a, ad, lda, false}, {b, bd, ldb, false}, c, ldc, accumulate);
}
void gemm_nn(int64_t m, int64_t n, int64_t k, const void* a, DType ad, int64_t lda, const void* b, DType bd,
             int64_t ldb, float* c, int64_t ldc, bool accumulate) {
  product("gemm_nn", m, n, k, {a, ad, lda, false}, {b, bd, ldb, true}, c, ldc, accumulate);
}
void gemm_tn(int64_t m, int64_t n, int64_t k, const void* a, DType ad, int64_t lda, const void* b, DType bd,
             int64_t ldb, float* c, int64_t ldc, bool accumulate) {
  product("gemm_tn", m, n, k, {a, ad, lda, true}, {b, bd, ldb, true}, c, ldc, accumulate);
}
void gemm_nt_many(int64_t m, int64_t k, const void* a, DType ad, int64_t lda, std::span<const GemmTarget> targets,
                  bool accumulate) {
  std::vector<Target> list;
  for (const GemmTarget& t : targets)
    if (t.n > 0) list.push_back({{t.b, t.bd, t.ldb, false}, t.n, t.c, t.ldc});
  product("gemm_nt_many", m, k, {a, ad, lda, false}, list, accumulate);
}

bool gemm_bf16(int64_t m, int64_t n, int64_t k, GemmOperand a, GemmOperand b, void* c, int64_t ldc) {
  const DType d = DType::BFloat16;
  if (!strips() || SingleRowOrder::on() || m < kernels().stream_bf16.rows || n <= 0 || k <= 0 || k > kStripSlab)
    return false;
  const DenseSource source({b.data, d, b.ld, !b.transposed});  // op(b) is [n, k] there
  const StripTarget target{&source, n, c, d, ldc};
  strip_product(m, k, {a.data, d, a.ld, a.transposed}, {&target, 1}, false);
  return true;
}

void gemm_nt_batched(GemmBatch batch, int64_t m, int64_t n, int64_t k, const void* a, DType ad, int64_t lda,
                     const void* b, DType bd, int64_t ldb, float* c, int64_t ldc, bool accumulate) {
  each_item(batch.count, [&](int64_t i) {
    gemm_nt(m, n, k, offset(a, ad, i * batch.stride_a), ad, lda, offset(b, bd, i * batch.stride_b), bd, ldb,
            c + i * batch.stride_c, ldc, accumulate);
  });
}
void gemm_nn_batched(GemmBatch batch, int64_t m, int64_t n, int64_t k, const void* a, DType ad, int64_t lda,
                     const void* b, DType bd, int64_t ldb, float* c, int64_t ldc, bool accumulate) {
  each_item(batch.count, [&](int64_t i) {
    gemm_nn(m, n, k, offset(a, ad, i * batch.stride_a), ad, lda, offset(b, bd, i * batch.stride_b), bd, ldb,
            c + i * batch.stride_c, ldc, accumulate);
  });
}
void gemm_tn_batched(GemmBatch batch, int64_t m, int64_t n, int64_t k, const void* a, DType ad, int64_t lda,
                     const void* b, DType bd, int64_t ldb, float* c, int64_t ldc, bool accumulate) {
  each_item(batch.count, [&](int64_t i) {
    gemm_tn(m, n, k, offset(a, ad, i * batch.stride_a), ad, lda, offset(b, bd, i * batch.stride_b), bd, ldb,
            c + i * batch.stride_c, ldc, accumulate);
  });
}

}  // namespace ef
