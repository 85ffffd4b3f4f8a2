// Values of the session, and the strict encoding: spec/conformance.md (values), spec/0-conventions.md (encoding).
import { serialize } from "borsh";

export class Rejected extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

export const reject = (code) => {
  throw new Rejected(code);
};

export const bytes = (text) => Uint8Array.from(Buffer.from(text, "hex"));
export const hex = (octets) => Buffer.from(octets).toString("hex");
export const equal = (left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)) === 0;
export const joined = (...parts) => Uint8Array.from(Buffer.concat(parts.map((part) => Buffer.from(part))));

export function littleEndian(value, width) {
  const octets = new Uint8Array(width);
  for (let place = 0, rest = BigInt(value); place < width; place += 1, rest >>= 8n) octets[place] = Number(rest & 255n);
  return octets;
}

export function integer(octets, lowestFirst = true) {
  let value = 0n;
  const ordered = lowestFirst ? [...octets].reverse() : octets;
  for (const octet of ordered) value = (value << 8n) | BigInt(octet);
  return value;
}

// Shapes of encoded values. borsh writes them; reading is strict, so it is done here.
export const PROOF_TYPES = ["header_inclusion", "account_state", "storage_state", "groth16"];
export const VOTE_KINDS = ["notarise", "nullify", "finalise"];
export const SUITES = ["blake3", "sha256", "keccak256"];

export const u = (bits) => ({ kind: "integer", bits });
export const array = (count) => ({ kind: "octets", count });
export const option = (item) => ({ kind: "option", item });
export const word = (names) => ({ kind: "word", names });
export const vec = (item, maximum) => ({ kind: "vec", item, maximum });
export const struct = (fields) => ({ kind: "struct", fields: Object.entries(fields) });
export const octetVec = (maximum) => ({ kind: "octet_vec", maximum });

export const LEAF = struct({
  job_id: array(32), job_type: word(PROOF_TYPES), source_chain: u(64), target_chain: u(64), timestamp: u(64), priority: u(8),
  assigned_cluster: u(32), proof_commitment: option(array(32)),
});
export const STATEMENT = struct({
  chain_id: array(32), epoch: u(64), committee: u(32), view: u(64), kind: word(VOTE_KINDS), block_hash: array(32),
});
export const CERTIFICATE = struct({ statement: STATEMENT, seats: vec(u(32), 65536), signatures: vec(array(64), 65536) });
export const EXAMPLE = struct({ a: option(u(16)), b: octetVec(4) });
export const SPECIMEN = struct({
  flag: { kind: "flag" }, tiny: u(8), half: u(16), word: u(32), long: u(64), vast: u(128), pair: array(2), maybe: option(u(16)),
  octets: octetVec(4), numbers: vec(u(16), 3), triple: { kind: "array", item: u(8), count: 3 }, suite: word(SUITES),
  choice: { kind: "variants", variants: [["short", struct({ number: u(8) })], ["wide", struct({ number: u(16) })]] },
});

export function least(shape) {
  switch (shape.kind) {
    case "integer": return shape.bits / 8;
    case "octets": return shape.count;
    case "octet_vec": case "vec": return 4;
    case "array": return shape.count * least(shape.item);
    case "struct": return shape.fields.reduce((sum, [, item]) => sum + least(item), 0);
    case "variants": return 1 + Math.min(...shape.variants.map(([, item]) => least(item)));
    default: return 1;
  }
}

class Reader {
  constructor(octets) {
    this.octets = octets;
    this.place = 0;
  }

  take(count) {
    if (count > this.octets.length - this.place) reject("ENCODING_TRUNCATED");
    this.place += count;
    return this.octets.subarray(this.place - count, this.place);
  }

  tag(variants) {
    const [tag] = this.take(1);
    return tag < variants ? tag : reject("ENCODING_UNKNOWN_TAG");
  }

  length(maximum, each) {
    const length = Number(integer(this.take(4)));
    if (length > maximum) reject("ENCODING_OVER_LONG");
    if (length * each > this.octets.length - this.place) reject("ENCODING_TRUNCATED");
    return length;
  }

  read(shape) {
    switch (shape.kind) {
      case "integer": return integer(this.take(shape.bits / 8)).toString();
      case "flag": return this.tag(2) === 1;
      case "octets": return hex(this.take(shape.count));
      case "octet_vec": return hex(this.take(this.length(shape.maximum, 1)));
      case "array": return Array.from({ length: shape.count }, () => this.read(shape.item));
      case "vec": return Array.from({ length: this.length(shape.maximum, least(shape.item)) }, () => this.read(shape.item));
      case "option": return this.tag(2) ? this.read(shape.item) : null;
      case "word": return shape.names[this.tag(shape.names.length)];
      case "struct": return Object.fromEntries(shape.fields.map(([name, item]) => [name, this.read(item)]));
      case "variants": {
        const [name, item] = shape.variants[this.tag(shape.variants.length)];
        return { [name]: this.read(item) };
      }
    }
  }
}

export function decode(shape, octets) {
  const reader = new Reader(octets);
  const value = reader.read(shape);
  return reader.place < octets.length ? reject("ENCODING_TRAILING_BYTES") : value;
}

// The schema that borsh knows for a shape, and the value that it takes.
function schema(shape) {
  switch (shape.kind) {
    case "integer": return `u${shape.bits}`;
    case "flag": return "bool";
    case "octets": return { array: { type: "u8", len: shape.count } };
    case "octet_vec": return { array: { type: "u8" } };
    case "array": return { array: { type: schema(shape.item), len: shape.count } };
    case "vec": return { array: { type: schema(shape.item) } };
    case "option": return { option: schema(shape.item) };
    case "word": return { enum: shape.names.map((name) => ({ struct: { [name]: { struct: {} } } })) };
    case "struct": return { struct: Object.fromEntries(shape.fields.map(([name, item]) => [name, schema(item)])) };
    case "variants": return { enum: shape.variants.map(([name, item]) => ({ struct: { [name]: schema(item) } })) };
  }
}

function plain(shape, value) {
  switch (shape.kind) {
    case "integer": {
      if (BigInt(value) >> BigInt(shape.bits)) reject("ENCODING_OUT_OF_RANGE");
      return shape.bits > 32 ? BigInt(value) : Number(value);
    }
    case "flag": return value;
    case "octets": return value.length === 2 * shape.count ? [...bytes(value)] : reject("ENCODING_OUT_OF_RANGE");
    case "octet_vec": return value.length <= 2 * shape.maximum ? [...bytes(value)] : reject("ENCODING_OVER_LONG");
    case "vec": if (value.length > shape.maximum) reject("ENCODING_OVER_LONG"); // falls through
    case "array": return value.map((item) => plain(shape.item, item));
    case "option": return value === null ? null : plain(shape.item, value);
    case "word": return { [value]: {} };
    case "struct": return Object.fromEntries(shape.fields.map(([name, item]) => [name, plain(item, value[name])]));
    case "variants": {
      const [[name, inner]] = Object.entries(value);
      return { [name]: plain(shape.variants.find(([known]) => known === name)[1], inner) };
    }
  }
}

export const encode = (shape, value) => serialize(schema(shape), plain(shape, value));
