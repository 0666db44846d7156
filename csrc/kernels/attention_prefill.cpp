// Attention of many queries: tiles of query rows against blocks of packed keys and values.
#include <atomic>

#include "core/thread_pool.h"
#include "kernels/attention_forward.h"
#include "kernels/gemm.h"
#include "kernels/scratch.h"

namespace ef::attention {
namespace {

constexpr int64_t kTileScores = 4096;  // of a tile of queries: with the probabilities they should fit L1
constexpr int64_t kTaskRows = 384;     // query rows of a prefill task, which share the packing of a key block

// Rows which pass through a tile together: of one head at consecutive positions, or of consecutive heads at one.
struct Group {
  int64_t head, position, rows, first;  // first: row number inside the task
  bool heads = false;
  int64_t head_of(int64_t r) const { return heads ? head + r : head; }
  int64_t position_of(int64_t r) const { return heads ? position : position + r; }
  int64_t last() const { return position_of(rows - 1); }
};

const PanelKernels& panel_kernels(DType kv) {
  return kv == DType::BFloat16 ? kernels().panel_bf16 : kernels().panel_f32;
}

class PrefillTask {
 public:
  PrefillTask(const AttentionArgs& a, int64_t positions)
      : a_(a),
        ker_(panel_kernels(a.kv_dtype)),
        softmax_(a.kv_dtype == DType::BFloat16 ? kernels().softmax_block_bf16 : kernels().softmax_block_f32),
        unit_(float(1.4426950408889634 * (scaled_by_softmax(a_) ? double(a.scale) : 1.))),
        scope_(ker_),
        positions_(positions) {
    const int64_t group = a.q_heads / a.kv_heads, rows = group * positions, width = ker_.lanes * ker_.wide_vectors;
    const auto pad = [](int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; };
    const int64_t items = int64_t(ker_.item_size);
    d_chunks_ = pad(a.head_dim, ker_.chunk) / ker_.chunk;
    q_bytes_ = d_chunks_ * ker_.chunk * items;
    tile_keys_ = ker_.wide_rows * kKeyBlock > kTileScores ? kTileScores / ker_.wide_rows : kKeyBlock;
    lds_ = tile_keys_ + 16;  // rows a power of two apart would share few lines of the cache
    k_panel_bytes_ = width * q_bytes_;
    v_panel_bytes_ = width * kKeyBlock * items;
    const int64_t k_bytes = pad(kKeyBlock, width) * q_bytes_, v_bytes = pad(a.value_dim, width) * kKeyBlock * items;
    const int64_t p_bytes = ker_.wide_rows * tile_keys_ * items + kPackedSlack, f = int64_t(sizeof(float));
    const int64_t room = a.packed_k ? kKeyBlock * std::max(a.head_dim, a.value_dim) : 0;
    const int64_t total = room * f + k_bytes + v_bytes + 2 * p_bytes + rows * q_bytes_ +
                          f * (rows * (a.value_dim + 2) + 2 * ker_.wide_rows * lds_) + 64 * 16 + kPackedSlack;
    Carver c{scratch<char>(ScratchSlot::AttentionA, size_t(total))};
    k_ = c.take<char>(k_bytes);
    v_ = c.take<char>(v_bytes);
    for (char*& p : p_) p = c.take<char>(p_bytes);
    q_ = c.take<char>(rows * q_bytes_);
    o_ = c.take<float>(rows * a.value_dim);
    for (float*& scores : s_) scores = c.take<float>(ker_.wide_rows * lds_);
    max_ = c.take<float>(rows);
    sum_ = c.take<float>(rows);
    room_ = c.take<float>(room);
  }

  void run(int64_t b, int64_t kv_head, int64_t position) {
    const int64_t group = a_.q_heads / a_.kv_heads, count = std::min(positions_, a_.q_len - position);
    const int64_t units = (count + ker_.row_unit - 1) / ker_.row_unit,
                  pieces = (count + ker_.wide_rows - 1) / ker_.wide_rows;
    const auto piece = [&](int64_t i) {
      return std::min(count, units * i / pieces * ker_.row_unit);
    };  // see Cut in gemm.cpp
    const KeyRange keys = visible_keys(a_, position, position + count - 1);
    const auto each_group = [&](auto&& f) {
      for (int64_t h = 0; h < group && count == 1; h += ker_.wide_rows)
        f(Group{kv_head * group + h, position, std::min<int64_t>(ker_.wide_rows, group - h), h, true});
      for (int64_t h = 0; h < group && count > 1; h++)
        for (int64_t i = 0; i < pieces; i++) {
          const int64_t p = piece(i);
          f(Group{kv_head * group + h, position + p, piece(i + 1) - p, h * count + p});
        }
    };
    std::fill(o_, o_ + group * count * a_.value_dim, 0.f);
    std::fill(max_, max_ + group * count, -INFINITY);
    std::fill(sum_, sum_ + group * count, 0.f);
    each_group([&](const Group& g) { load_queries(b, g); });
    for (int64_t key = keys.begin / kKeyBlock * kKeyBlock; key < keys.end; key += kKeyBlock) {
      const int64_t n = std::min(kKeyBlock, keys.end - key);
      pack_keys(b, kv_head, key, n);
      items_.clear();
      for (int64_t j = 0; j < n; j += tile_keys_)
        each_group([&](const Group& g) {
          const KeyRange first = visible_keys(a_, g.position, g.position), last = visible_keys(a_, g.last(), g.last());
          const int64_t packed = std::min(tile_keys_, n - j), begin = key + j, end = std::min(begin + packed, last.end);
          if (first.begin < begin + packed && end > begin)
            items_.push_back({g, begin, j, packed, end - begin,
                              scaled_by_softmax(a_) && !a_.key_mask && last.begin <= begin && first.end >= end});
        });
      blocks(b);
    }
    each_group([&](const Group& g) {
      for (int64_t r = 0; r < g.rows; r++)
        finish_row(a_, b, g.head_of(r), g.position_of(r), max_[g.first + r] * (scaled_by_softmax(a_) ? a_.scale : 1),
                   sum_[g.first + r], o_ + (g.first + r) * a_.value_dim);
    });
  }

 private:
  void load_queries(int64_t b, const Group& g) {
    const bool rounded = a_.rounded_q;
    const void* q = rounded ? static_cast<const void*>(at(a_.rounded_q, a_.q_strides, b, g.head, g.position))
                            : at(a_.q, a_.q_strides, b, g.head, g.position);
    ker_.pack_a(g.rows, a_.head_dim, q, rounded ? DType::BFloat16 : DType::Float32,
                g.heads ? a_.q_strides.head : a_.q_strides.position, false, a_.kv_dtype == DType::BFloat16,
                q_ + g.first * q_bytes_);
  }
  void pack_keys(int64_t b, int64_t kv_head, int64_t key, int64_t n) {
    const int64_t width = ker_.lanes * ker_.wide_vectors, item = int64_t(item_size(a_.kv_dtype));
    const Rows k = rows_of(a_, false, b, kv_head, key, n, room_);
    for (int64_t j = 0; j < n; j += width)
      ker_.pack_b(std::min(width, n - j), a_.head_dim, static_cast<const char*>(k.at) + j * k.stride * item,
                  a_.kv_dtype, k.stride, false, k_ + j / width * k_panel_bytes_);
    const Rows v = rows_of(a_, true, b, kv_head, key, n, room_);
    for (int64_t j = 0; j < a_.value_dim; j += width)
      ker_.pack_b(std::min(width, a_.value_dim - j), n, static_cast<const char*>(v.at) + j * item, a_.kv_dtype,
                  v.stride, true, v_ + j / width * v_panel_bytes_);
  }
  // A tile of queries by a piece of the packed keys: the keys [key, key + n), from the place `first` on; `packed` of
  // them are there.
  struct Item {
    Group g;
    int64_t key, first, packed, n;
    bool raw;  // all of them are seen, and by their scores alone
  };
  int64_t key_tiles(const Item& i) const { return (i.n + width() - 1) / width(); }
  int64_t value_tiles() const { return (a_.value_dim + width() - 1) / width(); }
  int64_t width() const { return ker_.lanes * ker_.wide_vectors; }

  // The items one after another. While the exponentials of one are computed, the values of the one before are added up
  // and the scores of the next one are multiplied, a tile after every few rows: matrix units work beside vector units,
  // and no tile is read right after it was written.
  void blocks(int64_t b) {
    const int64_t count = int64_t(items_.size());
    if (count == 0) return;
    for (int64_t j = 0; j < key_tiles(items_[0]); j++) multiply_keys(0, j);
    for (int64_t i = 0; i < count; i++) {
      const Item& item = items_[size_t(i)];
      const Group& g = item.g;
      float* s = s_[i % 2];
      for (int64_t r = 0; r < g.rows && !item.raw; r++) {
        if (!scaled_by_softmax(a_)) kernels().rows.scale(item.n, a_.scale, s + r * lds_, s + r * lds_);
        finish_scores(a_, b, g.head_of(r), g.position_of(r), item.key, item.n, s + r * lds_);
      }
      const int64_t before = i > 0 ? value_tiles() : 0, after = i + 1 < count ? key_tiles(items_[size_t(i + 1)]) : 0;
      int64_t done = 0;
      auto between = [&](int64_t rows) {
        for (const int64_t until = (before + after) * rows / g.rows; done < until; done++)
          done < before ? add_values(i - 1, done) : multiply_keys(i + 1, done - before);
      };
      using Between = decltype(between);
      softmax_(
          g.rows, item.n, unit_, s, lds_, max_ + g.first, sum_ + g.first, correction_[i % 2], p_[i % 2],
          [](void* f, int64_t rows) { (*static_cast<Between*>(f))(rows); }, &between);
    }
    for (int64_t j = 0; j < value_tiles(); j++) add_values(count - 1, j);
  }
  void multiply_keys(int64_t i, int64_t tile) {
    const Item& item = items_[size_t(i)];
    const int64_t j = tile * width();  // whole panels: a tile has the width of its panel
    ker_.tile(item.g.rows, std::min(width(), item.packed - j), d_chunks_, q_ + item.g.first * q_bytes_,
              k_ + (item.first + j) / width() * k_panel_bytes_, 0, s_[i % 2] + j, lds_, false);
  }
  void add_values(int64_t i, int64_t tile) {
    const Item& item = items_[size_t(i)];
    const int64_t j = tile * width(), columns = std::min(width(), a_.value_dim - j), rows = item.g.rows,
                  vectors = (columns + ker_.lanes - 1) / ker_.lanes, chunks = (item.n + ker_.chunk - 1) / ker_.chunk;
    float* o = o_ + item.g.first * a_.value_dim + j;
    for (int64_t r = 0; r < rows; r++)
      if (const float c = correction_[i % 2][r]; c != 1.f)
        kernels().rows.scale(columns, c, o + r * a_.value_dim, o + r * a_.value_dim);
    ker_.tile(rows, columns, chunks, p_[i % 2],
              v_ + tile * v_panel_bytes_ + item.first * vectors * ker_.lanes * int64_t(ker_.item_size), 0, o,
              a_.value_dim, true);
  }

  const AttentionArgs& a_;
  const PanelKernels& ker_;
  Kernels::SoftmaxBlock softmax_;
  float unit_;  // from scores to powers of two
  PanelScope scope_;
  int64_t positions_, tile_keys_, lds_, d_chunks_, q_bytes_, k_panel_bytes_, v_panel_bytes_;
  char *k_, *v_, *q_;
  float *o_, *max_, *sum_, *room_;  // max_ as s_
  char* p_[2];                      // of one item and the next
  float* s_[2];
  alignas(64) float correction_[2][kTileQueries];
  std::vector<Item> items_;
};

}  // namespace

void prefill(const AttentionArgs& a) {
  const int64_t group = a.q_heads / a.kv_heads, unit = panel_kernels(a.kv_dtype).wide_rows,
                pairs = a.batch * a.kv_heads;
  // A row's result depends on its own keys only, so the cut into tasks may follow the number of threads.
  int64_t positions = std::max(unit, kTaskRows / group / unit * unit);
  const auto blocks_of = [&](int64_t p) { return (a.q_len + p - 1) / p; };
  const int threads = ThreadPool::instance().size();
  while (threads > 1 && positions >= 2 * unit && pairs * blocks_of(positions) < 4 * threads)
    positions = positions / 2 / unit * unit;
  const int64_t blocks = blocks_of(positions), tasks = pairs * blocks;
  std::atomic<int64_t> ticket{0};
  ThreadPool::instance().run([&](int, int) {
    PrefillTask task(a, positions);
    for (int64_t id; (id = ticket.fetch_add(1, std::memory_order_relaxed)) < tasks;) {
      const int64_t block = blocks - 1 - id / pairs;  // with causal masks the last ones take longest
      task.run(id % pairs / a.kv_heads, id % a.kv_heads, block * positions);
    }
  });
}

}  // namespace ef::attention
