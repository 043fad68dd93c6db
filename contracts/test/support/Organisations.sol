// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ChannelTerms} from "../../src/interfaces/ChannelTypes.sol";
import {IParticipantRegistry} from "../../src/registries/IParticipantRegistry.sol";
import {TestToken} from "../../src/test-token/TestToken.sol";
import {Deployment} from "./Deployment.sol";

/// Sixteen organisations with registered keys, a token, and terms that open.
abstract contract Organisations is Deployment {
    uint256 internal constant ACCOUNT = 0x1000;
    uint256 internal constant OPERATOR = 0x2000;
    uint256 internal constant VALIDATOR = 0x3000;
    uint256 internal constant RECORDER = 0x4000;
    uint64 internal constant START = 1_800_000_000;
    uint64 internal constant BLOCKS_MAX = 11;

    struct Share {
        uint8 participant;
        uint32 ppm;
    }

    TestToken internal token;

    function setUp() public virtual {
        vm.warp(START - 1_000);
        deploy();
        token = new TestToken("Nano", "NANO", 9);
        for (uint256 i = 0; i < 16; i++) {
            registerKeys(account(i), i);
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
            vm.addr(RECORDER + index), operator(index), bytes32(0x5000 + index), "http://node.example"
        );
    }

    /// The keys of organisation `index` for an account, each with its own signature.
    function registerKeys(address who, uint256 index) internal {
        bytes memory recordSignature = possession(RECORDER + index, who, 1);
        bytes memory operatorSignature = possession(OPERATOR + index, who, 2);
        vm.prank(who);
        participants.register(keysOf(index), recordSignature, operatorSignature);
    }

    /// What the key signs to be the account's at its next registration.
    function possession(uint256 key, address who, uint8 purpose) internal view returns (bytes memory) {
        uint256 nonce = participants.registrationCount(who);
        return signatureOf(key, channels.possessionDigest(who, purpose, nonce));
    }

    function signatureOf(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// The other signature of the same message, which wire-formats.md 1 refuses.
    function highS(bytes memory signature) internal pure returns (bytes memory) {
        uint256 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        bytes32 r;
        uint256 s;
        assembly ("memory-safe") {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
        }
        return abi.encodePacked(r, order - s, uint8(signature[64]) == 27 ? uint8(28) : uint8(27));
    }

    // ── channel ──

    /// A payer, sellers and, from three participants on, one auditor at the end.
    function termsFor(uint256 count) internal view returns (ChannelTerms memory terms) {
        terms.participants = new address[](count);
        terms.roles = new uint8[](count);
        terms.blockMaxNano = new uint64[](count);
        for (uint256 i = 0; i < count; i++) {
            terms.participants[i] = account(i);
            terms.roles[i] = i == 0 ? 1 : i == count - 1 && count > 2 ? 5 : 3;
            terms.blockMaxNano[i] = i == 0 ? 0 : uint64(1e18 + i);
        }
        terms.token = address(token);
        terms.tokenPerUnit = 1e9;
        terms.reducer = "rtb-impression/1";
        terms.reducerParameters = parameters(count > 2 ? 0 : 1, count > 2, 0, new Share[](0));
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
        terms.keysRoot = keccak256("keys");
        terms.boxesHash = keccak256(joined(boxesFor(count)));
        terms.salt = keccak256("channel");
    }

    function parameters(
        uint8 onMissingAudit,
        bool requireViewable,
        uint64 auditorFeeNano,
        Share[] memory shares
    ) internal pure returns (bytes memory) {
        return abi.encode(
            uint32(0),
            uint8(0),
            uint8(0),
            uint8(1),
            onMissingAudit,
            requireViewable,
            auditorFeeNano,
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

    function joined(bytes[] memory boxes) internal pure returns (bytes memory all) {
        for (uint256 i = 0; i < boxes.length; i++) {
            all = bytes.concat(all, boxes[i]);
        }
    }

    /// By the first participants' accounts; anybody sends it.
    function open(ChannelTerms memory terms) internal returns (bytes32 channelId) {
        uint256 count = terms.participants.length;
        bytes[] memory signatures = signaturesFor(count, channels.channelIdOf(terms));
        channelId = channels.openChannel(terms, signatures, boxesFor(count));
    }
}
