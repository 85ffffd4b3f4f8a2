// Suites, roles, streams and signatures: spec/0-conventions.md (hashing, signatures), spec/conformance.md (streams).
import { ed25519 } from "@noble/curves/ed25519";
import { blake3 } from "@noble/hashes/blake3";
import { sha256 } from "@noble/hashes/sha2";
import { keccak_256 } from "@noble/hashes/sha3";
import { utf8ToBytes } from "@noble/hashes/utils";

import { integer, joined } from "./values.mjs";

export const ROLES = [
  "leaf", "node", "root", "empty", "job", "block", "vote", "envelope", "seed", "assign", "leader", "replica", "crossval", "evidence",
  "checkpoint", "genesis", "state", "proof", "claim", "beacon",
];
const NONE = new Uint8Array();
const KEYS = Object.fromEntries(ROLES.map((role) => [role, blake3(NONE, { context: utf8ToBytes(`taifoon v1 ${role}`) })]));
const PLAIN = { sha256, keccak256: keccak_256 };

export const roleKey = (role) => KEYS[role];
export const plainBlake3 = (octets) => blake3(octets);

export function hash(suite, role, message) {
  if (suite === "blake3") return blake3(message, { key: KEYS[role] });
  return PLAIN[suite](role === "empty" ? NONE : joined([ROLES.indexOf(role)], message));
}

export const bigEndian = (digest) => integer(digest, false);

export const isValid = (key, message, signature) => {
  try {
    return ed25519.verify(signature, message, key, { zip215: true });
  } catch {
    return false;
  }
};
export const sign = (seed, message) => ed25519.sign(message, seed);
export const publicKey = (seed) => ed25519.getPublicKey(seed);

const PIECE = 1 << 16;

export class Stream {
  constructor(label) {
    this.reader = blake3.create({ context: utf8ToBytes("taifoon v1 conformance stream") }).update(utf8ToBytes(label));
    this.piece = NONE;
    this.place = 0;
  }

  octets(count) {
    if (this.place + count > this.piece.length) {
      this.piece = joined(this.piece.subarray(this.place), this.reader.xof(PIECE));
      this.place = 0;
    }
    this.place += count;
    return this.piece.subarray(this.place - count, this.place);
  }

  below(bound) {
    const value = integer(this.octets(8));
    return typeof bound === "bigint" ? value % bound : Number(value % BigInt(bound));
  }
}

export class Accumulator {
  constructor() {
    this.hasher = blake3.create({});
  }

  add(octets) {
    this.hasher.update(octets);
  }

  digest() {
    return this.hasher.digest();
  }
}
