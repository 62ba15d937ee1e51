// Any bytes as a genesis file. What is accepted is within the limits and gives a state and a
// header.

#include <chain/genesis.hpp>

#include "fuzz_input.hpp"

using namespace fastsync;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto genesis = chain::parse_genesis(fuzz::text_of({data, size}), "genesis.json");
    if (!genesis) {
        FASTSYNC_ASSERT(genesis.error().code == Errc::kConfig);
        FASTSYNC_ASSERT(genesis.error().detail.starts_with("genesis.json"));
        return 0;
    }
    FASTSYNC_ASSERT(genesis->extra_data.size() <= chain::kMaxGenesisExtra);
    for (const auto& [address, account] : genesis->alloc)
        FASTSYNC_ASSERT(account.code.size() <= chain::kMaxGenesisCode);
    std::size_t nodes = 0;
    const Hash256 root =
        chain::build_genesis_state(*genesis, [&nodes](const Hash256&, ByteView) { ++nodes; }, {});
    const auto header = chain::make_genesis_header(*genesis, root);
    if (header) {
        FASTSYNC_ASSERT(header->state_root == root && header->number == genesis->number);
        (void)chain::fork_schedule(*genesis, header->hash);
    } else {
        FASTSYNC_ASSERT(header.error().code == Errc::kConfig);
    }
    return 0;
}
