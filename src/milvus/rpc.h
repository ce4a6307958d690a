#pragma once

#include <grpcpp/client_context.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/call_context.h"
#include "base/retry.h"
#include "base/status.h"
#include "mbk/milvus.grpc.pb.h"
#include "milvus/end_of_call.h"
#include "milvus/errors.h"
#include "milvus/grpc_client.h"
#include "milvus/rate_limiter.h"

namespace mbk {

/// What one call is about.
struct RpcCall {
  std::string_view name;          ///< "DescribeCollection"
  std::string object;             ///< for messages, e.g. `"default.books"`; may be empty
  std::optional<std::string> db;  ///< the `dbname` header, "" is the default one; nullopt: a server-wide call
};

/// Which failures of a call are worth making it again.
enum class Repeat {
  kPassing,    ///< those of the connection, and refusals for being too fast
  kAny,        ///< those the server answers too, unless they are certain to come again
  kThrottled,  ///< only refusals: making the call twice may do it twice
};

struct CallRules {
  RetryPolicy retry;
  Repeat repeat = Repeat::kPassing;
  RateLimiter* limiter = nullptr;              ///< not owned; nullptr: unlimited
  Milliseconds timeout = Milliseconds::max();  ///< of one attempt; at most ConnectOptions::call_timeout
  /// Not 0 where the server does not bear that a call is given up: a stop waits so long for the answer, and
  /// the deadline of the run is not sent along.
  Milliseconds patience{0};
};

/// One connection to one server: its headers, deadlines, cancellation and retries. Thread-safe.
class RpcConnection {
 public:
  using Stub = ::milvus::proto::milvus::MilvusService::StubInterface;
  template <class Request, class Response>
  using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);

  RpcConnection(ConnectOptions options, std::string target, std::shared_ptr<grpc::Channel> channel);

  const std::string& target() const { return target_; }
  Sleeper& sleeper() const { return sleeper_; }

  /// From now on sent with every call. Not thread-safe: call it before the connection is shared.
  void set_identifier(std::int64_t identifier) { identifier_ = std::to_string(identifier); }

  /// The answer when its status is ok, however often the call must be made. An error names the call, the
  /// object, the server and what to do.
  template <class Request, class Response>
  Result<Response> Call(Method<Request, Response> method, const RpcCall& call, const Request& request,
                        const CallRules& rules, const CallContext& context) {
    return CallUnchecked<Request, Response>(method, call, request, rules, context,
                                            [](const Response&) { return false; });
  }

  /// The same, but an answer that `accept` takes is returned as it is, whatever its status.
  template <class Request, class Response, class Accept>
  Result<Response> CallUnchecked(Method<Request, Response> method, const RpcCall& call,
                                 const Request& request, const CallRules& rules, const CallContext& context,
                                 Accept accept) {
    if (rules.repeat == Repeat::kThrottled) MBK_TRY(AwaitConnection(context));
    Code last = Code::kOk;
    auto idempotency =
        rules.repeat == Repeat::kThrottled ? Idempotency::kNotIdempotent : Idempotency::kIdempotent;
    auto answer = Retry(
        rules.retry, idempotency, sleeper_, context,
        [&]() -> Result<Response> {
          Response response;
          Status outcome = Attempt(rules, call, context, [&](grpc::ClientContext* rpc) {
            grpc::Status status = (stub_.get()->*method)(rpc, request, &response);
            if (!status.ok()) return FromGrpcStatus(status);
            return accept(response) ? Status() : FromMilvusStatus(StatusOf(response));
          });
          last = outcome.code();
          if (!outcome.ok()) return ForRetry(rules.repeat, std::move(outcome));
          return response;
        },
        &notice_);
    if (answer.ok()) return answer;
    return Explain(call, std::move(answer).status(), last);
  }

 private:
  using MilvusStatus = ::milvus::proto::common::Status;

  static const MilvusStatus& StatusOf(const MilvusStatus& response) { return response; }
  template <class Response>
  static const MilvusStatus& StatusOf(const Response& response) {
    return response.status();
  }

  /// Runs `invoke` once, at the moment the limiter gives, with headers and deadline, ended by `context`.
  template <class Invoke>
  Status Attempt(const CallRules& rules, const RpcCall& call, const CallContext& context, Invoke invoke) {
    MBK_TRY(context.Check());
    if (rules.limiter != nullptr) MBK_TRY(rules.limiter->Acquire(context));
    grpc::ClientContext rpc;
    Prepare(call, rules, context, &rpc);
    Status outcome;
    {
      EndOfCall end(rpc, context.stop, rules.patience);
      outcome = invoke(&rpc);
    }
    if (rules.limiter != nullptr) Report(*rules.limiter, outcome);
    return WhoEndedIt(std::move(outcome), context);
  }

  void Prepare(const RpcCall& call, const CallRules& rules, const CallContext& context,
               grpc::ClientContext* rpc) const;
  static void Report(RateLimiter& limiter, const Status& outcome);
  /// A cancelled or late call says whether we asked for that.
  static Status WhoEndedIt(Status outcome, const CallContext& context);
  /// `failure` with a code by which the retry loop decides as `repeat` wants.
  static Status ForRetry(Repeat repeat, Status failure);
  /// The final error; `last` is the code of the last attempt, before ForRetry.
  Status Explain(const RpcCall& call, Status failure, Code last) const;
  /// Makes sure that a connection stands, so that a call that must not be made twice is not lost to a
  /// server that is just restarting: whatever fails after this, fails with the call under way.
  Status AwaitConnection(const CallContext& context);

  const ConnectOptions options_;
  const std::string target_;
  const std::string authorization_;  ///< secret; empty without credentials
  std::string identifier_;
  Sleeper& sleeper_;
  RetryNotice notice_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<Stub> stub_;
};

}  // namespace mbk
