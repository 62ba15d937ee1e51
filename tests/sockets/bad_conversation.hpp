#pragma once

#include <optional>
#include <utility>
#include <vector>

#include <eth/messages.hpp>
#include <eth/request_id.hpp>
#include <eth/version.hpp>
#include <rlpx/opening.hpp>

#include "bad_peer.hpp"

namespace fastsync::test {

/// One connection, from Hello to its end.
class BadPeer::Conversation {
  public:
    Conversation(BadPeer& peer, rlpx::Channel channel)
        : peer_(peer), channel_(std::move(channel)) {}

    [[nodiscard]] async::Task<void> run();

  private:
    using Received = std::pair<std::uint64_t, Bytes>;

    [[nodiscard]] async::Task<std::optional<Received>> receive();
    [[nodiscard]] Result<Bytes> unpack(ByteView payload) const;
    void end();
    void show();
    [[nodiscard]] std::uint32_t wire_code(eth::MessageCode code) const;

    [[nodiscard]] async::Task<void> send(std::uint32_t code, Bytes payload);
    [[nodiscard]] async::Task<void> send_packed(std::uint32_t code, Bytes payload,
                                                rlpx::Compression compression);
    [[nodiscard]] async::Task<void> answer(eth::MessageCode code, Bytes payload);
    [[nodiscard]] async::Task<bool> write(Bytes bytes);

    [[nodiscard]] eth::Status status() const;
    [[nodiscard]] async::Task<void> say_status();
    [[nodiscard]] async::Task<void> after_status();
    [[nodiscard]] async::Task<void> trickle();
    [[nodiscard]] async::Task<void> flood();
    [[nodiscard]] async::Task<void> chatter();

    [[nodiscard]] async::Task<void> handle(std::uint64_t code, Bytes payload);
    [[nodiscard]] async::Task<void> answer_headers(eth::Unsealed request);
    [[nodiscard]] async::Task<void> answer_nodes(eth::Unsealed request);
    [[nodiscard]] async::Task<void> answer_oddly(std::vector<Bytes> blobs, std::size_t asked);
    [[nodiscard]] async::Task<void> give(const std::vector<Bytes>& blobs);
    [[nodiscard]] async::Task<void> send_unrequested();
    [[nodiscard]] async::Task<void> answer_up_to_half(const std::vector<Bytes>& blobs);
    [[nodiscard]] async::Task<void> answer_late(const std::vector<Bytes>& blobs);
    [[nodiscard]] async::Task<void> break_off(const std::vector<Bytes>& blobs);
    [[nodiscard]] async::Task<void> send_damaged(Bytes payload);

    BadPeer& peer_;
    rlpx::Channel channel_;
    rlpx::Compression compression_ = rlpx::Compression::kNone;
    const eth::Version* version_ = nullptr;
    eth::RequestId answering_{};  ///< the request that is answered
    bool open_ = true;
    std::uint64_t salt_ = 0;
};

}  // namespace fastsync::test
