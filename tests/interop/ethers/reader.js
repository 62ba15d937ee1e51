'use strict';
// Reads the complete state with ethers, and holds every proof to @ethereumjs/trie: code that shares
// nothing with fastsyncd.
//
// usage: reader.js URL < {"chain_id", "state_root", "addresses": [...], "slots": [...],
//                         "expected": {address: {balance, nonce, code, storage: {slot: word}}}}
// Prints a line of JSON with what it counted; exits 1 with a reason.

const assert = require('node:assert/strict');
const { RLP } = require('@ethereumjs/rlp');
const { Trie } = require('@ethereumjs/trie');
const { bytesToBigInt, hexToBytes } = require('@ethereumjs/util');
const { JsonRpcProvider, keccak256, toBeHex, zeroPadValue } = require('ethers');

const EMPTY_CODE = keccak256('0x');
const ZERO = zeroPadValue('0x00', 32);
const AT_ONCE = 25;

/** The RLP value that the proof gives for the key, null when it proves that there is none. */
async function proven(root, key, proof) {
  if (proof.length === 0) {
    assert.equal(root, keccak256('0x80'), 'a proof without nodes of a trie that has some');
    return null;
  }
  return Trie.verifyProof(hexToBytes(key), proof.map((node) => hexToBytes(node)),
    { root: hexToBytes(root), useKeyHashing: true });
}

async function mustFail(promise, what) {
  const value = await promise.then((v) => v, () => 'refused');
  assert.equal(value, 'refused', what);
}

/** A proof that was tampered with is none: the verifier can tell. */
async function checkVerifier(root, key, proof) {
  const whole = await proven(root, key, proof);
  const last = proof[proof.length - 1];
  const flipped = last.slice(0, -1) + (last.endsWith('0') ? '1' : '0');
  await mustFail(proven(root, key, [...proof.slice(0, -1), flipped]), 'a changed node passed');
  if (proof.length > 1 && whole !== null) {
    await mustFail(proven(root, key, proof.slice(0, -1)), 'a cut proof passed');
  }
}

const integer = (bytes) => (bytes.length === 0 ? 0n : bytesToBigInt(bytes));

class Reader {
  constructor(provider, job) {
    Object.assign(this, { provider, job });
    this.counts = { accounts: 0, absent: 0, codes: 0, words: 0, absent_words: 0 };
  }

  async checkBlock() {
    const { chainId } = await this.provider.getNetwork();
    assert.equal(chainId, BigInt(this.job.chain_id));
    const block = await this.provider.send('eth_getBlockByNumber', ['latest', false]);
    assert.equal(block.stateRoot, this.job.state_root);
    const raw = await this.provider.send('debug_getRawHeader', ['latest']);
    assert.equal(keccak256(raw), block.hash);
    const fields = RLP.decode(hexToBytes(raw));
    assert.equal(bytesToBigInt(fields[3]), BigInt(block.stateRoot));
    assert.equal(integer(fields[8]), BigInt(await this.provider.getBlockNumber()));
    if (block.transactions) {
      assert.equal((await this.provider.getBlock('latest')).hash, block.hash);
    }
    return Number(block.number);
  }

  /** An account as ethers reads it, as the proof has it, and as it is expected. */
  async checkAccount(address) {
    const { provider, job, counts } = this;
    const [balance, nonce, code, proof] = await Promise.all([
      provider.getBalance(address), provider.getTransactionCount(address),
      provider.getCode(address), provider.send('eth_getProof', [address, job.slots, 'latest']),
    ]);
    const value = await proven(job.state_root, address, proof.accountProof);
    if (counts.accounts + counts.absent < 5) {
      await checkVerifier(job.state_root, address, proof.accountProof);
    }
    const expected = job.expected?.[address];
    if (value === null) {
      assert.deepEqual([balance, nonce, code, expected], [0n, 0, '0x', undefined]);
      assert.equal(proof.codeHash, EMPTY_CODE);
      counts.absent++;
    } else {
      const [n, b, root, codeHash] = RLP.decode(value);
      assert.deepEqual([integer(n), integer(b)], [BigInt(nonce), balance]);
      assert.equal(BigInt(proof.balance), balance);
      assert.equal(keccak256(code), proof.codeHash);
      assert.equal(keccak256(code), '0x' + Buffer.from(codeHash).toString('hex'));
      assert.equal(proof.storageHash, '0x' + Buffer.from(root).toString('hex'));
      counts.accounts++;
      if (code !== '0x') counts.codes++;
    }
    if (expected) {
      assert.deepEqual({ balance, nonce, code }, { balance: BigInt(expected.balance),
        nonce: Number(expected.nonce), code: expected.code ?? '0x' });
    }
    await this.checkSlots(address, proof, expected?.storage);
  }

  async checkSlots(address, proof, expected) {
    assert.equal(proof.storageProof.length, this.job.slots.length);
    for (const [i, slot] of this.job.slots.entries()) {
      const told = proof.storageProof[i];
      const read = await this.provider.getStorage(address, slot);
      const value = await proven(proof.storageHash, toBeHex(BigInt(slot), 32), told.proof);
      const word = value === null ? 0n : bytesToBigInt(RLP.decode(value));
      assert.equal(BigInt(told.value), word);
      assert.equal(read, word === 0n ? ZERO : toBeHex(word, 32));
      if (expected) assert.equal(read, expected[toBeHex(BigInt(slot), 32)] ?? ZERO);
      if (word === 0n) this.counts.absent_words++;
      else this.counts.words++;
    }
  }

  /** What cannot be answered is an error of its kind. */
  async checkErrors(block) {
    const [address] = this.job.addresses;
    const refused = (promise, code) => assert.rejects(promise, (e) => e.error?.code === code);
    await refused(this.provider.send('eth_getBalance', [address, toBeHex(block + 1)]), -32000);
    await refused(this.provider.send('eth_getBalance', ['0x12', 'latest']), -32602);
    await assert.rejects(this.provider.send('eth_sendRawTransaction', ['0x00']));
  }

  async run() {
    const block = await this.checkBlock();
    for (let i = 0; i < this.job.addresses.length; i += AT_ONCE) {
      const some = this.job.addresses.slice(i, i + AT_ONCE);
      await Promise.all(some.map((address) => this.checkAccount(address)));
    }
    await this.checkErrors(block);
    return { block, ...this.counts };
  }
}

async function main() {
  const job = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
  const provider = new JsonRpcProvider(process.argv[2], undefined, { batchMaxCount: 20 });
  provider.on('error', (error) => { throw error; });
  console.log(JSON.stringify(await new Reader(provider, job).run()));
  provider.destroy();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
