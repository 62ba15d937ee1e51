#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <eth/session.hpp>

#include "support/fake_connection.hpp"

namespace fastsync::test {

/// An eth::Session whose answers the test makes up, at once. Without an answer to give, a request
/// times out at once.
class FakeSession final : public eth::Session {
  public:
    using NodeAnswer = Result<eth::NodeData>;
    using HeaderAnswer = Result<std::vector<chain::BlockHeader>>;

    FakeSession(const async::Executor& executor, NodeId remote, eth::PeerStatus status)
        : connection_(executor, remote), status_(std::move(status)) {}
    ~FakeSession() override {
        if (on_destroyed) on_destroyed();
    }

    [[nodiscard]] const rlpx::Connection& connection() const noexcept override {
        return connection_;
    }
    [[nodiscard]] const eth::PeerStatus& status() const noexcept override { return status_; }
    [[nodiscard]] eth::SessionStats stats() const noexcept override { return {}; }
    void observe(eth::SessionObserver* listener) noexcept override { observer = listener; }
    [[nodiscard]] async::Task<Error> run() override { co_return co_await connection_.run(); }
    [[nodiscard]] async::Task<NodeAnswer> get_node_data(std::vector<Hash256> hashes,
                                                        TimePoint deadline) override {
        deadlines.push_back(deadline);
        node_requests.push_back(hashes);
        if (!answer_nodes) co_return Error{Errc::kTimeout, "no answer"};
        co_return answer_nodes(hashes);
    }
    [[nodiscard]] async::Task<HeaderAnswer> get_headers(eth::HeaderQuery query,
                                                        TimePoint deadline) override {
        deadlines.push_back(deadline);
        header_requests.push_back(query);
        if (!answer_headers) co_return Error{Errc::kTimeout, "no answer"};
        co_return answer_headers(query);
    }
    [[nodiscard]] Result<void> announce_block(const eth::BlockAnnouncement& block) override {
        announced.push_back(block);
        return {};
    }
    void disconnect(rlpx::DisconnectReason reason) override {
        goodbyes.push_back(reason);
        if (on_disconnect) on_disconnect();
    }

    std::function<NodeAnswer(const std::vector<Hash256>&)> answer_nodes;
    std::function<HeaderAnswer(const eth::HeaderQuery&)> answer_headers;
    std::function<void()> on_disconnect;
    std::function<void()> on_destroyed;

    eth::SessionObserver* observer = nullptr;
    std::vector<std::vector<Hash256>> node_requests;
    std::vector<eth::HeaderQuery> header_requests;
    std::vector<TimePoint> deadlines;
    std::vector<eth::BlockAnnouncement> announced;
    std::vector<rlpx::DisconnectReason> goodbyes;

  private:
    FakeConnection connection_;
    eth::PeerStatus status_;
};

}  // namespace fastsync::test
