#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <async/gate.hpp>
#include <rlpx/connection.hpp>

namespace fastsync::test {

/// An rlpx::Connection without a wire: the test is the peer. Messages it delivers are received in
/// order; what is sent is kept, and handed to `on_send` if that is set.
class FakeConnection final : public rlpx::Connection {
  public:
    struct Sent {
        std::uint32_t code = 0;
        Bytes payload;
        std::string protocol = "eth";
    };
    /// What went out. It outlives the connection.
    struct Journal {
        std::vector<Sent> sent;
        std::optional<rlpx::DisconnectReason> said_goodbye;
    };

    FakeConnection(const async::Executor& executor, NodeId remote,
                   std::optional<std::uint32_t> eth_version = 63,
                   std::shared_ptr<Journal> journal = std::make_shared<Journal>())
        : remote_(remote),
          eth_version_(eth_version),
          journal_(std::move(journal)),
          readable_(executor),
          closed_(executor) {
        hello_.client_name = "fake/1.0";
        hello_.id = remote;
    }

    void deliver(std::uint32_t code, Bytes payload, TimePoint arrived = {},
                 std::string_view protocol = "eth") {
        inbox_.push_back({protocol, code, std::move(payload), arrived});
        readable_.open();
    }
    /// The peer ends the connection: what was delivered is still read, then `why`.
    void end(Error why) {
        if (!ended_) ended_ = std::move(why);
        readable_.open();
        closed_.open();
    }

    [[nodiscard]] const NodeId& remote_id() const noexcept override { return remote_; }
    [[nodiscard]] const rlpx::Hello& remote_hello() const noexcept override { return hello_; }
    [[nodiscard]] std::string remote_address() const override { return "127.0.0.1:30303"; }
    [[nodiscard]] std::optional<std::uint32_t> version_of(
        std::string_view protocol) const override {
        if (protocol == "nodedata") return satellite;
        return protocol == "eth" ? eth_version_ : std::nullopt;
    }

    [[nodiscard]] async::Task<Error> run() override {
        co_await closed_.wait();
        co_return ended_.value_or(Error{Errc::kClosed, "closed"});
    }
    [[nodiscard]] async::Task<Result<rlpx::Message>> receive() override {
        while (inbox_.empty()) {
            if (ended_) co_return *ended_;
            readable_.reset();
            co_await readable_.wait();
        }
        rlpx::Message message = std::move(inbox_.front());
        inbox_.pop_front();
        co_return message;
    }
    [[nodiscard]] Result<void> send(std::string_view protocol, std::uint32_t code,
                                    ByteView payload) override {
        if (ended_) return *ended_;
        if (!version_of(protocol)) return Error{Errc::kIncompatible, "not negotiated"};
        if (refuse_with) return Error{*refuse_with, "refused by the test"};
        journal_->sent.push_back({code, to_bytes(payload), std::string{protocol}});
        if (on_send) on_send(code, payload);
        return {};
    }
    void disconnect(rlpx::DisconnectReason reason) override {
        if (!journal_->said_goodbye && !ended_) journal_->said_goodbye = reason;
        inbox_.clear();
        end(Error{Errc::kClosed, "we disconnected"});
    }
    void close() noexcept override { end(Error{Errc::kClosed, "we closed"}); }
    [[nodiscard]] std::optional<rlpx::DisconnectReason> peer_reason() const noexcept override {
        return std::nullopt;
    }
    [[nodiscard]] bool was_left() const noexcept override {
        return journal_->said_goodbye.has_value();
    }

    std::function<void(std::uint32_t, ByteView)> on_send;
    std::optional<Errc> refuse_with;         ///< what send() fails with
    std::optional<std::uint32_t> satellite;  ///< the version of nodedata in common

  private:
    NodeId remote_;
    rlpx::Hello hello_;
    std::optional<std::uint32_t> eth_version_;
    std::shared_ptr<Journal> journal_;
    std::deque<rlpx::Message> inbox_;
    std::optional<Error> ended_;
    async::Gate readable_;
    async::Gate closed_;
};

}  // namespace fastsync::test
