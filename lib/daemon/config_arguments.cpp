#include <algorithm>
#include <optional>

#include <boost/program_options/cmdline.hpp>
#include <boost/program_options/errors.hpp>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/value_semantic.hpp>

#include <daemon/config_source.hpp>

namespace fastsync::daemon {
namespace {

namespace po = boost::program_options;

constexpr std::string_view kDashes = "--";

Error config_error(std::string sentence) {
    return {Errc::kConfig, std::move(sentence)};
}

Error unexpected(const std::string& word) {
    return config_error("unexpected argument '" + word + "'");
}

po::options_description describe(std::span<const KnownKey> keys) {
    po::options_description options;
    for (const KnownKey& known : keys) {
        auto* value = po::value<std::string>();
        if (known.kind == KnownKey::Kind::kSwitch) value->implicit_value("true");
        options.add_options()(std::string{known.key}.c_str(), value, "");
    }
    return options;
}

/// What the library throws, said in our words. Its own are never asked for: what() of these
/// replaces words in percent signs by what the command line holds, for ever if that is such a word.
Error said(const po::error_with_option_name& thrown, std::span<const KnownKey> keys) {
    const std::string name = thrown.get_option_name();
    const std::string_view bare =
        std::string_view{name}.substr(std::min(name.find_first_not_of('-'), name.size()));
    if (find_key(keys, bare) == nullptr) return config_error("unknown option '" + name + "'");
    const auto* const syntax = dynamic_cast<const po::invalid_syntax*>(&thrown);
    const bool lacks =
        syntax != nullptr && (syntax->kind() == po::invalid_syntax::missing_parameter ||
                              syntax->kind() == po::invalid_syntax::empty_adjacent_parameter);
    return config_error(name + (lacks ? ": has no value" : ": cannot be read"));
}

Result<std::vector<po::option>> split(std::span<const std::string> arguments,
                                      std::span<const KnownKey> keys) {
    namespace style = po::command_line_style;
    const std::vector<std::string> copy{arguments.begin(), arguments.end()};
    const po::options_description options = describe(keys);
    try {
        // No guessing: an abbreviation would change its meaning with the next option we add.
        return po::command_line_parser(copy)
            .options(options)
            .style(style::allow_long | style::long_allow_adjacent | style::long_allow_next)
            .run()
            .options;
    } catch (const po::error_with_option_name& e) {
        return said(e, keys);
    } catch (const po::error&) {
        return config_error("the options cannot be read");
    }
}

Result<GivenValue> given_by(const po::option& option) {
    if (option.string_key.empty()) return unexpected(option.original_tokens.front());
    GivenValue given{option.string_key, option.value.empty() ? "true" : option.value.front(),
                     "--" + option.string_key, "command line"};
    // The library takes the next option for the value of one that lacks it.
    const bool next_word = option.original_tokens.size() > 1;
    if (given.value.empty() || (next_word && given.value.starts_with(kDashes)))
        return config_error(given.origin + ": has no value");
    return given;
}

}  // namespace

Result<std::vector<GivenValue>> parse_arguments(std::span<const std::string> arguments,
                                                std::span<const KnownKey> keys) {
    // For the library it ends the options; there is nothing that could follow ours.
    const auto lone = std::find(arguments.begin(), arguments.end(), kDashes);
    if (lone != arguments.end()) return unexpected(*lone);
    FASTSYNC_TRY(const std::vector<po::option> options, split(arguments, keys));
    std::vector<GivenValue> out;
    for (const po::option& option : options) {
        FASTSYNC_TRY(GivenValue given, given_by(option));
        FASTSYNC_CHECK(add_given(out, std::move(given), keys));
    }
    return out;
}

}  // namespace fastsync::daemon
