// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Adjudicator} from "../../../src/disputes/Adjudicator.sol";
import {
    AccusationId,
    AccusationState,
    LeafWords,
    LeftNeighbour,
    Turn
} from "../../../src/disputes/IAdjudicator.sol";
import {IDisputedBlocks} from "../../../src/disputes/IDisputedBlocks.sol";
import {PartFacts} from "../../../src/interfaces/BlockTypes.sol";
import {BlockResult, ChannelTerms} from "../../../src/interfaces/ChannelTypes.sol";
import {Reason, WeiBook, WeiMove} from "../../../src/interfaces/IVault.sol";
import {RecordPlace} from "../../../src/lib/RecordProof.sol";
import {Vault} from "../../../src/vault/Vault.sol";
import {Groups} from "../../support/Groups.sol";
import {Organisations} from "../../support/Organisations.sol";
import {Grove} from "./Grove.sol";
import {ScriptedResults} from "./ScriptedResults.sol";

/// A result of block 3 whose tree is told by Grove, and the acts of accusing it as one-liners. Participant
/// 1 accuses unless a test says otherwise; result 0 is its own.
abstract contract AccusationScene is Organisations, Grove {
    uint64 internal constant BLOCK = 3;
    uint8 internal constant RESULT = 1;
    uint256 internal constant PERIOD = 20;
    address internal constant ANSWERER = address(0xa25);
    address internal constant BURN = address(0xdEaD);
    uint96 internal constant BOND = 0.01 ether;
    uint96 internal constant OWN_BOND = 0.01 ether;

    Adjudicator internal adjudicator;
    Vault internal wei_;
    ScriptedResults internal results;
    bytes32 internal channelId;
    uint256 internal size;
    BlockResult internal claim;

    function setUp() public virtual override {
        super.setUp();
        results = new ScriptedResults(participants);
        address place = foretold(vm.getNonce(address(this)) + 1);
        wei_ = new Vault(address(channels), address(results), address(this), place, address(0x9e), PANEL);
        adjudicator =
            new Adjudicator(channels, wei_, IDisputedBlocks(address(results)), participants, reducerTable);
        results.setAdjudicator(address(adjudicator));
        vm.deal(address(this), 100 ether);
    }

    // ── the block ──

    /// Opens the channel and gives everybody 1 ether free, and each validator at stake.
    function begin(uint256 size_) internal {
        size = size_;
        words = (size + 3) / 4;
        channelId = open(termsOf());
        for (uint256 i = 0; i < size; i++) {
            results.addParty(account(i), validator(i));
            wei_.depositWei{value: 1 ether}(account(i));
            wei_.depositWei{value: 1 ether}(validator(i));
            move(validator(i), WeiBook.Free, WeiBook.Stake, 1 ether);
        }
        results.setResult(0, keccak256("another result"));
        vm.warp(START + 1_000);
    }

    function termsOf() internal view virtual returns (ChannelTerms memory terms) {
        terms = termsFor(size);
        terms.answerPeriod = uint64(PERIOD);
    }

    /// As the registry of this Vault.
    function move(address who, WeiBook from, WeiBook to, uint96 amount) internal {
        WeiMove[] memory moves = new WeiMove[](1);
        moves[0] = WeiMove(who, who, from, to, Reason.SeatBond, amount);
        wei_.moveWei(channelId, BLOCK, moves);
    }

    /// The tree's result, counting all parts.
    function tell() internal {
        Entry memory top = root();
        claim.settlementRoot = top.hash;
        claim.impressionCount = uint64(leaves);
        claim.amountWords = leaves == 0 ? new bytes32[](words) : top.amounts;
        claim.validParts = uint16((1 << size) - 1);
        results.setResult(RESULT, lens.outputHashOf(channelId, BLOCK, claim));
    }

    function growTo(uint256 count, uint256 target) internal {
        leaves = count;
        uint256[] memory targets = new uint256[](target == 0 ? 1 : 2);
        targets[0] = target;
        if (target > 0) targets[1] = target - 1;
        grow(targets);
        tell();
    }

    /// A posted bond of who revealed the result.
    function bondOfResult(address who) internal {
        move(who, WeiBook.Free, WeiBook.Locked, OWN_BOND);
        results.addForfeit(RESULT, who, OWN_BOND);
    }

    // ── acts ──

    function idOf(uint8 slot) internal view returns (AccusationId memory) {
        return AccusationId(channelId, BLOCK, RESULT, slot);
    }

    function accuse(address sender, uint8 participant) internal returns (AccusationId memory) {
        vm.prank(sender);
        return idOf(adjudicator.accuse(channelId, BLOCK, RESULT, claim, participant));
    }

    function accuse() internal returns (AccusationId memory) {
        return accuse(account(1), 1);
    }

    function openNode(AccusationId memory id) internal {
        AccusationState memory state = adjudicator.accusation(id);
        bytes memory entries = openingOf(state.level, state.index);
        vm.prank(ANSWERER);
        adjudicator.openNode(id, entries);
    }

    /// Names the descendant of the opened node on the way to the leaf.
    function nameTowards(AccusationId memory id, uint256 target) internal {
        AccusationState memory state = adjudicator.accusation(id);
        uint256 below = state.level > 8 ? state.level - 8 : 0;
        bytes32[] memory path = pathOf(below, target >> below, state.level);
        bytes32 hash = entry(below, target >> below).hash;
        vm.prank(accuserOf(id));
        adjudicator.nameEntry(id, uint40(target >> below), hash, path);
    }

    /// Until the leaf is named.
    function leadTo(AccusationId memory id, uint256 target) internal {
        while (adjudicator.accusation(id).level > 0) {
            openNode(id);
            nameTowards(id, target);
        }
    }

    function openLeaf(AccusationId memory id, uint256 index) internal {
        LeftNeighbour memory left = leftOf(index);
        bytes memory records = leafAt[index].records;
        vm.prank(ANSWERER);
        adjudicator.openLeaf(id, records, left);
    }

    function leftOf(uint256 index) internal view returns (LeftNeighbour memory left) {
        if (index == 0) return left;
        Leaf memory leaf = leafAt[index - 1];
        bytes32 digest = rootOver(entryAt[0][index - 1].amounts);
        bytes32[] memory path = pathOf(0, index - 1, topLevel());
        return LeftNeighbour(leaf.key, leaf.kept, leaf.recordsRoot, digest, path);
    }

    function leafWords(uint256 index) internal view returns (LeafWords memory) {
        return LeafWords(leafAt[index].records, index == 0 ? bytes16(0) : leafAt[index - 1].key);
    }

    function accuserOf(AccusationId memory id) internal pure returns (address) {
        return id.slot < 16 ? account(id.slot) : validator(id.slot - 16);
    }

    function turnOf(AccusationId memory id) internal view returns (Turn) {
        return adjudicator.accusation(id).turn;
    }

    function requireTurn(AccusationId memory id, Turn expected) internal view {
        vm.assertEq(uint256(turnOf(id)), uint256(expected), "turn");
    }

    function deadlineOf(AccusationId memory id) internal view returns (uint256) {
        return adjudicator.accusation(id).deadline;
    }

    // ── leaves and records ──

    /// A win of the payer's and one of seller 1's at one price, of the impression with this key.
    function goodRecords(bytes16 key, uint64 price) internal pure returns (bytes memory) {
        bytes[] memory all = new bytes[](2);
        all[0] = recordOf(key, Groups.win(0, 1, price, 1));
        all[1] = recordOf(key, Groups.win(1, 0, price, 2));
        return Groups.joined(Groups.sorted(all));
    }

    /// The same record of another impression.
    function recordOf(bytes16 key, bytes memory record) internal pure returns (bytes memory) {
        bytes memory other = bytes.concat(record);
        for (uint256 i = 0; i < 16; i++) {
            other[16 + i] = key[i];
        }
        return other;
    }

    /// Plants a leaf with these records that hashes what the reducer gives for them.
    function plantRecords(uint256 index, bytes16 key, bytes memory records) internal {
        ChannelTerms memory terms = termsOf();
        uint64[] memory amounts = rtbImpression1.reduce(terms.roles, terms.reducerParameters, records);
        plantRecords(index, key, records, amounts);
    }

    function plantRecords(uint256 index, bytes16 key, bytes memory records, uint64[] memory amounts)
        internal
    {
        bytes32[] memory row = new bytes32[](words);
        for (uint256 i = 0; i < amounts.length; i++) {
            row[i / 4] |= bytes32(uint256(amounts[i]) << (192 - 64 * (i % 4)));
        }
        plant(index, Leaf(key, uint64(records.length / 64), recordsRootOf(records), records), row);
    }

    function plantGood(uint256 index) internal {
        plantRecords(index, keyAt(index), goodRecords(keyAt(index), 1000));
    }

    function recordsRootOf(bytes memory records) internal pure returns (bytes32) {
        bytes32[] memory level = new bytes32[](records.length / 64);
        for (uint256 i = 0; i < level.length; i++) {
            level[i] = sha256(recordIn(records, i));
        }
        while (level.length > 1) {
            bytes32[] memory above = new bytes32[]((level.length + 1) / 2);
            for (uint256 i = 0; i < above.length; i++) {
                bool isOdd = 2 * i + 1 == level.length;
                above[i] = isOdd ? level[2 * i] : sha256(abi.encodePacked(level[2 * i], level[2 * i + 1]));
            }
            level = above;
        }
        return level[0];
    }

    function recordIn(bytes memory records, uint256 index) internal pure returns (bytes memory record) {
        record = new bytes(64);
        for (uint256 i = 0; i < 64; i++) {
            record[i] = records[64 * index + i];
        }
    }

    // ── parts ──

    /// Posts a part of one segment with one batch of two records, whose second is this one.
    function postRecord(uint8 part, bytes memory record)
        internal
        returns (RecordPlace memory place, PartFacts memory facts)
    {
        uint8 author = uint8(record[2]);
        return postRecord(part, record, BLOCK, author, RECORDER + author);
    }

    function postRecord(uint8 part, bytes memory record, uint64 block_, uint8 author, uint256 signer)
        internal
        returns (RecordPlace memory place, PartFacts memory facts)
    {
        bytes32 other = keccak256("the other record");
        bytes32 recordsRoot = sha256(abi.encodePacked(other, sha256(record)));
        bytes memory head = abi.encodePacked(
            bytes8("papyrus\x01"),
            Groups.flipped(block_),
            Groups.flipped(7),
            hex"02000000",
            author,
            bytes3(0),
            channelId,
            recordsRoot
        );
        bytes memory header = bytes.concat(head, new bytes(96));
        bytes memory signature = signatureOf(signer, channels.batchDigest(header));
        place.header = bytes.concat(head, signature, new bytes(31));
        place.record = record;
        place.recordIndex = 1;
        place.recordPath = new bytes32[](1);
        place.recordPath[0] = other;
        place.batches = 1;
        place.sealedDigest = keccak256("sealed");
        bytes32 row = sha256(abi.encodePacked(place.sealedDigest, sha256(place.header)));
        facts = PartFacts(row, 1, keccak256("index"));
        results.setPart(part, bytes27(keccak256(abi.encode(row, uint32(1), facts.indexHash))));
    }

    // ── wei ──

    function requireWei(address who, uint256 free, uint256 stake, uint256 locked) internal view {
        (uint256 f, uint256 s, uint256 l) = wei_.weiOf(who);
        vm.assertEq(f, free, "free");
        vm.assertEq(s, stake, "stake");
        vm.assertEq(l, locked, "locked");
    }
}
