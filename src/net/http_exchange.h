#pragma once

#include <cstddef>

#include "net/http_client.h"

/// Internal to net/: one request under way, as libcurl's callbacks see it.
namespace mbk {

class HttpExchange {
 public:
  HttpExchange(const HttpRequest& request, const CallContext& context)
      : request_(request), context_(context) {}

  /// libcurl's CURLOPT_HEADERFUNCTION and CURLOPT_WRITEFUNCTION; `self` is an HttpExchange. Returning less
  /// than the size given ends the transfer.
  static std::size_t OnHeaderLine(char* data, std::size_t one, std::size_t size, void* self);
  static std::size_t OnBody(char* data, std::size_t one, std::size_t size, void* self);

  /// To be called when libcurl reports success: an answer without a body has to pass on_headers too.
  /// kUnavailable when the headers did not come to their end, which libcurl takes for an answer.
  Status Finish();

  /// Why a callback ended the transfer; ok when it was not one of ours.
  const Status& failure() const { return failure_; }
  /// The refusal's body was cut at its limit: the transfer was ended on purpose and the answer is good.
  bool enough_of_a_refusal() const { return enough_of_a_refusal_; }
  /// Of headers and bodies, so far.
  std::int64_t bytes_received() const { return bytes_received_; }
  HttpResponse TakeResponse() { return std::move(response_); }

 private:
  bool Success() const { return response_.status >= 200 && response_.status < 300; }
  bool Accept(Status status);
  bool HeaderLine(std::string_view line);
  bool Body(std::string_view bytes);
  bool CollectRefusal(std::string_view bytes);
  bool Collect(std::string_view bytes);
  Status CheckHeaders();

  const HttpRequest& request_;
  const CallContext& context_;
  HttpResponse response_;
  Status failure_;
  std::size_t header_bytes_ = 0;
  std::int64_t bytes_received_ = 0;
  bool headers_ended_ = false;
  bool headers_checked_ = false;
  bool enough_of_a_refusal_ = false;
};

}  // namespace mbk
