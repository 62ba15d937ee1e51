#include <daemon/config_value.hpp>
#include <daemon/network_choice.hpp>

namespace fastsync::daemon {
namespace {

constexpr std::string_view kName = "network";
constexpr std::string_view kFile = "genesis";
constexpr std::string_view kId = "network-id";
constexpr std::string_view kHash = "genesis-hash";

Result<std::optional<std::uint64_t>> id_of(std::span<const GivenValue> values) {
    const GivenValue* const given = find(values, kId);
    if (given == nullptr) return std::optional<std::uint64_t>{};
    FASTSYNC_TRY(const auto id, number_of<std::uint64_t>(*given, 0, UINT64_MAX));
    return std::optional{id};
}

Result<Network> preset(const GivenValue& name) {
    const Network* const found = find_network(name.value);
    if (found == nullptr) return complain(name, "must be one of " + network_names());
    return *found;
}

Result<Network> of_file(const GivenValue& file, std::optional<std::uint64_t> network_id) {
    auto network = network_of_genesis(file.value, network_id);
    if (!network) return Error{Errc::kConfig, file.origin + ": " + network.error().detail};
    return network;
}

/// What a file says more of a network than its preset.
Result<Network> with_file(Network preset, const GivenValue& file) {
    FASTSYNC_TRY(Network own, of_file(file, preset.network_id));
    if (own.genesis_hash != preset.genesis_hash) {
        return Error{Errc::kConfig, file.origin + ": contradicts network " + preset.name +
                                        ": block 0 of " + file.value + " is " +
                                        to_hex0x(own.genesis_hash) + ", not " +
                                        to_hex0x(preset.genesis_hash)};
    }
    preset.genesis = std::move(own.genesis);
    if (!preset.forks) preset.forks = std::move(own.forks);
    return preset;
}

/// Where name and file are both missing: what only the two facts say.
Result<Network> of_facts(const GivenValue* id, const GivenValue* hash) {
    if (id == nullptr || hash == nullptr) {
        return Error{Errc::kConfig,
                     "the network is not known: give network, or genesis, or both network-id and "
                     "genesis-hash"};
    }
    Network out{"custom", 0, {}};
    FASTSYNC_TRY(out.network_id, number_of<std::uint64_t>(*id, 0, UINT64_MAX));
    FASTSYNC_TRY(out.genesis_hash, hash_of(*hash, hash->value));
    return out;
}

Result<void> check_facts(const Network& network, std::span<const GivenValue> values) {
    const std::string named =
        network.name == "custom" ? "the genesis file" : "network " + network.name;
    FASTSYNC_TRY(const auto id, id_of(values));
    if (id && *id != network.network_id) {
        return complain(*find(values, kId),
                        "contradicts " + named + ": must be " + std::to_string(network.network_id));
    }
    if (const GivenValue* const given = find(values, kHash)) {
        FASTSYNC_TRY(const Hash256 hash, hash_of(*given, given->value));
        if (hash != network.genesis_hash) {
            return complain(*given,
                            "contradicts " + named + ": must be " + to_hex0x(network.genesis_hash));
        }
    }
    return {};
}

}  // namespace

bool names_other_network(std::span<const GivenValue> command_line, std::string_view key) {
    const auto given = [&](std::string_view other) { return find(command_line, other) != nullptr; };
    if (key == kName) return given(kFile) || given(kId) || given(kHash);
    if (key == kFile) return given(kName) || given(kHash);
    if (key == kHash) return given(kName) || given(kFile);
    return key == kId && given(kName);
}

Result<Network> choose_network(std::span<const GivenValue> values) {
    const GivenValue* const name = find(values, kName);
    const GivenValue* const file = find(values, kFile);
    if (name == nullptr && file == nullptr) return of_facts(find(values, kId), find(values, kHash));
    FASTSYNC_TRY(const auto id, id_of(values));
    auto network = name != nullptr ? preset(*name) : of_file(*file, id);
    if (!network) return network.error();
    if (name != nullptr && file != nullptr) {
        FASTSYNC_TRY(*network, with_file(*std::move(network), *file));
    }
    FASTSYNC_CHECK(check_facts(*network, values));
    return network;
}

std::string network_names() {
    std::string out;
    for (const Network& network : known_networks())
        out.append(out.empty() ? "" : ", ").append(network.name);
    return out;
}

}  // namespace fastsync::daemon
