// Shapes of blocks, closings, envelopes and messages: spec/conformance.md (records, messages), sections 2.3, 2.4 and 4.1.
import {
  array, CERTIFICATE, decode, encode, joined, LEAF, octetVec, option, PROOF_TYPES, reject, STATEMENT, struct, u, vec, word,
} from "./values.mjs";

const DIGEST = array(32);
const SIGNATURE = array(64);
const MANY = 65536;
const GREATEST_PAYLOAD = 2 ** 24;
const PROOF = octetVec(2 ** 20);
const variants = (named) => ({ kind: "variants", variants: Object.entries(named) });
const flag = { kind: "flag" };

export const HEADER = struct({
  block_number: u(64), previous_hash: DIGEST, mmr_root: DIGEST, cluster_id: u(32), timestamp: u(64), leader_pubkey: DIGEST,
  epoch: u(64), view: u(64), parent_view: u(64),
});
export const RESULT = struct({ job_id: DIGEST, prover: DIGEST, proof: PROOF });
const CARRIED_VOTE = struct({ block: u(64), seat: u(32), signature: SIGNATURE });
const bodyOf = (signatures) => struct({
  header: HEADER, proof_jobs: vec(LEAF, MANY), proof_results: vec(RESULT, MANY), ...signatures,
  cluster_members: vec(DIGEST, MANY), quorum_threshold: u(32), attestations: vec(CARRIED_VOTE, MANY),
});
export const BLOCK = bodyOf({ validator_signatures: vec(SIGNATURE, MANY) });
export const HASHED_BLOCK = bodyOf({});
const FINAL_BLOCK = struct({ block: BLOCK, notarisation: CERTIFICATE, finalisation: CERTIFICATE });

export const JOB_IDENTITY = struct({
  job_type: word(PROOF_TYPES), source_chain: u(64), target_chain: u(64), payload_hash: DIGEST, client: DIGEST, nonce: u(64),
});
export const BATCH = struct({ block_hash: DIGEST, first_completion: u(64), last_completion: u(64) });

const HEAD = struct({
  cluster: u(32), block_number: u(64), block_hash: option(DIGEST), mmr_root: option(DIGEST), ended: flag,
});
export const HEADS = vec(HEAD, MANY);
const COMPLETION = struct({ job_id: DIGEST, cluster: u(32), block_number: u(64), commitment: DIGEST });
const REGISTRATION = struct({ public_key: DIGEST, stake: u(64), capabilities: vec(word(PROOF_TYPES), 64) });
const REVEAL = struct({ holder: DIGEST, secret: DIGEST });
export const REVEALS = vec(REVEAL, MANY);
export const CLOSING = struct({
  epoch: u(64), heads: HEADS, global_root: DIGEST, settled: vec(COMPLETION, 2 ** 24), registry: vec(REGISTRATION, MANY),
  clusters: u(32), commitments: vec(struct({ holder: DIGEST, digest: DIGEST }), MANY), reveals: REVEALS, beacon: DIGEST,
  acts: vec(octetVec(GREATEST_PAYLOAD), 4096),
});
export const EPOCH_HEADER = struct({
  epoch: u(64), view: u(64), parent_view: u(64), previous_hash: DIGEST, closing_hash: option(DIGEST),
});
const EPOCH_BLOCK = struct({ header: EPOCH_HEADER, closing: option(CLOSING) });

const RANGE = struct({ cluster: u(32), kind: word(["jobs", "batches"]) });
const RANGE_HEAD = struct({ range: RANGE, block: u(64), leaf_count: u(64), root: DIGEST });
const PEAKS = vec(struct({ height: u(8), value: DIGEST }), 62);
const ITEMS = vec(DIGEST, 64);
const CAPABILITIES = vec(word(PROOF_TYPES), 64);
const VOTE = struct({ statement: STATEMENT, seat: u(32), signature: SIGNATURE });
export const SUBMISSION = struct({ chain_id: DIGEST, epoch: u(64), prover: DIGEST, job: LEAF, proof: PROOF });
export const ROOT_CLAIM = struct({ chain_id: DIGEST, epoch: u(64), cluster: u(32), height: u(64), count: u(64), root: DIGEST });
const SHOWN = variants({
  votes_shown: struct({ first: VOTE, second: VOTE }),
  block_shown: struct({ vote: VOTE, block: BLOCK }),
  submission_shown: struct({ submission: SUBMISSION, signature: SIGNATURE }),
  roots_shown: struct({
    key: DIGEST, first: ROOT_CLAIM, first_signature: SIGNATURE, second: ROOT_CLAIM, second_signature: SIGNATURE,
  }),
});
const STRETCH_PUSH = struct({ cluster: u(32), blocks: vec(BLOCK, 4096), certificates: vec(CERTIFICATE, 16384) });

// By tag.
export const MESSAGES = Object.entries({
  node_announce: struct({ pubkey: DIGEST, capabilities: CAPABILITIES, address: octetVec(128) }),
  cluster_join: struct({ cluster_id: u(32), mmr_peaks: PEAKS, leaf_count: u(64), seat: u(32) }),
  mmr_peaks_request: struct({ from_index: u(64), range: RANGE }),
  mmr_peaks_response: struct({ peaks: PEAKS, request: DIGEST, head: RANGE_HEAD, extension: ITEMS }),
  mmr_proof_request: struct({ leaf_index: u(64), range: RANGE, leaf_count: u(64) }),
  mmr_proof_response: struct({ proof: struct({ leaf_index: u(64), items: ITEMS }), request: DIGEST, leaf: octetVec(95) }),
  block_proposal: struct({ block: BLOCK, vote: VOTE, certificates: vec(CERTIFICATE, 1024) }),
  block_vote: struct({ vote: VOTE }),
  block_finalized: struct({ block_hash: DIGEST, notarisation: CERTIFICATE, finalisation: CERTIFICATE }),
  job_assignment: struct({ job_id: DIGEST, assignee: DIGEST, seat: u(32), deadline: u(64) }),
  proof_submission: struct({ job_id: DIGEST, proof: PROOF, prover: DIGEST }),
  job_submission: struct({ job: LEAF, value: u(64) }),
  evidence_report: struct({ shown: SHOWN }),
  peaks_push: struct({ final: FINAL_BLOCK, jobs: PEAKS, job_count: u(64), batches: PEAKS, batch_count: u(64) }),
  consistency_request: struct({ range: RANGE, old_count: u(64), leaf_count: u(64) }),
  consistency_response: struct({ request: DIGEST, items: ITEMS }),
  block_range_request: struct({ cluster: u(32), first: u(64) }),
  block_range_response: struct({ request: DIGEST, blocks: vec(BLOCK, 16), head: option(FINAL_BLOCK) }),
  registration: struct({ pubkey: DIGEST, stake: u(64), capabilities: CAPABILITIES }),
  leave: struct({ pubkey: DIGEST }),
  beacon_commitment: struct({ epoch: u(64), seat: u(32), commitment: DIGEST }),
  beacon_reveal: struct({ epoch: u(64), seat: u(32), secret: octetVec(64) }),
  cross_validation: struct({ job_id: DIGEST, commitment: DIGEST, certificate: CERTIFICATE }),
  metrics_checkpoint: struct({ epoch: u(64), cluster: u(32), last_block: u(64), records: DIGEST }),
  view_certificate: struct({ certificate: CERTIFICATE }),
  catch_up_request: struct({ committee: u(32), view: u(64) }),
  pull_request: struct({ known: vec(DIGEST, MANY) }),
  epoch_proposal: struct({ block: EPOCH_BLOCK, vote: VOTE, certificates: vec(CERTIFICATE, 1024) }),
  stretch_push: STRETCH_PUSH,
  epoch_record_request: struct({ epoch: u(64) }),
  epoch_record_response: struct({
    request: DIGEST, blocks: vec(EPOCH_BLOCK, 4096), certificates: vec(CERTIFICATE, 16384), stretches: vec(STRETCH_PUSH, MANY),
  }),
});
export const KINDS = MESSAGES.map(([kind]) => kind);

export const ENVELOPE_STATEMENT = struct({
  chain_id: DIGEST, epoch: u(64), kind: word(KINDS), sender: DIGEST, sequence: u(64), expiry: u(64),
  payload: octetVec(GREATEST_PAYLOAD),
});
export const ENVELOPE = struct({ statement: ENVELOPE_STATEMENT, signature: SIGNATURE });
export const PACKET = struct({ hops_left: u(8), envelope: ENVELOPE });

const SLOT = struct({
  chain_id: DIGEST, epoch: u(64), cluster: option(u(32)), matter: word(["view", "job", "height", "epoch"]), number: u(64), job_id: DIGEST,
});
const OFFENCES = [
  "invalid_proof", "inactivity", "desynchronisation", "byzantine_proposal", "double_vote", "invalid_vote", "withheld_reveal",
];
export const OFFENCE = struct({ kind: word(OFFENCES), key: DIGEST, slot: SLOT });

// The length of the longest encoding of a shape.
function most(shape) {
  switch (shape.kind) {
    case "integer": return shape.bits / 8;
    case "octets": return shape.count;
    case "octet_vec": return 4 + shape.maximum;
    case "vec": return 4 + shape.maximum * most(shape.item);
    case "array": return shape.count * most(shape.item);
    case "option": return 1 + most(shape.item);
    case "struct": return shape.fields.reduce((sum, [, item]) => sum + most(item), 0);
    case "variants": return 1 + Math.max(...shape.variants.map(([, item]) => most(item)));
    default: return 1;
  }
}

export const greatestPayload = (tag) => Math.min(GREATEST_PAYLOAD, most(MESSAGES[tag][1]));

export function decodeMessage(octets) {
  if (octets.length === 0) reject("ENCODING_TRUNCATED");
  const tag = octets[0];
  if (tag >= MESSAGES.length) reject("ENCODING_UNKNOWN_TAG");
  if (octets.length - 1 > greatestPayload(tag)) reject("ENCODING_OVER_LONG");
  const [kind, shape] = MESSAGES[tag];
  return { [kind]: decode(shape, octets.subarray(1)) };
}

export function encodeMessage(message) {
  const [[kind, fields]] = Object.entries(message);
  const tag = KINDS.indexOf(kind);
  return joined([tag], encode(MESSAGES[tag][1], fields));
}
