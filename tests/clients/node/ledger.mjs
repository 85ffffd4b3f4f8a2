// Acts, evidence and the ledger: spec/5-economics.md, and "Books" of spec/conformance.md.
import { blockHash, checkObjective, isProof } from "./blocks.mjs";
import { compare, convicts, leaderOf, signs } from "./committee.mjs";
import * as economy from "./economy.mjs";
import { assignmentOf, byName, EPOCH_CHAIN, seatsOf } from "./epochs.mjs";
import { hash, isValid } from "./hashing.mjs";
import { identityOf } from "./network.mjs";
import { decodeMessage, ENVELOPE, KINDS, OFFENCE, ROOT_CLAIM, SUBMISSION } from "./shapes.mjs";
import { bytes, decode, encode, hex, joined, reject, Rejected } from "./values.mjs";

const SUITE = "blake3";
const WINDOW = 9n;
const SHARE = 1000n;
const WHOLE = 10000n;
const SEAT_STAKE = 10000000n;
const MOST_OCTETS = 2 ** 23;
const NO_JOB = "00".repeat(32);
const ACTS = { registration: "pubkey", leave: "pubkey", evidence_report: null };

// What the court knows of an epoch: its record, and its committees.
export function epochOf(court, epoch) {
  if (BigInt(epoch) > BigInt(court.closed.length)) return null;
  const left = (lag) => (BigInt(epoch) < lag ? court.genesis : court.closed[Number(BigInt(epoch) - lag)]);
  const { seed, clusters } = assignmentOf({ genesis: court.genesis, closed: court.closed, epoch });
  return { clusters, record: { epoch, seed, registry: left(2n).registry, clusters: left(1n).clusters } };
}

function committeeOf(court, { chain_id, epoch, committee }) {
  const found = chain_id === court.chain_id ? epochOf(court, epoch) : null;
  if (found === null) return null;
  const seats = BigInt(committee) === EPOCH_CHAIN ? seatsOf(found.record) : found.clusters[Number(committee)];
  return seats ? { ...found, seats, keys: seats.map(({ public_key }) => public_key) } : null;
}

const slotOf = ({ chain_id, epoch }, cluster, matter, number, job_id = NO_JOB) => ({ chain_id, epoch, cluster, matter, number, job_id });
const viewOf = (statement) => slotOf(statement, statement.committee, "view", statement.view);
const seatsIn = ({ keys }, key) => ({ seats: String(keys.filter((item) => item === key).length), committee_seats: String(keys.length) });
const NO_SEATS = { seats: "0", committee_seats: "0" };

const JUDGES = {
  votes_shown(court, { first, second }) {
    const committee = committeeOf(court, first.statement);
    if (!committee || !convicts({ committee, first, second })) return null;
    const key = committee.keys[Number(first.seat)];
    return { kind: "double_vote", key, slot: viewOf(first.statement), ...seatsIn(committee, key) };
  },
  block_shown(court, { vote: { statement, seat, signature }, block }) {
    const committee = committeeOf(court, statement);
    if (!committee || BigInt(statement.committee) === EPOCH_CHAIN || Number(seat) >= committee.seats.length) return null;
    if (statement.kind !== "notarise" || statement.block_hash !== blockHash(block)) return null;
    if (!signs(committee, seat, statement, signature)) return null;
    const { record, seats } = committee;
    const rules = { registry: record, factor: court.factor, carried: [], closed: [] };
    try {
      checkObjective(block, { epoch: record.epoch, cluster: statement.committee, seed: record.seed, seats, rules }, statement.view);
      return null;
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
    }
    const key = committee.keys[Number(seat)];
    const { leader } = leaderOf({ seed: record.seed, cluster: statement.committee, seats, view: statement.view });
    const leads = leader.public_key === key && leader.seat === seats[Number(seat)].seat;
    return { kind: leads ? "byzantine_proposal" : "invalid_vote", key, slot: viewOf(statement), ...seatsIn(committee, key) };
  },
  submission_shown(court, { submission, signature }) {
    const { prover, job, proof } = submission;
    if (submission.chain_id !== court.chain_id) return null;
    const message = hash(SUITE, "claim", joined([0], encode(SUBMISSION, submission)));
    if (!isValid(bytes(prover), message, bytes(signature)) || isProof(job.job_id, prover, proof)) return null;
    return { kind: "invalid_proof", key: prover, slot: slotOf(submission, null, "job", "0", job.job_id), ...NO_SEATS };
  },
  roots_shown(court, { key, first, first_signature, second, second_signature }) {
    if (["chain_id", "epoch", "cluster", "height"].some((name) => first[name] !== second[name])) return null;
    if (first.root === second.root && first.count === second.count) return null;
    const committee = committeeOf(court, { ...first, committee: first.cluster });
    if (!committee) return null;
    const signed = (claim, signature) => isValid(bytes(key), hash(SUITE, "claim", joined([1], encode(ROOT_CLAIM, claim))), bytes(signature));
    if (!signed(first, first_signature) || !signed(second, second_signature)) return null;
    return { kind: "desynchronisation", key, slot: slotOf(first, first.cluster, "height", first.height), ...seatsIn(committee, key) };
  },
};

export const offenceOf = ({ kind, key, slot }) => hex(hash(SUITE, "evidence", encode(OFFENCE, { kind, key, slot })));

export const added = (balances, key, amount) => {
  if (amount === 0n) return balances;
  const before = BigInt(balances.find((item) => item.key === key)?.amount ?? 0);
  return [...balances.filter((item) => item.key !== key), { key, amount: String(before + amount) }].sort(byName("key"));
};

// The ledger with one more conviction; `reporter` is null where nobody has a share.
export function charged(ledger, conviction, reporter) {
  const identity = offenceOf(conviction);
  if (ledger.convictions.some((item) => offenceOf(item) === identity)) return ledger;
  const convictions = [...ledger.convictions, conviction].sort((a, b) => compare(offenceOf(a), offenceOf(b)));
  let [all, share] = [0n, 0n];
  const entries = ledger.entries.map((entry) => {
    const taken = economy.due({ deposited: BigInt(entry.deposited), key: entry.public_key, convictions });
    const more = taken - BigInt(entry.taken);
    all += more;
    if (entry.public_key === conviction.key && reporter !== null) share += (more * SHARE) / WHOLE;
    return { ...entry, taken: String(taken) };
  });
  const balances = reporter === null ? ledger.balances : added(ledger.balances, reporter, share);
  return { ...ledger, entries, balances, convictions, treasury: String(BigInt(ledger.treasury) + all - share) };
}

const STEPS = {
  registration(court, ledger, { pubkey, stake, capabilities }) {
    const [amount, entry] = [BigInt(stake), ledger.entries.find((item) => item.public_key === pubkey)];
    if (amount < 1n) reject("AMOUNT_INVALID");
    if (entry && entry.left !== null) reject("STAKE_LEAVING");
    const held = BigInt(ledger.balances.find(({ key }) => key === pubkey)?.amount ?? 0);
    if (held < amount) reject("BALANCE_SHORT");
    const fresh = { public_key: pubkey, capabilities, deposited: "0", taken: "0", since: ledger.epoch, left: null };
    const risen = { ...(entry ?? fresh), deposited: String(BigInt(entry?.deposited ?? 0) + amount) };
    if (BigInt(risen.deposited) < SEAT_STAKE) reject("EPOCH_ACT");
    const entries = [...ledger.entries.filter((item) => item !== entry), risen].sort(byName("public_key"));
    return { ...ledger, entries, balances: added(ledger.balances, pubkey, -amount) };
  },
  leave(court, ledger, { pubkey }) {
    const entry = ledger.entries.find((item) => item.public_key === pubkey) ?? reject("STAKE_UNKNOWN");
    if (entry.left !== null) reject("STAKE_LEAVING");
    return { ...ledger, entries: ledger.entries.map((item) => (item === entry ? { ...item, left: ledger.epoch } : item)) };
  },
  evidence_report(court, ledger, { shown }, sender) {
    const [[form, content]] = Object.entries(shown);
    const counts = (number) => {
      if (BigInt(ledger.epoch) < BigInt(number) || BigInt(ledger.epoch) > BigInt(number) + WINDOW) reject("EVIDENCE_LATE");
    };
    const about = content.first?.statement ?? content.vote?.statement ?? content.first;
    if (about) counts(about.epoch);
    const offence = JUDGES[form](court, content) ?? reject("EVIDENCE_UNCONVINCING");
    counts(offence.slot.epoch);
    const epoch = BigInt(offence.slot.epoch);
    const stakes = ledger.snapshots.find((item) => BigInt(item.epoch) === epoch)?.stakes ?? [];
    const snapshot = stakes.find(({ key }) => key === offence.key)?.amount ?? "0";
    if (snapshot === "0") reject("EVIDENCE_UNCONVINCING");
    return charged(ledger, { ...offence, snapshot }, sender);
  },
};

function act(court, ledger, { statement, signature }) {
  const { chain_id, epoch, kind, sender, payload } = statement;
  if (chain_id !== court.chain_id || epoch !== ledger.epoch || !(kind in ACTS)) reject("EPOCH_ACT");
  if (!isValid(bytes(sender), identityOf(statement), bytes(signature))) reject("SIGNATURE_INVALID");
  const message = decodeMessage(joined([KINDS.indexOf(kind)], bytes(payload)))[kind];
  if (ACTS[kind] !== null && message[ACTS[kind]] !== sender) reject("EPOCH_ACT");
  const after = STEPS[kind](court, ledger, message, sender);
  return JSON.stringify(after) === JSON.stringify(ledger) ? reject("EPOCH_ACT") : after;
}

const byNumber = ({ statement: left }, { statement: right }) =>
  compare(left.sender, right.sender) || compare(BigInt(left.sequence), BigInt(right.sequence));
const saysAgain = ({ statement: left }, { statement: right }) =>
  ["sender", "kind", "payload"].every((name) => left[name] === right[name]);

export function applied({ court, ledger, acts }) {
  if (acts.reduce((sum, octets) => sum + octets.length / 2, 0) > MOST_OCTETS) reject("EPOCH_ACT");
  const envelopes = acts.map((octets) => decode(ENVELOPE, bytes(octets)));
  envelopes.forEach((envelope, at) => {
    if (at > 0 && byNumber(envelopes[at - 1], envelope) >= 0) reject("EPOCH_ACT");
    if (envelopes.slice(0, at).some((earlier) => saysAgain(earlier, envelope))) reject("EPOCH_ACT");
  });
  return envelopes.reduce((books, envelope) => act(court, books, envelope), ledger);
}

function chosen({ court, ledger, heard }) {
  const taken = [];
  let [books, octets] = [ledger, 0];
  for (const envelope of [...heard].sort(byNumber)) {
    if (taken.length > 0 && byNumber(taken.at(-1), envelope) >= 0) continue;
    if (taken.some((earlier) => saysAgain(earlier, envelope))) continue;
    const size = encode(ENVELOPE, envelope).length;
    if (octets + size > MOST_OCTETS) continue;
    try {
      books = act(court, books, envelope);
      taken.push(envelope);
      octets += size;
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
    }
  }
  return { acts: taken.map((envelope) => hex(encode(ENVELOPE, envelope))) };
}

export const METHODS = { "acts.apply": applied, "acts.choose": chosen };
