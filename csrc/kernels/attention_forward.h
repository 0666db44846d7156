// What the two ways of the forward pass share: where rows of keys and values lie, what happens to scores before the
// softmax and to sums behind it.
#pragma once
#include "kernels/attention_common.h"

namespace ef::attention {

// Many queries: tiles of query rows against blocks of packed keys and values.
void prefill(const AttentionArgs& a);
// Few queries: keys and values are read where they lie, in chunks of kKeyChunk that are merged in order.
void decode(const AttentionArgs& a);

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
Rows rows_of(const AttentionArgs& a, bool values, int64_t b, int64_t head, int64_t from, int64_t n, float* room);

// Whether the softmax scales scores itself: nothing else is done to them before.
inline bool scaled_by_softmax(const AttentionArgs& a) { return a.scale > 0 && !a.bias && a.softcap == 0; }

// Raw scores of one query row against the keys [key, key + n) -> what the softmax takes.
void finish_scores(const AttentionArgs& a, int64_t b, int64_t head, int64_t query, int64_t key, int64_t n, float* s);

// o holds sums weighted by exp(score - max): divides by the denominator, to which a sink adds. o may be overwritten.
void finish_row(const AttentionArgs& a, int64_t b, int64_t head, int64_t query, float max, float sum, float* o);

}  // namespace ef::attention
