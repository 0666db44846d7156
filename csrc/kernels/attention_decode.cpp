// Attention of few queries: keys and values are read where they lie, in chunks of kKeyChunk.
#include "core/thread_pool.h"
#include "kernels/attention_forward.h"
#include "kernels/scratch.h"

namespace ef::attention {
namespace {

constexpr int64_t kGroupChunks = 8;

// A thread's part: one chunk of keys after another.
class DecodeTask {
 public:
  struct Chunk {
    int64_t b, kv, key;  // its first
  };
  DecodeTask(const AttentionArgs& a, int64_t keys_end)
      : a_(a),
        keys_end_(keys_end),
        plain_(scaled_by_softmax(a)),
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
    return values ? part_of(*a_.packed_v, at.b, at.kv, at.key, a_.value_dim)
                  : part_of(*a_.packed_k, at.b, at.kv, at.key, a_.head_dim);
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

}  // namespace

// Chunks are summed in two steps, inside groups and then the groups, in order. The thread that has all chunks of a
// group sums it at once, and finishes what it has all of: what one core wrote is slow to read for another.
void decode(const AttentionArgs& a) {
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

}  // namespace ef::attention
