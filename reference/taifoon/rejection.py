"""Rejection codes: the closed list of reasons for which the protocol refuses a value.

A protocol fault (bytes from another node, a proof, a claim) raises `Rejected` with exactly one code.
A programming fault raises the contract library's violation instead; the two never mix.

The registry is append-only: a number, once published, keeps its name and its meaning for ever, because other
clients report it and conformance vectors quote it.
"""

from __future__ import annotations

from enum import Enum


class RejectionCode(Enum):
    """Why a value was refused: a stable number and one sentence."""

    ENCODING_TRUNCATED = (1, "The bytes end before the value is complete.")
    ENCODING_TRAILING_BYTES = (2, "Bytes are left over after the value is complete.")
    ENCODING_UNKNOWN_TAG = (3, "A tag byte names no variant of the enum, option or boolean.")
    ENCODING_OVER_LONG = (4, "A length prefix exceeds the maximum that the field declares.")
    ENCODING_OUT_OF_RANGE = (5, "A value does not fit the width or length of its field.")
    SIGNATURE_INVALID = (6, "The signature does not verify under ZIP-215 for this key and message.")
    MMR_FULL = (7, "The range already holds the greatest number of leaves that it can number.")
    MMR_PEAK_COUNT = (8, "The number of peaks differs from the number of set bits of the leaf count.")
    MMR_SIZE_NOT_CANONICAL = (9, "The node count belongs to no leaf count.")
    MMR_INDEX_OUT_OF_RANGE = (10, "A leaf index is not below the leaf count.")
    MMR_POSITIONS_EMPTY = (11, "A proof about leaves names no leaf.")
    MMR_POSITIONS_UNSORTED = (12, "The leaf indices of a proof are not strictly increasing.")
    MMR_PROOF_TOO_SHORT = (13, "The proof holds fewer items than its shape needs.")
    MMR_PROOF_TOO_LONG = (14, "Items are left over after the proof's shape is filled.")
    MMR_ITEM_SIZE = (15, "A proof item or root is not a digest of 32 bytes.")
    MMR_ROOT_MISMATCH = (16, "The root computed from the proof differs from the expected root.")
    MMR_SUBTREE_INVALID = (17, "The interval is not a subtree: its start is no multiple of its rounded size.")
    MMR_SHRINKS = (18, "A consistency proof leads from a longer range to a shorter one.")
    MMR_SUBTREE_MISMATCH = (19, "The subtree hash computed from the proof differs from the expected one.")
    MMR_UNPROVED_EXTENSION = (20, "A new root was offered without a proof that it extends the known one.")
    JOB_UNKNOWN = (21, "A completion refers to a job that has no intake leaf.")
    JOB_ALREADY_COMPLETED = (22, "The job already has its completion leaf.")
    JOB_ALREADY_TAKEN_IN = (23, "The job already has its intake leaf.")
    LEAF_KIND = (24, "An intake leaf carries a commitment, or a completion leaf carries none.")
    BLOCK_DISCONTINUOUS = (25, "The block's number is not the one after the last block of the log.")
    CLUSTER_COUNT_INVALID = (26, "The cluster count is below one.")
    ROOT_UNKNOWN = (27, "The global root that an assignment reads is not finalised yet.")
    PROFILE_INCONSISTENT = (28, "The set of resolutions lacks one that another of them requires.")
    PARAMETER_INVALID = (29, "A parameter of the profile is outside its stated range.")
    NODE_NOT_STORED = (30, "This role does not store the node that the request needs.")
    MMR_INDEX_MISMATCH = (31, "The proof is of other leaves or another subtree than the claim.")
    LEAF_MISMATCH = (32, "A completion leaf differs from its intake leaf in more than the commitment.")
    CERTIFICATE_SEATS_UNSORTED = (33, "The seats of a certificate are not strictly increasing.")
    CERTIFICATE_SEAT_UNKNOWN = (34, "A certificate names a seat that the committee does not have.")
    CERTIFICATE_SHAPE = (35, "A certificate has not one signature for each seat that it names.")
    CERTIFICATE_STATEMENT = (36, "The certificate is of another statement than the one in question.")
    CERTIFICATE_NO_QUORUM = (37, "Fewer seats signed than the quorum of the committee.")
    VOTE_WRONG_VIEW = (38, "The vote is not of the view that the member is in.")
    VOTE_TWICE = (39, "The member has voted to notarise in this view already.")
    VOTE_LINEAGE = (40, "The block's parent is not notarised in an earlier view.")
    VOTE_GAP = (41, "A view between the parent and the block is not nullified.")
    VOTE_CONFLICT = (42, "The member has voted both ways: to finalise and to nullify exclude each other in a view.")
    VOTE_NOT_NOTARISED = (43, "The block is not notarised in this view.")
    VIEW_NOT_OVER = (44, "The view is neither notarised nor nullified.")
    FINALITY_PATH = (45, "The blocks of a finality proof are no chain from the final block to genesis.")
    FINALITY_INCOMPLETE = (46, "A finality proof lacks a certificate that it needs.")
    FINALITY_AGREES = (47, "Two finality proofs do not conflict: one final block is an ancestor of the other.")
    VOTE_COMMITTEE = (48, "The statement is of another chain, epoch or committee.")
    VOTE_SEAT_UNKNOWN = (49, "A vote names a seat that the committee does not have.")
    STATEMENT_MALFORMED = (50, "A statement is of view 0, or one to nullify names a block, or another names none.")
    PROPOSAL_STATEMENT = (51, "The vote on a proposal is not the one to notarise its block.")
    PROPOSAL_WRONG_LEADER = (52, "The seat that proposes does not lead the view.")
    PROPOSAL_INVALID = (53, "The block is not valid on its parent, or the parent is not known.")
    BLOCK_PARENT = (54, "The block does not name the hash of the block that it stands on.")
    BLOCK_EPOCH = (55, "The block is of another epoch than the chain.")
    BLOCK_CLUSTER = (56, "The block is of another cluster than the chain.")
    BLOCK_VIEW = (57, "The block does not name its parent's view, or is of no later one.")
    BLOCK_TIME_NOT_LATER = (58, "The block's time is not after its parent's.")
    BLOCK_TIME_AHEAD = (59, "The block's time is ahead of the local clock by more than the tolerance.")
    LEAF_TIME = (60, "A leaf is later than the block that holds it.")
    BLOCK_MEMBERS = (61, "The block's members are not the derived ones in the derived order.")
    BLOCK_QUORUM = (62, "The block's threshold is not the quorum of the derived members.")
    BLOCK_LEADER = (63, "The block's leader is not the derived leader of its view.")
    BLOCK_TOO_MANY_JOBS = (64, "The block holds more leaves than the parameter allows.")
    JOB_FOREIGN = (65, "A job that the block takes in is assigned to another cluster.")
    RESULTS_MISMATCH = (66, "The results are not one for each completed job, in the same order.")
    COMMITMENT_MISMATCH = (67, "The commitment of a completion leaf is not that of its result.")
    PROOF_INVALID = (68, "The proof system refuses a proof of the block.")
    BLOCK_ROOT = (69, "The block's root is not that of the state after the block.")
    DUPLICATION_INPUT = (70, "An input of the duplication factor is outside its domain.")
    METRICS_RECORD = (71, "The record of a block is malformed, of another epoch, or not the next of its cluster.")
    EFFICIENCY_UNKNOWN = (72, "The efficiencies that a bonus reads are not finalised yet.")
    AMOUNT_INVALID = (73, "An amount of money is below one unit.")
    BALANCE_SHORT = (74, "An amount exceeds the balance that it is taken from.")
    STAKE_UNKNOWN = (75, "The registry has no entry of this key.")
    STAKE_LEAVING = (76, "The key has asked to leave already.")
    STAKE_LOCKED = (77, "The stake has to wait until no evidence against it can count any more.")
    EVIDENCE_UNCONVINCING = (78, "The evidence does not show the offence that it names.")
    EVIDENCE_LATE = (79, "The evidence comes after its window, or before the epoch of the offence.")
    JOB_UNPROVABLE = (80, "Too few registered seats can prove the type of the job.")
    JOB_CLOSED = (81, "The job is settled or expired already.")
    PROVER_NOT_DRAWN = (82, "The prover of a result is not a replica that was drawn for the job.")
    BEACON_REVEAL = (83, "A revealed secret is not the one that its holder committed to.")
    EPOCH_HEADS = (84, "The heads of an epoch block are not the ends of certified chains.")
    EPOCH_DERIVED = (85, "A derived field of an epoch block is not what its inputs give.")
    ENVELOPE_CHAIN = (86, "The envelope is of another chain.")
    ENVELOPE_EPOCH = (87, "The envelope is of an epoch that is neither the present one nor next to it.")
    ENVELOPE_EXPIRED = (88, "The envelope's expiry has passed.")
    ENVELOPE_LIFETIME = (89, "The envelope's expiry is further ahead than a message may live.")
    ENVELOPE_SENDER = (90, "The kind of message needs a registered sender, and the sender is not registered.")
    ENVELOPE_ATTRIBUTION = (91, "The key that a message speaks for is not its sender's.")
    SENDER_QUOTA = (92, "The sender has as many messages alive as its quota allows.")
    REQUEST_NOT_OPEN = (93, "A response answers no request that is open to its sender.")
    RESPONSE_UNFIT = (94, "A response is of another kind, range or block than its request asks for.")
    HEAD_NOT_CERTIFIED = (95, "No final block is known that leaves the range with this leaf count and root.")
    JOIN_NOT_DERIVED = (96, "The cluster that a seat claims to join is not the derived one.")
    ASSIGNMENT_NOT_DRAWN = (97, "An assignment is not the leader's, or names a seat that the draw does not.")
    PREFIX_CONFLICT = (98, "Two certified prefixes of a cluster diverge: neither begins with the other.")
    CROSS_VALIDATION_MISSING = (99, "A high-value result lacks a certificate of a cluster drawn to validate it.")
    BEACON_COMMITMENT = (100, "Commitments are not one for each holder, in order, of holders that serve.")
    EPOCH_ACT = (101, "An act of an epoch block is not of its epoch, not in order, or changes nothing.")
    CARRIED_WINDOW = (102, "A block carries a vote for a block that is none of the last ones of its epoch.")
    CARRIED_ORDER = (103, "The votes that a block carries do not ascend, or an earlier block carries one of them.")
    CARRIED_SIGNATURE = (104, "A vote that a block carries is of no seat, or without its signature.")

    @property
    def number(self) -> int:
        """Stable number of the code, counted from 1 in the order of publication."""
        return self.value[0]

    @property
    def sentence(self) -> str:
        """What the code says, in one sentence."""
        return self.value[1]


class Rejected(Exception):
    """A protocol fault: the value was refused for the reason that `code` names.

    `detail` tells the field, the rule and the value at hand; it is for people, never for decisions.
    """

    def __init__(self, code: RejectionCode, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.code.name}: {self.detail or self.code.sentence}"
