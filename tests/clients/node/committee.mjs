// Assignment, leaders, votes, certificates, finality: spec/2-core-architecture.md, sections 2.1, 2.2 and 2.4.
import { bigEndian, hash, isValid } from "./hashing.mjs";
import { bytes, encode, hex, joined, littleEndian, reject, STATEMENT } from "./values.mjs";

const SUITE = "blake3";
const SEED_LAG = 2n;
const NO_BLOCK = "00".repeat(32);

export const compare = (left, right) => (left < right ? -1 : left > right ? 1 : 0);

export function drawn(role, prefix, seats) {
  const ranked = seats.map((seat, place) => {
    const key = bytes(seat.public_key);
    const number = BigInt(seat.seat);
    return { place, number, key: bigEndian(key), hash: bigEndian(hash(SUITE, role, joined(prefix, key, littleEndian(number, 4)))) };
  });
  ranked.sort((a, b) => compare(a.hash, b.hash) || compare(a.key, b.key) || compare(a.number, b.number));
  return ranked.map(({ place }) => place);
}

export function epochSeed({ epoch, genesis, closed, beacon }) {
  const source = BigInt(epoch) - SEED_LAG;
  if (source >= BigInt(closed.length)) reject("ROOT_UNKNOWN");
  const root = source < 0n ? genesis : closed[Number(source)];
  return { seed: hex(hash(SUITE, "seed", joined(littleEndian(epoch, 8), bytes(root), bytes(beacon)))) };
}

export function clustersOfSeats({ seed, seats, clusters }) {
  const count = Number(clusters);
  if (count < 1) reject("CLUSTER_COUNT_INVALID");
  const found = new Array(seats.length);
  drawn("assign", bytes(seed), seats).forEach((place, rank) => {
    found[place] = String(rank % count);
  });
  return { clusters: found };
}

export function clusterOfJob(seed, job, count) {
  if (count < 1) reject("CLUSTER_COUNT_INVALID");
  let best = null;
  for (let cluster = 0; cluster < count; cluster += 1) {
    const draw = bigEndian(hash(SUITE, "job", joined(seed, job, littleEndian(cluster, 4))));
    if (best === null || draw < best.draw) best = { cluster, draw };
  }
  return best.cluster;
}

export function leaderOf({ seed, cluster, seats, view }) {
  const order = drawn("leader", joined(bytes(seed), littleEndian(cluster, 4)), seats);
  return { leader: seats[order[Number((BigInt(view) - 1n) % BigInt(seats.length))]] };
}

export const quorum = (seats) => (2n * seats) / 3n + 1n;
export const faults = (seats) => (seats - 1n) / 3n;

export const message = (suite, statement) => hash(suite, "vote", encode(STATEMENT, statement));
export const sameStatement = (left, right) => JSON.stringify(left, Object.keys(left).sort()) === JSON.stringify(right, Object.keys(right).sort());
export const signs = (committee, seat, statement, signature) =>
  isValid(bytes(committee.keys[seat]), message(SUITE, statement), bytes(signature));

export function checkCertificate(committee, statement, certificate) {
  const { seats, signatures } = certificate;
  const bound = statement.chain_id === committee.chain_id && statement.epoch === committee.epoch;
  if (!sameStatement(certificate.statement, statement) || !bound || statement.committee !== committee.cluster) {
    reject("CERTIFICATE_STATEMENT");
  }
  if (seats.length !== signatures.length) reject("CERTIFICATE_SHAPE");
  if (seats.some((seat, at) => at > 0 && BigInt(seat) <= BigInt(seats[at - 1]))) reject("CERTIFICATE_SEATS_UNSORTED");
  if (seats.some((seat) => BigInt(seat) >= BigInt(committee.keys.length))) reject("CERTIFICATE_SEAT_UNKNOWN");
  if (BigInt(seats.length) < quorum(BigInt(committee.keys.length))) reject("CERTIFICATE_NO_QUORUM");
  if (!seats.every((seat, at) => signs(committee, seat, statement, signatures[at]))) reject("SIGNATURE_INVALID");
}

export function checkFinality(committee, genesis, { path, certificates }) {
  const chained = path.every((link, at) => {
    const below = path[at + 1] ?? { block_hash: genesis, view: "0" };
    const named = link.parent_hash === below.block_hash && link.parent_view === below.view;
    return named && BigInt(link.parent_view) < BigInt(link.view);
  });
  if (path.length === 0 || !chained) reject("FINALITY_PATH");
  const about = (kind, view, block_hash) => ({
    chain_id: committee.chain_id, epoch: committee.epoch, committee: committee.cluster, view: String(view), kind, block_hash,
  });
  const [final, ...others] = path;
  const demanded = [about("notarise", final.view, final.block_hash), about("finalise", final.view, final.block_hash)];
  for (const link of others) demanded.push(about("notarise", link.view, link.block_hash));
  for (const link of path) {
    for (let view = BigInt(link.parent_view) + 1n; view < BigInt(link.view); view += 1n) demanded.push(about("nullify", view, NO_BLOCK));
  }
  for (const statement of demanded) {
    const certificate = certificates.findLast((item) => sameStatement(item.statement, statement)) ?? reject("FINALITY_INCOMPLETE");
    checkCertificate(committee, statement, certificate);
  }
}

const SLOT = ["chain_id", "epoch", "committee", "view"];

export function contradicts(first, second) {
  if (SLOT.some((name) => first[name] !== second[name])) return false;
  if (first.kind === second.kind) return first.kind !== "nullify" && first.block_hash !== second.block_hash;
  return [first.kind, second.kind].sort().join() === "finalise,nullify";
}

export function convicts({ committee, first, second }) {
  if (first.seat !== second.seat || Number(first.seat) >= committee.keys.length) return false;
  if (!contradicts(first.statement, second.statement)) return false;
  return [first, second].every((item) => signs(committee, item.seat, item.statement, item.signature));
}

export function guilty({ committee, genesis, first, second }) {
  checkFinality(committee, genesis, first);
  checkFinality(committee, genesis, second);
  const on = (link, path) => path.some((item) => JSON.stringify(item) === JSON.stringify(link));
  if (on(first.path[0], second.path) || on(second.path[0], first.path)) reject("FINALITY_AGREES");
  const signed = [...first.certificates, ...second.certificates].flatMap((item) =>
    item.seats.map((seat, at) => ({ seat, statement: item.statement, signature: item.signatures[at] })));
  const found = new Set();
  signed.forEach((left, at) => signed.slice(at + 1).forEach((right) => {
    if (!found.has(left.seat) && convicts({ committee, first: left, second: right })) found.add(left.seat);
  }));
  return [...found].sort((a, b) => Number(a) - Number(b));
}

// The rules of voting of one member.
export class Voting {
  reset({ genesis }) {
    this.genesis = genesis;
    this.view = 1n;
    this.own = { notarised: [], nullified: [], finalised: [] };
    this.seen = { notarised: [], nullified: [] };
    return {};
  }

  voted(kind, view) { return this.own[kind].some((vote) => vote.view === view); }

  isNotarised(view, block) {
    const isGenesis = view === 0n && block === this.genesis;
    return isGenesis || this.seen.notarised.some((item) => item.view === view && item.block_hash === block);
  }

  isNullified(view) { return this.seen.nullified.includes(view); }

  step(event) {
    const [[kind, given]] = Object.entries(event);
    this[kind](given);
    return {};
  }

  notarise({ link }) {
    const [view, parent] = [BigInt(link.view), BigInt(link.parent_view)];
    if (view !== this.view) reject("VOTE_WRONG_VIEW");
    if (this.voted("notarised", view)) reject("VOTE_TWICE");
    if (this.own.nullified.includes(view)) reject("VOTE_CONFLICT");
    if (parent >= view || !this.isNotarised(parent, link.parent_hash)) reject("VOTE_LINEAGE");
    for (let between = parent + 1n; between < view; between += 1n) if (!this.isNullified(between)) reject("VOTE_GAP");
    this.own.notarised.push({ view, block_hash: link.block_hash });
  }

  nullify() {
    if (this.own.nullified.includes(this.view)) reject("VOTE_TWICE");
    if (this.voted("finalised", this.view)) reject("VOTE_CONFLICT");
    this.own.nullified.push(this.view);
  }

  finalise({ link }) {
    const view = BigInt(link.view);
    if (view > this.view) reject("VOTE_WRONG_VIEW");
    if (this.voted("finalised", view)) reject("VOTE_TWICE");
    if (this.own.nullified.includes(view)) reject("VOTE_CONFLICT");
    if (!this.isNotarised(view, link.block_hash)) reject("VOTE_NOT_NOTARISED");
    this.own.finalised.push({ view, block_hash: link.block_hash });
  }

  advance() {
    const over = this.isNullified(this.view) || this.seen.notarised.some(({ view }) => view === this.view);
    if (!over) reject("VIEW_NOT_OVER");
    this.view += 1n;
  }

  see_notarised({ view, block_hash }) {
    const known = this.seen.notarised.some((item) => item.view === BigInt(view) && item.block_hash === block_hash);
    if (!known) this.seen.notarised.push({ view: BigInt(view), block_hash });
  }

  see_nullified({ view }) {
    if (!this.isNullified(BigInt(view))) this.seen.nullified.push(BigInt(view));
  }

  snapshot() {
    const blocks = (items) => [...items]
      .sort((a, b) => compare(a.view, b.view) || compare(a.block_hash, b.block_hash))
      .map(({ view, block_hash }) => ({ view: String(view), block_hash }));
    const views = (items) => [...items].sort(compare).map(String);
    return {
      view: String(this.view), notarised: blocks(this.own.notarised), nullified: views(this.own.nullified),
      finalised: blocks(this.own.finalised), seen_notarised: blocks(this.seen.notarised), seen_nullified: views(this.seen.nullified),
    };
  }
}
