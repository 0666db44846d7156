// What is raised when a function is given too many arguments, too few, unknown ones or ones of other types.
#pragma once
#include <pybind11/pybind11.h>

namespace ef {

// From now on the functions of a module and the methods of its classes raise the short errors of `tokenizers` where
// pybind11 would list signatures and quote everything it was given.
void shorten_argument_errors(const pybind11::module_& m);

}  // namespace ef
