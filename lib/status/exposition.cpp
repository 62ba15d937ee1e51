#include <algorithm>
#include <cmath>

#include <fmt/core.h>

#include <common/assert.hpp>
#include <status/exposition.hpp>

namespace fastsync::status {
namespace {

bool is_name(std::string_view text, std::string_view more) {
    const auto letter = [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
               more.find(c) != std::string_view::npos;
    };
    return !text.empty() && letter(text.front()) &&
           std::all_of(text.begin(), text.end(),
                       [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

/// Length of the UTF-8 sequence at the front, 0 when there is none. Overlong forms, surrogates and
/// what lies beyond U+10FFFF are none.
std::size_t sequence_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80) return 1;
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0U) != 0x80U) return 0;
    }
    const bool bad = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) > 0x9f) ||
                     (first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) > 0x8f);
    return bad ? 0 : length;
}

/// The format's escapes; one bad byte spoils a whole scrape, so it is replaced.
std::string escaped(std::string_view text, bool quote) {
    std::string out;
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        const char c = text.front();
        if (length == 0) {
            out += "\xef\xbf\xbd";
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\\' || (quote && c == '"')) {
            out.append("\\").push_back(c);
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out;
}

std::string show(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    return fmt::format("{}", value);
}

}  // namespace

Exposition& Exposition::family(std::string_view name, MetricType type, std::string_view help) {
    FASTSYNC_ASSERT(is_name(name, ":"));
    const bool counter = type == MetricType::kCounter;
    FASTSYNC_ASSERT(counter == name.ends_with("_total"));
    name_ = name;
    out_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, escaped(help, false), name,
                        counter ? "counter" : "gauge");
    return *this;
}

Exposition& Exposition::sample(double value, std::initializer_list<Label> labels) {
    write(show(value), labels);
    return *this;
}

Exposition& Exposition::sample(std::uint64_t value, std::initializer_list<Label> labels) {
    write(std::to_string(value), labels);
    return *this;
}

void Exposition::write(std::string_view value, std::initializer_list<Label> labels) {
    FASTSYNC_ASSERT(!name_.empty());
    out_ += name_;
    char before = '{';
    for (const Label& label : labels) {
        FASTSYNC_ASSERT(is_name(label.name, ""));
        out_ += fmt::format("{}{}=\"{}\"", before, label.name, escaped(label.value, true));
        before = ',';
    }
    if (labels.size() > 0) out_ += "}";
    out_.append(" ").append(value).append("\n");
}

}  // namespace fastsync::status
