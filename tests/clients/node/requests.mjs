// Answers, responses and claims: spec/4-network.md, section 4.1, with the order of checks of spec/conformance.md.
import { blockHash, isProof } from "./blocks.mjs";
import { checkCertificate } from "./committee.mjs";
import { formed, replicas, seatsOf } from "./epochs.mjs";
import { hash } from "./hashing.mjs";
import { Range } from "./mmr.mjs";
import { bytes, equal, hex, joined, reject } from "./values.mjs";

const SUITE = "blake3";
const MOST_BLOCKS = 16;
const range = new Range(SUITE);

const sameRange = (left, right) => left.cluster === right.cluster && left.kind === right.kind;

// Answers from a range that is given as all its leaves.
function held(contents, count) {
  if (BigInt(count) > BigInt(contents.length)) reject("NODE_NOT_STORED");
  return contents.slice(0, Number(count)).map((content) => range.leaf(bytes(content)));
}

const heightsOf = (count) => {
  const heights = [];
  for (let height = 62n; height >= 0n; height -= 1n) if ((count >> height) & 1n) heights.push(height);
  return heights;
};

function extension(leaves, older) {
  return range.subtreeItems(leaves, 0n, BigInt(leaves.length), 0n, BigInt(older), false).map(hex);
}

function answerPeaks({ contents, head, request, question }) {
  const [older, count] = [BigInt(question.from_index), BigInt(head.leaf_count)];
  if (older > count) reject("MMR_SHRINKS");
  const leaves = held(contents, count);
  let start = 0n;
  const peaks = heightsOf(count).map((height) => {
    const value = range.value(leaves, start, start + (1n << height));
    start += 1n << height;
    return { height: String(height), value: hex(value) };
  });
  return { peaks, request, head, extension: extension(leaves, older) };
}

function answerLeaf({ contents, request, question: { leaf_index, leaf_count } }) {
  if (BigInt(leaf_index) >= BigInt(leaf_count)) reject("MMR_INDEX_OUT_OF_RANGE");
  const leaves = held(contents, leaf_count);
  const items = range.items(leaves, 0n, BigInt(leaves.length), [BigInt(leaf_index)]).map(hex);
  return { proof: { leaf_index, items }, request, leaf: contents[Number(leaf_index)] };
}

function answerExtension({ contents, request, question: { old_count, leaf_count } }) {
  if (BigInt(old_count) > BigInt(leaf_count)) reject("MMR_SHRINKS");
  return { request, items: extension(held(contents, leaf_count), old_count) };
}

// The blocks are those held of the cluster in question.
function answerBlocks({ blocks, certified, request, question: { first } }) {
  const asked = blocks.filter(({ header }) => BigInt(header.block_number) >= BigInt(first));
  if (asked.length === 0) return { request, blocks: [], head: null };
  const few = asked.slice(0, MOST_BLOCKS + 1);
  const certificateOf = ({ header }) => certified.find(({ block }) => block.header.block_number === header.block_number);
  const last = few.findLastIndex((block) => certificateOf(block));
  if (last < 0) reject("NODE_NOT_STORED");
  return { request, blocks: few.slice(0, last), head: certificateOf(few[last]) };
}

// Responses.
const bagOf = (peaks) => range.bag(peaks.map(({ value }) => bytes(value)));

function checkPeaks(peaks, count) {
  range.checkFrontier(count, peaks);
  if (heightsOf(count).some((height, at) => BigInt(peaks[at].height) !== height)) reject("MMR_PEAK_COUNT");
}

const rootOf = (peaks, count) => range.root(count, bagOf(peaks));

function adoptPeaks({ heads, known, question, response: { peaks, head, extension: items } }) {
  if (!sameRange(head.range, question.range) || question.from_index !== known.count) reject("RESPONSE_UNFIT");
  const same = (item) => sameRange(item.range, head.range) && ["block", "leaf_count", "root"].every((name) => item[name] === head[name]);
  if (!heads.some(same)) reject("HEAD_NOT_CERTIFIED");
  const count = BigInt(head.leaf_count);
  checkPeaks(peaks, count);
  if (!equal(rootOf(peaks, count), bytes(head.root))) reject("MMR_ROOT_MISMATCH");
  range.verifyConsistency(BigInt(known.count), bytes(known.root), count, bytes(head.root), items.map(bytes));
  return { count: head.leaf_count, root: head.root };
}

function provedLeaf({ heads, question, response: { proof, leaf } }) {
  const head = heads.find((item) => sameRange(item.range, question.range) && item.leaf_count === question.leaf_count);
  if (!head) reject("HEAD_NOT_CERTIFIED");
  const claims = [{ index: BigInt(question.leaf_index), content: bytes(leaf) }];
  const items = proof.items.map(bytes);
  range.verifyLeaves(bytes(head.root), BigInt(head.leaf_count), claims, [BigInt(proof.leaf_index)], items);
  return { content: leaf };
}

function checkExtension({ old, new: newer, question, response: { items } }) {
  const fits = (head, count) => sameRange(head.range, question.range) && head.leaf_count === count;
  if (!fits(old, question.old_count) || !fits(newer, question.leaf_count)) reject("RESPONSE_UNFIT");
  range.verifyConsistency(
    BigInt(old.leaf_count), bytes(old.root), BigInt(newer.leaf_count), bytes(newer.root), items.map(bytes));
}

const stated = (committee, kind, { header }, block_hash) => ({
  chain_id: committee.chain_id, epoch: committee.epoch, committee: committee.cluster, view: header.view, kind, block_hash,
});

function checkFinal(committee, { block, notarisation, finalisation }) {
  const named = blockHash(block);
  checkCertificate(committee, stated(committee, "notarise", block, named), notarisation);
  checkCertificate(committee, stated(committee, "finalise", block, named), finalisation);
}

function checkBlocks({ committee, question: { cluster, first }, response: { blocks, head } }) {
  const all = head === null ? blocks : [...blocks, head.block];
  const fits = ({ header }, at) => header.cluster_id === cluster && BigInt(header.block_number) === BigInt(first) + BigInt(at);
  if (!all.every(fits)) reject("RESPONSE_UNFIT");
  if (head === null) {
    if (blocks.length > 0) reject("RESPONSE_UNFIT");
    return;
  }
  checkFinal(committee, head);
  if (blocks.some((block, at) => all[at + 1].header.previous_hash !== blockHash(block))) reject("BLOCK_PARENT");
}

// Claims.
function checkJoin({ epoch, sender, join: { cluster_id, mmr_peaks, leaf_count, seat } }) {
  const members = formed(epoch, seatsOf(epoch))[Number(cluster_id)] ?? [];
  if (!members.some((item) => item.public_key === sender && item.seat === seat)) reject("JOIN_NOT_DERIVED");
  range.checkFrontier(BigInt(leaf_count), mmr_peaks);
}

function checkAssignment({ epoch, job, factor, leader, sender, message, now }) {
  if (message.job_id !== job.job_id) reject("JOB_UNKNOWN");
  const drawn = replicas(epoch, job.job_id, job.job_type, factor);
  const isDrawn = drawn.some(({ seat }) => seat.public_key === message.assignee && seat.seat === message.seat);
  if (sender !== leader || !isDrawn || BigInt(message.deadline) < BigInt(now)) reject("ASSIGNMENT_NOT_DRAWN");
}

function submitted({ jobs, submission: { job_id, proof, prover } }) {
  if (!jobs.some((job) => job.job_id === job_id)) reject("JOB_UNKNOWN");
  if (!isProof(job_id, prover, proof)) reject("PROOF_INVALID");
  return { job_id, prover, proof };
}

function pushed({ committee, push: { final, jobs, job_count, batches, batch_count } }) {
  checkFinal(committee, final);
  const [jobCount, batchCount] = [BigInt(job_count), BigInt(batch_count)];
  range.checkFrontier(jobCount, jobs);
  range.checkFrontier(batchCount, batches);
  const roots = [rootOf(jobs, jobCount), rootOf(batches, batchCount)];
  const { header } = final.block;
  if (hex(hash(SUITE, "state", joined(...roots))) !== header.mmr_root) reject("MMR_ROOT_MISMATCH");
  const head = (kind, leaf_count, root) =>
    ({ range: { cluster: header.cluster_id, kind }, block: header.block_number, leaf_count, root: hex(root) });
  return { heads: [head("jobs", job_count, roots[0]), head("batches", batch_count, roots[1])] };
}

// Open requests.
const ANSWERS = {
  mmr_peaks_request: "mmr_peaks_response", mmr_proof_request: "mmr_proof_response", consistency_request: "consistency_response",
  block_range_request: "block_range_response", epoch_record_request: "epoch_record_response",
};
const open = {
  reset() {
    Object.assign(open, { waiting: [], answered: null });
    return {};
  },
  step(event) {
    const [[kind, given]] = Object.entries(event);
    open[kind === "ask" ? "ask" : "answer"](given);
    return {};
  },
  ask({ request, peer, question, deadline }) {
    open.waiting.push({ request, peer, kind: Object.keys(question)[0], deadline });
    open.answered = null;
  },
  answer({ sender, response, now }) {
    const [[kind, { request }]] = Object.entries(response);
    const waiting = open.waiting.filter(({ deadline }) => BigInt(deadline) >= BigInt(now));
    const at = waiting.findIndex((item) => item.request === request && item.peer === sender);
    if (at < 0) reject("REQUEST_NOT_OPEN");
    if (ANSWERS[waiting[at].kind] !== kind) reject("RESPONSE_UNFIT");
    waiting.splice(at, 1);
    Object.assign(open, { waiting, answered: request });
  },
  snapshot: () => ({ waiting: open.waiting, answered: open.answered }),
};

const accepts = (check) => (given) => {
  check(given);
  return {};
};

export const METHODS = {
  "answer.peaks": answerPeaks,
  "answer.leaf": answerLeaf,
  "answer.extension": answerExtension,
  "answer.blocks": answerBlocks,
  "request.adopt_peaks": adoptPeaks,
  "request.proved_leaf": provedLeaf,
  "request.check_extension": accepts(checkExtension),
  "request.check_blocks": accepts(checkBlocks),
  "claim.join": accepts(checkJoin),
  "claim.assignment": accepts(checkAssignment),
  "claim.submission": submitted,
  "claim.push": pushed,
  "requests.reset": () => open.reset(),
  "requests.step": (event) => open.step(event),
  "requests.snapshot": () => open.snapshot(),
};
