// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AccusationId, AccusationState, LeafWords, Turn} from "../../src/disputes/IAdjudicator.sol";
import {PartFacts} from "../../src/interfaces/BlockTypes.sol";
import {WeiBook} from "../../src/interfaces/IVault.sol";
import {RecordPlace} from "../../src/lib/RecordProof.sol";
import {AccusationScene} from "./support/AccusationScene.sol";

/// Whatever six accusers and those who answer do, in whatever order and at whatever times: as many bonds
/// are locked as accusations are open, and at the end everybody has back what the rules did not take.
contract AccusationFuzzTest is AccusationScene {
    uint256 private constant PARTIES = 3;
    uint256 private constant LEAVES = 5;
    uint256 private constant STEPS = 60;

    /// Whether the bond of who posted the result was taken.
    uint256 private posted;

    function setUp() public override {
        super.setUp();
        begin(PARTIES);
        for (uint256 i = 0; i < LEAVES; i++) {
            plantGood(i);
        }
        growTo(LEAVES, 3);
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_bonds_are_those_of_open_accusations(uint256 seed) external {
        bondOfResult(account(2));
        for (uint256 step = 0; step < STEPS; step++) {
            seed = uint256(keccak256(abi.encode(seed)));
            AccusationId memory id = idOf(uint8((seed >> 8) % PARTIES + 16 * ((seed >> 16) & 1)));
            try this.act(seed, id) {} catch {}
            checkBonds();
        }
        results.end();
        for (uint8 i = 0; i < PARTIES; i++) {
            releaseIfOpen(idOf(i));
            releaseIfOpen(idOf(16 + i));
        }
        vm.assertEq(results.openAccusations(), 0);
        checkBonds();
    }

    /// From outside, so that what is refused leaves nothing.
    function act(uint256 seed, AccusationId memory id) external {
        uint256 kind = (seed >> 24) % 14;
        uint256 number = (seed >> 32) % LEAVES;
        if (kind < 2) accuse(accuserOf(id), id.slot % 16);
        else if (kind < 5) answer(id);
        else if (kind < 8) nameTowards(id, number);
        else if (kind == 8) doubt(id, uint8(number % 2));
        else if (kind == 9) place(id);
        else if (kind == 10) letPass(id);
        else if (kind == 11) adjudicator.release(id);
        else if (kind == 12) vm.warp(block.timestamp + 1 + seed % (PERIOD / 2));
        else results.setGone(RESULT, (seed >> 40) % 4 == 0);
    }

    function answer(AccusationId memory id) private {
        AccusationState memory state = adjudicator.accusation(id);
        if (state.level > 0) openNode(id);
        else openLeaf(id, state.index);
    }

    /// Of the others some are late then, too.
    function letPass(AccusationId memory id) private {
        uint256 deadline = deadlineOf(id);
        if (deadline > block.timestamp) vm.warp(deadline);
        adjudicator.timeOut(id);
    }

    function doubt(AccusationId memory id, uint8 record) private {
        vm.prank(accuserOf(id));
        adjudicator.doubtRecord(id, record);
    }

    function place(AccusationId memory id) private {
        AccusationState memory state = adjudicator.accusation(id);
        bytes memory record = recordIn(leafAt[state.index].records, state.doubted);
        (RecordPlace memory found, PartFacts memory facts) = postRecord(0, record);
        LeafWords memory leaf = leafWords(state.index);
        vm.prank(ANSWERER);
        adjudicator.placeRecord(id, leaf, found, 0, facts);
    }

    function releaseIfOpen(AccusationId memory id) private {
        Turn turn = turnOf(id);
        if (turn != Turn.None && turn != Turn.Over) adjudicator.release(id);
    }

    /// Locked: a bond for each open accusation, and the poster's until the result fell. Nothing is lost.
    function checkBonds() private {
        uint256 lockedSum = 0;
        uint256 sum = 0;
        for (uint256 i = 0; i < PARTIES; i++) {
            (uint256 free, uint256 stake, uint256 locked) = wei_.weiOf(account(i));
            (uint256 free_, uint256 stake_, uint256 locked_) = wei_.weiOf(validator(i));
            lockedSum += locked + locked_;
            sum += free + stake + locked + free_ + stake_ + locked_;
        }
        (uint256 answered,,) = wei_.weiOf(ANSWERER);
        (uint256 burnt,,) = wei_.weiOf(BURN);
        vm.assertEq(sum + answered + burnt, 2 * PARTIES * 1 ether, "conserved");
        if (results.fell(RESULT)) posted = OWN_BOND;
        vm.assertEq(lockedSum, results.openAccusations() * BOND + OWN_BOND - posted, "locked");
    }
}
