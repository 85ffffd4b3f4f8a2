//! Values of the session, and the strict encoding: spec/conformance.md (values), spec/0-conventions.md (encoding).
use borsh::BorshSerialize;
use serde_json::{json, Value};

/// A rejection code, as the protocol names it.
#[derive(Debug)]
pub struct Rejected(pub &'static str);
pub type Outcome<T> = Result<T, Rejected>;

pub fn reject<T>(code: &'static str) -> Outcome<T> {
    Err(Rejected(code))
}

pub fn ensure(holds: bool, code: &'static str) -> Outcome<()> {
    if holds { Ok(()) } else { reject(code) }
}

pub fn bytes_of(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().expect("bytes are a string")).expect("bytes are hexadecimal")
}

pub fn number_of(value: &Value) -> u128 {
    value.as_str().expect("an integer is a string").parse().expect("an integer has decimal digits")
}

pub fn bytes(given: &Value, key: &str) -> Vec<u8> {
    bytes_of(&given[key])
}

pub fn digest(given: &Value, key: &str) -> [u8; 32] {
    bytes(given, key).try_into().expect("a digest has 32 bytes")
}

pub fn number(given: &Value, key: &str) -> u128 {
    number_of(&given[key])
}

pub fn small(given: &Value, key: &str) -> u64 {
    number(given, key).try_into().expect("an integer of 64 bits")
}

pub fn text<'a>(given: &'a Value, key: &str) -> &'a str {
    given[key].as_str().expect("a name is a string")
}

pub fn list<'a>(given: &'a Value, key: &str) -> &'a Vec<Value> {
    given[key].as_array().expect("a list")
}

pub fn all_bytes(given: &Value, key: &str) -> Vec<Vec<u8>> {
    list(given, key).iter().map(bytes_of).collect()
}

pub fn all_numbers(given: &Value, key: &str) -> Vec<u64> {
    list(given, key).iter().map(|item| number_of(item) as u64).collect()
}

pub const PROOF_TYPES: [&str; 4] = ["header_inclusion", "account_state", "storage_state", "groth16"];
pub const VOTE_KINDS: [&str; 3] = ["notarise", "nullify", "finalise"];
pub const SUITES: [&str; 3] = ["blake3", "sha256", "keccak256"];

pub fn ordinal(names: &[&str], name: &str) -> u8 {
    names.iter().position(|known| *known == name).expect("a known name") as u8
}

#[derive(BorshSerialize)]
pub struct Leaf {
    pub job_id: [u8; 32],
    pub job_type: u8,
    pub source_chain: u64,
    pub target_chain: u64,
    pub timestamp: u64,
    pub priority: u8,
    pub assigned_cluster: u32,
    pub proof_commitment: Option<[u8; 32]>,
}

#[derive(BorshSerialize, Clone, PartialEq)]
pub struct Statement {
    pub chain_id: [u8; 32],
    pub epoch: u64,
    pub committee: u32,
    pub view: u64,
    pub kind: u8,
    pub block_hash: [u8; 32],
}

#[derive(BorshSerialize)]
pub enum Choice {
    Short(u8),
}

#[derive(BorshSerialize)]
pub struct Specimen {
    pub flag: bool,
    pub tiny: u8,
    pub half: u16,
    pub word: u32,
    pub long: u64,
    pub vast: u128,
    pub pair: [u8; 2],
    pub maybe: Option<u16>,
    pub octets: Vec<u8>,
    pub numbers: Vec<u16>,
    pub triple: [u8; 3],
    pub suite: u8,
    pub choice: Choice,
}

pub fn encoded<T: BorshSerialize>(value: &T) -> Vec<u8> {
    borsh::to_vec(value).expect("encoding into memory does not fail")
}

impl Leaf {
    pub fn from_json(given: &Value) -> Leaf {
        Leaf {
            job_id: digest(given, "job_id"),
            job_type: ordinal(&PROOF_TYPES, text(given, "job_type")),
            source_chain: small(given, "source_chain"),
            target_chain: small(given, "target_chain"),
            timestamp: small(given, "timestamp"),
            priority: small(given, "priority") as u8,
            assigned_cluster: small(given, "assigned_cluster") as u32,
            proof_commitment: (!given["proof_commitment"].is_null()).then(|| digest(given, "proof_commitment")),
        }
    }
}

impl Statement {
    pub fn from_json(given: &Value) -> Statement {
        Statement {
            chain_id: digest(given, "chain_id"),
            epoch: small(given, "epoch"),
            committee: small(given, "committee") as u32,
            view: small(given, "view"),
            kind: ordinal(&VOTE_KINDS, text(given, "kind")),
            block_hash: digest(given, "block_hash"),
        }
    }
}

/// Reads strictly: the crate's own reader has no maxima, and reports faults in words.
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Outcome<&'a [u8]> {
        ensure(count <= self.0.len(), "ENCODING_TRUNCATED")?;
        let (head, rest) = self.0.split_at(count);
        self.0 = rest;
        Ok(head)
    }

    fn integer(&mut self, width: usize) -> Outcome<u128> {
        Ok(self.take(width)?.iter().rev().fold(0, |value, octet| value << 8 | u128::from(*octet)))
    }

    fn whole(&mut self, width: usize) -> Outcome<Value> {
        Ok(json!(self.integer(width)?.to_string()))
    }

    fn octets(&mut self, count: usize) -> Outcome<Value> {
        Ok(json!(hex::encode(self.take(count)?)))
    }

    fn tag(&mut self, variants: usize) -> Outcome<usize> {
        let tag = self.take(1)?[0] as usize;
        ensure(tag < variants, "ENCODING_UNKNOWN_TAG")?;
        Ok(tag)
    }

    fn length(&mut self, maximum: usize, least: usize) -> Outcome<usize> {
        let length = self.integer(4)? as usize;
        ensure(length <= maximum, "ENCODING_OVER_LONG")?;
        ensure(length * least <= self.0.len(), "ENCODING_TRUNCATED")?;
        Ok(length)
    }

    fn word(&mut self, names: &[&str]) -> Outcome<Value> {
        Ok(json!(names[self.tag(names.len())?]))
    }

    pub fn finish(self, value: Value) -> Outcome<Value> {
        ensure(self.0.is_empty(), "ENCODING_TRAILING_BYTES")?;
        Ok(value)
    }

    pub fn leaf(&mut self) -> Outcome<Value> {
        Ok(json!({
            "job_id": self.octets(32)?,
            "job_type": self.word(&PROOF_TYPES)?,
            "source_chain": self.whole(8)?,
            "target_chain": self.whole(8)?,
            "timestamp": self.whole(8)?,
            "priority": self.whole(1)?,
            "assigned_cluster": self.whole(4)?,
            "proof_commitment": if self.tag(2)? == 1 { self.octets(32)? } else { Value::Null },
        }))
    }

    pub fn statement(&mut self) -> Outcome<Value> {
        Ok(json!({
            "chain_id": self.octets(32)?,
            "epoch": self.whole(8)?,
            "committee": self.whole(4)?,
            "view": self.whole(8)?,
            "kind": self.word(&VOTE_KINDS)?,
            "block_hash": self.octets(32)?,
        }))
    }

    pub fn certificate(&mut self) -> Outcome<Value> {
        let statement = self.statement()?;
        let seats = self.length(65_536, 4)?;
        let seats = (0..seats).map(|_| self.whole(4)).collect::<Outcome<Vec<_>>>()?;
        let signatures = self.length(65_536, 64)?;
        let signatures = (0..signatures).map(|_| self.octets(64)).collect::<Outcome<Vec<_>>>()?;
        Ok(json!({ "statement": statement, "seats": seats, "signatures": signatures }))
    }

    pub fn specimen(&mut self) -> Outcome<Value> {
        Ok(json!({
            "flag": self.tag(2)? == 1,
            "tiny": self.whole(1)?,
            "half": self.whole(2)?,
            "word": self.whole(4)?,
            "long": self.whole(8)?,
            "vast": self.whole(16)?,
            "pair": self.octets(2)?,
            "maybe": if self.tag(2)? == 1 { self.whole(2)? } else { Value::Null },
            "octets": self.short_octets()?,
            "numbers": self.short_numbers()?,
            "triple": self.triple()?,
            "suite": self.word(&SUITES)?,
            "choice": self.choice()?,
        }))
    }

    pub fn example(&mut self) -> Outcome<Value> {
        let present = self.tag(2)? == 1;
        let a = if present { self.whole(2)? } else { Value::Null };
        Ok(json!({ "a": a, "b": self.short_octets()? }))
    }

    fn short_octets(&mut self) -> Outcome<Value> {
        let length = self.length(4, 1)?;
        self.octets(length)
    }

    fn short_numbers(&mut self) -> Outcome<Value> {
        (0..self.length(3, 2)?).map(|_| self.whole(2)).collect()
    }

    fn triple(&mut self) -> Outcome<Value> {
        (0..3).map(|_| self.whole(1)).collect()
    }

    fn choice(&mut self) -> Outcome<Value> {
        let (name, width) = [("short", 1), ("wide", 2)][self.tag(2)?];
        let number = self.whole(width)?;
        Ok(json!({ name: { "number": number } }))
    }
}

/// The bytes of a specimen with unchecked values in some of its fields.
pub fn specimen_bytes(given: &Value) -> Outcome<Vec<u8>> {
    const RANGE: &str = "ENCODING_OUT_OF_RANGE";
    let fits = |value: &Value| value.as_str().expect("an integer").parse::<u128>().map_err(|_| Rejected(RANGE));
    let tiny = fits(&given["tiny"])?.try_into().map_err(|_| Rejected(RANGE))?;
    let long = fits(&given["long"])?.try_into().map_err(|_| Rejected(RANGE))?;
    let vast = fits(&given["vast"])?;
    let pair = bytes(given, "pair").try_into().map_err(|_| Rejected(RANGE))?;
    let octets = bytes(given, "octets");
    ensure(octets.len() <= 4, "ENCODING_OVER_LONG")?;
    ensure(list(given, "numbers").len() <= 3, "ENCODING_OVER_LONG")?;
    let numbers = list(given, "numbers").iter().map(|item| fits(item)?.try_into().map_err(|_| Rejected(RANGE)));
    Ok(encoded(&Specimen {
        flag: false,
        tiny,
        half: 0,
        word: 0,
        long,
        vast,
        pair,
        maybe: None,
        octets,
        numbers: numbers.collect::<Outcome<Vec<u16>>>()?,
        triple: [0; 3],
        suite: 0,
        choice: Choice::Short(0),
    }))
}
