// Ctrl-C in long calls.
#pragma once

namespace ef {

// Throws what Ctrl-C asks for; called without Python's lock or with it, looks at most every 10 ms.
void check_signals();

}  // namespace ef
