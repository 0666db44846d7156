#include <gtest/gtest.h>

#include <cmath>

#include "autograd/autograd.h"
#include "nn/kv_cache.h"
#include "nn/recurrent_cache.h"
#include "nn/rope.h"
#include "ops/ops.h"

namespace ef {
namespace {

Tensor keys(int64_t from, int64_t to) {  // [1, 1, n, 2], the position in every element
  Tensor t = Tensor::empty({1, 1, to - from, 2});
  for (int64_t i = 0; i < t.numel(); i++) t.mutable_data<float>()[i] = float(from + i / 2);
  return t;
}

TEST(DynamicCache, GrowsAndKeepsItsContents) {
  DynamicCache cache;
  for (int64_t at = 0; at < 200; at += 7) {
    const KvView view = cache.append(0, keys(at, at + 7), keys(at, at + 7));
    EXPECT_EQ(view.keys.size(2), at + 7);
  }
  const auto values = cache.view(0).values.contiguous().to_vector<float>();
  for (size_t i = 0; i < values.size(); i++) ASSERT_EQ(values[i], float(i / 2));
  EXPECT_THROW(cache.append(2, keys(0, 1), keys(0, 1)), IndexError);
  EXPECT_THROW(cache.append(0, Tensor::ones({2, 1, 1, 2}), Tensor::ones({2, 1, 1, 2})), ShapeError);
}

TEST(DynamicCache, LayersOfALargeOneDoNotMeet) {  // they share blocks of memory
  constexpr int kLayers = 9;
  const auto filled = [](int layer, int64_t positions) {
    return Tensor::full({1, 2, positions, 64}, Scalar(double(layer)));
  };
  DynamicCache cache;
  std::shared_ptr<KvCache> copy;
  for (int64_t positions : {1000, 1, 2000, 3000}) {
    for (int layer = 0; layer < kLayers; layer++)
      cache.append(layer, filled(layer, positions), filled(-layer, positions));
    if (positions == 1) copy = cache.clone();
  }
  cache.append(0, filled(7, 5000), filled(7, 5000));
  for (int layer = 1; layer < kLayers; layer++)
    for (KvCache* c : {static_cast<KvCache*>(&cache), copy.get()}) {
      const KvView view = c->view(layer);
      EXPECT_EQ(view.keys.size(2), c == &cache ? 6001 : 1001);
      EXPECT_EQ(min(view.keys).item<float>(), float(layer));
      EXPECT_EQ(max(view.keys).item<float>(), float(layer));
      EXPECT_EQ(min(view.values).item<float>(), float(-layer));
      EXPECT_EQ(max(view.values).item<float>(), float(-layer));
      EXPECT_EQ(reinterpret_cast<uintptr_t>(view.keys.data_ptr()) % Storage::kAlignment, 0u);
    }
}

TEST(DynamicCache, CropReorderClone) {
  DynamicCache cache;
  Tensor two = Tensor::zeros({2, 1, 3, 2});
  two.select(0, 1).fill_(1);
  cache.append(0, two, two);
  auto copy = cache.clone();
  cache.reorder(Tensor::from_data<int64_t>({1, 1, 0}, {3}));
  EXPECT_EQ(cache.view(0).keys.size(0), 3);
  EXPECT_EQ(cache.view(0).keys.select(0, 0).contiguous().to_vector<float>()[0], 1);
  EXPECT_EQ(cache.view(0).keys.select(0, 2).contiguous().to_vector<float>()[0], 0);
  cache.crop(-1);
  EXPECT_EQ(cache.length(), 2);
  EXPECT_EQ(copy->length(), 3);
  cache.reset();
  EXPECT_EQ(cache.length(), 0);
}

TEST(DynamicCache, RowsThatShareTheirBeginningChangePlaces) {
  for (const int64_t window : {0, 5}) {
    DynamicCache cache({window}), plain({window});
    Tensor rows = Tensor::empty({4, 2, 9, 3});
    for (int64_t i = 0; i < rows.numel(); i++) {
      const int64_t position = i / 3 % 9, row = i / 54;
      rows.mutable_data<float>()[i] = float(position < 4 ? 1000 + i % 54 : row * 100 + i % 54);  // alike until the 4th
    }
    for (auto* c : {&cache, &plain}) c->append(0, rows, rows);
    for (const std::vector<int64_t>& order :
         {std::vector<int64_t>{1, 0, 0, 3}, std::vector<int64_t>{0, 1, 2, 3}, std::vector<int64_t>{3, 2, 1, 0}}) {
      std::vector<int64_t> shared = order;
      shared.insert(shared.end(), {4, 2, 4, 0});
      cache.reorder(Tensor::from_data(shared, {2, 4}));
      plain.reorder(Tensor::from_data(order, {4}));
      EXPECT_EQ(cache.view(0).keys.contiguous().to_vector<float>(), plain.view(0).keys.contiguous().to_vector<float>());
      EXPECT_EQ(cache.view(0).values.contiguous().to_vector<float>(),
                plain.view(0).values.contiguous().to_vector<float>());
    }
    EXPECT_THROW(cache.reorder(Tensor::from_data<int64_t>({0, 4}, {2})), IndexError);
    EXPECT_THROW(cache.reorder(Tensor::from_data<int64_t>({0, -1}, {2})), IndexError);
    EXPECT_THROW(cache.reorder(Tensor::from_data<int64_t>({0, 1, 0, 0}, {2, 2})), ShapeError);
    EXPECT_THROW(cache.reorder(Tensor::from_data<int64_t>({0, 1, 0}, {3, 1})), ShapeError);
    EXPECT_EQ(cache.view(0).keys.size(0), 4);
  }
}

TEST(DynamicCache, GradientsPassThrough) {
  DynamicCache cache;
  Tensor k = keys(0, 2), k2 = keys(2, 3);
  set_requires_grad(k);
  set_requires_grad(k2);
  cache.append(0, k, k);
  const KvView view = cache.append(0, k2, k2);
  backward(sum(view.keys));
  EXPECT_EQ(grad(k).to_vector<float>(), std::vector<float>(4, 1));
  EXPECT_EQ(grad(k2).to_vector<float>(), std::vector<float>(2, 1));
}

TEST(DynamicCache, AWindowForgetsWhatNoQueryCanSee) {
  DynamicCache cache({4, 0});
  int64_t at = 0;
  for (int64_t added : {3, 900, 1, 1, 50}) {
    const KvView slides = cache.append(0, keys(at, at + added), keys(at, at + added));
    const KvView full = cache.append(1, keys(at, at + added), keys(at, at + added));
    at += added;
    EXPECT_EQ(full.first, 0);
    EXPECT_EQ(full.keys.size(2), at);
    EXPECT_LE(slides.first, std::max<int64_t>(0, at - added - 3)) << "the oldest query still sees three before it";
    EXPECT_EQ(slides.first + slides.keys.size(2), at);
    EXPECT_EQ(slides.keys.contiguous().to_vector<float>().front(), float(slides.first));
    EXPECT_EQ(cache.length(0), at);
    EXPECT_EQ(cache.view(0).keys.size(2), std::min<int64_t>(3, at));
    EXPECT_EQ(cache.view(0).keys.contiguous().to_vector<float>().back(), float(at - 1));
  }
  EXPECT_LT(cache.append(0, keys(at, at + 1), keys(at, at + 1)).keys.size(2), 400) << "memory follows the window";
  EXPECT_THROW(cache.crop(-300), Error);
  auto recording = std::make_shared<DynamicCache>(std::vector<int64_t>{4});
  recording->record_past();
  recording->append(0, keys(0, 900), keys(0, 900));
  recording->append(0, keys(900, 905), keys(900, 905));
  recording->crop(-100);
  EXPECT_EQ(recording->length(), 805);
  EXPECT_EQ(recording->view(0).values.contiguous().to_vector<float>().back(), 804.f);
}

// What a window leaves behind makes room for the next piece of a prompt, unless somebody still has a view of it.
TEST(DynamicCache, AWindowSlidesInItsOwnMemory) {
  DynamicCache cache({512});
  cache.reserve(2048);
  const void* memory = nullptr;
  Tensor held;
  int64_t at = 0;
  for (int64_t added : {512, 512, 512, 496, 1, 1, 512, 512}) {
    const KvView view = cache.append(0, keys(at, at + added), keys(at, at + added));
    if (!memory) memory = view.keys.data_ptr();
    at += added;
    const auto values = view.keys.contiguous().to_vector<float>();
    for (size_t i = 0; i < values.size(); i++) ASSERT_EQ(values[i], float(view.first + int64_t(i / 2)));
    ASSERT_EQ(view.first + view.keys.size(2), at);
    ASSERT_LE(view.first, std::max<int64_t>(0, at - added - 511));
    EXPECT_EQ(view.keys.data_ptr() == memory, !held.defined()) << at;
    if (at == 2034) held = cache.view(0).keys;
  }
  EXPECT_EQ(held.contiguous().to_vector<float>().back(), 2033.f);
  EXPECT_EQ(held.contiguous().to_vector<float>().front(), 2034.f - 511);
}

TEST(StaticCache, MoreThanItsLengthIsAnError) {
  StaticCache cache({}, 4);
  cache.append(0, keys(0, 3), keys(0, 3));
  EXPECT_THROW(cache.append(0, keys(3, 5), keys(3, 5)), ShapeError);
  EXPECT_EQ(cache.append(0, keys(3, 4), keys(3, 4)).keys.size(2), 4);
  EXPECT_EQ(cache.max_length({}), 4);
  EXPECT_THROW(StaticCache({}, 0), ConfigError);
}

TEST(Rope, DefaultTableIsTheFormula) {
  RopeParameters p;
  const Rope rope(p, 8);
  const auto rows = rope.rows(Tensor::from_data<int64_t>({0, 1, 1000}, {1, 3}));
  const auto cos = rows.cos.to_vector<float>(), sin = rows.sin.to_vector<float>();
  for (int pair = 0; pair < 4; pair++) {
    EXPECT_EQ(cos[size_t(pair)], 1);
    // float32 frequencies times a position of 1000 are off by at most 1000 · 2⁻²⁴ radians.
    EXPECT_NEAR(sin[size_t(8 + pair)], std::sin(1000 * std::pow(10000.0, -pair / 4.0)), 1.2e-4);
  }
}

TEST(Rope, APieceTurnsByTheLengthOfTheWhole) {
  RopeParameters p;
  p.type = "longrope";
  p.short_factor = {1, 2};
  p.long_factor = {3, 4};
  p.original_max_position_embeddings = p.max_position_embeddings = 8;
  const Rope rope(p, 4);
  const Rope::Rows whole = rope.rows(Tensor::arange(0, 9).unsqueeze(0));
  const Tensor first = Tensor::arange(0, 5).unsqueeze(0);
  EXPECT_EQ(rope.rows(first, 9).sin.to_vector<float>(), whole.sin.narrow(1, 0, 5).contiguous().to_vector<float>());
  EXPECT_NE(rope.rows(first).sin.to_vector<float>(), whole.sin.narrow(1, 0, 5).contiguous().to_vector<float>());
}

TEST(RecurrentCache, GoesBackToWhatWasMarked) {
  RecurrentCache cache({true, false});
  RecurrentCache::of(&cache, 0).conv = Tensor::full({1, 2, 3}, Scalar(1.0), DType::Float32);
  const Tensor k = Tensor::full({1, 1, 4, 2}, Scalar(1.0), DType::Float32);
  cache.append(1, k, k);
  EXPECT_THROW(cache.rewind(), Error);
  cache.mark();
  RecurrentCache::of(&cache, 0).conv.fill_(Scalar(2.0));
  cache.append(1, k, k);
  EXPECT_EQ(cache.length(), 8);
  cache.rewind();
  EXPECT_EQ(cache.length(), 4);
  EXPECT_EQ(cache.state(0).conv.to_vector<float>(), std::vector<float>(6, 1));
  EXPECT_THROW(cache.rewind(), Error);
}

TEST(Rope, RefusesWhatItDoesNotKnow) {
  RopeParameters p;
  p.type = "helix";
  EXPECT_THROW(Rope(p, 8), ConfigError);
  p.type = "longrope";
  EXPECT_THROW(Rope(p, 8), ConfigError);  // no factors
  p = {};
  p.partial_rotary_factor = 2;
  EXPECT_THROW(Rope(p, 8), ConfigError);
}

}  // namespace
}  // namespace ef
