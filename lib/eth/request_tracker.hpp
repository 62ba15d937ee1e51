#pragma once

#include <span>
#include <vector>

#include <chain/header.hpp>
#include <common/bytes.hpp>
#include <eth/backend.hpp>
#include <eth/ordered_requests.hpp>

namespace fastsync::eth {

/// Blobs of one NodeData answer that are hashed at most to find its request.
inline constexpr std::size_t kMaxProbes = 8;

/// The open requests to one peer, and which of them an answer belongs to. From eth/66 on an answer
/// names its request, and nothing else counts. Before, and over nodedata/1, answers are matched by
/// content, and by order where the content says nothing:
///
/// - Node data belongs to the request that asked for its first known blob; if several did, to the
///   one that asked for the next ones too, and then to the oldest.
/// - An answer without blobs belongs to the oldest request that may still be answered, one that
///   timed out lately included.
/// - Requests before the matched one are passed over: a server answers in order, so theirs will
///   not come (aleth is silent on what it lacks). They stay open until their deadline.
class RequestTracker {
  public:
    /// What the next request will be called: the message names it before it is sent.
    [[nodiscard]] RequestId next_id() const noexcept { return RequestId{ids_ + 1}; }
    [[nodiscard]] RequestId sent_node_data(std::vector<Hash256> hashes);
    [[nodiscard]] RequestId sent_headers(HeaderQuery query);

    /// `blobs` without empty ones.
    [[nodiscard]] Match match_node_data(std::span<const ByteView> blobs, TimePoint now);
    [[nodiscard]] Match match_headers(std::span<const chain::BlockHeader> headers, TimePoint now);

    /// An answer that names its request.
    [[nodiscard]] Match match_named_node_data(RequestId id, TimePoint now);
    [[nodiscard]] Match match_named_headers(RequestId id, TimePoint now);

    /// The deadline of `id` passed: an answer that still comes is late.
    void time_out(RequestId id, TimePoint now);

    [[nodiscard]] std::size_t open_node_data() const noexcept { return node_data_.open_count(); }
    [[nodiscard]] std::size_t open_headers() const noexcept { return headers_.open_count(); }

  private:
    RequestId take_id() noexcept { return RequestId{++ids_}; }

    OrderedRequests<std::vector<Hash256>> node_data_;
    OrderedRequests<HeaderQuery> headers_;
    std::uint64_t ids_ = 0;
};

/// kMalformed unless the headers are what `query` asks for: not more than its amount, the first is
/// its origin, the others follow in its steps. None at all is fine.
[[nodiscard]] Result<void> check_answer(const HeaderQuery& query,
                                        std::span<const chain::BlockHeader> headers);

}  // namespace fastsync::eth
