#include <array>

#include <fmt/core.h>
#include <rpc/call.hpp>

namespace fastsync::rpc {
namespace {

constexpr std::array<std::pair<std::string_view, BlockTag>, 5> kTags{{
    {"latest", BlockTag::kLatest},
    {"pending", BlockTag::kPending},
    {"earliest", BlockTag::kEarliest},
    {"safe", BlockTag::kSafe},
    {"finalized", BlockTag::kFinalized},
}};

std::string parameter(std::size_t index) {
    return fmt::format("parameter {}", index);
}

template <class Fixed>
Result<Fixed> fixed(const json* value, const std::string& name, std::string_view what) {
    const Error wrong{Errc::kMalformed, fmt::format("{} must be {}: 0x and {} hex digits", name,
                                                    what, 2 * Fixed::kSize)};
    if (value == nullptr || !value->is_string()) return wrong;
    const auto& text = value->get_ref<const std::string&>();
    if (!text.starts_with("0x")) return wrong;
    auto bytes = fixed_from_hex<Fixed>(text);
    if (!bytes) return wrong;
    return bytes;
}

Result<BlockId> number_of(const json& value, const std::string& name) {
    FASTSYNC_TRY(const U256 number, quantity_of(value, 16, name));
    return BlockId{static_cast<std::uint64_t>(number)};
}

Result<BlockId> id_of_object(const json& value, const std::string& name) {
    const auto number = value.find("blockNumber");
    const auto hash = value.find("blockHash");
    if ((number == value.end()) == (hash == value.end())) {
        return Error{Errc::kMalformed,
                     name + " must have either \"blockNumber\" or \"blockHash\" (EIP-1898)"};
    }
    if (number != value.end()) return number_of(*number, name + ".blockNumber");
    FASTSYNC_TRY(const Hash256 of_block, fixed<Hash256>(&*hash, name + ".blockHash", "a hash"));
    return BlockId{of_block};
}

}  // namespace

const json* Call::param(std::size_t index) const {
    return index < params.size() && !params[index].is_null() ? &params[index] : nullptr;
}

Result<Address> Call::address(std::size_t index) const {
    return fixed<Address>(param(index), parameter(index), "an address");
}

Result<Hash256> Call::hash(std::size_t index) const {
    return fixed<Hash256>(param(index), parameter(index), "a hash");
}

Result<void> Call::spend(std::size_t lookups) const {
    if (lookups > lookups_left) {
        lookups_left = 0;
        return Error{Errc::kOverloaded,
                     fmt::format("over the limit of {} accounts, words and codes for one request",
                                 kMaxRpcLookups)};
    }
    const std::string_view reason = end ? end() : std::string_view{};
    if (!reason.empty()) return Error{Errc::kOverloaded, std::string{reason}};
    lookups_left -= lookups;
    return {};
}

Result<BlockId> block_id(const Call& call, std::size_t index) {
    const json* const value = call.param(index);
    if (value == nullptr) return BlockId{BlockTag::kLatest};
    const std::string name = parameter(index);
    if (value->is_object()) return id_of_object(*value, name);
    if (!value->is_string()) return Error{Errc::kMalformed, name + " must name a block"};
    const auto& text = value->get_ref<const std::string&>();
    for (const auto& [word, tag] : kTags) {
        if (text == word) return BlockId{tag};
    }
    if (text.size() == 2 + 2 * Hash256::kSize) {
        FASTSYNC_TRY(const Hash256 hash, fixed<Hash256>(value, name, "a block hash"));
        return BlockId{hash};
    }
    return number_of(*value, name);
}

std::string describe(const BlockId& id) {
    if (const auto* number = std::get_if<chain::BlockNumber>(&id))
        return fmt::format("block {}", *number);
    if (const auto* hash = std::get_if<Hash256>(&id)) return "block " + to_hex0x(*hash);
    for (const auto& [word, tag] : kTags) {
        if (tag == std::get<BlockTag>(id)) return fmt::format("the {} block", word);
    }
    return "the block";
}

Result<U256> quantity_of(const json& value, std::size_t most, std::string_view name) {
    const Error wrong{Errc::kMalformed,
                      fmt::format("{} must be a quantity: 0x and 1 to {} hex digits", name, most)};
    if (!value.is_string()) return wrong;
    std::string digits = value.get<std::string>();
    if (!digits.starts_with("0x") || digits.size() < 3 || digits.size() > 2 + most) return wrong;
    digits.erase(0, 2);
    if (digits.size() % 2 == 1) digits.insert(0, 1, '0');
    // from_hex() would take another "0x".
    if (digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) return wrong;
    FASTSYNC_TRY(const Bytes bytes, from_hex(digits));
    return u256_from_be(bytes);
}

std::string to_quantity(const U256& value) {
    std::string digits = to_hex(u256_to_be(value));
    digits.erase(0, digits.find_first_not_of('0'));
    return digits.empty() ? "0x0" : "0x" + digits;
}

}  // namespace fastsync::rpc
