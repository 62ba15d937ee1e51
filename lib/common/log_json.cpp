#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <type_traits>

#include <fmt/chrono.h>
#include <nlohmann/json.hpp>

#include <common/log_json.hpp>

namespace fastsync::log {
namespace {

using Json = nlohmann::ordered_json;

/// A replacement field of a format: which argument, and how it is written (":.1f").
struct Field {
    int index = 0;
    std::string_view spec;
};

/// What every line has.
constexpr std::array<std::string_view, 5> kTaken{"time", "level", "component", "event", "left_out"};

/// `key=` at the end of `words`, which loses it; nothing when there is none.
std::optional<std::string> take_key(std::string& words, bool& quoted) {
    std::size_t end = words.size();
    quoted = end > 0 && words[end - 1] == '"';
    if (quoted) --end;
    if (end == 0 || words[end - 1] != '=') return std::nullopt;
    const std::size_t blank = words.find_last_of(' ', end - 1);
    const std::size_t begin = blank == words.npos ? 0 : blank + 1;
    std::string key = words.substr(begin, end - 1 - begin);
    constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz_0123456789";
    if (key.empty() || key.find_first_not_of(kLetters) != key.npos) return std::nullopt;
    if (std::find(kTaken.begin(), kTaken.end(), key) != kTaken.end()) return std::nullopt;
    words.resize(begin);
    return key;
}

/// Takes a format apart, with what it would say.
class Parts {
  public:
    Parts(fmt::string_view format, const fmt::format_args& args)
        : rest_(format.data(), format.size()), args_(args) {}

    /// Members for the keys go into `out`; what is left of the words is returned.
    std::string take(Json& out) {
        while (!rest_.empty()) {
            if (const auto field = next()) say(*field, out);
        }
        append(words_);
        while (event_.ends_with(' '))
            event_.pop_back();
        return std::move(event_);
    }

  private:
    /// Up to and with the next field; nothing at the end.
    std::optional<Field> next() {
        while (!rest_.empty()) {
            const char c = rest_.front();
            rest_.remove_prefix(1);
            if (c != '{' && c != '}') {
                words_.push_back(c);
            } else if (rest_.starts_with(c)) {  // doubled, it is itself
                words_.push_back(c);
                rest_.remove_prefix(1);
            } else {
                return field();
            }
        }
        return std::nullopt;
    }
    Field field() {
        const std::string_view inside = rest_.substr(0, rest_.find('}'));
        rest_.remove_prefix(inside.size() + 1);
        const std::string_view id = inside.substr(0, inside.find(':'));
        Field found{next_index_, inside.substr(id.size())};
        if (id.empty())
            ++next_index_;
        else
            (void)std::from_chars(id.data(), id.data() + id.size(), found.index);
        return found;
    }
    void say(const Field& field, Json& out) {
        const std::string text =
            fmt::vformat(fmt::format("{{{}{}}}", field.index, field.spec), args_);
        bool quoted = false;
        const auto key = take_key(words_, quoted);
        append(words_);
        words_.clear();
        if (!key) {
            event_ += text;
            return;
        }
        if (quoted && rest_.starts_with('"')) rest_.remove_prefix(1);
        out[*key] = quoted ? Json(text) : value(field, text);
    }
    /// Without two blanks where a key was, or one before a colon.
    void append(std::string_view words) {
        if (words.starts_with(':') && event_.ends_with(' ')) event_.pop_back();
        const bool after_blank = event_.empty() || event_.back() == ' ';
        if (after_blank && words.starts_with(' ')) words.remove_prefix(1);
        event_.append(words);
    }
    [[nodiscard]] Json value(const Field& field, const std::string& text) const {
        const bool decimal = field.spec.empty() || field.spec.ends_with('f');
        if (!decimal) return text;
        return fmt::visit_format_arg(
            [&](auto argument) -> Json {
                using Type = decltype(argument);
                if constexpr (std::is_same_v<Type, bool>) {
                    return argument;
                } else if constexpr (std::is_same_v<Type, char>) {
                    return text;
                } else if constexpr (std::is_floating_point_v<Type>) {
                    if (!std::isfinite(argument)) return text;
                    return std::strtod(text.c_str(), nullptr);
                } else if constexpr (std::is_integral_v<Type> &&
                                     sizeof(Type) <= sizeof(std::uint64_t)) {
                    return argument;
                } else {
                    return text;
                }
            },
            args_.get(field.index));
    }

    std::string_view rest_;
    const fmt::format_args& args_;
    int next_index_ = 0;
    std::string words_;  ///< since the last field
    std::string event_;
};

std::string show_time(std::chrono::system_clock::time_point time) {
    using std::chrono::floor;
    using std::chrono::milliseconds;
    using std::chrono::seconds;
    const auto whole = floor<seconds>(time);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(whole),
                       floor<milliseconds>(time - whole).count());
}

}  // namespace

std::string json_line(const Line& line) {
    Json out;
    out["time"] = show_time(line.time);
    out["level"] = to_string(line.level);
    out["component"] = line.component;
    Json members = Json::object();
    out["event"] = Parts{line.format, line.args}.take(members);
    out.update(members);
    if (line.left_out > 0) out["left_out"] = line.left_out;
    constexpr int kOneLine = -1;
    constexpr bool kAscii = true;
    return out.dump(kOneLine, ' ', kAscii, Json::error_handler_t::replace);
}

}  // namespace fastsync::log
