// Texts of lists of nodes in the DNS. The first byte chooses: a root as it comes, one that its
// owner has signed, an entry under the hash that fits, a link; or a walk over entries that name
// each other.

#include <crypto/keccak.hpp>
#include <crypto/secp256k1.hpp>
#include <discovery/dns_tree.hpp>
#include <discovery/dns_walk.hpp>
#include <enode/base_text.hpp>

#include "fuzz_input.hpp"
#include "support/test_nodes.hpp"

namespace {

using namespace fastsync;
using namespace fastsync::fuzz;
using namespace fastsync::discovery;

const crypto::SecretKey& owner() {
    static const crypto::SecretKey key = test::key_of(9);
    return key;
}

bool accepted(const Error& error) {
    // kIncompatible: a record of another identity scheme than ours.
    FASTSYNC_ASSERT(error.code == Errc::kMalformed || error.code == Errc::kTooLarge ||
                    error.code == Errc::kUnauthenticated || error.code == Errc::kIncompatible);
    FASTSYNC_ASSERT(!error.detail.empty());
    return false;
}

void check_root(std::string_view text) {
    static const crypto::PublicKey key = owner().public_key();
    const auto root = parse_dns_root(text, key);
    if (!root) return (void)accepted(root.error());
    FASTSYNC_ASSERT(is_dns_root(text) && text.size() <= kMaxDnsText);
}

void check_signed_root(std::string_view content) {
    const crypto::Signature signature = crypto::sign(owner(), crypto::keccak256(as_bytes(content)));
    check_root(std::string{content} + " sig=" + enode::to_base64url(signature));
}

std::string name_of(std::string_view text, std::size_t bytes = 16) {
    return enode::to_base32(crypto::keccak256(as_bytes(text)).view().first(bytes));
}

void check_entry(std::string_view text) {
    const auto entry = parse_dns_entry(text, name_of(text));
    if (!entry) return (void)accepted(entry.error());
    if (const auto* branch = std::get_if<DnsBranch>(&*entry))
        FASTSYNC_ASSERT(branch->children.size() <= kMaxDnsChildren);
    const auto other = parse_dns_entry(text, name_of("another"));
    FASTSYNC_ASSERT(!other && other.error().code == Errc::kUnauthenticated);
}

/// Entries behind each other; each may name those before it by number.
void check_walk(Script& script) {
    std::vector<std::string> texts;
    while (!script.empty() && texts.size() < 32) {
        std::string text{text_of(script.bytes())};
        for (std::size_t links = script.byte() % 8U; links > 0 && !texts.empty(); --links) {
            text += text.ends_with(':') ? "" : ",";
            text += name_of(texts[script.byte() % texts.size()]);
        }
        texts.push_back(std::move(text));
    }
    if (texts.empty()) return;
    const DnsLink list{owner().public_key(), "example.org"};
    DnsWalk walk{list, {name_of(texts.back()), name_of(texts.front()), 1}};
    std::size_t asked = 0;
    for (std::string name = walk.next(asked); !name.empty(); name = walk.next(asked)) {
        FASTSYNC_ASSERT(++asked <= kMaxDnsQuestions);
        (void)walk.answered(name, texts);
    }
    FASTSYNC_ASSERT(walk.records().size() <= kMaxDnsRecords);
    FASTSYNC_ASSERT(walk.links().size() <= kMaxDnsLinks);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Script script{data, size};
    const Byte form = script.byte();
    if (form == 'w') {
        check_walk(script);
        return 0;
    }
    const std::string_view text = text_of(script.rest());
    switch (form) {
        case 'r':
            check_root(text);
            break;
        case 's':
            check_signed_root(text);
            break;
        case 'l':
            if (const auto link = parse_dns_link(text); !link) (void)accepted(link.error());
            break;
        default:
            check_entry(text);
    }
    return 0;
}
