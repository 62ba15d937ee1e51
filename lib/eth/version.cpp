#include <algorithm>
#include <array>
#include <string>

#include <eth/version.hpp>

namespace fastsync::eth {
namespace {

using enum MessageCode;

constexpr std::uint32_t kNodeDataCodes = code_set({kGetNodeData, kNodeData});
constexpr std::uint32_t kCommonCodes =
    code_set({kStatus, kNewBlockHashes, kTransactions, kGetBlockHeaders, kBlockHeaders,
              kGetBlockBodies, kBlockBodies, kNewBlock, kGetReceipts, kReceipts});
constexpr std::uint32_t kPoolCodes =
    code_set({kNewPooledTransactionHashes, kGetPooledTransactions, kPooledTransactions});
constexpr std::uint32_t kPairs =
    code_set({kGetBlockHeaders, kBlockHeaders, kGetBlockBodies, kBlockBodies,
              kGetPooledTransactions, kPooledTransactions, kGetReceipts, kReceipts});
constexpr std::uint32_t kCodeCount = 0x11;

// devp2p caps/eth.md "Change Log".
constexpr std::array kVersions{
    Version{.number = 63,
            .message_count = kCodeCount,
            .status_fields = 5,
            .codes = kCommonCodes | kNodeDataCodes},
    Version{.number = 64,
            .message_count = kCodeCount,
            .status_fields = 6,
            .codes = kCommonCodes | kNodeDataCodes},
    Version{.number = 65,
            .message_count = kCodeCount,
            .status_fields = 6,
            .codes = kCommonCodes | kPoolCodes | kNodeDataCodes},
    Version{.number = 66,
            .message_count = kCodeCount,
            .status_fields = 6,
            .codes = kCommonCodes | kPoolCodes | kNodeDataCodes,
            .codes_with_id = kPairs | kNodeDataCodes},
    Version{.number = 67,
            .message_count = kCodeCount,
            .status_fields = 6,
            .codes = kCommonCodes | kPoolCodes,
            .codes_with_id = kPairs},
    // As 67; what it adds to the announcements of pooled transactions is not read.
    Version{.number = 68,
            .message_count = kCodeCount,
            .status_fields = 6,
            .codes = kCommonCodes | kPoolCodes,
            .codes_with_id = kPairs},
};

constexpr Version kSatellite{.protocol = kNodeDataProtocol,
                             .number = 1,
                             .message_count = 2,
                             .first = kGetNodeData,
                             .codes = kNodeDataCodes};

rlpx::LocalNode::Offer offer_of(const Version& version) {
    return {{std::string{version.protocol}, version.number}, version.message_count};
}

}  // namespace

std::span<const Version> supported_versions() noexcept {
    return kVersions;
}

const Version* find_version(std::uint32_t number) noexcept {
    const auto* const found = std::find_if(kVersions.begin(), kVersions.end(),
                                           [&](const Version& v) { return v.number == number; });
    return found == kVersions.end() ? nullptr : found;
}

const Version& node_data_satellite() noexcept {
    return kSatellite;
}

Offers capability_offers() {
    Offers offers;
    for (const Version& version : kVersions)
        if (version.knows(kGetNodeData)) offers.push_back(offer_of(version));
    offers.push_back(offer_of(kSatellite));
    return offers;
}

Offers capability_offers_without_node_data() {
    Offers offers;
    for (const Version& version : kVersions)
        offers.push_back(offer_of(version));
    offers.push_back(offer_of(kSatellite));
    return offers;
}

Offers capability_offers_of(const Version& version) {
    return {offer_of(version), offer_of(kSatellite)};
}

}  // namespace fastsync::eth
