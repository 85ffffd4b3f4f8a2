// Coverage, metrics, triggers and control: spec/3-redundancy.md. Integers only.
import { compare } from "./committee.mjs";
import * as economy from "./economy.mjs";
import { PROOF_TYPES, reject } from "./values.mjs";

const BASELINE = 1000000n;
const CLUSTER_TARGET = 10n;
const COUNT_REST = 1n;
const WINDOW = 10;
const FEWEST = 5n;

const total = (items, name) => items.reduce((sum, item) => sum + BigInt(item[name]), 0n);
const isLow = (least) => ({ due, done }) => economy.coverageIsLow(BigInt(done), BigInt(due), least);
const isBusy = ({ load, capacity }) => economy.isBusy(BigInt(load), BigInt(capacity));

export function folded({ closed, records }) {
  for (const { types, replicas_due, replicas_missed } of records) {
    const isOver = types.some(({ due, done }) => BigInt(done) > BigInt(due)) || BigInt(replicas_missed) > BigInt(replicas_due);
    if (isOver) reject("METRICS_RECORD");
  }
  const ordered = [...records].sort((a, b) => compare(BigInt(a.cluster), BigInt(b.cluster)) || compare(BigInt(a.number), BigInt(b.number)));
  ordered.forEach((record, at) => {
    const before = ordered[at - 1];
    if (record.epoch !== closed) reject("METRICS_RECORD");
    if (before?.cluster === record.cluster && BigInt(record.number) !== BigInt(before.number) + 1n) reject("METRICS_RECORD");
  });
  const counts = records.flatMap(({ types }) => types);
  const types = PROOF_TYPES.filter((type) => counts.some(({ proof_type }) => proof_type === type)).map((type) => {
    const mine = counts.filter(({ proof_type }) => proof_type === type);
    return { proof_type: type, ...Object.fromEntries(["due", "done", "latency"].map((name) => [name, String(total(mine, name))])) };
  });
  const clusters = [...new Set(ordered.map(({ cluster }) => cluster))].map((cluster) => {
    const mine = ordered.filter((record) => record.cluster === cluster).slice(-WINDOW);
    return { cluster, blocks: mine.map(({ load, capacity }) => ({ load, capacity })) };
  });
  const sums = ["replicas_due", "replicas_missed", "cost", "revenue"].map((name) => [name, String(total(records, name))]);
  return { closed, types, clusters, ...Object.fromEntries(sums) };
}

export function efficiency({ cost, revenue }) {
  const [paid, earned] = [BigInt(cost), BigInt(revenue)];
  if (earned === 0n) return { numerator: paid > 0n ? "0" : "1", denominator: "1" };
  return { numerator: String(earned > paid ? earned - paid : 0n), denominator: revenue };
}

function fired({ types, clusters, cost, revenue }, least) {
  const low = types.filter(isLow(least)).map(({ proof_type }) => proof_type);
  const busy = clusters.some(({ blocks }) => blocks.length === WINDOW && blocks.every(isBusy));
  const fires = { coverage: low.length > 0, utilisation: busy, efficiency: economy.efficiencyIsLow(BigInt(cost), BigInt(revenue)) };
  return { triggers: Object.keys(fires).filter((name) => fires[name]), low };
}

export function bounded(wanted, seats, target = CLUSTER_TARGET) {
  const greatest = seats / target > 1n ? seats / target : 1n;
  return wanted < 1n ? 1n : economy.least(wanted, greatest);
}

const bears = (count) => ({ blocks }) => 100n * total(blocks, "load") * count <= 80n * total(blocks, "capacity") * (count - 1n);

export function controlled(control, { metrics, seats }, terms = { minimum_due: 100, cluster_target: CLUSTER_TARGET }) {
  if (metrics.closed !== control.epoch) reject("METRICS_RECORD");
  const { triggers: [first], low } = fired(metrics, BigInt(terms.minimum_due));
  const [count, rest] = [BigInt(control.clusters), BigInt(control.rest)];
  const raises = PROOF_TYPES.flatMap((type) => {
    const raised = control.raises.find(({ proof_type }) => proof_type === type);
    const replicas = BigInt(raised?.replicas ?? 0) + (first === "coverage" && low.includes(type) ? 1n : 0n);
    return raised || replicas > 0n ? [{ proof_type: type, replicas: String(replicas) }] : [];
  });
  let wanted = count;
  if (rest === 0n && first === "utilisation") wanted += 1n;
  if (rest === 0n && first === "efficiency" && metrics.clusters.every(bears(count))) wanted -= 1n;
  const clusters = bounded(wanted, BigInt(seats), BigInt(terms.cluster_target));
  const left = clusters === count ? (rest > 0n ? rest - 1n : 0n) : COUNT_REST;
  return { epoch: String(BigInt(control.epoch) + 1n), clusters: String(clusters), rest: String(left), raises };
}

let control;
export const METHODS = {
  "coverage.minimum": ({ failed, due, capable }) =>
    ({ replicas: String(economy.covering(...[failed, due, capable].map(BigInt))) }),
  "duplication.least_fee": ({ factor, price }) => ({ fee: String(BigInt(factor) * BigInt(price)) }),
  "duplication.of_job": ({ seats, failed, due, declared, capable, raised }) => {
    const value = economy.countedValue(BigInt(declared));
    const stated = economy.factor(BigInt(seats), BigInt(failed), BigInt(due), value, BASELINE, BigInt(capable));
    return { factor: String(economy.least(BigInt(capable), stated + BigInt(raised))) };
  },
  "control.admitted": ({ offered, seats, failed, due, factor, replicas_of_seat }) => {
    const [missed, all] = BigInt(due) === 0n ? [0n, 1n] : [BigInt(failed), BigInt(due)];
    if (BigInt(factor) === 0n) return { jobs: "0" };
    const greatest = (BigInt(seats) * (all - missed) * BigInt(replicas_of_seat)) / (all * BigInt(factor));
    return { jobs: String(economy.least(BigInt(offered), greatest)) };
  },
  "control.count": ({ wanted, seats }) =>
    ({ clusters: String(bounded(BigInt(wanted), BigInt(seats))), starting_up: BigInt(seats) < FEWEST }),
  "metrics.efficiency": efficiency,
  "metrics.failure_rate": ({ due, missed }) => (due === "0" ? { numerator: "0", denominator: "1" } : { numerator: missed, denominator: due }),
  "metrics.fold": folded,
  "metrics.mean_latency": ({ done, latency }) => ({ mean: done === "0" ? null : { numerator: latency, denominator: done } }),
  "trigger.fired": (metrics) => fired(metrics),
  "control.reset": (given) => {
    control = given;
    return {};
  },
  "control.step": (given) => {
    control = controlled(control, given);
    return {};
  },
  "control.snapshot": () => control,
  "reward.fee": ({ base, weight, all_proofs }) =>
    ({ amount: String(economy.ceilingOf(BigInt(base) * BigInt(weight), BigInt(all_proofs))) }),
  "reward.epoch_bonus": ({ base, closed, epoch, cluster }) => {
    const [number, at] = [BigInt(epoch), Number(cluster)];
    if (number > BigInt(closed.length)) reject("EFFICIENCY_UNKNOWN");
    if (number === 0n) return { amount: String(economy.bonus(BigInt(base), 0n, 0n)) };
    const before = closed[Number(number - 1n)].map((ratio) => [BigInt(ratio.numerator), BigInt(ratio.denominator)]);
    const whole = before.reduce((product, [, denominator]) => product * denominator, 1n);
    const sum = before.reduce((all, [numerator, denominator]) => all + (numerator * whole) / denominator, 0n);
    // Both over one denominator, the clusters' number times the product of theirs.
    const [numerator, denominator] = before[at] ?? [];
    const reached = before[at] ? (BigInt(before.length) * numerator * whole) / denominator : sum;
    return { amount: String(economy.bonus(BigInt(base), reached, sum)) };
  },
  "slashing.proceeds": ({ taken }) => {
    const reporter = (BigInt(taken) * 1000n) / 10000n;
    return { treasury: String(BigInt(taken) - reporter), reporter: String(reporter) };
  },
};
