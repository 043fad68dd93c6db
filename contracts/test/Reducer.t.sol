// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IReducer} from "../src/reducers/IReducer.sol";
import {RtbImpression1} from "../src/reducers/RtbImpression1.sol";
import {Groups, Parameters, Share} from "./support/Groups.sol";
import {Test} from "./support/Test.sol";

/// What rtb-impression/1 takes as parameters and as a kept group, what it refuses, and what it pays.
contract ReducerTest is Test {
    uint64 private constant PRICE_MAX = 1_000_000;
    /// Payer, two sellers, two auditors, an operator.
    uint8 private constant SSP = 1;
    uint8 private constant PUBLISHER = 2;
    uint8 private constant AUDITOR = 3;
    uint8 private constant SECOND_AUDITOR = 4;
    uint8 private constant OPERATOR = 5;
    uint8 private constant ALL = 255;
    uint32 private constant SEEN = 3;
    uint32 private constant HIDDEN = 1;
    uint32 private constant INVALID = 8 | 3;

    RtbImpression1 private reducer;
    uint8[] private roles = [1, 3, 4, 5, 5, 6];

    function setUp() public {
        reducer = new RtbImpression1();
    }

    function test_its_code_leaves_room() public view {
        vm.assertLe(address(reducer).code.length, 22_528);
    }

    // ── parameters ──

    function test_parameters_are_taken_at_their_limits() public view {
        Parameters memory p = defaults();
        reducer.checkParameters(roles, Groups.encoded(p));
        p.priceTolerancePpm = type(uint32).max;
        p.onPriceMismatch = 3;
        p.onMissingDsp = p.onMissingSsp = p.onMissingAudit = 1;
        p.auditorFeeNano = type(uint64).max;
        p.discrepancyLimitPpm = type(uint32).max;
        // In any order, to everybody but the payer, and all of the price.
        p.shares = new Share[](5);
        for (uint8 i = 0; i < 5; i++) {
            p.shares[i] = Share(5 - i, 200_000);
        }
        reducer.checkParameters(roles, Groups.encoded(p));
        vm.assertEq(reducer.auditorFeeNano(Groups.encoded(p)), type(uint64).max);
    }

    function test_every_parameter_has_its_range() public {
        string[8] memory names = [
            "priceTolerancePpm",
            "onPriceMismatch",
            "onMissingDsp",
            "onMissingSsp",
            "onMissingAudit",
            "requireViewable",
            "auditorFeeNano",
            "discrepancyLimitPpm"
        ];
        uint256[8] memory most = [uint256(type(uint32).max), 3, 1, 1, 1, 1, type(uint64).max, 2 ** 32 - 1];
        bytes memory good = Groups.encoded(defaults());
        for (uint256 i = 0; i < 8; i++) {
            uint256 word = i == 7 ? 8 : i;
            refusesParameter(withWord(good, word, most[i] + 1), names[i], most[i] + 1);
            refusesParameter(withWord(good, word, type(uint256).max), names[i], type(uint256).max);
        }
        vm.expectRevert(
            abi.encodeWithSelector(IReducer.ReducerParameterRefused.selector, "auditorFeeNano", 2 ** 64)
        );
        reducer.auditorFeeNano(withWord(good, 6, 2 ** 64));
    }

    function test_only_the_one_encoding_is_taken() public {
        bytes memory good = Groups.encoded(withShare(SSP, 1));
        refusesParameter("", "encoding", 0);
        refusesParameter(cut(good, 319), "encoding", 319);
        refusesParameter(cut(good, 320), "encoding", 320);
        refusesParameter(cut(good, good.length - 1), "encoding", good.length - 1);
        refusesParameter(bytes.concat(good, hex"00"), "encoding", good.length + 1);
        refusesParameter(bytes.concat(good, new bytes(64)), "encoding", good.length + 64);
        refusesParameter(withWord(good, 7, 0), "encoding", good.length);
        refusesParameter(withWord(good, 7, 10 * 32), "encoding", good.length);
        refusesParameter(withWord(good, 9, 0), "encoding", good.length);
        refusesParameter(withWord(good, 9, 2), "encoding", good.length);
        refusesParameter(withWord(good, 9, 6), "shares", 6);
        refusesParameter(withWord(good, 9, type(uint256).max), "shares", type(uint256).max);
        vm.expectRevert(
            abi.encodeWithSelector(IReducer.ReducerParameterRefused.selector, "encoding", uint256(319))
        );
        reducer.auditorFeeNano(cut(good, 319));
    }

    function test_shares_are_of_others_once_and_within_the_price() public {
        refusesShare(Groups.encoded(withShare(0, 5)), 0, 5);
        refusesShare(Groups.encoded(withShare(6, 5)), 6, 5);
        refusesShare(withWord(Groups.encoded(withShare(SSP, 5)), 10, 2 ** 200), 2 ** 200, 5);
        refusesShare(Groups.encoded(withShare(SSP, 1_000_001)), SSP, 1_000_001);
        refusesShare(
            withWord(Groups.encoded(withShare(SSP, 5)), 11, type(uint256).max), SSP, type(uint256).max
        );
        Parameters memory p = withShare(OPERATOR, 600_000);
        Share memory one = p.shares[0];
        p.shares = new Share[](2);
        (p.shares[0], p.shares[1]) = (one, Share(OPERATOR, 1));
        refusesShare(Groups.encoded(p), OPERATOR, 1);
        p.shares[1] = Share(SSP, 400_001);
        refusesShare(Groups.encoded(p), SSP, 400_001);
        p.shares[1] = Share(SSP, 400_000);
        reducer.checkParameters(roles, Groups.encoded(p));
    }

    function test_without_an_auditor_nothing_waits_for_audits() public {
        roles = [1, 3, 4];
        Parameters memory p = defaults();
        for (uint8 missing = 0; missing < 2; missing++) {
            for (uint8 views = 0; views < 2; views++) {
                p.onMissingAudit = missing;
                p.requireViewable = views == 1;
                bool isTaken = missing == 1 && views == 0;
                if (!isTaken) vm.expectRevert(IReducer.AuditorMissing.selector);
                reducer.checkParameters(roles, Groups.encoded(p));
            }
        }
    }

    // ── what a kept group is ──

    function test_a_group_of_every_statement_is_kept() public view {
        vm.assertTrue(isKept(Groups.keep(everyStatement())), "kept");
        vm.assertTrue(isKept(listOf(Groups.win(0, SSP, PRICE_MAX, 1))), "a win of the highest price alone");
    }

    function test_no_record_or_half_a_record_is_no_group() public view {
        vm.assertFalse(reducer.isKept(roles, PRICE_MAX, ""), "none");
        bytes memory one = Groups.win(0, SSP, 1, 1);
        vm.assertFalse(reducer.isKept(roles, PRICE_MAX, bytes.concat(one, hex"00")), "65 bytes");
        vm.assertFalse(reducer.isKept(roles, PRICE_MAX, cut(one, 63)), "63 bytes");
    }

    function test_a_malformed_record_is_not_kept() public view {
        bytes memory good = Groups.win(0, SSP, 1, 1);
        vm.assertTrue(isKept(listOf(good)), "good");
        vm.assertFalse(isKept(listOf(Groups.record(3, 0, SSP, 0, 1, 1))), "kind");
        vm.assertFalse(isKept(listOf(Groups.win(0, AUDITOR, 1, 1))), "counterparty");
        vm.assertFalse(isKept(listOf(Groups.win(0, SSP, PRICE_MAX + 1, 1))), "price");
        vm.assertFalse(isKept(listOf(Groups.record(1, 0, SSP, 32, 1, 1))), "test flag");
        vm.assertFalse(isKept(listOf(Groups.audit(AUDITOR, ALL, 35, 1))), "test flag of an audit");
    }

    function test_a_record_of_another_impression_is_not_kept() public view {
        bytes[] memory group = Groups.keep(everyStatement());
        for (uint256 i = 1; i < group.length; i++) {
            group[i][31] = bytes1(uint8(group[i][31]) ^ 1);
            vm.assertFalse(isKept(Groups.sorted(group)), "the last byte of the key");
            group[i][31] = bytes1(uint8(group[i][31]) ^ 1);
        }
    }

    function test_a_group_in_another_order_or_with_a_record_twice_is_not_kept() public view {
        bytes[] memory group = Groups.keep(everyStatement());
        for (uint256 i = 1; i < group.length; i++) {
            (group[i - 1], group[i]) = (group[i], group[i - 1]);
            vm.assertFalse(isKept(group), "swapped");
            (group[i - 1], group[i]) = (group[i], group[i - 1]);
            bytes[] memory twice = Groups.withOne(group, group[i]);
            for (uint256 k = group.length; k > i + 1; k--) {
                (twice[k - 1], twice[k]) = (twice[k], twice[k - 1]);
            }
            vm.assertFalse(isKept(twice), "twice");
        }
    }

    function test_wins_of_one_price_are_one() public view {
        for (uint256 nonce = 1; nonce < 5; nonce++) {
            vm.assertFalse(
                isKept(Groups.sorted(listOf(Groups.win(0, SSP, 7, 0), Groups.win(0, SSP, 7, nonce)))),
                "retry"
            );
        }
        vm.assertTrue(
            isKept(Groups.sorted(listOf(Groups.win(0, SSP, 7, 0), Groups.win(0, SSP, 8, 0)))), "two prices"
        );
        vm.assertTrue(
            isKept(Groups.sorted(listOf(Groups.win(0, SSP, 7, 0), Groups.win(0, PUBLISHER, 7, 0)))),
            "two sellers"
        );
    }

    function test_three_records_of_one_statement_are_never_kept() public view {
        bytes[] memory wins = listOf(Groups.win(SSP, 0, 7, 0), Groups.win(SSP, 0, 8, 0));
        vm.assertTrue(isKept(Groups.sorted(wins)), "two");
        vm.assertFalse(isKept(Groups.sorted(Groups.withOne(wins, Groups.win(SSP, 0, 9, 0)))), "three");
    }

    /// Whatever two audits say and whichever has the lower hash, against the slow rule.
    function test_of_two_audits_each_says_what_the_other_does_not() public {
        vm.pauseGasMetering();
        uint256 kept = 0;
        for (uint256 nonce = 0; nonce < 4; nonce++) {
            for (uint32 a = 0; a < 32; a++) {
                for (uint32 b = 0; b < 32; b++) {
                    bytes[] memory two = Groups.sorted(
                        listOf(Groups.audit(AUDITOR, ALL, a, nonce), Groups.audit(AUDITOR, ALL, b, 9))
                    );
                    bool isWhole = Groups.keep(two).length == two.length;
                    vm.assertTrue(isKept(two) == isWhole, "as the rule says");
                    if (isWhole) kept++;
                }
            }
        }
        vm.assertGe(kept, 500, "some are");
    }

    // ── whether a record is missing ──

    function test_any_record_is_missing_where_there_is_none() public view {
        bytes[] memory all = everyStatement();
        for (uint256 i = 0; i < all.length; i++) {
            vm.assertTrue(reducer.wouldChange(roles, PRICE_MAX, "", all[i]), "alone");
        }
    }

    function test_a_price_between_two_is_not_missing_and_one_outside_is() public view {
        bytes memory group =
            Groups.joined(Groups.keep(listOf(Groups.win(0, SSP, 5, 0), Groups.win(0, SSP, 9, 0))));
        for (uint64 price = 0; price < 15; price++) {
            if (price == 5 || price == 9) continue;
            bool isMissing = reducer.wouldChange(roles, PRICE_MAX, group, Groups.win(0, SSP, price, 1));
            vm.assertTrue(isMissing == (price < 5 || price > 9), "outside");
        }
        vm.assertTrue(
            reducer.wouldChange(roles, PRICE_MAX, group, Groups.win(0, PUBLISHER, 7, 0)), "to another"
        );
        vm.assertTrue(reducer.wouldChange(roles, PRICE_MAX, group, Groups.win(SSP, 0, 7, 0)), "by another");
    }

    function test_what_cannot_be_in_the_group_is_refused() public {
        bytes memory group = Groups.win(0, SSP, 5, 0);
        bytes memory good = Groups.win(0, SSP, 6, 0);
        refusesExtra(group, "", "length");
        refusesExtra(group, bytes.concat(good, good), "length");
        refusesExtra(group, Groups.record(0, 0, SSP, 0, 1, 1), "kind");
        bytes memory other = bytes.concat(good);
        other[1] = 0x02;
        refusesExtra(group, other, "version");
        refusesExtra(group, Groups.win(AUDITOR, 0, 1, 1), "author");
        refusesExtra(group, Groups.audit(SSP, ALL, 3, 1), "author");
        refusesExtra(group, Groups.win(0, 0, 1, 1), "counterparty");
        refusesExtra(group, Groups.win(SSP, PUBLISHER, 1, 1), "counterparty");
        refusesExtra(group, Groups.audit(AUDITOR, OPERATOR, 3, 1), "counterparty");
        refusesExtra(group, Groups.record(1, 0, SSP, 32, 1, 1), "flags");
        refusesExtra(group, Groups.record(1, 0, SSP, 2, 1, 1), "flags");
        refusesExtra(group, Groups.audit(AUDITOR, ALL, 32, 1), "flags");
        refusesExtra(group, Groups.audit(AUDITOR, ALL, 64, 1), "flags");
        refusesExtra(group, Groups.audit(AUDITOR, ALL, 2 ** 31, 1), "flags");
        refusesExtra(group, Groups.win(0, SSP, PRICE_MAX + 1, 1), "priceNano");
        refusesExtra(group, Groups.record(2, AUDITOR, ALL, 3, 1, 1), "priceNano");
        other = bytes.concat(good);
        other[16] = 0xff;
        refusesExtra(group, other, "impressionKey");
        vm.assertTrue(reducer.wouldChange(roles, PRICE_MAX, "", other), "where there is no key to compare");
    }

    // ── what is paid ──

    function test_the_price_agreed_is_split_and_every_auditor_that_speaks_has_its_fee() public view {
        Parameters memory p = withShare(OPERATOR, 333_333);
        p.auditorFeeNano = 5;
        bytes[] memory group = listOf(Groups.win(0, SSP, 101, 0), Groups.win(SSP, 0, 100, 0));
        group = Groups.withOne(group, Groups.audit(AUDITOR, ALL, SEEN, 0));
        group = Groups.withOne(group, Groups.audit(SECOND_AUDITOR, PUBLISHER, INVALID, 0));
        pays(p, group, [uint64(105), 67, 0, 5, 0, 33]);
    }

    function test_what_one_earns_of_several_sellers_adds_up() public view {
        Parameters memory p = defaults();
        p.auditorFeeNano = 7;
        p.shares = new Share[](3);
        p.shares[0] = Share(OPERATOR, 100_000);
        p.shares[1] = Share(PUBLISHER, 200_000);
        p.shares[2] = Share(AUDITOR, 50_000);
        bytes[] memory group = listOf(Groups.win(0, SSP, 100, 0), Groups.win(SSP, 0, 100, 0));
        group = Groups.withOne(group, Groups.win(0, PUBLISHER, 200, 0));
        group = Groups.withOne(group, Groups.win(PUBLISHER, 0, 200, 0));
        group = Groups.withOne(group, Groups.audit(AUDITOR, ALL, SEEN, 0));
        pays(p, group, [uint64(314), 65, 20 + 40 + 130, 14 + 5 + 10, 0, 10 + 20]);
    }

    function test_two_prices_are_settled_by_the_policy() public view {
        Parameters memory p = defaults();
        bytes[] memory group = listOf(Groups.win(0, SSP, 90, 0), Groups.win(SSP, 0, 100, 0));
        group = Groups.withOne(group, Groups.audit(AUDITOR, ALL, SEEN, 0));
        uint64[4] memory expected = [uint64(90), 100, 90, 0];
        for (uint8 policy = 0; policy < 4; policy++) {
            p.onPriceMismatch = policy;
            pays(p, group, [expected[policy], expected[policy], 0, 0, 0, 0]);
        }
        p.priceTolerancePpm = 99_999;
        pays(p, group, [uint64(0), 0, 0, 0, 0, 0]);
        p.priceTolerancePpm = 100_000;
        pays(p, group, [uint64(90), 90, 0, 0, 0, 0]);
        // A payer of two prices cannot reject; its highest counts.
        p.priceTolerancePpm = 0;
        pays(p, Groups.withOne(group, Groups.win(0, SSP, 95, 0)), [uint64(95), 95, 0, 0, 0, 0]);
    }

    function test_one_price_is_settled_by_the_policy_of_the_silent_side() public view {
        Parameters memory p = defaults();
        p.auditorFeeNano = 1;
        bytes[] memory sold = listOf(Groups.win(SSP, 0, 100, 0), Groups.audit(AUDITOR, ALL, SEEN, 0));
        bytes[] memory bought = listOf(Groups.win(0, SSP, 100, 0), Groups.audit(AUDITOR, ALL, SEEN, 0));
        pays(p, sold, [uint64(0), 0, 0, 0, 0, 0]);
        pays(p, bought, [uint64(0), 0, 0, 0, 0, 0]);
        p.onMissingDsp = 1;
        pays(p, sold, [uint64(101), 100, 0, 1, 0, 0]);
        pays(p, bought, [uint64(0), 0, 0, 0, 0, 0]);
        (p.onMissingDsp, p.onMissingSsp) = (0, 1);
        pays(p, sold, [uint64(0), 0, 0, 0, 0, 0]);
        pays(p, bought, [uint64(101), 100, 0, 1, 0, 0]);
    }

    function test_audits_are_asked_for_as_the_policy_says() public view {
        Parameters memory p = defaults();
        bytes[] memory group = listOf(Groups.win(0, SSP, 100, 0), Groups.win(SSP, 0, 100, 0));
        pays(p, group, [uint64(0), 0, 0, 0, 0, 0]);
        p.onMissingAudit = 1;
        pays(p, group, [uint64(100), 100, 0, 0, 0, 0]);
        bytes[] memory hidden = Groups.withOne(group, Groups.audit(AUDITOR, SSP, HIDDEN, 0));
        pays(p, hidden, [uint64(0), 0, 0, 0, 0, 0]);
        p.requireViewable = false;
        pays(p, hidden, [uint64(100), 100, 0, 0, 0, 0]);
        bytes[] memory invalid = Groups.withOne(hidden, Groups.audit(SECOND_AUDITOR, ALL, INVALID, 0));
        pays(p, invalid, [uint64(0), 0, 0, 0, 0, 0]);
    }

    function test_a_price_of_nothing_stands_and_the_auditor_earns() public view {
        Parameters memory p = defaults();
        p.auditorFeeNano = 5;
        bytes[] memory group = listOf(Groups.win(0, SSP, 0, 0), Groups.audit(AUDITOR, SSP, HIDDEN, 0));
        pays(p, group, [uint64(0), 0, 0, 0, 0, 0]);
        p.onMissingSsp = 1;
        pays(p, group, [uint64(5), 0, 0, 5, 0, 0]);
    }

    function test_more_than_64_bits_are_refused_and_not_wrapped() public {
        Parameters memory p = defaults();
        p.auditorFeeNano = type(uint64).max;
        bytes[] memory group = listOf(Groups.win(0, SSP, 1, 0), Groups.win(SSP, 0, 1, 0));
        group = Groups.withOne(group, Groups.audit(AUDITOR, ALL, INVALID, 0));
        pays(p, group, [type(uint64).max, 0, 0, type(uint64).max, 0, 0]);
        bytes memory records =
            Groups.joined(Groups.keep(Groups.withOne(group, Groups.win(0, PUBLISHER, 1, 0))));
        p.onMissingSsp = 1;
        vm.expectRevert(
            abi.encodeWithSelector(IReducer.AmountsTooLarge.selector, 2 * uint256(type(uint64).max))
        );
        reducer.reduce(roles, Groups.encoded(p), records);
    }

    /// The largest group there is: what a dispute has to pay for at the most.
    function test_the_largest_group_fits_into_a_block() public {
        roles = [1, 3, 3, 3, 3, 3, 3, 3, 3, 5, 5, 5, 5, 5, 5, 5];
        bytes[] memory all = new bytes[](0);
        for (uint8 seller = 1; seller < 9; seller++) {
            for (uint64 price = 1; price < 3; price++) {
                all = Groups.withOne(all, Groups.win(0, seller, price, 0));
                all = Groups.withOne(all, Groups.win(seller, 0, price, 0));
            }
        }
        for (uint8 auditor = 9; auditor < 16; auditor++) {
            for (uint256 seller = 1; seller < 10; seller++) {
                uint8 counterparty = seller == 9 ? ALL : uint8(seller);
                all = Groups.withOne(all, Groups.audit(auditor, counterparty, HIDDEN, 0));
                all = Groups.withOne(all, Groups.audit(auditor, counterparty, INVALID, 0));
            }
        }
        bytes memory records = Groups.joined(Groups.keep(all));
        vm.assertEq(records.length, 158 * 64);
        bytes memory parameters = Groups.encoded(defaults());
        uint256 before = gasleft();
        vm.assertTrue(reducer.isKept(roles, PRICE_MAX, records), "kept");
        vm.assertLe(before - gasleft(), 2_000_000, "gas of isKept");
        before = gasleft();
        reducer.reduce(roles, parameters, records);
        vm.assertLe(before - gasleft(), 2_000_000, "gas of reduce");
        before = gasleft();
        vm.assertFalse(reducer.wouldChange(roles, PRICE_MAX, records, all[all.length - 1]), "there already");
        vm.assertLe(before - gasleft(), 1_000_000, "gas of wouldChange");
    }

    // ── making ──

    function isKept(bytes[] memory records) private view returns (bool) {
        return reducer.isKept(roles, PRICE_MAX, Groups.joined(records));
    }

    function pays(Parameters memory p, bytes[] memory records, uint64[6] memory expected) private view {
        uint64[] memory amounts =
            reducer.reduce(roles, Groups.encoded(p), Groups.joined(Groups.keep(records)));
        for (uint256 i = 0; i < 6; i++) {
            vm.assertEq(amounts[i], expected[i]);
        }
    }

    function refusesParameter(bytes memory parameters, string memory field, uint256 value) private {
        vm.expectRevert(abi.encodeWithSelector(IReducer.ReducerParameterRefused.selector, field, value));
        reducer.checkParameters(roles, parameters);
    }

    function refusesShare(bytes memory parameters, uint256 participant, uint256 ppm) private {
        vm.expectRevert(abi.encodeWithSelector(IReducer.ShareRefused.selector, participant, ppm));
        reducer.checkParameters(roles, parameters);
    }

    function refusesExtra(bytes memory group, bytes memory extra, string memory field) private {
        vm.expectRevert(abi.encodeWithSelector(IReducer.RecordRefused.selector, field));
        reducer.wouldChange(roles, PRICE_MAX, group, extra);
    }

    function defaults() private pure returns (Parameters memory) {
        return Parameters(0, 0, 0, 0, 0, true, 0, new Share[](0), 100_000);
    }

    function withShare(uint8 participant, uint32 ppm) private pure returns (Parameters memory p) {
        p = defaults();
        p.shares = new Share[](1);
        p.shares[0] = Share(participant, ppm);
    }

    /// Wins of payer and sellers with two prices each, and two audits of each auditor towards each.
    function everyStatement() private pure returns (bytes[] memory all) {
        all = new bytes[](0);
        for (uint64 price = 1; price < 3; price++) {
            all = Groups.withOne(all, Groups.win(0, SSP, price, 0));
            all = Groups.withOne(all, Groups.win(0, PUBLISHER, price, 0));
            all = Groups.withOne(all, Groups.win(SSP, 0, price, 0));
            all = Groups.withOne(all, Groups.win(PUBLISHER, 0, price, 0));
        }
        uint8[3] memory towards = [SSP, PUBLISHER, ALL];
        for (uint256 i = 0; i < 3; i++) {
            all = Groups.withOne(all, Groups.audit(AUDITOR, towards[i], HIDDEN, 0));
            all = Groups.withOne(all, Groups.audit(AUDITOR, towards[i], INVALID, 0));
            all = Groups.withOne(all, Groups.audit(SECOND_AUDITOR, towards[i], SEEN, 0));
        }
    }

    function listOf(bytes memory a) private pure returns (bytes[] memory all) {
        all = new bytes[](1);
        all[0] = a;
    }

    function listOf(bytes memory a, bytes memory b) private pure returns (bytes[] memory all) {
        all = new bytes[](2);
        (all[0], all[1]) = (a, b);
    }

    function withWord(bytes memory encoded, uint256 index, uint256 value)
        private
        pure
        returns (bytes memory other)
    {
        other = bytes.concat(encoded);
        assembly ("memory-safe") {
            mstore(add(add(other, 0x20), mul(index, 32)), value)
        }
    }

    function cut(bytes memory data, uint256 count) private pure returns (bytes memory shorter) {
        shorter = new bytes(count);
        for (uint256 i = 0; i < count; i++) {
            shorter[i] = data[i];
        }
    }
}
