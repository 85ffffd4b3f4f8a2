// Section 6: validations, reputation, views, partitions, prefixes, clients: spec/6-security.md.
import { blockHash, checkResult } from "./blocks.mjs";
import { checkFinality, compare, quorum } from "./committee.mjs";
import { byName, globalRoot } from "./epochs.mjs";
import { hash, isValid } from "./hashing.mjs";
import { bytes, hex, joined, littleEndian, reject } from "./values.mjs";

const SUITE = "blake3";
const HIGH_VALUE = 10000000n;
const VALIDATING = 2;
const REPUTATION_CAP = 1000n;

const u32 = (value) => littleEndian(value, 4);
const u64 = (value) => littleEndian(value, 8);

// Cross-validation.
function drawnClusters({ seed, job_id, clusters, primary }) {
  const draws = [];
  for (let cluster = 0; cluster < Number(clusters); cluster += 1) {
    if (cluster === Number(primary)) continue;
    draws.push({ cluster, draw: hex(hash(SUITE, "crossval", joined(bytes(seed), bytes(job_id), u32(cluster)))) });
  }
  if (draws.length < VALIDATING) reject("CROSS_VALIDATION_MISSING");
  draws.sort((a, b) => compare(a.draw, b.draw) || a.cluster - b.cluster);
  return draws.slice(0, VALIDATING).map(({ cluster }) => String(cluster));
}

const validationMessage = (suite, { chain_id, epoch, cluster, job_id, commitment }) =>
  hash(suite, "crossval", joined(bytes(chain_id), u64(epoch), u32(cluster), bytes(job_id), bytes(commitment)));

const validationOf = ({ chain_id, epoch, cluster }, { job_id, proof_commitment }) =>
  ({ chain_id, epoch, cluster, job_id, commitment: proof_commitment });

function checkValidation({ committee, completion, certificate }) {
  const { validation, seats, signatures } = certificate;
  const demanded = validationOf(committee, completion);
  if (Object.keys(demanded).some((name) => demanded[name] !== validation[name])) reject("CERTIFICATE_STATEMENT");
  if (seats.length !== signatures.length) reject("CERTIFICATE_SHAPE");
  if (seats.some((seat, at) => at > 0 && BigInt(seat) <= BigInt(seats[at - 1]))) reject("CERTIFICATE_SEATS_UNSORTED");
  if (seats.some((seat) => BigInt(seat) >= BigInt(committee.keys.length))) reject("CERTIFICATE_SEAT_UNKNOWN");
  if (BigInt(seats.length) < quorum(BigInt(committee.keys.length))) reject("CERTIFICATE_NO_QUORUM");
  const message = validationMessage(SUITE, validation);
  const signs = (seat, at) => isValid(bytes(committee.keys[seat]), message, bytes(signatures[at]));
  if (!seats.every(signs)) reject("SIGNATURE_INVALID");
}

function checkValidations({ committees, seed, primary, value, completion, certificates }) {
  if (BigInt(value) < HIGH_VALUE) return;
  const { job_id } = completion;
  for (const cluster of drawnClusters({ seed, job_id, clusters: committees.length, primary })) {
    const certificate = certificates.find(({ validation }) => validation.cluster === cluster) ?? reject("CROSS_VALIDATION_MISSING");
    checkValidation({ committee: committees[Number(cluster)], completion, certificate });
  }
}

// Reputation.
function afterBlock({ scores, results }) {
  const points = new Map(scores.map((score) => [score.key, BigInt(score.points)]));
  for (const { prover } of results) {
    const risen = (points.get(prover) ?? 0n) + 1n;
    points.set(prover, risen > REPUTATION_CAP ? REPUTATION_CAP : risen);
  }
  const all = [...points].map(([key, sum]) => ({ key, points: String(sum) }));
  return { scores: all.sort(byName("key")) };
}

function askingOrder({ drawn, scores }) {
  const points = ({ public_key }) => Number(scores.find(({ key }) => key === public_key)?.points ?? 0);
  return { seats: [...drawn].sort((a, b) => points(b) - points(a)) };
}

// Views and prefixes.
const same = (left, right) => left.block_hash === right.block_hash && left.state_root === right.state_root;

function join({ mine, other }) {
  const length = Math.max(mine.prefixes.length, other.prefixes.length);
  const prefixes = Array.from({ length }, (_, cluster) => {
    const [left, right] = [mine.prefixes[cluster] ?? [], other.prefixes[cluster] ?? []];
    const [short, long] = left.length <= right.length ? [left, right] : [right, left];
    if (!short.every((item, at) => same(item, long[at]))) reject("PREFIX_CONFLICT");
    return long;
  });
  return { prefixes };
}

function viewRoot({ epoch, view: { prefixes }, clusters }) {
  const heads = prefixes.map((prefix, cluster) => {
    const last = prefix.at(-1);
    return {
      cluster: String(cluster), block_number: String(prefix.length), block_hash: last?.block_hash ?? null,
      mmr_root: last?.state_root ?? null, ended: cluster >= Number(clusters),
    };
  });
  return { digest: globalRoot(epoch, heads) };
}

function certified({ committee, genesis, before, proof, blocks }) {
  checkFinality(committee, genesis, proof);
  const hashes = [...proof.path].reverse().map(({ block_hash }) => block_hash);
  if (hashes.length !== blocks.length || blocks.some((block, at) => blockHash(block) !== hashes[at])) reject("FINALITY_PATH");
  const added = blocks.map((block, at) => ({ block_hash: hashes[at], state_root: block.header.mmr_root }));
  return { prefix: [...before, ...added] };
}

function reliedOn({ committee, genesis, job_id, block, finality }) {
  checkFinality(committee, genesis, finality);
  if (finality.path[0].block_hash !== blockHash(block)) reject("FINALITY_PATH");
  const completion = block.proof_jobs.find((leaf) => leaf.job_id === job_id && leaf.proof_commitment !== null);
  const result = block.proof_results.find((item) => item.job_id === job_id);
  if (!completion || !result) reject("JOB_UNKNOWN");
  checkResult(completion, result);
  return result;
}

function side({ seats, reachable }) {
  const goesOn = BigInt(reachable) >= quorum(BigInt(seats));
  return { goes_on: goesOn, cut_off: !goesOn };
}

export const METHODS = {
  "validation.clusters": (given) => ({ clusters: drawnClusters(given) }),
  "validation.message": ({ suite, validation }) => ({ digest: hex(validationMessage(suite, validation)) }),
  "validation.make": ({ committee, completion, result }) => {
    checkResult(completion, result);
    return validationOf(committee, completion);
  },
  "validation.check": (given) => {
    checkValidation(given);
    return {};
  },
  "validation.check_all": (given) => {
    checkValidations(given);
    return {};
  },
  "reputation.after_block": afterBlock,
  "reputation.asking_order": askingOrder,
  "view.join": join,
  "view.root": viewRoot,
  "prefix.certify": certified,
  "client.check": reliedOn,
  "partition.side": side,
};
