'use strict';
// A state made by the trie package, and a walk over any state: counts in the terms of
// `fastsyncd verify --json`, by code that shares nothing with it.

const { RLP } = require('@ethereumjs/rlp');
const { BranchNode, LeafNode, Trie, decodeNode, decodeRawNode } = require('@ethereumjs/trie');
const { MapDB, ValueEncoding, bigIntToUnpaddedBytes, bytesToBigInt, bytesToUnprefixedHex,
  concatBytes, setLengthLeft } = require('@ethereumjs/util');
const { keccak256 } = require('ethereum-cryptography/keccak');

const number = (value) => bigIntToUnpaddedBytes(BigInt(value));
const word = (value) => setLengthLeft(number(value), 32);
const EMPTY_ROOT = keccak256(RLP.encode(new Uint8Array()));
const EMPTY_CODE = keccak256(new Uint8Array());

/** Blobs by hash. */
class Blobs {
  byHash = new Map();

  add(blob) {
    const hash = keccak256(blob);
    this.byHash.set(bytesToUnprefixedHex(hash), blob);
    return hash;
  }

  get(hash) {
    return this.byHash.get(bytesToUnprefixedHex(hash));
  }

  trie() {
    // The package keys its nodes by unprefixed hex too; older nodes stay beside the last ones.
    const db = new MapDB(this.byHash);
    return Trie.create({ db, useKeyHashing: true, valueEncoding: ValueEncoding.Bytes });
  }
}

/** So many bytes that no other seed gives. */
function madeUpBytes(seed, size) {
  const parts = [];
  for (let i = 0; i * 32 < size; i++) parts.push(keccak256(concatBytes(word(seed), word(i))));
  return concatBytes(...parts).subarray(0, size);
}

async function storageRoot(blobs, seed, slots) {
  if (slots === 0) return EMPTY_ROOT;
  const trie = await blobs.trie();
  for (let slot = 0; slot < slots; slot++) {
    // Values of every length from 1 to 32, as the RLP of storage trims them.
    const value = madeUpBytes(seed * 1000 + slot, 1 + (slot % 32));
    value[0] |= 1;
    await trie.put(word(slot), RLP.encode(value));
  }
  return trie.root();
}

/** Puts a state into `blobs`; its root. The same for the same numbers. */
async function makeState(blobs, accounts, contracts) {
  const trie = await blobs.trie();
  for (let i = 0; i < accounts; i++) {
    let storage = EMPTY_ROOT, code = EMPTY_CODE;
    if (i < contracts) {
      // Every fifth is its predecessor's twin. Some have code alone, some one slot; the first has
      // the largest code there may be.
      const original = i % 5 === 4 ? i - 1 : i;
      storage = await storageRoot(blobs, original, [0, 1, 7, 150][original % 4]);
      code = blobs.add(madeUpBytes(original, original === 0 ? 24576 : 100 + 37 * original));
    }
    const account = [number(i), number(BigInt(i) * 10n ** 15n), storage, code];
    await trie.put(setLengthLeft(number(i + 1), 20), RLP.encode(account));
  }
  return trie.root();
}

/** Children by hash, and values of leaves, of a node and of the nodes within it. */
function read(node, onChild, onValue) {
  if (node instanceof LeafNode) return onValue(node.value());
  const children = node instanceof BranchNode ? node.getChildren().map(([, c]) => c)
    : [node.value()];
  for (const child of children) {
    if (child instanceof Uint8Array) onChild(child);
    else read(decodeRawNode(child), onChild, onValue);
  }
}

/**
 * Walks the state below `root`. `fetch` gets up to `BATCH` hashes and gives blobs, or nothing, in
 * their place; each must be what its hash says.
 */
async function walkState(root, fetch) {
  const BATCH = 384;
  const seen = { account: new Set(), storage: new Set(), code: new Set() };
  const counts = { accounts: 0, slots: 0, bytes: 0, xor: 0n };
  const storageRoots = new Set();
  const queue = [];
  const want = (kind, hash) => {
    const key = bytesToUnprefixedHex(hash);
    if (seen[kind].has(key)) return;
    seen[kind].add(key);
    queue.push({ kind, hash, key });
  };
  const onAccount = (value) => {
    counts.accounts++;
    const [, , storage, code] = RLP.decode(value);
    if (bytesToUnprefixedHex(storage) !== bytesToUnprefixedHex(EMPTY_ROOT)) {
      storageRoots.add(bytesToUnprefixedHex(storage));
      want('storage', storage);
    }
    if (bytesToUnprefixedHex(code) !== bytesToUnprefixedHex(EMPTY_CODE)) want('code', code);
  };
  const visit = ({ kind, hash, key }, blob) => {
    if (blob === undefined) throw new Error(`${kind} ${key} is missing`);
    if (bytesToUnprefixedHex(keccak256(blob)) !== key) throw new Error(`${kind} ${key} is not it`);
    counts.bytes += blob.length;
    counts.xor ^= bytesToBigInt(hash);
    if (kind === 'code') return;
    const onValue = kind === 'account' ? onAccount : () => counts.slots++;
    read(decodeNode(blob), (child) => want(kind, child), onValue);
  };

  want('account', root);
  while (queue.length > 0) {
    const batch = queue.splice(0, BATCH);
    const blobs = await fetch(batch.map(({ hash }) => hash));
    batch.forEach((item, i) => visit(item, blobs[i]));
  }
  return {
    state_root: `0x${bytesToUnprefixedHex(root)}`,
    account_trie_nodes: seen.account.size,
    accounts: counts.accounts,
    storage_tries: storageRoots.size,
    storage_trie_nodes: seen.storage.size,
    storage_slots: counts.slots,
    codes: seen.code.size,
    items: seen.account.size + seen.storage.size + seen.code.size,
    bytes: counts.bytes,
    xor_of_hashes: `0x${counts.xor.toString(16).padStart(64, '0')}`,
  };
}

module.exports = { Blobs, makeState, walkState };
