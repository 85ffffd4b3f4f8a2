//! The mountain range and its proofs: spec/2-core-architecture.md, section 2.1.
use crate::hashing::hash;
use crate::values::{ensure, reject, Outcome};

pub type Hash = [u8; 32];
const GREATEST: u64 = 1 << 62;

pub struct Range<'a>(pub &'a str);

fn middle(start: u64, stop: u64) -> u64 {
    let mut half = 1;
    while half * 2 < stop - start {
        half *= 2;
    }
    start + half
}

fn digest(item: &[u8]) -> Outcome<Hash> {
    item.try_into().or_else(|_| reject("MMR_ITEM_SIZE"))
}

/// The items of a proof, taken in order.
pub struct Items(std::vec::IntoIter<Hash>);

impl Items {
    fn new(items: &[Vec<u8>]) -> Outcome<Items> {
        Ok(Items(items.iter().map(|item| digest(item)).collect::<Outcome<Vec<_>>>()?.into_iter()))
    }

    fn take(&mut self) -> Outcome<Hash> {
        self.0.next().map_or_else(|| reject("MMR_PROOF_TOO_SHORT"), Ok)
    }

    fn finish(self) -> Outcome<()> {
        ensure(self.0.len() == 0, "MMR_PROOF_TOO_LONG")
    }
}

impl Range<'_> {
    pub fn leaf(&self, content: &[u8]) -> Hash { hash(self.0, "leaf", &[content]) }
    fn node(&self, left: &Hash, right: &Hash) -> Hash { hash(self.0, "node", &[left, right]) }
    pub fn root(&self, count: u64, bag: &Hash) -> Hash { hash(self.0, "root", &[&count.to_le_bytes(), bag]) }

    pub fn bag(&self, peaks: &[Hash]) -> Hash {
        let Some((last, others)) = peaks.split_last() else { return hash(self.0, "empty", &[]) };
        others.iter().rev().fold(*last, |bag, peak| self.node(peak, &bag))
    }

    pub fn append(&self, count: u64, mut peaks: Vec<Hash>, content: &[u8]) -> Outcome<Vec<Hash>> {
        ensure(count < GREATEST, "MMR_FULL")?;
        let mut carried = self.leaf(content);
        for _ in 0..count.trailing_ones() {
            carried = self.node(&peaks.pop().expect("a peak for each bit"), &carried);
        }
        peaks.push(carried);
        Ok(peaks)
    }

    pub fn value(&self, leaves: &[Hash], start: u64, stop: u64) -> Hash {
        match stop - start {
            0 => self.bag(&[]),
            1 => leaves[start as usize],
            _ => {
                let middle = middle(start, stop);
                self.node(&self.value(leaves, start, middle), &self.value(leaves, middle, stop))
            }
        }
    }

    pub fn items(&self, leaves: &[Hash], start: u64, stop: u64, wanted: &[u64]) -> Vec<Hash> {
        if wanted.is_empty() {
            return vec![self.value(leaves, start, stop)];
        }
        if stop - start == 1 {
            return vec![];
        }
        let middle = middle(start, stop);
        let (left, right) = wanted.split_at(wanted.partition_point(|index| *index < middle));
        let mut first = (start, middle, left);
        let mut second = (middle, stop, right);
        if left.is_empty() {
            std::mem::swap(&mut first, &mut second);
        }
        let mut items = self.items(leaves, first.0, first.1, first.2);
        items.extend(self.items(leaves, second.0, second.1, second.2));
        items
    }

    pub fn subtree_items(&self, leaves: &[Hash], span: (u64, u64), part: (u64, u64), known: bool) -> Vec<Hash> {
        if part.0 == part.1 {
            return vec![];
        }
        if span == part {
            return if known { vec![] } else { vec![self.value(leaves, part.0, part.1)] };
        }
        let middle = middle(span.0, span.1);
        let (left, right) = ((span.0, middle), (middle, span.1));
        let (mut items, beside) = if part.1 <= middle {
            (self.subtree_items(leaves, left, part, known), right)
        } else if part.0 >= middle {
            (self.subtree_items(leaves, right, part, known), left)
        } else {
            (self.subtree_items(leaves, right, (middle, part.1), false), left)
        };
        items.push(self.value(leaves, beside.0, beside.1));
        items
    }

    fn fold(&self, start: u64, stop: u64, claims: &[(u64, Hash)], items: &mut Items) -> Outcome<Hash> {
        if claims.is_empty() {
            return items.take();
        }
        if stop - start == 1 {
            return Ok(claims[0].1);
        }
        let middle = middle(start, stop);
        let (left, right) = claims.split_at(claims.partition_point(|claim| claim.0 < middle));
        if left.is_empty() {
            let second = self.fold(middle, stop, right, items)?;
            return Ok(self.node(&items.take()?, &second));
        }
        let first = self.fold(start, middle, left, items)?;
        Ok(self.node(&first, &self.fold(middle, stop, right, items)?))
    }

    fn fold_part(&self, span: (u64, u64), part: (u64, u64), known: Option<Hash>, items: &mut Items) -> Outcome<(Hash, Hash)> {
        if span == part {
            let value = match known { Some(value) => value, None => items.take()? };
            return Ok((value, value));
        }
        let middle = middle(span.0, span.1);
        if part.1 <= middle {
            let (inner, outer) = self.fold_part((span.0, middle), part, known, items)?;
            return Ok((inner, self.node(&outer, &items.take()?)));
        }
        if part.0 >= middle {
            let (inner, outer) = self.fold_part((middle, span.1), part, known, items)?;
            return Ok((inner, self.node(&items.take()?, &outer)));
        }
        let (inner, outer) = self.fold_part((middle, span.1), (middle, part.1), None, items)?;
        let beside = items.take()?;
        Ok((self.node(&beside, &inner), self.node(&beside, &outer)))
    }

    fn check_root(&self, root: &[u8], count: u64, bag: &Hash, code: &'static str) -> Outcome<()> {
        let root = digest(root)?;
        ensure(self.root(count, bag) == root, code)
    }

    pub fn verify_leaves(
        &self, root: &[u8], count: u64, claims: &[(u64, Vec<u8>)], indices: &[u64], items: &[Vec<u8>],
    ) -> Outcome<()> {
        ensure(count <= GREATEST, "MMR_FULL")?;
        ensure(!claims.is_empty(), "MMR_POSITIONS_EMPTY")?;
        ensure(claims.iter().map(|claim| &claim.0).eq(indices), "MMR_INDEX_MISMATCH")?;
        ensure(indices.windows(2).all(|pair| pair[0] < pair[1]), "MMR_POSITIONS_UNSORTED")?;
        ensure(indices.iter().all(|index| *index < count), "MMR_INDEX_OUT_OF_RANGE")?;
        let mut items = Items::new(items)?;
        let values: Vec<_> = claims.iter().map(|(index, content)| (*index, self.leaf(content))).collect();
        let bag = self.fold(0, count, &values, &mut items)?;
        items.finish()?;
        self.check_root(root, count, &bag, "MMR_ROOT_MISMATCH")
    }

    pub fn verify_consistency(
        &self, older: u64, older_root: &[u8], count: u64, root: &[u8], items: &[Vec<u8>],
    ) -> Outcome<()> {
        ensure(older <= count, "MMR_SHRINKS")?;
        ensure(count <= GREATEST, "MMR_FULL")?;
        digest(root)?;
        let mut items = Items::new(items)?;
        if older == 0 {
            items.finish()?;
            return self.check_root(older_root, 0, &self.bag(&[]), "MMR_SUBTREE_MISMATCH");
        }
        let (older_bag, bag) = self.fold_part((0, count), (0, older), None, &mut items)?;
        items.finish()?;
        self.check_root(older_root, older, &older_bag, "MMR_SUBTREE_MISMATCH")?;
        self.check_root(root, count, &bag, "MMR_ROOT_MISMATCH")
    }

    pub fn verify_subtree(
        &self, root: &[u8], count: u64, part: (u64, u64), value: &[u8], proved: (u64, u64), items: &[Vec<u8>],
    ) -> Outcome<()> {
        ensure(count <= GREATEST, "MMR_FULL")?;
        let (start, stop) = part;
        let size = stop.checked_sub(start).map_or_else(|| reject("MMR_SUBTREE_INVALID"), Ok)?;
        let rounded = size.checked_next_power_of_two();
        let aligned = size == 0 || rounded.map_or(start == 0, |rounded| start % rounded == 0);
        ensure(aligned, "MMR_SUBTREE_INVALID")?;
        ensure(stop <= count, "MMR_INDEX_OUT_OF_RANGE")?;
        ensure(size > 0, "MMR_SUBTREE_INVALID")?;
        ensure(proved == part, "MMR_INDEX_MISMATCH")?;
        let value = digest(value)?;
        let mut items = Items::new(items)?;
        let (computed, bag) = self.fold_part((0, count), part, Some(value), &mut items)?;
        items.finish()?;
        ensure(computed == value, "MMR_SUBTREE_MISMATCH")?;
        self.check_root(root, count, &bag, "MMR_ROOT_MISMATCH")
    }
}

pub fn check_frontier(count: u64, peaks: usize) -> Outcome<()> {
    ensure(count <= GREATEST, "MMR_FULL")?;
    ensure(count.count_ones() as usize == peaks, "MMR_PEAK_COUNT")
}

/// The leaf count of a node count.
pub fn leaf_count(size: u128) -> Outcome<u64> {
    ensure(size < 1 << 63, "MMR_FULL")?;
    let (mut count, mut rest) = (0u64, size as u64);
    for height in (0..=62).rev() {
        let nodes = ((1u128 << (height + 1)) - 1) as u64;
        if rest >= nodes {
            count += 1 << height;
            rest -= nodes;
        }
    }
    ensure(rest == 0, "MMR_SIZE_NOT_CANONICAL")?;
    Ok(count)
}
