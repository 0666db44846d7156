#include "kernels/gemm_strip.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <vector>

#include "core/thread_pool.h"
#include "kernels/kernels.h"
#include "kernels/scratch.h"

namespace ef {
namespace {

constexpr int64_t kBandRows = 512;  // of a, packed at once: with a step along k of them the near cache is half full
constexpr int64_t kGroup = 8;       // panels whose steps along k go together, at most

struct Panel {
  const StripTarget* target;
  int64_t begin, end;
};

// Threads in `teams` of equally many: a team has a range of rows, which each of its members packs for itself (packed
// rows that another core wrote come slowly), and shares the panels among its members.
int teams_of(int threads, int64_t rows, int64_t columns) {
  int best = 1;
  const auto packed = [&](int teams) { return rows / teams + columns / (threads / teams); };
  for (int teams = 2; teams <= threads && rows / teams >= 64; teams++)
    if (threads % teams == 0 && packed(teams) < packed(best)) best = teams;
  return best;
}

// Of so many panels: evenly, and at least two groups, so that another thread can take one.
int64_t group_size(int64_t panels) {
  const int64_t groups = std::max<int64_t>(2, (panels + kGroup - 1) / kGroup);
  return std::max<int64_t>(1, (panels + groups - 1) / groups);
}

struct StripScope {
  const StripKernels& ker;
  mutable StripDrain drain;
  explicit StripScope(const StripKernels& k) : ker(k) { ker.begin(); }
  ~StripScope() {
    ker.flush(drain);
    ker.end();
  }
  StripScope(const StripScope&) = delete;
};

// Some rows of a for all of k, packed: a step's rows lie together, so that blocks are not a multiple of pages apart. Or
// where they lie, if they are bf16 in whole tiles and whole cache lines (tiles of rows across lines take nearly twice
// the time), and not a multiple of pages apart themselves.
struct Rows {
  const StripKernels& ker;
  const Matrix& a;
  const UnitCut& steps;
  int64_t row, rows, k;
  bool in_place;
  char* data = nullptr;
  Rows(const StripKernels& ker, const Matrix& a, const UnitCut& steps, int64_t row, int64_t rows, int64_t k)
      : ker(ker),
        a(a),
        steps(steps),
        row(row),
        rows(rows),
        k(k),
        in_place(ker.parts == 1 && a.dtype == DType::BFloat16 && !a.transposed && a.ld % 2048 && a.ld % 32 == 0 &&
                 reinterpret_cast<uintptr_t>(a.at(row, k)) % 64 == 0 && rows % 16 == 0 && steps.total % 32 == 0) {
    if (!in_place) data = scratch<char>(ScratchSlot::GemmA, size_t(rows * steps.units.total * line() + kPackedSlack));
  }
  int64_t line() const { return 64 * ker.parts; }  // of a row in a chunk
  int64_t chunks(int64_t s) const { return (steps.begin(s + 1) - steps.begin(s) + 31) / 32; }
  int64_t bytes() const { return in_place ? a.ld * 2 : 0; }  // from row to row
  char* packed(int64_t s, int64_t r) const { return data + (rows * steps.begin(s) / 32 + r * chunks(s)) * line(); }
  const char* at(int64_t s) const {
    return in_place ? static_cast<const char*>(a.at(row, k + steps.begin(s))) : packed(s, 0);
  }
  Lines part(int64_t s, int64_t i, int64_t parts) const {  // of a step
    const int64_t begin = rows * i / parts, count = rows * (i + 1) / parts - begin, width = chunks(s) * line();
    return {at(s) + begin * (in_place ? bytes() : width), width, in_place ? bytes() : width, count};
  }
  void pack(StripRange& range) const {
    for (int64_t r = 0; r < rows && !in_place; r += kStripRows)
      for (int64_t s = 0; s < steps.pieces(); s++) {
        const int64_t k0 = steps.begin(s), kn = steps.begin(s + 1) - k0, count = std::min(kStripRows, rows - r);
        ker.pack_a(count, kn, a.at(row + r, k + k0), a.dtype, a.ld, a.transposed, packed(s, r), range);
      }
  }
};

}  // namespace

bool strips() { return strip_kernels(1) != nullptr; }

const StripKernels* strip_kernels([[maybe_unused]] int parts) {
#ifdef EF_HAVE_AMX
  if (isa() == Isa::Amx) return parts == 1 ? &kStripAmx : &kStripSplit;
#endif
  return nullptr;
}

void strip_product(int64_t m, int64_t k, const Matrix& a, std::span<const StripTarget> targets, bool accumulate) {
  StripSpan unused;
  strip_product(*strip_kernels(1), m, k, a, targets, accumulate, unused);
}
void strip_product(const StripKernels& ker, int64_t m, int64_t k, const Matrix& a, std::span<const StripTarget> targets,
                   bool accumulate, StripSpan& span) {
  static thread_local std::vector<Panel> kept;  // keeps its memory between calls
  std::vector<Panel>& panels = kept;            // the workers must see the caller's
  panels.clear();
  int64_t columns = 0;
  for (const StripTarget& t : targets) {
    columns += t.n;
    for (int64_t j = 0; j < t.n; j += kStripColumns) panels.push_back({&t, j, std::min(t.n, j + kStripColumns)});
  }
  const int64_t count = int64_t(panels.size());
  const UnitCut slabs(k, 32, kStripSlab / ker.parts), bands(m, kStripRows, kBandRows);
  struct alignas(64) Next {
    std::atomic<int64_t> group{0};
  };
  const int most = ThreadPool::instance().size();  // another thread may change it
  const std::unique_ptr<Next[]> queues(new Next[size_t(most)]);
  for (int64_t part = 0; part < slabs.pieces() * bands.pieces(); part++) {
    const int64_t slab = part / bands.pieces(), band = part % bands.pieces();
    const int64_t slab_k = slabs.begin(slab), depth = slabs.begin(slab + 1) - slab_k;
    const int64_t m0 = bands.begin(band), mn = bands.begin(band + 1) - m0;
    const UnitCut steps(depth, 32, ker.depth);
    auto work = [&](int id, int shares) {
      const int threads = std::min(shares, most);
      if (id >= threads) return;
      const int teams = teams_of(threads, mn, columns), members = threads / teams, team = id % teams;
      const auto row = [&](int64_t t) {
        return std::min(mn, (mn + kStripRows - 1) / kStripRows * t / teams * kStripRows);
      };
      const int64_t r0 = row(team), rows = row(team + 1) - r0, blocks = (rows + kStripRows - 1) / kStripRows;
      const Rows mine(ker, a, steps, m0 + r0, rows, slab_k);
      char* packed_b = scratch<char>(ScratchSlot::GemmB, size_t(kStripColumns * steps.largest() * 64 * ker.parts));
      bool ready = false;
      const StripScope scope(ker);
      for (int v = 0; v < members; v++) {  // one's own panels, then what others have left
        const int member = (id / teams + v) % members;
        const int64_t own = count * member / members, end = count * (member + 1) / members;
        const int64_t together = steps.pieces() == 1 ? 1 : group_size(end - own);
        std::atomic<int64_t>& next = queues[size_t(team) * size_t(members) + size_t(member)].group;
        for (int64_t p0; (p0 = own + next.fetch_add(1, std::memory_order_relaxed) * together) < end;) {
          const int64_t p1 = std::min(p0 + together, end);
          if (!ready) {
            StripRange range;
            mine.pack(range);
            span.add(range);
            ready = true;
          }
          float* sums = steps.pieces() == 1
                            ? nullptr
                            : scratch<float>(ScratchSlot::GemmC, size_t(together * blocks * kStripBlock));
          for (int64_t s = 0; s < steps.pieces(); s++)
            for (int64_t p = p0; p < p1; p++) {
              const auto k_of = [&](int64_t step) { return slab_k + steps.begin(step); };
              const auto source = [&](int64_t panel, int64_t step, auto use) {
                const Panel& at = panels[size_t(panel)];
                return use(*at.target->b, at.begin, at.end - at.begin, k_of(step), k_of(step + 1) - k_of(step));
              };
              source(p, s, [&](const StripSource& b, auto... range) { b.pack(range..., packed_b); });
              const bool more = p + 1 < p1, deeper = s + 1 < steps.pieces();
              const int64_t next_panel = more ? p + 1 : deeper ? p0 : p1, next_step = more ? s : deeper ? s + 1 : 0;
              Lines ahead;
              if (next_panel < end)
                ahead = source(next_panel, next_step,
                               [](const StripSource& b, auto... range) { return b.lines(range...); });
              const StripTarget& t = *panels[size_t(p)].target;
              const int64_t item = int64_t(item_size(t.cd)), j = panels[size_t(p)].begin;
              ker.run({.rows = rows,
                       .columns = panels[size_t(p)].end - j,
                       .chunks = mine.chunks(s),
                       .a = mine.at(s),
                       .a_bytes = mine.bytes(),
                       .b = packed_b,
                       .sums = sums ? sums + (p - p0) * blocks * kStripBlock : nullptr,
                       .first = s == 0,
                       .last = !deeper,
                       .add = accumulate || slab > 0,
                       .c = static_cast<char*>(t.c) + ((m0 + r0) * t.ldc + j) * item,
                       .cd = t.cd,
                       .c_bytes = t.ldc * item,
                       .ahead = ahead,
                       .ahead_a = deeper ? mine.part(s + 1, p - p0, p1 - p0) : Lines{}},
                      scope.drain);
            }
        }
      }
    };
    if (mn * depth < 4096 && count < 8)
      work(0, 1);  // not worth waking anybody
    else
      ThreadPool::instance().run(work);
    for (int i = 0; i < most; i++) queues[size_t(i)].group = 0;
  }
}

}  // namespace ef
