'use strict';
// A state made by the trie package, and a walk over any state: counts in the terms of
// `fastsyncd verify --json`, by code that shares nothing with it.

const { RLP } = require('@ethereumjs/rlp');
const { BranchNode, LeafNode, Trie, decodeNode, decodeRawNode } = require('@ethereumjs/trie');
const { MapDB, ValueEncoding, bigIntToUnpaddedBytes, bytesToBigInt, bytesToUnprefixedHex,
  concatBytes, equalsBytes, setLengthLeft } = require('@ethereumjs/util');
const { keccak256 } = require('ethereum-cryptography/keccak');

const number = (value) => bigIntToUnpaddedBytes(BigInt(value));
const word = (value) => setLengthLeft(number(value), 32);
const EMPTY_ROOT = keccak256(RLP.encode(new Uint8Array()));
const EMPTY_CODE = keccak256(new Uint8Array());
const BATCH = 384;

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

/** What a walk has met so far, and what it wants next. */
class Walk {
  seen = { account: new Set(), storage: new Set(), code: new Set() };
  storageRoots = new Set();
  queue = [];
  accounts = 0;
  slots = 0;
  bytes = 0;
  xor = 0n;

  want(kind, hash) {
    const key = bytesToUnprefixedHex(hash);
    if (this.seen[kind].has(key)) return;
    this.seen[kind].add(key);
    this.queue.push({ kind, hash, key });
  }

  onAccount(value) {
    this.accounts++;
    const [, , storage, code] = RLP.decode(value);
    if (!equalsBytes(storage, EMPTY_ROOT)) {
      this.storageRoots.add(bytesToUnprefixedHex(storage));
      this.want('storage', storage);
    }
    if (!equalsBytes(code, EMPTY_CODE)) this.want('code', code);
  }

  visit({ kind, hash, key }, blob) {
    if (blob === undefined) throw new Error(`${kind} ${key} is missing`);
    if (!equalsBytes(keccak256(blob), hash)) throw new Error(`${kind} ${key} is not what came`);
    this.bytes += blob.length;
    this.xor ^= bytesToBigInt(hash);
    if (kind === 'code') return;
    const onValue = kind === 'account' ? (value) => this.onAccount(value) : () => this.slots++;
    read(decodeNode(blob), (child) => this.want(kind, child), onValue);
  }

  counts() {
    const { account, storage, code } = this.seen;
    return {
      account_trie_nodes: account.size,
      accounts: this.accounts,
      storage_tries: this.storageRoots.size,
      storage_trie_nodes: storage.size,
      storage_slots: this.slots,
      codes: code.size,
      items: account.size + storage.size + code.size,
      bytes: this.bytes,
      xor_of_hashes: `0x${this.xor.toString(16).padStart(64, '0')}`,
    };
  }
}

/**
 * Walks the whole state below `root`; its counts. `fetch` gets up to `BATCH` hashes and gives
 * blobs, or undefined, in their places; each must be what its hash says.
 */
async function walkState(root, fetch) {
  const walk = new Walk();
  walk.want('account', root);
  while (walk.queue.length > 0) {
    const batch = walk.queue.splice(0, BATCH);
    const blobs = await fetch(batch.map(({ hash }) => hash));
    batch.forEach((item, i) => walk.visit(item, blobs[i]));
  }
  return { state_root: `0x${bytesToUnprefixedHex(root)}`, ...walk.counts() };
}

module.exports = { Blobs, makeState, walkState };
