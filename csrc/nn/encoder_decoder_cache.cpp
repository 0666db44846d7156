#include "nn/encoder_decoder_cache.h"

namespace ef {
namespace {

void repeat_rows(KvCache& cache, int64_t times) {
  std::vector<int64_t> rows;
  if (cache.layers())
    for (int64_t i = 0; i < cache.view(0).keys.size(0) * times; i++) rows.push_back(i / times);
  if (!rows.empty()) cache.reorder(Tensor::from_data(rows, {int64_t(rows.size())}));
}

}  // namespace

std::shared_ptr<KvCache> EncoderDecoderCache::cross() const {
  if (share_ == 1) return cross_;
  auto copy = cross_->clone();
  repeat_rows(*copy, share_);
  return copy;
}

void EncoderDecoderCache::separate() {
  if (share_ == 1) return;
  repeat_rows(*cross_, share_);
  share_ = 1;
}

}  // namespace ef
