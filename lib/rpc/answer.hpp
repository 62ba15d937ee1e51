#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <rpc/chain_view.hpp>

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
/// Once an answer to a batch is this long, bytes, its other calls are refused.
inline constexpr std::size_t kSoftRpcAnswer = 1024 * 1024;

/// Answers one JSON-RPC 2.0 request, or a batch of them: chain id, versions, peers, where the sync
/// stands, the headers around the pivot, and accounts, codes, storage and proofs of its complete
/// state. lib/rpc/README.md lists the methods.
///
/// Whatever is wrong, from bytes that are no JSON to a damaged database, is an error as JSON-RPC
/// has it. Reads the store, and so belongs where waiting for a disk hurts nobody.
///
/// @return the JSON to send; empty when there is nothing to answer: notifications alone
[[nodiscard]] std::string answer(std::string_view request, const ChainView& view,
                                 const storage::NodeReader& store);

/// The error for a request that is longer than kMaxRpcBody.
[[nodiscard]] std::string too_large();
/// The error for a request that comes while too many others are being answered.
[[nodiscard]] std::string busy();

}  // namespace fastsync::rpc
