// Two caches in one: of a decoder's own positions, which grows, and of what its layers make of the encoder's states.
#pragma once
#include "nn/kv_cache.h"

namespace ef {

// Positions, windows and cropping are those of self-attention; both follow a change of the batch.
class EncoderDecoderCache : public KvCache {
 public:
  EncoderDecoderCache(std::shared_ptr<KvCache> self, std::shared_ptr<KvCache> cross)
      : self_(std::move(self)), cross_(std::move(cross)) {}
  const char* kind() const override { return "encoder_decoder"; }
  KvView append(int layer, const Tensor& k, const Tensor& v) override { return self_->append(layer, k, v); }
  int64_t length(int layer = 0) const override { return self_->length(layer); }
  int layers() const override { return self_->layers(); }
  KvView view(int layer) const override { return self_->view(layer); }
  int64_t window(int layer) const override { return self_->window(layer); }
  int64_t max_length(std::optional<int> layer) const override { return self_->max_length(layer); }
  void reorder(const Tensor& rows) override {
    separate();
    self_->reorder(rows);
    cross_->reorder(rows);
  }
  void crop(int64_t length) override { self_->crop(length); }
  void reset() override {
    self_->reset();
    cross_->reset();
    share_ = 1;
  }
  void suggest_dtype(DType dtype) override {
    self_->suggest_dtype(dtype);
    cross_->suggest_dtype(dtype);
  }
  std::shared_ptr<KvCache> clone() const override {
    return std::make_shared<EncoderDecoderCache>(self_->clone(), cross()->clone());
  }
  const std::shared_ptr<KvCache>& self() const { return self_; }
  std::shared_ptr<KvCache> cross() const;  // a row for each of the decoder's: a copy while beams share rows

  // Beams of one source read the same keys and values: so many rows of the decoder, which stand together, share a row.
  int64_t share() const { return share_; }
  void set_share(int64_t rows) { share_ = rows; }
  KvCache* shared_cross() const { return cross_.get(); }
  void separate();  // a row for each again

 private:
  std::shared_ptr<KvCache> self_, cross_;
  int64_t share_ = 1;
};

}  // namespace ef
