#include <algorithm>
#include <cstring>

#include <sync/committed_sample.hpp>

namespace fastsync::sync {

void CommittedSample::note(const storage::NodeBatch& batch) {
    for (const auto& entry : batch.entries()) {
        ++seen_;
        if (items_.size() < kItems) {
            items_.push_back({entry.kind, entry.hash});
            continue;
        }
        // Hashes are as good as drawn numbers.
        std::uint64_t drawn = 0;
        std::memcpy(&drawn, entry.hash.data.data(), sizeof drawn);
        drawn %= seen_;
        if (drawn < kItems) items_[drawn] = {entry.kind, entry.hash};
    }
}

std::string CommittedSample::check(const storage::NodeReader& store) const {
    const bool all = std::all_of(items_.begin(), items_.end(), [&store](const Item& item) {
        const auto stored = store.has(item.kind, item.hash);
        return !stored || *stored;  // a store that fails is found out by others
    });
    return all ? std::string{} : "an item that was committed is gone from the store";
}

}  // namespace fastsync::sync
