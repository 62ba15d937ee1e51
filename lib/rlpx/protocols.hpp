#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rlpx/hello.hpp>

namespace fastsync::rlpx {

/// Message codes below this belong to the base protocol.
inline constexpr std::uint64_t kFirstProtocolCode = 0x10;

/// What we offer: a capability and how many message codes this version of it uses.
struct Offer {
    Capability capability;
    std::uint32_t message_count = 0;
};

/// The subprotocols of one connection and where their codes lie (devp2p rlpx.md "Capability
/// Messaging").
class Protocols {
  public:
    struct Protocol {
        Capability capability;
        std::uint32_t message_count = 0;
        std::uint64_t first_code = 0;
    };
    struct Place {
        std::string_view protocol;  ///< lives as long as this object
        std::uint32_t code = 0;     ///< the capability's own
    };

    /// The highest common version of each name, laid out in alphabetical order.
    [[nodiscard]] static Protocols match(const std::vector<Offer>& ours,
                                         const std::vector<Capability>& theirs);

    [[nodiscard]] bool empty() const noexcept { return protocols_.empty(); }
    /// Nothing when it is not in common.
    [[nodiscard]] const Protocol* find(std::string_view name) const noexcept;
    /// Whose the code on the wire is; nothing when it lies outside every protocol.
    [[nodiscard]] std::optional<Place> place_of(std::uint64_t wire_code) const noexcept;

  private:
    std::vector<Protocol> protocols_;
};

}  // namespace fastsync::rlpx
