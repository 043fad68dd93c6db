// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ChannelRegistry} from "../../src/ChannelRegistry.sol";
import {ParticipantRegistry} from "../../src/ParticipantRegistry.sol";
import {ValidatorRegistry} from "../../src/ValidatorRegistry.sol";
import "../../src/interfaces/ChannelTypes.sol";
import {IChannelRegistry} from "../../src/interfaces/IChannelRegistry.sol";
import {IParticipantRegistry} from "../../src/interfaces/IParticipantRegistry.sol";
import {TestToken} from "../../src/test-token/TestToken.sol";
import {Test} from "./Test.sol";

/// A base chain with the contracts, a token and organisations with keys, and the acts of a block as one-
/// liners.
abstract contract ChannelFixture is Test {
    uint256 internal constant ACCOUNT = 0x1000;
    uint256 internal constant OPERATOR = 0x2000;
    uint256 internal constant VALIDATOR = 0x3000;
    uint64 internal constant START = 1_800_000_000;
    uint64 internal constant BLOCKS_MAX = 11;
    bytes32 internal constant WORK = keccak256("work");
    bytes32 internal constant SALT = keccak256("salt");
    bytes32 internal constant OPENING = keccak256("opening");

    ParticipantRegistry internal participants;
    ValidatorRegistry internal validators;
    IChannelRegistry internal registry;
    TestToken internal token;

    function setUp() public virtual {
        vm.warp(START - 1_000);
        participants = new ParticipantRegistry();
        validators = new ValidatorRegistry();
        ChannelRegistry deployed = new ChannelRegistry(participants, validators);
        validators.setChannelRegistry(address(deployed));
        registry = IChannelRegistry(address(deployed));
        token = new TestToken("Nano", "NANO", 9);
        for (uint256 i = 0; i < 16; i++) {
            registerParticipant(i);
            registerValidator(i, 1 ether);
        }
    }

    // ── actors ──

    function account(uint256 index) internal pure returns (address) {
        return vm.addr(ACCOUNT + index);
    }

    function operator(uint256 index) internal pure returns (address) {
        return vm.addr(OPERATOR + index);
    }

    function validator(uint256 index) internal pure returns (address) {
        return vm.addr(VALIDATOR + index);
    }

    function keysOf(uint256 index) internal pure returns (IParticipantRegistry.Keys memory) {
        return IParticipantRegistry.Keys(
            vm.addr(0x4000 + index), operator(index), bytes32(0x5000 + index), "http://node.example"
        );
    }

    function registerParticipant(uint256 index) internal {
        vm.prank(account(index));
        participants.register(keysOf(index));
    }

    function registerValidator(uint256 index, uint256 bond) internal {
        vm.deal(validator(index), bond);
        vm.prank(validator(index));
        validators.register{value: bond}(bytes32(0x6000 + index), "http://validator.example");
    }

    function signatureOf(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    // ── channel ──

    /// A payer, sellers and, from three participants on, one auditor at the end.
    function termsFor(uint256 count) internal view returns (ChannelTerms memory terms) {
        terms.participants = new address[](count);
        terms.roles = new uint8[](count);
        for (uint256 i = 0; i < count; i++) {
            terms.participants[i] = account(i);
            terms.roles[i] = i == 0 ? 1 : i == count - 1 && count > 2 ? 5 : 3;
        }
        terms.blockMaxNano = new uint64[](count);
        for (uint256 i = 1; i < count; i++) {
            terms.blockMaxNano[i] = 1e18;
        }
        terms.token = address(token);
        terms.tokenPerUnit = 1e9;
        terms.reducer = "rtb-impression/1";
        terms.reducerParameters = parametersFor(count > 2);
        terms.firstBlockStart = START;
        terms.blockDuration = 100;
        terms.blocksMax = BLOCKS_MAX;
        terms.collectionGrace = 10;
        terms.collationPeriod = 20;
        terms.processingPeriod = 40;
        terms.challengePeriod = 60;
        terms.answerPeriod = 20;
        terms.disputeMax = 1_000;
        terms.withdrawalNotice = 200;
        terms.retentionPeriod = 10_000;
        terms.authorBytesMax = 1 << 20;
        terms.priceNanoMax = 1e9;
        terms.keysRoot = rootOf(keyLeaves());
        terms.boxesHash = boxesHashFor(count);
        terms.salt = keccak256("channel");
    }

    struct Share {
        uint8 participant;
        uint32 ppm;
    }

    function parametersFor(bool hasAuditor) internal pure returns (bytes memory) {
        return parameters(hasAuditor ? 0 : 1, hasAuditor, new Share[](0));
    }

    function parameters(uint8 onMissingAudit, bool requireViewable, Share[] memory shares)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encode(
            uint32(0),
            uint8(0),
            uint8(0),
            uint8(1),
            onMissingAudit,
            requireViewable,
            uint64(0),
            shares,
            uint32(100_000)
        );
    }

    function signaturesFor(uint256 count, bytes32 digest)
        internal
        pure
        returns (bytes[] memory signatures)
    {
        signatures = new bytes[](count);
        for (uint256 i = 0; i < count; i++) {
            signatures[i] = signatureOf(ACCOUNT + i, digest);
        }
    }

    function boxesFor(uint256 count) internal pure returns (bytes[] memory boxes) {
        boxes = new bytes[](count);
        for (uint256 i = 0; i < count; i++) {
            boxes[i] =
                abi.encodePacked(bytes32(i + 1), bytes32(i + 2), bytes32(i + 3), bytes8(uint64(i + 4)));
        }
    }

    function boxesHashFor(uint256 count) internal pure returns (bytes32) {
        bytes[] memory boxes = boxesFor(count);
        bytes memory joined;
        for (uint256 i = 0; i < count; i++) {
            joined = bytes.concat(joined, boxes[i]);
        }
        return keccak256(joined);
    }

    function open(ChannelTerms memory terms) internal returns (bytes32 channelId) {
        uint256 count = terms.participants.length;
        bytes[] memory signatures = signaturesFor(count, registry.channelIdOf(terms));
        vm.prank(terms.participants[0]);
        channelId = registry.openChannel(terms, signatures, boxesFor(count));
    }

    function open(uint256 count) internal returns (bytes32) {
        return open(termsFor(count));
    }

    function fund(bytes32 channelId, uint256 amount) internal {
        token.mint(account(0), amount);
        vm.startPrank(account(0));
        token.approve(address(registry), amount);
        registry.deposit(channelId, amount);
        vm.stopPrank();
    }

    // ── times of block n in termsFor: collection 110, collation 20, processing 40 (and 40), challenge 60 ──

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
        registry.postPart(channelId, n, keccak256(abi.encode(n, participant)), 3, keccak256("index"));
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
        return Delegation(
            channelId, n, uint8(participant), validator(participant), binding, keyLeaves()[n], 1, START * 2
        );
    }

    function commitmentOf(bytes32 channelId, uint64 n, uint256 participant, BlockResult memory result)
        internal
        view
        returns (bytes32)
    {
        return registry.commitmentOf(
            registry.outputHashOf(channelId, n, result), validator(participant), WORK, SALT
        );
    }

    function commit(Delegation memory delegation, bytes32 commitment) internal {
        bytes memory signature =
            signatureOf(OPERATOR + delegation.participant, registry.delegationDigest(delegation));
        // Before the prank, which any call uses up, also one of a precompile.
        bytes32[] memory path = keyPath(delegation.blockNumber);
        vm.prank(delegation.validator);
        registry.commitResult(delegation, signature, path, commitment);
    }

    function commit(
        bytes32 channelId,
        uint64 n,
        uint256 participant,
        BlockResult memory result,
        bool binding
    ) internal {
        commit(
            delegationOf(channelId, n, participant, binding),
            commitmentOf(channelId, n, participant, result)
        );
    }

    function reveal(bytes32 channelId, uint64 n, uint256 participant, BlockResult memory result) internal {
        bytes32 opening = result.impressionCount == 0 ? bytes32(0) : OPENING;
        registry.revealResult(channelId, n, uint8(participant), result, opening, WORK, SALT);
    }

    function revealOwn(
        bytes32 channelId,
        uint64 n,
        uint256 participant,
        BlockResult memory result,
        uint256 bond
    ) internal {
        vm.deal(account(participant), bond);
        vm.prank(account(participant));
        registry.revealOwnResult{value: bond}(channelId, n, result, OPENING);
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

    function settle(bytes32 channelId, uint64 n, BlockResult memory result) internal {
        registry.settle(channelId, n, result);
    }

    /// A result of one or more impressions by what each payee earns; amounts[0] is set to their sum.
    function resultOf(uint64[] memory amounts, uint16 validParts)
        internal
        pure
        returns (BlockResult memory)
    {
        bytes32[] memory words = wordsOf(amounts);
        bytes32 settlementRoot = sha256(abi.encodePacked(OPENING, rootOf(words)));
        return BlockResult(settlementRoot, 5, words, validParts);
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

    function keyLeaves() internal pure returns (bytes32[] memory leaves) {
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

    function keyPath(uint256 index) internal pure returns (bytes32[] memory path) {
        bytes32[] memory level = keyLeaves();
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
