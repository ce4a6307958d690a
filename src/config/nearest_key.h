#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/schema.h"

namespace mbk::config {

/// The documented key that somebody who wrote `key` probably meant: two letters off, the same words in
/// another spelling or order, or the most words in common. May name two keys that do together what one was to
/// do. Empty when nothing is near.
std::string NearestKey(std::string_view key, const std::vector<Row>& rows);

}  // namespace mbk::config
