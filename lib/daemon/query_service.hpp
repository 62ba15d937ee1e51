#pragma once

#include <atomic>
#include <memory>

#include <rpc/chain_view.hpp>

#include <async/clock.hpp>
#include <daemon/networks.hpp>
#include <status/post_handler.hpp>
#include <storage/state_store.hpp>
#include <sync/sync_progress.hpp>

namespace fastsync::daemon {

/// Answers JSON-RPC from what is complete in the store. Lives on the net thread; the store is read
/// on an executor of its own.
class QueryService final : public status::PostHandler {
  public:
    /// @param disk  where questions are answered: neither the net nor the sync thread may wait for
    /// them
    /// @param clock  its now() is called there
    QueryService(const Network& network, bool listening, const storage::NodeReader& store,
                 async::Executor disk, const async::Clock& clock);

    /// From now on this state is asked.
    void offer(rpc::CompleteState state);
    /// The root of the state that is asked; nothing before offer().
    [[nodiscard]] std::optional<Hash256> root() const;
    /// From now on no question waits for the disk: those on their way and new ones are refused at
    /// their next look-up.
    void stop() noexcept { stopping_ = true; }
    /// What else is told from now on.
    void update(const sync::SyncProgress& progress, std::size_t peers);

    [[nodiscard]] std::size_t max_body() const noexcept override;
    [[nodiscard]] async::Task<std::string> answer(std::string document) override;
    [[nodiscard]] std::string too_large() const override;
    [[nodiscard]] std::string busy() const override;

  private:
    std::shared_ptr<const rpc::ChainView> view_;
    const storage::NodeReader& store_;
    async::Executor disk_;
    const async::Clock& clock_;
    std::atomic<bool> stopping_{false};
};

}  // namespace fastsync::daemon
