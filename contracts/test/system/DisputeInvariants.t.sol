// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Campaign} from "../support/Campaign.sol";
import {LyingSides} from "./support/LyingSides.sol";
import {QuarrelActors} from "./support/QuarrelActors.sol";
import {QuarrelBooks} from "./support/QuarrelBooks.sol";

/// What holds of a disputed block, over all contracts of disputes as they are, while one of its four members is honest
/// and plays, and the others do anything.
/// forge-config: default.invariant.runs = 12
/// forge-config: default.invariant.check-interval = 16
/// forge-config: default.invariant.shrink-run-limit = 20
/// forge-config: long.invariant.runs = 120
contract DisputeInvariantsTest is Campaign {
    QuarrelBooks private actors;

    function setUp() public {
        actors = new QuarrelBooks();
        actors.setUp();
    }

    function actorsAt() internal view override returns (address) {
        return address(actors);
    }

    function acts() internal pure override returns (bytes4[] memory all) {
        bytes4[20] memory each = [
            QuarrelActors.letTimePass.selector,
            QuarrelActors.letTimePass.selector,
            QuarrelActors.letTimePass.selector,
            QuarrelActors.letTimePass.selector,
            LyingSides.lieOn.selector,
            LyingSides.lieOn.selector,
            LyingSides.lieOn.selector,
            LyingSides.lieOn.selector,
            LyingSides.lieOn.selector,
            LyingSides.ownSome.selector,
            LyingSides.acceptSome.selector,
            LyingSides.accuseSome.selector,
            LyingSides.leadSome.selector,
            LyingSides.leadSome.selector,
            LyingSides.answerSome.selector,
            LyingSides.answerSome.selector,
            LyingSides.askSome.selector,
            LyingSides.showSome.selector,
            LyingSides.appealSome.selector,
            LyingSides.endSome.selector
        ];
        all = new bytes4[](each.length);
        for (uint256 i = 0; i < each.length; i++) {
            all[i] = each[i];
        }
    }

    function holds_a_true_result_does_not_fall_while_it_is_answered() private view {
        (uint256 fell, uint256 count) = actors.firstTrueThatFell();
        vm.assertEq(fell, count, "a true result fell");
    }

    function holds_nothing_but_the_truth_is_final_while_one_honest_side_plays() private {
        vm.assertFalse(actors.isWrong(), "another amount is final");
        vm.assertEq(actors.broken("honest"), "");
    }

    function holds_a_good_part_is_struck_by_a_panel_alone() private view {
        vm.assertEq(uint256(actors.struckUnjustly()), 0, "a good part is struck");
    }

    function holds_bonds_add_up_to_the_wei() private view {
        (uint256 who, uint256 locked, uint256 due) = actors.firstLockedOtherwise();
        vm.assertEq(locked, due, "locked");
        vm.assertEq(who, 32, "locked of all");
        (uint256 sum, uint256 held) = actors.allWei();
        vm.assertEq(sum, held, "held");
        vm.assertEq(sum, 176 ether, "in all");
    }

    function holds_no_honest_wei_is_lost() private view {
        vm.assertEq(actors.lostByHonest(), 0, "lost");
    }

    function holds_burnt_only_grows() private {
        actors.noteBurnt();
        vm.assertEq(actors.broken("burnt"), "");
    }

    function holds_no_dispute_is_cut_off_by_disputeMax() private view {
        vm.assertEq(actors.broken("end"), "");
        vm.assertEq(actors.broken("refusal"), "");
    }

    function requireAll() private {
        holds_burnt_only_grows();
        holds_a_true_result_does_not_fall_while_it_is_answered();
        holds_nothing_but_the_truth_is_final_while_one_honest_side_plays();
        holds_a_good_part_is_struck_by_a_panel_alone();
        holds_bonds_add_up_to_the_wei();
        holds_no_honest_wei_is_lost();
        holds_no_dispute_is_cut_off_by_disputeMax();
    }

    /// All of them in one campaign: what the long profile runs.
    function invariant_everything_at_once() external {
        requireAll();
    }

    /// Once a run, at its end: the block ends, and nothing of anybody's stays.
    function afterInvariant() external {
        actors.endEverything();
        requireAll();
        for (uint256 i = 0; i < 32; i++) {
            vm.assertEq(actors.lockedOf(i), 0, "locked for ever");
        }
        vm.assertTrue(actors.emptyLines(), "a line stays locked");
    }

    /// Otherwise the invariants would hold of too little.
    function test_the_acts_reach_all_that_disputes_are() external {
        vm.pauseGasMetering();
        string[27] memory names = [
            "part",
            "commit",
            "reveal",
            "own result",
            "acceptance",
            "accusation",
            "opening",
            "naming",
            "leaf",
            "doubt",
            "placing",
            "omitted",
            "time out",
            "row asked",
            "published",
            "disproved",
            "disorder",
            "row over",
            "panel asked",
            "drawn",
            "panel commit",
            "panel reveal",
            "panel over",
            "appeal",
            "settle",
            "settled in dispute",
            "struck"
        ];
        uint256[27] memory counts;
        uint256 missing = names.length;
        for (uint256 run = 0; run < 120 && missing > 0; run++) {
            setUp();
            for (uint256 k = 0; k < 100; k++) {
                actRandomly(uint256(keccak256(abi.encode(run, k))));
            }
            actors.endEverything();
            missing = 0;
            for (uint256 i = 0; i < names.length; i++) {
                counts[i] += actors.taken(names[i]);
                if (counts[i] == 0) missing++;
            }
        }
        for (uint256 i = 0; i < names.length; i++) {
            vm.assertGe(counts[i], 1, names[i]);
        }
    }

    function actRandomly(uint256 seed) private {
        bytes4[] memory all = acts();
        (bool isDone,) = address(actors).call(abi.encodePacked(all[seed % all.length], seed >> 8));
        vm.assertTrue(isDone, "an act failed");
    }
}
