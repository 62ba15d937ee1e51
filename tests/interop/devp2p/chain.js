'use strict';
// Headers: a chain of them over one state, and how GetBlockHeaders picks among them.

const { RLP } = require('@ethereumjs/rlp');
const { bigIntToUnpaddedBytes, bytesToBigInt, bytesToUnprefixedHex } = require('@ethereumjs/util');
const { keccak256 } = require('ethereum-cryptography/keccak');

const PARENT = 0, STATE_ROOT = 3, NUMBER = 8;
const DIFFICULTY = 131072n;
const MAX_HEADERS = 192;

const number = (value) => bigIntToUnpaddedBytes(BigInt(value));
const hashOf = (fields) => keccak256(RLP.encode(fields));
const numberOf = (fields) => Number(bytesToBigInt(fields[NUMBER]));

function makeHeader(parent, height, stateRoot) {
  const emptyList = keccak256(RLP.encode([]));
  const emptyTrie = keccak256(RLP.encode(new Uint8Array()));
  return [
    parent, emptyList, new Uint8Array(20), stateRoot, emptyTrie, emptyTrie, new Uint8Array(256),
    number(DIFFICULTY), number(height), number(8000000), number(0),
    number(1500000000 + 13 * height), new Uint8Array(), new Uint8Array(32), new Uint8Array(8),
  ];
}

class Chain {
  constructor(stateRoot, head) {
    this.headers = [];
    this.hashes = [];
    for (let height = 0; height <= head; height++) {
      const parent = this.hashes[height - 1] ?? new Uint8Array(32);
      this.headers.push(makeHeader(parent, height, stateRoot));
      this.hashes.push(hashOf(this.headers[height]));
    }
  }

  get totalDifficulty() {
    return DIFFICULTY * BigInt(this.headers.length);
  }

  /** The answer to GetBlockHeaders: its origin is a hash or a number. */
  select([origin, amount, skip, reverse]) {
    const key = bytesToUnprefixedHex(origin);
    const first = origin.length === 32
      ? this.hashes.findIndex((hash) => bytesToUnprefixedHex(hash) === key)
      : Number(bytesToBigInt(origin));
    const step = (1 + Number(bytesToBigInt(skip))) * (reverse.length > 0 ? -1 : 1);
    const count = Math.min(Number(bytesToBigInt(amount)), MAX_HEADERS);
    const found = [];
    for (let at = first; found.length < count && this.headers[at] !== undefined; at += step)
      found.push(this.headers[at]);
    return found;
  }
}

module.exports = { Chain, hashOf, number, numberOf, PARENT, STATE_ROOT };
