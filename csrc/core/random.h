// mt19937 with torch's CPU derivations: the same seed gives torch's stream of random(), random64() and uniforms.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "core/after_fork.h"

namespace ef {

class Generator {
 public:
  static constexpr uint64_t kDefaultSeed = 67280421310721ull;  // torch's
  explicit Generator(uint64_t seed = kDefaultSeed) { manual_seed(seed); }
  void manual_seed(uint64_t seed);
  uint64_t initial_seed() const { return seed_; }
  uint32_t random();                                                                     // 32 random bits
  uint64_t random64();                                                                   // high word first
  float uniform() { return float(random() & 0xffffff) * 0x1p-24f; }                      // [0, 1), 24 bits
  double uniform_double() { return double(random64() & ((1ull << 53) - 1)) * 0x1p-53; }  // [0, 1), 53 bits
  double normal();                      // Box-Muller, pairs cached as torch does
  std::vector<uint64_t> state() const;  // seed, position, 624 words, cached normal
  void set_state(const std::vector<uint64_t>& state);

 private:
  void twist();
  uint64_t seed_ = 0;
  uint32_t words_[624] = {};
  int position_ = 624;
  std::optional<double> next_normal_;
};

Generator& default_generator();  // behind eigenformers.manual_seed; guard with generator_lock() while drawing
ForkMutex& generator_lock();

}  // namespace ef
