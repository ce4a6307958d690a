#pragma once

#include <string>
#include <string_view>

#include "store/s3/s3_store.h"
#include "store/s3/s3_xml.h"

/// Where a bucket is, when a service says that it is not where it was asked for. Internal to store/s3/.
namespace mbk::s3 {

/// Whether an answer says that the request went to the wrong place, or was signed for it.
bool IsAboutPlace(int http_status, const ErrorBody& refusal);

/// Lower-case letters, digits and '-': what becomes part of a signature, or of a host's name.
bool IsRegionName(std::string_view region);

/// The host that `refusal` sends to: the endpoint it names, without the bucket, or Amazon's of the region
/// it names. Empty when there is none, and when it lies outside the domain of the cloud that
/// `configured_host` belongs to: data must not go wherever an answer says.
std::string RedirectHost(std::string_view configured_host, std::string_view bucket, const ErrorBody& refusal);

}  // namespace mbk::s3
