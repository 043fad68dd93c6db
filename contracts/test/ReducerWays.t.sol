// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {RtbImpression1} from "../src/reducers/RtbImpression1.sol";
import {Groups, Parameters, Share} from "./support/Groups.sol";
import {Test} from "./support/Test.sol";

/// The nineteenth known way to take back what was signed, by saying more of it; each form of it ends here.
contract ReducerWaysTest is Test {
    uint64 private constant PRICE_MAX = 1_000_000;
    uint8 private constant SELLER = 1;
    uint8 private constant AUDITOR = 2;
    uint32 private constant SEEN = 3;
    uint32 private constant INVALID = 8 | 3;

    RtbImpression1 private reducer;
    uint8[] private roles = [1, 3, 5];

    function setUp() public {
        reducer = new RtbImpression1();
    }

    function test_way_19_seventeen_wins_of_the_payer_take_no_win_back() external view {
        bytes[] memory all = agreed();
        for (uint256 i = 1; i < 17; i++) {
            all = Groups.withOne(all, Groups.win(0, SELLER, 100, i));
        }
        pays(0, all, 100);
        vm.assertEq(Groups.keep(all).length, 3);
    }

    function test_way_19_seventeen_test_records_take_no_win_back() external view {
        bytes[] memory kept = Groups.keep(agreed());
        bytes[] memory all = kept;
        for (uint256 i = 0; i < 17; i++) {
            all = Groups.withOne(all, Groups.record(Groups.WIN, 0, SELLER, Groups.TEST, 1, i));
        }
        vm.assertEq(Groups.joined(Groups.keep(all)), Groups.joined(kept));
        // And a leaf that holds one is no leaf.
        vm.assertFalse(reducer.isKept(roles, PRICE_MAX, Groups.joined(Groups.sorted(all))), "kept");
        pays(0, all, 100);
    }

    function test_way_19_a_second_price_of_the_payer_rejects_nothing() external view {
        for (uint8 onPriceMismatch = 0; onPriceMismatch < 4; onPriceMismatch++) {
            bytes[] memory all = Groups.withOne(agreed(), Groups.win(0, SELLER, 1, 9));
            pays(onPriceMismatch, all, 100);
            // Above what the seller says, it speaks for the highest and at least the seller's price is paid.
            all = Groups.withOne(agreed(), Groups.win(0, SELLER, 140, 9));
            pays(onPriceMismatch, all, onPriceMismatch == 2 ? 140 : 100);
        }
    }

    function test_way_19_an_auditor_takes_no_finding_of_invalid_traffic_back() external view {
        bytes[] memory all = Groups.withOne(agreed(), Groups.audit(AUDITOR, SELLER, INVALID, 0));
        for (uint256 i = 1; i < 18; i++) {
            all = Groups.withOne(all, Groups.audit(AUDITOR, SELLER, SEEN, i));
        }
        pays(0, all, 0);
    }

    /// Payer and seller agree on 100, the auditor saw it.
    function agreed() private pure returns (bytes[] memory all) {
        all = new bytes[](0);
        all = Groups.withOne(all, Groups.win(0, SELLER, 100, 0));
        all = Groups.withOne(all, Groups.win(SELLER, 0, 100, 0));
        all = Groups.withOne(all, Groups.audit(AUDITOR, SELLER, SEEN, 0));
    }

    function pays(uint8 onPriceMismatch, bytes[] memory all, uint64 expected) private view {
        Parameters memory p = Parameters(0, onPriceMismatch, 0, 1, 0, true, 0, new Share[](0), 100_000);
        bytes memory records = Groups.joined(Groups.keep(all));
        vm.assertTrue(reducer.isKept(roles, PRICE_MAX, records), "kept");
        uint64[] memory amounts = reducer.reduce(roles, Groups.encoded(p), records);
        vm.assertEq(amounts[SELLER], expected);
        vm.assertEq(amounts[0], expected);
    }
}
