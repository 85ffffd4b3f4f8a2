// Blocks, their validity and a cluster's chain in one epoch: spec/2-core-architecture.md, section 2.3.
import { sha256 } from "@noble/hashes/sha2";
import { utf8ToBytes } from "@noble/hashes/utils";

import { compare, leaderOf, quorum, signs } from "./committee.mjs";
import { beginning, checkLeaf, checkProver } from "./epochs.mjs";
import { hash } from "./hashing.mjs";
import { Log, logOf } from "./log.mjs";
import { BLOCK, HASHED_BLOCK, RESULT } from "./shapes.mjs";
import { bytes, decode, encode, equal, hex, joined, reject } from "./values.mjs";

const SUITE = "blake3";
const TIME_TOLERANCE = 5000n;
const WINDOW = 8n;
const MAXIMUM_JOBS = "1024";
const NOBODY = "00".repeat(32);

export const blockHash = (block, suite = SUITE) => hex(hash(suite, "block", encode(HASHED_BLOCK, block)));
export const commitmentOf = (result, suite = SUITE) => hex(hash(suite, "proof", encode(RESULT, result)));

export function isProof(job, prover, proof) {
  const octets = bytes(proof);
  const ofJob = sha256(joined(utf8ToBytes("proof of "), bytes(job)));
  if (octets.length !== 64 || !equal(octets.subarray(0, 32), ofJob)) return false;
  const ofProver = sha256(joined(bytes(prover), utf8ToBytes(" proves "), bytes(job)));
  return prover === NOBODY || equal(octets.subarray(32), ofProver);
}

const isCompletion = ({ proof_commitment }) => proof_commitment !== null;

function checkHeader({ header }, parent, formation, number, now) {
  if (header.previous_hash !== parent.block_hash) reject("BLOCK_PARENT");
  if (BigInt(header.block_number) !== number) reject("BLOCK_DISCONTINUOUS");
  if (header.epoch !== formation.epoch) reject("BLOCK_EPOCH");
  if (header.cluster_id !== formation.cluster) reject("BLOCK_CLUSTER");
  if (header.parent_view !== parent.view || BigInt(header.view) <= BigInt(parent.view)) reject("BLOCK_VIEW");
  if (BigInt(header.timestamp) <= BigInt(parent.timestamp)) reject("BLOCK_TIME_NOT_LATER");
  if (BigInt(header.timestamp) > BigInt(now) + TIME_TOLERANCE) reject("BLOCK_TIME_AHEAD");
}

function checkCommittee({ header, proof_jobs, cluster_members, quorum_threshold }, { seed, cluster, seats }) {
  if (proof_jobs.some(({ timestamp }) => BigInt(timestamp) > BigInt(header.timestamp))) reject("LEAF_TIME");
  const isMember = ({ public_key }, at) => public_key === cluster_members[at];
  if (cluster_members.length !== seats.length || !seats.every(isMember)) reject("BLOCK_MEMBERS");
  if (BigInt(quorum_threshold) !== quorum(BigInt(seats.length))) reject("BLOCK_QUORUM");
  const { leader } = leaderOf({ seed, cluster, seats, view: header.view });
  if (header.leader_pubkey !== leader.public_key) reject("BLOCK_LEADER");
}

const placeOf = ({ block, seat }) => [BigInt(block), BigInt(seat)];
const byPlace = (left, right) => {
  const [[block, seat], [otherBlock, otherSeat]] = [placeOf(left), placeOf(right)];
  return compare(block, otherBlock) || compare(seat, otherSeat);
};

function checkCarried({ attestations }, parent, chainId, { epoch, cluster, seats }, number) {
  const about = ({ block }) => parent.ancestors.find((ancestor) => ancestor.number === block);
  const isNear = (vote) => about(vote) && BigInt(vote.block) < number && BigInt(vote.block) + WINDOW >= number;
  if (!attestations.every(isNear)) reject("CARRIED_WINDOW");
  if (attestations.some((vote, at) => at > 0 && byPlace(attestations[at - 1], vote) >= 0)) reject("CARRIED_ORDER");
  if (attestations.some((vote) => parent.carried.some((known) => byPlace(known, vote) === 0))) reject("CARRIED_ORDER");
  const committee = { keys: seats.map(({ public_key }) => public_key) };
  const isSigned = (vote) => {
    const { view, block_hash } = about(vote);
    const statement = { chain_id: chainId, epoch, committee: cluster, view, kind: "notarise", block_hash };
    return Number(vote.seat) < seats.length && signs(committee, vote.seat, statement, vote.signature);
  };
  if (!attestations.every(isSigned)) reject("CARRIED_SIGNATURE");
}

export function checkResult(leaf, result) {
  if (leaf.proof_commitment !== commitmentOf(result)) reject("COMMITMENT_MISMATCH");
  if (!isProof(result.job_id, result.prover, result.proof)) reject("PROOF_INVALID");
}

function checkResults({ proof_jobs, proof_results }, formation) {
  const done = proof_jobs.filter(isCompletion);
  const named = done.length === proof_results.length && done.every(({ job_id }, at) => job_id === proof_results[at].job_id);
  if (!named) reject("RESULTS_MISMATCH");
  proof_results.forEach((result, at) => checkResult(done[at], result));
  const { rules, cluster } = formation;
  if (rules === null) return;
  proof_results.forEach(({ prover }, at) =>
    checkProver({ epoch: rules.registry, factor: rules.factor, cluster, leaf: done[at], prover }));
}

function checkJobs({ proof_jobs }, { rules, cluster }) {
  for (const leaf of proof_jobs) {
    if (rules !== null) {
      const { registry: epoch, factor, carried, closed } = rules;
      checkLeaf({ epoch, factor, carried, closed, cluster, leaf });
    } else if (!isCompletion(leaf) && leaf.assigned_cluster !== cluster) reject("JOB_FOREIGN");
  }
}

// What the bytes of a block, the formation and the proof system suffice for.
export function checkObjective(block, formation, view) {
  const { header, proof_jobs } = block;
  if (header.view !== view || BigInt(header.view) <= BigInt(header.parent_view)) reject("BLOCK_VIEW");
  if (header.epoch !== formation.epoch) reject("BLOCK_EPOCH");
  if (header.cluster_id !== formation.cluster) reject("BLOCK_CLUSTER");
  checkCommittee(block, formation);
  if (BigInt(proof_jobs.length) > BigInt(MAXIMUM_JOBS)) reject("BLOCK_TOO_MANY_JOBS");
  const named = proof_jobs.map((leaf) => `${isCompletion(leaf)} ${leaf.job_id}`);
  if (new Set(named).size < named.length) reject("JOB_ALREADY_TAKEN_IN");
  checkJobs(block, formation);
  checkResults(block, formation);
}

export function validate({ chain_id, formation, log, parent, now, maximum_jobs, block }) {
  const number = log.height + 1n;
  checkHeader(block, parent, formation, number, now);
  checkCommittee(block, formation);
  if (BigInt(block.proof_jobs.length) > BigInt(maximum_jobs)) reject("BLOCK_TOO_MANY_JOBS");
  checkJobs(block, formation);
  const { state_root } = log.roots(block.proof_jobs);
  checkCarried(block, parent, chain_id, formation, number);
  checkResults(block, formation);
  if (block.header.mmr_root !== state_root) reject("BLOCK_ROOT");
}

// What the next block stands on.
export function parentAfter(parent, block) {
  const { block_number: number, view, timestamp } = block.header;
  const block_hash = blockHash(block);
  const ancestors = [...parent.ancestors, { number, view, block_hash }].slice(-Number(WINDOW));
  const near = ({ block: about }) => ancestors.some((ancestor) => ancestor.number === about);
  const carried = [...parent.carried, ...block.attestations.map(({ block: about, seat }) => ({ block: about, seat }))];
  return { block_hash, view, timestamp, ancestors, carried: carried.filter(near).sort(byPlace) };
}

export const firstParent = (chainId, cluster, epoch, last = null) => ({
  block_hash: beginning(chainId, cluster, epoch, last === null ? null : last.block_hash), view: "0", timestamp: last?.timestamp ?? "0",
  ancestors: [], carried: [],
});

const chain = {
  reset({ chain_id, formation }) {
    const { cluster, epoch } = formation;
    Object.assign(chain, { chain_id, formation, log: new Log(SUITE), parent: firstParent(chain_id, cluster, epoch) });
    return {};
  },
  step({ now, block }) {
    validate({ ...chain, now, maximum_jobs: MAXIMUM_JOBS, block });
    chain.log = chain.log.after({ block_hash: blockHash(block), leaves: block.proof_jobs });
    chain.parent = parentAfter(chain.parent, block);
    return {};
  },
  snapshot() {
    const { jobs_root, batches_root } = chain.log.state();
    return {
      number: String(chain.log.height), last: chain.parent, leaves: String(chain.log.jobs.count), jobs_root,
      batches: String(chain.log.batches.count), batches_root, open_jobs: chain.log.open(),
    };
  },
};

export const METHODS = {
  "block.beginning": ({ chain_id, cluster, epoch, last }) => ({
    parent_hash: beginning(chain_id, cluster, epoch, last === null ? null : blockHash(last)),
    number: last === null ? "0" : last.header.block_number,
  }),
  "block.commitment": ({ suite, result }) => ({ digest: commitmentOf(result, suite) }),
  "block.decode": ({ octets }) => decode(BLOCK, bytes(octets)),
  "block.hash": ({ suite, block }) => ({ digest: blockHash(block, suite) }),
  "block.link": ({ suite, block }) => ({
    view: block.header.view, block_hash: blockHash(block, suite), parent_view: block.header.parent_view,
    parent_hash: block.header.previous_hash,
  }),
  "block.roots": ({ suite, blocks, leaves }) => logOf(suite, blocks).roots(leaves),
  "block.validate": ({ blocks, ...given }) => {
    validate({ ...given, log: logOf(SUITE, blocks) });
    return {};
  },
};
for (const part of ["reset", "step", "snapshot"]) METHODS[`cluster_chain.${part}`] = chain[part];
