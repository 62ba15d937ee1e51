#include <iostream>

#include <common/log.hpp>

#include "command.hpp"

namespace fastsync::app {

Error with_repair_hint(Error error) {
    if (error.code == Errc::kCorrupt && error.detail.find("--repair") == std::string::npos)
        error.detail += kMendable;
    return error;
}

int fail(std::string_view command, const Error& error) {
    const bool by_operator = error.code == Errc::kConfig;
    const std::string sentence =
        "fastsyncd " + std::string{command} + ": " + (by_operator ? error.detail : error.message());
    std::cerr << log::last_words(log::Level::kError, sentence) << "\n";
    switch (error.code) {
        case Errc::kConfig:
            return kConfig;
        case Errc::kStorage:
        case Errc::kCorrupt:
        case Errc::kBusy:
        case Errc::kIncompatible:
            return kStorage;
        default:
            return kInternal;
    }
}

}  // namespace fastsync::app
