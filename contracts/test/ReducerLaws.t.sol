// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {RtbImpression1} from "../src/reducers/RtbImpression1.sol";
import {Groups, Parameters, Share} from "./support/Groups.sol";
import {Test} from "./support/Test.sol";

/// Laws of rtb-impression/1 for whatever records there are, against the slow rule of Groups.
contract ReducerLawsTest is Test {
    uint64 private constant PRICE_MAX = 1_000_000;
    uint8 private constant SSP = 1;
    uint8 private constant PUBLISHER = 2;
    uint8 private constant AUDITOR = 3;
    uint8 private constant SECOND_AUDITOR = 4;
    uint8 private constant ALL = 255;

    RtbImpression1 private reducer;
    uint8[] private roles = [1, 3, 4, 5, 5, 6];

    function setUp() public {
        reducer = new RtbImpression1();
    }

    /// Keeping is idempotent, and what is kept stands for all: a flood and retries change nothing.
    function testFuzz_what_is_kept_pays_what_all_of_it_would(uint256 seed) public view {
        bytes[] memory all = Groups.sorted(randomRecords(seed, 12));
        bytes[] memory kept = Groups.keep(all);
        vm.assertTrue(isKept(kept), "keeping is idempotent");
        bytes memory parameters = Groups.encoded(randomParameters(seed));
        reducer.checkParameters(roles, parameters);
        uint64[] memory amounts = reducer.reduce(roles, parameters, Groups.joined(kept));
        vm.assertEq(abi.encode(reducer.reduce(roles, parameters, Groups.joined(all))), abi.encode(amounts));
        uint256 sum = 0;
        for (uint256 i = 1; i < amounts.length; i++) {
            sum += amounts[i];
        }
        vm.assertEq(sum, amounts[0], "the payer owes what is earned");
        for (uint256 i = 0; i < all.length; i++) {
            vm.assertFalse(reducer.wouldChange(roles, PRICE_MAX, Groups.joined(kept), all[i]), "flood");
        }
    }

    function testFuzz_a_group_is_kept_if_keeping_it_changes_nothing(uint256 seed) public view {
        bytes[] memory all = Groups.sorted(randomRecords(seed, 1 + seed % 5));
        vm.assertTrue(isKept(all) == (Groups.keep(all).length == all.length), "as the rule says");
    }

    function testFuzz_a_record_is_missing_if_keeping_it_changes_the_group(uint256 seed) public view {
        bytes[] memory kept = Groups.keep(randomRecords(seed, 8));
        bytes[] memory extras = randomRecords(~seed, 6);
        for (uint256 i = 0; i < extras.length; i++) {
            bytes[] memory more = Groups.keep(Groups.withOne(kept, extras[i]));
            bool changes = keccak256(Groups.joined(more)) != keccak256(Groups.joined(kept));
            vm.assertTrue(
                reducer.wouldChange(roles, PRICE_MAX, Groups.joined(kept), extras[i]) == changes,
                "as the rule says"
            );
        }
    }

    function testFuzz_a_group_in_another_order_is_refused(uint256 seed) public view {
        bytes[] memory kept = Groups.keep(randomRecords(seed, 8));
        uint256 a = uint256(keccak256(abi.encode(seed))) % kept.length;
        uint256 b = uint256(keccak256(abi.encode(seed, a))) % kept.length;
        (kept[a], kept[b]) = (kept[b], kept[a]);
        vm.assertTrue(isKept(kept) == (a == b), "only in its order");
    }

    /// Without shares, what one seller is paid is a matter between it, the payer and the auditors.
    function testFuzz_wins_of_another_seller_change_nothing_between_a_seller_and_the_payer(uint256 seed)
        public
        view
    {
        Parameters memory p = randomParameters(seed);
        p.shares = new Share[](0);
        bytes[] memory all = randomRecords(seed, 10);
        bytes[] memory more = Groups.withOne(all, Groups.win(0, PUBLISHER, uint64(seed % 200), 77));
        more = Groups.withOne(more, Groups.win(PUBLISHER, 0, uint64(seed % 300), 78));
        more = Groups.withOne(more, Groups.audit(AUDITOR, PUBLISHER, uint32(seed % 32), 79));
        uint64[] memory without = reducer.reduce(roles, Groups.encoded(p), Groups.joined(Groups.keep(all)));
        uint64[] memory with = reducer.reduce(roles, Groups.encoded(p), Groups.joined(Groups.keep(more)));
        vm.assertEq(without[SSP], with[SSP]);
    }

    // ── making ──

    function isKept(bytes[] memory records) private view returns (bool) {
        return reducer.isKept(roles, PRICE_MAX, Groups.joined(records));
    }

    /// Well-formed, of few authors, prices and flags, so that they meet.
    function randomRecords(uint256 seed, uint256 count) private pure returns (bytes[] memory all) {
        all = new bytes[](count);
        for (uint256 i = 0; i < count; i++) {
            uint256 chance = uint256(keccak256(abi.encode(seed, i)));
            uint8 seller = chance & 1 == 0 ? SSP : PUBLISHER;
            uint64 price = 100 + uint64((chance >> 8) % 4);
            uint256 nonce = (chance >> 16) % 3;
            uint256 what = (chance >> 24) % 4;
            if (what == 0) {
                all[i] = Groups.win(0, seller, price, nonce);
            } else if (what == 1) {
                all[i] = Groups.win(seller, 0, price, nonce);
            } else {
                uint8 counterparty = (chance >> 32) % 3 == 0 ? ALL : seller;
                uint8 author = (chance >> 40) & 1 == 0 ? AUDITOR : SECOND_AUDITOR;
                uint32 flags = (chance >> 48) & 1 == 0 ? 3 : uint32((chance >> 56) & 31);
                all[i] = Groups.audit(author, counterparty, flags, nonce);
            }
        }
    }

    function randomParameters(uint256 seed) private pure returns (Parameters memory p) {
        uint256 chance = uint256(keccak256(abi.encode(seed, "parameters")));
        p.shares = new Share[](1);
        p.shares[0] = Share(uint8(1 + chance % 5), uint32((chance >> 8) % 1_000_001));
        p.priceTolerancePpm = uint32((chance >> 40) % 4) * 9_900;
        p.onPriceMismatch = uint8((chance >> 48) & 3);
        p.onMissingDsp = uint8((chance >> 50) & 1);
        p.onMissingSsp = uint8((chance >> 51) & 1);
        p.onMissingAudit = uint8((chance >> 52) & 1);
        p.requireViewable = (chance >> 53) & 1 == 1;
        p.auditorFeeNano = uint64((chance >> 54) & 7);
    }
}
