// The formats of bitsandbytes: see README.md.
#pragma once
#include "quantizers/group/group_weight.h"
#include "quantizers/quantizer.h"

namespace ef {

Quantizer bitsandbytes_4bit();
Quantizer bitsandbytes_8bit();

// nf4 or fp4.
class Bnb4Weight : public GroupWeight {
 public:
  Bnb4Weight(GroupMatrix matrix, std::string type, Tensor map, DType storage);
  const char* kind() const override { return "bitsandbytes_4bit"; }
  const std::string& type() const { return type_; }
  bool saved_packed() const override { return true; }
  NamedTensors state() const override;

 private:
  std::string type_;
  Tensor map_;     // f32 [16]
  DType storage_;  // that the codes' bytes are saved as
};

// LLM.int8(): rows of int8 with one scale. The input is rounded to int8 as well, a scale a row, but for columns where
// an entry reaches the threshold: these are multiplied as they are (Dettmers et al. 2022, arXiv:2208.07339).
class Bnb8Weight : public GroupWeight {
 public:
  Bnb8Weight(GroupMatrix matrix, Tensor scb, float threshold);
  const char* kind() const override { return "bitsandbytes_8bit"; }
  bool saved_packed() const override { return true; }
  NamedTensors state() const override;
  Tensor matmul(const Activation& x) const override;

 protected:
  bool takes_input_as_it_is() const override { return false; }

 private:
  Tensor scb_;  // f32 [n]: the largest absolute value of each row
  float threshold_;
};

}  // namespace ef
