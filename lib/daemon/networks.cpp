#include <algorithm>

#include <chain/genesis.hpp>
#include <common/assert.hpp>
#include <daemon/network_facts.hpp>
#include <daemon/networks.hpp>

namespace fastsync::daemon {
namespace {

Hash256 hash_of(std::string_view digits) {
    const auto hash = fixed_from_hex<Hash256>(digits);
    FASTSYNC_ASSERT(hash.has_value());
    return *hash;
}

Network make_network(const NetworkFacts& facts) {
    Network out{std::string{facts.name}, facts.network_id, hash_of(facts.genesis_hash)};
    if (facts.schedule == Schedule::kKnown) {
        out.forks = chain::ForkSchedule{out.genesis_hash,
                                        facts.genesis_time,
                                        {facts.fork_blocks.begin(), facts.fork_blocks.end()},
                                        {facts.fork_times.begin(), facts.fork_times.end()}};
    }
    for (const RequiredBlockFact& block : facts.required_blocks)
        out.required_blocks.push_back({block.number, hash_of(block.hash)});
    for (const std::string_view node : bootnodes_of(facts.name))
        out.bootnodes.emplace_back(node);
    out.dns_tree = facts.dns_tree;
    out.chain_id = facts.chain_id != 0 ? facts.chain_id : facts.network_id;
    return out;
}

Error in_file(const std::filesystem::path& file, const std::string& what) {
    return {Errc::kConfig, file.string() + ": " + what};
}

}  // namespace

std::span<const Network> known_networks() {
    static const std::vector<Network> networks = [] {
        std::vector<Network> out;
        for (const NetworkFacts& facts : network_facts())
            out.push_back(make_network(facts));
        return out;
    }();
    return networks;
}

const Network* find_network(std::string_view name) {
    const auto all = known_networks();
    const auto at =
        std::find_if(all.begin(), all.end(), [&](const Network& n) { return n.name == name; });
    return at == all.end() ? nullptr : &*at;
}

Result<Network> network_of_genesis(const std::filesystem::path& file,
                                   std::optional<std::uint64_t> network_id) {
    auto genesis = chain::load_genesis(file);
    if (!genesis) return Error{Errc::kConfig, genesis.error().detail};
    if (genesis->number != 0) return in_file(file, "number: must be 0");
    if (!network_id) network_id = genesis->chain_id;
    if (!network_id) return in_file(file, "config: no \"chainId\", and no network-id was given");
    const Hash256 root = chain::build_genesis_state(*genesis, {}, {});
    auto header = chain::make_genesis_header(*genesis, root);
    if (!header) return in_file(file, header.error().detail);
    Network out{"custom", *network_id, header->hash};
    out.forks = chain::fork_schedule(*genesis, header->hash);
    const auto ladder = chain::ForkLadder::make(*out.forks);
    if (!ladder) return in_file(file, "config: " + ladder.error().detail);
    out.genesis = *std::move(header);
    out.chain_id = genesis->chain_id;
    return out;
}

}  // namespace fastsync::daemon
