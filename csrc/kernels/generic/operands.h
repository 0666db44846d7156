// Operands of any computable type, and vectors at their ends. Included inside an instruction set's namespace after its
// vocabulary.

// f(pointer of the operand's type)
template <class Fn>
inline void with_type(const void* p, DType dtype, Fn f) {
  if (dtype == DType::Float32)
    f(static_cast<const float*>(p));
  else if (dtype == DType::BFloat16)
    f(static_cast<const bfloat16*>(p));
  else
    f(static_cast<const float16*>(p));
}
inline int64_t clamp_lanes(int64_t n) { return n < 0 ? 0 : n > kW ? kW : n; }
