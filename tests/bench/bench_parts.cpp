// What each part of a sync costs for the items of a made-up state, beside what it cannot do
// without on this machine: copying, Keccak alone, AES alone, RocksDB alone. CPU time, one thread
// unless a part has its own.
//
// usage: bench_parts [accounts, default 200000] [contracts, default a fiftieth] [JSON file]

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <rocksdb/options.h>
#include <rocksdb/sst_file_writer.h>
#include <unistd.h>

#include <crypto/aes.hpp>
#include <crypto/keccak.hpp>
#include <devnet/origin.hpp>
#include <eth/messages.hpp>
#include <rlp/encode.hpp>
#include <rlpx/frame_codec.hpp>
#include <storage/rocks_store.hpp>
#include <sync/trie_sync.hpp>
#include <trie/node.hpp>

#include "parts.hpp"

namespace {

using namespace fastsync;
using storage::ItemKind;

constexpr std::size_t kAsked = 384;  // what go-ethereum up to 1.9 puts into an answer

template <class T>
T take(Result<T> result) {
    if (result) return *std::move(result);
    std::fprintf(stderr, "%s\n", result.error().message().c_str());
    std::exit(1);
}
void check(const Result<void>& result) {
    if (result) return;
    std::fprintf(stderr, "%s\n", result.error().message().c_str());
    std::exit(1);
}

/// A store without anything, which keeps nothing.
class NoStore final : public storage::NodeReader {
  public:
    [[nodiscard]] Result<bool> has(ItemKind, const Hash256&) const override { return false; }
    [[nodiscard]] Result<Bytes> get(ItemKind, const Hash256&) const override {
        return Error{Errc::kNotFound, ""};
    }
};

/// A whole sync as the answers that came: in the order of the requests, one answer after another.
struct Recording {
    Hash256 root;
    std::vector<std::vector<ByteView>> answers;
    std::vector<std::vector<Hash256>> hashes;
    std::vector<storage::NodeBatch> batches;
    std::vector<Bytes> messages;
    double items = 0;
    double bytes = 0;
};

Recording record(const devnet::DevChain& chain, const Hash256& root) {
    Recording out;
    out.root = root;
    const NoStore nothing;
    auto sync = take(sync::TrieSync::start(root, nothing));
    while (!sync.done()) {
        std::vector<ByteView> blobs;
        std::vector<Hash256> hashes;
        rlp::Encoder list;
        for (const auto& task : sync.missing(kAsked)) {
            const ByteView blob = chain.items().find(task.hash)->bytes();
            blobs.push_back(blob);
            hashes.push_back(task.hash);
            list.string(blob);
            out.bytes += static_cast<double>(blob.size());
        }
        for (std::size_t i = 0; i < blobs.size(); ++i) {
            // One blob may have been asked for as a node and as a code.
            if (const auto taken = sync.process(hashes[i], blobs[i]); !taken) {
                if (taken.error().code != Errc::kUnrequested) check(taken);
            }
        }
        out.items += static_cast<double>(blobs.size());
        out.batches.push_back(sync.take_complete());
        out.messages.push_back(eth::encode_node_data(list.view()));
        out.answers.push_back(std::move(blobs));
        out.hashes.push_back(std::move(hashes));
    }
    return out;
}

void copying(bench::Table& table, const Recording& state) {
    Bytes to(static_cast<std::size_t>(state.bytes));
    table.measure("copy blob by blob", "", [&] {
        std::size_t at = 0;
        for (const auto& answer : state.answers) {
            for (const ByteView blob : answer) {
                std::copy(blob.begin(), blob.end(), to.begin() + static_cast<std::ptrdiff_t>(at));
                at += blob.size();
            }
        }
    });
}

void hashing(bench::Table& table, const Recording& state) {
    std::vector<Hash256> out;
    table.measure("hash, one by one", "", [&] {
        for (const auto& answer : state.answers) {
            for (const ByteView blob : answer)
                out.assign(1, crypto::keccak256(blob));
        }
    });
    table.measure("hash, an answer at once", "hash, one by one", [&] {
        for (const auto& answer : state.answers) {
            out.resize(answer.size());
            crypto::keccak256_batch(answer, out);
        }
    });
}

void wire(bench::Table& table, const Recording& state) {
    Bytes scratch;
    table.measure("Keccak over the messages", "", [&] {
        crypto::Keccak256 sponge;
        for (const Bytes& message : state.messages)
            sponge.update(message);
        scratch.assign(1, sponge.digest().data[0]);
    });
    const Hash256 key{{1, 2, 3}};
    table.measure("AES-CTR over the messages", "", [&] {
        crypto::AesCtr cipher{key, ByteView{key}.first(16)};
        for (const Bytes& message : state.messages) {
            scratch = message;
            cipher.apply(scratch);
        }
    });
    const auto secrets = [&] { return rlpx::DirectionSecrets{key, key, crypto::Keccak256{}}; };
    std::vector<Bytes> frames;
    rlpx::FrameSealer sealer{secrets()};
    for (const Bytes& message : state.messages) {
        check(sealer.seal(0x1e, message, rlpx::Compression::kNone));
        frames.push_back(sealer.take());
    }
    table.measure("open frames (no snappy)", "Keccak over the messages", [&] {
        rlpx::FrameOpener opener{secrets()};
        opener.limit_body(rlpx::kMaxMessageSize);
        for (const Bytes& frame : frames) {
            for (std::size_t at = 0; at < frame.size();) {
                const auto space = opener.space();
                const std::size_t size = std::min(space.size(), frame.size() - at);
                const auto from = frame.begin() + static_cast<std::ptrdiff_t>(at);
                std::copy_n(from, size, space.begin());
                opener.filled(size);
                at += size;
                if (!take(opener.next()) && at == frame.size()) std::exit(1);
            }
        }
    });
    table.measure("split answers (RLP)", "", [&] {
        for (const Bytes& message : state.messages)
            (void)take(eth::decode_node_data(message, TimePoint{}));
    });
}

void scheduling(bench::Table& table, const Recording& state) {
    table.measure("decode nodes", "", [&] {
        for (const auto& answer : state.answers) {
            for (const ByteView blob : answer)
                (void)trie::decode_node(blob);  // codes fail, which is as much work
        }
    });
    const NoStore nothing;
    table.measure("schedule, with membatch", "decode nodes", [&] {
        auto sync = take(sync::TrieSync::start(state.root, nothing));
        for (std::size_t a = 0; a < state.answers.size(); ++a) {
            (void)sync.missing(kAsked);
            for (std::size_t i = 0; i < state.answers[a].size(); ++i) {
                sync.prefetch(state.hashes[a], i);
                (void)sync.process(state.hashes[a][i], state.answers[a][i]);
            }
            (void)sync.take_complete();
        }
        if (!sync.done()) std::exit(1);
    });
}

/// One sorted table, written by RocksDB and nothing else.
void rocksdb_alone(bench::Table& table, const Recording& state, const std::filesystem::path& at) {
    storage::WriteBuffer sorted;
    for (const auto& batch : state.batches)
        sorted.add(batch);
    const auto order = sorted.sorted();
    // In the order of the table, as a merge would bring them.
    std::vector<std::pair<std::string, std::string>> rows;
    for (const std::uint32_t i : order) {
        const storage::schema::ItemKey key{sorted[i].kind, sorted[i].hash};
        const ByteView blob = sorted[i].blob();
        rows.emplace_back(key.view(), std::string{blob.begin(), blob.end()});
    }
    table.measure(
        "RocksDB alone: a sorted table", "",
        [&] {
            rocksdb::Options options;
            options.compression = rocksdb::kNoCompression;
            rocksdb::SstFileWriter writer{rocksdb::EnvOptions{}, options, nullptr, false};
            bool good = writer.Open((at / "alone.sst").string()).ok();
            for (const auto& [key, blob] : rows)
                good = good && writer.Put(key, blob).ok();
            if (!good || !writer.Finish().ok()) std::exit(1);
        },
        &bench::process_seconds);
}

void storing(bench::Table& table, const Recording& state, const std::filesystem::path& at) {
    table.measure("write buffer", "copy blob by blob", [&] {
        storage::WriteBuffer buffer;
        for (const auto& batch : state.batches)
            buffer.add(batch);
    });
    rocksdb_alone(table, state, at);
    double settled = 0;
    table.measure(
        "store: commit to durable", "RocksDB alone: a sorted table",
        [&] {
            std::filesystem::remove_all(at / "db");
            auto store = take(storage::RocksStore::open_or_create(at / "db", {1, {}}));
            for (const auto& batch : state.batches)
                check(store->commit(batch));
            check(store->flush());
            settled -= bench::process_seconds();
            check(store->settle());
            settled += bench::process_seconds();
        },
        &bench::process_seconds);
    std::printf("%-34s %8.0f ns/item (mean of three, counted in the line above too)\n",
                "  of that, merging the tables", settled / 3 / state.items * 1e9);
}

}  // namespace

int main(int argc, char** argv) {
    const auto argument = [&](int index, std::uint64_t otherwise) {
        return argc > index ? std::strtoull(argv[index], nullptr, 10) : otherwise;
    };
    devnet::StateSize size{argument(1, 200'000), 0, 1};
    size.contracts = argument(2, size.accounts / 50);
    const auto chain = take(devnet::chain_from_size(size, 0));
    const Recording state = record(chain, chain.header_chain().genesis().state_root);
    const std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("bench-parts-" + std::to_string(::getpid()));
    std::filesystem::create_directory(folder);
    std::printf("%.0f items, %.1f MB\n", state.items, state.bytes / 1e6);
    bench::Table table{state.items, state.bytes};
    copying(table, state);
    hashing(table, state);
    wire(table, state);
    scheduling(table, state);
    storing(table, state, folder);
    std::filesystem::remove_all(folder);
    if (argc > 3) std::ofstream{argv[3]} << table.json().dump(1) << '\n';
    return 0;
}
