//! Suites, roles, signatures and streams: spec/0-conventions.md (hashing, signatures), spec/conformance.md (streams).
use ed25519_zebra::{Signature, SigningKey, VerificationKey};
use sha2::{Digest, Sha256};
use sha3::Keccak256;

pub const ROLES: [&str; 20] = [
    "leaf", "node", "root", "empty", "job", "block", "vote", "envelope", "seed", "assign", "leader", "replica", "crossval",
    "evidence", "checkpoint", "genesis", "state", "proof", "claim", "beacon",
];

pub fn role_key(role: &str) -> [u8; 32] {
    blake3::derive_key(&format!("taifoon v1 {role}"), b"")
}

pub fn hash(suite: &str, role: &str, parts: &[&[u8]]) -> [u8; 32] {
    if suite == "blake3" {
        let mut hasher = blake3::Hasher::new_keyed(&role_key(role));
        parts.iter().for_each(|part| { hasher.update(part); });
        return *hasher.finalize().as_bytes();
    }
    let place = ROLES.iter().position(|known| *known == role).expect("a known role") as u8;
    let tag: &[u8] = if role == "empty" { &[] } else { &[place] };
    let message = [tag, &parts.concat()].concat();
    if suite == "sha256" { Sha256::digest(message).into() } else { Keccak256::digest(message).into() }
}

/// The remainder of a digest, read big-endian.
pub fn remainder(digest: &[u8], divisor: u64) -> u64 {
    digest.iter().fold(0u128, |rest, octet| (rest << 8 | u128::from(*octet)) % u128::from(divisor)) as u64
}

pub fn is_valid(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (VerificationKey::try_from(key), <[u8; 64]>::try_from(signature)) else { return false };
    key.verify(&Signature::from(signature), message).is_ok()
}

pub fn sign(seed: [u8; 32], message: &[u8]) -> [u8; 64] {
    SigningKey::from(seed).sign(message).into()
}

pub fn public_key(seed: [u8; 32]) -> [u8; 32] {
    VerificationKey::from(&SigningKey::from(seed)).into()
}

pub struct Stream(blake3::OutputReader);

impl Stream {
    pub fn new(label: &str) -> Stream {
        let mut hasher = blake3::Hasher::new_derive_key("taifoon v1 conformance stream");
        hasher.update(label.as_bytes());
        Stream(hasher.finalize_xof())
    }

    pub fn octets(&mut self, count: usize) -> Vec<u8> {
        let mut octets = vec![0; count];
        self.0.fill(&mut octets);
        octets
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        u64::from_le_bytes(self.octets(8).try_into().expect("8 bytes")) % bound
    }
}
