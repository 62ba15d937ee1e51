#include "support/state_model.hpp"

#include <catch2/catch.hpp>

#include <crypto/keccak.hpp>
#include <rlp/encode.hpp>
#include <trie/account.hpp>
#include <trie/builder.hpp>
#include <trie/constants.hpp>
#include <trie/node.hpp>

namespace fastsync::test {

using storage::ItemKind;

const Bytes* BuiltState::find(const Hash256& hash) const {
    for (const Items* items : {&nodes, &codes}) {
        if (const auto found = items->find(hash); found != items->end()) return &found->second;
    }
    return nullptr;
}

BuiltState build(const StateModel& model) {
    BuiltState built;
    const auto keep = [&](const Hash256& hash, ByteView rlp) { built.nodes[hash] = to_bytes(rlp); };
    trie::SortedTrieBuilder accounts{keep};
    for (const auto& [key, account] : model.accounts) {
        trie::SortedTrieBuilder storage{keep};
        for (const auto& [slot, word] : account.storage) {
            REQUIRE(storage.add(slot, rlp::encode_string(u256_to_be(word))));
        }
        const Hash256 storage_root = storage.finish();
        const Hash256 code_hash = crypto::keccak256(account.code);
        if (!account.code.empty()) built.codes[code_hash] = account.code;
        REQUIRE(accounts.add(
            key, trie::encode_account({account.nonce, account.balance, storage_root, code_hash})));
    }
    built.root = accounts.finish();
    // The builder reports the root of an empty trie too; nobody stores or serves it.
    built.nodes.erase(trie::kEmptyRoot);
    return built;
}

Hash256 StateGenerator::key() {
    Hash256 k;
    for (Byte& b : k.data)
        b = static_cast<Byte>(below(256));
    // A quarter shares a long prefix: deep branches, extensions.
    if (below(4) == 0) std::fill_n(k.data.begin(), 1 + below(31), Byte{0x77});
    return k;
}

StateModel::ModelAccount StateGenerator::account(const StateModel& model) {
    StateModel::ModelAccount a;
    a.nonce = below(3);
    a.balance = below(1'000'000);
    const std::size_t kind = below(6);
    if (kind == 0 && !model.accounts.empty()) {
        // Shares storage and code with another account.
        auto other = model.accounts.begin();
        std::advance(other, static_cast<std::ptrdiff_t>(below(model.accounts.size())));
        a.storage = other->second.storage;
        a.code = other->second.code;
    } else if (kind <= 2) {
        const std::size_t slots = below(8) == 0 ? 200 : below(12);
        for (std::size_t i = 0; i < slots; ++i)
            a.storage[key()] = 1 + below(5);
        a.code = Bytes(1 + below(60), static_cast<Byte>(below(8)));
    }
    return a;
}

StateModel StateGenerator::make(std::size_t accounts) {
    StateModel model;
    for (std::size_t i = 0; i < accounts; ++i) {
        auto made = account(model);
        model.accounts[key()] = std::move(made);
    }
    return model;
}

void StateGenerator::mutate(StateModel& model, std::size_t changes) {
    for (std::size_t i = 0; i < changes; ++i) {
        auto fresh = account(model);
        const std::size_t what = below(4);
        if (model.accounts.empty() || what == 0) {
            model.accounts[key()] = std::move(fresh);
            continue;
        }
        auto at = model.accounts.begin();
        std::advance(at, static_cast<std::ptrdiff_t>(below(model.accounts.size())));
        if (what == 1) {
            model.accounts.erase(at);
        } else if (what == 2) {
            at->second.balance += 1;
            if (!at->second.storage.empty()) at->second.storage.erase(at->second.storage.begin());
        } else {
            at->second.storage[key()] = 1 + below(9);
        }
    }
}

StateModel spread_model(std::size_t accounts) {
    std::mt19937_64 random{7};
    const auto key = [&random] {
        Hash256 hash;
        for (Byte& byte : hash.data)
            byte = static_cast<Byte>(random());
        return hash;
    };
    StateModel model;
    for (std::size_t i = 0; i < accounts; ++i) {
        StateModel::ModelAccount account;
        account.nonce = i;
        account.balance = 1 + random() % 1'000'000;
        const std::size_t slots = i % 50 == 0 ? 1 + random() % 40 : 0;
        for (std::size_t slot = 0; slot < slots; ++slot)
            account.storage[key()] = 1 + random() % 1000;
        if (slots > 0) account.code = Bytes(200 + i % 100, static_cast<Byte>(i));
        model.accounts[key()] = std::move(account);
    }
    return model;
}

std::string missing_from(const storage::NodeReader& store, const BuiltState& state) {
    for (const auto& [kind, items] :
         {std::pair{ItemKind::kNode, &state.nodes}, std::pair{ItemKind::kCode, &state.codes}}) {
        for (const auto& [hash, blob] : *items) {
            const auto stored = store.get(kind, hash);
            if (!stored) return to_hex0x(hash) + " is not there";
            if (*stored != blob) return to_hex0x(hash) + " has other bytes";
        }
    }
    return {};
}

Result<bool> CheckingStore::has(ItemKind kind, const Hash256& hash) const {
    if (failure_) return *failure_;
    return items_.contains({kind, hash});
}

Result<Bytes> CheckingStore::get(ItemKind kind, const Hash256& hash) const {
    const auto found = items_.find({kind, hash});
    if (found == items_.end()) return Error{Errc::kNotFound, ""};
    return found->second;
}

Result<void> CheckingStore::commit(storage::NodeBatch batch) {
    if (failure_) return *failure_;
    for (const auto& entry : batch.entries()) {
        const ByteView blob = batch.blob(entry);
        check_closed(entry, blob);
        const bool added = items_.emplace(Key{entry.kind, entry.hash}, to_bytes(blob)).second;
        if (added) {
            order_.emplace_back(entry.kind, entry.hash);
            ++unflushed_;
        } else {
            ++repeated_;
        }
    }
    return {};
}

void CheckingStore::check_closed(const storage::NodeBatch::Entry& entry, ByteView blob) const {
    REQUIRE(crypto::keccak256(blob) == entry.hash);
    if (entry.kind == ItemKind::kNode) check_node_closed(blob);
}

void CheckingStore::check_node_closed(ByteView rlp) const {
    const auto node = trie::decode_node(rlp);
    REQUIRE(node);
    const auto check_child = [this](const trie::ChildRef& child) {
        if (child.kind == trie::ChildRef::Kind::kInline) check_node_closed(child.bytes);
        if (child.kind != trie::ChildRef::Kind::kHash) return;
        REQUIRE(items_.contains({ItemKind::kNode, child.hash()}));
    };
    if (const auto* branch = std::get_if<trie::BranchView>(&*node)) {
        for (const auto& child : branch->children)
            check_child(child);
    } else if (const auto* extension = std::get_if<trie::ExtensionView>(&*node)) {
        check_child(extension->child);
    } else if (const auto account = trie::decode_account(std::get<trie::LeafView>(*node).value);
               account) {
        const bool storage = account->storage_root == trie::kEmptyRoot ||
                             items_.contains({ItemKind::kNode, account->storage_root});
        REQUIRE(storage);
        const bool code = account->code_hash == trie::kEmptyCodeHash ||
                          items_.contains({ItemKind::kCode, account->code_hash});
        REQUIRE(code);
    }
}

Result<void> CheckingStore::flush() {
    if (failure_) return *failure_;
    unflushed_ = 0;
    return {};
}

Result<void> CheckingStore::for_each(ItemKind kind, const storage::ItemVisitor& visit) const {
    for (const auto& [key, blob] : items_) {
        if (key.first == kind && visit(key.second, blob) == storage::Visit::kStop) break;
    }
    return {};
}

Result<void> CheckingStore::remove(ItemKind kind, std::span<const Hash256> hashes) {
    for (const Hash256& hash : hashes)
        items_.erase({kind, hash});
    return {};
}

Result<void> CheckingStore::remove_meta(std::string_view key) {
    meta_.erase(std::string{key});
    return {};
}

void CheckingStore::crash() {
    for (; unflushed_ > 0; --unflushed_) {
        items_.erase(order_.back());
        order_.pop_back();
    }
}

Result<void> CheckingStore::save_meta(std::string_view key, ByteView value) {
    if (failure_) return *failure_;
    meta_[std::string{key}] = to_bytes(value);
    return {};
}

Result<std::optional<Bytes>> CheckingStore::load_meta(std::string_view key) const {
    const auto found = meta_.find(key);
    if (found == meta_.end()) return std::optional<Bytes>{};
    return std::optional<Bytes>{found->second};
}

}  // namespace fastsync::test
