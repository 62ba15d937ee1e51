#include "world.hpp"

#include <catch2/catch.hpp>

#include <storage/rocks_store.hpp>
#include <sync/checkpoint.hpp>

namespace fastsync::test {

World::World() {
    StateGenerator generator{11};
    StateModel model = generator.make(150);
    states[0] = build(model);
    generator.mutate(model, 20);
    states[1] = build(model);
    for (std::size_t number = 0; number < kUsualHeaders + 40; ++number)
        chain.extend(states[number < kPivot + 5 ? 0 : 1].root);
    Hash256 no_root = states[0].root;
    no_root.data[0] ^= 1U;
    forged = FakeChain::of(std::vector<Hash256>(kUsualHeaders, no_root), 1);
}

const Bytes* World::find(const Hash256& hash) const {
    for (const BuiltState& state : states)
        if (const Bytes* blob = state.find(hash)) return blob;
    return nullptr;
}

std::vector<Bytes> World::headers_of(const FakeChain& chain,
                                     const std::variant<chain::BlockNumber, Hash256>& origin,
                                     std::uint64_t amount, std::size_t visible) {
    std::size_t at = 0;
    if (const auto* number = std::get_if<chain::BlockNumber>(&origin)) {
        at = *number;
    } else {
        while (at < visible && chain.headers[at].hash != std::get<Hash256>(origin))
            ++at;
    }
    std::vector<Bytes> out;
    for (; out.size() < amount && at < visible; ++at)
        out.push_back(chain.headers[at].raw);
    return out;
}

daemon::RunConfig run_config(const World& world, const std::filesystem::path& folder,
                             std::vector<Enode> static_peers) {
    daemon::RunConfig config;
    config.data_dir = folder;
    config.network = {"custom", World::kNetworkId, world.genesis_hash(),
                      chain::ForkSchedule{world.genesis_hash(), 0, {}, {}}};
    config.static_peers = std::move(static_peers);
    config.listen = net::HostPort{"127.0.0.1", 0};
    config.http = daemon::HttpConfig{{"127.0.0.1", 0}};
    config.node_key = folder / "node.key";
    return config;
}

bool StoreReport::is_whole(const BuiltState& state) const {
    return verified.complete && verified.missing.count == 0 && verified.corrupt.count == 0 &&
           verified.items == state.size() && verified.state_root == state.root;
}

StoreReport examine(const std::filesystem::path& folder, const Hash256& root) {
    const auto store = storage::RocksStore::open_existing(folder);
    REQUIRE(store);
    StoreReport report;
    report.verified = sync::verify_state(root, **store);
    const auto checkpoint = sync::load_checkpoint(**store);
    REQUIRE(checkpoint);
    if (*checkpoint) report.counters = (*checkpoint)->counters;
    return report;
}

}  // namespace fastsync::test
