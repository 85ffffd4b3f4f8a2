// The mountain range and its proofs: spec/2-core-architecture.md, section 2.1.
import { hash } from "./hashing.mjs";
import { equal, joined, littleEndian, reject } from "./values.mjs";

const GREATEST = 1n << 62n;
const GREATEST_SIZE = (1n << 63n) - 1n;

export function popcount(count) {
  let total = 0;
  for (let rest = count; rest; rest >>= 1n) total += Number(rest & 1n);
  return total;
}

const halfOf = (size) => {
  let half = 1n;
  while (half * 2n < size) half *= 2n;
  return half;
};

const checkCount = (count) => count > GREATEST && reject("MMR_FULL");
const isDigest = (item) => item.length === 32;

export class Range {
  constructor(suite) {
    this.suite = suite;
  }

  leaf(content) { return hash(this.suite, "leaf", content); }
  node(left, right) { return hash(this.suite, "node", joined(left, right)); }
  root(count, bag) { return hash(this.suite, "root", joined(littleEndian(count, 8), bag)); }

  bag(peaks) {
    if (peaks.length === 0) return hash(this.suite, "empty", new Uint8Array());
    return peaks.slice(0, -1).reduceRight((bag, peak) => this.node(peak, bag), peaks.at(-1));
  }

  append(count, peaks, content) {
    if (count >= GREATEST) reject("MMR_FULL");
    const kept = [...peaks];
    let carried = this.leaf(content);
    for (let rest = count; rest & 1n; rest >>= 1n) carried = this.node(kept.pop(), carried);
    return [...kept, carried];
  }

  checkFrontier(count, peaks) {
    checkCount(count);
    if (peaks.length !== popcount(count)) reject("MMR_PEAK_COUNT");
  }

  committed(count, peaks) {
    const bag = this.bag(peaks);
    return { count, peaks, bag, root: this.root(count, bag) };
  }

  // Proving, from all leaf hashes.
  value(leaves, start, stop) {
    if (start === stop) return this.bag([]);
    if (stop - start === 1n) return leaves[Number(start)];
    const middle = start + halfOf(stop - start);
    return this.node(this.value(leaves, start, middle), this.value(leaves, middle, stop));
  }

  items(leaves, start, stop, wanted) {
    if (wanted.length === 0) return [this.value(leaves, start, stop)];
    if (stop - start === 1n) return [];
    const middle = start + halfOf(stop - start);
    const left = wanted.filter((index) => index < middle);
    const right = wanted.filter((index) => index >= middle);
    if (left.length) return [...this.items(leaves, start, middle, left), ...this.items(leaves, middle, stop, right)];
    return [...this.items(leaves, middle, stop, right), this.value(leaves, start, middle)];
  }

  subtreeItems(leaves, start, stop, from, to, known) {
    if (from === to) return [];
    if (start === from && stop === to) return known ? [] : [this.value(leaves, from, to)];
    const middle = start + halfOf(stop - start);
    if (to <= middle) return [...this.subtreeItems(leaves, start, middle, from, to, known), this.value(leaves, middle, stop)];
    if (from >= middle) return [...this.subtreeItems(leaves, middle, stop, from, to, known), this.value(leaves, start, middle)];
    return [...this.subtreeItems(leaves, middle, stop, middle, to, false), this.value(leaves, start, middle)];
  }

  // Verifying.
  fold(start, stop, claims, take) {
    if (claims.length === 0) return take();
    if (stop - start === 1n) return claims[0].value;
    const middle = start + halfOf(stop - start);
    const left = claims.filter(({ index }) => index < middle);
    const right = claims.filter(({ index }) => index >= middle);
    if (left.length) {
      const first = this.fold(start, middle, left, take);
      return this.node(first, this.fold(middle, stop, right, take));
    }
    const second = this.fold(middle, stop, right, take);
    return this.node(take(), second);
  }

  foldSubtree(start, stop, from, to, known, take) {
    if (start === from && stop === to) {
      const value = known ?? take();
      return [value, value];
    }
    const middle = start + halfOf(stop - start);
    if (to <= middle) {
      const [inner, outer] = this.foldSubtree(start, middle, from, to, known, take);
      return [inner, this.node(outer, take())];
    }
    if (from >= middle) {
      const [inner, outer] = this.foldSubtree(middle, stop, from, to, known, take);
      return [inner, this.node(take(), outer)];
    }
    const [inner, outer] = this.foldSubtree(middle, stop, middle, to, null, take);
    const beside = take();
    return [this.node(beside, inner), this.node(beside, outer)];
  }

  checkRoot(root, count, bag, code = "MMR_ROOT_MISMATCH") {
    if (!isDigest(root)) reject("MMR_ITEM_SIZE");
    if (!equal(this.root(count, bag), root)) reject(code);
  }

  verifyLeaves(root, count, claims, indices, items) {
    checkCount(count);
    if (claims.length === 0) reject("MMR_POSITIONS_EMPTY");
    if (claims.length !== indices.length || claims.some(({ index }, at) => index !== indices[at])) reject("MMR_INDEX_MISMATCH");
    if (indices.some((index, at) => at > 0 && index <= indices[at - 1])) reject("MMR_POSITIONS_UNSORTED");
    if (indices.some((index) => index >= count)) reject("MMR_INDEX_OUT_OF_RANGE");
    const proof = new Items(items);
    const values = claims.map(({ index, content }) => ({ index, value: this.leaf(content) }));
    const bag = this.fold(0n, count, values, () => proof.take());
    proof.finish();
    this.checkRoot(root, count, bag);
  }

  verifyRun(root, count, start, stop, contents, indices, items) {
    if (BigInt(contents.length) !== stop - start) reject("MMR_INDEX_MISMATCH");
    const claims = contents.map((content, at) => ({ index: start + BigInt(at), content }));
    this.verifyLeaves(root, count, claims, indices, items);
  }

  verifyConsistency(older, olderRoot, count, root, items) {
    if (count < older) reject("MMR_SHRINKS");
    checkCount(count);
    if (!isDigest(root)) reject("MMR_ITEM_SIZE");
    const proof = new Items(items);
    const walked = older === 0n ? [this.bag([]), null] : this.foldSubtree(0n, count, 0n, older, null, () => proof.take());
    proof.finish();
    this.checkRoot(olderRoot, older, walked[0], "MMR_SUBTREE_MISMATCH");
    if (older !== 0n) this.checkRoot(root, count, walked[1]);
  }

  verifySubtree(root, count, start, stop, value, proved, items) {
    checkCount(count);
    if (!isSubtree(start, stop)) reject("MMR_SUBTREE_INVALID");
    if (stop > count) reject("MMR_INDEX_OUT_OF_RANGE");
    if (start === stop) reject("MMR_SUBTREE_INVALID");
    if (proved[0] !== start || proved[1] !== stop) reject("MMR_INDEX_MISMATCH");
    if (!isDigest(value)) reject("MMR_ITEM_SIZE");
    const proof = new Items(items);
    const [computed, bag] = this.foldSubtree(0n, count, start, stop, value, () => proof.take());
    proof.finish();
    if (!equal(computed, value)) reject("MMR_SUBTREE_MISMATCH");
    this.checkRoot(root, count, bag);
  }
}

function isSubtree(start, stop) {
  if (stop < start) return false;
  let rounded = 1n;
  while (rounded < stop - start) rounded *= 2n;
  return start === stop || start % rounded === 0n;
}

class Items {
  constructor(items) {
    if (!items.every(isDigest)) reject("MMR_ITEM_SIZE");
    this.items = items;
    this.taken = 0;
  }

  take() {
    if (this.taken === this.items.length) reject("MMR_PROOF_TOO_SHORT");
    this.taken += 1;
    return this.items[this.taken - 1];
  }

  finish() {
    if (this.taken < this.items.length) reject("MMR_PROOF_TOO_LONG");
  }
}

export function leafCount(size) {
  if (size > GREATEST_SIZE) reject("MMR_FULL");
  let [count, rest] = [0n, size];
  for (let height = 62n; height >= 0n; height -= 1n) {
    const nodes = (2n << height) - 1n;
    if (rest >= nodes) {
      count += 1n << height;
      rest -= nodes;
    }
  }
  return rest ? reject("MMR_SIZE_NOT_CANONICAL") : count;
}
