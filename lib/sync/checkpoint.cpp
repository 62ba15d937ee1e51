#include <rlp/decode.hpp>
#include <rlp/encode.hpp>
#include <sync/checkpoint.hpp>
#include <sync/pivot.hpp>

namespace fastsync::sync {
namespace {

constexpr std::string_view kCheckpointKey = "sync.checkpoint";
constexpr std::string_view kCompletedKey = "sync.completed";
// Pivot to head is at most a few hundred headers.
constexpr std::size_t kMaxStoredHeaders = 4096;

void put_headers(rlp::Encoder& out, const std::vector<Bytes>& headers) {
    const std::size_t list = out.begin_list();
    for (const Bytes& header : headers)
        out.raw(header);
    out.end_list(list);
}

void put_counters(rlp::Encoder& out, const SyncCounters& c) {
    const std::size_t list = out.begin_list();
    out.uint(c.nodes_committed).uint(c.codes_committed).uint(c.bytes_committed);
    out.uint(c.retries).uint(c.duplicates).uint(c.unexpected);
    out.end_list(list);
}

Result<std::vector<Bytes>> take_headers(ByteView& in) {
    FASTSYNC_TRY(ByteView list, rlp::take_list(in));
    FASTSYNC_CHECK(rlp::count_items(list, kMaxStoredHeaders));
    std::vector<Bytes> headers;
    while (!list.empty()) {
        FASTSYNC_TRY(const rlp::Item item, rlp::take(list));
        headers.push_back(to_bytes(item.raw));
    }
    return headers;
}

Result<SyncCounters> take_counters(ByteView& in) {
    FASTSYNC_TRY(ByteView list, rlp::take_list(in));
    SyncCounters c;
    for (std::uint64_t* field : {&c.nodes_committed, &c.codes_committed, &c.bytes_committed,
                                 &c.retries, &c.duplicates, &c.unexpected}) {
        FASTSYNC_TRY(*field, rlp::take_uint64(list));
    }
    return c;
}

void put_seen(rlp::Encoder& out, const SeenState& seen) {
    const std::size_t list = out.begin_list();
    out.uint(seen.items).uint(seen.share).uint(seen.largest_trie).uint(seen.second_largest);
    out.end_list(list);
}

Result<SeenState> take_seen(ByteView& in) {
    FASTSYNC_TRY(ByteView list, rlp::take_list(in));
    SeenState seen;
    for (std::uint64_t* field :
         {&seen.items, &seen.share, &seen.largest_trie, &seen.second_largest}) {
        FASTSYNC_TRY(*field, rlp::take_uint64(list));
    }
    // It is for display alone: no reason to refuse a start.
    const bool odd = seen.second_largest > seen.largest_trie || seen.largest_trie > seen.items;
    return odd ? SeenState{} : seen;
}

Result<SyncCheckpoint> decode_checkpoint(ByteView stored) {
    FASTSYNC_TRY(ByteView in, rlp::whole_list(stored));
    SyncCheckpoint record;
    FASTSYNC_TRY(record.state_root, rlp::take_fixed<Hash256>(in));
    FASTSYNC_TRY(record.headers, take_headers(in));
    FASTSYNC_TRY(record.moves, rlp::take_uint64(in));
    FASTSYNC_TRY(record.counters, take_counters(in));
    if (!in.empty()) {
        FASTSYNC_TRY(record.seen, take_seen(in));
    }
    return record;
}

Result<CompletedPivot> decode_completed(ByteView stored) {
    FASTSYNC_TRY(ByteView in, rlp::whole_list(stored));
    CompletedPivot record;
    FASTSYNC_TRY(record.state_root, rlp::take_fixed<Hash256>(in));
    FASTSYNC_TRY(record.headers, take_headers(in));
    FASTSYNC_TRY(record.completed_at, rlp::take_uint64(in));
    FASTSYNC_TRY(record.counters, take_counters(in));
    return record;
}

template <class Record>
Result<std::optional<Record>> load(const storage::StateStore& store, std::string_view key,
                                   Result<Record> (*decode)(ByteView)) {
    FASTSYNC_TRY(const std::optional<Bytes> stored, store.load_meta(key));
    if (!stored) return std::optional<Record>{};
    auto record = decode(*stored);
    if (!record) {
        return Error{Errc::kCorrupt, "record " + std::string{key} + ": " + record.error().detail};
    }
    return std::optional<Record>{*std::move(record)};
}

}  // namespace

storage::MetaRecord to_record(const SyncCheckpoint& checkpoint) {
    rlp::Encoder out;
    const std::size_t list = out.begin_list();
    out.string(checkpoint.state_root);
    put_headers(out, checkpoint.headers);
    out.uint(checkpoint.moves);
    put_counters(out, checkpoint.counters);
    put_seen(out, checkpoint.seen);
    out.end_list(list);
    return {std::string{kCheckpointKey}, out.take()};
}

Result<void> save_checkpoint(storage::StateStore& store, const SyncCheckpoint& record) {
    const storage::MetaRecord encoded = to_record(record);
    return store.save_meta(encoded.name, encoded.value);
}

Result<std::optional<SyncCheckpoint>> load_checkpoint(const storage::StateStore& store) {
    return load<SyncCheckpoint>(store, kCheckpointKey, &decode_checkpoint);
}

Result<void> save_completed(storage::StateStore& store, const CompletedPivot& record) {
    rlp::Encoder out;
    const std::size_t list = out.begin_list();
    out.string(record.state_root);
    put_headers(out, record.headers);
    out.uint(record.completed_at);
    put_counters(out, record.counters);
    out.end_list(list);
    return store.save_meta(kCompletedKey, out.view());
}

Result<std::optional<CompletedPivot>> load_completed(const storage::StateStore& store) {
    return load<CompletedPivot>(store, kCompletedKey, &decode_completed);
}

Result<void> remove_completed(storage::StateStore& store) {
    return store.remove_meta(kCompletedKey);
}

Result<void> remove_checkpoint(storage::StateStore& store) {
    return store.remove_meta(kCheckpointKey);
}

Result<std::vector<chain::BlockHeader>> decode_headers(const std::vector<Bytes>& raw) {
    std::vector<chain::BlockHeader> headers;
    for (const Bytes& bytes : raw) {
        auto header = chain::decode_header(bytes);
        if (!header) return Error{Errc::kCorrupt, "a stored header: " + header.error().detail};
        headers.push_back(*std::move(header));
    }
    if (auto linked = check_linked(headers); !linked) {
        return Error{Errc::kCorrupt, "stored headers: " + linked.error().detail};
    }
    return headers;
}

}  // namespace fastsync::sync
