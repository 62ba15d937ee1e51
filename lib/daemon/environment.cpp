#include <unistd.h>

#include <daemon/environment.hpp>

namespace fastsync::daemon {

std::vector<std::string> process_environment() {
    std::vector<std::string> words;
    for (char** word = environ; word != nullptr && *word != nullptr; ++word)
        words.emplace_back(*word);
    return words;
}

}  // namespace fastsync::daemon
