#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>

#include <nlohmann/json.hpp>
#include <rpc/answer.hpp>
#include <rpc/chain_view.hpp>

/// What the methods share; for the .cpp files of this library alone.
namespace fastsync::rpc {

/// What comes in. Its objects find and replace keys in logarithmic time: a stranger chooses them.
using nlohmann::json;
/// What goes out.
using nlohmann::ordered_json;

/// One call while it is answered. How a failure is told: kMalformed -32602 (the parameters are
/// wrong), kNotFound -32000 (not here), kOverloaded -32005 (over a limit), anything else -32603
/// (our fault, or the disk's).
struct Call {
    const json& params;  ///< an array
    const ChainView& view;
    const storage::NodeReader& store;
    std::size_t& lookups_left;  ///< of the whole request
    const EndReason& end;

    /// Null when it is absent or null.
    [[nodiscard]] const json* param(std::size_t index) const;
    /// kMalformed naming the parameter.
    [[nodiscard]] Result<Address> address(std::size_t index) const;
    [[nodiscard]] Result<Hash256> hash(std::size_t index) const;
    /// kOverloaded when the request has had its share, or its time.
    [[nodiscard]] Result<void> spend(std::size_t lookups) const;
};

using MethodResult = Result<ordered_json>;

struct Method {
    std::string_view name;
    std::size_t least = 0;  ///< parameters
    std::size_t most = 0;
    MethodResult (*run)(const Call&) = nullptr;
};

[[nodiscard]] std::span<const Method> chain_methods();
[[nodiscard]] std::span<const Method> block_methods();
[[nodiscard]] std::span<const Method> state_methods();

/// A block as a caller names it.
enum class BlockTag { kLatest, kPending, kEarliest, kSafe, kFinalized };
using BlockId = std::variant<BlockTag, chain::BlockNumber, Hash256>;

/// A tag, a number, a hash, or EIP-1898's {"blockNumber"} or {"blockHash"}; the latest where there
/// is none. kMalformed.
[[nodiscard]] Result<BlockId> block_id(const Call& call, std::size_t index);
/// For messages: "latest", "block 5", "block 0x…".
[[nodiscard]] std::string describe(const BlockId& id);

/// 1 to `most` hex digits after "0x"; kMalformed.
[[nodiscard]] Result<U256> quantity_of(const json& value, std::size_t most, std::string_view name);
/// "0x0", "0x1f": without leading zeros.
[[nodiscard]] std::string to_quantity(const U256& value);

}  // namespace fastsync::rpc
