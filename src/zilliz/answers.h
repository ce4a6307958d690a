#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/status.h"
#include "net/http_client.h"
#include "zilliz/cloud.h"

/// The JSON that Zilliz Cloud answers: `{"code": 0, "data": {…}}`, or another code and a message. All of it
/// is hostile; of a good answer nothing is repeated in an error. Pure functions.
namespace mbk::zilliz {

/// Ok for an answer whose HTTP status and code both say success, else what the refusal means (see Cloud).
Status CheckAnswer(const HttpResponse& response);

/// The `data` of good answers; kDataLoss when something that is needed is missing or of another shape.
/// ParseVolume refuses (kFailedPrecondition) keys that have expired by `now`, and clouds that it does not
/// know.
Result<Volume> ParseVolume(std::string_view json, std::chrono::system_clock::time_point now);
Result<std::string> ParseJobId(std::string_view json);
/// A status that is not in the documentation counts as running.
Result<Job> ParseJob(std::string_view json);

}  // namespace mbk::zilliz
