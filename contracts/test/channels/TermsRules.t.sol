// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITermsRules} from "../../src/channels/ITermsRules.sol";
import {ChannelTerms} from "../../src/interfaces/ChannelTypes.sol";
import {IReducerTable} from "../../src/interfaces/IReducerTable.sol";
import {IReducer} from "../../src/reducers/IReducer.sol";
import {IParticipantRegistry} from "../../src/registries/IParticipantRegistry.sol";
import {Organisations} from "../support/Organisations.sol";

/// Every rule of wire-formats.md 2, on both sides of its border.
contract TermsRulesTest is Organisations {
    // ── participants ──

    function test_participants_are_2_to_16() public {
        ChannelTerms memory terms = termsFor(2);
        for (uint256 count = 1; count < 18; count += 16) {
            terms.participants = new address[](count);
            refuses(terms, abi.encodeWithSelector(ITermsRules.ParticipantCountOutOfRange.selector, count));
        }
        termsRules.check(termsFor(2));
        termsRules.check(termsFor(16));
    }

    function test_each_participant_has_a_role() public {
        ChannelTerms memory terms = termsFor(3);
        for (uint256 roles = 2; roles < 5; roles += 2) {
            terms.roles = new uint8[](roles);
            refuses(
                terms, abi.encodeWithSelector(ITermsRules.RoleCountMismatch.selector, roles, uint256(3))
            );
        }
    }

    function testFuzz_one_payer_first_and_nobody_else(uint8 role, uint256 index) public {
        index = bound(index, 0, 3);
        role = role > 16 ? role : uint8(role % 8);
        ChannelTerms memory terms = termsFor(4);
        terms.roles[index] = role;
        bool isAllowed = index == 0 ? role == 1 || role == 2 : role >= 3 && role <= 6;
        if (!isAllowed) {
            refuses(terms, abi.encodeWithSelector(ITermsRules.RoleNotAllowed.selector, index, role));
        } else if (index == 3 && role != 5) {
            // The only auditor is gone: the parameters need one.
            refuses(terms, abi.encodeWithSelector(IReducer.AuditorMissing.selector));
        } else {
            termsRules.check(terms);
        }
    }

    function test_the_zero_address_takes_part_nowhere() public {
        for (uint256 i = 0; i < 3; i++) {
            ChannelTerms memory terms = termsFor(3);
            terms.participants[i] = address(0);
            refuses(terms, abi.encodeWithSelector(ITermsRules.ParticipantZero.selector, i));
        }
    }

    function test_an_account_takes_part_once() public {
        for (uint256 i = 1; i < 4; i++) {
            ChannelTerms memory terms = termsFor(4);
            terms.participants[i] = account(i - 1);
            refuses(terms, abi.encodeWithSelector(ITermsRules.ParticipantRepeated.selector, account(i - 1)));
        }
        ChannelTerms memory others = termsFor(4);
        others.participants[3] = account(0);
        refuses(others, abi.encodeWithSelector(ITermsRules.ParticipantRepeated.selector, account(0)));
    }

    function test_every_participant_has_all_three_keys() public {
        ChannelTerms memory terms = termsFor(3);
        terms.participants[1] = account(99);
        refuses(terms, abi.encodeWithSelector(ITermsRules.ParticipantNotRegistered.selector, account(99)));
        for (uint256 key = 0; key < 3; key++) {
            uint256 state = vm.snapshotState();
            IParticipantRegistry.Keys memory keys = keysOf(2);
            if (key == 0) keys.recordKey = address(0);
            if (key == 1) keys.operatorKey = address(0);
            if (key == 2) keys.encryptionKey = 0;
            vm.prank(account(2));
            participants.register(keys, "", "");
            refuses(
                termsFor(3),
                abi.encodeWithSelector(ITermsRules.ParticipantNotRegistered.selector, account(2))
            );
            vm.revertToState(state);
        }
    }

    // ── blocks and periods ──

    function test_only_time_blocks() public {
        ChannelTerms memory terms = termsFor(2);
        for (uint8 policy = 1; policy < 3; policy++) {
            terms.blockPolicy = policy;
            refuses(terms, abi.encodeWithSelector(ITermsRules.BlockPolicyNotSupported.selector, policy));
        }
    }

    function test_blocks_are_1_to_2_to_the_20() public {
        ChannelTerms memory terms = termsFor(2);
        terms.blocksMax = 0;
        refuses(terms, abi.encodeWithSelector(ITermsRules.BlocksMaxOutOfRange.selector, uint64(0)));
        terms.blocksMax = 2 ** 20 + 1;
        refuses(terms, abi.encodeWithSelector(ITermsRules.BlocksMaxOutOfRange.selector, 2 ** 20 + 1));
        terms.blocksMax = 2 ** 20;
        termsRules.check(terms);
        terms.blocksMax = 1;
        termsRules.check(terms);
    }

    function test_the_last_block_ends_below_2_to_the_64() public {
        ChannelTerms memory terms = termsFor(2);
        terms.firstBlockStart = type(uint64).max - 1_100;
        termsRules.check(terms);
        terms.firstBlockStart += 1;
        refuses(terms, abi.encodeWithSelector(ITermsRules.BlocksEndTooLate.selector, uint256(2 ** 64)));
        terms = termsFor(2);
        terms.blockDuration = type(uint64).max;
        terms.blocksMax = 2 ** 20;
        uint256 end = START + uint256(2 ** 20) * type(uint64).max;
        refuses(terms, abi.encodeWithSelector(ITermsRules.BlocksEndTooLate.selector, end));
    }

    function test_periods_are_long_enough_to_act() public {
        ChannelTerms memory terms = termsFor(2);
        terms.blockDuration = 0;
        refusesPeriod(terms, "blockDuration", 0, 1);
        terms = termsFor(2);
        terms.collationPeriod = 0;
        refusesPeriod(terms, "collationPeriod", 0, 1);
        terms.collationPeriod = 1;
        termsRules.check(terms);
        terms.processingPeriod = 1;
        refusesPeriod(terms, "processingPeriod", 1, 2);
        terms.processingPeriod = 2;
        termsRules.check(terms);
        terms.challengePeriod = 0;
        refusesPeriod(terms, "challengePeriod", 0, 1);
        terms.challengePeriod = 1;
        termsRules.check(terms);
        terms.answerPeriod = 0;
        refusesPeriod(terms, "answerPeriod", 0, 1);
        terms.answerPeriod = 1;
        termsRules.check(terms);
        terms.collectionGrace = 0;
        termsRules.check(terms);
    }

    function test_a_dispute_lasts_as_long_as_all_its_turns() public {
        ChannelTerms memory terms = termsFor(2);
        terms.disputeMax = 3 * 60 + 5 * 40 + 24 * 20;
        termsRules.check(terms);
        terms.disputeMax -= 1;
        refusesPeriod(terms, "disputeMax", 859, 860);
        terms.answerPeriod = type(uint64).max;
        refusesPeriod(terms, "disputeMax", 859, 380 + 24 * uint256(type(uint64).max));
    }

    function test_periods_end_within_8191_blocks() public {
        ChannelTerms memory terms = termsFor(2);
        terms.blockDuration = 1;
        terms.withdrawalNotice = 2;
        // With 10, 20, twice 40 and 60 seconds.
        terms.disputeMax = 8_191 - 170;
        termsRules.check(terms);
        terms.disputeMax += 1;
        refuses(
            terms,
            abi.encodeWithSelector(ITermsRules.PeriodsTooLong.selector, uint256(8_192), uint256(8_191))
        );
    }

    function test_periods_end_within_90_days() public {
        ChannelTerms memory terms = termsFor(2);
        terms.blockDuration = 1 days;
        terms.withdrawalNotice = 2 days;
        terms.disputeMax = 90 days - 170;
        termsRules.check(terms);
        uint256 most = 90 days;
        terms.collectionGrace += 1;
        refuses(terms, abi.encodeWithSelector(ITermsRules.PeriodsTooLong.selector, most + 1, most));
        terms.collectionGrace = type(uint64).max;
        terms.collationPeriod = type(uint64).max;
        terms.disputeMax = type(uint64).max;
        refuses(
            terms,
            abi.encodeWithSelector(
                ITermsRules.PeriodsTooLong.selector, 3 * uint256(type(uint64).max) + 140, most
            )
        );
    }

    function test_a_withdrawal_is_announced_two_blocks_before() public {
        ChannelTerms memory terms = termsFor(2);
        terms.withdrawalNotice = 199;
        refusesPeriod(terms, "withdrawalNotice", 199, 200);
    }

    // ── money ──

    function test_the_token_is_a_contract() public {
        ChannelTerms memory terms = termsFor(2);
        terms.token = address(0xdead);
        refuses(terms, abi.encodeWithSelector(ITermsRules.TokenRefused.selector, address(0xdead)));
    }

    function test_a_unit_is_worth_1_to_2_to_the_128_base_units() public {
        ChannelTerms memory terms = termsFor(2);
        terms.blockMaxNano[1] = 0;
        terms.tokenPerUnit = 0;
        refuses(terms, abi.encodeWithSelector(ITermsRules.TokenPerUnitOutOfRange.selector, uint256(0)));
        terms.tokenPerUnit = 2 ** 128;
        refuses(
            terms, abi.encodeWithSelector(ITermsRules.TokenPerUnitOutOfRange.selector, uint256(2 ** 128))
        );
        terms.tokenPerUnit = 2 ** 128 - 1;
        termsRules.check(terms);
        terms.tokenPerUnit = 1;
        termsRules.check(terms);
    }

    function test_there_is_a_most_for_each_payee_and_none_for_the_payer() public {
        ChannelTerms memory terms = termsFor(3);
        for (uint256 entries = 2; entries < 5; entries += 2) {
            terms.blockMaxNano = new uint64[](entries);
            refuses(
                terms,
                abi.encodeWithSelector(ITermsRules.BlockMaxCountMismatch.selector, entries, uint256(3))
            );
        }
        terms = termsFor(3);
        terms.blockMaxNano[0] = 1;
        refuses(terms, abi.encodeWithSelector(ITermsRules.BlockMaxOfPayer.selector, uint64(1)));
    }

    function test_a_block_pays_a_payee_less_than_2_to_the_96_base_units() public {
        for (uint256 i = 1; i < 3; i++) {
            ChannelTerms memory terms = termsFor(3);
            terms.blockMaxNano[i] = 2 ** 32;
            terms.tokenPerUnit = 2 ** 64 * 1e9 - 1;
            terms.blockMaxNano[3 - i] = 0;
            termsRules.check(terms);
            terms.tokenPerUnit += 1;
            refuses(
                terms, abi.encodeWithSelector(ITermsRules.BlockMaxTooLarge.selector, i, uint256(2 ** 96))
            );
            terms.blockMaxNano[i] = type(uint64).max;
            terms.tokenPerUnit = type(uint128).max;
            uint256 units = uint256(type(uint64).max) * type(uint128).max / 1e9;
            refuses(terms, abi.encodeWithSelector(ITermsRules.BlockMaxTooLarge.selector, i, units));
        }
    }

    // ── amounts ──

    function test_a_price_and_a_batch_fit() public {
        ChannelTerms memory terms = termsFor(2);
        terms.priceNanoMax = 0;
        refuses(terms, abi.encodeWithSelector(ITermsRules.PriceNanoMaxZero.selector));
        terms.priceNanoMax = 1;
        terms.authorBytesMax = 2_047;
        refuses(
            terms,
            abi.encodeWithSelector(ITermsRules.AuthorBytesMaxTooSmall.selector, 2_047, uint256(2_048))
        );
        terms.authorBytesMax = 2_048;
        termsRules.check(terms);
    }

    /// recordsMax = participants² × (⌊authorBytesMax / 8,192⌋ + 1) × 1,021.
    function test_records_are_at_most_2_to_the_40() public {
        ChannelTerms memory terms = termsFor(16);
        terms.priceNanoMax = 1;
        uint256 rows = uint256(2 ** 40) / (256 * 1_021);
        terms.authorBytesMax = uint64(rows * 8_192 - 1);
        termsRules.check(terms);
        terms.authorBytesMax += 1;
        uint256 most = 2 ** 40;
        uint256 records = 256 * 1_021 * (rows + 1);
        vm.assertTrue(records > most && records - 256 * 1_021 <= most, "at the border");
        refuses(terms, abi.encodeWithSelector(ITermsRules.RecordsTooMany.selector, records, most));
        terms.authorBytesMax = type(uint64).max;
        records = 256 * 1_021 * uint256(2 ** 51);
        refuses(terms, abi.encodeWithSelector(ITermsRules.RecordsTooMany.selector, records, most));
    }

    function test_what_a_block_could_owe_is_below_2_to_the_63() public {
        ChannelTerms memory terms = termsFor(2);
        // 2² × 1 × 1,021 records.
        terms.authorBytesMax = 8_191;
        uint256 records = 4_084;
        uint256 price = (uint256(2 ** 63) - 1) / records;
        terms.priceNanoMax = uint64(price);
        termsRules.check(terms);
        terms.priceNanoMax += 1;
        refusesAmounts(terms, records * (price + 1));
        terms.authorBytesMax = 8_192;
        terms.priceNanoMax = uint64(price);
        refusesAmounts(terms, 2 * records * price);
    }

    /// Each auditor's fee, once for every participant there could be.
    function test_the_auditors_fee_counts_toward_what_a_block_could_owe() public {
        ChannelTerms memory terms = termsFor(3);
        terms.authorBytesMax = 8_191;
        terms.priceNanoMax = 1;
        uint256 records = 9 * 1_021;
        uint256 fee = ((uint256(2 ** 63) - 1) / records - 1) / 3;
        terms.reducerParameters = parameters(0, true, uint64(fee), new Share[](0));
        termsRules.check(terms);
        terms.reducerParameters = parameters(0, true, uint64(fee + 1), new Share[](0));
        refusesAmounts(terms, records * (1 + 3 * (fee + 1)));
        terms.reducerParameters = parameters(0, true, type(uint64).max, new Share[](0));
        refusesAmounts(terms, records * (1 + 3 * uint256(type(uint64).max)));
    }

    // ── reducer ──

    function test_the_reducer_is_exactly_one_that_the_table_has() public {
        string[4] memory others = ["rtb-impression/2", "rtb-impression/1 ", "", "RTB-impression/1"];
        for (uint256 i = 0; i < others.length; i++) {
            ChannelTerms memory terms = termsFor(2);
            terms.reducer = others[i];
            refuses(terms, abi.encodeWithSelector(IReducerTable.ReducerUnknown.selector, others[i]));
        }
        vm.assertEq(reducerTable.reducerOf("rtb-impression/1"), address(rtbImpression1));
    }

    function test_the_reducer_refuses_its_parameters() public {
        ChannelTerms memory terms = termsFor(2);
        bytes memory good = terms.reducerParameters;
        terms.reducerParameters = bytes.concat(good, bytes32(0));
        refuses(
            terms,
            abi.encodeWithSelector(IReducer.ReducerParameterRefused.selector, "encoding", good.length + 32)
        );
        terms.reducerParameters = parameters(0, false, 0, new Share[](0));
        refuses(terms, abi.encodeWithSelector(IReducer.AuditorMissing.selector));
        Share[] memory shares = new Share[](1);
        shares[0] = Share(2, 1);
        terms.reducerParameters = parameters(1, false, 0, shares);
        refuses(terms, abi.encodeWithSelector(IReducer.ShareRefused.selector, uint256(2), uint256(1)));
        terms = termsFor(3);
        terms.reducerParameters = parameters(0, true, 0, shares);
        termsRules.check(terms);
    }

    // ── where the rules are asked ──

    function test_opening_asks_the_rules() public {
        ChannelTerms memory terms = termsFor(2);
        terms.answerPeriod = 0;
        bytes[] memory signatures = signaturesFor(2, channels.channelIdOf(terms));
        vm.expectRevert(
            abi.encodeWithSelector(
                ITermsRules.PeriodTooShort.selector, "answerPeriod", uint256(0), uint256(1)
            )
        );
        channels.openChannel(terms, signatures, boxesFor(2));
    }

    function refuses(ChannelTerms memory terms, bytes memory refusal) private {
        vm.expectRevert(refusal);
        termsRules.check(terms);
    }

    function refusesPeriod(ChannelTerms memory terms, string memory name, uint256 given, uint256 least)
        private
    {
        refuses(terms, abi.encodeWithSelector(ITermsRules.PeriodTooShort.selector, name, given, least));
    }

    function refusesAmounts(ChannelTerms memory terms, uint256 amount) private {
        refuses(terms, abi.encodeWithSelector(ITermsRules.AmountsCouldOverflow.selector, amount));
    }
}
