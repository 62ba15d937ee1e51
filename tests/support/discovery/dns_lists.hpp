#pragma once

#include <map>
#include <string>
#include <vector>

#include <crypto/keccak.hpp>
#include <discovery/dns_tree.hpp>
#include <enode/base_text.hpp>
#include <enode/node_record.hpp>
#include <net/txt_resolver.hpp>

#include "paper_identity.hpp"

namespace fastsync::test {

/// Lists of one record and any links each, signed by keys of their own.
class DnsLists final : public net::TxtResolver {
  public:
    std::map<std::string, std::vector<std::string>> texts;
    std::map<std::string, std::size_t> roots_asked;
    bool closed = false;

    /// Publishes the list `number`, at the domain of that number; its record is of the key of that
    /// number.
    discovery::DnsLink publish(std::uint64_t number, const std::vector<discovery::DnsLink>& links,
                               const RecordEntries& record_entries = {}) {
        const crypto::SecretKey key = seeded_key(1000 + number);
        const discovery::DnsLink list{key.public_key(), domain_of(number)};
        const auto record = NodeRecord::sign(seeded_key(number), 1, record_entries);
        const std::string nodes = enter(list, record->text());
        std::string branch = "enrtree-branch:";
        for (const discovery::DnsLink& link : links) {
            if (branch.back() != ':') branch += ",";
            branch += enter(list, url_of(link));
        }
        const std::string content = "enrtree-root:v1 e=" + nodes + " l=" + enter(list, branch) +
                                    " seq=" + std::to_string(number);
        const auto signature = crypto::sign(key, crypto::keccak256(as_bytes(content)));
        texts[list.domain] = {content + " sig=" + enode::to_base64url(signature.view())};
        return list;
    }
    static std::string domain_of(std::uint64_t number) {
        return "list" + std::to_string(number) + ".example.org";
    }

    [[nodiscard]] async::Task<Result<std::vector<std::string>>> resolve_txt(std::string name,
                                                                            TimePoint) override {
        if (name.starts_with("list")) ++roots_asked[name];
        const auto found = texts.find(name);
        if (found == texts.end()) co_return Error{Errc::kNotFound, "no such name"};
        co_return found->second;
    }
    void close() noexcept override { closed = true; }

  private:
    static std::string url_of(const discovery::DnsLink& link) {
        return "enrtree://" + enode::to_base32(crypto::compress(link.key).view()) + "@" +
               link.domain;
    }
    std::string enter(const discovery::DnsLink& list, const std::string& text) {
        const Hash256 hash = crypto::keccak256(as_bytes(text));
        const std::string name = enode::to_base32(hash.view().first(16));
        texts[name + "." + list.domain] = {text};
        return name;
    }
};

}  // namespace fastsync::test
