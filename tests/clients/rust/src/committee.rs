//! Assignment, leaders, certificates, finality, votes: spec/2-core-architecture.md, sections 2.1, 2.2 and 2.4.
use std::collections::BTreeSet;

use serde_json::{json, Value};

use crate::hashing::{hash, is_valid};
use crate::values::*;

const SUITE: &str = "blake3";
const SEED_LAG: u64 = 2;

pub fn epoch_seed(given: &Value) -> Outcome<Value> {
    let (epoch, closed) = (small(given, "epoch"), all_bytes(given, "closed"));
    let root = match epoch.checked_sub(SEED_LAG) {
        None => bytes(given, "genesis"),
        Some(source) if source < closed.len() as u64 => closed[source as usize].clone(),
        Some(_) => return reject("ROOT_UNKNOWN"),
    };
    let seed = hash(SUITE, "seed", &[&epoch.to_le_bytes(), &root, &bytes(given, "beacon")]);
    Ok(json!({ "seed": hex::encode(seed) }))
}

/// The places of the seats in the order drawn in a role.
fn drawn(role: &str, prefix: &[u8], seats: &[Value]) -> Vec<usize> {
    let mut ranked: Vec<_> = seats.iter().enumerate().map(|(place, seat)| {
        let (key, number) = (bytes(seat, "public_key"), small(seat, "seat") as u32);
        (hash(SUITE, role, &[prefix, &key, &number.to_le_bytes()]), key, number, place)
    }).collect();
    ranked.sort();
    ranked.into_iter().map(|(_, _, _, place)| place).collect()
}

pub fn clusters_of_seats(given: &Value) -> Outcome<Value> {
    let (seats, clusters) = (list(given, "seats"), small(given, "clusters") as usize);
    ensure(clusters > 0, "CLUSTER_COUNT_INVALID")?;
    let mut found = vec![String::new(); seats.len()];
    for (rank, place) in drawn("assign", &bytes(given, "seed"), seats).into_iter().enumerate() {
        found[place] = (rank % clusters).to_string();
    }
    Ok(json!({ "clusters": found }))
}

pub fn cluster_of_job(seed: &[u8], job: &[u8], clusters: u32) -> Outcome<u32> {
    let draw = |cluster: &u32| hash(SUITE, "job", &[seed, job, &cluster.to_le_bytes()]);
    (0..clusters).min_by_key(draw).map_or_else(|| reject("CLUSTER_COUNT_INVALID"), Ok)
}

pub fn leader_of(given: &Value) -> Outcome<Value> {
    let seats = list(given, "seats");
    let prefix = [bytes(given, "seed"), (small(given, "cluster") as u32).to_le_bytes().to_vec()].concat();
    let turn = (small(given, "view") - 1) % seats.len() as u64;
    Ok(json!({ "leader": seats[drawn("leader", &prefix, seats)[turn as usize]] }))
}

pub fn quorum(seats: u64) -> u64 { 2 * seats / 3 + 1 }
pub fn faults(seats: u64) -> u64 { (seats - 1) / 3 }

pub fn message(suite: &str, statement: &Statement) -> [u8; 32] {
    hash(suite, "vote", &[&encoded(statement)])
}

pub struct Committee {
    pub chain_id: [u8; 32],
    pub epoch: u64,
    pub cluster: u32,
    pub keys: Vec<Vec<u8>>,
}

impl Committee {
    pub fn from_json(given: &Value) -> Committee {
        Committee {
            chain_id: digest(given, "chain_id"),
            epoch: small(given, "epoch"),
            cluster: small(given, "cluster") as u32,
            keys: all_bytes(given, "keys"),
        }
    }

    fn about(&self, kind: &str, view: u64, block_hash: [u8; 32]) -> Statement {
        let (chain_id, epoch, committee) = (self.chain_id, self.epoch, self.cluster);
        Statement { chain_id, epoch, committee, view, kind: ordinal(&VOTE_KINDS, kind), block_hash }
    }

    fn signed(&self, seat: u64, statement: &Statement, signature: &[u8]) -> bool {
        is_valid(&self.keys[seat as usize], &message(SUITE, statement), signature)
    }
}

pub struct Certificate {
    pub statement: Statement,
    pub seats: Vec<u64>,
    pub signatures: Vec<Vec<u8>>,
}

impl Certificate {
    pub fn from_json(given: &Value) -> Certificate {
        Certificate {
            statement: Statement::from_json(&given["statement"]),
            seats: all_numbers(given, "seats"),
            signatures: all_bytes(given, "signatures"),
        }
    }
}

pub fn check_certificate(committee: &Committee, statement: &Statement, certificate: &Certificate) -> Outcome<()> {
    let place = (statement.chain_id, statement.epoch, statement.committee);
    let bound = place == (committee.chain_id, committee.epoch, committee.cluster);
    ensure(certificate.statement == *statement && bound, "CERTIFICATE_STATEMENT")?;
    let (seats, signatures, all) = (&certificate.seats, &certificate.signatures, committee.keys.len() as u64);
    ensure(seats.len() == signatures.len(), "CERTIFICATE_SHAPE")?;
    ensure(seats.windows(2).all(|pair| pair[0] < pair[1]), "CERTIFICATE_SEATS_UNSORTED")?;
    ensure(seats.iter().all(|seat| *seat < all), "CERTIFICATE_SEAT_UNKNOWN")?;
    ensure(seats.len() as u64 >= quorum(all), "CERTIFICATE_NO_QUORUM")?;
    let valid = seats.iter().zip(signatures).all(|(seat, signature)| committee.signed(*seat, statement, signature));
    ensure(valid, "SIGNATURE_INVALID")
}

#[derive(PartialEq, Clone)]
pub struct Link {
    pub view: u64,
    pub block_hash: [u8; 32],
    pub parent_view: u64,
    pub parent_hash: [u8; 32],
}

impl Link {
    pub fn from_json(given: &Value) -> Link {
        let (view, parent_view) = (small(given, "view"), small(given, "parent_view"));
        Link { view, parent_view, block_hash: digest(given, "block_hash"), parent_hash: digest(given, "parent_hash") }
    }
}

pub struct FinalityProof {
    path: Vec<Link>,
    certificates: Vec<Certificate>,
}

impl FinalityProof {
    pub fn from_json(given: &Value) -> FinalityProof {
        FinalityProof {
            path: list(given, "path").iter().map(Link::from_json).collect(),
            certificates: list(given, "certificates").iter().map(Certificate::from_json).collect(),
        }
    }
}

pub fn check_finality(committee: &Committee, genesis: [u8; 32], proof: &FinalityProof) -> Outcome<()> {
    let path = &proof.path;
    let below = path.iter().skip(1).map(|link| (link.block_hash, link.view)).chain([(genesis, 0)]);
    let chained = path.iter().zip(below).all(|(link, parent)| {
        (link.parent_hash, link.parent_view) == parent && link.parent_view < link.view
    });
    ensure(!path.is_empty() && chained, "FINALITY_PATH")?;
    let last = &path[0];
    let mut demanded = vec![committee.about("notarise", last.view, last.block_hash)];
    demanded.push(committee.about("finalise", last.view, last.block_hash));
    demanded.extend(path[1..].iter().map(|link| committee.about("notarise", link.view, link.block_hash)));
    for link in path {
        demanded.extend((link.parent_view + 1..link.view).map(|view| committee.about("nullify", view, [0; 32])));
    }
    for statement in &demanded {
        let carried = proof.certificates.iter().rev().find(|item| item.statement == *statement);
        check_certificate(committee, statement, carried.map_or_else(|| reject("FINALITY_INCOMPLETE"), Ok)?)?;
    }
    Ok(())
}

/// A statement, the seat that is said to have signed it, and the signature.
pub type Signed = (u64, Statement, Vec<u8>);

pub fn signed_from(given: &Value) -> Signed {
    (small(given, "seat"), Statement::from_json(&given["statement"]), bytes(given, "signature"))
}

pub fn convicts(committee: &Committee, first: &Signed, second: &Signed) -> bool {
    let slot = |statement: &Statement| (statement.chain_id, statement.epoch, statement.committee, statement.view);
    let [nullify, finalise] = ["nullify", "finalise"].map(|kind| ordinal(&VOTE_KINDS, kind));
    let (left, right) = (&first.1, &second.1);
    let contradict = if left.kind == right.kind {
        left.kind != nullify && left.block_hash != right.block_hash
    } else {
        [left.kind, right.kind] == [nullify, finalise] || [left.kind, right.kind] == [finalise, nullify]
    };
    let seated = first.0 == second.0 && first.0 < committee.keys.len() as u64;
    seated && contradict && slot(left) == slot(right)
        && [first, second].iter().all(|item| committee.signed(item.0, &item.1, &item.2))
}

pub fn guilty(given: &Value) -> Outcome<Value> {
    let (committee, genesis) = (Committee::from_json(&given["committee"]), digest(given, "genesis"));
    let proofs = [&given["first"], &given["second"]].map(FinalityProof::from_json);
    for proof in &proofs {
        check_finality(&committee, genesis, proof)?;
    }
    let [first, second] = &proofs;
    let apart = !second.path.contains(&first.path[0]) && !first.path.contains(&second.path[0]);
    ensure(apart, "FINALITY_AGREES")?;
    let certificates = proofs.iter().flat_map(|proof| &proof.certificates);
    let signed: Vec<Signed> = certificates.flat_map(|item| {
        item.seats.iter().zip(&item.signatures).map(|(seat, signature)| (*seat, item.statement.clone(), signature.clone()))
    }).collect();
    let mut found = BTreeSet::new();
    for (place, left) in signed.iter().enumerate() {
        if !found.contains(&left.0) && signed[place + 1..].iter().any(|right| convicts(&committee, left, right)) {
            found.insert(left.0);
        }
    }
    Ok(json!({ "seats": found.iter().map(u64::to_string).collect::<Vec<_>>() }))
}

type Blocks = BTreeSet<(u64, [u8; 32])>;

/// One member: its votes, its view, and the certificates that it saw.
#[derive(Default)]
pub struct Voting {
    genesis: [u8; 32],
    view: u64,
    notarised: Blocks,
    nullified: BTreeSet<u64>,
    finalised: Blocks,
    seen_notarised: Blocks,
    seen_nullified: BTreeSet<u64>,
}

fn has(blocks: &Blocks, view: u64) -> bool {
    blocks.iter().any(|(voted, _)| *voted == view)
}

impl Voting {
    pub fn new(genesis: [u8; 32]) -> Voting {
        Voting { genesis, view: 1, ..Voting::default() }
    }

    fn is_notarised(&self, view: u64, block: [u8; 32]) -> bool {
        (view, block) == (0, self.genesis) || self.seen_notarised.contains(&(view, block))
    }

    pub fn step(&mut self, event: &Value) -> Outcome<Value> {
        let (kind, given) = event.as_object().expect("a variant").iter().next().expect("one key");
        match kind.as_str() {
            "notarise" => {
                let link = Link::from_json(&given["link"]);
                ensure(link.view == self.view, "VOTE_WRONG_VIEW")?;
                ensure(!has(&self.notarised, link.view), "VOTE_TWICE")?;
                ensure(!self.nullified.contains(&link.view), "VOTE_CONFLICT")?;
                let certified = link.parent_view < link.view && self.is_notarised(link.parent_view, link.parent_hash);
                ensure(certified, "VOTE_LINEAGE")?;
                let gap = (link.parent_view + 1..link.view).all(|view| self.seen_nullified.contains(&view));
                ensure(gap, "VOTE_GAP")?;
                self.notarised.insert((link.view, link.block_hash));
            }
            "nullify" => {
                ensure(!self.nullified.contains(&self.view), "VOTE_TWICE")?;
                ensure(!has(&self.finalised, self.view), "VOTE_CONFLICT")?;
                self.nullified.insert(self.view);
            }
            "finalise" => {
                let link = Link::from_json(&given["link"]);
                ensure(link.view <= self.view, "VOTE_WRONG_VIEW")?;
                ensure(!has(&self.finalised, link.view), "VOTE_TWICE")?;
                ensure(!self.nullified.contains(&link.view), "VOTE_CONFLICT")?;
                ensure(self.is_notarised(link.view, link.block_hash), "VOTE_NOT_NOTARISED")?;
                self.finalised.insert((link.view, link.block_hash));
            }
            "advance" => {
                let over = self.seen_nullified.contains(&self.view) || has(&self.seen_notarised, self.view);
                ensure(over, "VIEW_NOT_OVER")?;
                self.view += 1;
            }
            "see_notarised" => { self.seen_notarised.insert((small(given, "view"), digest(given, "block_hash"))); }
            _ => { self.seen_nullified.insert(small(given, "view")); }
        }
        Ok(json!({}))
    }

    pub fn snapshot(&self) -> Value {
        let blocks = |blocks: &Blocks| -> Value {
            blocks.iter().map(|(view, block)| json!({ "view": view.to_string(), "block_hash": hex::encode(block) })).collect()
        };
        let views = |views: &BTreeSet<u64>| -> Value { views.iter().map(|view| json!(view.to_string())).collect() };
        json!({
            "view": self.view.to_string(),
            "notarised": blocks(&self.notarised),
            "nullified": views(&self.nullified),
            "finalised": blocks(&self.finalised),
            "seen_notarised": blocks(&self.seen_notarised),
            "seen_nullified": views(&self.seen_nullified),
        })
    }
}
