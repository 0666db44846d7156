// Bpe: joining neighbours in the order of the merges.
#include <algorithm>
#include <functional>
#include <mutex>

#include "core/random.h"
#include "tokenizers/mark.h"
#include "tokenizers/models/bpe_space.h"

namespace ef::tokenizers {

namespace {
constexpr size_t kShort = 64;            // symbols, up to which a linear search is faster than a heap
constexpr size_t kWorthwhile = 1 << 13;  // merged bytes of a thread that pay for knowing more beforehand
}  // namespace

#if defined(__GNUC__) && !defined(__clang__)
#define EF_LOOPS_AS_WRITTEN __attribute__((optimize("no-tree-loop-distribute-patterns")))
#else
#define EF_LOOPS_AS_WRITTEN
#endif

// Again and again the neighbours of the lowest rank, leftmost first. `ranks` has the rank of each symbol's merge with
// the next one. Linear search: the best choice for words, quadratic beyond.
// Two calls of memmove a merge would cost more than the few symbols that they move.
EF_LOOPS_AS_WRITTEN void Bpe::merge_short(Space& space) const {
  Symbol* s = space.symbols.data();
  uint32_t* r = space.ranks.data();
  size_t n = space.symbols.size();
  for (;;) {
    uint64_t best = UINT64_MAX;
    for (size_t i = 0; i + 1 < n; i++) best = std::min(best, uint64_t(r[i]) << 32 | i);
    const uint32_t rank = uint32_t(best >> 32);
    if (rank == PairTable::kNone) break;
    const size_t i = uint32_t(best);
    space.note(rank);
    s[i] = {merged_[rank], s[i].length + s[i + 1].length};
    n--;
    for (size_t k = i + 1; k < n; k++) s[k] = s[k + 1], r[k] = r[k + 1];
    const uint32_t id = s[i].id;
    const auto before = pairs_.ask(s[i ? i - 1 : 0].id, id), after = pairs_.ask(id, s[i + 1 < n ? i + 1 : i].id);
    if (i) prefetch_merged(r[i - 1] = pairs_.answer(before));
    if (i + 1 < n) prefetch_merged(r[i] = pairs_.answer(after));
  }
  space.symbols.resize(n);
}

// A heap of (rank, position) over a linked list of symbols; entries whose pair has changed since are passed over.
void Bpe::merge_long(Space& space) const {
  auto& s = space.symbols;
  const uint32_t n = uint32_t(s.size());
  constexpr uint32_t kNone = UINT32_MAX;
  space.previous.resize(n);
  space.next.resize(n);
  space.ranks.resize(n);
  auto& heap = space.heap;
  heap.clear();
  const auto later = std::greater<uint64_t>();
  const auto look = [&](uint32_t i) {
    const uint32_t j = space.next[i];
    const uint32_t rank = j == kNone ? PairTable::kNone : pairs_.find(s[i].id, s[j].id);
    space.ranks[i] = rank;
    if (rank != PairTable::kNone) heap.push_back(uint64_t(rank) << 32 | i);
    return rank != PairTable::kNone;
  };
  for (uint32_t i = 0; i < n; i++) space.previous[i] = i - 1, space.next[i] = i + 1 < n ? i + 1 : kNone;
  for (uint32_t i = 0; i < n; i++) look(i);
  std::make_heap(heap.begin(), heap.end(), later);

  std::vector<uint64_t> skipped;  // by dropout; they come back after the next merge
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), later);
    const uint64_t top = heap.back();
    heap.pop_back();
    if (drops()) {
      std::lock_guard lock(generator_lock());
      if (default_generator().uniform_double() < *options_.dropout) {
        skipped.push_back(top);
        continue;
      }
    }
    for (uint64_t key : skipped) heap.push_back(key), std::push_heap(heap.begin(), heap.end(), later);
    skipped.clear();
    const uint32_t i = uint32_t(top);
    const uint32_t rank = uint32_t(top >> 32);
    if (space.ranks[i] != rank) continue;
    space.note(rank);
    const uint32_t j = space.next[i];
    s[i] = {merged_[rank], s[i].length + s[j].length};
    space.ranks[j] = PairTable::kNone;
    space.next[i] = space.next[j];
    if (space.next[i] != kNone) space.previous[space.next[i]] = i;
    if (look(i)) std::push_heap(heap.begin(), heap.end(), later);
    if (i > 0 && look(space.previous[i])) std::push_heap(heap.begin(), heap.end(), later);
  }
  uint32_t out = 0;
  for (uint32_t i = 0; i != kNone; i = space.next[i]) s[out++] = s[i];
  s.resize(out);
}

void Bpe::merge(Space& space) const {
  const size_t n = space.symbols.size();
  if (n < 2) return;
  if (n > kShort || drops()) return merge_long(space);
  space.ranks.resize(n);
  for (size_t i = 0; i + 1 < n; i++) space.ranks[i] = pairs_.find(space.symbols[i].id, space.symbols[i + 1].id);
  merge_short(space);
}

void Bpe::merge_bytes(std::string_view text, Space& space) const {
  const size_t n = text.size();
  space.symbols.resize(n);
  space.last_rank = 0;
  space.in_order = true;
  for (size_t i = 0; i < n; i++) space.symbols[i] = {byte_id_[uint8_t(text[i])], 1};
  if (n < 2) return;
  if (n > kShort || drops()) return merge_long(space);
  space.ranks.resize(n);
  for (size_t i = 0; i + 1 < n; i++)
    space.ranks[i] = byte_pairs_[uint8_t(text[i]) | uint32_t(uint8_t(text[i + 1])) << 8];
  merge_short(space);
}

// What is known of the merges of words in this spelling; null where that is not worth its making yet, or not possible.
const BpeNear* Bpe::near(Spelling spelling, size_t bytes, Space& space) const {
  const bool blanks = spelling == Spelling::Blanks;
  if (drops() || shares_ids_ || merged_.empty() || (blanks ? joints_.empty() : spelling != Spelling::Bytes) ||
      (space.near_bytes[blanks] += bytes) < kWorthwhile)
    return nullptr;
  std::call_once(near_[blanks].once, [&] {
    BpeNear::Starts starts;
    std::vector<BpeNear::Text> texts(vocab_.id_limit());
    std::vector<bool> wanted(texts.size());
    for (size_t rank = 0; rank < std::min<size_t>(merges_.size(), BpeNear::kFirstOnes); rank++)
      wanted[merges_[rank].first] = wanted[merges_[rank].second] = true;
    const auto add = [&](std::string_view text, uint32_t id) {
      if (wanted[id] && !text.empty()) texts[id] = BpeNear::Text(text, blanks ? kMark : " ");
    };
    for (uint32_t b = 0; b < starts.size(); b++)
      starts[b] = !blanks ? byte_id_[b] : b < 0x80 ? char_ids_[b == ' ' ? kMarkChar : char32_t(b)] : BpeNear::kNoToken;
    blanks ? vocab_.for_each_added(add) : raw_.for_each_added(add);
    near_[blanks].made = std::make_unique<BpeNear>(merges_, merged_, starts, pairs_, texts);
  });
  return space.near[blanks] = near_[blanks].made.get();
}

// The same result for words: first all merges of two bytes that are sure to happen, which are about half of all, then
// the others one by one.
EF_LOOPS_AS_WRITTEN bool Bpe::merge_near(std::string_view text, Spelling spelling, Space& space,
                                         std::vector<Token>& out) const {
  constexpr size_t kBytes = 2 * kShort;
  if (text.size() > kBytes) return false;
  const BpeNear* found = space.near[spelling == Spelling::Blanks];
  if (!found) found = near(spelling, text.size(), space);
  if (!found) return false;
  const BpeNear& known = *found;
  struct Part {
    BpeNear::Token token;
    uint32_t length;
  };
  const auto find = [&](const Part& left, const Part& right) {
    if (BpeNear::has(left.token, right.token)) return known.find(left.token, right.token);
    const uint32_t rank = pairs_.find(BpeNear::id_of(left.token), BpeNear::id_of(right.token));
    return rank == PairTable::kNone ? BpeNear::kNone : BpeNear::merge(rank, known.made_by(rank));
  };

  const size_t size = text.size();
  Part s[kBytes + 1];
  size_t n = 0;
  bool missing = false;
  const BpeNear::Bytes *before = &BpeNear::kNothing, *here = size > 1 ? &known.bytes(text[0], text[1]) : before;
  for (size_t i = 0, merged = 0; i < size; i++) {  // no branch: what was merged into the one before is overwritten
    const BpeNear::Bytes* behind = i + 2 < size ? &known.bytes(text[i + 1], text[i + 2]) : &BpeNear::kNothing;
    const bool sure = here->sure(*before, *behind);
    const BpeNear::Token one = known.start(text[i]);
    missing |= one == BpeNear::kNoToken;
    s[n] = {one ^ ((one ^ here->made) & -BpeNear::Token(sure)), 1u + sure};
    n += 1 - merged;
    merged = sure;
    before = here, here = behind;
  }
  if (missing || n > kShort) return false;

  uint64_t r[kShort];
  for (size_t i = 0; i + 1 < n; i++) r[i] = find(s[i], s[i + 1]);
  // What these merges make meets its neighbours next: those answers are on their way, not one after the other.
  for (size_t i = 1; i + 1 < n; i++) {
    known.prefetch(s[i - 1].token, BpeNear::made(r[i]));
    known.prefetch(BpeNear::made(r[i - 1]), s[i + 1].token);
  }
  for (;;) {
    uint64_t best = BpeNear::kNone;
    for (size_t i = 0; i + 1 < n; i++) best = std::min(best, r[i] | i);
    if (best >= BpeNear::kNone) break;
    const size_t i = best & 255;
    s[i] = {BpeNear::made(best), s[i].length + s[i + 1].length};
    n--;
    for (size_t k = i + 1; k < n; k++) s[k] = s[k + 1], r[k] = r[k + 1];
    if (i) r[i - 1] = find(s[i - 1], s[i]);
    if (i + 1 < n) r[i] = find(s[i], s[i + 1]);
  }
  uint32_t at = 0;
  for (size_t i = 0; i < n; at += s[i++].length) out.push_back({BpeNear::id_of(s[i].token), at, at + s[i].length});
  return true;
}

}  // namespace ef::tokenizers
