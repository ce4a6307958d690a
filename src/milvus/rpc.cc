#include "milvus/rpc.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/hash.h"
#include "milvus/channel.h"

namespace mbk {
namespace {

/// Milvus's own form: base64 of "user:password", without "Basic".
std::string Authorization(const ConnectOptions& options) {
  if (options.user.empty() && options.password.empty()) return "";
  return Base64Encode(options.user + ":" + options.password);
}

/// Whether the failure comes again however often the call is made.
bool IsCertain(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
    case Code::kNotFound:
    case Code::kAlreadyExists:
    case Code::kPermissionDenied:
    case Code::kUnimplemented:
    case Code::kCancelled:
      return true;
    default:
      return false;
  }
}

}  // namespace

RpcConnection::RpcConnection(ConnectOptions options, std::string target,
                             std::shared_ptr<grpc::Channel> channel)
    : options_(std::move(options)),
      target_(std::move(target)),
      authorization_(Authorization(options_)),
      sleeper_(options_.sleeper != nullptr ? *options_.sleeper : RealSleeper()),
      notice_("Milvus " + target_, "milvus.address and milvus.port"),
      channel_(std::move(channel)),
      stub_(::milvus::proto::milvus::MilvusService::NewStub(channel_)) {}

void RpcConnection::Prepare(const RpcCall& call, const CallRules& rules, const CallContext& context,
                            grpc::ClientContext* rpc) const {
  if (!authorization_.empty()) rpc->AddMetadata("authorization", authorization_);
  if (!identifier_.empty()) rpc->AddMetadata("identifier", identifier_);
  if (call.db) rpc->AddMetadata("dbname", call.db->empty() ? "default" : *call.db);
  Milliseconds allowed = std::min(options_.call_timeout, rules.timeout);
  if (rules.patience == Milliseconds{0}) allowed = std::min(allowed, context.deadline.Remaining());
  rpc->set_deadline(std::chrono::system_clock::now() + allowed);
}

void RpcConnection::Report(RateLimiter& limiter, const Status& outcome) {
  if (outcome.ok()) limiter.OnSuccess();
  if (outcome.code() == Code::kThrottled) limiter.OnThrottled();
}

Status RpcConnection::WhoEndedIt(Status outcome, const CallContext& context) {
  if (outcome.code() != Code::kCancelled && outcome.code() != Code::kDeadlineExceeded) return outcome;
  MBK_TRY(context.Check());
  // Not us: a proxy on the way, or a server that shuts down, has let go of the call.
  if (outcome.code() == Code::kCancelled)
    return {Code::kUnavailable, outcome.message() + " (cancelled by the server)"};
  return outcome;
}

Status RpcConnection::ForRetry(Repeat repeat, Status failure) {
  if (repeat != Repeat::kAny || IsCertain(failure.code()) || IsRetryable(failure.code())) return failure;
  return {Code::kUnavailable, failure.message()};
}

Status RpcConnection::Explain(const RpcCall& call, Status failure, Code last) const {
  // Undo ForRetry; a wait that was ended keeps its own code.
  Code code = failure.code() == Code::kUnavailable ? last : failure.code();
  std::string what =
      call.object.empty() ? std::string(call.name) : fmt::format("{} {}", call.name, call.object);
  std::string message = fmt::format("{} on Milvus {}: {}", what, target_, failure.message());
  Status explained(code, std::move(message));
  std::string advice = AdviceFor(explained, options_);
  if (advice.empty()) return explained;
  return {code, fmt::format("{}; {}", explained.message(), advice)};
}

Status RpcConnection::AwaitConnection(const CallContext& context) {
  if (channel_->GetState(false) == GRPC_CHANNEL_READY) return {};
  return Call(&Stub::GetVersion, {.name = "GetVersion"}, ::milvus::proto::milvus::GetVersionRequest(),
              {.retry = options_.retries.usual}, context)
      .status();
}

}  // namespace mbk
