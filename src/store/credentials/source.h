#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/refreshing.h"
#include "net/http_client.h"
#include "net/sigv4.h"

/// Where keys come from that no configuration holds: each source asks one place. Keys, tokens and the texts
/// of files that hold them appear in no message.
namespace mbk::credentials {

/// What sources work with. Tests put their own here.
struct Tools {
  std::function<std::optional<std::string>(const std::string& name)> env;
  /// The text of a file; kNotFound when there is none.
  std::function<Result<std::string>(const std::string& path)> read_file;
  /// For metadata services, which are on this machine or one hop away: no proxy, short timeouts.
  std::shared_ptr<HttpClient> metadata;
  /// For token services, which are anywhere.
  std::shared_ptr<HttpClient> services;
  std::function<std::chrono::system_clock::time_point()> now;
  Sleeper* sleeper = nullptr;
  /// How long a metadata service that took a request may think about it. They answer within milliseconds.
  Milliseconds metadata_timeout{2000};

  /// The variable's value; empty when it is not set, which is the same to every SDK.
  std::string Env(const std::string& name) const { return env(name).value_or(""); }
};

/// The tools of this process. `ca_file`, a PEM file or empty for the system's CAs, is for `services`.
Tools SystemTools(const std::string& ca_file);

using Keys = Expiring<AwsCredentials>;
using Fetch = Refreshing<AwsCredentials>::Fetch;

/// One place to ask. `fetch` fails with kNotFound when there is nothing for us (the message says what is
/// missing); with anything else when there is something and it does not work.
struct Source {
  std::string name;  ///< "EC2 metadata at http://169.254.169.254"
  Fetch fetch;
  /// Whether no answer (kUnavailable) means that there is nothing: elsewhere than in that cloud, nobody
  /// listens at the address of its metadata service.
  bool silence_is_absence = false;
};

/// The variables that hold keys. The session token is optional; the first of its names that is set counts.
struct KeyVariables {
  std::string access_key_id;
  std::string secret_access_key;
  std::vector<std::string> session_token;
};
Source Environment(const Tools& tools, const KeyVariables& variables);

/// AWS's shared files: the profile of AWS_PROFILE, or "default".
/// https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
Source Profile(const Tools& tools);

/// AssumeRoleWithWebIdentity with AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN and AWS_ROLE_SESSION_NAME, asked
/// of `endpoint` (MinIO's own, where the role is optional); empty: AWS's of the region.
Source WebIdentity(const Tools& tools, const std::string& endpoint);

/// ECS tasks and EKS pods: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI. `endpoint` replaces both.
/// https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
Source Container(const Tools& tools, const std::string& endpoint);

/// The role of an EC2 instance (IMDSv2), asked of `endpoint`; empty: AWS_EC2_METADATA_SERVICE_ENDPOINT or
/// the link-local address. https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html
Source Ec2Metadata(const Tools& tools, const std::string& endpoint);

/// The RAM role of an Alibaba ECS instance.
/// https://www.alibabacloud.com/help/en/ecs/user-guide/attach-an-instance-ram-role-to-an-ecs-instance
Source AliyunMetadata(const Tools& tools, const std::string& endpoint);
/// The CAM role of a Tencent CVM instance. https://www.tencentcloud.com/document/product/213/47668
Source TencentMetadata(const Tools& tools, const std::string& endpoint);
/// The agency of a Huawei ECS instance.
/// https://support.huaweicloud.com/intl/en-us/usermanual-ecs/ecs_03_0166.html
Source HuaweiMetadata(const Tools& tools, const std::string& endpoint);

/// Refuses, when `variable` is set, keys by OpenID Connect, which this version has for AWS and MinIO only:
/// another identity than the one that is set up must not be taken in silence.
Source NoOidc(const Tools& tools, std::string_view service, const std::string& variable);

}  // namespace mbk::credentials
