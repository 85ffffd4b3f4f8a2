// The client: one line in, one line out, as spec/conformance.md says.
import { createInterface } from "node:readline";

import * as blocks from "./blocks.mjs";
import * as books from "./books.mjs";
import * as closing from "./closing.mjs";
import * as committee from "./committee.mjs";
import * as control from "./control.mjs";
import * as economy from "./economy.mjs";
import * as epochs from "./epochs.mjs";
import * as follow from "./follow.mjs";
import { Accumulator, bigEndian, hash, isValid, publicKey, roleKey, ROLES, sign, Stream } from "./hashing.mjs";
import * as ledger from "./ledger.mjs";
import * as log from "./log.mjs";
import * as machines from "./machines.mjs";
import { leafCount, Range } from "./mmr.mjs";
import * as network from "./network.mjs";
import * as requests from "./requests.mjs";
import * as security from "./security.mjs";
import {
  bytes, CERTIFICATE, decode, encode, EXAMPLE, hex, joined, LEAF, littleEndian, reject, Rejected, SPECIMEN, STATEMENT, SUITES,
} from "./values.mjs";

const CODES = { ENCODING_TRUNCATED: 1, ENCODING_TRAILING_BYTES: 2, ENCODING_UNKNOWN_TAG: 3, ENCODING_OVER_LONG: 4 };
const decoder = (shape) => ({ octets }) => decode(shape, bytes(octets));
const range = ({ suite }) => new Range(suite);
const leavesOf = (ranged, { contents }) => contents.map((content) => ranged.leaf(bytes(content)));
const shown = ({ count, peaks, bag, root }) => ({ count: String(count), peaks: peaks.map(hex), bag: hex(bag), root: hex(root) });
const flags = (fires) => ({ fires });

function rootOf(given) {
  const ranged = range(given);
  let [count, peaks] = [0n, []];
  for (const content of given.contents) {
    peaks = ranged.append(count, peaks, bytes(content));
    count += 1n;
  }
  return shown(ranged.committed(count, peaks));
}

function accumulated(name, one) {
  return ({ seed, cases }) => {
    const stream = new Stream(`${name}/${seed}`);
    const outcomes = new Accumulator();
    const draw = one();
    for (let turn = 0; turn < Number(cases); turn += 1) outcomes.add(draw(stream));
    return { digest: hex(outcomes.digest()) };
  };
}

function drawnLeaf(stream) {
  const start = joined(stream.octets(32), [stream.below(5)]);
  const middle = joined(start, stream.octets(29));
  const tag = [0, 1, 0, 1, 0, 1, 1, 2][stream.below(8)];
  let octets = joined(middle, [tag], tag ? stream.octets(32) : []);
  const damage = stream.below(8);
  if (damage === 0) octets = octets.subarray(0, -1);
  if (damage === 1) octets = joined(octets, [0]);
  try {
    return joined([0], encode(LEAF, decode(LEAF, octets)));
  } catch (error) {
    if (error instanceof Rejected) return Uint8Array.of(CODES[error.code]);
    throw error;
  }
}

const METHODS = {
  ...log.METHODS,
  ...epochs.METHODS,
  ...blocks.METHODS,
  ...control.METHODS,
  ...network.METHODS,
  ...requests.METHODS,
  ...machines.METHODS,
  ...follow.METHODS,
  ...ledger.METHODS,
  ...books.METHODS,
  ...closing.METHODS,
  ...security.METHODS,
  "specimen.decode": decoder(SPECIMEN),
  "example.decode": decoder(EXAMPLE),
  "specimen.encode": (given) => ({
    octets: hex(encode(SPECIMEN, {
      flag: false, half: "0", word: "0", maybe: null, triple: ["0", "0", "0"], suite: "blake3", choice: { short: { number: "0" } }, ...given,
    })),
  }),
  "leaf.decode": decoder(LEAF),
  "leaf.encode": (leaf) => ({ octets: hex(encode(LEAF, leaf)) }),
  "leaf.complete": ({ leaf, commitment }) =>
    leaf.proof_commitment === null ? { leaf: { ...leaf, proof_commitment: commitment } } : reject("LEAF_KIND"),
  "statement.decode": decoder(STATEMENT),
  "certificate.decode": decoder(CERTIFICATE),
  "hash.role": ({ suite, role, message }) => ({ digest: hex(hash(suite, role, bytes(message))) }),
  "hash.key": ({ role }) => ({ digest: hex(roleKey(role)) }),
  "hash.remainder": ({ digest, divisor }) => ({ remainder: String(bigEndian(bytes(digest)) % BigInt(divisor)) }),
  "signature.verify": ({ public_key, message, signature }) =>
    isValid(bytes(public_key), bytes(message), bytes(signature)) ? {} : reject("SIGNATURE_INVALID"),
  "signature.sign": ({ seed, message }) =>
    ({ public_key: hex(publicKey(bytes(seed))), signature: hex(sign(bytes(seed), bytes(message))) }),
  "mmr.root": rootOf,
  "mmr.commit": (given) => {
    const [ranged, count, peaks] = [range(given), BigInt(given.count), given.peaks.map(bytes)];
    ranged.checkFrontier(count, peaks);
    return shown(ranged.committed(count, peaks));
  },
  "mmr.append": (given) => {
    const [ranged, count, peaks] = [range(given), BigInt(given.count), given.peaks.map(bytes)];
    ranged.checkFrontier(count, peaks);
    const appended = ranged.append(count, peaks, bytes(given.content));
    return shown(ranged.committed(count + 1n, appended));
  },
  "mmr.leaf_count": ({ size }) => ({ count: String(leafCount(BigInt(size))) }),
  "mmr.prove_leaves": (given) => {
    const leaves = leavesOf(range(given), given);
    return { items: range(given).items(leaves, 0n, BigInt(leaves.length), given.indices.map(BigInt)).map(hex) };
  },
  "mmr.verify_leaves": (given) => {
    const claims = given.claims.map(({ index, content }) => ({ index: BigInt(index), content: bytes(content) }));
    const items = given.items.map(bytes);
    range(given).verifyLeaves(bytes(given.root), BigInt(given.count), claims, given.indices.map(BigInt), items);
    return {};
  },
  "mmr.verify_run": (given) => {
    const [start, stop, contents] = [BigInt(given.start), BigInt(given.stop), given.contents.map(bytes)];
    const [root, count, indices, items] = [bytes(given.root), BigInt(given.count), given.indices.map(BigInt), given.items.map(bytes)];
    range(given).verifyRun(root, count, start, stop, contents, indices, items);
    return {};
  },
  "mmr.prove_consistency": (given) => {
    const leaves = leavesOf(range(given), given);
    return { items: range(given).subtreeItems(leaves, 0n, BigInt(leaves.length), 0n, BigInt(given.older), false).map(hex) };
  },
  "mmr.verify_consistency": ({ suite, older, older_root, count, root, items }) => {
    new Range(suite).verifyConsistency(BigInt(older), bytes(older_root), BigInt(count), bytes(root), items.map(bytes));
    return {};
  },
  "mmr.prove_subtree": (given) => {
    const leaves = leavesOf(range(given), given);
    const [start, stop] = [BigInt(given.start), BigInt(given.stop)];
    return { items: range(given).subtreeItems(leaves, 0n, BigInt(leaves.length), start, stop, true).map(hex) };
  },
  "mmr.verify_subtree": (given) => {
    const proved = [BigInt(given.proof_start), BigInt(given.proof_stop)];
    const [start, stop, items] = [BigInt(given.start), BigInt(given.stop), given.items.map(bytes)];
    range(given).verifySubtree(bytes(given.root), BigInt(given.count), start, stop, bytes(given.value), proved, items);
    return {};
  },
  "mmr.adopt_head": ({ suite, known, offered, items }) => {
    if (items === null) reject("MMR_UNPROVED_EXTENSION");
    const [older, count] = [BigInt(known.count), BigInt(offered.count)];
    new Range(suite).verifyConsistency(older, bytes(known.root), count, bytes(offered.root), items.map(bytes));
    return offered;
  },
  "assignment.seed": committee.epochSeed,
  "assignment.seats": committee.clustersOfSeats,
  "assignment.job": ({ seed, job_id, clusters }) =>
    ({ cluster: String(committee.clusterOfJob(bytes(seed), bytes(job_id), Number(clusters))) }),
  "leader.of": committee.leaderOf,
  "quorum.of": ({ seats }) =>
    ({ quorum: String(committee.quorum(BigInt(seats))), faults: String(committee.faults(BigInt(seats))) }),
  "vote.message": ({ suite, statement }) => ({ digest: hex(committee.message(suite, statement)) }),
  "vote.sign": ({ seed, statement }) => ({ signature: hex(sign(bytes(seed), committee.message("blake3", statement))) }),
  "certificate.check": (given) => {
    committee.checkCertificate(given.committee, given.statement, given.certificate);
    return {};
  },
  "finality.check": ({ committee: seats, genesis, proof }) => {
    committee.checkFinality(seats, genesis, proof);
    return {};
  },
  "evidence.judge": (given) => ({ convicts: committee.convicts(given) }),
  "guilt.find": (given) => ({ seats: committee.guilty(given) }),
  "duplication.factor": ({ seats, failed, due, value, baseline, capable }) =>
    ({ factor: String(economy.factor(...[seats, failed, due, value, baseline, capable].map(BigInt))) }),
  "duplication.value": ({ declared }) => ({ value: String(economy.countedValue(BigInt(declared))) }),
  "trigger.coverage": ({ done, due }) => flags(economy.coverageIsLow(BigInt(done), BigInt(due))),
  "trigger.utilisation": ({ load, capacity }) => flags(economy.isBusy(BigInt(load), BigInt(capacity))),
  "trigger.efficiency": ({ cost, revenue }) => flags(economy.efficiencyIsLow(BigInt(cost), BigInt(revenue))),
  "reward.bonus": ({ base, reached, average }) =>
    ({ amount: String(economy.bonus(BigInt(base), BigInt(reached), BigInt(average))) }),
  "reward.payouts": (given) => ({ payouts: economy.payouts(given) }),
  "slashing.double_vote_points": ({ guilty, seats }) =>
    ({ points: String(economy.doubleVotePoints(BigInt(guilty), BigInt(seats))) }),
  "slashing.due": (given) => ({ amount: String(economy.due(given)) }),
  "accumulated.hash": accumulated("accumulated.hash", () => (stream) => {
    const [role, suite] = [ROLES[stream.below(ROLES.length)], SUITES[stream.below(SUITES.length)]];
    const drawn = stream.octets(stream.below(130));
    return hash(suite, role, role === "empty" ? new Uint8Array() : drawn);
  }),
  "accumulated.leaf": accumulated("accumulated.leaf", () => drawnLeaf),
  "accumulated.mmr": accumulated("accumulated.mmr", () => {
    const ranged = new Range("blake3");
    let [count, peaks] = [0n, []];
    return (stream) => {
      peaks = ranged.append(count, peaks, stream.octets(stream.below(64)));
      count += 1n;
      return ranged.root(count, ranged.bag(peaks));
    };
  }),
  "accumulated.assignment": accumulated("accumulated.assignment", () => (stream) => {
    const [seed, job] = [stream.octets(32), stream.octets(32)];
    return littleEndian(committee.clusterOfJob(seed, job, 1 + stream.below(8)), 4);
  }),
  "accumulated.quorum": accumulated("accumulated.quorum", () => (stream) => {
    const seats = BigInt(1 + stream.below(65536));
    return joined(littleEndian(committee.quorum(seats), 4), littleEndian(committee.faults(seats), 4));
  }),
  "accumulated.duplication": accumulated("accumulated.duplication", () => (stream) => {
    const [seats, due] = [BigInt(1 + stream.below(4096)), BigInt(1 + stream.below(64))];
    const [failed, value] = [stream.below(due + 1n), BigInt(stream.below(4000000))];
    return littleEndian(economy.factor(seats, failed, due, value, 1000000n, seats), 4);
  }),
  "accumulated.budget": accumulated("accumulated.budget", () => (stream) => {
    const [base, reached, average] = [stream.below(1n << 40n), BigInt(stream.below(1000)), BigInt(stream.below(1000))];
    return littleEndian(base + economy.bonus(base, reached, average), 8);
  }),
};

const voting = new committee.Voting();
for (const part of ["reset", "step", "snapshot"]) METHODS[`voting.${part}`] = (given) => voting[part](given);

const introduce = ({ protocol, profile }) => ({
  protocol, client: `node client on ${process.version}`, profile, suites: SUITES, methods: Object.keys(METHODS),
});

function answer(method, given) {
  if (method === "hello") return { value: introduce(given) };
  if (method === "bye") return { value: {} };
  if (!(method in METHODS)) return { unsupported: "not written" };
  try {
    return { value: METHODS[method](given) };
  } catch (error) {
    if (error instanceof Rejected) return { rejection: error.code };
    throw error;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, given } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify({ id, ...answer(method, given) })}\n`);
}
