#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <crypto/keccak.hpp>
#include <discovery/dns_tree.hpp>
#include <enode/base_text.hpp>
#include <enode/node_record.hpp>
#include <net/txt_resolver.hpp>
#include <rlp/encode.hpp>

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
        const discovery::DnsLink list = link_to(number);
        const auto record = NodeRecord::sign(seeded_key(number), 1, record_entries);
        const std::string nodes = enter(list, record->text());
        std::vector<std::string> urls;
        for (const discovery::DnsLink& link : links)
            urls.push_back(url_of(link));
        sign_root(number, nodes, enter_all(list, urls));
        return list;
    }
    /// A list of records of the keys from 1 on, each at an address of its own.
    discovery::DnsLink publish_records(std::uint64_t number, std::size_t records) {
        const discovery::DnsLink list = link_to(number);
        std::vector<std::string> all;
        for (std::size_t i = 1; i <= records; ++i) {
            const Bytes address{8, 8, static_cast<Byte>(i / 256), static_cast<Byte>(i)};
            const auto record = NodeRecord::sign(seeded_key(i), 1,
                                                 {{"ip", rlp::encode_string(address)},
                                                  {"udp", rlp::encode_uint(30301)},
                                                  {"tcp", rlp::encode_uint(30303)}});
            all.push_back(record->text());
        }
        sign_root(number, enter_all(list, all), enter_all(list, {}));
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
    static discovery::DnsLink link_to(std::uint64_t number) {
        return {seeded_key(1000 + number).public_key(), domain_of(number)};
    }
    void sign_root(std::uint64_t number, const std::string& nodes, const std::string& links) {
        const std::string content =
            "enrtree-root:v1 e=" + nodes + " l=" + links + " seq=" + std::to_string(number);
        const auto signature =
            crypto::sign(seeded_key(1000 + number), crypto::keccak256(as_bytes(content)));
        texts[domain_of(number)] = {content + " sig=" + enode::to_base64url(signature.view())};
    }
    /// As a branch, and branches below it where they are many. @return its name
    std::string enter_all(const discovery::DnsLink& list, std::vector<std::string> entries) {
        std::vector<std::string> branches;
        for (std::size_t i = 0; i < entries.size(); i += discovery::kMaxDnsChildren) {
            std::string branch = "enrtree-branch:";
            const std::size_t end = std::min(entries.size(), i + discovery::kMaxDnsChildren);
            for (std::size_t at = i; at < end; ++at)
                branch += (at == i ? "" : ",") + enter(list, entries[at]);
            branches.push_back(std::move(branch));
        }
        if (branches.empty()) branches.emplace_back("enrtree-branch:");
        return branches.size() == 1 ? enter(list, branches.front())
                                    : enter_all(list, std::move(branches));
    }
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
