//! Duplication, triggers, rewards, slashing: spec/3-redundancy.md and spec/5-economics.md. Integers only.
use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigUint;
use num_integer::Integer;
use serde_json::{json, Value};

use crate::values::*;

const WEIGHTS: [u128; 4] = [1, 2, 4, 64];
const KINDS: [(&str, u128); 7] = [
    ("invalid_proof", 500), ("inactivity", 200), ("desynchronisation", 1000), ("byzantine_proposal", 1500),
    ("double_vote", 1500), ("invalid_vote", 500), ("withheld_reveal", 200),
];
const WINDOW: u128 = 8;
const WHOLE: u128 = 10_000;

fn big(value: u128) -> BigUint { BigUint::from(value) }

fn ceiling_of_root(numerator: &BigUint, denominator: &BigUint) -> BigUint {
    let whole = numerator.div_ceil(denominator);
    if whole == big(0) { whole } else { (whole - 1u8).sqrt() + 1u8 }
}

/// Integers on both sides of log2(number) * 2^places.
fn logarithm_bounds(number: u128, places: u64) -> [BigUint; 2] {
    let width = places + 64;
    let (mut below, mut below_power, mut above, mut above_power) = (big(number), big(0), big(number), big(0));
    for _ in 0..places {
        below = &below * &below;
        let dropped = below.bits().saturating_sub(width);
        below >>= dropped;
        below_power = below_power * 2u8 + dropped;
        above = &above * &above;
        let dropped = above.bits().saturating_sub(width);
        above = above.div_ceil(&(big(1) << dropped));
        above_power = above_power * 2u8 + dropped;
    }
    [below_power + (below.bits() - 1), above_power + (above - 1u8).bits()]
}

fn exact_ceiling(seats: u128, failed: u128, due: u128, value: u128, baseline: u128) -> BigUint {
    let factor = big(failed) + due;
    let numerator = &factor * &factor * value;
    let denominator = big(due) * due * baseline;
    let mut places = 8;
    loop {
        let scale = &denominator << (2 * places);
        let [low, high] = logarithm_bounds(seats, places).map(|end| ceiling_of_root(&(&end * &end * &numerator), &scale));
        if low == high {
            return low;
        }
        places *= 2;
    }
}

fn covering(failed: u128, due: u128, capable: u128) -> u128 {
    let (mut low, mut high) = (0, capable);
    while low < high {
        let half = (low + high) / 2;
        if big(failed).pow(half as u32) * 20u8 <= big(due).pow(half as u32) { high = half } else { low = half + 1 }
    }
    low
}

pub fn factor(seats: u128, failed: u128, due: u128, value: u128, baseline: u128, capable: u128) -> Outcome<u128> {
    ensure(due > 0 && failed <= due && baseline > 0 && capable <= seats, "DUPLICATION_INPUT")?;
    if capable < 2 {
        return Ok(capable);
    }
    let stated = u128::try_from(exact_ceiling(seats, failed, due, value, baseline)).unwrap_or(u128::MAX);
    Ok(capable.min(stated.max(2).max(covering(failed, due, capable))))
}

pub fn bonus(base: u128, reached: u128, average: u128) -> u128 {
    if average == 0 {
        return base / 5;
    }
    let product = big(base) * 2u8 * reached.min(2 * average) / (big(average) * 10u8);
    product.try_into().expect("at most two fifths of the base")
}

fn portion(amount: u128, part: u128, whole: u128) -> u128 {
    if whole == 0 { 0 } else { amount * part / whole }
}

pub fn payouts(given: &Value) -> Outcome<Value> {
    let (base, reached, average) = (number(given, "base"), number(given, "reached"), number(given, "average"));
    let keys = all_bytes(given, "keys");
    let blocks: BTreeSet<u64> = all_numbers(given, "blocks").into_iter().collect();
    let counted: BTreeSet<(u64, u64)> = list(given, "attestations").iter().filter(|item| {
        let (block, carried) = (number(item, "block"), number(item, "carried"));
        let known = blocks.contains(&(block as u64)) && small(item, "seat") < keys.len() as u64;
        known && block <= carried && carried <= block + WINDOW
    }).map(|item| (small(item, "block"), small(item, "seat"))).collect();
    let name = |item: &Value| (text(item, "job_id").to_owned(), text(item, "job_type").to_owned(), bytes(item, "prover"));
    let drawn: BTreeSet<_> = list(given, "drawn").iter().map(name).collect();
    let delivered: BTreeSet<_> = list(given, "deliveries").iter().map(name).collect();
    let mut proofs: BTreeMap<&Vec<u8>, u128> = BTreeMap::new();
    for (_, job_type, prover) in delivered.intersection(&drawn) {
        if keys.contains(prover) {
            *proofs.entry(prover).or_default() += WEIGHTS[usize::from(ordinal(&PROOF_TYPES, job_type))];
        }
    }
    let (all, extra) = (proofs.values().sum(), bonus(base, reached, average));
    let possible = keys.len() as u128 * blocks.len() as u128;
    let mut paid = vec![];
    for (place, key) in keys.iter().enumerate() {
        if !keys[..place].contains(key) {
            let signed = counted.iter().filter(|(_, seat)| keys[*seat as usize] == *key).count() as u128;
            let own = proofs.get(key).copied().unwrap_or(0);
            let amount = portion(base, own, all) + portion(extra, signed, possible);
            paid.push(json!({ "key": hex::encode(key), "amount": amount.to_string() }));
        }
    }
    Ok(json!({ "payouts": paid }))
}

pub fn double_vote_points(guilty: u128, seats: u128) -> u128 {
    (3 * WHOLE * guilty / seats).clamp(1500, WHOLE)
}

pub fn due(given: &Value) -> Outcome<Value> {
    let convictions = list(given, "convictions");
    let place = |item: &Value| ["chain_id", "epoch", "cluster"].map(|name| item["slot"][name].to_string());
    let points = |item: &Value| {
        let committee = number(item, "committee_seats");
        if text(item, "kind") != "double_vote" || committee == 0 {
            return KINDS.iter().find(|(kind, _)| *kind == text(item, "kind")).expect("a known kind").1;
        }
        let voters = convictions.iter().filter(|other| text(other, "kind") == "double_vote" && place(other) == place(item));
        let mut weights: BTreeMap<_, _> = voters.map(|other| (text(other, "key"), number(other, "seats"))).collect();
        weights.insert(text(item, "key"), number(item, "seats"));
        double_vote_points(weights.values().sum(), committee)
    };
    // By epoch: the gravest points of each slot, and the least snapshot.
    let mut epochs: BTreeMap<String, (BTreeMap<String, u128>, u128)> = BTreeMap::new();
    for item in convictions.iter().filter(|item| item["key"] == given["key"]) {
        let (slots, snapshot) = epochs.entry(item["slot"]["epoch"].to_string()).or_insert((BTreeMap::new(), u128::MAX));
        let gravest = slots.entry(item["slot"].to_string()).or_default();
        *gravest = (*gravest).max(points(item));
        *snapshot = (*snapshot).min(number(item, "snapshot"));
    }
    let penalties: u128 = epochs.values().map(|(slots, snapshot)| slots.values().sum::<u128>().min(WHOLE) * snapshot / WHOLE).sum();
    Ok(json!({ "amount": number(given, "deposited").min(penalties).to_string() }))
}
