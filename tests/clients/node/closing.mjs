// The books of an epoch close: spec/5-economics.md, and "Books" of spec/conformance.md.
import { ofBlocks, ofCluster } from "./books.mjs";
import { faults } from "./committee.mjs";
import { controlled, efficiency, folded } from "./control.mjs";
import * as economy from "./economy.mjs";
import { byName, seatsOf } from "./epochs.mjs";
import { added, applied, charged, epochOf } from "./ledger.mjs";
import { reject } from "./values.mjs";

const BASE = 100000n;
const SEED_LAG = 2n;
const UNBONDING = 10n;
const EVIDENCE = 9n;
const NO_JOB = "00".repeat(32);

const stakeOf = ({ deposited, taken }) => BigInt(deposited) - BigInt(taken);

// Stakes whose unbonding is over.
function returned(ledger) {
  const isOver = ({ left }) => left !== null && BigInt(ledger.epoch) >= BigInt(left) + SEED_LAG + UNBONDING;
  const balances = ledger.entries.filter(isOver).reduce((held, entry) => added(held, entry.public_key, stakeOf(entry)), ledger.balances);
  return { ...ledger, balances, entries: ledger.entries.filter((entry) => !isOver(entry)) };
}

function paid(ledger, said, window) {
  const budget = BASE + economy.bonus(BASE, BigInt(said.reached), BigInt(said.average));
  const payouts = economy.payouts({ ...said, base: String(BASE), window });
  const all = payouts.reduce((sum, { amount }) => sum + BigInt(amount), 0n);
  const balances = payouts.reduce((held, { key, amount }) => added(held, key, BigInt(amount)), ledger.balances);
  return {
    ...ledger, balances, issued: String(BigInt(ledger.issued) + budget), treasury: String(BigInt(ledger.treasury) + budget - all),
  };
}

// Keys with a seat that was absent from so many blocks in a row, of which each has its whole window in the stretch.
function silent({ keys, attestations }, blocks, { signature_window, inactivity_blocks }) {
  const window = BigInt(signature_window);
  const last = BigInt(blocks.at(-1)?.header.block_number ?? 0);
  const runs = new Map();
  const found = new Set();
  for (const { header: { block_number } } of blocks.filter(({ header }) => BigInt(header.block_number) + window <= last)) {
    const signed = new Set(attestations.filter(({ block, carried }) => block === block_number && BigInt(carried) <= BigInt(block) + window)
      .map(({ seat }) => Number(seat)));
    const isQuiet = BigInt(keys.length - signed.size) > faults(BigInt(keys.length));
    keys.forEach((key, seat) => {
      const run = isQuiet || signed.has(seat) ? 0 : (runs.get(seat) ?? 0) + 1;
      runs.set(seat, run);
      if (run >= Number(inactivity_blocks)) found.add(key);
    });
  }
  return [...found].sort();
}

function chargedFor(ledger, kind, key, chain_id) {
  const slot = { chain_id, epoch: ledger.epoch, cluster: null, matter: "epoch", number: "0", job_id: NO_JOB };
  const stakes = ledger.snapshots.find(({ epoch }) => epoch === ledger.epoch)?.stakes ?? [];
  const snapshot = stakes.find((item) => item.key === key)?.amount ?? "0";
  if (snapshot === "0") return ledger;
  return charged(ledger, { kind, key, slot, seats: "0", committee_seats: "0", snapshot }, null);
}

function frozen(ledger) {
  const epoch = BigInt(ledger.epoch);
  const stakes = ledger.entries.filter((entry) => entry.left === null && stakeOf(entry) > 0n)
    .map((entry) => ({ key: entry.public_key, amount: String(stakeOf(entry)) })).sort(byName("key"));
  const snapshots = [...ledger.snapshots, { epoch: String(epoch + SEED_LAG), stakes }];
  const counts = (snapshot) => BigInt(snapshot.epoch) + EVIDENCE >= epoch + 1n;
  return { ...ledger, snapshots: snapshots.filter(counts) };
}

function checkTerms(terms) {
  const at = Object.fromEntries(Object.entries(terms).map(([name, value]) => [name, BigInt(value)]));
  const least = [at.minimum_cluster, at.maximum_jobs, at.minimum_due].every((value) => value >= 1n);
  if (!least || at.cluster_target < at.minimum_cluster || at.inactivity_blocks <= at.signature_window) reject("PARAMETER_INVALID");
}

export function close({ terms, court, pending, commitments, economy: books, work }) {
  checkTerms(terms);
  const { control, efficiencies } = books;
  let ledger = returned(applied({ court, ledger: books.ledger, acts: work.acts }));
  const { record, clusters } = epochOf(court, ledger.epoch);
  const next = seatsOf(BigInt(ledger.epoch) === 0n ? court.genesis : court.closed[Number(BigInt(ledger.epoch) - 1n)]);
  clusters.forEach((_, at) => {
    const stretch = work.stretches.find(({ cluster }) => cluster === String(at)) ?? { cluster: String(at), blocks: [] };
    const said = ofCluster({ epoch: record, factor: court.factor, stretch, settled: work.settled, efficiencies });
    ledger = paid(ledger, said, BigInt(terms.signature_window));
    const leaving = new Set(ledger.entries.filter(({ left }) => left !== null && BigInt(left) < BigInt(ledger.epoch)).map(({ public_key }) => public_key));
    for (const key of silent(said, stretch.blocks, terms)) {
      if (!leaving.has(key)) ledger = chargedFor(ledger, "inactivity", key, court.chain_id);
    }
  });
  for (const { holder } of [...commitments].sort(byName("holder"))) {
    const hasRevealed = work.reveals.some((reveal) => reveal.holder === holder);
    if (!hasRevealed) ledger = chargedFor(ledger, "withheld_reveal", holder, court.chain_id);
  }
  ledger = frozen(ledger);
  const limits = { window: BigInt(terms.signature_window), maximum: terms.maximum_jobs };
  const { records } = ofBlocks({ epoch: ledger.epoch, pending, stretches: work.stretches, settled: work.settled }, limits);
  const metrics = folded({ closed: ledger.epoch, records });
  const made = clusters.map((_, at) => {
    const mine = records.filter(({ cluster }) => cluster === String(at));
    const sum = (name) => String(mine.reduce((all, item) => all + BigInt(item[name]), 0n));
    return efficiency({ cost: sum("cost"), revenue: sum("revenue") });
  });
  return {
    ledger: { ...ledger, epoch: String(BigInt(ledger.epoch) + 1n) },
    control: controlled(control, { metrics, seats: String(next.length) }, terms), efficiencies: [...efficiencies, made],
  };
}

export const METHODS = { "books.close": close };
