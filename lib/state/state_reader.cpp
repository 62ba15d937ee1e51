#include <state/state_reader.hpp>

#include <crypto/keccak.hpp>
#include <trie/constants.hpp>
#include <trie/nibble_path.hpp>
#include <trie/node.hpp>

namespace fastsync::state {
namespace {

using storage::ItemKind;

std::string name_of(ItemKind kind, const Hash256& hash) {
    return (kind == ItemKind::kCode ? "code " : "trie node ") + to_hex0x(hash);
}

/// Goes down one trie towards a key of 64 nibbles, and keeps what it passes.
class Descent {
  public:
    Descent(const storage::NodeReader& store, const Hash256& root, const Hash256& key)
        : store_(store), key_(trie::NibblePath::of(key)) {
        if (root != trie::kEmptyRoot) next_ = root;
    }

    /// The value at the key; nothing where there is none.
    Result<std::optional<Bytes>> run() {
        while (next_) {
            const Hash256 hash = *next_;
            next_.reset();
            FASTSYNC_TRY(Bytes blob, read_checked(store_, ItemKind::kNode, hash));
            passed_.push_back(std::move(blob));
            const Result<void> gone = look_into(passed_.back());
            // Errors of the bytes name the node that they were found in.
            if (!gone) {
                return Error{Errc::kBadState,
                             name_of(ItemKind::kNode, hash) + ": " + gone.error().detail};
            }
        }
        return std::move(value_);
    }
    [[nodiscard]] Proof take_proof() noexcept { return std::move(passed_); }

  private:
    /// Follows the key through one node and those inlined in it. Each step takes at least a nibble
    /// of the key, or is the last.
    Result<void> look_into(ByteView rlp) {
        std::optional<ByteView> inlined = rlp;
        while (inlined) {
            FASTSYNC_TRY(const trie::NodeView node, trie::decode_node(*inlined));
            inlined.reset();
            trie::ChildRef child;
            if (const auto* branch = std::get_if<trie::BranchView>(&node)) {
                if (!branch->value.empty() || depth_ >= key_.size())
                    return Error{Errc::kBadState, "a value or a branch beyond a key of 32 bytes"};
                child = branch->children[key_[depth_++]];
            } else if (const auto* extension = std::get_if<trie::ExtensionView>(&node)) {
                if (!advance(extension->path)) return {};
                child = extension->child;
            } else {
                const auto& leaf = std::get<trie::LeafView>(node);
                if (depth_ + leaf.path.size() != key_.size())
                    return Error{Errc::kBadState, "a leaf whose key is not of 32 bytes"};
                if (advance(leaf.path)) value_ = to_bytes(leaf.value);
                return {};
            }
            if (child.kind == trie::ChildRef::Kind::kHash) next_ = child.hash();
            if (child.kind == trie::ChildRef::Kind::kInline) inlined = child.bytes;
        }
        return {};
    }

    /// False when the key goes elsewhere.
    bool advance(const trie::NibblePath& path) {
        const trie::NibblePath rest = key_.from(depth_);
        if (rest.common_prefix(path) != path.size()) return false;
        depth_ += path.size();
        return true;
    }

    const storage::NodeReader& store_;
    trie::NibblePath key_;
    std::size_t depth_ = 0;
    std::optional<Hash256> next_;
    std::optional<Bytes> value_;
    Proof passed_;
};

Error bad_value(std::string_view what, const Hash256& key, const Error& error) {
    return {Errc::kBadState,
            std::string{what} + " at " + to_hex0x(key) + " is none: " + error.detail};
}

}  // namespace

Result<Bytes> checked(ItemKind kind, const Hash256& hash, Result<Bytes> found) {
    if (!found) {
        if (found.error().code != Errc::kNotFound) return std::move(found).error();
        return Error{Errc::kNotFound, name_of(kind, hash) + " is not in the database"};
    }
    const Hash256 real = crypto::keccak256(*found);
    if (real != hash) {
        return Error{Errc::kCorrupt, name_of(kind, hash) + ": its bytes hash to " + to_hex0x(real)};
    }
    return found;
}

Result<Bytes> read_checked(const storage::NodeReader& store, ItemKind kind, const Hash256& hash) {
    return checked(kind, hash, store.get(kind, hash));
}

Result<ProvenAccount> StateReader::prove_account(const Hash256& address_hash) const {
    Descent descent{store_, root_, address_hash};
    FASTSYNC_TRY(const std::optional<Bytes> value, descent.run());
    ProvenAccount out;
    out.proof = descent.take_proof();
    if (!value) return out;
    auto account = trie::decode_account(*value);
    if (!account) return bad_value("the account", address_hash, account.error());
    out.account = *std::move(account);
    return out;
}

Result<std::optional<trie::Account>> StateReader::account(const Hash256& address_hash) const {
    FASTSYNC_TRY(ProvenAccount proven, prove_account(address_hash));
    return std::move(proven.account);
}

Result<ProvenSlot> StateReader::prove_slot(const Hash256& storage_root,
                                           const Hash256& slot_hash) const {
    Descent descent{store_, storage_root, slot_hash};
    FASTSYNC_TRY(const std::optional<Bytes> value, descent.run());
    ProvenSlot out;
    out.proof = descent.take_proof();
    if (!value) return out;
    const auto word = trie::decode_storage_value(*value);
    if (!word) return bad_value("the storage word", slot_hash, word.error());
    out.value = *word;
    return out;
}

Result<U256> StateReader::slot(const Hash256& storage_root, const Hash256& slot_hash) const {
    FASTSYNC_TRY(const ProvenSlot proven, prove_slot(storage_root, slot_hash));
    return proven.value;
}

Result<Bytes> StateReader::code(const Hash256& code_hash) const {
    if (code_hash == trie::kEmptyCodeHash) return Bytes{};
    return read_checked(store_, ItemKind::kCode, code_hash);
}

}  // namespace fastsync::state
