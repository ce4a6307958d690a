#include <fmt/core.h>

#include "base/log.h"
#include "store/azure/azure_object_store.h"

namespace mbk::azure {
namespace {

constexpr std::string_view kPendingCopy = "PendingCopyOperation";

}  // namespace

Status AzureStore::AbortPendingCopy(const ObjectKey& key, const CallContext& context) {
  const Request head{.operation = "GetBlobProperties", .method = "HEAD", .key = key.str()};
  MBK_TRY_ASSIGN(HttpResponse found, client_.Send(head, context));
  if (found.headers.Get("x-ms-copy-status") != "pending") return {};
  const Request abort{.operation = "AbortCopyBlob",
                      .method = "PUT",
                      .key = key.str(),
                      .query = {{"comp", "copy"}, {"copyid", std::string(found.headers.Get("x-ms-copy-id"))}},
                      .headers = {{"x-ms-copy-action", "abort"}}};
  return client_.Send(abort, context, {.welcome_refusal = "NoPendingCopyOperation"}).status();
}

Result<HttpResponse> AzureStore::Overwrite(const Request& request, const CallContext& context,
                                           AnswerOptions answer) {
  answer.welcome_refusal = kPendingCopy;
  MBK_TRY_ASSIGN(HttpResponse response, client_.Send(request, context, answer));
  if (Succeeded(response)) return response;
  Status aborted = AbortPendingCopy(ObjectKey(std::string(request.key)), context);
  // What it left undone the second attempt tells.
  if (!aborted.ok()) log::Warn("a copy that is under way was not aborted: {}", aborted.message());
  answer.welcome_refusal = {};
  return client_.Send(request, context, std::move(answer));
}

Result<WriteResult> AzureStore::Copy(const CopySource& source, const ObjectKey& target,
                                     const CallContext& context) {
  MBK_TRY(CheckKey(source.key));
  MBK_TRY(CheckKey(target));
  MBK_TRY_ASSIGN(std::string url, copy_sources_.UrlOf(source, context));
  Request copy{.operation = "CopyBlobFromURL",
               .method = "PUT",
               .key = target.str(),
               .headers = {{"x-ms-copy-source", std::move(url)}, {"x-ms-requires-sync", "true"}}};
  if (!source.if_match.empty()) copy.headers.Add("x-ms-source-if-match", Quoted(source.if_match));
  MBK_TRY_ASSIGN(HttpResponse response, Overwrite(copy, context, {.stall_timeout = kPatience}));
  std::string_view state = response.headers.Get("x-ms-copy-status");
  if (state == "success") return Written(response.headers);
  return Status(Code::kUnavailable,
                fmt::format("CopyBlobFromURL {}: the copy was accepted and is \"{}\", not done",
                            client_.Url(target.str()), OneLine(state)));
}

}  // namespace mbk::azure
