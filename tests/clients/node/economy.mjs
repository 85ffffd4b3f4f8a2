// Duplication, triggers, rewards, slashing: spec/3-redundancy.md and spec/5-economics.md. Integers only.
import { reject } from "./values.mjs";

const WEIGHTS = { header_inclusion: 1n, account_state: 2n, storage_state: 4n, groth16: 64n };
const POINTS = {
  invalid_proof: 500n, inactivity: 200n, desynchronisation: 1000n, byzantine_proposal: 1500n, double_vote: 1500n, invalid_vote: 500n,
  withheld_reveal: 200n,
};
const VALUE_CAP = 4000000n;
const MINIMUM_DUE = 100n;
const WINDOW = 8n;
const CAP = 2n;
const WHOLE = 10000n;

export const least = (left, right) => (left < right ? left : right);
const most = (left, right) => (left > right ? left : right);
const bitLength = (value) => BigInt(value.toString(2).length) * (value ? 1n : 0n);
export const ceilingOf = (dividend, divisor) => (dividend + divisor - 1n) / divisor;

function root(value) {
  if (value < 2n) return value;
  let guess = 1n << (bitLength(value) / 2n + 1n);
  for (;;) {
    const next = (guess + value / guess) / 2n;
    if (next >= guess) return guess;
    guess = next;
  }
}

const ceilingOfRoot = (numerator, denominator) => {
  const whole = ceilingOf(numerator, denominator);
  return whole > 0n ? root(whole - 1n) + 1n : 0n;
};

function logarithmBounds(number, places) {
  const width = places + 64n;
  let [below, belowPower, above, abovePower] = [number, 0n, number, 0n];
  for (let turn = 0n; turn < places; turn += 1n) {
    below *= below;
    let dropped = most(0n, bitLength(below) - width);
    below >>= dropped;
    belowPower = 2n * belowPower + dropped;
    above *= above;
    dropped = most(0n, bitLength(above) - width);
    above = ceilingOf(above, 1n << dropped);
    abovePower = 2n * abovePower + dropped;
  }
  return [belowPower + bitLength(below) - 1n, abovePower + bitLength(above - 1n)];
}

function exactCeiling(seats, failed, due, value, baseline) {
  const factor = failed + due;
  const numerator = factor * factor * value;
  const denominator = due * due * baseline;
  for (let places = 8n; ; places *= 2n) {
    const scale = denominator << (2n * places);
    const [low, high] = logarithmBounds(seats, places).map((end) => ceilingOfRoot(end * end * numerator, scale));
    if (low === high) return low;
  }
}

export function covering(failed, due, capable) {
  let [low, high] = [0n, capable];
  while (low < high) {
    const middle = (low + high) / 2n;
    if (20n * failed ** middle <= due ** middle) high = middle;
    else low = middle + 1n;
  }
  return low;
}

export function factor(seats, failed, due, value, baseline, capable) {
  if (due < 1n || failed > due || baseline < 1n || capable > seats) reject("DUPLICATION_INPUT");
  if (capable < 2n) return capable;
  const stated = most(2n, exactCeiling(seats, failed, due, value, baseline));
  return least(capable, most(stated, covering(failed, due, capable)));
}

export const countedValue = (declared) => least(declared, VALUE_CAP);
export const coverageIsLow = (done, due, least = MINIMUM_DUE) => due >= least && 100n * done < 95n * due;
export const isBusy = (load, capacity) => 100n * load > 80n * capacity;
export const efficiencyIsLow = (cost, revenue) => 10n * (revenue - cost) < 7n * revenue;

export const bonus = (base, reached, average) =>
  average ? (base * 2n * least(reached, CAP * average)) / (10n * average) : base / 5n;

const portion = (amount, part, whole) => (whole ? (amount * part) / whole : 0n);

export function payouts(given) {
  const [base, reached, average] = [given.base, given.reached, given.average].map(BigInt);
  const blocks = new Set(given.blocks);
  const window = given.window ?? WINDOW;
  const counted = new Set();
  for (const { block, seat, carried } of given.attestations) {
    const [from, at] = [BigInt(block), BigInt(carried)];
    const known = blocks.has(block) && BigInt(seat) < BigInt(given.keys.length);
    if (known && from <= at && at <= from + window) counted.add(`${block} ${seat}`);
  }
  const signed = {};
  for (const entry of counted) {
    const key = given.keys[Number(entry.split(" ")[1])];
    signed[key] = (signed[key] ?? 0n) + 1n;
  }
  const name = (item) => `${item.job_id} ${item.job_type} ${item.prover}`;
  const drawn = new Set(given.drawn.map(name));
  const delivered = new Map(given.deliveries.filter((item) => drawn.has(name(item))).map((item) => [name(item), item]));
  const proofs = {};
  let all = 0n;
  for (const item of delivered.values()) {
    if (given.keys.includes(item.prover)) {
      proofs[item.prover] = (proofs[item.prover] ?? 0n) + WEIGHTS[item.job_type];
      all += WEIGHTS[item.job_type];
    }
  }
  const extra = bonus(base, reached, average);
  const possible = BigInt(given.keys.length) * BigInt(blocks.size);
  return [...new Set(given.keys)].map((key) => ({
    key,
    amount: String(portion(base, proofs[key] ?? 0n, all) + portion(extra, signed[key] ?? 0n, possible)),
  }));
}

export const doubleVotePoints = (guilty, seats) => most(POINTS.double_vote, least(WHOLE, (3n * WHOLE * guilty) / seats));

export function due({ deposited, key, convictions }) {
  const slotOf = ({ slot }) => JSON.stringify([slot.chain_id, slot.epoch, slot.cluster, slot.matter, slot.number, slot.job_id]);
  const placeOf = ({ slot }) => JSON.stringify([slot.chain_id, slot.epoch, slot.cluster]);
  const pointsOf = (item) => {
    if (item.kind !== "double_vote" || item.committee_seats === "0") return POINTS[item.kind];
    const weights = new Map();
    for (const other of convictions) {
      if (other.kind === "double_vote" && placeOf(other) === placeOf(item)) weights.set(other.key, BigInt(other.seats));
    }
    weights.set(item.key, BigInt(item.seats));
    return doubleVotePoints([...weights.values()].reduce((sum, seats) => sum + seats, 0n), BigInt(item.committee_seats));
  };
  const epochs = new Map();
  for (const item of convictions.filter((other) => other.key === key)) {
    const { slots, snapshots } = epochs.get(item.slot.epoch) ?? { slots: new Map(), snapshots: [] };
    slots.set(slotOf(item), most(slots.get(slotOf(item)) ?? 0n, pointsOf(item)));
    snapshots.push(BigInt(item.snapshot));
    epochs.set(item.slot.epoch, { slots, snapshots });
  }
  let total = 0n;
  for (const { slots, snapshots } of epochs.values()) {
    const points = [...slots.values()].reduce((sum, one) => sum + one, 0n);
    total += (least(points, WHOLE) * snapshots.reduce(least)) / WHOLE;
  }
  return least(BigInt(deposited), total);
}
