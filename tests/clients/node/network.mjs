// Envelopes, kinds, gossip and priority: spec/4-network.md.
import { hash, isValid, sign } from "./hashing.mjs";
import { decodeMessage, encodeMessage, ENVELOPE_STATEMENT, greatestPayload, KINDS, PACKET } from "./shapes.mjs";
import { bytes, decode, encode, hex, joined, reject } from "./values.mjs";

const SUITE = "blake3";
const LIFETIME = 120000n;
const TIME_TOLERANCE = 5000n;
const FANOUT = 8n;
const HOPS = 5n;

// In the order of service.
const SERVICE = {
  agreement: ["block_finalized", "view_certificate", "block_vote", "evidence_report", "beacon_reveal", "beacon_commitment"],
  proposals: ["epoch_proposal", "block_proposal", "catch_up_request"],
  synchronisation: [
    "stretch_push", "epoch_record_request", "epoch_record_response", "peaks_push", "mmr_peaks_request", "mmr_peaks_response",
    "mmr_proof_request", "mmr_proof_response", "consistency_request", "consistency_response", "block_range_request",
    "block_range_response", "pull_request",
  ],
  jobs: ["job_assignment", "proof_submission", "cross_validation", "job_submission", "metrics_checkpoint"],
  presence: ["cluster_join", "node_announce", "registration", "leave"],
};
export const CLASSES = Object.keys(SERVICE);
const PLACES = Object.values(SERVICE).flat();
export const placeOf = (kind) => PLACES.indexOf(kind);
export const classOf = (kind) => CLASSES.find((name) => SERVICE[name].includes(kind));
const TO_PEER = [2, 3, 4, 5, 14, 15, 16, 17, 26, 29, 30];
const TO_CLUSTER = [1, 6, 7, 9, 10, 11, 22, 24, 25];
const OF_ANY_EPOCH = [2, 3, 4, 5, 14, 15, 16, 17, 29, 30];
const FROM_ANYBODY = [11, 18, 29];
const NAMES_SENDER = { node_announce: "pubkey", proof_submission: "prover", registration: "pubkey", leave: "pubkey" };

const tagOf = (kind) => KINDS.indexOf(kind);
const scopeOf = (kind) => (TO_PEER.includes(tagOf(kind)) ? "peer" : TO_CLUSTER.includes(tagOf(kind)) ? "cluster" : "all");

function described({ kind }) {
  const service = classOf(kind);
  return {
    tag: String(tagOf(kind)), greatest: String(greatestPayload(tagOf(kind))), scope: scopeOf(kind), place: String(placeOf(kind)),
    service, turns: String(2 ** Math.min(CLASSES.indexOf(service) + 1, 4)),
  };
}

export const identityOf = (statement, suite = SUITE) => hash(suite, "envelope", encode(ENVELOPE_STATEMENT, statement));

export function checkEnvelope({ receiver, envelope: { statement, signature } }) {
  const { chain_id, kind, sender, payload } = statement;
  const [epoch, own, expiry, now] = [statement.epoch, receiver.epoch, statement.expiry, receiver.now].map(BigInt);
  const tag = tagOf(kind);
  if (chain_id !== receiver.chain_id) reject("ENVELOPE_CHAIN");
  const isNext = epoch - own <= 1n && own - epoch <= 1n;
  if (!isNext && !OF_ANY_EPOCH.includes(tag)) reject("ENVELOPE_EPOCH");
  if (expiry < now) reject("ENVELOPE_EXPIRED");
  if (expiry > now + LIFETIME + TIME_TOLERANCE) reject("ENVELOPE_LIFETIME");
  if (!receiver.registered.includes(sender) && !FROM_ANYBODY.includes(tag)) reject("ENVELOPE_SENDER");
  if (!isValid(bytes(sender), identityOf(statement), bytes(signature))) reject("SIGNATURE_INVALID");
  const message = decodeMessage(joined([tag], bytes(payload)));
  const named = NAMES_SENDER[kind];
  if (named && message[kind][named] !== sender) reject("ENVELOPE_ATTRIBUTION");
  return message;
}

export function reach(nodes) {
  const digits = nodes === 0n ? 0n : BigInt(nodes.toString(2).length);
  const wanted = digits > FANOUT ? digits : FANOUT;
  const others = nodes > 2n ? nodes - 1n : 1n;
  let least = 0n;
  while (wanted ** least < nodes) least += 1n;
  const hops = least + 3n > HOPS ? least + 3n : HOPS;
  return { fanout: String(wanted < others ? wanted : others), hops: String(hops), first: String(hops - 1n) };
}

function drawnPeers({ candidates, draws }) {
  const [left, peers] = [[...candidates], []];
  for (const draw of draws) {
    const whole = left.reduce((sum, { stake }) => sum + BigInt(stake), 0n);
    if (whole === 0n) break;
    let rest = BigInt(draw) % whole;
    const at = left.findIndex(({ stake }) => {
      if (rest < BigInt(stake)) return true;
      rest -= BigInt(stake);
      return false;
    });
    peers.push(left.splice(at, 1)[0].public_key);
  }
  return { peers };
}

function delivered({ kind, members_of, memberships, is_asked }) {
  const scope = scopeOf(kind);
  if (scope === "peer") return { delivered: is_asked };
  const toAll = scope === "all" || members_of === null;
  return { delivered: toAll || memberships.includes(members_of) };
}

export function turnOf(turn) {
  let zeros = 0;
  for (let rest = BigInt(turn); zeros < CLASSES.length - 1 && rest % 2n === 0n; rest /= 2n) zeros += 1;
  return CLASSES[zeros];
}

export const METHODS = {
  "message.decode": ({ octets }) => ({ message: decodeMessage(bytes(octets)) }),
  "message.encode": ({ message }) => ({ octets: hex(encodeMessage(message)) }),
  "message.kind": described,
  "packet.decode": ({ octets }) => decode(PACKET, bytes(octets)),
  "envelope.digest": ({ suite, statement }) => ({ digest: hex(identityOf(statement, suite)) }),
  "envelope.seal": ({ seed, statement }) => ({ signature: hex(sign(bytes(seed), identityOf(statement))) }),
  "envelope.check": (given) => ({ message: checkEnvelope(given) }),
  "gossip.reach": ({ nodes }) => reach(BigInt(nodes)),
  "gossip.asked": ({ peers, number }) => ({ peer: peers[Number(BigInt(number) % BigInt(peers.length))] }),
  "gossip.delivered": delivered,
  "gossip.peers": drawnPeers,
  "priority.outranks": ({ first, second }) => ({ first: placeOf(first) < placeOf(second) }),
  "priority.turn": ({ turn }) => ({ service: turnOf(turn) }),
};
