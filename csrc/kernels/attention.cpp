// Forward pass. Many queries: tiles of query rows against blocks of packed keys and values (attention_prefill). Few
// queries: keys and values are read where they lie, in chunks of kKeyChunk that are merged in order
// (attention_decode). Blocks and chunks start at multiples of their length, whatever the number of queries or threads.
#include "kernels/attention.h"

#include <atomic>

#include "core/error.h"
#include "core/thread_pool.h"
#include "kernels/attention_common.h"
#include "kernels/gemm.h"
#include "kernels/kernels.h"
#include "kernels/reference/attention.h"
#include "kernels/scratch.h"

namespace ef {
namespace {

using attention::at;
using attention::KeyRange;
using attention::visible_keys;

static_assert(kKeyBlock % kKeyChunk == 0);
constexpr int64_t kGroupChunks = 8;
constexpr int64_t kDecodeRows = 12;    // query rows of a kv head up to which decode is faster
constexpr int64_t kTileScores = 4096;  // of a tile of queries: with the probabilities they should fit L1
constexpr int64_t kTaskRows = 384;     // query rows of a prefill task, which share the packing of a key block

struct Carver {  // cuts one scratch buffer into 64-byte aligned pieces
  char* next;
  template <class T>
  T* take(int64_t count) {
    T* p = reinterpret_cast<T*>(next);
    next += (count * int64_t(sizeof(T)) + 63) / 64 * 64;
    return p;
  }
};

// Where the positions [from, from + n) of keys or values lie, one `stride` elements after the other. What is packed is
// unpacked into `room`, which holds n of them.
struct Rows {
  const void* at;
  int64_t stride;
};
Rows rows_of(const AttentionArgs& a, bool values, int64_t b, int64_t head, int64_t from, int64_t n, float* room) {
  const PackedKv* packed = values ? a.packed_v : a.packed_k;
  const void* plain = values ? a.v : a.k;
  const HeadStrides& strides = values ? a.v_strides : a.k_strides;
  if (!packed) return {at(plain, a.kv_dtype, strides, b, head, from), strides.position};
  if (from >= packed->count) return {at(plain, a.kv_dtype, strides, b, head, from - packed->count), strides.position};
  const int64_t dim = values ? a.value_dim : a.head_dim, old = std::min(n, packed->count - from);
  unpack_kv(*packed, b, head, from, old, dim, room);
  for (int64_t i = old; i < n; i++) {
    const void* row = at(plain, a.kv_dtype, strides, b, head, from + i - packed->count);
    std::copy_n(static_cast<const float*>(row), dim, room + i * dim);
  }
  return {room, dim};
}

// Raw scores of one query row against the keys [key, key + n) -> what the softmax takes.
void finish_scores(const AttentionArgs& a, int64_t b, int64_t head, int64_t query, int64_t key, int64_t n, float* s) {
  const RowKernels<float>& rows = kernels().rows;
  if (a.softcap > 0) {
    rows.scale(n, 1 / a.softcap, s, s);
    rows.unary[int(rowwise::Unary::Tanh)](n, s, s);
    rows.scale(n, a.softcap, s, s);
  }
  if (a.bias) rows.add(n, s, attention::bias_row(a, b, head, query) + key, s);
  const KeyRange seen = visible_keys(a, query, query);
  if (a.key_mask || seen.begin > key || seen.end < key + n) attention::mask_row(a, b, query, key, n, s);
}

// o holds sums weighted by exp(score - max): divides by the denominator, to which a sink adds. o may be overwritten.
void finish_row(const AttentionArgs& a, int64_t b, int64_t head, int64_t query, float max, float sum, float* o) {
  const bool empty = max == -INFINITY && sum == 0;
  float factor = 1;
  if (a.sinks) {
    const float top = std::max(max, a.sinks[head]);
    factor = empty ? 0 : std::exp(max - top);
    sum = sum * factor + std::exp(a.sinks[head] - top);
    max = top;
  }
  const bool rounded = a.rounded_out;
  float* out = rounded ? o : at(a.out, a.out_strides, b, head, query);
  if (empty)
    std::fill(out, out + a.value_dim, 0.f);
  else
    kernels().rows.scale(a.value_dim, factor / sum, o, out);
  if (rounded)
    kernels().convert(a.value_dim, out, DType::Float32, at(a.rounded_out, a.out_strides, b, head, query),
                      DType::BFloat16);
  if (a.lse) a.lse[(b * a.q_heads + head) * a.q_len + query] = empty && !a.sinks ? -INFINITY : max + std::log(sum);
}

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
        unit_(float(1.4426950408889634 * (plain() ? double(a.scale) : 1.))),
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
            items_.push_back(
                {g, begin, j, packed, end - begin, plain() && !a_.key_mask && last.begin <= begin && first.end >= end});
        });
      blocks(b);
    }
    each_group([&](const Group& g) {
      for (int64_t r = 0; r < g.rows; r++)
        finish_row(a_, b, g.head_of(r), g.position_of(r), max_[g.first + r] * (plain() ? a_.scale : 1),
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
        if (!plain()) kernels().rows.scale(item.n, a_.scale, s + r * lds_, s + r * lds_);
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

  // The softmax scales scores itself unless something is done to them before.
  bool plain() const { return a_.scale > 0 && !a_.bias && a_.softcap == 0; }

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

void attention_prefill(const AttentionArgs& a) {
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

// A thread's part of attention_decode: one chunk of keys after another.
class DecodeTask {
 public:
  struct Chunk {
    int64_t b, kv, key;  // its first
  };
  DecodeTask(const AttentionArgs& a, int64_t keys_end)
      : a_(a),
        keys_end_(keys_end),
        plain_(a.scale > 0 && !a.bias && a.softcap == 0),
        group_(a.q_heads / a.kv_heads),
        rows_(group_ * a.q_len),
        table_(kernels()),
        plain_form_(a.kv_dtype == DType::BFloat16  ? table_.decode_bf16
                    : a.kv_dtype == DType::Float16 ? table_.decode_f16
                                                   : table_.decode_f32),
        form_(a.kv_dtype == DType::BFloat16 && suits(table_.decode_tiles) ? table_.decode_tiles : plain_form_),
        q_bytes_(query_bytes(a.head_dim)),
        codes_(a.packed_k && packed_suits(a.packed_k->bits, a.packed_k->group, a.head_dim) &&
               packed_suits(a.packed_v->bits, a.packed_v->group, a.value_dim)) {
    const int64_t room = a.packed_k ? kKeyChunk * std::max(a.head_dim, a.value_dim) : 0, f = int64_t(sizeof(float));
    const int64_t q_rows = (rows_ + form_.rows - 1) / form_.rows * form_.rows, code_rows = codes_ ? rows_ : 0;
    const int64_t parts = kGroupChunks * rows_ * (a.value_dim + 2);
    Carver c{scratch<char>(
        ScratchSlot::AttentionA,
        size_t((q_rows + code_rows) * q_bytes_ + f * (rows_ * kKeyChunk + a.head_dim + room + parts) + 6 * 64))};
    q_ = c.take<char>(q_rows * q_bytes_);
    q_codes_ = c.take<char>(code_rows * q_bytes_);
    s_ = c.take<float>(rows_ * kKeyChunk);
    wide_ = c.take<float>(a.head_dim);
    room_ = c.take<float>(room);
    parts_ = c.take<float>(parts);
    if (form_.begin) form_.begin();
  }
  ~DecodeTask() {
    if (form_.end) form_.end();
  }
  DecodeTask(const DecodeTask&) = delete;

  float* parts() const { return parts_; }  // room for the chunks of a group
  void load_queries(int64_t b, int64_t kv) {
    const auto query = [&](int64_t r) {
      const int64_t head = kv * group_ + r / a_.q_len, position = r % a_.q_len;
      if (!a_.rounded_q) return at(a_.q, a_.q_strides, b, head, position);
      kernels().convert(a_.head_dim, at(a_.rounded_q, a_.q_strides, b, head, position), DType::BFloat16, wide_,
                        DType::Float32);
      return static_cast<const float*>(wide_);
    };
    each_block(form_.rows, [&](int64_t first, int64_t rows) {
      for (int64_t r = 0; r < rows; r++) form_.pack(r, a_.head_dim, query(first + r), q_ + first * q_bytes_);
    });
    for (int64_t r = 0; codes_ && r < rows_; r++)
      table_.packed.pack(a_.head_dim, a_.packed_k->group, query(r), q_codes_ + r * q_bytes_);
  }
  // o [rows, value_dim], max and sum of a chunk, before `next`; what a window hides of it is masked
  void run(const Chunk& at, const Chunk& next, float* o) {
    const auto [b, kv, key] = at;
    const int64_t n = std::min(kKeyChunk, keys_end_ - key);
    float *max = o + rows_ * a_.value_dim, *sum = max + rows_;
    if (n <= 0) {
      std::fill(o, max, 0.f);
      std::fill(max, sum, -INFINITY);
      std::fill(sum, sum + rows_, 0.f);
      return;
    }
    const bool codes = codes_ && n == kKeyChunk && key + n <= a_.packed_k->count;
    codes ? score_codes(at, next) : score(at, n);
    const KeyRange all = visible_keys(a_, 0, 0), last = visible_keys(a_, a_.q_len - 1, a_.q_len - 1);
    if (!plain_ || a_.key_mask || last.begin > key || all.end < key + n)
      for (int64_t r = 0; r < rows_; r++) {
        float* s = s_ + r * kKeyChunk;
        if (!plain_) table_.rows.scale(n, a_.scale, s, s);
        finish_scores(a_, b, kv * group_ + r / a_.q_len, r % a_.q_len, key, n, s);
      }
    table_.softmax_chunk(rows_, n, plain_ ? a_.scale : 1.f, s_, kKeyChunk, max, sum);
    codes ? add_codes(at, next, o) : add_values(at, n, next, o);
  }

 private:
  void score(const Chunk& at, int64_t n) {
    const Rows k = rows_of(a_, false, at.b, at.kv, at.key, n, room_);
    const int64_t to_values = distance(k.at, true, at);
    each_block(form_.rows, [&](int64_t r, int64_t rows) {
      form_.scores(rows, n, a_.head_dim, q_ + r * q_bytes_, k.at, k.stride, s_ + r * kKeyChunk, kKeyChunk,
                   r == 0 ? to_values : 0);
    });
  }
  void add_values(const Chunk& at, int64_t n, const Chunk& next, float* o) {
    const Rows v = rows_of(a_, true, at.b, at.kv, at.key, n, room_);
    const int64_t to_keys = distance(v.at, false, next);
    const auto add_up = [&](const DecodeKernels& form, int64_t r, int64_t rows) {
      return form.values(rows, n, a_.value_dim, s_ + r * kKeyChunk, kKeyChunk, v.at, v.stride, o + r * a_.value_dim,
                         r == 0 ? to_keys : 0);
    };
    each_block(form_.rows, [&](int64_t r, int64_t rows) {
      const uint32_t bad = add_up(form_, r, rows);
      for (int64_t i = 0; bad >> i; i++)
        if (bad >> i & 1) add_up(plain_form_, r + i, 1);
    });
  }
  // The same over integers, where all of a chunk is such. These are fetched a whole chunk ahead: they are read faster
  // than memory answers.
  PackedPart codes_of(bool values, const Chunk& at) const {
    return values ? attention::part_of(*a_.packed_v, at.b, at.kv, at.key, a_.value_dim)
                  : attention::part_of(*a_.packed_k, at.b, at.kv, at.key, a_.head_dim);
  }
  static void fetch_ranges(const PackedPart& p) {
    for (int64_t row = 0; row < 2 * ((p.dim + p.group - 1) / p.group); row++)
      for (int64_t j = 0; j < kKeyChunk; j += 16) __builtin_prefetch(p.ranges + row * p.range_stride + j, 0, 2);
  }
  void score_codes(const Chunk& at, const Chunk& next) {
    const PackedPart k = codes_of(false, at), fetched = codes_of(false, next);
    fetch_ranges(fetched);
    each_block(table_.packed.rows, [&](int64_t r, int64_t rows) {
      table_.packed.scores(rows, k, q_codes_ + r * q_bytes_, s_ + r * kKeyChunk, kKeyChunk,
                           r == 0 ? fetched.codes - k.codes : 0);
    });
  }
  void add_codes(const Chunk& at, const Chunk& next, float* o) {
    const PackedPart v = codes_of(true, at), fetched = codes_of(true, next);
    fetch_ranges(fetched);
    each_block(table_.packed.rows, [&](int64_t r, int64_t rows) {
      table_.packed.values(rows, v, s_ + r * kKeyChunk, kKeyChunk, o + r * a_.value_dim,
                           r == 0 ? fetched.codes - v.codes : 0);
    });
  }
  bool suits(const DecodeKernels& form) const {
    return form.rows && a_.head_dim % form.unit == 0 && a_.value_dim % form.unit == 0;
  }
  // From `here` to the keys or values of a chunk.
  int64_t distance(const void* here, bool values, const Chunk& to) const {
    if (a_.packed_k) return 0;
    return static_cast<const char*>(rows_of(a_, values, to.b, to.kv, to.key, 0, nullptr).at) -
           static_cast<const char*>(here);
  }
  template <class F>
  void each_block(int64_t most, F&& f) const {
    for (int64_t r = 0; r < rows_; r += most) f(r, std::min(most, rows_ - r));
  }

  const AttentionArgs& a_;
  int64_t keys_end_;
  bool plain_;  // the softmax scales scores itself
  int64_t group_, rows_;
  const Kernels& table_;
  const DecodeKernels &plain_form_, &form_;
  int64_t q_bytes_;
  bool codes_;
  char *q_, *q_codes_;
  float *s_, *wide_, *room_, *parts_;
};

// Chunks are summed in two steps, inside groups and then the groups, in order. The thread that has all chunks of a
// group sums it at once, and finishes what it has all of: what one core wrote is slow to read for another.
void attention_decode(const AttentionArgs& a) {
  const int64_t group = a.q_heads / a.kv_heads, rows = group * a.q_len, pairs = a.batch * a.kv_heads;
  const KeyRange keys = visible_keys(a, 0, a.q_len - 1);
  const int64_t first_chunk = keys.begin / kKeyChunk,
                chunks = std::max<int64_t>(1, (keys.end + kKeyChunk - 1) / kKeyChunk - first_chunk);
  const int64_t first_group = first_chunk / kGroupChunks,
                groups = (first_chunk + chunks - 1) / kGroupChunks + 1 - first_group;
  const int64_t part = rows * (a.value_dim + 2);  // of a chunk or a group: o, max, sum
  Carver c{scratch<char>(ScratchSlot::AttentionB,
                         size_t(pairs * ((chunks + groups) * part * int64_t(sizeof(float)) + groups + 1) + 4 * 64))};
  float *parts = c.take<float>(pairs * chunks * part), *sums = c.take<float>(pairs * groups * part);
  bool *summed = c.take<bool>(pairs * groups), *finished = c.take<bool>(pairs);
  std::fill(summed, summed + pairs * groups, false);
  std::fill(finished, finished + pairs, false);
  struct Slots {
    float *o, *max, *sum;
  };
  const auto row_of = [&](float* slot, int64_t r) {
    return Slots{slot + r * a.value_dim, slot + rows * a.value_dim + r, slot + rows * (a.value_dim + 1) + r};
  };
  const auto merge = [&](int64_t count, const Slots& from, const Slots& to) {
    kernels().merge_chunks(count, a.value_dim, from.o, from.max, from.sum, part, to.o, to.max, to.sum);
  };
  const auto chunk_of = [&](int64_t g) { return std::max<int64_t>(0, (first_group + g) * kGroupChunks - first_chunk); };
  const auto sum_group = [&](int64_t pair, int64_t g, int64_t r, float* from) {
    const int64_t count = std::min(chunks, chunk_of(g + 1)) - chunk_of(g);
    merge(count, row_of(from, r), row_of(sums + (pair * groups + g) * part, r));
  };
  const auto finish = [&](int64_t pair, int64_t r) {
    for (int64_t g = 0; g < groups; g++)
      if (!summed[pair * groups + g]) sum_group(pair, g, r, parts + (pair * chunks + chunk_of(g)) * part);
    const Slots from = row_of(sums + pair * groups * part, r);
    float top = *from.max, total = *from.sum;
    if (groups > 1) merge(groups, from, {from.o, &top, &total});
    finish_row(a, pair / a.kv_heads, pair % a.kv_heads * group + r / a.q_len, r % a.q_len, top, total, from.o);
  };
  const auto place = [&](int64_t id) {
    const int64_t pair = id / chunks;
    return DecodeTask::Chunk{pair / a.kv_heads, pair % a.kv_heads, (first_chunk + id % chunks) * kKeyChunk};
  };
  const auto run = [&](int64_t begin, int64_t end) {
    DecodeTask task(a, keys.end);
    for (int64_t id = begin; id < end; id++) {
      const int64_t pair = id / chunks, chunk = id % chunks;
      const DecodeTask::Chunk at = place(id);
      if (id == begin || chunk == 0) task.load_queries(at.b, at.kv);
      const int64_t g = (first_chunk + chunk) / kGroupChunks - first_group, from = chunk_of(g),
                    last = std::min(chunks, chunk_of(g + 1)) - 1;
      const bool whole = pair * chunks + from >= begin && pair * chunks + last < end;
      float* slots = whole ? task.parts() : parts + (pair * chunks + from) * part;
      task.run(at, place(std::min(id + 1, end - 1)), slots + (chunk - from) * part);
      if (!whole || chunk < last) continue;
      for (int64_t r = 0; r < rows; r++) sum_group(pair, g, r, slots);
      summed[pair * groups + g] = true;
      if (chunk + 1 < chunks || pair * chunks < begin) continue;
      for (int64_t r = 0; r < rows; r++) finish(pair, r);
      finished[pair] = true;
    }
  };
  const int64_t cost = kKeyChunk * (a.head_dim + a.value_dim) * rows;
  parallel_for(pairs * chunks, std::max<int64_t>(1, 65536 / std::max<int64_t>(1, cost)), run);
  if (std::all_of(finished, finished + pairs, [](bool done) { return done; })) return;
  parallel_for(pairs * rows, 1 + 64 / (2 + groups), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++)
      if (!finished[i / rows]) finish(i / rows, i % rows);
  });
}

}  // namespace

void attention_forward(const AttentionArgs& a) {
  attention::check_args(a);
  check<DtypeError>(a.kv_dtype == DType::Float32 || a.kv_dtype == DType::BFloat16 || a.kv_dtype == DType::Float16,
                    "attention: found keys of ", dtype_name(a.kv_dtype), ", needed float32, bfloat16 or float16");
  if (a.batch <= 0 || a.q_len <= 0 || a.q_heads <= 0) return;
  if (!batch_invariant() && (SingleRowOrder::on() || a.q_heads / a.kv_heads * a.q_len <= kDecodeRows))
    attention_decode(a);
  else
    attention_prefill(a);
}

void attention_forward(const AttentionArgs64& a) {
  attention::check_args(a);
  parallel_for(a.batch * a.q_heads, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) reference::attention_forward(a, i / a.q_heads, i % a.q_heads);
  });
}

}  // namespace ef
