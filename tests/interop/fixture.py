"""The fixture chain: what it says about itself, and its states counted by walking their tries."""

import json
import pathlib
import struct

EMPTY_ROOT = bytes.fromhex("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421")
NUMBER = 8  # of a header's fields
EMPTY_CODE = bytes.fromhex("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")


def _records(path):
    data = path.read_bytes()
    found, at = {}, 0
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at + 32)
        found[data[at:at + 32]] = data[at + 36:at + 36 + size]
        at += 36 + size
    return found


def _item(data, at):
    """The RLP item at `at`: bytes or a list, and where it ends."""
    first = data[at]
    if first < 0x80:
        return data[at:at + 1], at + 1
    is_list = first >= 0xC0
    size = first - (0xC0 if is_list else 0x80)
    at += 1
    if size > 55:
        size_size = size - 55
        size = int.from_bytes(data[at:at + size_size], "big")
        at += size_size
    end = at + size
    if not is_list:
        return data[at:end], end
    items = []
    while at < end:
        item, at = _item(data, at)
        items.append(item)
    return items, end


def decode(data):
    return _item(data, 0)[0]


class Counts:
    """One state, counted the way `fastsyncd verify --json` does."""

    def __init__(self, fixture, root):
        self.nodes, self.codes = fixture.nodes, fixture.code_blobs
        self.seen_codes, self.storage_roots = set(), set()
        accounts = self._trie(root)
        self.account_nodes, leaves = accounts
        self.accounts = len(leaves)
        self.storage_nodes, self.slots = set(), 0
        for leaf in leaves:
            self._account(leaf)

    def _trie(self, root):
        """Hashes of the nodes below a root, and the values of its leaves."""
        hashes, values, stack = set(), [], [root]
        while stack:
            ref = stack.pop()
            if isinstance(ref, bytes):
                if len(ref) == 0:
                    continue
                hashes.add(ref)
                ref = decode(self.nodes[ref])
            if len(ref) == 17:
                stack.extend(ref[:16])
            elif ref[0][0] & 0x20:
                values.append(ref[1])
            else:
                stack.append(ref[1])
        return hashes, values

    def _account(self, leaf):
        _, _, storage, code = decode(leaf)
        if code != EMPTY_CODE:
            self.seen_codes.add(code)
        if storage != EMPTY_ROOT and storage not in self.storage_roots:
            self.storage_roots.add(storage)
            hashes, values = self._trie(storage)
            self.storage_nodes |= hashes
            self.slots += len(values)

    def as_verified(self):
        items = self.account_nodes | self.storage_nodes | self.seen_codes
        combined, size = 0, 0
        for item in items:
            combined ^= int.from_bytes(item, "big")
            size += len(self.codes[item] if item in self.seen_codes else self.nodes[item])
        return {"complete": True,
                "account_trie_nodes": len(self.account_nodes),
                "accounts": self.accounts,
                "storage_tries": len(self.storage_roots),
                "storage_trie_nodes": len(self.storage_nodes),
                "storage_slots": self.slots,
                "codes": len(self.seen_codes),
                "items": len(items),
                "bytes": size,
                "xor_of_hashes": f"0x{combined:064x}",
                "missing": 0, "corrupt": 0}


class Fixture:
    FILES = ["meta.json", "genesis.json", "chain.rlp", "nodes.bin", "codes.bin"]

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.meta = json.loads((self.folder / "meta.json").read_text())
        self.nodes = _records(self.folder / "nodes.bin")
        self.code_blobs = _records(self.folder / "codes.bin")

    @classmethod
    def present(cls, folder):
        return all((pathlib.Path(folder) / name).is_file() for name in cls.FILES)

    def chain_until(self, block):
        """The beginning of chain.rlp, its last block `block`."""
        data = (self.folder / "chain.rlp").read_bytes()
        end = 0
        while end < len(data):
            (header, *_), end = _item(data, end)
            if int.from_bytes(header[NUMBER], "big") == block:
                break
        return data[:end]

    def state_root(self, block):
        return self.meta["state_roots"][str(block)]

    def counted(self, block):
        """What verify has to say of the state at `block`."""
        root = self.state_root(block)
        return {"state_root": root,
                **Counts(self, bytes.fromhex(root[2:])).as_verified()}

    def stated_at_200(self):
        """The same of block 200 by the fixture's own word."""
        told = self.meta["state_at_200"]
        return {"state_root": self.state_root(200), "complete": True,
                "account_trie_nodes": told["accountTrieNodes"],
                "accounts": told["accountLeaves"],
                "storage_tries": told["uniqueStorageTries"],
                "storage_trie_nodes": told["uniqueStorageTrieNodes"],
                "storage_slots": told["uniqueStorageSlots"],
                "codes": told["uniqueCodes"],
                "items": told["totalUniqueItems"],
                "bytes": told["totalUniqueBytes"],
                "xor_of_hashes": "0x" + told["xorOfUniqueHashes"],
                "missing": 0, "corrupt": 0}
