#pragma once

#include <span>

#include <common/bytes.hpp>

namespace fastsync::crypto {

/// Where random bytes come from: a seam, so that handshakes replay in tests.
class EntropySource {
  public:
    virtual ~EntropySource() = default;
    virtual void fill(std::span<Byte> out) = 0;

    template <class Fixed>
    [[nodiscard]] Fixed draw() {
        Fixed value;
        fill(value.data);
        return value;
    }
};

/// The operating system's generator. Thread safe.
[[nodiscard]] EntropySource& system_entropy();

}  // namespace fastsync::crypto
