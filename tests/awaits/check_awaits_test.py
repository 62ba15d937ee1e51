"""What scripts/check_awaits.py must find, and what it must leave alone."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CHECKER = Path(__file__).resolve().parent.parent.parent / "scripts" / "check_awaits.py"

WRONG = [
    "while (open && co_await more()) step();",
    "while (co_await more()) step();",
    "do step(); while (co_await more());",
    "for (int i = 0; co_await more(); ++i) step();",
    "for (auto x : co_await all()) step(x);",
    "if (open || co_await more()) step();",
    "if (open &&\n    co_await more()) step();",
    "const bool b = open && co_await more();",
    "const int n = open ? co_await count() : 0;",
    "const int n = open ? 0 : co_await count();",
    "step(open && co_await more());",
    "while (open && within(co_await more())) step();",
    "CHECK(co_await more());",
    "REQUIRE_FALSE(co_await more());",
]

RIGHT = [
    "const auto x = co_await more();\nif (open && x) step();",
    "if (open && wide) co_await more();",
    "if (open && wide) {\n    co_await more();\n}",
    "co_await (std::move(a) || b());",
    "co_await step(open ? 1 : 2);",
    "auto&& x = co_await more();",
    "FASTSYNC_CO_CHECK(co_await more());",
    "while (open && wide) step();\nco_await more();",
    "for (;;) {\n    co_await more();\n}",
    "run([](T&& x) -> Task<void> { co_await x; });",
    "step(1'000 && open, ' ', '\"');\nco_await more();",
    "// while (co_await more())\nstep(\"a && co_await b\");",
]


def complaints(code):
    with tempfile.TemporaryDirectory(prefix="fastsync-awaits-") as folder:
        path = Path(folder) / "lib" / "code.cpp"
        path.parent.mkdir()
        path.write_text("Task<void> f() {\n" + code + "\n}\n", encoding="utf-8")
        result = subprocess.run([sys.executable, CHECKER, folder], text=True, check=False,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    lines = result.stdout.splitlines()[:-1]
    assert (result.returncode != 0) == bool(lines), result.stdout
    return lines


class CheckAwaits(unittest.TestCase):
    def test_complains_once_with_the_line(self):
        for code in WRONG:
            with self.subTest(code):
                line = 2 + code[:code.index("co_await")].count("\n")
                found = complaints(code)
                self.assertEqual(len(found), 1, found)
                self.assertTrue(found[0].startswith(f"lib/code.cpp:{line}: "), found)

    def test_leaves_the_rest_alone(self):
        for code in RIGHT:
            with self.subTest(code):
                self.assertEqual(complaints(code), [])


if __name__ == "__main__":
    unittest.main()
