// The machines `gossip`, `queue`, `committee` and `lone_member`: spec/4-network.md, 2.4 and 6, and spec/conformance.md.
import { compare, quorum, Voting } from "./committee.mjs";
import { Log } from "./log.mjs";
import { checkEnvelope, CLASSES, classOf, identityOf, placeOf, reach, turnOf } from "./network.mjs";
import { hex, reject } from "./values.mjs";

const SUITE = "blake3";
const TIME_TOLERANCE = 5000n;

// A machine whose events are objects with one key.
class Machine {
  step(event) {
    const [[kind, given]] = Object.entries(event);
    this[kind](given);
    return {};
  }
}

class Gossip extends Machine {
  reset({ receiver, quota }) {
    Object.assign(this, { receiver, quota: Number(quota), remembered: [] });
    this.report({});
    return {};
  }

  report({ delivered = null, onward = null, sent = [] }) { this.last = { delivered, onward, sent }; }

  packet_arrives({ packet: { hops_left, envelope }, now }) {
    const kept = this.remembered.filter(({ until }) => until >= BigInt(now));
    const { statement } = envelope;
    const identity = hex(identityOf(statement));
    if (kept.some((item) => item.identity === identity)) {
      this.remembered = kept;
      this.report({});
      return;
    }
    checkEnvelope({ receiver: { ...this.receiver, now }, envelope });
    const counts_for = this.receiver.registered.includes(statement.sender) ? statement.sender : null;
    if (kept.filter((item) => item.counts_for === counts_for).length >= this.quota) reject("SENDER_QUOTA");
    const expiry = BigInt(statement.expiry);
    this.remembered = [...kept, { identity, counts_for, until: expiry + TIME_TOLERANCE, expiry, kind: statement.kind }];
    const most = Number(reach(BigInt(this.receiver.registered.length)).first);
    const left = Math.min(Number(hops_left), most);
    this.report({ delivered: statement.kind, onward: left > 0 ? String(left - 1) : null });
  }

  peer_pulls({ known, now }) {
    const alive = this.remembered.filter(({ identity, expiry }) => expiry >= BigInt(now) && !known.includes(identity));
    this.report({ sent: alive.sort((a, b) => placeOf(a.kind) - placeOf(b.kind)).map(({ identity }) => identity) });
  }

  epoch_begins({ epoch, registered }) {
    this.receiver = { ...this.receiver, epoch, registered };
    this.report({});
  }

  snapshot() {
    const remembered = this.remembered.map(({ identity, counts_for, until }) => ({ identity, counts_for, until: String(until) }));
    return { remembered, ...this.last };
  }
}

class Queue extends Machine {
  reset({ quota }) {
    Object.assign(this, { quota: Number(quota), turn: 0n, classes: CLASSES.map(() => []), served: null });
    return {};
  }

  enqueue({ counts_for: sender, kind, number }) {
    const mine = this.classes.flat().filter((line) => line.sender === sender);
    if (mine.reduce((sum, { waiting }) => sum + waiting.length, 0) >= this.quota) reject("SENDER_QUOTA");
    const lines = this.classes[CLASSES.indexOf(classOf(kind))];
    let line = lines.find((item) => item.sender === sender);
    if (!line) lines.push(line = { sender, waiting: [] });
    line.waiting.push({ kind, number });
    this.served = null;
  }

  serve() {
    this.turn += 1n;
    const own = this.classes[CLASSES.indexOf(turnOf(this.turn))];
    const lines = own.length > 0 ? own : this.classes.find((item) => item.length > 0);
    const line = lines.shift();
    this.served = line.waiting.shift();
    if (line.waiting.length > 0) lines.push(line);
  }

  snapshot() { return { turn: String(this.turn), classes: this.classes, served: this.served }; }
}

class Committee {
  reset({ genesis, seats, byzantine }) {
    Object.assign(this, { byzantine: BigInt(byzantine), seats: BigInt(seats), seen: { notarised: [], nullified: [] } });
    this.members = Array.from({ length: Number(this.seats - this.byzantine) }, () => {
      const member = new Voting();
      member.reset({ genesis });
      member.seen = this.seen;
      return member;
    });
    return {};
  }

  step({ seat, act }) {
    this.members[Number(seat)].step(act);
    Object.assign(this.seen, { notarised: this.certified("notarised"), nullified: this.certified("nullified") });
    return {};
  }

  certified(kind) {
    const votes = this.members.flatMap((member) => member.own[kind]);
    const key = (vote) => (kind === "nullified" ? String(vote) : `${vote.view} ${vote.block_hash}`);
    const distinct = [...new Map(votes.map((vote) => [key(vote), vote])).values()];
    const support = (vote) => BigInt(votes.filter((other) => key(other) === key(vote)).length);
    return distinct.filter((vote) => support(vote) + this.byzantine >= quorum(this.seats));
  }

  snapshot() {
    const blocks = (items) => [...items]
      .sort((a, b) => compare(a.view, b.view) || compare(a.block_hash, b.block_hash))
      .map(({ view, block_hash }) => ({ view: String(view), block_hash }));
    const views = (items) => [...items].sort(compare).map(String);
    const { notarised, nullified } = this.seen;
    const isNotarised = (vote) => notarised.some((item) => item.view === vote.view && item.block_hash === vote.block_hash);
    const members = this.members.map(({ view, own }) => ({
      view: String(view), notarised: blocks(own.notarised), nullified: views(own.nullified), finalised: blocks(own.finalised),
    }));
    const final = blocks(this.certified("finalised").filter(isNotarised));
    return { members, notarised: blocks(notarised), nullified: views(nullified), final };
  }
}

const sameLeaf = (left, right) => Object.keys(left).every((name) => left[name] === right[name]);
const isIntake = ({ proof_commitment }) => proof_commitment === null;

class LoneMember extends Machine {
  reset() {
    Object.assign(this, { log: new Log(SUITE), pool: [], kept: [] });
    return {};
  }

  arrive({ leaf }) {
    if (![...this.pool, ...this.log.leaves].some((item) => sameLeaf(item, leaf))) this.pool.push(leaf);
  }

  final_block({ number, block_hash, leaves }) {
    if (BigInt(number) !== this.log.height + 1n) reject("BLOCK_DISCONTINUOUS");
    this.log = this.log.after({ block_hash, leaves });
    this.pool = this.pool.filter((item) => !leaves.some((leaf) => sameLeaf(leaf, item)));
  }

  prove_alone({ intake, commitment }) {
    if (!isIntake(intake)) reject("LEAF_KIND");
    const isKept = this.kept.some((item) => item.intake.job_id === intake.job_id);
    if (!isKept && !this.log.isDone(intake.job_id)) {
      this.kept.push({ intake, completion: { ...intake, proof_commitment: commitment } });
    }
  }

  receive({ intake, completion }) {
    const known = [...this.pool, ...this.log.leaves];
    const has = (leaf, asIntake) => known.some((item) => item.job_id === leaf.job_id && isIntake(item) === asIntake);
    const lacking = [has(intake, true) ? null : intake, has(completion, false) ? null : completion];
    for (const leaf of lacking) if (leaf !== null) this.arrive({ leaf });
  }

  resubmit() {
    this.kept = this.kept.filter(({ intake }) => !this.log.isDone(intake.job_id));
    for (const result of this.kept) this.receive(result);
  }

  snapshot() {
    const { jobs_root, batches_root } = this.log.state();
    return {
      height: String(this.log.height), leaves: String(this.log.leaves.length), jobs_root, batches_root, mempool: this.pool,
      provisional: this.kept,
    };
  }
}

export const METHODS = {};
const machines = { gossip: new Gossip(), queue: new Queue(), committee: new Committee(), lone_member: new LoneMember() };
for (const [name, machine] of Object.entries(machines)) {
  for (const part of ["reset", "step", "snapshot"]) METHODS[`${name}.${part}`] = (given) => machine[part](given);
}
