#include <algorithm>
#include <array>
#include <string>

#include <eth/version.hpp>

namespace fastsync::eth {
namespace {

using enum MessageCode;

constexpr std::array kVersions{
    Version{.number = 63,
            .message_count = 0x11,
            .status_fields = 5,
            .codes = code_set({kStatus, kNewBlockHashes, kTransactions, kGetBlockHeaders,
                               kBlockHeaders, kGetBlockBodies, kBlockBodies, kNewBlock,
                               kGetNodeData, kNodeData, kGetReceipts, kReceipts})},
};

}  // namespace

std::span<const Version> supported_versions() noexcept {
    return kVersions;
}

const Version* find_version(std::uint32_t number) noexcept {
    const auto* const found = std::find_if(kVersions.begin(), kVersions.end(),
                                           [&](const Version& v) { return v.number == number; });
    return found == kVersions.end() ? nullptr : found;
}

std::vector<rlpx::LocalNode::Offer> capability_offers() {
    std::vector<rlpx::LocalNode::Offer> offers;
    for (const Version& version : kVersions)
        offers.push_back({{std::string{kProtocolName}, version.number}, version.message_count});
    return offers;
}

}  // namespace fastsync::eth
