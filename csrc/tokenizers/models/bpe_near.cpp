#include "tokenizers/models/bpe_near.h"

#include <algorithm>
#include <bit>

namespace ef::tokenizers {

BpeNear::BpeNear(const Pairs& merges, const BigVector<uint32_t>& made, const uint32_t (&byte_id)[256],
                 const std::vector<uint32_t>& byte_pairs, const Vocab& texts)
    : first_(*std::min_element(byte_id, byte_id + 256)) {
  std::vector<uint32_t> here;  // ranks of the merges of the first tokens
  for (uint32_t rank = 0; rank < merges.size(); rank++)
    if (has(merges[rank].first, merges[rank].second)) here.push_back(rank);
  place(merges, made, here);
  find_sure(merges, made, byte_pairs, texts);
}

// Of the first merges, among which are nearly all of two bytes; what the others join has no lower rank than they.
void BpeNear::find_sure(const Pairs& merges, const BigVector<uint32_t>& made, const std::vector<uint32_t>& byte_pairs,
                        const Vocab& texts) {
  const auto first_ones = uint16_t(std::min<size_t>(merges.size(), kFirstOnes));
  bytes_.assign(1 << 16, {Bytes::kNever, first_ones, first_ones});
  uint32_t ids = 0;
  for (uint16_t rank = 0; rank < first_ones; rank++)
    ids = std::max({ids, merges[rank].first + 1, merges[rank].second + 1, made[rank] + 1});
  struct Ends {
    uint8_t first = 0, last = 0, length = 3;  // 3: or more
  };
  std::vector<Ends> ends(ids);
  texts.for_each_added([&](std::string_view text, uint32_t id) {
    if (id < ids && !text.empty())
      ends[id] = {uint8_t(text.front()), uint8_t(text.back()), uint8_t(std::min<size_t>(text.size(), 3))};
  });
  std::vector<uint16_t> lowest(ids, Bytes::kNever);  // of two bytes: rank of a merge that the token takes part in
  for (uint16_t rank = 0; rank < first_ones; rank++) {
    const auto [l, r] = merges[rank];
    const Ends left = ends[l], right = ends[r];
    if (left.length == 2) lowest[l] = std::min(lowest[l], rank);
    if (right.length == 2) lowest[r] = std::min(lowest[r], rank);
    Bytes& known = bytes_[left.last | size_t(right.first) << 8];
    if (right.length == 1) known.left = std::min(known.left, rank);
    if (left.length == 1) known.right = std::min(known.right, rank);
  }
  for (size_t i = 0; i < bytes_.size(); i++)
    if (const uint32_t rank = byte_pairs[i]; rank < first_ones && lowest[made[rank]] > rank)
      bytes_[i].rank = uint16_t(rank);
}

// Rows with many entries first, each at the first shift at which its entries meet free places only, 64 shifts at a
// time, not far before the row placed last.
void BpeNear::place(const Pairs& merges, const BigVector<uint32_t>& made, const std::vector<uint32_t>& ranks) {
  constexpr size_t kBack = 8;                                             // words of 64 shifts
  std::vector<std::vector<std::pair<uint32_t, uint32_t>>> rows(kTokens);  // column, rank
  for (uint32_t rank : ranks) rows[merges[rank].first - first_].push_back({merges[rank].second - first_, rank});
  std::vector<uint32_t> order;
  for (uint32_t i = 0; i < kTokens; i++)
    if (!rows[i].empty()) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return rows[a].size() > rows[b].size(); });
  std::vector<uint64_t> used;  // bits
  size_t last = 0;
  for (uint32_t i : order) {
    uint64_t taken = ~0ull;
    for (size_t q = last - std::min(last, kBack); taken == ~0ull; q++) {
      if (used.size() < q + 2 + kTokens / 64) used.resize(2 * q + 2 + kTokens / 64);
      taken = 0;
      for (const auto& [column, rank] : rows[i]) {
        const size_t at = q * 64 + column, shift = at & 63;
        taken |= used[at >> 6] >> shift | used[(at >> 6) + 1] << 1 << (63 - shift);
        if (taken == ~0ull) break;
      }
      last = q;
    }
    rows_[i] = uint32_t(last * 64 + size_t(std::countr_one(taken)));
    for (const auto& [column, rank] : rows[i]) used[(rows_[i] + column) >> 6] |= 1ull << ((rows_[i] + column) & 63);
  }
  pairs_.assign(used.size() * 64 + kTokens, ~0ull);
  for (uint32_t i : order)
    for (const auto& [column, rank] : rows[i])
      pairs_[rows_[i] + column] = uint64_t(i) << 43 | uint64_t(rank) << 21 | made[rank];
}

}  // namespace ef::tokenizers
