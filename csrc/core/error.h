// Typed errors. Every message reads: where: what was found, what was needed; likely cause or next step.
#pragma once
#include <sstream>
#include <stdexcept>
#include <string>

namespace ef {

struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};
// In Python each of these also inherits the builtin named beside it, so that existing `except` clauses work.
struct ShapeError : Error {
  using Error::Error;
};  // ValueError, RuntimeError
struct DtypeError : Error {
  using Error::Error;
};  // TypeError
struct ConfigError : Error {
  using Error::Error;
};  // ValueError
struct CheckpointError : Error {
  using Error::Error;
};  // OSError
struct TokenizerError : Error {
  using Error::Error;
};  // ValueError
struct UnsupportedError : Error {
  using Error::Error;
};  // NotImplementedError
struct IndexError : Error {
  using Error::Error;
};  // IndexError
struct KeyError : Error {
  using Error::Error;
};  // KeyError
struct AttributeError : Error {
  using Error::Error;
};  // AttributeError

// str("a", 3, 'x') -> "a3x"
template <class... Parts>
std::string str(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

template <class E, class... Parts>
[[noreturn]] void fail(const Parts&... parts) {
  throw E(str(parts...));
}

// check<ShapeError>(a == b, "where: found ", a, ", needed ", b): the message is only built on failure.
template <class E, class... Parts>
void check(bool condition, const Parts&... parts) {
  if (!condition) [[unlikely]]
    fail<E>(parts...);
}

}  // namespace ef
