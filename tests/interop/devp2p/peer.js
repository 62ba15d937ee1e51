#!/usr/bin/env node
'use strict';
// A peer made of the npm packages @ethereumjs/devp2p and @ethereumjs/trie: an implementation of
// the wire and of tries that is not ours. Loopback only. NODE_PATH names the packages' folder.
//
// usage: peer.js serve --version N [--accounts N] [--contracts N] [--blocks N]
//            serves a made-up state at every block of a chain; first prints enode, network id,
//            genesis hash, head, and what a walk of the state counts, then who left and why
//        peer.js ask --version N --enode URL --network-id N --genesis-hash 0xHASH
//            [--forks NUMBER,...]
//            walks the whole state 64 below the peer's head and prints the counts
// version: that of eth, 63 to 66. Output: a line of JSON for each thing.

const { hexToBytes, bytesToHex, equalsBytes } = require('@ethereumjs/util');
const { parseArgs } = require('node:util');
const { Chain, PARENT, STATE_ROOT, hashOf, number, numberOf } = require('./chain');
const { Blobs, makeState, walkState } = require('./state');
const { Session, describe, makeNode, within } = require('./wire');

const HOST = '127.0.0.1';
const NETWORK_ID = 4242;
const PIVOT_DISTANCE = 64;

const say = (thing) => process.stdout.write(`${JSON.stringify(thing)}\n`);
const check = (held, sentence) => { if (!held) throw new Error(`not so: ${sentence}`); };

async function serve(options) {
  const blobs = new Blobs();
  const root = await makeState(blobs, Number(options.accounts), Number(options.contracts));
  const chain = new Chain(root, Number(options.blocks));
  const [genesis] = chain.hashes;
  const head = chain.hashes.at(-1);
  const source = { headers: (query) => chain.select(query), blob: (hash) => blobs.get(hash) };

  const node = makeNode(options.version, describe(NETWORK_ID, genesis));
  node.events.on('peer:added', (peer) => {
    const status = { td: number(chain.totalDifficulty), bestHash: head, genesisHash: genesis };
    new Session(peer, source).exchangeStatus(status)
      .then(() => say({ joined: peer.getHelloMessage().clientId }), console.error);
  });
  node.events.on('peer:removed', (_, reason, byUs) => say({ left: reason, by_us: byUs === true }));
  node.events.on('peer:error', (_, error) => console.error(error));
  node.events.on('error', (error) => { throw error; });
  node.events.on('listening', async () => say({
    enode: `enode://${bytesToHex(node.id).slice(2)}@${HOST}:${node._server.address().port}`,
    network_id: NETWORK_ID,
    genesis_hash: bytesToHex(genesis),
    head: bytesToHex(head),
    state: await walkState(root, (hashes) => hashes.map((hash) => blobs.get(hash))),
  }));
  node.listen(0, HOST);
}

/** Connects; the session after the exchange of Status, and the peer's Status. */
async function dial(options) {
  const genesis = hexToBytes(options['genesis-hash']);
  // Names that the package knows, in its order; where they lie is the chain's matter.
  const names = ['homestead', 'tangerineWhistle', 'spuriousDragon', 'byzantium'];
  const forks = (options.forks ?? '').split(',').filter((block) => block)
    .map((block, i) => ({ name: names[i], block: Number(block) }));
  const node = makeNode(options.version, describe(Number(options['network-id']), genesis, forks));
  const failed = new Promise((_, reject) => {
    node.events.on('peer:error', (__, error) => reject(error));
    node.events.on('peer:removed', (__, reason) => reject(new Error(`peer left: ${reason}`)));
  });
  failed.catch(() => {});  // it may also come when nobody minds any more
  const added = new Promise((resolve) => node.events.once('peer:added', resolve));
  const { username, hostname, port } = new URL(options.enode);
  await node.connect({ id: hexToBytes(`0x${username}`), address: hostname, tcpPort: Number(port) });
  const peer = await within(Promise.race([added, failed]), 'no Hello');
  const session = new Session(peer, { headers: () => [], blob: () => undefined });
  const status = { td: number(1), bestHash: genesis, genesisHash: genesis };
  return { session, failed, theirs: await Promise.race([session.exchangeStatus(status), failed]) };
}

/** Headers from the head down to the pivot, each the parent of the one before. */
async function pivotBelow(session, headHash) {
  const headers = await session.headers(headHash, PIVOT_DISTANCE + 1, 0, true);
  check(headers.length === PIVOT_DISTANCE + 1, `${headers.length} headers down to the pivot`);
  headers.reduce((parent, fields) => {
    check(equalsBytes(hashOf(fields), parent), `${numberOf(fields)} is the parent of the next`);
    return fields[PARENT];
  }, headHash);
  const pivot = headers.at(-1);
  const ends = await session.headers(number(numberOf(pivot)), 2, PIVOT_DISTANCE - 1, false);
  check(equalsBytes(hashOf(ends[0]), hashOf(pivot)), 'the pivot by number is the one by hash');
  check(equalsBytes(hashOf(ends[1]), headHash), 'a skip of 63 leads to the head');
  return pivot;
}

async function askAll(session, theirs) {
  const pivot = await pivotBelow(session, theirs.bestHash);
  const [nothing] = await session.nodeData([new Uint8Array(32).fill(7)]);
  check(nothing === undefined, 'a hash of nothing brings nothing');
  await session.ping();
  return {
    client: session.peer.getHelloMessage().clientId,
    fork_id: theirs.forkId?.map(bytesToHex),
    pivot: numberOf(pivot),
    state: await walkState(pivot[STATE_ROOT], (hashes) => session.nodeData(hashes)),
  };
}

async function ask(options) {
  const { session, failed, theirs } = await dial(options);
  say(await Promise.race([askAll(session, theirs), failed]));
  const closed = new Promise((resolve) => session.peer._socket.once('close', resolve));
  session.peer.disconnect();
  await within(closed, 'the connection stays after a Disconnect');
}

async function main() {
  const text = { type: 'string' };
  const { values, positionals: [role] } = parseArgs({
    allowPositionals: true,
    options: {
      version: { ...text, default: '66' },
      accounts: { ...text, default: '1000' },
      contracts: { ...text, default: '60' },
      blocks: { ...text, default: '200' },
      enode: text, 'network-id': text, 'genesis-hash': text, forks: text,
    },
  });
  const roles = { serve, ask };
  if (!(role in roles)) throw new Error('the first argument is serve or ask');
  await roles[role](values);
  if (role === 'ask') process.exit(0);  // the package's timers would go on
}

main().catch((error) => { console.error(error); process.exit(1); });
