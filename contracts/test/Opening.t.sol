// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import "../src/interfaces/ChannelTypes.sol";
import {IChannelRegistryErrors as Errors} from "../src/interfaces/IChannelRegistryErrors.sol";
import {IParticipantRegistry} from "../src/interfaces/IParticipantRegistry.sol";
import {ChannelFixture} from "./support/ChannelFixture.sol";

contract OpeningTest is ChannelFixture {
    function test_a_channel_opens_with_all_signatures_and_can_be_read_back() public {
        ChannelTerms memory terms = termsFor(16);
        bytes32 channelId = open(terms);
        ChannelFacts memory facts = registry.channel(channelId);
        vm.assertEq(keccak256(abi.encode(facts.terms)), keccak256(abi.encode(terms)));
        vm.assertEq(keccak256(abi.encode(facts.boxes)), keccak256(abi.encode(boxesFor(16))));
        vm.assertEq(channelId, registry.channelIdOf(facts.terms));
        vm.assertEq(facts.openedAt, block.timestamp);
        vm.assertEq(facts.closedAt, 0);
        vm.assertEq(facts.blocksEnd, BLOCKS_MAX);
        vm.assertTrue(registry.isOpen(channelId), "open");
    }

    function test_channels_are_listed_in_pages() public {
        bytes32[] memory ids = new bytes32[](3);
        for (uint256 i = 0; i < 3; i++) {
            ChannelTerms memory terms = termsFor(2);
            terms.salt = bytes32(i);
            ids[i] = open(terms);
        }
        vm.assertEq(registry.channelCount(), 3);
        bytes32[] memory page = registry.channelIds(1, 5);
        vm.assertEq(page.length, 2);
        vm.assertEq(page[0], ids[1]);
        vm.assertEq(page[1], ids[2]);
        vm.assertEq(registry.channelIds(3, 1).length, 0);
        vm.assertEq(registry.channelIds(0, 1).length, 1);
    }

    function test_the_same_terms_open_once() public {
        ChannelTerms memory terms = termsFor(2);
        bytes32 channelId = open(terms);
        refuses(terms, abi.encodeWithSelector(Errors.ChannelAlreadyOpen.selector, channelId));
    }

    function test_a_contract_account_signs_by_erc1271() public {
        Wallet wallet = new Wallet(vm.addr(0x7777));
        vm.prank(address(wallet));
        participants.register(keysOf(98));
        ChannelTerms memory terms = termsFor(2);
        terms.participants[1] = address(wallet);
        bytes32 channelId = registry.channelIdOf(terms);
        bytes[] memory signatures = signaturesFor(2, channelId);
        bytes[] memory boxes = boxesFor(2);
        vm.startPrank(account(0));
        vm.expectRevert(abi.encodeWithSelector(Errors.SignatureRefused.selector, address(wallet)));
        registry.openChannel(terms, signatures, boxes);
        signatures[1] = signatureOf(0x7777, channelId);
        registry.openChannel(terms, signatures, boxes);
        vm.stopPrank();
        vm.assertTrue(registry.isOpen(channelId), "open");
    }

    function test_every_participant_must_have_signed_these_terms() public {
        ChannelTerms memory terms = termsFor(3);
        bytes32 channelId = registry.channelIdOf(terms);
        bytes[] memory signatures = signaturesFor(3, channelId);
        bytes[] memory boxes = boxesFor(3);
        for (uint256 i = 0; i < 3; i++) {
            bytes memory good = signatures[i];
            bytes[4] memory bad =
                [signatureOf(OPERATOR + i, channelId), highS(good), bytes(""), bytes.concat(good, hex"00")];
            for (uint256 k = 0; k < bad.length; k++) {
                signatures[i] = bad[k];
                vm.expectRevert(abi.encodeWithSelector(Errors.SignatureRefused.selector, account(i)));
                vm.prank(account(0));
                registry.openChannel(terms, signatures, boxes);
            }
            signatures[i] = good;
        }
        bytes[] memory fewer = signaturesFor(2, channelId);
        vm.expectRevert(
            abi.encodeWithSelector(Errors.SignatureCountMismatch.selector, uint256(2), uint256(3))
        );
        vm.prank(account(0));
        registry.openChannel(terms, fewer, boxes);
    }

    function test_boxes_are_of_104_bytes_one_for_each() public {
        ChannelTerms memory terms = termsFor(2);
        bytes[] memory signatures = signaturesFor(2, registry.channelIdOf(terms));
        bytes[] memory boxes = boxesFor(2);
        boxes[1] = new bytes(105);
        vm.startPrank(account(0));
        vm.expectRevert(abi.encodeWithSelector(Errors.BoxSizeWrong.selector, uint256(1), uint256(105)));
        registry.openChannel(terms, signatures, boxes);
        boxes = boxesFor(3);
        vm.expectRevert(abi.encodeWithSelector(Errors.BoxCountMismatch.selector, uint256(3), uint256(2)));
        registry.openChannel(terms, signatures, boxes);
        vm.stopPrank();
    }

    function test_whoever_sends_the_opening_cannot_change_the_boxes() public {
        ChannelTerms memory terms = termsFor(2);
        bytes[] memory signatures = signaturesFor(2, registry.channelIdOf(terms));
        bytes[] memory boxes = boxesFor(2);
        (boxes[0], boxes[1]) = (boxes[1], boxes[0]);
        bytes32 given = keccak256(bytes.concat(boxes[0], boxes[1]));
        vm.expectRevert(abi.encodeWithSelector(Errors.BoxesRefused.selector, terms.boxesHash, given));
        vm.prank(account(1));
        registry.openChannel(terms, signatures, boxes);
        vm.prank(address(0xbeef));
        registry.openChannel(terms, signatures, boxesFor(2));
    }

    function test_participants_are_2_to_16_distinct_and_registered() public {
        ChannelTerms memory terms = termsFor(2);
        terms.participants = new address[](1);
        refuses(terms, abi.encodeWithSelector(Errors.ParticipantCountOutOfRange.selector, uint256(1)));
        terms.participants = new address[](17);
        refuses(terms, abi.encodeWithSelector(Errors.ParticipantCountOutOfRange.selector, uint256(17)));
        terms = termsFor(3);
        terms.participants[2] = account(1);
        refuses(terms, abi.encodeWithSelector(Errors.ParticipantRepeated.selector, account(1)));
        terms = termsFor(3);
        terms.participants[1] = account(99);
        refuses(terms, abi.encodeWithSelector(Errors.ParticipantNotRegistered.selector, account(99)));
        terms = termsFor(3);
        terms.roles = new uint8[](2);
        refuses(terms, abi.encodeWithSelector(Errors.RoleCountMismatch.selector, uint256(2), uint256(3)));
    }

    function test_a_revoked_participant_opens_nothing() public {
        IParticipantRegistry.Keys memory keys = keysOf(1);
        keys.encryptionKey = 0;
        vm.prank(account(1));
        participants.register(keys);
        refuses(termsFor(2), abi.encodeWithSelector(Errors.ParticipantNotRegistered.selector, account(1)));
    }

    function testFuzz_one_payer_first_and_nobody_else(uint8 role, uint256 index) public {
        index = bound(index, 0, 3);
        ChannelTerms memory terms = termsFor(4);
        terms.roles[index] = role;
        bool isPayer = role == 1 || role == 2;
        bool isEarner = role >= 3 && role <= 6;
        if (index == 0 ? isPayer : isEarner) {
            if (index == 3 && role != 5) {
                // The only auditor is gone: the parameters need one.
                refuses(terms, abi.encodeWithSelector(Errors.AuditorMissing.selector));
            } else {
                open(terms);
            }
        } else {
            refuses(terms, abi.encodeWithSelector(Errors.RoleNotAllowed.selector, index, role));
        }
    }

    function test_only_time_blocks_and_at_most_2_to_the_20() public {
        ChannelTerms memory terms = termsFor(2);
        terms.blockPolicy = 1;
        refuses(terms, abi.encodeWithSelector(Errors.BlockPolicyNotSupported.selector, uint8(1)));
        terms = termsFor(2);
        terms.blocksMax = 0;
        refuses(terms, abi.encodeWithSelector(Errors.BlocksMaxOutOfRange.selector, uint64(0)));
        terms.blocksMax = 2 ** 20 + 1;
        refuses(terms, abi.encodeWithSelector(Errors.BlocksMaxOutOfRange.selector, uint64(2 ** 20 + 1)));
        terms.blocksMax = 2 ** 20;
        open(terms);
    }

    function test_periods_are_long_enough_to_act_and_short_enough_to_end() public {
        uint64 most = 366 days;
        ChannelTerms memory terms = termsFor(2);
        terms.blockDuration = 0;
        refusesPeriod(terms, "blockDuration", 0, 1);
        terms = termsFor(2);
        terms.collationPeriod = 0;
        refusesPeriod(terms, "collationPeriod", 0, 1);
        terms = termsFor(2);
        terms.processingPeriod = 1;
        refusesPeriod(terms, "processingPeriod", 1, 2);
        terms = termsFor(2);
        terms.challengePeriod = 0;
        refusesPeriod(terms, "challengePeriod", 0, 1);
        terms = termsFor(2);
        terms.disputeMax = 99;
        refusesPeriod(terms, "disputeMax", 99, 100);
        terms = termsFor(2);
        terms.blockDuration = most + 1;
        refusesPeriod(terms, "blockDuration", most + 1, 1);
        terms = termsFor(2);
        terms.collectionGrace = type(uint64).max;
        refusesPeriod(terms, "collectionGrace", type(uint64).max, 0);
        terms.collectionGrace = 0;
        open(terms);
    }

    function test_the_token_is_a_contract_with_a_sane_rate() public {
        ChannelTerms memory terms = termsFor(2);
        terms.token = address(0xdead);
        refuses(terms, abi.encodeWithSelector(Errors.TokenRefused.selector, address(0xdead)));
        terms = termsFor(2);
        terms.tokenPerUnit = 0;
        refuses(terms, abi.encodeWithSelector(Errors.TokenPerUnitOutOfRange.selector, uint256(0)));
        terms.tokenPerUnit = 2 ** 128;
        refuses(terms, abi.encodeWithSelector(Errors.TokenPerUnitOutOfRange.selector, uint256(2 ** 128)));
        terms.tokenPerUnit = 2 ** 128 - 1;
        open(terms);
    }

    function test_amounts_that_could_overflow_are_refused_at_the_border() public {
        ChannelTerms memory terms = termsFor(2);
        // 2² × 2^29 records × price: 2^63 is reached at a price of 2^32.
        terms.authorBytesMax = 64 * 2 ** 29;
        terms.priceNanoMax = 2 ** 32;
        refuses(terms, abi.encodeWithSelector(Errors.AmountsCouldOverflow.selector, uint256(2 ** 63)));
        terms.priceNanoMax = 2 ** 32 - 1;
        open(terms);
    }

    function test_the_auditors_fee_counts_toward_the_bound() public {
        ChannelTerms memory terms = termsFor(2);
        terms.authorBytesMax = 64 * 2 ** 29;
        terms.priceNanoMax = 0;
        terms.reducerParameters = changed(6, 2 ** 31);
        refuses(terms, abi.encodeWithSelector(Errors.AmountsCouldOverflow.selector, uint256(2 ** 63)));
    }

    function test_the_reducer_is_known() public {
        ChannelTerms memory terms = termsFor(2);
        terms.reducer = "rtb-impression/2";
        refuses(terms, abi.encodeWithSelector(Errors.ReducerUnknown.selector, "rtb-impression/2"));
    }

    function test_parameters_out_of_range_are_named() public {
        refusesParameter(0, 2 ** 32, "priceTolerancePpm");
        refusesParameter(1, 4, "onPriceMismatch");
        refusesParameter(2, 2, "onMissingDsp");
        refusesParameter(3, 2, "onMissingSsp");
        refusesParameter(4, 2, "onMissingAudit");
        refusesParameter(5, 2, "requireViewable");
        refusesParameter(6, 2 ** 64, "auditorFeeNano");
        refusesParameter(8, 2 ** 32, "discrepancyLimitPpm");
        refusesParameter(9, 2, "shares");
        ChannelTerms memory terms = termsFor(2);
        terms.reducerParameters = changed(1, 3);
        open(terms);
    }

    function test_parameters_have_one_encoding() public {
        ChannelTerms memory terms = termsFor(2);
        bytes memory good = terms.reducerParameters;
        terms.reducerParameters = bytes.concat(good, bytes32(0));
        refusesEncoding(terms, good.length + 32);
        terms.reducerParameters = changed(7, 0x140);
        refusesEncoding(terms, good.length);
        terms.reducerParameters = "";
        refusesEncoding(terms, 0);
    }

    function test_without_an_auditor_audits_are_not_asked_for() public {
        ChannelTerms memory terms = termsFor(2);
        terms.reducerParameters = parameters(0, false, new Share[](0));
        refuses(terms, abi.encodeWithSelector(Errors.AuditorMissing.selector));
        terms.reducerParameters = parameters(1, true, new Share[](0));
        refuses(terms, abi.encodeWithSelector(Errors.AuditorMissing.selector));
    }

    function test_shares_name_payees_once_and_sum_to_at_most_all() public {
        refusesShares(0, 1, 0, 0, 0, 1);
        refusesShares(4, 1, 0, 0, 4, 1);
        refusesShares(2, 1, 2, 1, 2, 1);
        refusesShares(1, 600_000, 2, 400_001, 2, 400_001);
        ChannelTerms memory terms = termsFor(4);
        terms.reducerParameters = sharesOf(2, 600_000, 1, 400_000);
        open(terms);
    }

    // ── helpers ──

    function refuses(ChannelTerms memory terms, bytes memory refusal) private {
        uint256 count = terms.participants.length;
        bytes[] memory signatures = signaturesFor(count, registry.channelIdOf(terms));
        bytes[] memory boxes = boxesFor(count);
        vm.expectRevert(refusal);
        vm.prank(account(0));
        registry.openChannel(terms, signatures, boxes);
    }

    function refusesPeriod(ChannelTerms memory terms, string memory name, uint64 given, uint64 least)
        private
    {
        refuses(
            terms,
            abi.encodeWithSelector(Errors.PeriodOutOfRange.selector, name, given, least, uint64(366 days))
        );
    }

    function refusesEncoding(ChannelTerms memory terms, uint256 size) private {
        refuses(terms, abi.encodeWithSelector(Errors.ReducerParameterRefused.selector, "encoding", size));
    }

    function refusesParameter(uint256 word, uint256 value, string memory name) private {
        ChannelTerms memory terms = termsFor(2);
        terms.reducerParameters = changed(word, value);
        refuses(terms, abi.encodeWithSelector(Errors.ReducerParameterRefused.selector, name, value));
    }

    function refusesShares(uint8 a, uint32 ppmA, uint8 b, uint32 ppmB, uint256 badOne, uint256 badPpm)
        private
    {
        ChannelTerms memory terms = termsFor(4);
        terms.reducerParameters = sharesOf(a, ppmA, b, ppmB);
        refuses(terms, abi.encodeWithSelector(Errors.ShareRefused.selector, badOne, badPpm));
    }

    /// Two shares; the second is left out if it names participant 0.
    function sharesOf(uint8 a, uint32 ppmA, uint8 b, uint32 ppmB) private pure returns (bytes memory) {
        Share[] memory shares = new Share[](b == 0 ? 1 : 2);
        shares[0] = Share(a, ppmA);
        if (b != 0) shares[1] = Share(b, ppmB);
        return parameters(0, true, shares);
    }

    function changed(uint256 word, uint256 value) private pure returns (bytes memory encoded) {
        encoded = parametersFor(false);
        assembly ("memory-safe") {
            mstore(add(add(encoded, 0x20), mul(word, 0x20)), value)
        }
    }

    /// The other signature of the same message, which wire-formats.md 1 refuses.
    function highS(bytes memory signature) private pure returns (bytes memory) {
        uint256 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        bytes32 r;
        uint256 s;
        assembly ("memory-safe") {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
        }
        return abi.encodePacked(r, order - s, uint8(signature[64]) == 27 ? uint8(28) : uint8(27));
    }
}

/// A contract account with one key (ERC-1271).
contract Wallet {
    address private immutable owner;

    constructor(address owner_) {
        owner = owner_;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        address signer =
            ecrecover(digest, uint8(signature[64]), bytes32(signature[0:32]), bytes32(signature[32:64]));
        return signer == owner ? this.isValidSignature.selector : bytes4(0);
    }
}
