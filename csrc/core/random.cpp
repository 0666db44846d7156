#include "core/random.h"

#include <bit>
#include <cmath>

#include "core/error.h"

namespace ef {

// M. Matsumoto, T. Nishimura: Mersenne Twister, ACM TOMACS 8 (1998).
void Generator::manual_seed(uint64_t seed) {
  seed_ = seed;
  words_[0] = uint32_t(seed);
  for (uint32_t i = 1; i < 624; i++) words_[i] = 1812433253u * (words_[i - 1] ^ (words_[i - 1] >> 30)) + i;
  position_ = 624;
  next_normal_.reset();
}

void Generator::twist() {
  for (int i = 0; i < 624; i++) {
    const uint32_t y = (words_[i] & 0x80000000u) | (words_[(i + 1) % 624] & 0x7fffffffu);
    words_[i] = words_[(i + 397) % 624] ^ (y >> 1) ^ (y & 1 ? 0x9908b0dfu : 0);
  }
  position_ = 0;
}

uint32_t Generator::random() {
  if (position_ == 624) twist();
  uint32_t y = words_[position_++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  return y ^ (y >> 18);
}

uint64_t Generator::random64() {
  const uint64_t high = random();
  return high << 32 | random();
}

double Generator::normal() {
  if (next_normal_) {
    const double value = *next_normal_;
    next_normal_.reset();
    return value;
  }
  const double u1 = uniform_double(), u2 = uniform_double();
  const double r = std::sqrt(-2.0 * std::log1p(-u2)), theta = 2.0 * M_PI * u1;
  next_normal_ = r * std::sin(theta);
  return r * std::cos(theta);
}

std::vector<uint64_t> Generator::state() const {
  std::vector<uint64_t> out{seed_, uint64_t(position_), uint64_t(next_normal_.has_value()),
                            std::bit_cast<uint64_t>(next_normal_.value_or(0))};
  out.insert(out.end(), words_, words_ + 624);
  return out;
}

void Generator::set_state(const std::vector<uint64_t>& state) {
  check<ConfigError>(state.size() == 628 && state[1] <= 624, "random state: found ", state.size(),
                     " words, needed 628 as returned by get_rng_state");
  seed_ = state[0];
  position_ = int(state[1]);
  next_normal_.reset();
  if (state[2]) next_normal_ = std::bit_cast<double>(state[3]);
  for (int i = 0; i < 624; i++) words_[i] = uint32_t(state[size_t(i) + 4]);
}

Generator& default_generator() {
  static Generator generator;
  return generator;
}
ForkMutex& generator_lock() {
  static ForkMutex lock;
  return lock;
}

}  // namespace ef
