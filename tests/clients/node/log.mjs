// The log of a cluster: jobs, batches, and the machine `job_log`: spec/2-core-architecture.md, section 2.1.
import { Range } from "./mmr.mjs";
import { hash } from "./hashing.mjs";
import { BATCH } from "./shapes.mjs";
import { encode, hex, joined, LEAF, reject } from "./values.mjs";

class Leaves {
  constructor(suite, peaks = [], count = 0n) {
    Object.assign(this, { range: new Range(suite), peaks, count });
  }

  add(content) {
    this.peaks = this.range.append(this.count, this.peaks, content);
    this.count += 1n;
  }

  root() { return this.range.root(this.count, this.range.bag(this.peaks)); }
}

export class Log {
  constructor(suite) {
    Object.assign(this, { suite, height: 0n, leaves: [], ofJob: new Map(), jobs: new Leaves(suite), batches: new Leaves(suite) });
  }

  copy() {
    const log = new Log(this.suite);
    const jobs = new Leaves(this.suite, this.jobs.peaks, this.jobs.count);
    const batches = new Leaves(this.suite, this.batches.peaks, this.batches.count);
    const ofJob = new Map([...this.ofJob].map(([job, leaves]) => [job, [...leaves]]));
    return Object.assign(log, { height: this.height, leaves: [...this.leaves], ofJob, jobs, batches });
  }

  add(leaf) {
    const known = this.ofJob.get(leaf.job_id) ?? [];
    if (leaf.proof_commitment === null) {
      if (known.length > 0) reject("JOB_ALREADY_TAKEN_IN");
    } else {
      if (known.length === 0) reject("JOB_UNKNOWN");
      if (known.length > 1) reject("JOB_ALREADY_COMPLETED");
      const other = Object.keys(leaf).some((name) => name !== "proof_commitment" && leaf[name] !== known[0][name]);
      if (other) reject("LEAF_MISMATCH");
    }
    this.jobs.add(encode(LEAF, leaf));
    this.leaves.push(leaf);
    this.ofJob.set(leaf.job_id, [...known, leaf]);
  }

  // The log after a block; this one stays as it is.
  after({ block_hash, leaves }) {
    const log = this.copy();
    const first = log.leaves.length;
    for (const leaf of leaves) log.add(leaf);
    const done = leaves.flatMap((leaf, at) => (leaf.proof_commitment === null ? [] : [String(first + at)]));
    if (done.length > 0) log.batches.add(encode(BATCH, { block_hash, first_completion: done[0], last_completion: done.at(-1) }));
    log.height += 1n;
    return log;
  }

  // The roots that the next block with these leaves commits to.
  roots(leaves) {
    const log = this.copy();
    for (const leaf of leaves) log.add(leaf);
    return log.state();
  }

  state() {
    const [jobs, batches] = [this.jobs.root(), this.batches.root()];
    return { jobs_root: hex(jobs), batches_root: hex(batches), state_root: hex(hash(this.suite, "state", joined(jobs, batches))) };
  }

  intake(job) { return this.ofJob.get(job)?.[0]; }
  isDone(job) { return (this.ofJob.get(job)?.length ?? 0) > 1; }
  open() { return [...this.ofJob.keys()].filter((job) => !this.isDone(job)); }
}

export const logOf = (suite, blocks) => blocks.reduce((log, block) => log.after(block), new Log(suite));

let log = new Log("blake3");
export const METHODS = {
  "job_log.reset": ({ suite }) => {
    log = new Log(suite);
    return {};
  },
  "job_log.step": (leaf) => {
    log.add(leaf);
    return {};
  },
  "job_log.snapshot": () => ({ count: String(log.leaves.length), root: hex(log.jobs.root()), open_jobs: log.open() }),
};
