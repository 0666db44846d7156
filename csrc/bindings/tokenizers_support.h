// What the files of the tokenizer bindings share.
#pragma once
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "tokenizers/tokenizer.h"

namespace ef {

namespace py = pybind11;
namespace tk = tokenizers;

// Components never change; what Python sees as one object that changes is a slot. Setting an attribute puts a new
// component into the slot, and everybody who holds the old one is told: tokenizers, and the slots of Sequences.
template <class Role>
class Slot : public std::enable_shared_from_this<Slot<Role>> {
 public:
  using Ptr = std::shared_ptr<const Role>;
  // Puts `now` where `old` stood; false when that holder has something else by now, and is to be forgotten.
  using Holder = std::function<bool(const Ptr& old, const Ptr& now)>;

  explicit Slot(Ptr role) : role_(std::move(role)) {}
  const Ptr& role() const { return role_; }
  // `id` is the holder's address: who comes again takes its old place.
  void add_holder(const void* id, Holder holder) {
    for (auto& [known, old] : holders_)
      if (known == id) return void(old = std::move(holder));
    holders_.emplace_back(id, std::move(holder));
  }
  void set(Ptr role) {
    parts_.clear();
    publish(std::move(role));
  }

  // The slots of a Sequence's parts, made when first asked for; a change of one changes the Sequence.
  const std::vector<std::shared_ptr<Slot>>& parts();
  void set_parts(std::vector<std::shared_ptr<Slot>> parts);

 private:
  void publish(Ptr role) {
    const Ptr now = role, old = std::exchange(role_, std::move(role));
    const auto holders = holders_;  // while one waits for a tokenizer in use, another thread may add to them
    size_t told = 0;
    try {
      for (; told < holders.size(); told++)
        if (!holders[told].second(old, now))
          std::erase_if(holders_, [&](auto& known) { return known.first == holders[told].first; });
    } catch (...) {  // one that must not change now: then nobody does
      role_ = old;
      while (told > 0) holders[--told].second(now, old);
      throw;
    }
  }

  Ptr role_;
  std::vector<std::shared_ptr<Slot>> parts_;
  std::vector<std::pair<const void*, Holder>> holders_;
};

// Calls f while nobody changes the tokenizer, without Python's lock.
template <class F>
auto using_tokenizer(const tk::Tokenizer& tokenizer, F&& f) {
  py::gil_scoped_release release;
  const tk::InUse in_use(tokenizer.changes);
  return f();
}

// Calls f when nobody uses the tokenizer, with Python's lock: who uses it may need that to come to an end.
template <class F>
auto changing_tokenizer(const tk::Tokenizer& tokenizer, F&& f) {
  std::unique_lock lock(tokenizer.changes, std::defer_lock);
  {
    py::gil_scoped_release release;
    lock.lock();
  }
  tokenizer.changes.count++;
  return f();
}

// A role's object in Python.
template <class Role>
struct PyComponent {
  PyComponent(std::shared_ptr<const Role> role) : slot(std::make_shared<Slot<Role>>(std::move(role))) {}
  explicit PyComponent(std::shared_ptr<Slot<Role>> s) : slot(std::move(s)) {}
  const std::shared_ptr<const Role>& role() const { return slot->role(); }
  std::shared_ptr<Slot<Role>> slot;
};
using PyNormalizer = PyComponent<tk::Normalizer>;
using PyPreTokenizer = PyComponent<tk::PreTokenizer>;
using PyModel = PyComponent<tk::Model>;
using PyPostProcessor = PyComponent<tk::PostProcessor>;
using PyDecoder = PyComponent<tk::Decoder>;

// `None`, or an object of the Python class that the package registered for the component's type.
template <class Role>
py::object wrap_component(const std::shared_ptr<Slot<Role>>& slot);
// The slot of an object of Python's; TypeError for anything but a component of this role.
template <class Role>
const std::shared_ptr<Slot<Role>>& slot_of(const py::handle& component);

struct PyToken {
  uint32_t id;
  std::string value;
  std::pair<size_t, size_t> offsets;
};
struct PyAddedToken {
  std::string content;
  bool special = false;
  std::optional<bool> single_word, lstrip, rstrip, normalized;
  tk::AddedToken get() const;
};
PyAddedToken to_python(const tk::AddedToken& token);
std::vector<tk::AddedToken> added_tokens_from_python(const py::list& tokens, bool special);

std::string_view utf8_of(const py::handle& text);  // valid as long as the str lives
py::str to_str(std::string_view text);
PyObject* str_of(std::string_view text, bool ascii);  // a new reference
py::list to_list(std::span<const uint32_t> values);
// The text that repr() and str() of the library's objects show.
constexpr size_t kReprItems = 99;  // of a list or a map that repr() shows; str() shows fewer
std::string repr_of(const tk::Json& json, size_t most_items);

void bind_tokenizer_components(py::module_& m);
void bind_encoding(py::module_& m);
void bind_tokenizer_files(py::module_& m);
void bind_tokenizer_trainers(py::module_& m);
void bind_tokenizer_texts(py::module_& m);

}  // namespace ef
