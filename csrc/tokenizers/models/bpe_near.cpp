#include "tokenizers/models/bpe_near.h"

#include <algorithm>
#include <bit>

namespace ef::tokenizers {

BpeNear::BpeNear(const Pairs& merges, const BigVector<uint32_t>& made, const Starts& starts, const PairTable& pairs,
                 const std::vector<Text>& texts)
    : starts_(starts), made_(made.size()) {
  std::vector<Token> tokens(texts.size());  // by id
  for (uint32_t id = 0; id < tokens.size(); id++) tokens[id] = id | kFar;
  uint32_t next = 0;
  const auto take = [&](uint32_t id) {  // the last place would look like an empty entry of the table
    if (tokens[id] & kFar && next + 1 < kPlaces) tokens[id] = id | next++ << kIdBits;
  };
  for (const uint32_t id : starts)
    if (id != kNoToken) take(id);
  for (const uint32_t id : made) take(id);
  for (size_t rank = 0; rank < made.size(); rank++) made_[rank] = tokens[made[rank]];
  place(merges, tokens);
  find_sure(merges, pairs, texts);
  for (Token& start : starts_)
    if (start != kNoToken) start = tokens[start];
}

// Of the first merges; what the others join has no lower rank than they.
void BpeNear::find_sure(const Pairs& merges, const PairTable& pairs, const std::vector<Text>& texts) {
  const auto first_ones = uint16_t(std::min<size_t>(merges.size(), kFirstOnes));
  bytes_.assign(1 << 16, {Bytes::kNever, first_ones, first_ones, 0});
  std::vector<uint16_t> lowest(texts.size(),
                               Bytes::kNever);  // of two bytes: rank of a merge that the token takes part in
  for (uint16_t rank = 0; rank < first_ones; rank++) {
    const auto [l, r] = merges[rank];
    const Text left = texts[l], right = texts[r];
    if (left.length == 2) lowest[l] = std::min(lowest[l], rank);
    if (right.length == 2) lowest[r] = std::min(lowest[r], rank);
    Bytes& known = bytes_[left.last | size_t(right.first) << 8];
    if (right.length == 1) known.left = std::min(known.left, rank);
    if (left.length == 1) known.right = std::min(known.right, rank);
  }
  for (size_t i = 0; i < bytes_.size(); i++) {
    const uint32_t left = starts_[i & 255], right = starts_[i >> 8];
    if (left == kNoToken || right == kNoToken) continue;
    if (const uint32_t rank = pairs.find(left, right); rank < first_ones && lowest[id_of(made_[rank])] > rank)
      bytes_[i].rank = uint16_t(rank), bytes_[i].made = made_[rank];
  }
}

// Rows with many entries first, each at the first shift at which its entries meet free places only, 64 shifts at a
// time, not far before the row placed last.
void BpeNear::place(const Pairs& merges, const std::vector<Token>& tokens) {
  constexpr size_t kBack = 8;                                             // words of 64 shifts
  std::vector<std::vector<std::pair<uint32_t, uint32_t>>> rows(kPlaces);  // column, rank
  for (uint32_t rank = 0; rank < merges.size(); rank++) {
    const Token left = tokens[merges[rank].first], right = tokens[merges[rank].second];
    if (has(left, right)) rows[left >> kIdBits].push_back({right >> kIdBits, rank});
  }
  std::vector<uint32_t> order;
  for (uint32_t i = 0; i < kPlaces; i++)
    if (!rows[i].empty()) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return rows[a].size() > rows[b].size(); });
  std::vector<uint64_t> used;  // bits
  size_t last = 0, most = 0;
  for (uint32_t i : order) {
    uint64_t taken = ~0ull;
    for (size_t q = last - std::min(last, kBack); taken == ~0ull; q++) {
      if (used.size() < q + 2 + kPlaces / 64) used.resize(2 * q + 2 + kPlaces / 64);
      taken = 0;
      for (const auto& [column, rank] : rows[i]) {
        const size_t at = q * 64 + column, shift = at & 63;
        taken |= used[at >> 6] >> shift | used[(at >> 6) + 1] << 1 << (63 - shift);
        if (taken == ~0ull) break;
      }
      last = q;
    }
    most = std::max(most, last);
    rows_[i] = uint32_t(last * 64 + size_t(std::countr_one(taken)));
    for (const auto& [column, rank] : rows[i]) used[(rows_[i] + column) >> 6] |= 1ull << ((rows_[i] + column) & 63);
  }
  pairs_.assign((most + 1) * 64 + kPlaces, ~0ull);
  for (uint32_t i : order)
    for (const auto& [column, rank] : rows[i])
      pairs_[rows_[i] + column] = uint64_t(i) << (kRankBits + kTokenBits) | uint64_t(rank) << kTokenBits | made_[rank];
}

}  // namespace ef::tokenizers
