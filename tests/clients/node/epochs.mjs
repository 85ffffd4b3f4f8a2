// Epochs, seats, owners, replicas, beacon and closings: spec/2-core-architecture.md, sections 2.1, 2.2 and 2.4.
import { compare, drawn, epochSeed, leaderOf } from "./committee.mjs";
import { hash } from "./hashing.mjs";
import { CLOSING, EPOCH_HEADER, HEADS, JOB_IDENTITY, REVEALS } from "./shapes.mjs";
import { bytes, decode, encode, hex, joined, littleEndian, reject } from "./values.mjs";

const SUITE = "blake3";
const SEAT_STAKE = 10000000n;
const SEED_LAG = 2n;
const JOB_LIFE = 8n;
export const EPOCH_CHAIN = 2n ** 32n - 1n;

const u32 = (value) => littleEndian(value, 4);
const u64 = (value) => littleEndian(value, 8);
const optional = (digest) => (digest === null ? [0] : joined([1], bytes(digest)));
export const byName = (name) => (left, right) => compare(left[name], right[name]);

export const bySeat = (left, right) => byName("public_key")(left, right) || Number(left.seat) - Number(right.seat);

export function seatsOf({ registry }) {
  return [...registry].sort(byName("public_key")).flatMap(({ public_key, stake }) =>
    Array.from({ length: Number(BigInt(stake) / SEAT_STAKE) }, (_, seat) => ({ public_key, seat: String(seat) })));
}

export function formed({ seed, clusters }, seats) {
  const count = Number(clusters);
  if (count < 1) reject("CLUSTER_COUNT_INVALID");
  const found = Array.from({ length: count }, () => []);
  drawn("assign", bytes(seed), seats).forEach((place, rank) => found[rank % count].push(seats[place]));
  return found.map((members) => members.sort(bySeat));
}

export function assignmentOf({ genesis, closed, epoch }) {
  const number = BigInt(epoch);
  const left = (lag) => {
    if (number < lag) return genesis;
    return number - lag < BigInt(closed.length) ? closed[Number(number - lag)] : reject("ROOT_UNKNOWN");
  };
  const [frozen, last] = [left(SEED_LAG), left(1n)];
  const { seed } = epochSeed({
    epoch, genesis: genesis.global_root, closed: closed.map(({ global_root }) => global_root), beacon: last.beacon,
  });
  return { seed, clusters: formed({ seed, clusters: last.clusters }, seatsOf(frozen)) };
}

export function rendezvous(seed, job, clusters) {
  const draws = Array.from({ length: Number(clusters) }, (_, cluster) => ({
    cluster, draw: hex(hash(SUITE, "job", joined(bytes(seed), bytes(job), u32(cluster)))),
  }));
  return draws.sort((a, b) => compare(a.draw, b.draw) || a.cluster - b.cluster).map(({ cluster }) => cluster);
}

function capableSeats(epoch, type) {
  const able = new Set(epoch.registry.filter(({ capabilities }) => capabilities.includes(type)).map((entry) => entry.public_key));
  return formed(epoch, seatsOf(epoch)).map((seats) => seats.filter(({ public_key }) => able.has(public_key)));
}

export function owners(epoch, job, type, factor) {
  const capable = capableSeats(epoch, type);
  const order = rendezvous(epoch.seed, job, epoch.clusters).filter((cluster) => capable[cluster].length > 0);
  return { order: order.slice(0, Number(factor)), capable, able: capable.flat().length };
}

export function replicas(epoch, job, type, factor) {
  const { order, capable } = owners(epoch, job, type, factor);
  const left = new Map(order.map((cluster) => {
    const start = joined(bytes(epoch.seed), bytes(job));
    return [cluster, drawn("replica", start, capable[cluster]).map((place) => capable[cluster][place])];
  }));
  const [found, keys] = [[], new Set()];
  while (found.length < Number(factor) && [...left.values()].some((seats) => seats.length > 0)) {
    for (const cluster of order) {
      const seats = left.get(cluster);
      if (seats.length === 0 || found.length === Number(factor)) continue;
      const fresh = seats.findIndex(({ public_key }) => !keys.has(public_key));
      const [seat] = seats.splice(Math.max(fresh, 0), 1);
      keys.add(seat.public_key);
      found.push({ cluster: String(cluster), seat });
    }
  }
  return found;
}

// What a cluster may record, and who may prove for it.
export function checkLeaf({ epoch, factor, carried, closed, cluster, leaf }) {
  if (closed.includes(leaf.job_id)) reject("JOB_CLOSED");
  const isIntake = leaf.proof_commitment === null;
  const waiting = carried.find(({ job_id }) => job_id === leaf.job_id);
  if (isIntake && waiting && Object.keys(leaf).some((name) => leaf[name] !== waiting[name])) reject("JOB_ALREADY_TAKEN_IN");
  const { order, able } = owners(epoch, leaf.job_id, leaf.job_type, factor);
  if (able < Math.min(2, seatsOf(epoch).length)) reject("JOB_UNPROVABLE");
  if (isIntake && !waiting && Number(leaf.assigned_cluster) !== order[0]) reject("JOB_FOREIGN");
  if (!order.includes(Number(cluster))) reject("JOB_FOREIGN");
}

export function checkProver({ epoch, factor, cluster, leaf, prover }) {
  const found = replicas(epoch, leaf.job_id, leaf.job_type, factor);
  if (!found.some((item) => item.cluster === cluster && item.seat.public_key === prover)) reject("PROVER_NOT_DRAWN");
}

// The beacon.
const commitment = ({ epoch, holder, secret }) => hex(hash(SUITE, "beacon", joined(u64(epoch), bytes(holder), bytes(secret))));

export function mixture(epoch, reveals) {
  const ordered = [...reveals].sort(byName("holder"));
  return hex(hash(SUITE, "beacon", joined(u64(epoch), encode(REVEALS, ordered))));
}

const ascend = (items) => items.every(({ holder }, at) => at === 0 || items[at - 1].holder < holder);
const opens = (epoch, { holder, secret }, commitments) =>
  commitments.some((item) => item.holder === holder && item.digest === commitment({ epoch, holder, secret }));

export function checkReveals({ epoch, commitments, reveals }) {
  if (!ascend(reveals)) reject("BEACON_REVEAL");
  if (!reveals.every((reveal) => opens(epoch, reveal, commitments))) reject("BEACON_REVEAL");
}

export function checkCommitments({ commitments, serving }) {
  if (!ascend(commitments) || !commitments.every(({ holder }) => serving.includes(holder))) reject("BEACON_COMMITMENT");
}

// Whether a reveal opens what was committed to is asked elsewhere.
const withheld = ({ commitments, reveals }) =>
  commitments.map(({ holder }) => holder).filter((holder) => !reveals.some((reveal) => reveal.holder === holder)).sort();

// Closings.
export const globalRoot = (epoch, heads) => hex(hash(SUITE, "state", joined(u64(epoch), encode(HEADS, heads))));

export const beginning = (chainId, cluster, epoch, before) =>
  hex(hash(SUITE, "genesis", joined(bytes(chainId), u32(cluster), u64(epoch), optional(before))));

const byBlock = (left, right) => compare(BigInt(left.block_number), BigInt(right.block_number));

export function settle({ jobs, completions, settled }) {
  const over = new Set(settled.map(({ job_id }) => job_id));
  const found = jobs.filter(({ job_id }) => !over.has(job_id)).flatMap(({ job_id, owners: order }) => {
    const mine = completions.filter((item) => item.job_id === job_id).sort(byBlock);
    const first = order.find((owner) => mine.some(({ cluster }) => cluster === owner));
    return first === undefined ? [] : [mine.find(({ cluster }) => cluster === first)];
  });
  return found.sort(byName("job_id"));
}

export const closingHash = (closing) => hex(hash(SUITE, "checkpoint", encode(CLOSING, closing)));
export const epochBlockHash = (header) => hex(hash(SUITE, "block", encode(EPOCH_HEADER, header)));

export const isExpired = (takenIn, now, life = JOB_LIFE) => BigInt(now) > BigInt(takenIn) + life;

function covers({ closing, seen, revealed, heard }) {
  const same = (left, right) => Object.keys(left).every((name) => left[name] === right[name]);
  const reached = ({ cluster, block_number }) =>
    closing.heads.some((head) => head.cluster === cluster && BigInt(head.block_number) >= BigInt(block_number));
  return {
    covers: seen.every(reached) && revealed.every((reveal) => closing.reveals.some((item) => same(item, reveal))),
    vouched: closing.commitments.every((item) => heard.some((known) => same(known, item))),
  };
}

export const METHODS = {
  "assignment.cluster_size": ({ seats, clusters, cluster }) => {
    const [count, number] = [BigInt(clusters), BigInt(cluster)];
    if (count < 1n) reject("CLUSTER_COUNT_INVALID");
    return { seats: String((BigInt(seats) + count - 1n - number) / count) };
  },
  "assignment.order": ({ ranks }) => {
    const places = ranks.map((_, place) => place);
    places.sort((a, b) => byName("hash")(ranks[a], ranks[b]) || bySeat(ranks[a], ranks[b]));
    return { places: ranks.map((_, place) => String(places.indexOf(place))) };
  },
  "job.identity": (given) => ({ digest: hex(hash(SUITE, "job", encode(JOB_IDENTITY, given))) }),
  "job.life": ({ taken_in, now }) => ({ expired: isExpired(taken_in, now) }),
  "jobs.check_leaf": (given) => { checkLeaf(given); return {}; },
  "jobs.check_prover": (given) => { checkProver(given); return {}; },
  "owners.order": ({ seed, job_id, clusters }) => ({ clusters: rendezvous(seed, job_id, clusters).map(String) }),
  "owners.of": ({ epoch, job_id, job_type, factor }) => ({ clusters: owners(epoch, job_id, job_type, factor).order.map(String) }),
  "replicas.of": ({ epoch, job_id, job_type, factor }) => ({ replicas: replicas(epoch, job_id, job_type, factor) }),
  "beacon.commitment": (given) => ({ digest: commitment(given) }),
  "beacon.mix": ({ epoch, reveals }) => ({ digest: mixture(epoch, reveals) }),
  "beacon.check_reveals": (given) => { checkReveals(given); return {}; },
  "beacon.check_commitments": (given) => { checkCommitments(given); return {}; },
  "beacon.withheld": (given) => ({ holders: withheld(given) }),
  "closing.decode": ({ octets }) => decode(CLOSING, bytes(octets)),
  "closing.hash": (closing) => ({ digest: closingHash(closing) }),
  "closing.covers": covers,
  "epoch.assignment": assignmentOf,
  "epoch.beginning": ({ chain_id, epoch, before }) => ({ digest: beginning(chain_id, EPOCH_CHAIN, epoch, before) }),
  "epoch.block_hash": (header) => ({ digest: epochBlockHash(header) }),
  "epoch.global_root": ({ epoch, heads }) => ({ digest: globalRoot(epoch, heads) }),
  "epoch.leader": ({ epoch, view }) => {
    const { leader } = leaderOf({ seed: epoch.seed, cluster: EPOCH_CHAIN, seats: seatsOf(epoch), view });
    return { seat: leader };
  },
  "epoch.seats": (epoch) => {
    const seats = seatsOf(epoch);
    return { seats, clusters: formed(epoch, seats) };
  },
  "epoch.settle": (given) => ({ settled: settle(given) }),
};
