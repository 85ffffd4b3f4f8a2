//! A client written from spec/ alone: one line in, one line out, as spec/conformance.md says.
mod committee;
mod economy;
mod hashing;
mod mmr;
mod values;

use std::io::{BufRead, Write};

use serde_json::{json, Value};

use committee::{Certificate, Committee, FinalityProof, Voting};
use hashing::{hash, is_valid, Stream, ROLES};
use mmr::{Hash, Range};
use values::*;

const METHODS: [&str; 59] = [
    "specimen.decode", "specimen.encode", "example.decode", "leaf.decode", "leaf.encode", "leaf.complete", "statement.decode",
    "certificate.decode", "hash.role", "hash.key", "hash.remainder", "signature.verify", "signature.sign", "mmr.root",
    "mmr.commit", "mmr.append", "mmr.leaf_count", "mmr.prove_leaves", "mmr.verify_leaves", "mmr.prove_consistency",
    "mmr.verify_consistency", "mmr.prove_subtree", "mmr.verify_subtree", "mmr.adopt_head", "assignment.seed",
    "assignment.seats", "assignment.job", "leader.of", "quorum.of", "vote.message", "vote.sign", "certificate.check",
    "finality.check", "evidence.judge", "guilt.find", "duplication.factor", "duplication.value", "trigger.coverage",
    "trigger.utilisation", "trigger.efficiency", "reward.bonus", "reward.payouts", "slashing.double_vote_points",
    "slashing.due", "voting.reset", "voting.step", "voting.snapshot", "accumulated.hash", "accumulated.leaf",
    "accumulated.mmr", "accumulated.assignment", "accumulated.quorum", "accumulated.duplication", "accumulated.budget",
    "job_log.reset", "job_log.step", "job_log.snapshot", "hello", "bye",
];

fn shown(range: &Range, count: u64, peaks: &[Hash]) -> Value {
    let bag = range.bag(peaks);
    let peaks: Vec<_> = peaks.iter().map(hex::encode).collect();
    json!({ "count": count.to_string(), "peaks": peaks, "bag": hex::encode(bag), "root": hex::encode(range.root(count, &bag)) })
}

fn items(items: Vec<Hash>) -> Outcome<Value> {
    Ok(json!({ "items": items.iter().map(hex::encode).collect::<Vec<_>>() }))
}

fn one(key: &str, value: impl ToString) -> Outcome<Value> {
    Ok(json!({ key: value.to_string() }))
}

fn fires(fires: bool) -> Outcome<Value> {
    Ok(json!({ "fires": fires }))
}

/// A log of jobs: its leaves, as they came.
#[derive(Default)]
struct JobLog {
    suite: String,
    leaves: Vec<Value>,
}

impl JobLog {
    fn step(&mut self, leaf: &Value) -> Outcome<Value> {
        let of_job: Vec<_> = self.leaves.iter().filter(|item| item["job_id"] == leaf["job_id"]).collect();
        if leaf["proof_commitment"].is_null() {
            ensure(of_job.is_empty(), "JOB_ALREADY_TAKEN_IN")?;
        } else {
            ensure(!of_job.is_empty(), "JOB_UNKNOWN")?;
            ensure(of_job.len() == 1, "JOB_ALREADY_COMPLETED")?;
            let mut intake = leaf.clone();
            intake["proof_commitment"] = Value::Null;
            ensure(*of_job[0] == intake, "LEAF_MISMATCH")?;
        }
        self.leaves.push(leaf.clone());
        Ok(json!({}))
    }

    fn snapshot(&self) -> Value {
        let range = Range(&self.suite);
        let hashes: Vec<_> = self.leaves.iter().map(|leaf| range.leaf(&encoded(&Leaf::from_json(leaf)))).collect();
        let count = hashes.len() as u64;
        let root = range.root(count, &range.value(&hashes, 0, count));
        let done = |job: &Value| self.leaves.iter().any(|leaf| leaf["job_id"] == *job && !leaf["proof_commitment"].is_null());
        let open: Vec<_> = self.leaves.iter().map(|leaf| &leaf["job_id"]).filter(|job| !done(job)).collect();
        json!({ "count": count.to_string(), "root": hex::encode(root), "open_jobs": open })
    }
}

/// The digest over the outcomes of drawn cases.
fn accumulated(name: &str, given: &Value) -> Outcome<Value> {
    let mut stream = Stream::new(&format!("{name}/{}", text(given, "seed")));
    let mut outcomes = blake3::Hasher::new();
    let (range, mut count, mut peaks) = (Range("blake3"), 0, vec![]);
    for _ in 0..small(given, "cases") {
        let outcome = match name {
            "accumulated.hash" => {
                let role = ROLES[stream.below(ROLES.len() as u64) as usize];
                let suite = SUITES[stream.below(3) as usize];
                let length = stream.below(130) as usize;
                let message = stream.octets(length);
                hash(suite, role, &[if role == "empty" { &[] } else { message.as_slice() }]).to_vec()
            }
            "accumulated.leaf" => drawn_leaf(&mut stream),
            "accumulated.mmr" => {
                let length = stream.below(64) as usize;
                peaks = range.append(count, peaks, &stream.octets(length))?;
                count += 1;
                range.root(count, &range.bag(&peaks)).to_vec()
            }
            "accumulated.assignment" => {
                let (seed, job) = (stream.octets(32), stream.octets(32));
                committee::cluster_of_job(&seed, &job, 1 + stream.below(8) as u32)?.to_le_bytes().to_vec()
            }
            "accumulated.quorum" => {
                let seats = 1 + stream.below(65_536);
                let both = [committee::quorum(seats) as u32, committee::faults(seats) as u32];
                both.map(u32::to_le_bytes).concat()
            }
            "accumulated.duplication" => {
                let (seats, due) = (1 + u128::from(stream.below(4096)), 1 + stream.below(64));
                let (failed, value) = (stream.below(due + 1), stream.below(4_000_000));
                let factor = economy::factor(seats, failed.into(), due.into(), value.into(), 1_000_000, seats)?;
                (factor as u32).to_le_bytes().to_vec()
            }
            _ => {
                let (base, reached, average) = (stream.below(1 << 40).into(), stream.below(1000), stream.below(1000));
                ((base + economy::bonus(base, reached.into(), average.into())) as u64).to_le_bytes().to_vec()
            }
        };
        outcomes.update(&outcome);
    }
    one("digest", outcomes.finalize().to_hex())
}

fn drawn_leaf(stream: &mut Stream) -> Vec<u8> {
    let mut octets = stream.octets(32);
    octets.push(stream.below(5) as u8);
    octets.extend(stream.octets(29));
    let tag = [0, 1, 0, 1, 0, 1, 1, 2][stream.below(8) as usize];
    octets.push(tag);
    if tag != 0 {
        octets.extend(stream.octets(32));
    }
    match stream.below(8) {
        0 => { octets.pop(); }
        1 => octets.push(0),
        _ => {}
    }
    match decoded(&octets, Reader::leaf) {
        Ok(leaf) => [vec![0], encoded(&Leaf::from_json(&leaf))].concat(),
        Err(Rejected("ENCODING_TRUNCATED")) => vec![1],
        Err(Rejected("ENCODING_TRAILING_BYTES")) => vec![2],
        Err(_) => vec![3],
    }
}

fn decoded<'a>(octets: &'a [u8], read: impl Fn(&mut Reader<'a>) -> Outcome<Value>) -> Outcome<Value> {
    let mut reader = Reader(octets);
    let value = read(&mut reader)?;
    reader.finish(value)
}

#[derive(Default)]
struct Client {
    voting: Voting,
    log: JobLog,
}

impl Client {
    fn answer(&mut self, method: &str, given: &Value) -> Outcome<Value> {
        let octets = |key| bytes(given, key);
        let count = |key| small(given, key);
        let suite = given["suite"].as_str().unwrap_or("blake3");
        let range = Range(suite);
        let leaves = || -> Vec<Hash> { list(given, "contents").iter().map(|item| range.leaf(&bytes_of(item))).collect() };
        let peaks = || -> Vec<Hash> { all_bytes(given, "peaks").into_iter().map(|peak| peak.try_into().expect("32 bytes")).collect() };
        match method {
            "hello" => Ok(json!({
                "protocol": given["protocol"], "profile": given["profile"], "client": "rust client", "suites": SUITES,
                "methods": METHODS[..METHODS.len() - 2],
            })),
            "bye" => Ok(json!({})),
            "specimen.decode" => decoded(&octets("octets"), Reader::specimen),
            "example.decode" => decoded(&octets("octets"), Reader::example),
            "specimen.encode" => one("octets", hex::encode(specimen_bytes(given)?)),
            "leaf.decode" => decoded(&octets("octets"), Reader::leaf),
            "leaf.encode" => one("octets", hex::encode(encoded(&Leaf::from_json(given)))),
            "leaf.complete" => {
                ensure(given["leaf"]["proof_commitment"].is_null(), "LEAF_KIND")?;
                let mut leaf = given["leaf"].clone();
                leaf["proof_commitment"] = given["commitment"].clone();
                Ok(json!({ "leaf": leaf }))
            }
            "statement.decode" => decoded(&octets("octets"), Reader::statement),
            "certificate.decode" => decoded(&octets("octets"), Reader::certificate),
            "hash.role" => one("digest", hex::encode(hash(suite, text(given, "role"), &[&octets("message")]))),
            "hash.key" => one("digest", hex::encode(hashing::role_key(text(given, "role")))),
            "hash.remainder" => one("remainder", hashing::remainder(&octets("digest"), count("divisor"))),
            "signature.verify" => {
                ensure(is_valid(&octets("public_key"), &octets("message"), &octets("signature")), "SIGNATURE_INVALID")?;
                Ok(json!({}))
            }
            "signature.sign" => {
                let seed = digest(given, "seed");
                let signature = hex::encode(hashing::sign(seed, &octets("message")));
                Ok(json!({ "public_key": hex::encode(hashing::public_key(seed)), "signature": signature }))
            }
            "mmr.root" => {
                let contents = all_bytes(given, "contents");
                let appended = contents.iter().enumerate().try_fold(vec![], |peaks, (place, content)| {
                    range.append(place as u64, peaks, content)
                })?;
                Ok(shown(&range, contents.len() as u64, &appended))
            }
            "mmr.commit" => {
                mmr::check_frontier(count("count"), peaks().len())?;
                Ok(shown(&range, count("count"), &peaks()))
            }
            "mmr.append" => {
                mmr::check_frontier(count("count"), peaks().len())?;
                let appended = range.append(count("count"), peaks(), &octets("content"))?;
                Ok(shown(&range, count("count") + 1, &appended))
            }
            "mmr.leaf_count" => one("count", mmr::leaf_count(number(given, "size"))?),
            "mmr.prove_leaves" => items(range.items(&leaves(), 0, leaves().len() as u64, &all_numbers(given, "indices"))),
            "mmr.verify_leaves" => {
                let claims: Vec<_> =
                    list(given, "claims").iter().map(|item| (small(item, "index"), bytes(item, "content"))).collect();
                let (indices, proof) = (all_numbers(given, "indices"), all_bytes(given, "items"));
                range.verify_leaves(&octets("root"), count("count"), &claims, &indices, &proof)?;
                Ok(json!({}))
            }
            "mmr.prove_consistency" => {
                items(range.subtree_items(&leaves(), (0, leaves().len() as u64), (0, count("older")), false))
            }
            "mmr.verify_consistency" => {
                let (older_root, root, proof) = (octets("older_root"), octets("root"), all_bytes(given, "items"));
                range.verify_consistency(count("older"), &older_root, count("count"), &root, &proof)?;
                Ok(json!({}))
            }
            "mmr.prove_subtree" => {
                items(range.subtree_items(&leaves(), (0, leaves().len() as u64), (count("start"), count("stop")), true))
            }
            "mmr.verify_subtree" => {
                let (part, proved) = ((count("start"), count("stop")), (count("proof_start"), count("proof_stop")));
                let proof = all_bytes(given, "items");
                range.verify_subtree(&octets("root"), count("count"), part, &octets("value"), proved, &proof)?;
                Ok(json!({}))
            }
            "mmr.adopt_head" => {
                ensure(!given["items"].is_null(), "MMR_UNPROVED_EXTENSION")?;
                let (known, offered, proof) = (&given["known"], &given["offered"], all_bytes(given, "items"));
                let (older, newer) = (bytes(known, "root"), bytes(offered, "root"));
                range.verify_consistency(small(known, "count"), &older, small(offered, "count"), &newer, &proof)?;
                Ok(offered.clone())
            }
            "assignment.seed" => committee::epoch_seed(given),
            "assignment.seats" => committee::clusters_of_seats(given),
            "assignment.job" => {
                one("cluster", committee::cluster_of_job(&octets("seed"), &octets("job_id"), count("clusters") as u32)?)
            }
            "leader.of" => committee::leader_of(given),
            "quorum.of" => {
                let seats = count("seats");
                Ok(json!({ "quorum": committee::quorum(seats).to_string(), "faults": committee::faults(seats).to_string() }))
            }
            "vote.message" => one("digest", hex::encode(committee::message(suite, &Statement::from_json(&given["statement"])))),
            "vote.sign" => {
                let message = committee::message("blake3", &Statement::from_json(&given["statement"]));
                one("signature", hex::encode(hashing::sign(digest(given, "seed"), &message)))
            }
            "certificate.check" => {
                let committee = Committee::from_json(&given["committee"]);
                let certificate = Certificate::from_json(&given["certificate"]);
                committee::check_certificate(&committee, &Statement::from_json(&given["statement"]), &certificate)?;
                Ok(json!({}))
            }
            "finality.check" => {
                let committee = Committee::from_json(&given["committee"]);
                committee::check_finality(&committee, digest(given, "genesis"), &FinalityProof::from_json(&given["proof"]))?;
                Ok(json!({}))
            }
            "evidence.judge" => {
                let (first, second) = (committee::signed_from(&given["first"]), committee::signed_from(&given["second"]));
                let convicts = committee::convicts(&Committee::from_json(&given["committee"]), &first, &second);
                Ok(json!({ "convicts": convicts }))
            }
            "guilt.find" => committee::guilty(given),
            "duplication.factor" => {
                let [seats, failed, due, value, baseline, capable] =
                    ["seats", "failed", "due", "value", "baseline", "capable"].map(|key| number(given, key));
                one("factor", economy::factor(seats, failed, due, value, baseline, capable)?)
            }
            "duplication.value" => one("value", number(given, "declared").min(4_000_000)),
            "trigger.coverage" => {
                let (done, due) = (number(given, "done"), number(given, "due"));
                fires(due >= 100 && 100 * done < 95 * due)
            }
            "trigger.utilisation" => fires(100 * number(given, "load") > 80 * number(given, "capacity")),
            "trigger.efficiency" => {
                let (cost, revenue) = (number(given, "cost"), number(given, "revenue"));
                fires(10 * revenue < 7 * revenue + 10 * cost)
            }
            "reward.bonus" => {
                one("amount", economy::bonus(number(given, "base"), number(given, "reached"), number(given, "average")))
            }
            "reward.payouts" => economy::payouts(given),
            "slashing.double_vote_points" => {
                one("points", economy::double_vote_points(number(given, "guilty"), number(given, "seats")))
            }
            "slashing.due" => economy::due(given),
            "voting.reset" => { self.voting = Voting::new(digest(given, "genesis")); Ok(json!({})) }
            "voting.step" => self.voting.step(given),
            "voting.snapshot" => Ok(self.voting.snapshot()),
            "job_log.reset" => { self.log = JobLog { suite: suite.to_owned(), leaves: vec![] }; Ok(json!({})) }
            "job_log.step" => self.log.step(given),
            "job_log.snapshot" => Ok(self.log.snapshot()),
            _ => accumulated(method, given),
        }
    }
}

fn main() {
    let mut client = Client::default();
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line.expect("a line")).expect("a request is JSON");
        let method = text(&request, "method");
        let mut reply = if !METHODS.contains(&method) {
            json!({ "unsupported": "not written" })
        } else {
            match client.answer(method, &request["given"]) {
                Ok(value) => json!({ "value": value }),
                Err(Rejected(code)) => json!({ "rejection": code }),
            }
        };
        reply["id"] = request["id"].clone();
        writeln!(out, "{reply}").and_then(|()| out.flush()).expect("the kit listens");
    }
}
