#pragma once

#include "../lib/precompiled.hpp"

#include <catch2/catch.hpp>
