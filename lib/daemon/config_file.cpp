#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace {
/// What the reader of TOML holds to be impossible was in a file all the same.
struct ReaderConfused {};
[[noreturn]] void confused() {
    throw ReaderConfused{};
}
}  // namespace

// The one place that includes it: it is large. What it would throw it returns. What it asserts is
// not always so (a line [\x1d_] was enough), and a file must not end the process, nor be undefined
// behaviour where assertions are off.
#define TOML_EXCEPTIONS 0
#define TOML_MAX_NESTED_VALUES 4
#define TOML_ASSERT(holds)        \
    do {                          \
        if (!(holds)) confused(); \
    } while (false)
#pragma push_macro("NDEBUG")
#undef NDEBUG
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

#include <daemon/config_source.hpp>

namespace fastsync::daemon {
namespace {

using Kind = KnownKey::Kind;

static_assert(TOML_MAX_NESTED_VALUES == kMaxConfigNesting);

Error config_error(std::string sentence) {
    return {Errc::kConfig, std::move(sentence)};
}

std::string_view line_at(std::string_view text, std::size_t number) {
    for (; number > 1 && !text.empty(); --number)
        text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    return text.substr(0, text.find('\n'));
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r";
    const std::size_t first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// The file as it stands before it is read as TOML.
struct Text {
    std::string_view text;
    std::string_view file_name;

    [[nodiscard]] std::string where(std::size_t line) const {
        return std::string{file_name} + ":" + std::to_string(line);
    }
    /// The key that a line begins with; null when it begins with none.
    [[nodiscard]] const KnownKey* key_of(std::size_t line, std::span<const KnownKey> keys) const {
        const std::string_view words = line_at(text, line);
        const std::size_t equals = words.find('=');
        return equals == words.npos ? nullptr : find_key(keys, trimmed(words.substr(0, equals)));
    }
};

/// TOML allows none of them anywhere, but for what ends a line and the tab.
bool is_control(char c) {
    return (c >= 0 && c < ' ' && c != '\t' && c != '\r') || c == 0x7f;
}

/// What no configuration holds and the reader of TOML should not see.
Result<void> check_lines(const Text& in) {
    std::size_t number = 0;
    std::string_view rest = in.text;
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        ++number;
        if (line.find('\0') != line.npos)
            return config_error(in.where(number) + ": holds a zero byte");
        if (std::any_of(line.begin(), line.end(), is_control))
            return config_error(in.where(number) + ": holds a control character");
        const bool comment = trimmed(line).starts_with('#');
        if (!comment && std::count(line.begin(), line.end(), '.') > std::ptrdiff_t{kMaxConfigDots})
            return config_error(in.where(number) + ": holds more than 256 dots");
    }
    return {};
}

/// The file's former form had texts without quotes.
bool lacks_quotes(std::string_view line) {
    const std::string_view value = trimmed(line.substr(std::min(line.find('=') + 1, line.size())));
    return !value.empty() && std::string_view{"\"'[{#"}.find(value.front()) == value.npos;
}

Error no_toml(const toml::parse_error& failed, const Text& in, std::span<const KnownKey> keys) {
    constexpr std::size_t kLongest = 300;
    const std::size_t line = failed.source().begin.line;
    std::string sentence = in.where(line) + ": ";
    const KnownKey* const known = in.key_of(line, keys);
    if (known != nullptr) sentence.append(known->key).append(": ");
    sentence.append("is not TOML: ").append(failed.description().substr(0, kLongest));
    const bool text =
        known != nullptr && known->kind != Kind::kNumber && known->kind != Kind::kSwitch;
    if (text && lacks_quotes(line_at(in.text, line))) {
        sentence += known->kind == Kind::kRepeatable
                        ? "; a list of texts is written [\"...\", \"...\"]"
                        : "; a text stands in quotes";
        sentence += ", and files of the old form, lines key = value, are no longer read";
    }
    return config_error(std::move(sentence));
}

std::string_view type_name(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::table:
            return "a table";
        case toml::node_type::array:
            return "a list";
        case toml::node_type::string:
            return "a text";
        case toml::node_type::integer:
            return "a whole number";
        case toml::node_type::floating_point:
            return "a number with a point";
        case toml::node_type::boolean:
            return "true or false";
        default:
            return "a time";
    }
}

std::string_view wanted_name(Kind kind) {
    switch (kind) {
        case Kind::kNumber:
            return "a whole number, without quotes";
        case Kind::kNumberOrText:
            return "a whole number or a text in quotes";
        case Kind::kSwitch:
            return "true or false, without quotes";
        case Kind::kRepeatable:
            return "a list of texts: [\"...\"]";
        case Kind::kValue:
            break;
    }
    return "a text in quotes";
}

/// One value that is no list, as the command line would have it; nothing when the type is wrong.
std::optional<std::string> plain_value(const toml::node& node, Kind kind) {
    const bool numbers = kind == Kind::kNumber || kind == Kind::kNumberOrText;
    if (const auto* const number = node.as_integer(); number != nullptr && numbers)
        return std::to_string(number->get());
    if (const auto* const flag = node.as_boolean(); flag != nullptr && kind == Kind::kSwitch)
        return flag->get() ? "true" : "false";
    const bool texts = kind != Kind::kNumber && kind != Kind::kSwitch;
    if (const auto* const text = node.as_string(); text != nullptr && texts) return text->get();
    return std::nullopt;
}

/// Values of one file, as they are found.
class FileValues {
  public:
    FileValues(const Text& in, std::span<const KnownKey> keys) : in_(in), keys_(keys) {}

    [[nodiscard]] Result<void> add(std::size_t line, std::string_view key, const toml::node& node) {
        const KnownKey* const known = find_key(keys_, key);
        if (known == nullptr) {
            std::string sentence = in_.where(line) + ": unknown key '" + std::string{key} + "'";
            if (node.is_table()) sentence += "; there are no tables, every key stands for itself";
            return config_error(std::move(sentence));
        }
        if (known->kind != Kind::kRepeatable) return add_one(line, *known, node);
        const toml::array* const list = node.as_array();
        if (list == nullptr) return wrong_type(line, *known, node);
        if (list->empty()) return complain(line, *known, "is an empty list; leave it out instead");
        for (const toml::node& element : *list)
            FASTSYNC_CHECK(add_one(element.source().begin.line, *known, element));
        return {};
    }
    [[nodiscard]] std::vector<GivenValue> take() { return std::move(values_); }

  private:
    Error complain(std::size_t line, const KnownKey& known, std::string_view sentence) const {
        return config_error(in_.where(line) + ": " + std::string{known.key} + ": " +
                            std::string{sentence});
    }
    Error wrong_type(std::size_t line, const KnownKey& known, const toml::node& node) const {
        return complain(line, known,
                        "must be " + std::string{wanted_name(known.kind)} + ", not " +
                            std::string{type_name(node)});
    }
    Result<void> add_one(std::size_t line, const KnownKey& known, const toml::node& node) {
        auto value = plain_value(node, known.kind);
        if (!value) return wrong_type(line, known, node);
        if (value->empty()) return complain(line, known, "has no value");
        // What reads the value may take it for its end.
        if (value->find('\0') != value->npos) return complain(line, known, "holds a zero byte");
        const std::string where = in_.where(line);
        values_.push_back({std::string{known.key}, *std::move(value),
                           where + ": " + std::string{known.key}, where});
        return {};
    }

    const Text& in_;
    std::span<const KnownKey> keys_;
    std::vector<GivenValue> values_;
};

/// May throw ReaderConfused.
Result<std::vector<GivenValue>> read_toml(const Text& in, std::span<const KnownKey> keys) {
    const toml::parse_result parsed = toml::parse(in.text, in.file_name);
    if (!parsed) return no_toml(parsed.error(), in, keys);
    // The table is in the order of the alphabet; errors are told from the first line on.
    struct Entry {
        std::size_t line;
        std::string_view key;
        const toml::node* node;
    };
    std::vector<Entry> entries;
    for (const auto& [key, node] : parsed.table())
        entries.push_back({key.source().begin.line, key.str(), &node});
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.line < b.line; });
    FileValues values{in, keys};
    for (const Entry& entry : entries)
        FASTSYNC_CHECK(values.add(entry.line, entry.key, *entry.node));
    return values.take();
}

}  // namespace

Result<std::vector<GivenValue>> parse_config_text(std::string_view text, std::string_view file_name,
                                                  std::span<const KnownKey> keys) {
    const Text in{text, file_name};
    FASTSYNC_CHECK(check_lines(in));
    try {
        return read_toml(in, keys);
    } catch (const ReaderConfused&) {
        return config_error(std::string{file_name} + ": is not TOML");
    }
}

Result<std::vector<GivenValue>> read_config_file(const std::filesystem::path& file,
                                                 std::span<const KnownKey> keys) {
    std::error_code ignored;
    if (std::filesystem::is_directory(file, ignored)) {
        return config_error("cannot read the configuration file " + file.string() +
                            ": it is a directory");
    }
    errno = 0;
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        return config_error("cannot read the configuration file " + file.string() + ": " +
                            std::strerror(errno));
    }
    std::string text(kMaxConfigFile + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > kMaxConfigFile) {
        return config_error("the configuration file " + file.string() + " is larger than 1 MiB");
    }
    return parse_config_text(text, file.string(), keys);
}

std::string toml_text(std::string_view text) {
    // One form whatever the text: in double quotes, on one line.
    constexpr toml::format_flags kPlain =
        toml::toml_formatter::default_flags &
        ~(toml::format_flags::allow_literal_strings | toml::format_flags::allow_multi_line_strings);
    const toml::value<std::string> value{std::string{text}};
    std::ostringstream out;
    out << toml::toml_formatter{value, kPlain};
    return std::move(out).str();
}

}  // namespace fastsync::daemon
