#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <common/bytes.hpp>

/// The two text forms of bytes that node records and their DNS trees use (RFC 4648), without
/// padding.
namespace fastsync::enode {

/// URL and file name safe alphabet (RFC 4648, section 5).
[[nodiscard]] std::string to_base64url(ByteView bytes);
/// kMalformed on a character outside the alphabet, an impossible length, or spare bits that are
/// set.
[[nodiscard]] Result<Bytes> from_base64url(std::string_view text);

/// Upper-case (RFC 4648, section 6).
[[nodiscard]] std::string to_base32(ByteView bytes);
/// As from_base64url().
[[nodiscard]] Result<Bytes> from_base32(std::string_view text);

}  // namespace fastsync::enode
