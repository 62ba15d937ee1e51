#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <storage/rocks_store.hpp>
#include <sync/repair.hpp>

#include "support/fake_peer.hpp"
#include "support/shared_files.hpp"

namespace fastsync::test {

inline const storage::ChainIdentity kRepairChain{7, Hash256{{0x67}}};

/// A state, the chain over it, and a database into which it was synced. An older state lies in the
/// same database, half of it in nodes that nothing refers to any more.
class RepairWorld {
  public:
    /// @param settled  the tables are merged into one, as after every sync; else there are several
    RepairWorld(std::size_t accounts, bool settled);

    /// A copy of the sound database, to be damaged.
    [[nodiscard]] std::unique_ptr<TempDir> copy() const;
    [[nodiscard]] const BuiltState& state() const noexcept { return state_; }

    /// Syncs from an honest peer to the end. @return items committed by this run
    [[nodiscard]] std::uint64_t sync(const std::filesystem::path& data) const;

    /// Items of all states there.
    [[nodiscard]] std::uint64_t items() const noexcept { return items_; }

  private:
    std::uint64_t sync_state(storage::RocksStore& store, const BuiltState& state,
                             const FakeChain& chain) const;

    BuiltState older_;
    BuiltState state_;
    FakeChain chain_;
    FakeChain older_chain_;
    TempDir folder_;
    std::uint64_t items_ = 0;
};

/// What fastsyncd verify finds: the recorded state is complete, and every item sound; else what is
/// wrong, in words.
[[nodiscard]] std::string find_damage(const std::filesystem::path& data, const BuiltState& state);

/// What fastsyncd verify --repair does.
struct Repaired {
    storage::FilesReport files;
    sync::ItemsRepair items;
    sync::RecordsRepair records;
};
[[nodiscard]] Result<Repaired> repair(const std::filesystem::path& data,
                                      const std::optional<storage::ChainIdentity>& identity = {});

/// Files of the database whose names start or end so, in the order of their names.
[[nodiscard]] std::vector<std::filesystem::path> files_like(const std::filesystem::path& data,
                                                            const std::string& part);
void flip(const std::filesystem::path& file, std::uint64_t position, unsigned char bits = 1);

}  // namespace fastsync::test
