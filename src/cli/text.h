#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace mbk::cli {

/// "0 B", "1023 B", "1.5 KiB", "48.2 MiB".
std::string HumanBytes(std::int64_t bytes);
/// "1,234,567".
std::string HumanCount(std::int64_t count);
/// "42s", "3m05s", "1h02m".
std::string HumanDuration(std::chrono::seconds duration);
/// Columns aligned, two spaces between them; the first row is the header. Numbers in `right` columns are
/// set flush right.
std::string Table(const std::vector<std::vector<std::string>>& rows, const std::vector<bool>& right);

}  // namespace mbk::cli
