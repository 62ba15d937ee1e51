'use strict';
// RLPx and eth as the devp2p package speaks them: answers to requests, and requests.
//
// Ways of the package to know when a test fails:
// - its Disconnect is a bare integer and never compressed, in place of a list; it closes TCP itself
//   only 2 s later, so the other side has to;
// - it compresses what it sends after its own Hello as soon as it has read the other's;
// - it leaves the request id of eth/66 to its user;
// - its discovery (not used here) answers pings and never pings back: nodes that prove an
//   address by a ping of their own do not get their proof.

const { Common } = require('@ethereumjs/common');
const { ETH, RLPx, genPrivateKey } = require('@ethereumjs/devp2p');
const { bytesToUnprefixedHex } = require('@ethereumjs/util');
const { keccak256 } = require('ethereum-cryptography/keccak');
const { number } = require('./chain');

const CODE = ETH.MESSAGE_CODES;
const MAX_NODES = 384;
const TIMEOUT_MS = 10000;

/** The package takes network id and fork ids from a description of the chain. */
function describe(networkId, genesisHash, forks = []) {
  const hardforks = [{ name: 'chainstart', block: 0 }, ...forks];
  const common = Common.custom({ chainId: networkId, networkId, hardforks },
    { hardfork: 'chainstart' });
  common.setForkHashes(genesisHash);
  return common;
}

function makeNode(version, common) {
  return new RLPx(genPrivateKey(), { capabilities: [ETH[`eth${version}`]], common });
}

/** One peer over eth, after both have sent their Status. */
class Session {
  /** `source` answers the peer's requests: `headers(query)` and `blob(hash)`. */
  constructor(peer, source) {
    this.peer = peer;
    this.eth = peer.getProtocols()[0];
    this.withId = this.eth.getVersion() >= 66;
    this.source = source;
    this.waiting = new Map();
    this.lastId = 0;
    this.eth.events.on('message', (code, payload) => this.onMessage(code, payload));
  }

  /** Sends ours; the peer's. */
  async exchangeStatus(status) {
    const theirs = new Promise((resolve) => this.eth.events.once('status', resolve));
    this.eth.sendStatus(status);
    return within(theirs, 'no Status');
  }

  onMessage(code, payload) {
    const [id, body] = this.withId ? payload : [undefined, payload];
    const reply = (answerCode, answer) =>
      this.eth.sendMessage(answerCode, this.withId ? [id, answer] : answer);
    switch (code) {
      case CODE.GET_BLOCK_HEADERS: return reply(CODE.BLOCK_HEADERS, this.source.headers(body));
      case CODE.GET_BLOCK_BODIES: return reply(CODE.BLOCK_BODIES, []);
      case CODE.GET_RECEIPTS: return reply(CODE.RECEIPTS, []);
      case CODE.GET_POOLED_TRANSACTIONS: return reply(CODE.POOLED_TRANSACTIONS, []);
      case CODE.GET_NODE_DATA: {
        const known = body.map((hash) => this.source.blob(hash)).filter((blob) => blob);
        return reply(CODE.NODE_DATA, known.slice(0, MAX_NODES));
      }
      case CODE.BLOCK_HEADERS:
      case CODE.NODE_DATA: return this.onAnswer(code, id, body);
    }
  }

  onAnswer(code, id, body) {
    const key = this.withId ? bytesToUnprefixedHex(id) : code;
    const resolve = this.waiting.get(key);
    if (resolve === undefined) throw new Error(`unasked: message ${code}, id ${key}`);
    this.waiting.delete(key);
    resolve(body);
  }

  /** Below eth/66 one request of a kind at a time. */
  async request(code, answerCode, body) {
    const id = number(++this.lastId);
    const key = this.withId ? bytesToUnprefixedHex(id) : answerCode;
    const answer = new Promise((resolve) => this.waiting.set(key, resolve));
    this.eth.sendMessage(code, this.withId ? [id, body] : body);
    return within(answer, `no answer to message ${code}`);
  }

  headers(origin, amount, skip, reverse) {
    const query = [origin, number(amount), number(skip), number(reverse ? 1 : 0)];
    return this.request(CODE.GET_BLOCK_HEADERS, CODE.BLOCK_HEADERS, query);
  }

  /** Blobs, or nothing, in the places of the hashes. */
  async nodeData(hashes) {
    const answer = await this.request(CODE.GET_NODE_DATA, CODE.NODE_DATA, hashes);
    const byHash = new Map(answer.map((blob) => [bytesToUnprefixedHex(keccak256(blob)), blob]));
    return hashes.map((hash) => byHash.get(bytesToUnprefixedHex(hash)));
  }

  /** The package pings every 15 s and tells nobody of the pong: here sooner, and told. */
  async ping() {
    const pong = new Promise((resolve) => {
      const handle = this.peer._handlePong.bind(this.peer);
      this.peer._handlePong = () => { handle(); resolve(); };
    });
    this.peer._sendPing();
    return within(pong, 'no Pong');
  }
}

async function within(promise, otherwise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(otherwise)), TIMEOUT_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

module.exports = { Session, describe, makeNode, within };
