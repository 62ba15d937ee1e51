#include <variant>

#include <rlp/decode.hpp>
#include <sync/trie_children.hpp>
#include <trie/account.hpp>
#include <trie/constants.hpp>
#include <trie/node.hpp>

namespace fastsync::sync {
namespace {

using storage::ItemKind;
using trie::ChildRef;

Error bad_state(const Error& cause) {
    return Error{Errc::kBadState, cause.detail};
}

/// Collects the links of one node and of the nodes inlined in it. Inlined nodes are shorter than
/// what holds them, so the recursion ends after a few steps.
class ChildFinder {
  public:
    explicit ChildFinder(std::vector<ChildLink>& out) : out_(out) {}

    Result<void> node(ByteView rlp, const TriePath& where, KeyShare share) {
        const auto decoded = trie::decode_node(rlp);
        if (!decoded) return bad_state(decoded.error());
        if (const auto* branch = std::get_if<trie::BranchView>(&*decoded)) {
            return this->branch(*branch, where, share);
        }
        if (const auto* extension = std::get_if<trie::ExtensionView>(&*decoded)) {
            return this->extension(*extension, where, share);
        }
        return leaf(std::get<trie::LeafView>(*decoded), where, share);
    }

    [[nodiscard]] NodeContents contents() const noexcept { return {finished_, leaves_}; }

  private:
    Result<void> branch(const trie::BranchView& node, const TriePath& where, KeyShare share) {
        if (!node.value.empty())
            return Error{Errc::kBadState, "a value in a branch of a state trie"};
        const KeyShare slot_share = share / kBranchSlots;
        finished_ += share - slot_share * kBranchSlots;
        for (std::size_t slot = 0; slot < node.children.size(); ++slot) {
            const ChildRef& ref = node.children[slot];
            if (ref.kind == ChildRef::Kind::kEmpty) {
                finished_ += slot_share;
                continue;
            }
            TriePath below = where;
            if (auto pushed = below.path.push(static_cast<Byte>(slot)); !pushed) {
                return bad_state(pushed.error());
            }
            FASTSYNC_CHECK(child(ref, below, slot_share));
        }
        return {};
    }

    Result<void> extension(const trie::ExtensionView& node, const TriePath& where, KeyShare share) {
        TriePath below = where;
        if (auto pushed = below.path.push(node.path); !pushed) return bad_state(pushed.error());
        return child(node.child, below, share);
    }

    Result<void> child(const ChildRef& ref, const TriePath& below, KeyShare share) {
        if (ref.kind == ChildRef::Kind::kInline) return node(ref.bytes, below, share);
        out_.push_back({ref.hash(), ItemKind::kNode, below, share});
        return {};
    }

    Result<void> leaf(const trie::LeafView& node, const TriePath& where, KeyShare share) {
        TriePath full = where;
        if (auto pushed = full.path.push(node.path); !pushed) return bad_state(pushed.error());
        if (full.path.size() != trie::kMaxNibbles) {
            return Error{Errc::kBadState, "a leaf whose key is not 32 bytes"};
        }
        ++leaves_;
        if (where.trie == TrieKind::kAccounts) return account(node.value, full.path.key(), share);
        if (const auto sound = trie::check_storage_value(node.value); !sound) {
            return bad_state(sound.error());
        }
        finished_ += share;
        return {};
    }

    /// An account's share goes to its storage trie, else to its code, else it is finished.
    Result<void> account(ByteView value, const Hash256& address_hash, KeyShare share) {
        const auto account = trie::decode_account_links(value);
        if (!account) return bad_state(account.error());
        const TriePath below{TrieKind::kStorage, address_hash, {}};
        if (account->code_hash != trie::kEmptyCodeHash) {
            const bool has_storage = account->storage_root != trie::kEmptyRoot;
            out_.push_back({account->code_hash, ItemKind::kCode, below, has_storage ? 0 : share});
            if (!has_storage) return {};
        }
        if (account->storage_root != trie::kEmptyRoot) {
            out_.push_back({account->storage_root, ItemKind::kNode, below, share});
            return {};
        }
        finished_ += share;
        return {};
    }

    std::vector<ChildLink>& out_;
    KeyShare finished_ = 0;
    std::uint32_t leaves_ = 0;
};

/// As ChildFinder, for a node whose place is not known.
class ReferenceFinder {
  public:
    explicit ReferenceFinder(std::vector<Reference>& out) : out_(out) {}

    Result<void> node(ByteView rlp) {
        const auto decoded = trie::decode_node(rlp);
        if (!decoded) return bad_state(decoded.error());
        if (const auto* branch = std::get_if<trie::BranchView>(&*decoded)) {
            if (!branch->value.empty())
                return Error{Errc::kBadState, "a value in a branch of a state trie"};
            for (const ChildRef& ref : branch->children)
                FASTSYNC_CHECK(child(ref));
            return {};
        }
        if (const auto* extension = std::get_if<trie::ExtensionView>(&*decoded))
            return child(extension->child);
        return value(std::get<trie::LeafView>(*decoded).value);
    }

  private:
    Result<void> child(const ChildRef& ref) {
        if (ref.kind == ChildRef::Kind::kInline) return node(ref.bytes);
        if (ref.kind == ChildRef::Kind::kHash) out_.push_back({ref.hash(), ItemKind::kNode});
        return {};
    }

    Result<void> value(ByteView value) {
        ByteView rest = value;
        const auto item = rlp::take(rest);
        if (!item) return bad_state(item.error());
        if (!item->is_list()) {
            const auto sound = trie::check_storage_value(value);
            return sound ? Result<void>{} : bad_state(sound.error());
        }
        const auto account = trie::decode_account_links(value);
        if (!account) return bad_state(account.error());
        if (account->code_hash != trie::kEmptyCodeHash)
            out_.push_back({account->code_hash, ItemKind::kCode});
        if (account->storage_root != trie::kEmptyRoot)
            out_.push_back({account->storage_root, ItemKind::kNode});
        return {};
    }

    std::vector<Reference>& out_;
};

}  // namespace

Result<void> find_references(ByteView rlp, std::vector<Reference>& out) {
    const std::size_t before = out.size();
    auto found = ReferenceFinder{out}.node(rlp);
    if (!found) out.resize(before);
    return found;
}

Result<NodeContents> read_node(ByteView rlp, const TriePath& where, KeyShare share,
                               std::vector<ChildLink>& out) {
    ChildFinder finder{out};
    FASTSYNC_CHECK(finder.node(rlp, where, share));
    return finder.contents();
}

Result<KeyShare> find_children(ByteView rlp, const TriePath& where, KeyShare share,
                               std::vector<ChildLink>& out) {
    FASTSYNC_TRY(const NodeContents contents, read_node(rlp, where, share, out));
    return contents.finished;
}

}  // namespace fastsync::sync
