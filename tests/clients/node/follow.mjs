// The machine `network`: a node that follows closings. spec/2-core-architecture.md, sections 2.3 and 2.4.
import { blockHash, firstParent, parentAfter, validate } from "./blocks.mjs";
import { close } from "./closing.mjs";
import { checkFinality } from "./committee.mjs";
import {
  assignmentOf, beginning, byName, checkCommitments, checkReveals, closingHash, EPOCH_CHAIN, epochBlockHash, globalRoot, isExpired,
  mixture, owners, seatsOf, settle,
} from "./epochs.mjs";
import { Log } from "./log.mjs";
import { reject } from "./values.mjs";

const SUITE = "blake3";
const MAXIMUM_JOBS = "1024";

const fresh = () => ({ log: new Log(SUITE), last: null, root: null });
const same = (left, right) => JSON.stringify(left) === JSON.stringify(right);
const headOrder = ({ cluster, block_number, block_hash, mmr_root, ended }) => ({ cluster, block_number, block_hash, mmr_root, ended });
const settledOrder = ({ job_id, cluster, block_number, commitment }) => ({ job_id, cluster, block_number, commitment });

class Network {
  reset({ chain_id, genesis, factor, cluster_target, job_life }) {
    Object.assign(this, {
      chain_id, genesis, factor, target: BigInt(cluster_target), life: BigInt(job_life), closed: [], epoch: 0n, before: null, chains: [],
      pending: [], settled: [], expired: [], commitments: [],
    });
    this.form();
    return {};
  }

  left(lag) { return this.epoch < lag ? this.genesis : this.closed[Number(this.epoch - lag)]; }

  form() {
    const { genesis, closed, epoch } = this;
    this.assignment = assignmentOf({ genesis, closed, epoch });
    const { registry } = this.left(2n);
    this.record = { epoch: String(epoch), seed: this.assignment.seed, registry, clusters: this.left(1n).clusters };
  }

  committee(cluster, seats) {
    return { chain_id: this.chain_id, epoch: String(this.epoch), cluster: String(cluster), keys: seats.map(({ public_key }) => public_key) };
  }

  step({ block, proof, stretches }) {
    this.checkFinal(block, proof);
    const { closing } = block;
    const { clusters } = this.assignment;
    const inOrder = stretches.length === clusters.length && stretches.every(({ cluster }, at) => cluster === String(at));
    if (!inOrder) reject("EPOCH_HEADS");
    const known = [...this.chains, ...clusters.slice(this.chains.length).map(fresh)];
    const chains = known.map((chain, cluster) => (stretches[cluster] ? this.followed(chain, stretches[cluster]) : chain));
    const serving = seatsOf(this.left(1n)).map(({ public_key }) => public_key);
    checkReveals({ epoch: closing.epoch, commitments: this.commitments, reveals: closing.reveals });
    checkCommitments({ commitments: closing.commitments, serving });
    const waiting = this.waiting(stretches);
    const settled = this.settling(waiting, stretches);
    this.checkDerived(closing, chains, settled, BigInt(serving.length));
    this.keepBooks(closing, settled, stretches);
    this.turn(closing, chains, waiting, settled);
    return {};
  }

  checkFinal({ header, closing }, proof) {
    if (closing === null || closing.epoch !== String(this.epoch)) reject("BLOCK_EPOCH");
    const last = proof.path.at(-1);
    if (last?.block_hash !== epochBlockHash(header) || header.closing_hash !== closingHash(closing)) reject("FINALITY_PATH");
    const genesis = beginning(this.chain_id, EPOCH_CHAIN, this.epoch, this.before);
    checkFinality(this.committee(EPOCH_CHAIN, seatsOf(this.record)), genesis, proof);
  }

  followed(chain, { cluster, blocks, proof }) {
    if (blocks.length === 0) return chain;
    if (proof === null) reject("FINALITY_INCOMPLETE");
    const hashes = blocks.map((block) => blockHash(block)).reverse();
    if (!same(hashes, proof.path.map(({ block_hash }) => block_hash))) reject("FINALITY_PATH");
    const { chain_id, epoch, record: registry, factor } = this;
    const seats = this.assignment.clusters[Number(cluster)];
    let parent = firstParent(chain_id, cluster, epoch, chain.last);
    checkFinality(this.committee(cluster, seats), parent.block_hash, proof);
    const carried = this.pending.map(({ leaf }) => leaf);
    const closed = [...this.settled.map(({ job_id }) => job_id), ...this.expired];
    const formation = { epoch: String(epoch), cluster, seed: registry.seed, seats, rules: { registry, factor, carried, closed } };
    let { log } = chain;
    for (const block of blocks) {
      validate({ chain_id, formation, log, parent, now: block.header.timestamp, maximum_jobs: MAXIMUM_JOBS, block });
      log = log.after({ block_hash: blockHash(block), leaves: block.proof_jobs });
      parent = parentAfter(parent, block);
    }
    return { log, last: parent, root: blocks.at(-1).header.mmr_root };
  }

  // Jobs without a settled completion, with those that this epoch took in.
  waiting(stretches) {
    const waiting = [...this.pending];
    for (const { blocks } of stretches) {
      for (const leaf of blocks.flatMap(({ proof_jobs }) => proof_jobs)) {
        if (leaf.proof_commitment === null && !waiting.some((job) => job.leaf.job_id === leaf.job_id)) {
          waiting.push({ leaf, taken_in: String(this.epoch) });
        }
      }
    }
    return waiting;
  }

  settling(waiting, stretches) {
    const completions = stretches.flatMap(({ cluster, blocks }) => blocks.flatMap(({ header, proof_jobs }) =>
      proof_jobs.filter(({ proof_commitment }) => proof_commitment !== null).map(({ job_id, proof_commitment }) =>
        ({ job_id, cluster, block_number: header.block_number, commitment: proof_commitment }))));
    const jobs = waiting.map(({ leaf: { job_id, job_type } }) =>
      ({ job_id, owners: owners(this.record, job_id, job_type, this.factor).order.map(String) }));
    return settle({ jobs, completions, settled: this.settled });
  }

  checkDerived(closing, chains, settled, seats) {
    const count = BigInt(closing.clusters);
    const heads = chains.map(({ log, last, root }, cluster) => ({
      cluster: String(cluster), block_number: String(log.height), block_hash: last?.block_hash ?? null, mmr_root: root,
      ended: BigInt(cluster) >= count,
    }));
    if (!same(closing.heads.map(headOrder), heads)) reject("EPOCH_HEADS");
    if (closing.global_root !== globalRoot(closing.epoch, heads)) reject("EPOCH_DERIVED");
    if (!same(closing.settled.map(settledOrder), settled.map(settledOrder))) reject("EPOCH_DERIVED");
    if (!same(closing.registry, [...closing.registry].sort(byName("public_key")))) reject("EPOCH_DERIVED");
    const present = BigInt(this.assignment.clusters.length);
    const greatest = seats / this.target > 1n ? seats / this.target : 1n;
    const bounded = (wanted) => (wanted < 1n ? 1n : wanted > greatest ? greatest : wanted);
    if (![present - 1n, present, present + 1n].map(bounded).includes(count)) reject("EPOCH_DERIVED");
    if (closing.beacon !== mixture(closing.epoch, closing.reveals)) reject("EPOCH_DERIVED");
  }

  keepBooks() {}

  turn(closing, chains, waiting, settled) {
    const { global_root, registry, clusters, beacon, commitments } = closing;
    const done = new Set(settled.map(({ job_id }) => job_id));
    const rest = waiting.filter(({ leaf }) => !done.has(leaf.job_id));
    const isOver = ({ taken_in }) => isExpired(taken_in, this.epoch + 1n, this.life);
    const over = rest.filter(isOver).map(({ leaf }) => leaf).sort(byName("job_id"));
    Object.assign(this, {
      chains, commitments, before: closingHash(closing), closed: [...this.closed, { global_root, registry, clusters, beacon }],
      pending: rest.filter((job) => !isOver(job)), settled: [...this.settled, ...settled],
      expired: [...this.expired, ...over.map(({ job_id }) => job_id)], epoch: this.epoch + 1n,
    });
    this.form();
  }

  snapshot() {
    const { epoch, before, assignment, pending, settled, expired, commitments } = this;
    const chains = this.chains.map(({ log, last }) => {
      const { jobs_root, batches_root } = log.state();
      return { height: String(log.height), block_hash: last?.block_hash ?? null, jobs_root, batches_root };
    });
    return { epoch: String(epoch), before, assignment, chains, pending, settled, expired, commitments };
  }
}

// A node that keeps the books as well.
class Books extends Network {
  reset({ balances, terms, ...given }) {
    super.reset({ ...given, cluster_target: terms.cluster_target, job_life: "8" });
    const registry = [...given.genesis.registry].sort(byName("public_key"));
    const stakes = registry.map(({ public_key: key, stake: amount }) => ({ key, amount }));
    const ledger = {
      epoch: "0", balances, treasury: "0", burned: "0", convictions: [],
      entries: registry.map(({ public_key, stake, capabilities }) =>
        ({ public_key, capabilities, deposited: stake, taken: "0", since: "0", left: null })),
      issued: String([...stakes, ...balances].reduce((sum, { amount }) => sum + BigInt(amount), 0n)),
      snapshots: ["0", "1"].map((epoch) => ({ epoch, stakes })),
    };
    const control = { epoch: "0", clusters: given.genesis.clusters, rest: "0", raises: [] };
    Object.assign(this, { terms, economy: { ledger, control, efficiencies: [] } });
    return {};
  }

  keepBooks(closing, settled, stretches) {
    const { chain_id, genesis, closed, factor, terms, pending, commitments, economy } = this;
    const work = { stretches, settled, acts: closing.acts, reveals: closing.reveals };
    const after = close({ terms, court: { chain_id, genesis, closed, factor }, pending, commitments, economy, work });
    const { entries, snapshots } = after.ledger;
    const registry = snapshots.at(-1).stakes.map(({ key, amount }) => {
      const { capabilities } = entries.find(({ public_key }) => public_key === key);
      return { public_key: key, stake: amount, capabilities };
    });
    const listed = closing.registry.map(({ public_key, stake, capabilities }) => ({ public_key, stake, capabilities }));
    if (!same(listed, registry) || closing.clusters !== after.control.clusters) reject("EPOCH_DERIVED");
    this.economy = after;
  }

  snapshot() { return { epoch: String(this.epoch), before: this.before, economy: this.economy }; }
}

export const METHODS = {};
for (const [name, machine] of Object.entries({ network: new Network(), books: new Books() })) {
  for (const part of ["reset", "step", "snapshot"]) METHODS[`${name}.${part}`] = (given) => machine[part](given);
}
