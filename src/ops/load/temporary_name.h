#pragma once

#include <optional>
#include <string>
#include <string_view>

/// The names that collections bear while a run works on them, `_mbk_<run id>_<n>`: the name of the original
/// is not in it, because a name may have 255 letters already. This is the only place that spells them.
/// Pure functions.
namespace mbk::load {

/// What a temporary name says.
struct TemporaryNameParts {
  std::string run_id;  ///< 12 lower-case hexadecimal digits
  int number = 0;      ///< of the collection within its run, from 1
  bool aside = false;  ///< the user's own collection, put aside while its replacement takes the name

  friend bool operator==(const TemporaryNameParts&, const TemporaryNameParts&) = default;
};

/// An id for a run: 12 random lower-case hexadecimal digits.
std::string NewRunId();

/// "_mbk_<run id>_<n>": a collection that is being built.
std::string TemporaryName(const std::string& run_id, int number);

/// "_mbk_<run id>_<n>_old": a collection of the user's, whose name another one is about to take.
std::string AsideName(const std::string& run_id, int number);

/// What `name` says when it is such a name, to the last letter; else nothing.
std::optional<TemporaryNameParts> ParseTemporaryName(std::string_view name);

/// Whether `name` is one that only a run gives: no backup and no comparison takes such a collection along.
bool IsTemporaryName(std::string_view name);

}  // namespace mbk::load
