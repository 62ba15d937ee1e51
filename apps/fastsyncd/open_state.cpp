#include "open_state.hpp"

#include <sync/checkpoint.hpp>

#include "command.hpp"

namespace fastsync::app {

Result<OpenState> open_state(const std::filesystem::path& data_dir,
                             const std::optional<Hash256>& root) {
    // It is only read: nothing is merged or cleared away, and a disk that is full or read-only
    // serves.
    storage::StoreOptions options;
    options.read_only = true;
    options.key_filter_bytes = 0;
    FASTSYNC_TRY(auto store, storage::RocksStore::open_existing(data_dir, options));
    if (root) return OpenState{std::move(store), *root, std::nullopt};
    FASTSYNC_TRY(const auto completed, sync::load_completed(*store));
    if (!completed)
        return Error{Errc::kStorage, "no state is complete in this database: sync one first"};
    FASTSYNC_TRY(auto headers, sync::decode_headers(completed->headers));
    OpenState out{std::move(store), completed->state_root, std::nullopt};
    if (!headers.empty()) out.block = std::move(headers.front());
    return out;
}

int fail_reading(std::string_view command, const Error& error) {
    const int code = fail(command, error);
    // What is not there, or is no state node, is the database's fault here.
    const bool damaged = error.code == Errc::kNotFound || error.code == Errc::kBadState;
    return damaged ? int{kStorage} : code;
}

}  // namespace fastsync::app
