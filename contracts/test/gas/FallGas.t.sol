// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {WeiBook} from "../../src/interfaces/IVault.sol";
import {AccusationScene} from "../disputes/support/AccusationScene.sol";
import {BlockWork} from "../support/BlockWork.sol";
import {GasMeter} from "./GasMeter.sol";

/// What the largest fall may cost at most, as a transaction of its own; Blocks is a script here.
contract FallGasTest is AccusationScene, GasMeter {
    function setUp() public override(AccusationScene, BlockWork) {
        AccusationScene.setUp();
    }

    /// A result that everybody accuses falls in one act, and gives 32 bonds back.
    /// forge-config: default.isolate = true
    function test_a_fall_with_32_accusations_and_32_posters() external {
        begin(16);
        plantGood(7);
        growTo(256, 7);
        for (uint8 i = 0; i < 16; i++) {
            accuse(account(i), i);
            accuse(validator(i), i);
            bondOfResult(account(i));
            move(validator(i), WeiBook.Stake, WeiBook.Locked, OWN_BOND);
            results.addForfeit(RESULT, validator(i), OWN_BOND);
        }
        vm.warp(deadlineOf(idOf(0)));
        adjudicator.timeOut(idOf(0));
        vm.assertLe(gasOfLastCall(), 1_600_000);
    }
}
