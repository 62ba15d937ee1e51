// The first byte chooses which record of a database the rest is: its identity, the checkpoint, the
// completed pivot, an item's key, or the file of known nodes. Damage is told, never believed; what
// is accepted is written back as the same bytes.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <discovery/node_database.hpp>
#include <storage/memory_store.hpp>
#include <storage/schema.hpp>
#include <sync/checkpoint.hpp>

#include "fuzz_input.hpp"

namespace {

using namespace fastsync;
using namespace fastsync::fuzz;

void check_identity(ByteView in) {
    const auto identity = storage::decode_identity(in);
    if (identity) {
        FASTSYNC_ASSERT(equal(storage::encode_identity(*identity), in));
        FASTSYNC_ASSERT(!storage::describe(*identity).empty());
        return;
    }
    const Errc code = identity.error().code;
    FASTSYNC_ASSERT(code == Errc::kCorrupt || code == Errc::kIncompatible);
}

void check_headers(const std::vector<Bytes>& raw) {
    const auto headers = sync::decode_headers(raw);
    FASTSYNC_ASSERT(headers || headers.error().code == Errc::kCorrupt);
    if (headers) FASTSYNC_ASSERT(headers->size() == raw.size());
}

void check_checkpoint(ByteView in) {
    storage::MemoryStore store;
    FASTSYNC_ASSERT(store.save_meta("sync.checkpoint", in).has_value());
    const auto record = sync::load_checkpoint(store);
    if (!record) {
        FASTSYNC_ASSERT(record.error().code == Errc::kCorrupt);
        return;
    }
    check_headers((*record)->headers);
    FASTSYNC_ASSERT(sync::save_checkpoint(store, **record).has_value());
    const auto again = sync::load_checkpoint(store);
    FASTSYNC_ASSERT(again && **again == **record);
}

void check_completed(ByteView in) {
    storage::MemoryStore store;
    FASTSYNC_ASSERT(store.save_meta("sync.completed", in).has_value());
    const auto record = sync::load_completed(store);
    if (!record) {
        FASTSYNC_ASSERT(record.error().code == Errc::kCorrupt);
        return;
    }
    check_headers((*record)->headers);
    FASTSYNC_ASSERT(sync::save_completed(store, **record).has_value());
    const auto again = sync::load_completed(store);
    FASTSYNC_ASSERT(again && **again == **record);
}

void check_key(std::string_view in) {
    const auto hash = storage::schema::hash_of_key(in);
    if (!hash) return;
    const storage::schema::ItemKey key{storage::ItemKind::kNode, *hash};
    FASTSYNC_ASSERT(in.size() == storage::schema::kItemKeySize);
    FASTSYNC_ASSERT(key.view().substr(1) == in.substr(1));
}

void check_nodes_file(ByteView in) {
    static const int file = ::memfd_create("nodes", MFD_CLOEXEC);
    FASTSYNC_ASSERT(file >= 0 && ::ftruncate(file, 0) == 0);
    FASTSYNC_ASSERT(::pwrite(file, in.data(), in.size(), 0) == static_cast<ssize_t>(in.size()));
    const auto nodes = discovery::NodeDatabase::load("/proc/self/fd/" + std::to_string(file));
    if (!nodes) {
        FASTSYNC_ASSERT(nodes.error().code == Errc::kStorage);
        return;
    }
    FASTSYNC_ASSERT(nodes->size() <= discovery::kMaxKnownNodes);
    FASTSYNC_ASSERT(nodes->best(16, 1'700'000'000).size() <= 16);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Script script{data, size};
    const Byte form = script.byte();
    const ByteView in = script.rest();
    switch (form) {
        case 'i':
            check_identity(in);
            break;
        case 'c':
            check_checkpoint(in);
            break;
        case 'd':
            check_completed(in);
            break;
        case 'k':
            check_key(text_of(in));
            break;
        default:
            check_nodes_file(in);
    }
    return 0;
}
