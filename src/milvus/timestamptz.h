#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Timestamptz values as Milvus's API carries them: ISO 8601 text, where binlogs hold microseconds since
/// 1970-01-01T00:00:00Z.
namespace mbk {

/// "2026-01-02T03:04:05.000006Z"; nullopt for what is not in the years 1 to 9999.
std::optional<std::string> FormatTimestamptz(std::int64_t microseconds);

/// Reads DATE("T"|" ")TIME[.FRACTION][Z|±HH:MM]; without a zone it is UTC, and digits of the fraction beyond
/// the sixth are dropped. nullopt for anything else.
std::optional<std::int64_t> ParseTimestamptz(std::string_view text);

}  // namespace mbk
