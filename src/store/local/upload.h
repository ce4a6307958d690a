#pragma once

#include <functional>
#include <span>
#include <string>

#include "base/call_context.h"
#include "base/status.h"
#include "store/local/tree.h"
#include "store/object_store.h"

/// Multipart uploads on a file system: the parts lie in a hidden directory beside the target, named by
/// their numbers, and become one file on completion.
namespace mbk::local_internal {

struct StartedUpload {
  UploadId id;
  posix::Fd claim;  ///< to be kept until the upload ends: see Claim
};
Result<StartedUpload> StartUpload(const Tree& tree, const ObjectKey& key);

/// `write` fills the file of the part; an earlier part of that number is replaced.
Result<UploadedPart> WritePart(const Tree& tree, const UploadId& upload, int part_number,
                               const std::function<Status(int fd, const std::string& path)>& write);

/// Parts that are missing or carry another etag are kFailedPrecondition, an unknown upload is kNotFound.
Result<WriteResult> CompleteUpload(const Tree& tree, const UploadId& upload,
                                   std::span<const UploadedPart> parts, const CallContext& context);

/// Remove the parts; no error when there is no such upload.
Status RemoveUpload(const Tree& tree, const UploadId& upload);

}  // namespace mbk::local_internal
