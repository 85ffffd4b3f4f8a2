// What final blocks say of jobs and members: spec/3-redundancy.md (metrics), spec/5-economics.md (rewards).
import { formed, replicas, seatsOf } from "./epochs.mjs";
import { PROOF_TYPES, reject } from "./values.mjs";

const WINDOW = 8n;
const MAXIMUM_JOBS = "1024";

const isCompletion = ({ proof_commitment }) => proof_commitment !== null;
const numberOf = ({ header }) => BigInt(header.block_number);
const leavesOf = (blocks) => blocks.flatMap((block) => block.proof_jobs.map((leaf) => ({ leaf, block })));

const divisor = (a, b) => (b ? divisor(b, a % b) : a);
const lowest = ([numerator, denominator]) => {
  const common = divisor(numerator, denominator) || 1n;
  return [numerator / common, denominator / common];
};

// The cluster's efficiency and the mean of the epoch before, over one denominator.
export function efficiencies(closed, epoch, cluster) {
  const number = BigInt(epoch);
  if (number > BigInt(closed.length)) reject("EFFICIENCY_UNKNOWN");
  const before = number === 0n ? [] : closed[Number(number - 1n)].map((item) => [BigInt(item.numerator), BigInt(item.denominator)]);
  const [sum, whole] = before.reduce(([n, d], [numerator, denominator]) => [n * denominator + numerator * d, d * denominator], [0n, 1n]);
  const [c, d] = lowest([sum, whole * BigInt(before.length || 1)]);
  const [a, b] = lowest(before[Number(cluster)] ?? [c, d]);
  return { reached: String(a * d), average: String(c * b) };
}

export function ofCluster({ epoch, factor, stretch: { cluster, blocks }, settled, efficiencies: closed }) {
  const seats = formed(epoch, seatsOf(epoch))[Number(cluster)] ?? [];
  const attestations = blocks.flatMap(({ header, attestations: votes }) =>
    votes.map(({ block, seat }) => ({ block, seat, carried: header.block_number })));
  const [drawn, deliveries] = [[], []];
  for (const { leaf: { job_id, job_type, proof_commitment }, block } of leavesOf(blocks)) {
    const counts = settled.some((item) => item.job_id === job_id && item.cluster === cluster && item.block_number === block.header.block_number);
    if (proof_commitment === null || !counts) continue;
    const found = replicas(epoch, job_id, job_type, factor);
    drawn.push(...found.map(({ seat }) => ({ job_id, job_type, prover: seat.public_key })));
    const { prover } = block.proof_results.find((result) => result.job_id === job_id);
    deliveries.push({ job_id, job_type, prover });
  }
  const keys = seats.map(({ public_key }) => public_key);
  const counted = blocks.slice(0, -1).map(({ header }) => header.block_number);
  return { keys, blocks: counted, attestations, drawn, deliveries, ...efficiencies(closed, epoch.epoch, cluster) };
}

const fresh = (cluster, block, maximum) => ({
  epoch: block.header.epoch, cluster, number: block.header.block_number, types: new Map(), replicas_due: 0n, replicas_missed: 0n,
  load: String(block.proof_jobs.length), capacity: maximum, cost: "0", revenue: "0",
});

function counted(record, type, done, latency) {
  const sums = record.types.get(type) ?? { due: 0n, done: 0n, latency: 0n };
  record.types.set(type, { due: sums.due + 1n, done: sums.done + (done ? 1n : 0n), latency: sums.latency + latency });
}

export function ofBlocks({ epoch, pending, stretches, settled }, { window = WINDOW, maximum = MAXIMUM_JOBS } = {}) {
  const records = stretches.map(({ cluster, blocks }) => blocks.map((block) => fresh(cluster, block, maximum)));
  const recordOf = (cluster, number) =>
    records[stretches.findIndex((stretch) => stretch.cluster === cluster)]?.find((record) => record.number === number);
  const jobs = new Map(pending.map(({ leaf, taken_in }) => [leaf.job_id, { leaf, takenIn: BigInt(taken_in) }]));
  for (const { leaf } of stretches.flatMap(({ blocks }) => leavesOf(blocks))) {
    if (!isCompletion(leaf) && !jobs.has(leaf.job_id)) jobs.set(leaf.job_id, { leaf, takenIn: BigInt(epoch) });
  }
  for (const { leaf, takenIn } of jobs.values()) {
    const completion = settled.find(({ job_id }) => job_id === leaf.job_id);
    if (completion && takenIn + 1n >= BigInt(epoch)) {
      const { blocks } = stretches.find(({ cluster }) => cluster === completion.cluster);
      const intake = leavesOf(blocks).find((item) => item.leaf.job_id === leaf.job_id && !isCompletion(item.leaf));
      const start = intake ? numberOf(intake.block) : numberOf(blocks[0]) - 1n;
      counted(recordOf(completion.cluster, completion.block_number), leaf.job_type, true, BigInt(completion.block_number) - start);
    } else if (!completion && takenIn + 1n === BigInt(epoch)) {
      const named = records[stretches.findIndex(({ cluster }) => cluster === leaf.assigned_cluster)] ?? [];
      const last = named.at(-1) ?? records.find((made) => made.length > 0)?.at(-1);
      if (last) counted(last, leaf.job_type, false, 0n);
    }
  }
  stretches.forEach(({ blocks }, place) => {
    const leaves = leavesOf(blocks);
    for (const { leaf, block } of leaves.filter((item) => !isCompletion(item.leaf))) {
      const due = numberOf(block) + window;
      const record = records[place].find(({ number }) => BigInt(number) === due);
      if (!record) continue;
      const isDone = leaves.some((item) => item.leaf.job_id === leaf.job_id && isCompletion(item.leaf) && numberOf(item.block) <= due);
      record.replicas_due += 1n;
      if (!isDone) record.replicas_missed += 1n;
    }
  });
  const shown = (record) => ({
    ...record,
    types: PROOF_TYPES.filter((type) => record.types.has(type)).map((proof_type) => {
      const { due, done, latency } = record.types.get(proof_type);
      return { proof_type, due: String(due), done: String(done), latency: String(latency) };
    }),
    replicas_due: String(record.replicas_due), replicas_missed: String(record.replicas_missed),
  });
  return { records: records.flat().map(shown) };
}

export const METHODS = { "records.of_cluster": ofCluster, "records.of_blocks": (given) => ofBlocks(given) };
