#include <algorithm>
#include <optional>
#include <utility>

#include <crypto/keccak.hpp>
#include <sync/closure.hpp>
#include <sync/trie_children.hpp>

namespace fastsync::sync {
namespace {

using storage::ItemKind;
using storage::Visit;

// Items hashed at once.
constexpr std::size_t kHashBatch = 256;
// References looked up at once, in the order of their keys: neighbours share the blocks of a table.
constexpr std::size_t kLookUpBatch = std::size_t{1} << 16U;

class Scan {
  public:
    Scan(const storage::StateStore& store, const UnsoundHandler& unsound,
         const ItemsProgress& progress)
        : store_(store), unsound_(unsound), progress_(progress) {}

    Result<ItemsReport> run() {
        for (const ItemKind kind : {ItemKind::kCode, ItemKind::kNode}) {
            kind_ = kind;
            FASTSYNC_CHECK(store_.for_each(kind, [&](const Hash256& hash, ByteView blob) {
                outcome_ = take(hash, blob);
                return outcome_ && !report_.interrupted ? Visit::kContinue : Visit::kStop;
            }));
            FASTSYNC_CHECK(outcome_);
            if (report_.interrupted) return report_;
            FASTSYNC_CHECK(hash_batch());
        }
        FASTSYNC_CHECK(look_up());
        return report_;
    }

  private:
    struct Item {
        Hash256 hash;
        std::size_t offset = 0;
        std::size_t size = 0;
    };
    struct Link {
        Reference to;
        std::uint32_t parent = 0;  // in parents_
    };
    struct Parent {
        Hash256 hash;
        bool reported = false;
    };

    Result<void> take(const Hash256& hash, ByteView blob) {
        batch_.push_back({hash, bytes_.size(), blob.size()});
        append(bytes_, blob);
        return batch_.size() < kHashBatch ? Result<void>{} : hash_batch();
    }

    Result<void> hash_batch() {
        std::vector<ByteView> blobs;
        for (const Item& item : batch_)
            blobs.push_back(ByteView{bytes_}.subspan(item.offset, item.size));
        std::vector<Hash256> hashes(blobs.size());
        crypto::keccak256_batch(blobs, hashes);
        for (std::size_t i = 0; i < batch_.size(); ++i)
            FASTSYNC_CHECK(judge(batch_[i].hash, hashes[i], blobs[i]));
        batch_.clear();
        bytes_.clear();
        if (progress_ && progress_(report_) == VerifyStep::kStop) report_.interrupted = true;
        return links_.size() < kLookUpBatch ? Result<void>{} : look_up();
    }

    Result<void> judge(const Hash256& key, const Hash256& hash, ByteView blob) {
        ++(kind_ == ItemKind::kCode ? report_.codes : report_.nodes);
        report_.bytes += blob.size();
        if (hash != key) return report_false(key, "its bytes hash to " + to_hex0x(hash));
        if (kind_ == ItemKind::kCode) return {};
        references_.clear();
        if (auto found = find_references(blob, references_); !found)
            return report_false(key, found.error().detail);
        const auto parent = static_cast<std::uint32_t>(parents_.size());
        if (!references_.empty()) parents_.push_back({key, false});
        for (const Reference& reference : references_)
            links_.push_back({reference, parent});
        return {};
    }

    Result<void> look_up() {
        std::sort(links_.begin(), links_.end(), [](const Link& a, const Link& b) {
            return std::pair{a.to.kind, a.to.hash} < std::pair{b.to.kind, b.to.hash};
        });
        std::optional<bool> there;
        for (std::size_t i = 0; i < links_.size(); ++i) {
            const Reference& to = links_[i].to;
            const bool again =
                i > 0 && to.kind == links_[i - 1].to.kind && to.hash == links_[i - 1].to.hash;
            if (!again) {
                FASTSYNC_TRY(there, store_.has(to.kind, to.hash));
            }
            if (!*there) FASTSYNC_CHECK(report_unclosed(parents_[links_[i].parent], to));
        }
        report_.references += links_.size();
        links_.clear();
        parents_.clear();
        return {};
    }

    Result<void> report_false(const Hash256& key, std::string reason) {
        ++report_.false_items;
        return unsound_({kind_, key, UnsoundItem::Fault::kFalse, std::move(reason)});
    }

    Result<void> report_unclosed(Parent& parent, const Reference& missing) {
        if (std::exchange(parent.reported, true)) return {};
        ++report_.unclosed;
        const std::string_view what = missing.kind == ItemKind::kCode ? "code " : "node ";
        return unsound_(
            {ItemKind::kNode, parent.hash, UnsoundItem::Fault::kUnclosed,
             "refers to " + std::string{what} + to_hex0x(missing.hash) + ", which is not there"});
    }

    const storage::StateStore& store_;
    const UnsoundHandler& unsound_;
    const ItemsProgress& progress_;
    ItemsReport report_;
    Result<void> outcome_;
    ItemKind kind_ = ItemKind::kCode;
    std::vector<Item> batch_;
    Bytes bytes_;  // of batch_
    std::vector<Reference> references_;
    std::vector<Link> links_;
    std::vector<Parent> parents_;  // of links_
};

}  // namespace

std::string UnsoundItem::describe() const {
    return (kind == ItemKind::kCode ? "code " : "node ") + to_hex0x(hash) + ": " + reason;
}

Result<ItemsReport> scan_items(const storage::StateStore& store, const UnsoundHandler& unsound,
                               const ItemsProgress& progress) {
    return Scan{store, unsound, progress}.run();
}

}  // namespace fastsync::sync
