#include "nn/encoder_decoder_cache.h"

namespace ef {

void EncoderDecoderCache::separate() const {
  if (share_ == 1) return;
  std::vector<int64_t> rows;
  if (cross_->layers())
    for (int64_t i = 0; i < cross_->view(0).keys.size(0) * share_; i++) rows.push_back(i / share_);
  if (!rows.empty()) cross_->reorder(Tensor::from_data(rows, {int64_t(rows.size())}));
  share_ = 1;
}

}  // namespace ef
