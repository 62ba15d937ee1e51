#include <array>
#include <fstream>

#include <state/preimages.hpp>

#include <crypto/keccak.hpp>

namespace fastsync::state {
namespace {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r";
    text = text.substr(0, text.find('#'));
    const std::size_t first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

}  // namespace

Result<Preimages> Preimages::read(std::istream& in, const std::string& name, std::size_t most) {
    Preimages out;
    std::array<char, kMaxLine + 1> line{};
    for (std::size_t number = 1; in.getline(line.data(), line.size()) || in.gcount() > 0;
         ++number) {
        const auto wrong = [&](const std::string& what) {
            return Error{Errc::kConfig, name + ":" + std::to_string(number) + ": " + what};
        };
        if (in.fail()) return wrong("a line of more than " + std::to_string(kMaxLine) + " bytes");
        const std::string_view text = trimmed(line.data());
        if (text.empty()) continue;
        const auto bytes = from_hex(text);
        if (!bytes || (bytes->size() != Address::kSize && bytes->size() != Hash256::kSize))
            return wrong("neither an address of 40 hex digits nor a slot of 64");
        if (out.size() == most) return wrong("more than " + std::to_string(most) + " preimages");
        const Hash256 hash = crypto::keccak256(*bytes);
        if (bytes->size() == Address::kSize) {
            out.addresses_.emplace(hash, *Address::from(*bytes));
        } else {
            out.slots_.emplace(hash, *Hash256::from(*bytes));
        }
    }
    if (in.bad()) return Error{Errc::kConfig, name + ": cannot be read"};
    return out;
}

Result<Preimages> Preimages::load(const std::filesystem::path& file) {
    std::ifstream in{file};
    if (!in) return Error{Errc::kConfig, file.string() + ": cannot be opened"};
    return read(in, file.string());
}

std::optional<Address> Preimages::address(const Hash256& hash) const {
    const auto at = addresses_.find(hash);
    return at == addresses_.end() ? std::nullopt : std::optional{at->second};
}

std::optional<Hash256> Preimages::slot(const Hash256& hash) const {
    const auto at = slots_.find(hash);
    return at == slots_.end() ? std::nullopt : std::optional{at->second};
}

}  // namespace fastsync::state
