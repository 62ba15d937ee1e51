#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include <rpc/chain_view.hpp>

#include <common/time.hpp>
#include <storage/state_store.hpp>

namespace fastsync::rpc {

/// Longest request, bytes: the server refuses a longer one.
inline constexpr std::size_t kMaxRpcBody = 128 * 1024;
/// Arrays and objects inside each other in a request.
inline constexpr std::size_t kMaxRpcDepth = 8;
/// Calls in one batch.
inline constexpr std::size_t kMaxRpcBatch = 100;
/// Storage keys of one eth_getProof.
inline constexpr std::size_t kMaxProofKeys = 256;
/// Accounts, words and codes that are looked up for one request, batch or not: about 50 ms of work.
inline constexpr std::size_t kMaxRpcLookups = 1000;
/// How long the look-ups of one request may go on, where a disk is slow. Whoever calls answer()
/// keeps the time.
inline constexpr Duration kMaxRpcTime = std::chrono::seconds{2};
/// Once an answer to a batch is this long, bytes, its other calls are refused.
inline constexpr std::size_t kSoftRpcAnswer = 1024 * 1024;

/// Asked before each look-up: why there shall be no more of them, for whoever asked; empty: go on.
using EndReason = std::function<std::string_view()>;

/// Answers one JSON-RPC 2.0 request, or a batch of them: chain id, versions, peers, where the sync
/// stands, the headers around the pivot, and accounts, codes, storage and proofs of its complete
/// state. lib/rpc/README.md lists the methods.
///
/// Whatever is wrong, from bytes that are no JSON to a damaged database, is an error as JSON-RPC
/// has it. Reads the store, and so belongs where waiting for a disk hurts nobody.
///
/// @param end  once it has a reason, whatever needs a look-up is refused; null: never
/// @return the JSON to send; empty when there is nothing to answer: notifications alone
[[nodiscard]] std::string answer(std::string_view request, const ChainView& view,
                                 const storage::NodeReader& store, const EndReason& end = {});

/// The error for a request that is longer than kMaxRpcBody.
[[nodiscard]] std::string too_large();
/// The error for a request that comes while too many others are being answered.
[[nodiscard]] std::string busy();

}  // namespace fastsync::rpc
