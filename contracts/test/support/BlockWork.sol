// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult, ChannelTerms, Stage} from "../../src/interfaces/ChannelTypes.sol";
import {Delegation} from "../../src/interfaces/BlockTypes.sol";
import {Organisations} from "./Organisations.sol";

/// The acts of a block as one-liners: times of block n are collection 110, collation 20, processing 40 (and 40
/// again), challenge 60.
abstract contract BlockWork is Organisations {
    bytes32 internal constant WORK = keccak256("work");
    bytes32 internal constant SALT = keccak256("salt");
    bytes32 internal constant OPENING = keccak256("opening");

    function setUp() public virtual override {
        super.setUp();
        for (uint256 i = 0; i < 16; i++) {
            stake(i, 1 ether);
            vm.deal(address(this), 10 ether);
            vault.depositWei{value: 10 ether}(account(i));
            vm.prank(account(i));
            validators.nameOwn(validator(i), true);
        }
    }

    function stake(uint256 index, uint256 amount) internal {
        vm.deal(validator(index), amount);
        vm.prank(validator(index));
        validators.register{value: amount}(bytes32(0x6000 + index), "http://validator.example", 0, 0);
    }

    // ── channel ──

    function openTerms(uint256 count) internal view returns (ChannelTerms memory terms) {
        terms = termsFor(count);
        bytes32[] memory leaves = keyLeaves();
        terms.blocksMax = uint64(leaves.length);
        terms.keysRoot = rootOf(leaves);
    }

    function open(uint256 count) internal returns (bytes32) {
        return open(openTerms(count));
    }

    /// Anyone funds a payee's line.
    function fund(bytes32 channelId, uint256 payee, uint256 amount) internal {
        token.mint(address(this), amount);
        token.approve(address(vault), amount);
        vault.deposit(channelId, uint8(payee), amount);
    }

    function fundAll(bytes32 channelId, uint256 count, uint256 each) internal {
        for (uint256 i = 1; i < count; i++) {
            fund(channelId, i, each);
        }
    }

    // ── times ──

    function startOf(uint64 n) internal pure returns (uint256) {
        return START + 100 * uint256(n);
    }

    function collationAt(uint64 n) internal pure returns (uint256) {
        return startOf(n) + 110;
    }

    /// Processing starts here unless every participant posts before.
    function deadlineOfParts(uint64 n) internal pure returns (uint256) {
        return collationAt(n) + 20;
    }

    // ── block ──

    function post(bytes32 channelId, uint64 n, uint256 participant) internal {
        vm.prank(operator(participant));
        blocks.postPart(channelId, n, keccak256(abi.encode(n, participant)), 3, keccak256("index"));
    }

    /// Everyone posts at the start of collation, so that processing starts at once.
    function postAll(bytes32 channelId, uint64 n, uint256 count) internal {
        vm.warp(collationAt(n));
        for (uint256 i = 0; i < count; i++) {
            post(channelId, n, i);
        }
    }

    function delegationOf(bytes32 channelId, uint64 n, uint256 participant, bool binding)
        internal
        pure
        returns (Delegation memory)
    {
        return Delegation({
            channelId: channelId,
            blockNumber: n,
            participant: uint8(participant),
            validator: validator(participant),
            binding: binding,
            keyCommitment: keyLeaves()[n],
            feeWei: 0,
            nonce: 1,
            notAfter: START * 2
        });
    }

    function commitmentOf(bytes32 channelId, uint64 n, address who, BlockResult memory result)
        internal
        view
        returns (bytes32)
    {
        return lens.commitmentOf(lens.outputHashOf(channelId, n, result), who, WORK, SALT);
    }

    function delegationSignature(Delegation memory delegation) internal view returns (bytes memory) {
        return signatureOf(OPERATOR + delegation.participant, channels.delegationDigest(delegation));
    }

    function commit(Delegation memory delegation, bytes32 commitment) internal {
        bytes memory signature = delegationSignature(delegation);
        // Before the prank, which any call uses up, also one of a precompile.
        bytes32[] memory path = keyPath(delegation.blockNumber);
        vm.prank(delegation.validator);
        blocks.commitResult(delegation, signature, path, commitment);
    }

    function commit(
        bytes32 channelId,
        uint64 n,
        uint256 participant,
        BlockResult memory result,
        bool binding
    ) internal {
        bytes32 commitment = commitmentOf(channelId, n, validator(participant), result);
        commit(delegationOf(channelId, n, participant, binding), commitment);
    }

    function reveal(bytes32 channelId, uint64 n, uint256 participant, BlockResult memory result) internal {
        blocks.revealResult(channelId, n, uint8(participant), result, openingOf(result), WORK, SALT);
    }

    function revealOwn(bytes32 channelId, uint64 n, uint256 participant, BlockResult memory result)
        internal
    {
        vm.prank(account(participant));
        blocks.revealOwnResult(channelId, n, result, openingOf(result));
    }

    function openingOf(BlockResult memory result) internal pure returns (bytes32) {
        return result.impressionCount == 0 ? bytes32(0) : OPENING;
    }

    /// All parts, all seats binding, one result: final at the second in which collation starts.
    function finish(bytes32 channelId, uint64 n, uint256 count, BlockResult memory result) internal {
        postAll(channelId, n, count);
        for (uint256 i = 0; i < count; i++) {
            commit(channelId, n, i, result, true);
        }
        for (uint256 i = 0; i < count; i++) {
            reveal(channelId, n, i, result);
        }
    }

    /// The Adjudicator's word that an accusation by the participant is open.
    function accuse(bytes32 channelId, uint64 n, uint8 result, uint8 participant) internal {
        vm.prank(ADJUDICATOR);
        blocks.holdAccusation(channelId, n, result, participant, account(participant));
    }

    function settle(bytes32 channelId, uint64 n, BlockResult memory result) internal {
        BlockResult[] memory standing = new BlockResult[](1);
        standing[0] = result;
        blocks.settle(channelId, n, standing);
    }

    function settle(bytes32 channelId, uint64 n, BlockResult memory first, BlockResult memory second)
        internal
    {
        BlockResult[] memory standing = new BlockResult[](2);
        (standing[0], standing[1]) = (first, second);
        blocks.settle(channelId, n, standing);
    }

    function stageOf(bytes32 channelId, uint64 n) internal view returns (Stage) {
        return blocks.stageAt(channelId, n, uint64(block.timestamp));
    }

    function requireStage(bytes32 channelId, uint64 n, Stage expected) internal view {
        vm.assertEq(uint256(stageOf(channelId, n)), uint256(expected), "stage");
    }

    /// A result of one or more impressions by what each payee earns; amounts[0] is set to their sum.
    function resultOf(uint64[] memory amounts, uint16 validParts)
        internal
        pure
        returns (BlockResult memory)
    {
        bytes32[] memory words = wordsOf(amounts);
        return BlockResult(sha256(abi.encodePacked(OPENING, rootOf(words))), 5, words, validParts);
    }

    function resultOf(uint256 count, uint64 each, uint16 validParts)
        internal
        pure
        returns (BlockResult memory)
    {
        uint64[] memory amounts = new uint64[](count);
        for (uint256 i = 1; i < count; i++) {
            amounts[i] = each;
        }
        return resultOf(amounts, validParts);
    }

    function emptyResult(uint256 count) internal pure returns (BlockResult memory) {
        return BlockResult(0, 0, new bytes32[]((count + 3) / 4), 0);
    }

    function wordsOf(uint64[] memory amounts) internal pure returns (bytes32[] memory words) {
        words = new bytes32[]((amounts.length + 3) / 4);
        uint64 sum = 0;
        for (uint256 i = 1; i < amounts.length; i++) {
            words[i / 4] |= bytes32(uint256(amounts[i]) << (192 - 64 * (i % 4)));
            sum += amounts[i];
        }
        words[0] |= bytes32(uint256(sum) << 192);
    }

    // ── Merkle trees, the plain way: level by level ──

    function keyLeaves() internal pure virtual returns (bytes32[] memory leaves) {
        leaves = new bytes32[](BLOCKS_MAX);
        for (uint256 i = 0; i < BLOCKS_MAX; i++) {
            leaves[i] = keccak256(abi.encode("papyrus key", i));
        }
    }

    function rootOf(bytes32[] memory leaves) internal pure returns (bytes32) {
        if (leaves.length == 0) return 0;
        while (leaves.length > 1) leaves = levelAbove(leaves);
        return leaves[0];
    }

    function keyPath(uint256 index) internal pure returns (bytes32[] memory) {
        return siblingsOf(keyLeaves(), index);
    }

    /// The siblings from the leaf at `index` up to the root.
    function siblingsOf(bytes32[] memory level, uint256 index)
        internal
        pure
        returns (bytes32[] memory path)
    {
        bytes32[] memory siblings = new bytes32[](32);
        uint256 used = 0;
        for (uint256 position = index; level.length > 1; position /= 2) {
            if ((position ^ 1) < level.length) siblings[used++] = level[position ^ 1];
            level = levelAbove(level);
        }
        path = new bytes32[](used);
        for (uint256 i = 0; i < used; i++) {
            path[i] = siblings[i];
        }
    }

    function levelAbove(bytes32[] memory level) private pure returns (bytes32[] memory above) {
        above = new bytes32[]((level.length + 1) / 2);
        for (uint256 i = 0; i < above.length; i++) {
            bool hasTwo = 2 * i + 1 < level.length;
            above[i] = hasTwo ? sha256(abi.encodePacked(level[2 * i], level[2 * i + 1])) : level[2 * i];
        }
    }
}
